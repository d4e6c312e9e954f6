//! Prefixes: one too many, one too few, or another one.

use rustc_hash::{FxHashMap, FxHashSet};

use super::likeness::{LAST_ALIKE, WEAK, likeness};
use super::proposal::{Proposal, counted, quoted};
use super::view::{View, is_number};
use crate::compare::plan::{Operation, Plan};
use crate::sorting::Sort as _;
use crate::text::python::string;

/// Leading components a replaced prefix may have.
const DEEPEST: usize = 3;
/// Names that may share the rest of a name before a replaced prefix means nothing.
const CROWD: usize = 8;
/// Changes tried.
const TRIED: usize = 3;
/// Modules under a prefix from which on their names speak for a prefix that has nothing in common with the other.
const MANY_MODULES: usize = 3;

/// A prefix of the candidate (with its dot) and what it is in the reference.
type Change = (String, String);

/// What speaks for a change.
struct Evidence {
    change: Change,
    /// Missing names met.
    names: usize,
    /// Modules below the prefix they lie in.
    modules: usize,
    /// Of the two prefixes.
    likeness: u8,
}

impl Evidence {
    /// More is better: names met, weights before copies that average them, words alike.
    fn rank(&self) -> (usize, bool, u8) {
        let average = is_average(&self.change.0) || is_average(&self.change.1);
        (self.names, !average, self.likeness)
    }

    fn replaces(&self) -> bool {
        !self.change.0.is_empty() && !self.change.1.is_empty()
    }

    /// The names below the prefixes say little: a weight and a bias, of one shape by chance.
    fn is_weak(&self) -> bool {
        self.replaces() && self.modules < MANY_MODULES
    }

    /// Weak evidence needs words that are alike, and layers of the same numbers.
    fn is_guess(&self) -> bool {
        let numbers = |prefix: &str| prefix.split('.').filter(|c| is_number(c)).map(str::to_owned).collect();
        let (a, b): (Vec<String>, Vec<String>) = (numbers(&self.change.0), numbers(&self.change.1));
        self.is_weak() && (self.likeness <= WEAK || a != b && self.likeness < LAST_ALIKE)
    }

    /// Both cannot be true, and nothing tells which is.
    fn rivals(&self, other: &Self) -> bool {
        let ((from, to), (other_from, other_to)) = (&self.change, &other.change);
        let one_place = from == other_from || to == other_to;
        one_place && self.change != other.change && self.rank() == other.rank()
    }
}

pub(super) fn propose(view: &View<'_>, out: &mut Vec<Proposal>) {
    let mut all = evidence(view);
    all.in_order(|a, b| b.rank().cmp(&a.rank()).then_with(|| a.change.cmp(&b.change)));
    let mut tried = 0;
    for e in &all {
        if e.is_guess() {
            continue;
        }
        let rivals: Vec<&Evidence> = all.iter().filter(|other| e.rivals(other)).collect();
        if rivals.is_empty() {
            out.extend(of_change(view, &e.change, e.names));
            tried += 1;
        } else if !e.is_weak() {
            out.push(ambiguous(e, &rivals));
            return;
        }
        if tried == TRIED {
            return;
        }
    }
}

