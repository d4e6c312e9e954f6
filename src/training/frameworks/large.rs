//! Trainers of large models: nanoGPT, Composer, torchtitan, detectron2, accelerate, Hugging Face, kohya.

use crate::training::epoch::Base;
use crate::training::hyper;
use crate::training::look::Look;
use crate::training::metadata::Draft;
use crate::training::metric;
use crate::value::Value;

pub(super) fn nanogpt(look: &Look<'_>, draft: &mut Draft) {
    draft.step = look.number_at("iter_num").map(|n| n as u64);
}

pub(super) fn is_composer(look: &Look<'_>) -> bool {
    look.at("state").is_some_and(|state| look.get(state, "timestamp").is_some())
}

/// Epochs and batches in `state.timestamp`; metrics by evaluator in `state.eval_metrics`.
pub(super) fn composer(look: &Look<'_>, draft: &mut Draft) {
    let Some(state) = look.at("state") else { return };
    let number = |name| look.path(state, &["timestamp", name]).and_then(|v| time(look, v));
    draft.epoch = number("epoch").map(|raw| (raw, Base::Count));
    draft.step = number("batch").map(|n| n as u64);
    for (key, prefix) in [("train_metrics", "train"), ("eval_metrics", "eval")] {
        let found = look.get(state, key).map(|v| look.children(v)).unwrap_or_default();
        for (name, value) in found {
            if let Some(number) = look.number(value) {
                draft.metric(&format!("{prefix}/{name}"), number);
                continue;
            }
            for (inner, value) in look.children(value) {
                if metric::is_metric(&inner) {
                    draft.metric_if(&format!("{prefix}/{inner}"), look.number(value));
                }
            }
        }
    }
}

/// A number, or a `Time` object that holds one.
fn time(look: &Look<'_>, value: Value) -> Option<f64> {
    let held = look.get(value, "_value").unwrap_or(value);
    look.number(held)
}

pub(super) fn torchtitan(look: &Look<'_>, draft: &mut Draft) {
    let step = look.at("train_state").and_then(|s| look.get(s, "step")).and_then(|v| look.number(v));
    draft.step = step.map(|n| n as u64);
}

pub(super) fn accelerate(look: &Look<'_>, draft: &mut Draft) {
    draft.step = look.number_at("step").map(|n| n as u64);
}

/// fvcore's checkpointer saves what was given to it and `iteration`, but neither epoch nor arguments.
pub(super) fn is_detectron(look: &Look<'_>) -> bool {
    !look.has("epoch") && !look.has("args")
}

/// `iteration` is the index of the last one done.
pub(super) fn detectron(look: &Look<'_>, draft: &mut Draft) {
    draft.step = look.number_at("iteration").map(|n| n as u64 + 1);
}

/// Frameworks known by something else than keys of the root.
pub(super) fn other(look: &Look<'_>) -> Option<&'static str> {
    let root = look.tree.root();
    let transformers =
        look.tree.class_of(root).is_some_and(|class| class.module.starts_with("transformers."));
    if transformers && hyper::is_arguments(look, root) {
        return Some("transformers");
    }
    let metadata = look.checkpoint.container_metadata()?;
    look.get(metadata, "ss_network_module").or_else(|| look.get(metadata, "ss_epoch")).map(|_| "kohya")
}
