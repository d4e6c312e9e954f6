//! What `model.load_state_dict(candidate)` says, to the letter (formats.md §14.1).
//!
//! Followed are `Module._load_from_state_dict`, batch norm's rule about `num_batches_tracked`, and the hook
//! that lets old weight-norm names into a model with the new ones. Hooks of other modules are not: what the
//! reference holds under its names is taken to be what its modules expect.

use std::fmt::Write as _;

use rustc_hash::FxHashMap;

use super::keys::{Item, Side};

/// Name under which modules keep what is not a tensor.
const EXTRA_STATE: &str = "_extra_state";
/// The buffer batch norm has had since version 2 of its state.
const COUNTER: &str = "num_batches_tracked";

/// The verdict. Numbers are positions among the items of the reference and of the candidate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Expected and absent, in the order torch names them.
    pub missing: Vec<usize>,
    /// Given and not expected, in the order torch names them.
    pub unexpected: Vec<usize>,
    /// Same name, other shape: (reference, candidate). These raise with `strict=False` as well.
    pub mismatched: Vec<(usize, usize)>,
    /// Expected as a tensor and given as something else: (reference, candidate).
    pub not_tensors: Vec<(usize, usize)>,
    /// Loaded: (reference, candidate).
    pub matched: Vec<(usize, usize)>,
    /// Absent, and filled in by torch without a word.
    pub filled: Vec<usize>,
    /// Errors of single tensors, in torch's words and order.
    messages: Vec<String>,
}

impl Verdict {
    /// Compares the names and shapes of two sides.
    pub fn of(reference: &Side, candidate: &Side) -> Self {
        let mut verdict = Self::default();
        let compat = weight_norm_names(reference, candidate);
        let mut used = vec![false; candidate.items.len()];
        for (at, expected) in reference.items.iter().enumerate() {
            let belongs = reference.is_optimizer && candidate.position(expected.key()).is_some();
            if !expected.is_tensor() && !is_expected(expected.key()) && !belongs {
                continue;
            }
            let given = compat.get(&at).copied().or_else(|| candidate.position(expected.key()));
            match given {
                Some(given) => verdict.meet(at, expected, given, candidate, &mut used),
                None if fills_in(expected.key(), candidate) => verdict.filled.push(at),
                None => verdict.missing.push(at),
            }
        }
        let left = used.iter().enumerate().filter(|(_, used)| !**used).map(|(at, _)| at);
        verdict.unexpected = in_torch_order(reference, candidate, left.collect());
        verdict
    }

    fn meet(&mut self, at: usize, expected: &Item, given: usize, candidate: &Side, used: &mut [bool]) {
        let Some(item) = candidate.items.get(given) else { return };
        if let Some(used) = used.get_mut(given) {
            *used = true;
        }
        if !expected.is_tensor() {
            self.matched.push((at, given));
        } else if let Some(class) = &item.other {
            self.not_tensors.push((at, given));
            self.messages.push(format!(
                "While copying the parameter named \"{}\", expected torch.Tensor or Tensor-like object from checkpoint but received <class '{class}'>",
                expected.key()
            ));
        } else if accepts(&expected.tensor.shape, &item.tensor.shape) {
            self.matched.push((at, given));
        } else {
            self.mismatched.push((at, given));
            self.messages.push(format!(
                "size mismatch for {}: copying a param with shape {} from checkpoint, the shape in current model is {}.",
                expected.key(),
                size(&item.tensor.shape),
                size(&expected.tensor.shape)
            ));
        }
    }

    /// `load_state_dict(candidate)` raises nothing.
    pub fn loads_strict(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.messages.is_empty()
    }

    /// `load_state_dict(candidate, strict=False)` raises nothing.
    pub fn loads_loosely(&self) -> bool {
        self.messages.is_empty()
    }

    /// What torch prints: the text of its error, or of its success. `class` is the name of the model's class.
    pub fn message(&self, reference: &Side, candidate: &Side, class: &str, strict: bool) -> String {
        let mut lines = Vec::new();
        if strict {
            lines.extend(listed("Missing", &self.missing, reference));
            lines.extend(listed("Unexpected", &self.unexpected, candidate));
        }
        lines.extend(self.messages.iter().cloned());
        if lines.is_empty() {
            return if strict || self.missing.is_empty() && self.unexpected.is_empty() {
                "<All keys matched successfully>".to_owned()
            } else {
                incompatible(self, reference, candidate)
            };
        }
        format!("Error(s) in loading state_dict for {class}:\n\t{}", lines.join("\n\t"))
    }
}

