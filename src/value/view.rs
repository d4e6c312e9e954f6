//! How values are presented: pure functions from the raw graph to what a person would expect to see.
//!
//! A `Namespace` is its attributes, a numpy scalar its number, an enum member its name, an OmegaConf node
//! its content. Nothing is changed or expanded in the graph itself.

use std::fmt::Write as _;

use super::{Construct, Object, Tree, Value, modules, numpy, python};
use crate::tensor::{StorageId, TensorId};

/// What names a child within its parent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Label {
    /// Place in a sequence.
    Index(u32),
    /// Key of a mapping, or name of an attribute.
    Key(Value),
    /// A part without a name of its own, such as the arguments of a call.
    Part(&'static str),
}

impl Label {
    /// Appends the label as it stands in a tensor's path: `str(key)`, unescaped.
    pub fn write(self, tree: &Tree, out: &mut String) {
        match self {
            Self::Index(n) => {
                let _ = write!(out, "{n}");
            }
            Self::Part(name) => out.push_str(name),
            Self::Key(key) => python::write_str(tree, key, out),
        }
    }

    /// The label as text, unescaped.
    pub fn text(self, tree: &Tree) -> String {
        let mut out = String::new();
        self.write(tree, &mut out);
        out
    }
}

/// A value without children, ready to be shown.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Leaf {
    None,
    Bool(bool),
    Int(i64),
    /// An integer of more than 64 bits, as decimal text, or as its size when that would be long.
    BigInt(String),
    Float(f64),
    /// Text from the file, unescaped.
    Text(String),
    /// Raw bytes: how many, and the first of them in hexadecimal.
    Bytes {
        len: usize,
        head: String,
    },
    /// Something with a usual written form: a date, a path, a dtype, a class. Unescaped.
    Word(String),
    /// A numpy array.
    Array(numpy::Array),
    Tensor(TensorId),
    Storage(StorageId),
}

/// The value as a leaf, or `None` when it is a container or object to be opened.
pub fn leaf(tree: &Tree, value: Value) -> Option<Leaf> {
    Some(match value {
        Value::None => Leaf::None,
        Value::Bool(b) => Leaf::Bool(b),
        Value::Int(n) => Leaf::Int(n),
        Value::Float(x) => Leaf::Float(x),
        Value::BigInt(span) => Leaf::BigInt(python::big_int(tree.bytes(span))),
        Value::Text(span) => Leaf::Text(tree.text(span).into_owned()),
        Value::Bytes(span) => bytes_leaf(tree.bytes(span)),
        Value::Global(id) => Leaf::Word(tree.global(id).map(super::Global::path).unwrap_or_default()),
        Value::Tensor(id) => Leaf::Tensor(id),
        Value::Storage(id) => Leaf::Storage(id),
        Value::Object(_) => return object_leaf(tree, value),
        Value::Tuple { .. } | Value::List(_) | Value::Set(_) | Value::FrozenSet(_) | Value::Dict(_) => {
            return None;
        }
    })
}

pub(super) fn bytes_leaf(bytes: &[u8]) -> Leaf {
    let mut head = String::new();
    for byte in bytes.iter().take(16) {
        let _ = write!(head, "{byte:02x}");
    }
    Leaf::Bytes { len: bytes.len(), head }
}

fn object_leaf(tree: &Tree, value: Value) -> Option<Leaf> {
    if let Some(leaf) = numpy::leaf(tree, value) {
        return Some(leaf);
    }
    if let Some(content) = omegaconf_content(tree, value) {
        return leaf(tree, content);
    }
    python::word(tree, value).map(Leaf::Word)
}

/// `DictConfig`, `ListConfig` and the value nodes of OmegaConf: what they hold.
fn omegaconf_content(tree: &Tree, value: Value) -> Option<Value> {
    let class = tree.class_of(value)?;
    if !class.module.starts_with("omegaconf.") {
        return None;
    }
    tree.attribute(value, "_val").or_else(|| tree.attribute(value, "_content"))
}

/// Short name of what a container or object is; `None` for plain lists, tuples and dicts.
pub fn class(tree: &Tree, value: Value) -> Option<String> {
    match value {
        Value::Set(_) => Some("set".to_owned()),
        Value::FrozenSet(_) => Some("frozenset".to_owned()),
        Value::Dict(_) => tree.class_of(value).map(super::Global::path),
        Value::Object(id) => {
            let object = tree.object(id)?;
            if numpy::is_array(tree, value) {
                return Some("numpy.ndarray".to_owned());
            }
            match object.callable {
                Value::Global(id) => tree.global(id).map(super::Global::path),
                other => python::word(tree, other).or_else(|| Some("object".to_owned())),
            }
        }
        _ => None,
    }
}

