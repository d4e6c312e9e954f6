//! Which parts of a saved object are a model, an optimizer, a scheduler.
//!
//! A part is recognised by what it holds first (a module; `state` with `param_groups`; mostly tensors) and
//! by its name second (formats.md §4.6, §11.2). Tensors in no such part stay with their top-level key.

pub(super) mod nested;
pub(in crate::checkpoint) mod search;

use super::SectionRole;
use super::module::{is_module, is_script};
use crate::tensor::{DType, Numeric, TensorId};
use crate::value::{Tree, Value};
use search::named;
pub(super) use search::{DEPTH, find};

/// Entries of one mapping looked at when its nature is judged.
const SAMPLE: usize = 512;

/// Keys that hold model weights in the checkpoints of the frameworks of formats.md §11.
const WEIGHTS: [&str; 27] = [
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "module",
    "weights",
    "params",
    "generator",
    "netg",
    "g",
    "discriminator",
    "netd",
    "d",
    "encoder",
    "decoder",
    "student",
    "teacher",
    "backbone",
    "head",
    "policy",
    "actor",
    "critic",
    "model_dict",
    "net_state_dict",
    "g_state_dict",
];

/// Keys that say how far training came.
const PROGRESS: [&str; 12] = [
    "epoch",
    "epochs",
    "step",
    "steps",
    "global_step",
    "iteration",
    "iter",
    "iter_num",
    "current_epoch",
    "curr_epoch",
    "best_epoch",
    "num_updates",
];

/// A part as found, before its tensors are counted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) role: SectionRole,
    pub(super) value: Value,
    pub(super) is_module: bool,
}

fn recognise(tree: &Tree, path: &str, key: &str, value: Value) -> Option<Part> {
    let part = |role, is_module| Some(Part { name: path.to_owned(), role, value, is_module });
    if is_module(tree, value) || is_script(tree, value) {
        return part(if is_ema(key) { SectionRole::Ema } else { SectionRole::Model }, true);
    }
    if is_optimizer(tree, value) {
        return part(SectionRole::Optimizer, false);
    }
    if !is_mapping(tree, value) {
        if matches!(value, Value::Object(_)) && is_scheduler(tree, key, value) {
            return part(SectionRole::Scheduler, false);
        }
        let shadow = (key.contains("shadow") || is_ema(key))
            && tree.items(value).iter().any(|v| matches!(v, Value::Tensor(_)));
        return if shadow { part(SectionRole::Ema, false) } else { None };
    }
    if is_scheduler(tree, key, value) {
        return part(SectionRole::Scheduler, false);
    }
    match judge(tree, value) {
        // Beside a model's own part a few loose tensors (class weights, a confusion matrix) are just those.
        Nature::Tensors if is_weights(key) || !holds_parts(tree, value) => part(role_of_name(key), false),
        Nature::Nested if is_weights(key) && !holds_weights(tree, value) => part(role_of_name(key), false),
        Nature::Scalars if is_optimizer_name(key) => part(SectionRole::Optimizer, false),
        _ => None,
    }
}

fn is_mapping(tree: &Tree, value: Value) -> bool {
    matches!(value, Value::Dict(_)) || (matches!(value, Value::Object(_)) && !tree.entries(value).is_empty())
}

/// `state` and `param_groups`, as `torch.optim.Optimizer.state_dict()` has; an optimizer object has them
/// as attributes.
fn is_optimizer(tree: &Tree, value: Value) -> bool {
    let has = |key| tree.get(value, key).or_else(|| tree.attribute(value, key)).is_some();
    has("state") && has("param_groups")
}

fn is_scheduler(tree: &Tree, key: &str, value: Value) -> bool {
    let has = |key| tree.get(value, key).or_else(|| tree.attribute(value, key)).is_some();
    has("last_epoch") && (has("_step_count") || has("base_lrs") || has("_last_lr"))
        || key.to_ascii_lowercase().contains("sched") && matches!(judge(tree, value), Nature::Scalars)
}

fn is_optimizer_name(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    // `optimization` is a group of settings.
    key.contains("optimizer") || matches!(key.as_str(), "opt" | "optim" | "optim_state" | "optims")
}

fn is_weights(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    WEIGHTS.contains(&key.as_str()) || is_ema(&key) || key.contains("state_dict") || key.contains("model")
}

/// One of the names words of which mean an exponential moving average.
fn is_ema(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.split(['_', '.', '-', '/'])
        .any(|word| matches!(word, "ema" | "shadow" | "averaged" | "swa" | "modelema"))
}

fn holds_weights(tree: &Tree, value: Value) -> bool {
    named(tree, value).any(|(k, v)| {
        matches!(k.as_str(), "state_dict" | "model_state_dict" | "model")
            && matches!(judge(tree, v), Nature::Tensors | Nature::Nested)
            || is_module(tree, v)
    })
}

