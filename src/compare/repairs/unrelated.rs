//! Two models that have nothing to do with each other: said, instead of advice on parts of them.

use super::proposal::{Proposal, counted};
use super::view::View;
use crate::compare::torch_rules::Verdict;

/// No tensor of the one goes with any of the other, by name or after any repair.
pub(super) fn is_unrelated(verdict: &Verdict) -> bool {
    verdict.matched.is_empty() && verdict.mismatched.is_empty()
}

pub(super) fn propose(view: &View<'_>, out: &mut Vec<Proposal>) {
    let (wanted, given) = (view.asked_in_vain().count(), view.unexpected().count());
    if wanted == 0 || given == 0 {
        return;
    }
    let title = format!(
        "no key is in both, and no change of names brings the {} of the model and the {} of the candidate together: these look like different models, and there is no repair",
        counted(wanted, "key"),
        counted(given, "key"),
    );
    out.push(Proposal { rule: "different_models", title, estimate: wanted, ..Proposal::default() });
}