/// What `strict=False` returns when something did not go together.
fn incompatible(verdict: &Verdict, reference: &Side, candidate: &Side) -> String {
    let list = |items: &[usize], side: &Side| {
        let keys = items.iter().filter_map(|at| side.items.get(*at)).map(|item| format!("'{}'", item.key()));
        keys.collect::<Vec<_>>().join(", ")
    };
    format!(
        "_IncompatibleKeys(missing_keys=[{}], unexpected_keys=[{}])",
        list(&verdict.missing, reference),
        list(&verdict.unexpected, candidate)
    )
}

fn listed(word: &str, items: &[usize], side: &Side) -> Option<String> {
    let mut text = format!("{word} key(s) in state_dict: ");
    for (n, item) in items.iter().filter_map(|at| side.items.get(*at)).enumerate() {
        let _ = write!(text, "{}\"{}\"", if n == 0 { "" } else { ", " }, item.key());
    }
    (!items.is_empty()).then(|| text + ". ")
}

/// `torch.Size([5, 8])`.
fn size(shape: &[u64]) -> String {
    let sizes: Vec<String> = shape.iter().map(u64::to_string).collect();
    format!("torch.Size([{}])", sizes.join(", "))
}

/// Shapes are equal; or one number is expected and a vector of one is given, as torch 0.3 saved it.
pub(super) fn accepts(expected: &[u64], given: &[u64]) -> bool {
    expected == given || expected.is_empty() && given == [1]
}

/// Values that are not tensors and that a module asks for all the same.
fn is_expected(key: &str) -> bool {
    key.contains('.') || key == EXTRA_STATE
}

/// Batch norm fills in its counter when the state is of before version 2, or says nothing of a version.
fn fills_in(key: &str, candidate: &Side) -> bool {
    let Some(prefix) = key.strip_suffix(COUNTER) else { return false };
    let prefix = prefix.strip_suffix('.').unwrap_or(prefix);
    let version = candidate.versions.as_ref().and_then(|all| all.get(prefix).copied().flatten());
    version.is_none_or(|version| version < 2)
}

/// `weight_g` and `weight_v` where the reference has weight norm's new names: reference → candidate.
fn weight_norm_names(reference: &Side, candidate: &Side) -> FxHashMap<usize, usize> {
    let mut found = FxHashMap::default();
    for (at, item) in reference.items.iter().enumerate() {
        let Some(stem) = item.key().strip_suffix(".original0") else { continue };
        let Some((module, name)) = stem.rsplit_once('.') else { continue };
        let Some(module) = module.strip_suffix("parametrizations") else { continue };
        let second = reference.position(&format!("{stem}.original1"));
        let g = candidate.position(&format!("{module}{name}_g"));
        let v = candidate.position(&format!("{module}{name}_v"));
        if let (Some(second), Some(g), Some(v)) = (second, g, v) {
            found.insert(at, g);
            found.insert(second, v);
        }
    }
    found
}

/// torch visits modules, outermost first, and each names the keys below it that lead nowhere.
fn in_torch_order(reference: &Side, candidate: &Side, left: Vec<usize>) -> Vec<usize> {
    if left.is_empty() {
        return left;
    }
    let modules = module_order(reference);
    let place = |at: &usize| {
        let key = candidate.items.get(*at).map_or("", Item::key);
        let mut module = 0;
        let mut rest = key;
        for (dot, _) in key.match_indices('.') {
            let Some(next) = modules.get(key.get(..dot).unwrap_or_default()) else { break };
            module = *next;
            rest = key.get(dot + 1..).unwrap_or_default();
        }
        (module, rest != EXTRA_STATE, *at)
    };
    let mut keyed: Vec<_> = left.iter().map(place).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(.., at)| at).collect()
}

/// Module prefixes by the order they are visited in; the root is 0.
fn module_order(reference: &Side) -> FxHashMap<&str, usize> {
    let mut order: FxHashMap<&str, usize> = FxHashMap::default();
    order.insert("", 0);
    if let Some(recorded) = &reference.modules {
        for module in recorded {
            note(module, &mut order);
        }
        // Names may have been changed after torch wrote its list.
        let mut keys = reference.items.iter().map(Item::key);
        if keys.all(|key| prefixes(key).all(|prefix| order.contains_key(prefix))) {
            return order;
        }
        order.retain(|prefix, _| prefix.is_empty());
    }
    for item in &reference.items {
        prefixes(item.key()).for_each(|prefix| note(prefix, &mut order));
    }
    order
}

fn note<'a>(prefix: &'a str, order: &mut FxHashMap<&'a str, usize>) {
    let next = order.len();
    order.entry(prefix).or_insert(next);
}

/// `a.b.c` → `a`, `a.b`.
fn prefixes(key: &str) -> impl Iterator<Item = &str> {
    key.match_indices('.').filter_map(|(at, _)| key.get(..at))
}

#[cfg(test)]
mod tests;
