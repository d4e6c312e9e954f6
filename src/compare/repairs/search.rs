//! The search: proposals are tried, the best first, until none brings more together.

use rustc_hash::FxHashMap;

use super::proposal::Proposal;
use super::view::View;
use super::{Counts, Found, Repair};
use super::{
    absent, ema, fused, layers, leftovers, lora, order, parametrized, prefix, quantised, sizes, stacked,
    tied, transposed, unrelated, weight_norm, words, wrappers,
};
use crate::compare::keys::{Item, Side};
use crate::compare::plan::{Described, Plan};
use crate::compare::torch_rules::Verdict;
use crate::sorting::Sort as _;

/// Repairs that may be composed.
const ROUNDS: usize = 16;

type Family = fn(&View<'_>, &mut Vec<Proposal>);

/// In the order of preference among equals.
const FAMILIES: [Family; 12] = [
    lora::propose,
    prefix::propose,
    wrappers::propose,
    weight_norm::propose,
    parametrized::propose,
    fused::propose,
    stacked::propose,
    ema::propose,
    words::propose,
    transposed::propose,
    layers::propose,
    tied::propose,
];

/// Tried when none of those helps any more, one after another.
const LATER: [Family; 2] = [order::propose, leftovers::propose];

/// Finds what repairs `candidate` for the model of `reference`.
pub fn find(reference: &Side, candidate: &Side) -> Found {
    let mut state = State {
        reference,
        original: candidate,
        current: candidate.clone(),
        verdict: Verdict::of(reference, candidate),
        repairs: Vec::new(),
        plan: Plan::default(),
    };
    for _ in 0..ROUNDS {
        if state.verdict.loads_strict() || !state.step() {
            break;
        }
    }
    state.forget_the_useless();
    state.explain();
    Found { repairs: state.repairs, plan: state.plan, repaired: state.current, after: state.verdict }
}

/// How well things go: names with shapes, then names, then little that is left over.
type Measure = (usize, usize, std::cmp::Reverse<usize>);

struct State<'a> {
    reference: &'a Side,
    original: &'a Side,
    current: Side,
    verdict: Verdict,
    repairs: Vec<Repair>,
    plan: Plan,
}

impl State<'_> {
    fn proposals(&self, families: &[Family]) -> Vec<Proposal> {
        let applied: Vec<&'static str> = self.repairs.iter().map(|repair| repair.rule).collect();
        let view = View {
            reference: self.reference,
            current: &self.current,
            original: self.original,
            verdict: &self.verdict,
            applied: &applied,
        };
        let mut proposals = Vec::new();
        for family in families {
            family(&view, &mut proposals);
        }
        proposals
    }

    /// Applies the best proposal that helps.
    fn step(&mut self) -> bool {
        let mut proposals = self.proposals(&FAMILIES);
        proposals.retain(|p| !p.plan.is_empty());
        proposals.in_order_of(|p| std::cmp::Reverse(p.estimate));
        if proposals.into_iter().any(|proposal| self.attempt(proposal)) {
            return true;
        }
        for family in LATER {
            let mut proposals = self.proposals(&[family]);
            proposals.retain(|p| !p.plan.is_empty() || p.drops_others);
            if proposals.into_iter().any(|proposal| self.attempt(proposal)) {
                return true;
            }
        }
        false
    }

    fn attempt(&mut self, proposal: Proposal) -> bool {
        let Some(next) = apply(&self.current, &proposal) else { return false };
        let verdict = Verdict::of(self.reference, &next);
        let (before, after) = (measure(&self.verdict), measure(&verdict));
        let gained = (after.0, after.1) > (before.0, before.1);
        let fewer = proposal.only_drops && after.0 >= before.0 && after.2 > before.2;
        if !gained && !fewer {
            return false;
        }
        let (counts, then) = (Counts::of(&self.verdict), Counts::of(&verdict));
        self.repairs.push(Repair {
            rule: proposal.rule,
            title: proposal.title,
            notes: proposal.notes,
            applied: true,
            explains: counts.differences().saturating_sub(then.differences()),
            pairs: proposal.pairs,
            lines: proposal.lines,
            plan: proposal.plan.clone(),
            before: counts,
            after: then,
        });
        self.plan.then(proposal.plan);
        self.current = next;
        self.verdict = verdict;
        true
    }

    /// Steps that met names alone are kept for the sake of later ones; without those they go.
    fn forget_the_useless(&mut self) {
        let useful = |r: &Repair| {
            r.after.matched > r.before.matched
                || r.after.matched == r.before.matched && r.after.differences() < r.before.differences()
        };
        let kept = self.repairs.iter().rposition(useful).map_or(0, |at| at + 1);
        if kept == self.repairs.len() {
            return;
        }
        let repairs: Vec<Repair> = self.repairs.drain(..).take(kept).collect();
        self.current = self.original.clone();
        self.plan = Plan::default();
        for repair in &repairs {
            let again = Proposal { plan: repair.plan.clone(), ..Proposal::default() };
            if let Some(next) = apply(&self.current, &again) {
                self.current = next;
            }
            self.plan.then(repair.plan.clone());
        }
        self.verdict = Verdict::of(self.reference, &self.current);
        self.repairs = repairs;
    }

    /// What is left is explained as far as it can be.
    fn explain(&mut self) {
        if self.verdict.loads_strict() {
            return;
        }
        let mut proposals = self.proposals(&FAMILIES);
        proposals.extend(self.proposals(&[order::propose]));
        proposals.retain(|p| p.plan.is_empty());
        // Advice on a head or a norm means nothing between models that share nothing.
        let families: &[Family] = if !unrelated::is_unrelated(&self.verdict) {
            &[quantised::propose, sizes::propose, absent::propose]
        } else if proposals.is_empty() {
            &[quantised::propose, unrelated::propose]
        } else {
            &[quantised::propose]
        };
        proposals.extend(self.proposals(families));
        let counts = Counts::of(&self.verdict);
        for p in proposals {
            let explains = if p.pairs.is_empty() { p.estimate } else { p.pairs.len() };
            self.repairs.push(Repair {
                rule: p.rule,
                title: p.title,
                notes: p.notes,
                applied: false,
                explains,
                pairs: p.pairs,
                lines: p.lines,
                plan: Plan::default(),
                before: counts,
                after: counts,
            });
        }
    }
}

