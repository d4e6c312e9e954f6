//! What Python would print as the type of a value.

use crate::value::{Tree, Value, numpy, view};

/// `int`, `collections.OrderedDict`, `numpy.ndarray`: what stands in `<class '…'>`.
pub(super) fn of(tree: &Tree, value: Value) -> String {
    let plain = match value {
        Value::None => "NoneType",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::BigInt(_) => "int",
        Value::Float(_) => "float",
        Value::Text(_) => "str",
        Value::Bytes(_) => "bytes",
        Value::Tuple { .. } => "tuple",
        Value::List(_) => "list",
        Value::Dict(_) => return view::class(tree, value).unwrap_or_else(|| "dict".to_owned()),
        Value::Set(_) => "set",
        Value::FrozenSet(_) => "frozenset",
        Value::Global(_) => return global(tree, value),
        Value::Tensor(_) => "torch.Tensor",
        Value::Storage(_) => "torch.storage.TypedStorage",
        Value::Object(_) => return object(tree, value),
    };
    plain.to_owned()
}

fn global(tree: &Tree, value: Value) -> String {
    let Value::Global(id) = value else { return "object".to_owned() };
    let is_dtype = tree
        .global(id)
        .is_some_and(|g| &*g.module == "torch" && crate::tensor::DType::from_torch(&g.name).is_some());
    if is_dtype { "torch.dtype" } else { "type" }.to_owned()
}

fn object(tree: &Tree, value: Value) -> String {
    let class = view::class(tree, value).unwrap_or_else(|| "object".to_owned());
    match view::leaf(tree, value) {
        Some(view::Leaf::Float(_)) if class.ends_with(".scalar") => "numpy.float64".to_owned(),
        Some(view::Leaf::Int(_)) if class.ends_with(".scalar") => "numpy.int64".to_owned(),
        _ if numpy::is_array(tree, value) => "numpy.ndarray".to_owned(),
        _ => class.strip_prefix("builtins.").map_or(class.clone(), str::to_owned),
    }
}
