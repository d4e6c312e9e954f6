//! Layers stacked along a first dimension on one side, one by one on the other (Megatron, JAX scans).

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::lines;
use super::proposal::{Proposal, counted};
use super::view::{View, components, is_number};
use crate::compare::plan::{Described, Operation, Plan};

/// One stacked tensor, and its layers in order.
struct Stack {
    whole: String,
    layers: Vec<String>,
}

pub(super) fn propose(view: &View<'_>, out: &mut Vec<Proposal>) {
    let (missing, unexpected) = (view.missing_by_name(), view.unexpected_by_name());
    let apart = stacks(view.missing(), &unexpected);
    if !apart.is_empty() {
        let operations =
            apart.iter().map(|s| Operation::Unstack { from: s.whole.clone(), into: s.layers.clone() });
        let mut code = Vec::new();
        for stack in &apart {
            code.push(format!("layers = state_dict.pop({})", crate::text::python::string(&stack.whole)));
            let rows: Vec<Vec<String>> =
                stack.layers.iter().enumerate().map(|(i, k)| vec![k.clone(), i.to_string()]).collect();
            code.extend(numbered(&rows, "state_dict[name] = layers[int(index)].clone()"));
        }
        out.push(proposal(
            "unstack",
            &apart,
            operations.collect(),
            code,
            "stacked in the candidate and apart in the model: taken apart",
            true,
        ));
    }
    let together = stacks(view.unexpected(), &missing);
    if !together.is_empty() {
        let operations =
            together.iter().map(|s| Operation::Stack { from: s.layers.clone(), into: s.whole.clone() });
        let mut code = Vec::new();
        for stack in &together {
            code.push("layers = []".to_owned());
            let rows: Vec<Vec<String>> = stack.layers.iter().map(|k| vec![k.clone()]).collect();
            code.extend(lines::for_each(&["name"], &rows, &["layers.append(state_dict.pop(name))"]));
            code.push(format!(
                "state_dict[{}] = torch.stack(layers)",
                crate::text::python::string(&stack.whole)
            ));
        }
        out.push(proposal(
            "stack",
            &together,
            operations.collect(),
            code,
            "apart in the candidate and stacked in the model: stacked",
            false,
        ));
    }
}

fn numbered(rows: &[Vec<String>], body: &str) -> Vec<String> {
    lines::for_each(&["name", "index"], rows, &[body])
}

/// Tensors of numbered layers of which the other side has one with a first dimension more.
fn stacks<'a>(
    tensors: impl Iterator<Item = &'a Described>,
    wholes: &FxHashMap<&str, &Described>,
) -> Vec<Stack> {
    let mut found: BTreeMap<String, BTreeMap<u64, &Described>> = BTreeMap::new();
    for tensor in tensors {
        let parts = components(&tensor.key);
        for (at, part) in parts.iter().enumerate().filter(|(_, part)| is_number(part)) {
            let (before, after) = parts.split_at(at);
            let whole: Vec<&str> = before.iter().chain(after.iter().skip(1)).copied().collect();
            let whole = whole.join(".");
            if wholes.contains_key(whole.as_str()) {
                found.entry(whole).or_default().insert(part.parse().unwrap_or(u64::MAX), tensor);
            }
        }
    }
    let stack = |(whole, layers): (String, BTreeMap<u64, &Described>)| {
        let shape = &wholes.get(whole.as_str())?.shape;
        let fits = layers.len() as u64 == *shape.first()?
            && layers.keys().copied().eq(0..layers.len() as u64)
            && layers.values().all(|t| Some(t.shape.as_slice()) == shape.get(1..));
        fits.then(|| Stack { whole, layers: layers.values().map(|t| t.key.clone()).collect() })
    };
    found.into_iter().filter_map(stack).collect()
}

fn proposal(
    rule: &'static str,
    stacks: &[Stack],
    operations: Vec<Operation>,
    lines: Vec<String>,
    how: &str,
    apart: bool,
) -> Proposal {
    let pair = |s: &Stack, layer: &String| {
        if apart { (s.whole.clone(), layer.clone()) } else { (layer.clone(), s.whole.clone()) }
    };
    let pairs: Vec<_> = stacks.iter().flat_map(|s| s.layers.iter().map(move |l| pair(s, l))).collect();
    let layers = stacks.first().map_or(0, |s| s.layers.len());
    Proposal {
        rule,
        title: format!("{layers} layers of {} are {how}", counted(stacks.len(), "tensor")),
        plan: Plan { operations },
        lines,
        estimate: if apart { pairs.len() } else { stacks.len() },
        pairs,
        ..Proposal::default()
    }
}
