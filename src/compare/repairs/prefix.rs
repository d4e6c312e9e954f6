//! Prefixes: one too many, one too few, or another one.

use rustc_hash::FxHashMap;

use super::proposal::{Proposal, counted, quoted};
use super::view::View;
use crate::compare::plan::{Operation, Plan};
use crate::text::python::string;

/// Leading components a replaced prefix may have.
const DEEPEST: usize = 3;
/// Names that may share the rest of a name before a replaced prefix means nothing.
const CROWD: usize = 8;

/// A prefix of the candidate (with its dot) and what it is in the reference.
type Change = (String, String);

pub(super) fn propose(view: &View<'_>, out: &mut Vec<Proposal>) {
    let mut counts = counted_changes(view);
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| is_average(&a.0.0).cmp(&is_average(&b.0.0))));
    let Some(((_, _), most)) = counts.first() else { return };
    let most = *most;
    let best: Vec<&Change> = counts.iter().filter(|(_, n)| *n == most).map(|(change, _)| change).collect();
    // Copies of the weights that average them stand back behind the weights.
    let plain: Vec<&Change> = best.iter().copied().filter(|(from, _)| !is_average(from)).collect();
    let rivals = if plain.is_empty() { best } else { plain };
    if let [first, second, ..] = rivals.as_slice()
        && first.1 == second.1
        && !first.0.is_empty()
    {
        out.push(ambiguous(view, &rivals, most));
        return;
    }
    for (change, estimate) in counts.iter().take(3) {
        out.extend(of_change(view, change, *estimate));
    }
}

/// How many missing names each change of prefix would meet.
fn counted_changes(view: &View<'_>) -> Vec<(Change, usize)> {
    let (missing, unexpected) = (view.missing_by_name(), view.unexpected_by_name());
    let mut counts: FxHashMap<(&str, &str), usize> = FxHashMap::default();
    let mut by_rest: FxHashMap<&str, Vec<(&str, &[u64])>> = FxHashMap::default();
    for (key, tensor) in &missing {
        for (at, (prefix, rest)) in cuts(key).enumerate() {
            if unexpected.get(rest).is_some_and(|t| t.shape == tensor.shape) {
                *counts.entry(("", prefix)).or_default() += 1;
            }
            if at < DEEPEST {
                by_rest.entry(rest).or_default().push((prefix, &tensor.shape));
            }
        }
    }
    for (key, tensor) in &unexpected {
        for (at, (prefix, rest)) in cuts(key).enumerate() {
            if missing.get(rest).is_some_and(|t| t.shape == tensor.shape) {
                *counts.entry((prefix, "")).or_default() += 1;
            }
            let others = by_rest.get(rest).filter(|others| at < DEEPEST && others.len() <= CROWD);
            for (other, _) in others.into_iter().flatten().filter(|(_, shape)| *shape == tensor.shape) {
                // The shortest prefixes that differ say it all.
                if prefix != *other && last_component(prefix) != last_component(other) {
                    *counts.entry((prefix, other)).or_default() += 1;
                }
            }
        }
    }
    counts.into_iter().map(|((from, to), n)| ((from.to_owned(), to.to_owned()), n)).collect()
}

fn cuts(key: &str) -> impl Iterator<Item = (&str, &str)> {
    key.match_indices('.').map(|(at, _)| key.split_at(at + 1))
}

fn last_component(prefix: &str) -> &str {
    prefix.trim_end_matches('.').rsplit('.').next().unwrap_or_default()
}

fn is_average(prefix: &str) -> bool {
    prefix.split(['.', '_']).any(|word| matches!(word, "ema" | "shadow" | "averaged" | "swa" | "online"))
}

