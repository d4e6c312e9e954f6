//! The search as a whole: real pairs with what torch says of them, made-up ones, and what must hold of any.

mod ambiguous;
mod properties;
mod samples;

use super::*;
use crate::compare::plan::Described;
use crate::tensor::DType;

/// A side of float32 tensors.
fn side(all: &[(&str, &[u64])]) -> Side {
    Side::of_shapes(all)
}

/// Rules of the repairs that are applied, and of what is only said.
fn rules(found: &Found) -> (Vec<&'static str>, Vec<&'static str>) {
    let (applied, said): (Vec<&Repair>, Vec<&Repair>) = found.repairs.iter().partition(|r| r.applied);
    let rules = |all: Vec<&Repair>| all.into_iter().map(|repair| repair.rule).collect();
    (rules(applied), rules(said))
}

/// What holds of any search: every applied repair helps, its plan is part of the whole, the counts are those of the
/// verdict, and the repaired side is what the plan makes.
fn is_sound(reference: &Side, candidate: &Side, found: &Found) {
    let mut counts = Counts::of(&Verdict::of(reference, candidate));
    let first = counts;
    for repair in found.applied() {
        assert_eq!(repair.before, counts, "{}", repair.rule);
        assert!(repair.after.matched >= repair.before.matched, "{} makes fewer keys match", repair.rule);
        assert!(!repair.lines.is_empty(), "{} has no lines", repair.rule);
        counts = repair.after;
    }
    let last = Counts::of(&found.after);
    assert_eq!(counts, last);
    assert!(last.matched >= first.matched);
    assert!(
        found.applied().next().is_none()
            || (last.matched, first.differences()) > (first.matched, last.differences())
    );
    let tensors: Vec<Described> = candidate.tensors().cloned().collect();
    let made = found.plan.apply(&tensors).unwrap();
    let names: Vec<(&str, &[u64])> =
        made.iter().map(|o| (o.key.as_str(), o.recipe.shape.as_slice())).collect();
    let repaired: Vec<(&str, &[u64])> =
        found.repaired.tensors().map(|t| (t.key.as_str(), t.shape.as_slice())).collect();
    assert_eq!(names, repaired);
    assert_eq!(found.after, Verdict::of(reference, &found.repaired));
}
