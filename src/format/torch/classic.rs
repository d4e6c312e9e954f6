//! Tensors of torch before 0.4, made empty and then given their state (formats.md §4.2, last rows).

use super::args::{strided, tensor_arg};
use super::host::TorchHost;
use crate::tensor::{DType, TensorMeta};
use crate::value::{Tree, Value};

/// What `target` becomes when `state` is set on it, for the tensor classes and Variables of old torch.
pub(super) fn build(host: &mut TorchHost<'_>, tree: &mut Tree, target: Value, state: Value) -> Option<Value> {
    let class = tree.class_of(target)?;
    let (module, name) = (class.module.to_string(), class.name.to_string());
    if !module.starts_with("torch") {
        return None;
    }
    let args = tree.items(state);
    if args.len() > 64 {
        return None;
    }
    let args = args.to_vec();
    let meta = match (name.as_str(), args.len()) {
        ("Variable" | "Parameter", _) => variable(tree, &args),
        (_, 4) => {
            let dtype = DType::from_tensor_class(&name)?;
            strided(host, tree, &args, Some(dtype), None).ok()
        }
        _ => None,
    }?;
    let value = Value::Tensor(tree.add_tensor(meta));
    if let Value::Object(id) = target {
        tree.resolve_object(id, value);
    }
    Some(value)
}

/// `(data, grad, backward hooks, requires_grad, volatile)`, or `(data, requires_grad, …)`.
fn variable(tree: &Tree, args: &[Value]) -> Option<TensorMeta> {
    let (_, mut meta) = tensor_arg(tree, args, 0)?;
    meta.is_parameter = true;
    meta.requires_grad = args.iter().find_map(|v| match v {
        Value::Bool(flag) => Some(*flag),
        _ => None,
    });
    Some(meta)
}
