//! Runs and their checkpoints: what a folder of experiments holds.
//!
//! [`scan`] walks folders and opens what it finds on worker threads; each finished file is a
//! [`CheckpointRow`]. [`group`] puts rows into runs. Neither knows a screen.

pub mod act;
mod companions;
pub mod group;
pub mod identity;
pub mod layout;
mod order;
pub mod row;
pub mod scan;
pub mod table;
#[cfg(test)]
pub(crate) mod testing;
pub mod watch;
pub mod weights;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use crate::checkpoint::{Format, Kind};
use crate::training::logs::{LogFile, Record};
use crate::training::{Mode, TrainingInfo};

/// State of a checkpoint file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Reads well.
    Ok,
    /// Still being written.
    Growing,
    /// Ends too early.
    Truncated,
    /// Cannot be read.
    Broken,
    /// Names globals known to run code when unpickled.
    RunsCode,
}

impl Status {
    /// The contract's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Growing => "growing",
            Self::Truncated => "truncated",
            Self::Broken => "broken",
            Self::RunsCode => "runs_code",
        }
    }
}

/// Part a checkpoint plays in its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Best by the run's leading metric (ours), or named `best` by whoever saved it.
    Best,
    /// The newest of its run, or named `last`.
    Last,
    /// An averaged copy of the weights.
    Ema,
    /// Weights before training.
    Init,
}

impl Role {
    /// The contract's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Best => "best",
            Self::Last => "last",
            Self::Ema => "ema",
            Self::Init => "init",
        }
    }
}

/// One checkpoint in a list: what can be said without keeping it open.
#[derive(Debug, Clone)]
pub struct CheckpointRow {
    /// Where it is, as found under the scanned path.
    pub path: PathBuf,
    /// Container; `None` when the file could not be read.
    pub format: Option<Format>,
    /// What was saved; `None` when the file could not be read.
    pub kind: Option<Kind>,
    /// Size on disk.
    pub bytes: u64,
    /// Modification time.
    pub modified: SystemTime,
    /// Names of tensors in it.
    pub tensors: usize,
    /// Elements of model parameters.
    pub parameters: u64,
    /// Progress, metrics, histories.
    pub training: TrainingInfo,
    /// Parts it plays.
    pub roles: Vec<Role>,
    /// The row this one is a hard link, symlink or copy of.
    pub same_as: Option<PathBuf>,
    /// State of the file.
    pub status: Status,
    /// Why it cannot be read, or what is wrong with it.
    pub error: Option<String>,
    /// What tells files apart, for `same_as`.
    pub identity: identity::FileKey,
}

impl CheckpointRow {
    /// It is a folder, not a file (an index of shards is a file).
    pub fn is_folder(&self) -> bool {
        self.format.is_some_and(Format::is_folder) && !crate::format::folders::is_index(&self.path)
    }

    /// The folder of the run it belongs to.
    pub fn run_folder(&self) -> PathBuf {
        if self.is_folder() { layout::run_of_folder(&self.path) } else { layout::run_of(&self.path) }
    }

    /// True when this is another name, or a copy, of a checkpoint of the same run.
    pub fn is_copy_within(&self, run: &Run) -> bool {
        let original = self.same_as.as_deref();
        original.is_some_and(|o| {
            o.parent() == self.path.parent()
                || layout::run_of(o) == run.path
                || self.is_folder() && layout::run_of_folder(o) == run.path
        })
    }
}

/// The best checkpoint of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct BestPick {
    /// The file.
    pub path: PathBuf,
    /// By this metric.
    pub metric: String,
    /// Its value.
    pub value: f64,
    /// Completed epochs there.
    pub epoch: Option<f64>,
    /// Which way was taken as better.
    pub mode: Mode,
}

/// Checkpoints that belong together.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// The folder they lie in.
    pub path: PathBuf,
    /// Short name, unique among the runs of one scan.
    pub name: String,
    /// The framework that wrote them, where it can be told.
    pub framework: Option<&'static str>,
    /// The best of them.
    pub best: Option<BestPick>,
    /// In natural order of training: by epoch or step where known, else by name.
    pub checkpoints: Vec<CheckpointRow>,
    /// Hyperparameters as (name, shown value): those of the newest checkpoint that has any, then those of
    /// the logs once they are read. [`table::Table`] compares them between runs.
    pub hyperparameters: Arc<[(String, String)]>,
    /// Companion logs that belong to the run. A run may have logs and no checkpoint.
    pub logs: Vec<LogFile>,
    /// What the logs say, once somebody read them: [`crate::training::logs::record`] on a worker thread,
    /// then [`group::Index::attach`].
    pub record: Option<Arc<Record>>,
}

impl Run {
    /// True when the run has logs that nobody read, or that changed since.
    pub fn wants_logs(&self) -> bool {
        !self.logs.is_empty() && self.record.as_ref().is_none_or(|record| record.files != self.logs)
    }
}

/// Something the scan did not read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The path.
    pub path: PathBuf,
    /// The reason, one line.
    pub reason: String,
}
