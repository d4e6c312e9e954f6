//! Mappings inside mappings, filled name by name: what containers mean that write `layers/dense/kernel`.

use std::collections::HashMap;

use super::listing::Listing;
use crate::value::{Dict, Value};

/// Mappings inside mappings at most; what is deeper stays one name.
const DEPTH: usize = 32;

enum Child {
    Value(Value),
    Mapping(usize),
}

#[derive(Default)]
struct Mapping {
    entries: Vec<(String, Child)>,
    index: HashMap<String, usize>,
}

/// The mappings as they grow; number 0 is the root.
pub(crate) struct Nest {
    mappings: Vec<Mapping>,
}

impl Default for Nest {
    fn default() -> Self {
        Self { mappings: vec![Mapping::default()] }
    }
}

impl Nest {
    /// Puts `value` under `name`, whose parts slashes divide. Where a part of the way is taken by a value, the
    /// rest of the name stays one key: TensorFlow 1 has both `kernel` and `kernel/Adam`.
    pub(crate) fn insert(&mut self, name: &str, value: Value) {
        let (mut at, mut rest) = (0, name);
        for _ in 0..DEPTH {
            let Some((part, below)) = rest.split_once('/').filter(|(_, below)| !below.is_empty()) else {
                break;
            };
            let Some(next) = self.mapping(at, part) else { break };
            (at, rest) = (next, below);
        }
        self.put(at, rest, Child::Value(value));
    }

    /// The mapping `name` of the mapping `at`, made if need be; `None` where a value has the name.
    fn mapping(&mut self, at: usize, name: &str) -> Option<usize> {
        let mapping = self.mappings.get(at)?;
        if let Some(slot) = mapping.index.get(name) {
            return match mapping.entries.get(*slot)?.1 {
                Child::Mapping(next) => Some(next),
                Child::Value(_) => None,
            };
        }
        let next = self.mappings.len();
        self.mappings.push(Mapping::default());
        self.put(at, name, Child::Mapping(next));
        Some(next)
    }

    fn put(&mut self, at: usize, name: &str, child: Child) {
        let Some(mapping) = self.mappings.get_mut(at) else { return };
        // A value beside a mapping of its name keeps a mark of it.
        let name = if mapping.index.contains_key(name) { format!("{name}/") } else { name.to_owned() };
        mapping.index.insert(name.clone(), mapping.entries.len());
        mapping.entries.push((name, child));
    }

    /// The root, in the tree of `listing`.
    pub(crate) fn build(self, listing: &mut Listing<'_>) -> Value {
        // Mappings have larger numbers than those they are in.
        let mut built: Vec<Value> = vec![Value::None; self.mappings.len()];
        for (at, mapping) in self.mappings.into_iter().enumerate().rev() {
            let entries = mapping.entries.into_iter().map(|(name, child)| {
                let value = match child {
                    Child::Value(value) => value,
                    Child::Mapping(at) => built.get(at).copied().unwrap_or(Value::None),
                };
                (listing.tree.add_text(&name), value)
            });
            let dict = Dict { entries: entries.collect(), ..Dict::default() };
            let value = Value::Dict(listing.tree.add_dict(dict));
            if let Some(slot) = built.get_mut(at) {
                *slot = value;
            }
        }
        built.first().copied().unwrap_or(Value::None)
    }
}