/// Entries that are parts of a checkpoint: a module, an optimizer, or a state dict under such a name.
fn holds_parts(tree: &Tree, value: Value) -> bool {
    named(tree, value).any(|(key, child)| {
        is_module(tree, child)
            || is_optimizer(tree, child)
            || !key.contains('.')
                && is_weights(&key)
                && is_mapping(tree, child)
                && matches!(judge(tree, child), Nature::Tensors)
    })
}

fn role_of_name(key: &str) -> SectionRole {
    let lower = key.to_ascii_lowercase();
    if is_ema(&lower) {
        SectionRole::Ema
    } else if is_optimizer_name(&lower) {
        SectionRole::Optimizer
    } else if ["rng", "random", "loss", "metric", "scaler", "sampler", "history"]
        .iter()
        .any(|w| lower.contains(w))
    {
        SectionRole::Other
    } else {
        SectionRole::Model
    }
}

enum Nature {
    /// Names to tensors, as a state dict; other values may be among them.
    Tensors,
    /// Mappings that may hold tensors further in.
    Nested,
    /// Neither.
    Scalars,
}

/// Judges a mapping by its first entries. Single numbers kept as tensors (`best_acc1`) do not make a mapping
/// a state dict; a dotted name, or a tensor of several elements, does.
fn judge(tree: &Tree, mapping: Value) -> Nature {
    let (mut weights, mut parts) = (0_usize, 0_usize);
    if is_all_tensors(tree, mapping, 1) {
        return Nature::Tensors;
    }
    for (key, value) in tree.entries(mapping).iter().take(SAMPLE) {
        match *value {
            Value::Tensor(id) => weights += usize::from(is_dotted(tree, *key) || is_weight(tree, id)),
            // Packed parameters of quantised modules are tuples among the tensors.
            Value::Tuple { .. } if is_dotted(tree, *key) => {
                weights += usize::from(tree.items(*value).iter().any(|v| matches!(v, Value::Tensor(_))));
            }
            Value::Dict(_) if !tree.entries(*value).is_empty() => parts += 1,
            Value::Object(_) if is_module(tree, *value) || is_script(tree, *value) => parts += 1,
            _ => {}
        }
    }
    match (weights, parts) {
        (0, 0) => Nature::Scalars,
        // A curve kept as a tensor beside the weights does not make the whole a state dict.
        (_, p) if p > 0 && has_weights_part(tree, mapping) => Nature::Nested,
        (w, p) if w >= p.max(1) => Nature::Tensors,
        _ => Nature::Nested,
    }
}

/// Nothing but tensors, of which at least `several` are more than a single number.
fn is_all_tensors(tree: &Tree, mapping: Value, several: usize) -> bool {
    let entries = tree.entries(mapping).get(..SAMPLE).unwrap_or(tree.entries(mapping));
    let sizes = entries.iter().map(|(_, value)| match value {
        Value::Tensor(id) => tree.tensor(*id).map(crate::tensor::TensorMeta::numel),
        _ => None,
    });
    let sizes: Option<Vec<u64>> = sizes.collect();
    sizes.is_some_and(|sizes| sizes.iter().filter(|n| **n != 1).count() >= several)
}

/// A mapping of tensors under one of the names weights are kept under.
fn has_weights_part(tree: &Tree, mapping: Value) -> bool {
    let entries = tree.entries(mapping).iter().take(SAMPLE);
    let mut parts = entries.filter(|(key, value)| {
        matches!(value, Value::Dict(_)) && tree.as_text(*key).is_some_and(|key| is_weights(&key))
    });
    parts.any(|(_, part)| tree.entries(*part).iter().take(SAMPLE).any(|(_, v)| matches!(v, Value::Tensor(_))))
}

fn is_dotted(tree: &Tree, key: Value) -> bool {
    matches!(key, Value::Text(span) if tree.bytes(span).contains(&b'.'))
}

/// Several numbers that are not counts or random-number states.
fn is_weight(tree: &Tree, id: TensorId) -> bool {
    let whole = |dtype: DType| matches!(dtype.numeric(), Numeric::Integer | Numeric::Bool);
    tree.tensor(id).is_some_and(|t| t.numel() != 1 && !whole(t.dtype))
}

/// True when a count of epochs or steps stands among the tensors of the mapping at the root.
pub(super) fn has_progress(tree: &Tree, root: Value) -> bool {
    named(tree, root)
        .any(|(key, value)| matches!(value, Value::Int(_)) && PROGRESS.contains(&&*key.to_ascii_lowercase()))
}

/// True when the mapping at the root says how far training came: epochs, steps, or the state to go on from.
pub(super) fn has_training_state(tree: &Tree, root: Value) -> bool {
    named(tree, root).any(|(key, _)| {
        let key = key.to_ascii_lowercase();
        PROGRESS.contains(&key.as_str())
            || is_optimizer_name(&key)
            || key.contains("sched")
            || key.contains("loss")
    })
}
