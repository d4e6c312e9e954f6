//! Where parts are looked for: in mappings, sequences and the attributes of objects near the root.

use super::{Part, SAMPLE, is_all_tensors, is_mapping, recognise};
use crate::checkpoint::SectionRole;
use crate::value::view::Label;
use crate::value::{Tree, Value};

/// Containers looked at below one entry of the root.
const BUDGET: usize = 2_000;
/// Containers looked at in all.
const TOTAL: usize = 40_000;
/// Parts of one checkpoint at most, so that a list of a million small dicts is one part.
const MOST: usize = 256;
/// Entries looked through beside twice those there are.
const ENTRIES: usize = 1_000_000;
/// How deep parts are looked for: `state.model` and `optimizer_states.0` are two deep.
pub(in crate::checkpoint) const DEPTH: usize = 4;

/// The parts of `root`, in file order.
pub(in crate::checkpoint) fn find(tree: &Tree, root: Value) -> Vec<Part> {
    let mut parts = Vec::new();
    if is_mapping(tree, root) && !tree.entries(root).is_empty() && is_all_tensors(tree, root, 0) {
        // Names to tensors and nothing else, however small: what `torch.save(model.state_dict())` writes.
        parts.push(Part { name: String::new(), role: SectionRole::Model, value: root, is_module: false });
    } else if let Some(part) = recognise(tree, "", "", root) {
        // torchtitan and Megatron keep the names of weights at the root, and other states under theirs.
        let beside: Vec<Part> = if part.is_module || part.role != SectionRole::Model {
            Vec::new()
        } else {
            let children = named(tree, root).filter(|(_, value)| is_mapping(tree, *value));
            let found = children.filter_map(|(key, value)| recognise(tree, &key, &key, value));
            found.filter(|p| matches!(p.role, SectionRole::Optimizer | SectionRole::Scheduler)).collect()
        };
        parts.push(part);
        parts.extend(beside);
    } else {
        let entries = 2 * tree.values() + ENTRIES;
        let mut search =
            Search { tree, parts: Vec::new(), on_path: vec![root], budget: BUDGET, total: TOTAL, entries };
        search.descend("", root);
        parts = search.parts;
    }
    parts
}

/// Names and values of a mapping, or of the attributes of an object.
pub(super) fn named(tree: &Tree, value: Value) -> impl Iterator<Item = (String, Value)> + '_ {
    let state = match value {
        Value::Object(id) => tree.object(id).and_then(|o| o.state),
        _ => None,
    };
    let attributes = state.map(|s| tree.state_parts(s)).unwrap_or_default();
    let attributes = attributes.into_iter().flat_map(|part| tree.entries(part));
    let entries = attributes.chain(tree.entries(value)).take(SAMPLE);
    // Folds of a cross-validation are often kept under their numbers.
    let plain = entries.filter(|(k, _)| matches!(k, Value::Text(_) | Value::Int(_)));
    plain.map(|(k, v)| (Label::Key(*k).text(tree), *v))
}

/// Entries of a mapping, or of the attributes of an object.
pub(in crate::checkpoint) fn size(tree: &Tree, value: Value) -> usize {
    let state = match value {
        Value::Object(id) => tree.object(id).and_then(|o| o.state),
        _ => None,
    };
    let attributes = state.map(|s| tree.state_parts(s)).unwrap_or_default();
    attributes.into_iter().map(|part| tree.entries(part).len()).sum::<usize>() + tree.entries(value).len()
}

struct Search<'a> {
    tree: &'a Tree,
    parts: Vec<Part>,
    /// Containers on the way here: a value may hold itself.
    on_path: Vec<Value>,
    /// Containers that may still be looked at: a shared one is met once for each of its names.
    budget: usize,
    total: usize,
    /// Entries that may yet be searched for well-known names: a mapping a million objects share is searched a
    /// million times.
    entries: usize,
}

impl Search<'_> {
    fn descend(&mut self, path: &str, value: Value) {
        let tree = self.tree;
        let children: Vec<(String, Value)> = match value {
            Value::Dict(_) | Value::Object(_) => named(tree, value).collect(),
            Value::List(_) | Value::Tuple { .. } => {
                let items = tree.items(value).iter().take(SAMPLE).enumerate();
                items.map(|(i, v)| (i.to_string(), *v)).collect()
            }
            _ => return,
        };
        let listed = !matches!(value, Value::Dict(_) | Value::Object(_));
        for (key, child) in children {
            if self.on_path.len() == 1 {
                self.budget = BUDGET.min(self.total);
            }
            self.entries = self.entries.saturating_sub(size(tree, child));
            if self.parts.len() >= MOST || self.budget == 0 || self.entries == 0 {
                return;
            }
            if matches!(child, Value::Dict(_) | Value::Object(_) | Value::List(_) | Value::Tuple { .. }) {
                self.budget -= 1;
                self.total -= 1;
            }
            // The members of a list are what the list is called: `optimizer_states.0`.
            let word = if listed { path.rsplit('.').next().unwrap_or(path) } else { &key };
            let at = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            match recognise(tree, &at, word, child) {
                Some(part) => self.parts.push(part),
                None if is_bookkeeping(word)
                    || self.on_path.len() >= DEPTH
                    || self.on_path.contains(&child) => {}
                None => {
                    self.on_path.push(child);
                    self.descend(&at, child);
                    self.on_path.pop();
                }
            }
        }
    }
}

/// Parts of training frameworks that hold scores, states and settings, never weights.
fn is_bookkeeping(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let whole = [
        "args",
        "training_args",
        "train_args",
        "trainer_state",
        "opt",
        "cfg",
        "config",
        "hparams",
        "hyper_parameters",
        "metadata",
    ];
    let part = ["callbacks", "loops", "metrics", "history", "message_hub", "rng", "random", "config"];
    whole.contains(&name.as_str()) || part.iter().any(|b| name.contains(b))
}
