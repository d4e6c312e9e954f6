//! What the logs of a run say about its checkpoints: the epoch of a step, and the values measured there.

use std::path::Path;
use std::sync::Arc;

use super::super::{CheckpointRow, Run};
use crate::checkpoint::Kind;
use crate::training::epoch::Base;
use crate::training::logs::{LogKind, Record};
use crate::training::{Series, XAxis, curve, metric};

/// Values one checkpoint takes from logs at most.
const VALUES: usize = 64;

/// Checkpoints that tell a step and no epoch get theirs from the log, which knows both.
pub(super) fn epochs(run: &mut Run) {
    let Some(record) = run.record.clone() else { return };
    for row in &mut run.checkpoints {
        let saved = skorch(&record, row);
        let progress = &mut row.training.progress;
        let open = progress.epoch.is_none() || progress.base == Base::Logged;
        let told = progress.step.and_then(|step| record.epoch_at(step));
        if let Some(epoch) = told.or(saved).filter(|_| open) {
            let from_name = progress.from_name;
            progress.set_epoch(epoch, Base::Logged);
            progress.from_name = from_name;
        }
    }
}

/// skorch saves bare parameters, and its history tells when: `history.json` beside `params.pt`.
fn skorch(record: &Record, row: &CheckpointRow) -> Option<f64> {
    let name = row.path.file_name()?.to_str()?;
    record.saved.iter().filter(|(log, _)| log.parent() == row.path.parent()).find_map(|(log, epoch)| {
        let prefix = log.file_name()?.to_str()?.strip_suffix("history.json")?;
        let part = name.strip_prefix(prefix)?;
        matches!(part, "params.pt" | "optimizer.pt" | "criterion.pt" | "params.safetensors").then_some(*epoch)
    })
}

/// The values the log has for the places checkpoints were saved at.
pub(super) fn values(run: &mut Run) {
    for row in &mut run.checkpoints {
        row.training.logged.clear();
    }
    let Some(record) = run.record.clone() else { return };
    let from_zero = curve::steps_from_zero(run);
    let most = curve::epochs_without_steps(run);
    let series: Vec<Logged<'_>> = record.series.iter().map(|series| Logged::of(series, most)).collect();
    for row in run.checkpoints.iter_mut().filter(|row| holds_weights(row)) {
        let own = row.training.metrics.len().saturating_sub(row.training.metrics_from_name);
        let known: Vec<String> =
            row.training.metrics.iter().take(own).map(|(name, _)| metric::canonical(name)).collect();
        let unknown = series.iter().filter(|logged| !known.contains(&logged.same));
        let found =
            unknown.filter_map(|logged| Some((logged.series.name.clone(), logged.at(row, from_zero)?)));
        row.training.logged = found.take(VALUES).collect();
    }
}

fn holds_weights(row: &CheckpointRow) -> bool {
    !matches!(row.kind, None | Some(Kind::Optimizer | Kind::Other))
}

/// A series of the log, and how its x is to be read.
struct Logged<'a> {
    series: &'a Series,
    /// Its canonical name.
    same: String,
    x: XAxis,
    /// Added to x it is what a checkpoint counts.
    shift: f64,
}

impl<'a> Logged<'a> {
    fn of(series: &'a Series, most: Option<f64>) -> Self {
        let epochs = most.and_then(|most| curve::counts_epochs(series, most));
        let x = if epochs.is_some() { XAxis::Epoch } else { series.x };
        Self { series, same: metric::canonical(&series.name), x, shift: epochs.unwrap_or(0.0) }
    }

    /// The value where a checkpoint was saved.
    fn at(&self, row: &CheckpointRow, from_zero: bool) -> Option<f64> {
        let progress = &row.training.progress;
        let points = &self.series.points;
        let exact = |x: f64| {
            let at = points.partition_point(|p| p.0 + self.shift < x - 1e-6);
            points.get(at).filter(|p| (p.0 + self.shift - x).abs() <= 1e-6).map(|p| p.1)
        };
        match self.x {
            XAxis::Epoch => exact(progress.epoch?),
            XAxis::Step => {
                let step = progress.step? as f64;
                // The row of the last step done may carry its index.
                if from_zero { exact(step - 1.0) } else { exact(step).or_else(|| exact(step - 1.0)) }
            }
        }
    }
}

/// The run's hyperparameters: its newest checkpoint's, then its logs'.
pub(super) fn settings(run: &mut Run) {
    let newest = run.checkpoints.iter().rev().find(|row| !row.training.hyperparameters.is_empty());
    let held = newest.map(|row| Arc::clone(&row.training.hyperparameters)).unwrap_or_default();
    let Some(record) = run.record.as_ref().filter(|record| !record.hyperparameters.is_empty()) else {
        run.hyperparameters = held;
        return;
    };
    let mut lines = held.to_vec();
    for (name, value) in &record.hyperparameters {
        if !lines.iter().any(|(known, _)| known == name) {
            lines.push((name.clone(), value.clone()));
        }
    }
    run.hyperparameters = lines.into();
}

/// The framework, where only the kind and place of the logs tell it.
pub(super) fn framework(run: &Run) -> Option<&'static str> {
    let has = |kind: LogKind| run.logs.iter().any(|log| log.kind == kind);
    let within = |name: &str| run.logs.iter().any(|log| below(&log.path, name));
    match () {
        () if has(LogKind::TrainerState) => Some("transformers"),
        () if has(LogKind::Evaluations) => Some("stable-baselines3"),
        () if within("lightning_logs") => Some("lightning"),
        () if within("vis_data") => Some("mmengine"),
        () => None,
    }
}

fn below(path: &Path, name: &str) -> bool {
    path.components().any(|part| part.as_os_str() == name)
}
