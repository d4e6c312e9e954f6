//! What the checkpoints themselves say about training: progress, metrics, histories, the best epoch.
//!
//! [`metadata`] reads one checkpoint, [`name`] its file name; [`curve`] and [`best`] look at a whole run.
//! Names of metrics and hyperparameters come from files and are kept as they are there: whoever shows them
//! passes them through [`crate::text::shown`].

pub mod align;
pub mod best;
pub mod choose;
pub mod curve;
pub mod epoch;
mod evidence;
mod frameworks;
mod generic;
mod history;
mod hyper;
pub mod logs;
mod look;
pub mod metadata;
pub mod metric;
pub mod name;
pub mod overfit;
pub mod points;
pub mod prepared;
pub mod siblings;
#[cfg(test)]
pub(crate) mod testing;
pub mod verdict;

use std::sync::Arc;

pub use points::Points;

/// How far training had come when a checkpoint was written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// Completed epochs, possibly a fraction.
    pub epoch: Option<f64>,
    /// How `epoch` follows from the raw value in the file, in words.
    pub epoch_rule: Option<&'static str>,
    /// Optimizer steps.
    pub step: Option<u64>,
    /// The values come from the file's name, not from its content.
    pub from_name: bool,
    /// The epoch as the file has it.
    pub raw_epoch: Option<f64>,
    /// What the raw epoch counts, as far as the file alone tells.
    pub base: epoch::Base,
}

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Smaller is better (loss, error, perplexity).
    Min,
    /// Larger is better (accuracy, F1).
    Max,
    /// Neither (learning rate).
    None,
}

impl Mode {
    /// The contract's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Max => "max",
            Self::None => "none",
        }
    }
}

/// What the x values of a series count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum XAxis {
    /// Completed epochs.
    Epoch,
    /// Optimizer steps.
    Step,
}

impl XAxis {
    /// The contract's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Epoch => "epoch",
            Self::Step => "step",
        }
    }
}

/// One curve. A value that is not finite is kept as it is (NaN marks the epoch where a run broke).
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Metric name (`val_loss`).
    pub name: String,
    /// What `points` counts along x.
    pub x: XAxis,
    /// Points by ascending x.
    pub points: Points,
    /// Where the values come from: a file, or "one value per checkpoint".
    pub source: String,
    /// Which way is better, guessed from the name.
    pub mode: Mode,
}

/// Which checkpoint the framework itself thinks best.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Opinion {
    /// Who says so: the framework or the part of it that watched (`ModelCheckpoint`, `best_model_checkpoint`).
    pub who: &'static str,
    /// The path it names, as it was on the machine that trained.
    pub path: Option<String>,
    /// The metric it goes by.
    pub metric: Option<String>,
    /// Its best value.
    pub value: Option<f64>,
    /// Completed epochs there.
    pub epoch: Option<f64>,
    /// Steps there.
    pub step: Option<u64>,
}

/// Everything training-related one checkpoint says about itself.
#[derive(Debug, Clone, Default)]
pub struct TrainingInfo {
    /// Epoch and step.
    pub progress: Progress,
    /// Single values (`loss`, `best_acc1`), in the file's order; those from its name come last.
    pub metrics: Vec<(String, f64)>,
    /// How many of `metrics`, counted from the end, come from the file's name and not from its content.
    pub metrics_from_name: usize,
    /// Values the run's log has for the place this checkpoint was saved at; filled in when the log is read
    /// ([`crate::runs::group::Index::attach`]). They count after those of the content and before those of the
    /// name.
    pub logged: Vec<(String, f64)>,
    /// Which checkpoint of the run the framework thinks best, where the file says so.
    pub opinion: Option<Arc<Opinion>>,
    /// Metrics the training itself watched to tell the best checkpoint, most important first.
    pub monitored: Vec<(String, Mode)>,
    /// Histories kept inside the checkpoint. In the rows of a run only the newest checkpoint keeps its own.
    pub histories: Vec<Series>,
    /// The framework that wrote it, where it can be told.
    pub framework: Option<&'static str>,
    /// Hyperparameters as (name, shown value). The rows of a run share theirs while they are equal.
    pub hyperparameters: Arc<[(String, String)]>,
}

impl TrainingInfo {
    /// All values this checkpoint is known to have: from its content, from the run's log, from its name. A
    /// name may come twice; the first counts.
    pub fn values(&self) -> impl Iterator<Item = (&str, f64)> {
        let own = self.metrics.len().saturating_sub(self.metrics_from_name);
        let content = self.metrics.iter().take(own);
        let all = content.chain(&self.logged).chain(self.metrics.iter().skip(own));
        all.map(|(name, value)| (name.as_str(), *value))
    }

    /// The value of the metric called exactly so.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.values().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}
