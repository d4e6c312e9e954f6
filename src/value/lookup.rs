//! Looking things up in a tree: entries, attributes, classes, numbers.

use std::borrow::Cow;

use super::{Global, Tree, Value, numpy};

impl Tree {
    /// Text of a text value.
    pub fn as_text(&self, value: Value) -> Option<Cow<'_, str>> {
        match value {
            Value::Text(span) => Some(self.text(span)),
            _ => None,
        }
    }

    /// True when `value` is the text `text`.
    pub fn is_text(&self, value: Value, text: &str) -> bool {
        matches!(value, Value::Text(span) if self.bytes(span) == text.as_bytes())
    }

    /// The entry `key` of a mapping (or dict subclass).
    pub fn get(&self, mapping: Value, key: &str) -> Option<Value> {
        let found = self.entries(mapping).iter().rev().find(|(k, _)| self.is_text(*k, key));
        found.map(|(_, value)| *value)
    }

    /// Follows `keys` through nested mappings and object attributes.
    pub fn path(&self, start: Value, keys: &[&str]) -> Option<Value> {
        keys.iter().try_fold(start, |at, key| self.get(at, key).or_else(|| self.attribute(at, key)))
    }

    /// The attribute `name` of an object: an entry of its state, whichever of the usual forms it has.
    pub fn attribute(&self, object: Value, name: &str) -> Option<Value> {
        match object {
            Value::Object(id) => {
                let state = self.object(id)?.state?;
                self.state_parts(state).into_iter().find_map(|part| self.get(part, name))
            }
            Value::Dict(id) => self.get(self.dict(id)?.attributes?, name),
            _ => None,
        }
    }

    /// The mappings that make up an object's state: one dict, or the pair `(__dict__, slots)`.
    pub fn state_parts(&self, state: Value) -> Vec<Value> {
        match state {
            Value::Dict(_) => vec![state],
            Value::Tuple { len: 2, .. } => {
                self.items(state).iter().copied().filter(|v| matches!(v, Value::Dict(_))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// `module.Class` of an object (of what would be called to make it), or of a mapping's class.
    pub fn class_of(&self, value: Value) -> Option<&Global> {
        match value {
            Value::Object(id) => match self.object(id)?.callable {
                Value::Global(global) => self.global(global),
                _ => None,
            },
            Value::Dict(id) => self.global(self.dict(id)?.class?),
            _ => None,
        }
    }

    /// True when the object's class or callable is `module.name`.
    pub fn is_class(&self, value: Value, module: &str, name: &str) -> bool {
        self.class_of(value).is_some_and(|g| &*g.module == module && &*g.name == name)
    }

    /// An integer that fits, from an int or bool.
    pub fn as_int(&self, value: Value) -> Option<i64> {
        match value {
            Value::Int(n) => Some(n),
            Value::Bool(b) => Some(i64::from(b)),
            _ => None,
        }
    }

    /// A number, from an int, float, bool, or numpy scalar. (One-element tensors need a read:
    /// [`crate::checkpoint::Checkpoint::number`].)
    pub fn as_number(&self, value: Value) -> Option<f64> {
        match value {
            Value::Int(n) => Some(n as f64),
            Value::Float(x) => Some(x),
            Value::Bool(b) => Some(f64::from(u8::from(b))),
            Value::Object(_) => numpy::scalar(self, value),
            _ => None,
        }
    }
}
