//! A bounded view of the metadata of one checkpoint: named children, numbers and texts, seen through
//! namespaces, dataclasses, OmegaConf nodes and numpy.
//!
//! Weights and optimizer state are never entered, and a search as a whole visits a bounded number of
//! entries: a row of a list must cost the same whatever a file holds.

use std::borrow::Cow;
use std::cell::Cell;

use crate::checkpoint::{Checkpoint, SectionRole};
use crate::value::view::{self, Label};
use crate::value::{Tree, Value, numpy};

/// Entries one search visits.
const ENTRIES: usize = 5_000;

/// Named children of a container.
pub(super) type Named<'a> = Vec<(Cow<'a, str>, Value)>;

pub(super) struct Look<'a> {
    pub(super) checkpoint: &'a Checkpoint,
    pub(super) tree: &'a Tree,
    /// What the root holds by name, without the tensors of a bare state dict.
    top: Named<'a>,
    left: Cell<usize>,
}

impl<'a> Look<'a> {
    pub(super) fn new(checkpoint: &'a Checkpoint) -> Self {
        let tree = checkpoint.tree();
        let mut look = Self { checkpoint, tree, top: Vec::new(), left: Cell::new(ENTRIES) };
        // Single numbers at the root are a section of their own there, which is none of weights.
        let bare = checkpoint.sections().iter().find(|s| s.name.is_empty() && s.role != SectionRole::Other);
        look.top = match bare {
            Some(section) if section.is_module || section.role == SectionRole::Optimizer => Vec::new(),
            Some(section) if section.role == SectionRole::Scheduler => Vec::new(),
            Some(_) => look.without_tensors(tree.root()),
            None => look.children(tree.root()),
        };
        look.left.set(ENTRIES);
        look
    }

    /// A bare state dict may carry an epoch among its tensors; a million tensors are passed over quickly.
    fn without_tensors(&self, root: Value) -> Named<'a> {
        let plain = |v: &Value| !matches!(v, Value::Tensor(_) | Value::Dict(_) | Value::Object(_));
        let entries = self.tree.entries(root).iter().filter(|(_, v)| plain(v)).take(64);
        entries.filter_map(|(k, v)| Some((self.tree.as_text(*k)?, *v))).collect()
    }

    /// What the root holds, by name.
    pub(super) fn top(&self) -> &Named<'a> {
        &self.top
    }

    /// The entry `key` of the root.
    pub(super) fn at(&self, key: &str) -> Option<Value> {
        self.top.iter().rev().find(|(k, _)| k == key).map(|(_, v)| *v)
    }

    /// True when the root has the entry.
    pub(super) fn has(&self, key: &str) -> bool {
        self.at(key).is_some()
    }

    /// Children with their names: entries of a mapping, attributes of an object.
    pub(super) fn children(&self, value: Value) -> Named<'a> {
        if !matches!(value, Value::Dict(_) | Value::Object(_)) {
            return Vec::new();
        }
        let mut named = Vec::new();
        for (label, child) in view::children(self.tree, value) {
            if !self.spend() {
                break;
            }
            if let Label::Key(key) = label {
                match self.tree.as_text(key) {
                    Some(name) => named.push((name, child)),
                    None => named.push((Cow::Owned(Label::Key(key).text(self.tree)), child)),
                }
            }
        }
        named
    }

    /// Takes one from the budget; false when it is spent.
    pub(super) fn spend(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left > 0
    }

    /// Follows `keys` from `value`, through mappings and attributes.
    pub(super) fn path(&self, value: Value, keys: &[&str]) -> Option<Value> {
        keys.iter().try_fold(value, |at, key| self.get(at, key))
    }

    /// The entry or attribute `key`.
    pub(super) fn get(&self, value: Value, key: &str) -> Option<Value> {
        if !matches!(value, Value::Dict(_) | Value::Object(_)) {
            return None;
        }
        let direct = self.tree.get(value, key).or_else(|| self.tree.attribute(value, key));
        direct.or_else(|| {
            // OmegaConf and other objects whose children are not simply their state.
            let mut children = view::children(self.tree, value).take(512);
            children.find_map(|(label, v)| match label {
                Label::Key(k) if self.tree.is_text(k, key) => Some(v),
                _ => None,
            })
        })
    }

    /// A number: plain, numpy's, a one-element tensor or array, or a meter that averages. Never a bool.
    pub(super) fn number(&self, value: Value) -> Option<f64> {
        match value {
            Value::Bool(_) => None,
            Value::Int(_) | Value::Float(_) => self.tree.as_number(value),
            Value::Tensor(id) => {
                let one = self.tree.tensor(id).is_some_and(|meta| meta.numel() == 1);
                one.then(|| self.checkpoint.number(value)).flatten()
            }
            Value::Object(_) => self.tree.as_number(value).or_else(|| self.held_number(value)),
            _ => None,
        }
    }

    fn held_number(&self, value: Value) -> Option<f64> {
        if let Some(array) = numpy::array(self.tree, value) {
            return match *array.values {
                [one] => Some(one),
                _ => None,
            };
        }
        if let Some(view::Leaf::Float(x)) = view::leaf(self.tree, value) {
            return Some(x);
        }
        // `AverageMeter` of countless scripts, and torchmetrics with its cached result.
        let held = ["avg", "_computed"].iter().find_map(|name| self.tree.attribute(value, name))?;
        match held {
            Value::Object(_) => self.tree.as_number(held),
            other => self.number(other),
        }
    }

    /// The number at the root's entry `key`.
    pub(super) fn number_at(&self, key: &str) -> Option<f64> {
        self.number(self.at(key)?)
    }

    /// The text of a value.
    pub(super) fn text(&self, value: Value) -> Option<Cow<'a, str>> {
        self.tree.as_text(value)
    }

    /// True for a part that holds weights, an optimizer or a scheduler.
    pub(super) fn is_section(&self, value: Value) -> bool {
        let container = matches!(value, Value::Dict(_) | Value::Object(_) | Value::List(_));
        container
            && self.checkpoint.sections().iter().any(|s| {
                s.value == value && (s.role != SectionRole::Other || s.is_module) && !s.name.is_empty()
            })
    }
}
