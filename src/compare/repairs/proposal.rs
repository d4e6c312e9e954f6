//! A transform a family proposes, before it is tried.

use super::view::View;
use crate::compare::plan::{Operation, Plan};
use crate::text::shown;

/// A transform, or an explanation without one.
#[derive(Debug, Clone, Default)]
pub(super) struct Proposal {
    pub(super) rule: &'static str,
    pub(super) title: String,
    pub(super) notes: Vec<String>,
    pub(super) plan: Plan,
    pub(super) lines: Vec<String>,
    pub(super) pairs: Vec<(String, String)>,
    /// Names and shapes it should bring together: the order of trying.
    pub(super) estimate: usize,
    /// Values that are not tensors are left out as well.
    pub(super) drops_others: bool,
    /// It only leaves out what no model needs: fewer unexpected names are enough of a reason.
    pub(super) only_drops: bool,
}

impl Proposal {
    /// Renames the candidate's tensors, all at once.
    pub(super) fn rename(
        view: &View<'_>,
        rule: &'static str,
        title: String,
        pairs: Vec<(String, String)>,
        lines: Vec<String>,
    ) -> Self {
        let estimate = pairs.iter().filter(|(from, to)| view.would_match(from, to)).count();
        let plan = Plan::one(Operation::Rename(pairs.clone()));
        Self { rule, title, plan, lines, pairs, estimate, ..Self::default() }
    }
}

/// A name in quotes, safe to print.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", shown(name))
}

/// `1 key`, `3 keys`.
pub(super) fn counted(n: usize, one: &str) -> String {
    let grouped = crate::text::number::grouped(n as u64);
    if n == 1 { format!("{grouped} {one}") } else { format!("{grouped} {one}s") }
}

/// The first few names in quotes, and how many more there are.
pub(super) fn some(names: &[impl AsRef<str>]) -> String {
    const FEW: usize = 3;
    let few: Vec<String> = names.iter().take(FEW).map(|name| quoted(name.as_ref())).collect();
    match names.len().saturating_sub(FEW) {
        0 => few.join(", "),
        more => format!("{} and {more} more", few.join(", ")),
    }
}
