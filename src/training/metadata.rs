//! What one checkpoint says about training: a framework's own places first (formats.md §11.2), then a
//! search that needs no framework.
//!
//! Reading is bounded and lazy: of tensors only single ones whose name asks for it, and never any inside
//! weights or optimizer state.

use std::sync::Arc;

use super::epoch::Base;
use super::frameworks;
use super::history::History;
use super::look::Look;
use super::{Mode, Opinion, Progress, TrainingInfo, XAxis, evidence, generic, hyper, metric};
use crate::checkpoint::{Checkpoint, SectionRole};

/// Single metrics of one checkpoint at most.
const METRICS: usize = 256;

/// What is being put together while a checkpoint is read.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Raw epoch and what it counts.
    pub(super) epoch: Option<(f64, Base)>,
    pub(super) step: Option<u64>,
    pub(super) metrics: Vec<(String, f64)>,
    pub(super) monitored: Vec<(String, Mode)>,
    pub(super) histories: Vec<History>,
    pub(super) framework: Option<&'static str>,
    pub(super) opinion: Option<Opinion>,
}

impl Draft {
    /// Adds a metric; of equal names the first stays.
    pub(super) fn metric(&mut self, name: &str, value: f64) {
        if self.metrics.len() < METRICS && !self.metrics.iter().any(|(n, _)| n == name) {
            self.metrics.push((name.to_owned(), value));
        }
    }

    /// Adds a metric if there is a value.
    pub(super) fn metric_if(&mut self, name: &str, value: Option<f64>) {
        if let Some(value) = value {
            self.metric(name, value);
        }
    }

    /// Notes what the training watched.
    pub(super) fn monitor(&mut self, name: &str, mode: Mode) {
        if !self.monitored.iter().any(|(n, _)| n == name) {
            self.monitored.push((name.to_owned(), mode));
        }
    }
}

/// Everything training-related `checkpoint` says about itself (not its file's name: see [`super::name`]).
pub fn info(checkpoint: &Checkpoint) -> TrainingInfo {
    let look = Look::new(checkpoint);
    let mut draft = Draft::default();
    let (consumed, base) = frameworks::read(&look, &mut draft);
    // Arguments saved by themselves are settings throughout.
    if !hyper::is_arguments(&look, checkpoint.tree().root()) {
        generic::search(&look, &mut draft, consumed, base);
    }
    plateau(&look, &mut draft);
    let progress = progress(&look, &draft);
    let mut source = checkpoint.path().to_path_buf();
    if look.at("trainer_state").is_some() && source.is_dir() {
        source.push("trainer_state.json");
    }
    let source = source.to_string_lossy().into_owned();
    let Draft { mut metrics, monitored, histories, framework, opinion, .. } = draft;
    let histories: Vec<_> = histories.into_iter().map(|h| h.series(&progress, &source)).collect();
    for series in &histories {
        // The last entry of a history is the value of this checkpoint.
        let name = metric::of_history(&series.name);
        let same = metric::canonical(&name);
        let known = metrics.iter().any(|(n, _)| metric::canonical(n) == same);
        let last = series.points.last().filter(|_| series.x == XAxis::Epoch && !known);
        if let Some(last) = last
            && metrics.len() < METRICS
        {
            metrics.push((name, last.1));
        }
    }
    let hyperparameters = hyper::read(&look).into();
    TrainingInfo {
        progress,
        metrics,
        metrics_from_name: 0,
        logged: Vec::new(),
        opinion: opinion.map(Arc::new),
        monitored,
        histories,
        framework,
        hyperparameters,
    }
}

fn progress(look: &Look<'_>, draft: &Draft) -> Progress {
    let mut progress = Progress { step: draft.step, ..Progress::default() };
    match draft.epoch {
        Some((raw, base)) if raw >= 0.0 => {
            progress.set_epoch(raw, evidence::decide(look, raw, base, &draft.histories));
        }
        // No epoch, or -1 as some frameworks leave it when training is over: a history of validation values
        // with epochs beside it still tells.
        _ => {
            let counted = draft.histories.iter().filter_map(|h| match &h.x {
                Some((XAxis::Epoch, x)) => {
                    x.last().map(|last| if x.first() == Some(&0.0) { last + 1.0 } else { *last })
                }
                _ => None,
            });
            let bare = draft.histories.iter().filter(|h| h.x.is_none() && h.values.len() < 10_000);
            let bare = bare.filter(|h| metric::split_of(&h.name) == metric::Split::Validation);
            let bare = bare.map(|h| h.values.len() as f64);
            let last = counted.reduce(f64::max).or_else(|| bare.reduce(f64::max));
            if let Some(last) = last.filter(|_| draft.step.is_none()) {
                progress.set_epoch(last, Base::HistoryCount);
            }
        }
    }
    progress
}

/// `ReduceLROnPlateau` keeps the best value of the metric it was given.
fn plateau(look: &Look<'_>, draft: &mut Draft) {
    for section in look.checkpoint.sections().iter().filter(|s| s.role == SectionRole::Scheduler) {
        let held = look.get(section.value, "num_bad_epochs").and_then(|_| look.get(section.value, "best"));
        // Before its first step the scheduler holds the worst value there is.
        if let Some(best) = held.and_then(|v| look.number(v)).filter(|b| b.is_finite()) {
            draft.metric(&format!("{}.best", section.name), best);
        }
    }
}
