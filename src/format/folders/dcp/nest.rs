//! From names with paths back to the nested object that was saved.

use std::collections::HashMap;

use super::metadata::Key;
use crate::format::folders::compose::Composer;
use crate::sorting::Sort as _;
use crate::value::{Dict, Value};

/// Levels rebuilt; what is deeper stands under a joined name.
const DEPTH: usize = 32;

/// A mapping or list on its way.
#[derive(Default)]
pub(super) struct Level {
    children: Vec<(Key, Node)>,
    index: HashMap<Key, usize>,
}

enum Node {
    Leaf(Value),
    Inner(Level),
}

impl Level {
    /// Puts `value` at `path`; false when something else is in the way.
    pub(super) fn put(&mut self, path: &[Key], value: Value) -> bool {
        let mut level = self;
        let Some((last, inner)) = path.split_last().filter(|_| path.len() <= DEPTH) else { return false };
        for key in inner {
            let at = level.slot(key, || Node::Inner(Self::default()));
            match level.children.get_mut(at) {
                Some((_, Node::Inner(next))) => level = next,
                _ => return false,
            }
        }
        if level.index.contains_key(last) {
            return false;
        }
        level.slot(last, || Node::Leaf(value));
        true
    }

    fn slot(&mut self, key: &Key, make: impl FnOnce() -> Node) -> usize {
        if let Some(at) = self.index.get(key) {
            return *at;
        }
        let at = self.children.len();
        self.children.push((key.clone(), make()));
        self.index.insert(key.clone(), at);
        at
    }

    /// The value it makes: a list where its keys are the indices of one.
    pub(super) fn value(self, composer: &mut Composer<'_>) -> Value {
        let count = self.children.len() as u64;
        let is_list =
            count > 0 && self.children.iter().all(|(key, _)| matches!(key, Key::Index(at) if *at < count));
        let mut children: Vec<(Key, Value)> = Vec::with_capacity(self.children.len());
        for (key, node) in self.children {
            let value = match node {
                Node::Leaf(value) => value,
                Node::Inner(level) => level.value(composer),
            };
            children.push((key, value));
        }
        let tree = &mut composer.tree;
        if is_list {
            children.in_order_of(|(key, _)| if let Key::Index(at) = key { *at } else { 0 });
            return Value::List(tree.add_list(children.into_iter().map(|(_, value)| value).collect()));
        }
        let entries = children.into_iter().map(|(key, value)| match key {
            Key::Text(text) => (tree.add_text(&text), value),
            Key::Index(at) => (i64::try_from(at).map_or(Value::None, Value::Int), value),
        });
        let entries = entries.collect();
        Value::Dict(tree.add_dict(Dict { entries, ..Dict::default() }))
    }
}
