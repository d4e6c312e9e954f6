//! Names of PEFT: adapters around a base model, saved with or without the name of the adapter.

use rustc_hash::FxHashMap;

use super::lines;
use super::proposal::{Proposal, counted, some};
use super::view::{View, components};
use crate::compare::plan::{Operation, Plan};
use crate::sorting::Sort as _;

pub(super) fn propose(view: &View<'_>, out: &mut Vec<Proposal>) {
    let has = |key: &str| {
        key.contains("lora_")
            || key.contains(".base_layer.")
            || key.starts_with("base_model.model.")
            || key.contains(".modules_to_save.")
    };
    if !view.unexpected().any(|t| has(&t.key)) && !view.missing().any(|t| has(&t.key)) {
        return;
    }
    let mut wanted: FxHashMap<String, Option<&str>> = FxHashMap::default();
    for tensor in view.missing().filter(|t| !is_original(&t.key)) {
        let slot = wanted.entry(plain(&tensor.key)).or_insert(Some(&tensor.key));
        if *slot != Some(&tensor.key) {
            *slot = None;
        }
    }
    let pairs = view.unexpected().filter(|t| !is_original(&t.key)).filter_map(|t| {
        let to = (*wanted.get(&plain(&t.key))?)?;
        Some((t.key.clone(), to.to_owned()))
    });
    let pairs = view.without_clashes(pairs.collect());
    if !pairs.is_empty() {
        out.push(rename(view, pairs));
    }
    out.extend(adapters(view));
    if let Some(about) = alone(view) {
        out.push(about);
    }
}

/// The name in the model without adapters.
fn plain(key: &str) -> String {
    let key = key.strip_prefix("base_model.model.").unwrap_or(key);
    let parts = components(key);
    let mut out: Vec<&str> = Vec::with_capacity(parts.len());
    for part in parts {
        let after = out.last().copied().unwrap_or_default();
        let adapter = after.starts_with("lora_") || after == "modules_to_save";
        if part == "base_layer" || part == "default" && adapter {
            continue;
        }
        if after == "modules_to_save" {
            out.pop();
        }
        out.push(part);
    }
    out.retain(|part| *part != "modules_to_save");
    out.join(".")
}

/// The untrained copy PEFT keeps beside a module it saves whole.
fn is_original(key: &str) -> bool {
    key.split('.').any(|component| component == "original_module")
}

fn rename(view: &View<'_>, pairs: Vec<(String, String)>) -> Proposal {
    let neat = pairs.iter().all(|(from, to)| plain(from) == *to);
    let title = if neat {
        "names of PEFT (base_model.model., base_layer) around the names of the model"
    } else {
        "names of PEFT differ: the model has its adapter's wrapping, or the adapter's name, in other places"
    };
    let prefix = pairs.iter().all(|(from, to)| from.strip_prefix("base_model.model.") == Some(to));
    let mut code = lines::rename(&pairs);
    if prefix && pairs.len() == view.current.items.len() {
        code = vec!["state_dict = {key.removeprefix(\"base_model.model.\"): value for key, value in state_dict.items()}".to_owned()];
    }
    let mut proposal = Proposal::rename(view, "peft_names", title.to_owned(), pairs, code);
    // Wins over a plain prefix: it renames the layers with adapters too.
    proposal.estimate += 1;
    proposal
}

/// One adapter pair and the weight it belongs to.
struct Pair {
    base: String,
    a: String,
    b: String,
}

/// Adapters of layers that are met already: merged where the scaling is known, else left out, and said.
fn adapters(view: &View<'_>) -> Option<Proposal> {
    let unexpected = view.unexpected_by_name();
    let mut pairs: Vec<Pair> = Vec::new();
    for key in unexpected.keys().filter(|key| key.contains("lora_A")) {
        let b = key.replace("lora_A", "lora_B");
        let base = plain(key).replace(".lora_A.", ".");
        let met = view.reference.get(&base).is_some() && view.current.get(&base).is_some();
        if met && unexpected.contains_key(b.as_str()) {
            pairs.push(Pair { base, a: (*key).to_owned(), b });
        }
    }
    pairs.in_order(|x, y| crate::text::natural::compare(&x.base, &y.base));
    let mut extra: Vec<String> =
        unexpected.keys().filter(|key| is_original(key)).map(|key| (*key).to_owned()).collect();
    if pairs.is_empty() && extra.is_empty() {
        return None;
    }
    // DoRA's magnitudes: merging is more than a sum.
    let magnitudes: Vec<&str> =
        unexpected.keys().filter(|key| key.contains("lora_magnitude_vector")).copied().collect();
    let sums = magnitudes.is_empty() && pairs.iter().all(|pair| mergeable(view, pair));
    let scaling = view.original.scaling.filter(|_| sums);
    let dora = !pairs.is_empty() && !magnitudes.is_empty();
    if dora {
        extra.extend(magnitudes.into_iter().map(str::to_owned));
    }
    let mut operations: Vec<Operation> = Vec::new();
    for pair in &pairs {
        let (base, a, b) = (pair.base.clone(), pair.a.clone(), pair.b.clone());
        operations.push(match scaling {
            Some(scaling) => Operation::MergeLowRank { base, a, b, scaling },
            None => Operation::Drop(vec![a, b]),
        });
    }
    let mut code = if dora { left_out(&pairs) } else { code(&pairs, scaling) };
    if !extra.is_empty() {
        let mut sorted = extra.clone();
        sorted.in_order(|a, b| crate::text::natural::compare(a, b));
        code.extend(lines::drop(&sorted));
        operations.push(Operation::Drop(sorted));
    }
    Some(Proposal {
        rule: if scaling.is_some() { "merge_lora" } else { "lora_left_out" },
        title: title(view, &pairs, scaling),
        notes: notes(&pairs, scaling, dora),
        pairs: pairs
            .iter()
            .flat_map(|p| [(p.a.clone(), p.base.clone()), (p.b.clone(), p.base.clone())])
            .collect(),
        plan: Plan { operations },
        lines: code,
        only_drops: true,
        ..Proposal::default()
    })
}