/// Children of a container or object, in order; nothing for leaves.
pub fn children(tree: &Tree, value: Value) -> Box<dyn Iterator<Item = (Label, Value)> + '_> {
    match value {
        Value::Tuple { .. } | Value::List(_) | Value::Set(_) | Value::FrozenSet(_) => {
            Box::new(indexed(tree.items(value)))
        }
        Value::Dict(_) => Box::new(keyed(tree.entries(value))),
        Value::Object(id) => match tree.object(id) {
            Some(object) => object_children(tree, value, object),
            None => Box::new(std::iter::empty()),
        },
        _ => Box::new(std::iter::empty()),
    }
}

/// True for values that are sequences to whoever uses them: lists, tuples, sets, deques, list configs.
pub fn is_sequence(tree: &Tree, value: Value) -> bool {
    match value {
        Value::Tuple { .. } | Value::List(_) | Value::Set(_) | Value::FrozenSet(_) => true,
        Value::Object(_) => {
            tree.is_class(value, "collections", "deque")
                || omegaconf_content(tree, value).is_some_and(|content| is_sequence(tree, content))
        }
        _ => false,
    }
}

/// Number of children [`children`] gives.
pub fn child_count(tree: &Tree, value: Value) -> usize {
    match value {
        Value::Dict(_) => tree.entries(value).len(),
        Value::Object(_) => children(tree, value).count(),
        _ => tree.items(value).len(),
    }
}

fn indexed(items: &[Value]) -> impl Iterator<Item = (Label, Value)> + '_ {
    items.iter().enumerate().map(|(i, v)| (Label::Index(i as u32), *v))
}

fn keyed(entries: &[(Value, Value)]) -> impl Iterator<Item = (Label, Value)> + '_ {
    entries.iter().map(|(k, v)| (Label::Key(*k), *v))
}

fn object_children<'a>(
    tree: &'a Tree,
    value: Value,
    object: &'a Object,
) -> Box<dyn Iterator<Item = (Label, Value)> + 'a> {
    if let Some(content) = omegaconf_content(tree, value) {
        return children(tree, content);
    }
    if modules::is_module(tree, value) {
        return Box::new(modules::children(tree, value).into_iter().map(|(k, v)| (Label::Key(k), v)));
    }
    if let Some(elements) = numpy::objects(tree, value) {
        return Box::new(indexed(elements));
    }
    if let Some(fields) = structure_fields(tree, value, object) {
        return Box::new(indexed(tree.items(fields)));
    }
    let state = object.state.into_iter().flat_map(move |state| state_children(tree, value, state));
    let state = keyed(tree.entries(object.kwargs)).chain(state);
    let rest = state.chain(indexed(&object.items)).chain(keyed(&object.entries));
    let args = tree.items(object.args);
    let is_deque = tree.is_class(value, "collections", "deque");
    match object.construct {
        _ if args.is_empty() || is_deque => Box::new(rest),
        // A named tuple, or a subclass of a built-in type: its arguments are its elements.
        Construct::New => Box::new(indexed(args).chain(rest)),
        _ if object.state.is_some() => Box::new(rest),
        _ => Box::new(std::iter::once((Label::Part("args"), object.args)).chain(rest)),
    }
}

/// `torch.return_types.*` and other structure sequences, and `torch.Size`: one argument, the fields.
fn structure_fields(tree: &Tree, value: Value, object: &Object) -> Option<Value> {
    let class = tree.class_of(value)?;
    let structure =
        &*class.module == "torch.return_types" || (&*class.module == "torch" && &*class.name == "Size");
    let fields = *tree.items(object.args).first()?;
    (structure && matches!(fields, Value::Tuple { .. } | Value::List(_))).then_some(fields)
}

fn state_children(tree: &Tree, object: Value, state: Value) -> Vec<(Label, Value)> {
    let parts = tree.state_parts(state);
    if !parts.is_empty() || matches!(state, Value::Dict(_)) {
        return parts.into_iter().flat_map(|part| keyed(tree.entries(part))).collect();
    }
    match state {
        Value::None => Vec::new(),
        Value::Tuple { len: 4, .. } if tree.is_class(object, "functools", "partial") => {
            let names = ["func", "args", "keywords", "attributes"].map(Label::Part);
            names.into_iter().zip(tree.items(state).iter().copied()).collect()
        }
        Value::Tuple { .. } | Value::List(_) => indexed(tree.items(state)).collect(),
        _ => vec![(Label::Part("state"), state)],
    }
}