/// How many missing names each change of prefix would meet.
fn evidence(view: &View<'_>) -> Vec<Evidence> {
    let (missing, unexpected) = (view.missing_by_name(), view.unexpected_by_name());
    let mut found: FxHashMap<(&str, &str), (usize, FxHashSet<&str>)> = FxHashMap::default();
    let mut by_rest: FxHashMap<&str, Vec<(&str, &[u64])>> = FxHashMap::default();
    for (key, tensor) in &missing {
        for (at, (prefix, rest)) in cuts(key).enumerate() {
            if unexpected.get(rest).is_some_and(|t| t.shape == tensor.shape) {
                found.entry(("", prefix)).or_default().0 += 1;
            }
            if at < DEEPEST {
                by_rest.entry(rest).or_default().push((prefix, &tensor.shape));
            }
        }
    }
    for (key, tensor) in &unexpected {
        for (at, (prefix, rest)) in cuts(key).enumerate() {
            if missing.get(rest).is_some_and(|t| t.shape == tensor.shape) {
                found.entry((prefix, "")).or_default().0 += 1;
            }
            let others = by_rest.get(rest).filter(|others| at < DEEPEST && others.len() <= CROWD);
            for (other, _) in others.into_iter().flatten().filter(|(_, shape)| *shape == tensor.shape) {
                // The shortest prefixes that differ say it all.
                if prefix != *other && last_component(prefix) != last_component(other) {
                    let (names, modules) = found.entry((prefix, other)).or_default();
                    *names += 1;
                    modules.insert(rest.rsplit_once('.').map_or("", |(module, _)| module));
                }
            }
        }
    }
    let all = found.into_iter().map(|((from, to), (names, modules))| Evidence {
        change: (from.to_owned(), to.to_owned()),
        names,
        modules: modules.len(),
        likeness: likeness(from.trim_end_matches('.'), to.trim_end_matches('.')),
    });
    all.collect()
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
    if from.is_empty() && !view.verdict.matched.is_empty() {
        return partly(view, to);
    }
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

/// Some names are right as they are: the prefix is put before those that need it.
fn partly(view: &View<'_>, to: &str) -> Option<Proposal> {
    let missing = view.missing_by_name();
    let all = view.unexpected().map(|t| (t.key.clone(), format!("{to}{}", t.key)));
    let pairs = view.without_clashes(all.filter(|(_, new)| missing.contains_key(new.as_str())).collect());
    let title =
        format!("the prefix {} is missing from {} of the candidate", quoted(to), counted(pairs.len(), "key"));
    let code = super::lines::rename(&pairs);
    (!pairs.is_empty()).then(|| Proposal::rename(view, "prefix", title, pairs, code))
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

/// Several parts go equally well together: which one is meant is not in names and shapes.
fn ambiguous(first: &Evidence, rivals: &[&Evidence]) -> Proposal {
    let all: Vec<&Change> = std::iter::once(first).chain(rivals.iter().copied()).map(|e| &e.change).collect();
    let given = all.iter().all(|(_, to)| *to == first.change.1);
    let part = |change: &Change| if given { change.0.clone() } else { change.1.clone() };
    let mut parts: Vec<String> = Vec::new();
    for name in all.iter().map(|change| part(change)) {
        if !parts.contains(&name) {
            parts.push(name);
        }
    }
    let names: Vec<String> = parts.iter().map(|name| quoted(name)).collect();
    let listed = names.join(" and ");
    let title = if given {
        format!("{listed} hold {} that fit equally well: choose one", counted(first.names, "key"))
    } else {
        format!(
            "{listed} of the model ask for the same {}: choose where they belong",
            counted(first.names, "key")
        )
    };
    let others = parts.iter().skip(1).map(|name| string(name)).collect::<Vec<_>>().join(", ");
    let choice = format!("part = {}  # or {others}", string(parts.first().map_or("", String::as_str)));
    let (from, to) = (string(&first.change.0), string(&first.change.1));
    let line = match (given, first.change.0.is_empty(), first.change.1.is_empty()) {
        (true, _, true) => "state_dict = {key.removeprefix(part): value for key, value in state_dict.items() if key.startswith(part)}".to_owned(),
        (true, ..) => format!("state_dict = {{{to} + key.removeprefix(part): value for key, value in state_dict.items() if key.startswith(part)}}"),
        (false, true, _) => "state_dict = {part + key: value for key, value in state_dict.items()}".to_owned(),
        (false, ..) => format!("state_dict = {{part + key.removeprefix({from}): value for key, value in state_dict.items() if key.startswith({from})}}"),
    };
    Proposal {
        rule: "ambiguous-prefix",
        title,
        lines: vec![choice, line],
        estimate: first.names,
        ..Proposal::default()
    }
}
