//! PyTorch Lightning: progress from its loops, scores from its callbacks' states.

use crate::training::epoch::Base;
use crate::training::look::Look;
use crate::training::metadata::Draft;
use crate::training::{Mode, Opinion};
use crate::value::Value;
use crate::value::view::Label;

pub(super) fn read(look: &Look<'_>, draft: &mut Draft) {
    progress(look, draft);
    let Some(callbacks) = look.at("callbacks") else { return };
    // Keys are `ModelCheckpoint{'monitor': 'val_loss', 'mode': 'min', …}`, or the class in old versions.
    let states: Vec<(String, Value)> = look
        .tree
        .entries(callbacks)
        .iter()
        .take(64)
        .map(|(key, state)| (Label::Key(*key).text(look.tree), *state))
        .collect();
    for (key, state) in &states {
        if look.get(*state, "best_model_score").is_some() {
            model_checkpoint(look, key, *state, draft);
        }
    }
    for (key, state) in &states {
        early_stopping(look, key, *state, draft);
    }
}

/// `epoch` is the index of the epoch being run; it is complete if its last batch was.
fn progress(look: &Look<'_>, draft: &mut Draft) {
    draft.step = look.number_at("global_step").map(|s| s as u64);
    let Some(raw) = look.number_at("epoch") else { return };
    let fit = look.at("loops").and_then(|loops| look.get(loops, "fit_loop"));
    let number = |keys: &[&str]| fit.and_then(|f| look.path(f, keys)).and_then(|v| look.number(v));
    let last = fit.and_then(|f| look.path(f, &["epoch_loop.batch_progress", "is_last_batch"]));
    // Saved at the end of an epoch these count it as processed, although its batches were not the last.
    let processed = number(&["epoch_progress", "current", "processed"]);
    let cut_short = last == Some(Value::Bool(false)) && processed.is_none_or(|p| p <= raw);
    if !cut_short {
        draft.epoch = Some((raw, Base::Index));
        return;
    }
    // A batch counts as completed only after the callback that saves.
    let here = number(&["epoch_loop.batch_progress", "current", "processed"]).unwrap_or(0.0);
    let total = number(&["epoch_loop.batch_progress", "total", "processed"]).unwrap_or(0.0);
    let per_epoch = if raw > 0.0 { (total - here) / raw } else { 0.0 };
    let part = if per_epoch > here { here / per_epoch } else { 0.0 };
    draft.epoch = Some((raw + part, Base::Within));
}

fn model_checkpoint(look: &Look<'_>, key: &str, state: Value, draft: &mut Draft) {
    let monitor = look.get(state, "monitor").and_then(|v| look.text(v));
    let Some(monitor) = monitor.map(std::borrow::Cow::into_owned).or_else(|| quoted(key, "monitor")) else {
        return;
    };
    let number = |name| look.get(state, name).and_then(|v| look.number(v));
    draft.metric_if(&monitor, number("current_score"));
    draft.metric_if(&format!("best_{monitor}"), number("best_model_score"));
    draft.monitor(&monitor, mode_in(key, &monitor));
    let path = look.get(state, "best_model_path").and_then(|v| look.text(v)).filter(|path| !path.is_empty());
    let value = number("best_model_score");
    if draft.opinion.is_none() && (path.is_some() || value.is_some()) {
        let path = path.map(std::borrow::Cow::into_owned);
        let who = "ModelCheckpoint";
        draft.opinion = Some(Opinion { who, path, metric: Some(monitor), value, ..Opinion::default() });
    }
}

fn early_stopping(look: &Look<'_>, key: &str, state: Value, draft: &mut Draft) {
    let score = look.get(state, "wait_count").and_then(|_| look.get(state, "best_score"));
    let Some(score) = score.and_then(|v| look.number(v)) else { return };
    let Some(monitor) = quoted(key, "monitor") else { return };
    draft.metric(&format!("best_{monitor}"), score);
    draft.monitor(&monitor, mode_in(key, &monitor));
}

fn mode_in(key: &str, monitor: &str) -> Mode {
    match quoted(key, "mode").as_deref() {
        Some("min") => Mode::Min,
        Some("max") => Mode::Max,
        _ => crate::training::metric::mode_of(monitor),
    }
}

/// The text value of `'name': 'value'` in a callback's key.
fn quoted(key: &str, name: &str) -> Option<String> {
    let (_, rest) = key.split_once(&format!("'{name}': '"))?;
    rest.split_once('\'').map(|(value, _)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_callback_names_monitor_and_mode() {
        let key = "ModelCheckpoint{'monitor': 'val/acc', 'mode': 'max', 'every_n_epochs': 1}";
        assert_eq!(quoted(key, "monitor").as_deref(), Some("val/acc"));
        assert_eq!(mode_in(key, "val/acc"), Mode::Max);
        assert_eq!(mode_in("ModelCheckpoint", "val_loss"), Mode::Min);
    }
}
