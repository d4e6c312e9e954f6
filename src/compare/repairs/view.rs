//! What a family sees: both sides as they stand now, and what does not go together yet.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::compare::keys::{Item, Side};
use crate::compare::plan::Described;
use crate::compare::torch_rules::{Verdict, accepts};

/// Both sides.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    /// The model's side.
    pub(super) reference: &'a Side,
    /// The candidate after the repairs so far.
    pub(super) current: &'a Side,
    /// The candidate as it is in its file.
    pub(super) original: &'a Side,
    /// What torch says of it now.
    pub(super) verdict: &'a Verdict,
    /// Rules of the repairs so far.
    pub(super) applied: &'a [&'static str],
}

impl<'a> View<'a> {
    /// Tensors of the reference the candidate has not under their names, those torch fills in among them: they may
    /// be there under another name.
    pub(super) fn missing(&self) -> impl Iterator<Item = &'a Described> + use<'a> {
        let (side, verdict) = (self.reference, self.verdict);
        let items = verdict.missing.iter().chain(&verdict.filled).filter_map(move |at| side.items.get(*at));
        items.filter(|item| item.is_tensor()).map(|item| &item.tensor)
    }

    /// Tensors torch itself calls missing.
    pub(super) fn asked_in_vain(&self) -> impl Iterator<Item = &'a Described> + use<'a> {
        let side = self.reference;
        let items = self.verdict.missing.iter().filter_map(move |at| side.items.get(*at));
        items.filter(|item| item.is_tensor()).map(|item| &item.tensor)
    }

    /// Tensors of the candidate nobody asks for.
    pub(super) fn unexpected(&self) -> impl Iterator<Item = &'a Described> + use<'a> {
        self.unexpected_items().filter(|item| item.is_tensor()).map(|item| &item.tensor)
    }

    /// The same in the order of the file, which is that of the layers.
    pub(super) fn unexpected_in_order(&self) -> Vec<&'a Described> {
        let mut at = self.verdict.unexpected.clone();
        at.sort_unstable();
        let items = at.into_iter().filter_map(|at| self.current.items.get(at));
        items.filter(|item| item.is_tensor()).map(|item| &item.tensor).collect()
    }

    /// All values of the candidate nobody asks for.
    pub(super) fn unexpected_items(&self) -> impl Iterator<Item = &'a Item> + use<'a> {
        let side = self.current;
        self.verdict.unexpected.iter().filter_map(move |at| side.items.get(*at))
    }

    /// Tensors of one name and two shapes: (reference, candidate).
    pub(super) fn mismatched(&self) -> impl Iterator<Item = (&'a Described, &'a Described)> + use<'a> {
        let (a, b) = (self.reference, self.current);
        let pairs = self.verdict.mismatched.iter();
        pairs.filter_map(move |(x, y)| Some((&a.items.get(*x)?.tensor, &b.items.get(*y)?.tensor)))
    }

    /// Tensors that go together: (reference, candidate).
    pub(super) fn matched(&self) -> impl Iterator<Item = (&'a Described, &'a Described)> + use<'a> {
        let (a, b) = (self.reference, self.current);
        let pairs = self.verdict.matched.iter();
        pairs.filter_map(move |(x, y)| Some((&a.items.get(*x)?.tensor, &b.items.get(*y)?.tensor)))
    }

    /// Missing tensors by name.
    pub(super) fn missing_by_name(&self) -> FxHashMap<&'a str, &'a Described> {
        self.missing().map(|t| (t.key.as_str(), t)).collect()
    }

    /// Unexpected tensors by name.
    pub(super) fn unexpected_by_name(&self) -> FxHashMap<&'a str, &'a Described> {
        self.unexpected().map(|t| (t.key.as_str(), t)).collect()
    }

    /// The reference has a tensor `to` that takes the shape of the candidate's `from`.
    pub(super) fn would_match(&self, from: &str, to: &str) -> bool {
        match (self.current.get(from), self.reference.get(to)) {
            (Some(from), Some(to)) => {
                from.is_tensor() && to.is_tensor() && accepts(&to.tensor.shape, &from.tensor.shape)
            }
            _ => false,
        }
    }

    /// What a change of names does to all tensors of the candidate; `None` if two would have one name.
    pub(super) fn renamed(&self, change: impl Fn(&str) -> Option<String>) -> Option<Vec<(String, String)>> {
        let mut names = FxHashSet::default();
        let mut pairs = Vec::new();
        for item in &self.current.items {
            let new = change(item.key()).filter(|new| new != item.key());
            if !names.insert(new.clone().unwrap_or_else(|| item.key().to_owned())) {
                return None;
            }
            if let Some(new) = new.filter(|_| item.is_tensor()) {
                pairs.push((item.key().to_owned(), new));
            }
        }
        (!pairs.is_empty()).then_some(pairs)
    }

    /// Pairs without those whose new name is taken by a tensor that keeps it, or given twice.
    pub(super) fn without_clashes(&self, pairs: Vec<(String, String)>) -> Vec<(String, String)> {
        let moving: FxHashSet<&str> = pairs.iter().map(|(from, _)| from.as_str()).collect();
        let mut times: FxHashMap<&str, usize> = FxHashMap::default();
        for (_, to) in &pairs {
            *times.entry(to.as_str()).or_default() += 1;
        }
        let free = |to: &str| {
            times.get(to) == Some(&1) && (self.current.position(to).is_none() || moving.contains(to))
        };
        let keep: Vec<bool> = pairs.iter().map(|(_, to)| free(to)).collect();
        pairs.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(pair, _)| pair).collect()
    }
}

/// Name split at its dots.
pub(super) fn components(key: &str) -> Vec<&str> {
    key.split('.').collect()
}

/// True for the name of a layer in a list: digits only.
pub(super) fn is_number(component: &str) -> bool {
    !component.is_empty() && component.len() < 9 && component.bytes().all(|b| b.is_ascii_digit())
}