fn mergeable(view: &View<'_>, pair: &Pair) -> bool {
    let shape = |key: &str| view.current.get(key).map(|item| item.tensor.shape.as_slice());
    matches!(
        (shape(&pair.base), shape(&pair.a), shape(&pair.b)),
        (Some([o, i]), Some([r, ai]), Some([bo, br])) if o == bo && i == ai && r == br
    )
}

fn code(pairs: &[Pair], scaling: Option<f64>) -> Vec<String> {
    if pairs.is_empty() {
        return Vec::new();
    }
    let rows: Vec<Vec<String>> =
        pairs.iter().map(|p| vec![p.base.clone(), p.a.clone(), p.b.clone()]).collect();
    let first = match scaling {
        Some(scaling) => format!("scaling = {scaling:?}  # lora_alpha / r, from adapter_config.json"),
        None => {
            "scaling = None  # set to lora_alpha / r to merge the adapters; None leaves them out".to_owned()
        }
    };
    let mut code = vec![first];
    let body = [
        "down, up = state_dict.pop(a), state_dict.pop(b)",
        "if scaling is not None:",
        "    state_dict[base] = state_dict[base] + scaling * (up @ down)",
    ];
    code.extend(lines::for_each(&["base", "a", "b"], &rows, &body));
    code
}

fn rank(view: &View<'_>, pairs: &[Pair]) -> String {
    let mut ranks: Vec<u64> =
        pairs.iter().filter_map(|p| view.current.get(&p.a)?.tensor.shape.first().copied()).collect();
    ranks.sort_unstable();
    ranks.dedup();
    match ranks.as_slice() {
        [one] => format!("rank {one}"),
        _ => "several ranks".to_owned(),
    }
}

fn targets(pairs: &[Pair]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for pair in pairs {
        let name = pair.base.rsplit('.').nth(1).unwrap_or(&pair.base).to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn title(view: &View<'_>, pairs: &[Pair], scaling: Option<f64>) -> String {
    if pairs.is_empty() {
        return "untrained copies PEFT keeps beside modules it saves whole: left out".to_owned();
    }
    let what = format!("LoRA adapters ({}) on {}", rank(view, pairs), some(&targets(pairs)));
    match scaling {
        Some(scaling) => {
            format!("{what}: merged into {} with scaling {scaling}", counted(pairs.len(), "weight"))
        }
        None => format!("{what}: LEFT OUT, as the model has no place for them"),
    }
}

/// Lines that leave adapters out.
fn left_out(pairs: &[Pair]) -> Vec<String> {
    lines::drop(&pairs.iter().flat_map(|pair| [pair.a.clone(), pair.b.clone()]).collect::<Vec<_>>())
}

fn notes(pairs: &[Pair], scaling: Option<f64>, dora: bool) -> Vec<String> {
    if dora {
        let note = "what the adapters learned is not in the repaired weights: DoRA's are merged by peft (merge_and_unload)";
        return vec![note.to_owned()];
    }
    let note = "what the adapters learned is not in the repaired weights: the scaling lora_alpha / r is in no file here; set `scaling` in the lines below to merge them";
    if pairs.is_empty() || scaling.is_some() { Vec::new() } else { vec![note.to_owned()] }
}

/// A file of adapters alone against a whole model.
fn alone(view: &View<'_>) -> Option<Proposal> {
    let adapters =
        view.unexpected().filter(|t| ["lora_", "hada_", "lokr_"].iter().any(|w| t.key.contains(w))).count();
    let alone = adapters * 2 > view.current.items.len() && view.verdict.matched.is_empty();
    alone.then(|| Proposal {
        rule: "adapter",
        title: "the candidate holds adapters alone: load the base model first, then the adapters into it (peft.PeftModel.from_pretrained)".to_owned(),
        ..Proposal::default()
    })
}