fn measure(verdict: &Verdict) -> Measure {
    let counts = Counts::of(verdict);
    (counts.matched, counts.matched + counts.mismatched, std::cmp::Reverse(counts.unexpected))
}

/// The candidate after a proposal; `None` if it does not fit.
fn apply(current: &Side, proposal: &Proposal) -> Option<Side> {
    let tensors: Vec<Described> = current.tensors().cloned().collect();
    let ids: Vec<Option<crate::tensor::TensorId>> =
        current.items.iter().filter(|item| item.is_tensor()).map(|item| item.id).collect();
    let outputs = proposal.plan.apply(&tensors).ok()?;
    let mut renamed: FxHashMap<&str, &str> = FxHashMap::default();
    let mut items = Vec::with_capacity(outputs.len());
    for output in &outputs {
        let source = match output.recipe.how {
            crate::compare::plan::How::Source(at) => Some(at),
            _ => None,
        };
        if let Some(tensor) = source.and_then(|at| tensors.get(at)) {
            renamed.entry(&tensor.key).or_insert(&output.key);
        }
        let tensor = Described {
            key: output.key.clone(),
            shape: output.recipe.shape.clone(),
            dtype: output.recipe.dtype,
        };
        let id = source.and_then(|at| ids.get(at).copied().flatten());
        items.push(Item { tensor, id, other: None });
    }
    if !proposal.drops_others {
        items.extend(current.items.iter().filter(|item| !item.is_tensor()).cloned());
    }
    let mut side = current.rebuilt(items);
    side.scaling = current.scaling;
    side.ties = current.ties.iter().map(|tie| follow(tie, &renamed)).collect();
    Some(side)
}

/// A tie under the new names. The name that was left out of the file changes as the kept one did.
fn follow((dropped, kept): &(String, String), renamed: &FxHashMap<&str, &str>) -> (String, String) {
    let new = renamed.get(kept.as_str()).copied().unwrap_or(kept);
    if let Some(own) = renamed.get(dropped.as_str()) {
        return ((*own).to_owned(), new.to_owned());
    }
    let same = kept.bytes().rev().zip(new.bytes().rev()).take_while(|(a, b)| a == b).count();
    let old_prefix = kept.get(..kept.len() - same).unwrap_or_default();
    let new_prefix = new.get(..new.len() - same).unwrap_or_default();
    let moved = dropped.strip_prefix(old_prefix).map(|rest| format!("{new_prefix}{rest}"));
    (moved.unwrap_or_else(|| dropped.clone()), new.to_owned())
}
