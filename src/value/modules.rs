//! What objects of torch's own classes look like in the graph.

use super::{Tree, Value};

/// Attributes of every `torch.nn.Module` that are torch's bookkeeping; hooks are told by their names.
const BOOKKEEPING: [&str; 8] = [
    "_parameters",
    "_buffers",
    "_modules",
    "_non_persistent_buffers_set",
    "_is_full_backward_hook",
    "_flat_weights",
    "_all_weights",
    "_compiled_call_impl",
];

/// What a `torch.fx.GraphModule` is pickled as: a call of this with the module's `__dict__`.
pub const FX_MODULE: &str = "torch.fx.graph_module.reduce_graph_module";

/// True for a pickled `torch.nn.Module`, by the attributes every module has.
pub fn is_module(tree: &Tree, value: Value) -> bool {
    matches!(value, Value::Object(_))
        && tree.attribute(value, "_parameters").is_some()
        && tree.attribute(value, "_modules").is_some()
}

/// True for an object of a TorchScript class, the class name being in the archive's own `__torch__` package.
pub fn is_script(tree: &Tree, value: Value) -> bool {
    let of_archive = |module: &str| module == "__torch__" || module.starts_with("__torch__.");
    matches!(value, Value::Object(_)) && tree.class_of(value).is_some_and(|g| of_archive(&g.module))
}

/// Attributes of a module without the bookkeeping, as (name, value).
pub fn attributes(tree: &Tree, module: Value) -> Vec<(Value, Value)> {
    let state = match module {
        Value::Object(id) => tree.object(id).and_then(|o| o.state),
        _ => None,
    };
    let parts = state.map(|s| tree.state_parts(s)).unwrap_or_default();
    let entries = parts.into_iter().flat_map(|part| tree.entries(part).iter().copied());
    let own = entries.filter(|(name, _)| {
        tree.as_text(*name).is_some_and(|n| !BOOKKEEPING.contains(&&*n) && !n.contains("_hooks"))
    });
    own.collect()
}

/// What a person sees in a module: flag and attributes, then parameters, buffers and children by name.
pub fn children(tree: &Tree, module: Value) -> Vec<(Value, Value)> {
    let mut found = attributes(tree, module);
    for table in ["_parameters", "_buffers", "_modules"] {
        if let Some(table) = tree.attribute(module, table) {
            found.extend_from_slice(tree.entries(table));
        }
    }
    found
}
