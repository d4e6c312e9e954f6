//! Why two state dicts do not go together, and what repairs it.
//!
//! A repair is found by search: each family (one file each, formats.md §14.2) proposes transforms of the
//! candidate, and one is kept only when more names and shapes of the reference are met with it than without. Several
//! are composed, one after another. What cannot be decided from names and shapes is said and not done.

mod absent;
mod ema;
mod fused;
mod layers;
mod leftovers;
mod likeness;
mod lines;
mod lora;
mod order;
mod parametrized;
mod prefix;
mod proposal;
mod quantised;
mod search;
mod sizes;
mod stacked;
mod tied;
mod transposed;
mod unrelated;
mod view;
mod weight_norm;
mod words;
mod wrappers;

use super::keys::Side;
use super::plan::Plan;
use super::torch_rules::Verdict;
use crate::text::number;

pub use search::find;

/// How many names go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Same name and shape.
    pub matched: usize,
    /// In the reference only.
    pub missing: usize,
    /// In the candidate only.
    pub unexpected: usize,
    /// Same name, and a shape (or a type) that does not fit.
    pub mismatched: usize,
}

impl Counts {
    /// Of a verdict.
    pub fn of(verdict: &Verdict) -> Self {
        Self {
            matched: verdict.matched.len() + verdict.filled.len(),
            missing: verdict.missing.len(),
            unexpected: verdict.unexpected.len(),
            mismatched: verdict.mismatched.len() + verdict.not_tensors.len(),
        }
    }

    /// Differences in all.
    pub fn differences(self) -> usize {
        self.missing + self.unexpected + self.mismatched
    }

    /// They in words: `15 missing, 16 unexpected`.
    pub fn in_words(self) -> String {
        let all = [
            (self.missing, "missing"),
            (self.unexpected, "unexpected"),
            (self.mismatched, "of another shape"),
        ];
        let parts = all.iter().filter(|(n, _)| *n > 0);
        let parts: Vec<String> =
            parts.map(|(n, what)| format!("{} {what}", number::grouped(*n as u64))).collect();
        if parts.is_empty() { "no key differs".to_owned() } else { parts.join(", ") }
    }
}

/// One explanation, with the repair where there is one.
#[derive(Debug, Clone)]
pub struct Repair {
    /// Stable name of the rule.
    pub rule: &'static str,
    /// What it is, in one line that is safe to print.
    pub title: String,
    /// What else to know; each one line, safe to print.
    pub notes: Vec<String>,
    /// It was tried, more names and shapes go together with it, and it is part of the plan. Otherwise it explains
    /// differences, and what to do about them is for a person to decide.
    pub applied: bool,
    /// Differences it accounts for.
    pub explains: usize,
    /// Names of the candidate with what they are in the reference.
    pub pairs: Vec<(String, String)>,
    /// Python lines that work on `state_dict`.
    pub lines: Vec<String>,
    /// What `lines` do; empty unless `applied`.
    pub plan: Plan,
    /// Before it (and after the repairs before it).
    pub before: Counts,
    /// After it.
    pub after: Counts,
}

/// All that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Applied repairs in their order, then explanations.
    pub repairs: Vec<Repair>,
    /// The applied repairs as one plan.
    pub plan: Plan,
    /// The candidate after the plan.
    pub repaired: Side,
    /// What torch says then.
    pub after: Verdict,
}

impl Found {
    /// The repairs that are part of the plan.
    pub fn applied(&self) -> impl Iterator<Item = &Repair> {
        self.repairs.iter().filter(|repair| repair.applied)
    }

    /// Python lines of all applied repairs; they work on `state_dict` and may use `model` and `torch`.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for repair in self.applied() {
            lines.push(format!("# {}", repair.title));
            lines.extend(repair.lines.iter().cloned());
        }
        lines
    }
}

#[cfg(test)]
mod tests;