fn of_change(view: &View<'_>, (from, to): &Change, estimate: usize) -> Option<Proposal> {
    let change = |key: &str| key.strip_prefix(from.as_str()).map(|rest| format!("{to}{rest}"));
    let title = title(view, from, to);
    if let Some(pairs) = view.renamed(change) {
        let all = pairs.len() == view.current.items.len();
        let lines = vec![line(from, to, all)];
        return Some(Proposal { estimate, ..Proposal::rename(view, "prefix", title, pairs, lines) });
    }
    // The plain names are taken: the part under the prefix is a model of its own.
    let inside = |key: &str| key.starts_with(from.as_str());
    let (mut pairs, mut outside) = (Vec::new(), Vec::new());
    for tensor in view.current.tensors() {
        match change(&tensor.key) {
            Some(new) => pairs.push((tensor.key.clone(), new)),
            None => outside.push(tensor.key.clone()),
        }
    }
    let clash = pairs.iter().any(|(_, new)| inside(new));
    let mut plan = Plan::one(Operation::Drop(outside.clone()));
    plan.then(Plan::one(Operation::Rename(pairs.clone())));
    let (p, q) = (string(from), string(to));
    let new =
        if to.is_empty() { format!("key.removeprefix({p})") } else { format!("{q} + key.removeprefix({p})") };
    (!clash && !from.is_empty()).then(|| Proposal {
        rule: "prefix",
        title: format!("{title}; {} outside it left out", counted(outside.len(), "key")),
        plan,
        lines: vec![format!(
            "state_dict = {{{new}: value for key, value in state_dict.items() if key.startswith({p})}}"
        )],
        pairs,
        estimate,
        drops_others: true,
        ..Proposal::default()
    })
}

fn line(from: &str, to: &str, all: bool) -> String {
    let (p, q) = (string(from), string(to));
    let new = match (from.is_empty(), to.is_empty()) {
        (true, _) => format!("{q} + key"),
        (_, true) => format!("key.removeprefix({p})"),
        _ if all => format!("{q} + key.removeprefix({p})"),
        _ => format!("{q} + key.removeprefix({p}) if key.startswith({p}) else key"),
    };
    format!("state_dict = {{{new}: value for key, value in state_dict.items()}}")
}

fn title(view: &View<'_>, from: &str, to: &str) -> String {
    let why = |prefix: &str| cause(prefix).map(|cause| format!(" ({cause})")).unwrap_or_default();
    let begin = view.current.items.iter().filter(|item| item.key().starts_with(from)).count();
    let who = if begin == view.current.items.len() {
        "every key of the candidate".to_owned()
    } else {
        format!("{} of the candidate", counted(begin, "key"))
    };
    let s = if begin == 1 || begin == view.current.items.len() { "s" } else { "" };
    match (from.is_empty(), to.is_empty()) {
        (true, _) => format!("the candidate's keys lack the prefix {}{}", quoted(to), why(to)),
        (_, true) => format!("{who} start{s} with {}{}", quoted(from), why(from)),
        _ => format!("{who} start{s} with {} where the reference has {}", quoted(from), quoted(to)),
    }
}

/// Where such a prefix comes from.
fn cause(prefix: &str) -> Option<String> {
    let causes: Vec<&str> = prefix.trim_end_matches('.').split('.').filter_map(component_cause).collect();
    (!causes.is_empty()).then(|| causes.join(", then "))
}

pub(super) fn component_cause(component: &str) -> Option<&'static str> {
    Some(match component {
        "module" => "DataParallel or DistributedDataParallel",
        "_orig_mod" => "torch.compile",
        "_fsdp_wrapped_module" | "_fpw_module" => "FSDP",
        "_checkpoint_wrapped_module" => "activation checkpointing",
        "_forward_module" => "Lightning with DeepSpeed",
        "_module" => "Opacus",
        "model" | "net" | "network" => "an attribute of a Lightning module or trainer",
        "backbone" | "encoder" | "student" | "teacher" => "a part of a larger model",
        "transformer" | "bert" | "roberta" | "vit" | "gpt_neox" | "base_model" => {
            "the base model of a Hugging Face head"
        }
        "ema_model" | "model_ema" | "ema" | "online_model" | "shadow" => "an averaged copy of the weights",
        _ => return None,
    })
}

/// Several parts go equally well with the reference: which one is meant is not in names and shapes.
fn ambiguous(view: &View<'_>, rivals: &[&Change], count: usize) -> Proposal {
    let names: Vec<String> = rivals.iter().map(|(from, _)| quoted(from)).collect();
    let first = rivals.first().map(|(from, _)| from.as_str()).unwrap_or_default();
    let part = string(first);
    let _ = view;
    Proposal {
        rule: "ambiguous-prefix",
        title: format!(
            "{} hold {} that fit equally well: choose one",
            names.join(" and "),
            counted(count, "key")
        ),
        lines: vec![
            format!("part = {part}  # or {}", rivals.iter().skip(1).map(|(from, _)| string(from)).collect::<Vec<_>>().join(", ")),
            "state_dict = {key.removeprefix(part): value for key, value in state_dict.items() if key.startswith(part)}"
                .to_owned(),
        ],
        estimate: count,
        ..Proposal::default()
    }
}
