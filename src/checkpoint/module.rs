//! Pickled `torch.nn.Module`s and TorchScript objects, seen as what their `state_dict()` would give.
//!
//! Rule (formats.md §4.5): a module's own parameters that are not None, in order; its own buffers that are
//! not None and not in the non-persistent set; then its children under `name.`. Tensors kept as plain
//! attributes are in no state dict; they show among the module's attributes.

use std::collections::HashMap;

use crate::sorting::Sort as _;
use crate::tensor::TensorRole;
pub use crate::value::modules::{is_module, is_script};
use crate::value::{Tree, Value, modules};

/// Parameters and buffers by TorchScript class, from the `__parameters__` and `__buffers__` lists of the
/// archive's code; the pickle does not tell them apart.
#[derive(Debug, Default, Clone)]
pub struct ScriptTypes(pub HashMap<String, ScriptType>);

/// The registered tensors of one TorchScript class.
#[derive(Debug, Default, Clone)]
pub struct ScriptType {
    /// Names in `__parameters__`.
    pub parameters: Vec<String>,
    /// Names in `__buffers__`.
    pub buffers: Vec<String>,
}

/// A child of a module: a tensor with its role, or a module.
pub(super) struct Member {
    pub(super) name: Value,
    pub(super) value: Value,
    pub(super) role: Option<TensorRole>,
}

/// The members of a module or TorchScript object in the order `state_dict()` visits them.
pub(super) fn members(tree: &Tree, value: Value, types: &ScriptTypes) -> Vec<Member> {
    if is_script(tree, value) { script_members(tree, value, types) } else { module_members(tree, value) }
}

fn module_members(tree: &Tree, module: Value) -> Vec<Member> {
    let part = |name| tree.attribute(module, name).map(|v| tree.entries(v)).unwrap_or_default();
    let transient = tree.attribute(module, "_non_persistent_buffers_set");
    let transient = transient.map(|v| tree.items(v)).unwrap_or_default();
    let is_transient = |name: Value| match name {
        Value::Text(span) => {
            transient.iter().any(|t| matches!(t, Value::Text(s) if tree.bytes(*s) == tree.bytes(span)))
        }
        _ => false,
    };
    let tensor = |(name, value): &(Value, Value), role| {
        let member = Member { name: *name, value: *value, role: Some(role) };
        matches!(value, Value::Tensor(_)).then_some(member)
    };
    let parameters = part("_parameters").iter().filter_map(|e| tensor(e, TensorRole::Parameter));
    let buffers = part("_buffers").iter().filter(|e| !is_transient(e.0));
    let buffers = buffers.filter_map(|e| tensor(e, TensorRole::Buffer));
    let children =
        part("_modules").iter().filter(|(_, child)| is_module(tree, *child) || is_script(tree, *child));
    let children = children.map(|(name, value)| Member { name: *name, value: *value, role: None });
    parameters.chain(buffers).chain(packed(tree, module)).chain(children).collect()
}

/// What a quantised linear layer hands to `state_dict()` for its packed weight and bias, which its pickle
/// keeps inside an object of torch's C++ side: `((weight, bias), class name)`.
fn packed(tree: &Tree, module: Value) -> Option<Member> {
    const CLASS: &str = "LinearPackedParams";
    let (name, object) = modules::attributes(tree, module)
        .into_iter()
        .find(|(name, _)| tree.is_text(*name, "_packed_params"))?;
    let is_packed = tree.class_of(module).is_some_and(|g| &*g.name == CLASS);
    let Value::Object(id) = object else { return None };
    let [value @ Value::Tuple { .. }, _] = *tree.items(tree.object(id)?.state?) else { return None };
    (is_packed && tree.is_class(object, "torch", "ScriptObject")).then_some(Member {
        name,
        value,
        role: None,
    })
}

fn script_members(tree: &Tree, object: Value, types: &ScriptTypes) -> Vec<Member> {
    let state = match object {
        Value::Object(id) => tree.object(id).and_then(|o| o.state),
        _ => None,
    };
    let entries = state.map(|s| tree.entries(s)).unwrap_or_default();
    let known = tree.class_of(object).and_then(|g| types.0.get(&g.path()));
    let role_of = |name: Value| -> Option<TensorRole> {
        let name = tree.as_text(name)?;
        match known {
            Some(known) if known.parameters.iter().any(|p| *p == name) => Some(TensorRole::Parameter),
            Some(known) if known.buffers.iter().any(|b| *b == name) => Some(TensorRole::Buffer),
            Some(_) => None,
            None => Some(TensorRole::Parameter),
        }
    };
    let mut members: Vec<Member> = Vec::new();
    for (name, value) in entries.iter().copied() {
        match value {
            Value::Tensor(_) => {
                let role = role_of(name);
                members.extend(role.map(|_| Member { name, value, role }));
            }
            _ if is_script(tree, value) => members.push(Member { name, value, role: None }),
            _ => {}
        }
    }
    // state_dict() gives a module's own parameters, then its buffers, then its children.
    members.in_order_of(|m| match m.role {
        Some(TensorRole::Parameter) => 0,
        Some(TensorRole::Buffer) => 1,
        None => 2,
    });
    members
}

/// The `training` flag a module was saved with.
pub fn training_flag(tree: &Tree, module: Value) -> Option<bool> {
    match tree.attribute(module, "training")? {
        Value::Bool(flag) => Some(flag),
        _ => None,
    }
}

/// Attributes a person set, without torch's bookkeeping (hooks, tables of parameters and children).
pub fn attributes(tree: &Tree, module: Value) -> Vec<(Box<str>, Value)> {
    let mut found = Vec::new();
    for (name, value) in modules::attributes(tree, module) {
        let child = is_script(tree, module) && is_script(tree, value);
        let Some(text) = tree.as_text(name).filter(|text| !child && text != "training") else { continue };
        found.push((Box::from(&*text), value));
    }
    found
}
