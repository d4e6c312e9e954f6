//! The functions a pickle names to rebuild tensors (formats.md §4.2), as plain data.
//!
//! Impossible arguments become a finding and leave the call opaque, so one bad tensor does not hide the
//! others.

use super::args::{Refused, dtype_of, sizes, strided, tensor_arg};
use super::composite;
use super::host::TorchHost;
use super::{classic, embedded, from_numpy};
use crate::checkpoint::Severity;
use crate::error::Result;
use crate::pickle::Host;
use crate::tensor::TensorMeta;
use crate::text::shown;
use crate::value::modules::is_module;
use crate::value::{Construct, Dict, Object, Tree, Value};

impl Host for TorchHost<'_> {
    fn persistent(&mut self, tree: &mut Tree, id: Value) -> Result<Value> {
        self.identified(tree, id)
    }

    fn call(&mut self, tree: &mut Tree, callable: Value, args: Value) -> Result<Option<Value>> {
        Ok(rebuild(self, tree, callable, args, WRAPPED))
    }

    fn build(&mut self, tree: &mut Tree, target: Value, state: Value) -> Result<Option<Value>> {
        Ok(classic::build(self, tree, target, state))
    }
}

/// Functions wrapped in functions, at most (`_rebuild_from_type_v2` of `_rebuild_parameter` …).
const WRAPPED: usize = 8;
/// Arguments of a call, at most.
const ARGUMENTS: usize = 64;

/// The value of `callable(*args)` if it rebuilds a tensor, size or storage; `None` leaves it opaque.
fn rebuild(
    host: &mut TorchHost<'_>,
    tree: &mut Tree,
    callable: Value,
    args: Value,
    wrapped: usize,
) -> Option<Value> {
    let Value::Global(id) = callable else { return None };
    let global = tree.global(id)?;
    if !global.module.starts_with("torch") {
        return None;
    }
    let (module, name) = (global.module.clone(), global.name.clone());
    let args = tree.items(args);
    // No function below takes more; a tuple of a million may be handed to call after call.
    if args.len() > ARGUMENTS {
        return None;
    }
    let args = args.to_vec();
    let built = match (&*module, &*name) {
        ("torch._utils", function) => utils(host, tree, function, &args),
        ("torch._tensor", "_rebuild_from_type_v2" | "_rebuild_from_type") => {
            return from_type(host, tree, &args, wrapped);
        }
        ("torch", "Size") => return size(tree, &args),
        ("torch.storage", "_load_from_bytes") => return embedded::read(host, tree, &args),
        ("torch.nested._internal.nested_tensor", "_rebuild_njt") => composite::jagged(tree, &args).map(Some),
        ("torch.nn.parameter", "Parameter" | "Buffer") => Ok(parameter(tree, &args)),
        ("torch.nn.parameter", "UninitializedParameter" | "UninitializedBuffer") => {
            Ok(Some(composite::lazy()))
        }
        ("torch.jit._pickle", _) => return args.first().copied(),
        ("torch.fx.graph_module", "reduce_graph_module") => return graph_module(tree, callable, &args),
        ("torch._dynamo.eval_frame", "OptimizedModule") => return compiled(tree, callable, &args),
        _ => return None,
    };
    match built {
        Ok(Some(meta)) => {
            let id = tree.add_tensor(meta);
            if let ("_rebuild_parameter_with_state", &[_, _, _, state]) = (&*name, args.as_slice()) {
                tree.note_tensor(id, Value::None, state);
            }
            Some(Value::Tensor(id))
        }
        Ok(None) => None,
        Err(why) => {
            host.note(
                Severity::Broken,
                why.code,
                format!("a tensor cannot be rebuilt by {}: {}", shown(&name), why.why),
            );
            None
        }
    }
}

fn utils(
    host: &mut TorchHost<'_>,
    tree: &mut Tree,
    function: &str,
    args: &[Value],
) -> Result<Option<TensorMeta>, Refused> {
    match function {
        "_rebuild_tensor" => strided(host, tree, args, None, None).map(Some),
        "_rebuild_tensor_v2" => {
            hooks(args)?;
            strided(host, tree, args, None, args.get(6)).map(Some)
        }
        "_rebuild_tensor_v3" => {
            hooks(args)?;
            let dtype = args.get(6).and_then(|v| dtype_of(tree, *v)).ok_or("its dtype is unknown")?;
            strided(host, tree, args, Some(dtype), args.get(7)).map(Some)
        }
        "_rebuild_parameter" | "_rebuild_parameter_with_state" => Ok(parameter(tree, args)),
        "_rebuild_qtensor" => composite::quantized(host, tree, args).map(Some),
        "_rebuild_sparse_tensor" => composite::sparse(tree, args).map(Some),
        "_rebuild_nested_tensor" => composite::nested(tree, args).map(Some),
        "_rebuild_meta_tensor_no_storage" => meta(host, tree, args).map(Some),
        "_rebuild_device_tensor_from_cpu_tensor" => Ok(tensor_arg(tree, args, 0).map(|(_, meta)| meta)),
        "_rebuild_device_tensor_from_numpy" | "_rebuild_xla_tensor" | "_rebuild_mlc_tensor" => {
            from_numpy::read(host, tree, args).map(Some)
        }
        "_rebuild_wrapper_subclass" => composite::wrapper(host, tree, args).map(Some),
        _ => Ok(None),
    }
}

