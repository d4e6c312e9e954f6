//! The Trainer of Hugging Face, whose folders hold its whole history, and accelerate's.

use crate::training::epoch::Base;
use crate::training::history;
use crate::training::look::Look;
use crate::training::metadata::Draft;
use crate::training::{Mode, metric};
use crate::value::Value;

/// `trainer_state.json`: progress, the best value so far, and a row for each time something was logged.
pub(super) fn read(look: &Look<'_>, draft: &mut Draft) {
    let Some(state) = look.at("trainer_state") else { return };
    let number = |key| look.get(state, key).and_then(|v| look.number(v));
    draft.epoch = number("epoch").map(|raw| (raw, Base::Count));
    draft.step = number("global_step").map(|n| n as u64);
    let rows = look.get(state, "log_history").map(|v| look.tree.items(v)).unwrap_or_default();
    draft.histories.extend(history::table(look, rows, &is_logged));
    if let Some(best) = number("best_metric") {
        let name = watched(look).map_or_else(|| "best_metric".to_owned(), |(name, _)| format!("best_{name}"));
        draft.metric(&name, best);
    }
    if let Some((name, mode)) = watched(look) {
        draft.monitor(&name, mode);
    }
}

/// Columns of the history that are measured: not the clock, and not the totals of the last row.
fn is_logged(name: &str) -> bool {
    let timing = ["_runtime", "_per_second", "total_flos", "num_input_tokens_seen"];
    !matches!(name, "epoch" | "step" | "train_loss") && !timing.iter().any(|word| name.ends_with(word))
}

/// The metric the best checkpoint is chosen by, and which way.
fn watched(look: &Look<'_>) -> Option<(String, Mode)> {
    let arguments = look.at("training_args")?;
    let name = look.get(arguments, "metric_for_best_model").and_then(|v| look.text(v))?;
    let name = if name.starts_with("eval_") { name.into_owned() } else { format!("eval_{name}") };
    let mode = match look.get(arguments, "greater_is_better") {
        Some(Value::Bool(true)) => Mode::Max,
        Some(Value::Bool(false)) => Mode::Min,
        _ => metric::mode_of(&name),
    };
    Some((name, mode))
}

/// States of random numbers under the name accelerate gives their file.
pub(super) fn is_accelerate(look: &Look<'_>) -> bool {
    look.top().iter().any(|(key, _)| key.starts_with("random_states_"))
}

/// The step is kept with the random numbers.
pub(super) fn accelerate(look: &Look<'_>, draft: &mut Draft) {
    let states = look.top().iter().find(|(key, _)| key.starts_with("random_states_"));
    let step = states.and_then(|(_, value)| look.get(*value, "step")).and_then(|v| look.number(v));
    draft.step = step.map(|n| n as u64);
}
