//! What may stay behind: counters, buffers that are computed anew, second names, parts outside the model.

use super::lines;
use super::proposal::{Proposal, counted, some};
use super::view::View;
use crate::compare::keys::Item;
use crate::compare::plan::{Operation, Plan};
use crate::tensor::{DType, Numeric};

pub(super) fn propose(view: &View<'_>, out: &mut Vec<Proposal>) {
    out.extend(counters(view));
    for (rule, why, is_it) in KINDS {
        let keys: Vec<String> = view
            .unexpected_items()
            .filter(|item| is_it(view, item))
            .map(|item| item.key().to_owned())
            .collect();
        if keys.is_empty() {
            continue;
        }
        let is_tensor = |key: &String| view.current.get(key).is_some_and(Item::is_tensor);
        let tensors: Vec<String> = keys.iter().filter(|key| is_tensor(key)).cloned().collect();
        let others = keys.len() > tensors.len();
        out.push(Proposal {
            rule,
            title: format!("{} ({}) left out: {why}", counted(keys.len(), "key"), some(&keys)),
            plan: if tensors.is_empty() { Plan::default() } else { Plan::one(Operation::Drop(tensors)) },
            lines: code(rule, &keys),
            drops_others: others,
            only_drops: true,
            ..Proposal::default()
        });
    }
    if out.is_empty() {
        out.extend(outside(view));
    }
}

/// Batch norm's counter, which torch 0.3 did not have and whose absence torch forgives.
const COUNTER: &str = "num_batches_tracked";

/// Whether an unexpected value is of a kind that may be left out.
type IsIt = fn(&View<'_>, &Item) -> bool;

const KINDS: [(&str, &str, IsIt); 6] = [
    ("not_tensors", "they are not tensors, and the model asks for none of that name", |_, item| {
        !item.is_tensor()
    }),
    ("thop", "counters the profiler thop left in the model", |_, item| {
        matches!(leaf(item.key()), "total_ops" | "total_params")
    }),
    (
        "extra_state",
        "state modules keep beside their tensors, which this model does not ask for",
        |_, item| leaf(item.key()) == "_extra_state",
    ),
    ("averaging", "the averaging's own counters", |_, item| {
        let counter = matches!(leaf(item.key()), "n_averaged" | "num_updates" | "decay");
        counter && item.tensor.shape.iter().product::<u64>() == 1
    }),
    ("buffers", "buffers the model computes itself", computed),
    ("tied_names", "second names of tensors that are there", second_name),
];

fn leaf(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// Buffers older versions of libraries saved and newer ones compute.
fn computed(view: &View<'_>, item: &Item) -> bool {
    let tensor = &item.tensor;
    let whole = matches!(tensor.dtype.numeric(), Numeric::Integer | Numeric::Bool);
    match leaf(&tensor.key) {
        "inv_freq"
        | "masked_bias"
        | "position_ids"
        | "relative_position_index"
        | "attn_mask"
        | "causal_mask" => true,
        // Of a module that is there; of one under another name it will be wanted.
        COUNTER => {
            let mean = tensor.key.replace(COUNTER, "running_mean");
            tensor.dtype == DType::Int64 && view.would_match(&mean, &mean)
        }
        // GPT-2's causal mask.
        "bias" => whole && matches!(*tensor.shape, [1, 1, a, b] if a == b),
        _ => false,
    }
}

fn second_name(view: &View<'_>, item: &Item) -> bool {
    view.current.ties.iter().any(|(a, b)| {
        let other = match item.key() {
            key if a == key => b,
            key if b == key => a,
            _ => return false,
        };
        view.reference.get(other).is_some() && view.current.get(other).is_some()
    })
}

fn code(rule: &str, keys: &[String]) -> Vec<String> {
    match rule {
        "not_tensors" => {
            vec!["state_dict = {key: value for key, value in state_dict.items() if torch.is_tensor(value)}".to_owned()]
        }
        "thop" => vec![
            "state_dict = {key: value for key, value in state_dict.items() if not key.endswith((\"total_ops\", \"total_params\"))}"
                .to_owned(),
        ],
        _ => lines::drop(keys),
    }
}

/// Batch norm's counters: a dict without `_metadata` makes torch fill them in.
fn counters(view: &View<'_>) -> Option<Proposal> {
    let keys: Vec<&crate::compare::plan::Described> =
        view.asked_in_vain().filter(|t| leaf(&t.key) == COUNTER).collect();
    let names: Vec<String> = keys.iter().map(|t| t.key.clone()).collect();
    let operations = keys.iter().map(|t| Operation::Zeros((*t).clone()));
    (!keys.is_empty()).then(|| Proposal {
        rule: "num_batches_tracked",
        title: format!(
            "{} ({}) are missing: harmless counters of batch norm, which torch fills in for a dict without _metadata",
            counted(names.len(), "key"),
            some(&names)
        ),
        plan: Plan { operations: operations.collect() },
        lines: vec!["state_dict = dict(state_dict)  # a plain dict has no _metadata".to_owned()],
        pairs: Vec::new(),
        estimate: keys.len(),
        ..Proposal::default()
    })
}

/// The model is complete, it was found under a prefix, and what is left lies outside: parts of a larger whole.
fn outside(view: &View<'_>) -> Option<Proposal> {
    let complete = view.verdict.missing.is_empty() && view.verdict.loads_loosely();
    let inside = view.applied.iter().any(|rule| matches!(*rule, "prefix" | "ema_names"));
    let keys: Vec<String> = view.unexpected().map(|t| t.key.clone()).collect();
    (complete && inside && !keys.is_empty()).then(|| Proposal {
        rule: "outside",
        title: format!(
            "{} ({}) left out: they lie outside the part that is this model, which is complete",
            counted(keys.len(), "key"),
            some(&keys)
        ),
        lines: vec![
            "own = model.state_dict()".to_owned(),
            "state_dict = {key: value for key, value in state_dict.items() if key in own}".to_owned(),
        ],
        plan: Plan::one(Operation::Drop(keys)),
        drops_others: true,
        only_drops: true,
        ..Proposal::default()
    })
}