/// `torch.Size(sequence)`: a tuple.
fn size(tree: &mut Tree, args: &[Value]) -> Option<Value> {
    match args.first().copied()? {
        tuple @ Value::Tuple { .. } => Some(tuple),
        list @ Value::List(_) => {
            let items = tree.items(list).to_vec();
            Some(tree.add_tuple(&items))
        }
        _ => None,
    }
}

/// `requires_grad` and the hooks, an (always empty) mapping, follow the stride.
fn hooks(args: &[Value]) -> Result<(), Refused> {
    match args {
        [_, _, _, _, _, Value::Dict(_) | Value::None, ..] => Ok(()),
        [_, _, _, _, _, _, ..] => Err("its backward hooks are not a mapping".into()),
        _ => Err("it has too few arguments".into()),
    }
}

/// `(tensor, requires_grad, hooks[, state])`.
fn parameter(tree: &Tree, args: &[Value]) -> Option<TensorMeta> {
    let (_, mut meta) = tensor_arg(tree, args, 0)?;
    meta.is_parameter = true;
    if let Some(Value::Bool(flag)) = args.get(1) {
        meta.requires_grad = Some(*flag);
    }
    Some(meta)
}

/// `(__dict__, import block)`: a traced module, whose state is its `__dict__`.
fn graph_module(tree: &mut Tree, callable: Value, args: &[Value]) -> Option<Value> {
    let state = args.first().copied().filter(|v| matches!(v, Value::Dict(_)))?;
    Some(instance(tree, callable, state))
}

/// `(module, context)`: what `torch.compile` made of a module, which is its child `_orig_mod`.
fn compiled(tree: &mut Tree, callable: Value, args: &[Value]) -> Option<Value> {
    let original = args.first().copied().filter(|v| is_module(tree, *v))?;
    let mut mapping = |entries: Vec<(&str, Value)>| {
        let entries = entries.into_iter().map(|(key, value)| (tree.add_text(key), value)).collect();
        Value::Dict(tree.add_dict(Dict { entries, ..Dict::default() }))
    };
    let modules = mapping(vec![("_orig_mod", original)]);
    let (parameters, buffers) = (mapping(vec![]), mapping(vec![]));
    let state = mapping(vec![("_parameters", parameters), ("_buffers", buffers), ("_modules", modules)]);
    if let (Some(flag), Value::Dict(id)) = (tree.attribute(original, "training"), state) {
        let key = tree.add_text("training");
        tree.dict_mut(id)?.entries.insert(0, (key, flag));
    }
    Some(instance(tree, callable, state))
}

/// An instance of the class `callable` with the attributes `state`.
fn instance(tree: &mut Tree, callable: Value, state: Value) -> Value {
    let args = tree.add_tuple(&[]);
    let object = Object { state: Some(state), ..Object::new(callable, Construct::New, args) };
    Value::Object(tree.add_object(object))
}

/// `(dtype, size, stride, requires_grad)`: a shape without bytes.
fn meta(host: &TorchHost<'_>, tree: &Tree, args: &[Value]) -> Result<TensorMeta, Refused> {
    let &[dtype, size, stride, ..] = args else {
        return Err("its arguments are not (dtype, size, stride)".into());
    };
    let dtype = dtype_of(tree, dtype).ok_or("its dtype is unknown")?;
    let mut meta =
        TensorMeta::strided(dtype, &sizes(host, tree, size)?, &sizes(host, tree, stride)?, None, 0);
    meta.requires_grad = match args.get(3) {
        Some(Value::Bool(flag)) => Some(*flag),
        _ => None,
    };
    Ok(meta)
}

/// `(function, class, args, state)`: what `function(*args)` gives, as an instance of a tensor subclass, with
/// attributes. Inner tensors of a wrapper are among the attributes.
fn from_type(host: &mut TorchHost<'_>, tree: &mut Tree, args: &[Value], wrapped: usize) -> Option<Value> {
    let &[function, class, inner, state] = args else { return None };
    let built = rebuild(host, tree, function, inner, wrapped.checked_sub(1)?)?;
    let Value::Tensor(id) = built else { return Some(built) };
    composite::attach(tree, id, class, state);
    Some(built)
}
