//! Parts of what other libraries write: mappings inside mappings, with layers for names.
//!
//! There a mapping of tensors is one layer, not a state dict; what tells parts from each other are names
//! (`params`, `optimizer`, `model_weights`), and whatever has none of those belongs to the model.

use super::{Part, is_ema, is_optimizer_name, named};
use crate::checkpoint::SectionRole;
use crate::value::{Tree, Value};

/// Mappings looked at.
const BUDGET: usize = 20_000;
/// How deep parts are looked for.
const DEPTH: usize = 4;

/// Names of what holds a model.
const MODELS: [&str; 8] = [
    "model",
    "params",
    "model_weights",
    "layers",
    "_layer_checkpoint_dependencies",
    "weights",
    "variables",
    "network",
];
/// Where TensorFlow keeps the weights an optimizer of Keras 3 trains, which are the model's.
const TRAINED: &str = "_trainable_variables";
/// Names of state that is neither weights nor an optimizer's.
const OTHERS: [&str; 4] = ["batch_stats", "seed_generator", "rng", "metrics"];

/// The parts of `root`, in file order.
pub(in crate::checkpoint) fn find(tree: &Tree, root: Value) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut open = vec![(String::new(), root, false, 0)];
    let mut left = BUDGET;
    while let Some((path, mapping, claimed, depth)) = open.pop() {
        let mut below = Vec::new();
        for (key, value) in named(tree, mapping) {
            if !matches!(value, Value::Dict(_)) || left == 0 {
                continue;
            }
            left -= 1;
            let at = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let role = role(&key).filter(|role| !claimed || *role != SectionRole::Model);
            if let Some(role) = role {
                parts.push(Part { name: at.clone(), role, value, is_module: false });
            }
            let trained = tree.get(value, TRAINED).filter(|_| role == Some(SectionRole::Optimizer));
            if let Some(value) = trained {
                let name = format!("{at}.{TRAINED}");
                parts.push(Part { name, role: SectionRole::Model, value, is_module: false });
            }
            if depth < DEPTH && role.is_none_or(|role| role == SectionRole::Model) {
                below.push((at, value, claimed || role.is_some(), depth + 1));
            }
        }
        open.extend(below.into_iter().rev());
    }
    if !parts.iter().any(|part| matches!(part.role, SectionRole::Model | SectionRole::Ema)) {
        parts
            .insert(0, Part { name: String::new(), role: SectionRole::Model, value: root, is_module: false });
    }
    parts
}

fn role(key: &str) -> Option<SectionRole> {
    let key = key.to_ascii_lowercase();
    match key.as_str() {
        "opt_state" => Some(SectionRole::Optimizer),
        other if MODELS.contains(&other) => Some(SectionRole::Model),
        other if OTHERS.contains(&other) => Some(SectionRole::Other),
        other if is_optimizer_name(other) => Some(SectionRole::Optimizer),
        other if is_ema(other) => Some(SectionRole::Ema),
        _ => None,
    }
}
