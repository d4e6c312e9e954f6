//! Companion logs: what training wrote beside its checkpoints (formats.md §12).
//!
//! A [`LogFile`] is only a path and a kind, told from the name and the first bytes while scanning; [`read`]
//! reads one, [`record`] all those of a run. Logs are read when a run is looked at, never while scanning, and
//! a log that is cut short or still growing gives what it has.

mod csv;
mod document;
mod events;
mod events_proto;
mod json;
mod lines;
mod mlflow;
mod npz;
mod prose;
mod record;
mod rows;
mod settings;
mod sniff;
mod text;
mod trainer_state;
mod wandb;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{Opinion, Series};
use crate::error::Result;
use crate::source::FileSource;

pub use json::relaxed as relaxed_json;
pub use record::{Record, Source, is_time, record};
pub use sniff::kind_of;

/// Bytes of one log that are read; more than any real one has, and few enough for any machine.
pub const LONGEST: u64 = 1 << 30;
/// Values kept of one log.
const VALUES: usize = 24_000_000;
/// Series kept of one log.
const SERIES: usize = 512;

/// What kind of log a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogKind {
    /// `trainer_state.json` of Hugging Face.
    TrainerState,
    /// Comma-separated values with a column of epochs or steps.
    Csv,
    /// One JSON object on each line.
    Lines,
    /// One JSON document: a list of epochs, or lists by metric.
    Document,
    /// `evaluations.npz` of stable-baselines3.
    Evaluations,
    /// One metric of an `MLflow` run.
    MlflowMetric,
    /// The binary log of a Weights & Biases run.
    Wandb,
    /// TensorBoard events.
    Events,
    /// What a program said on its screen, kept in a file.
    Text,
    /// Final values of a Weights & Biases run, and other lone results.
    Summary,
    /// Hyperparameters: YAML, JSON, or lines of `name: value`.
    Settings,
    /// One hyperparameter of an `MLflow` run.
    MlflowParam,
}

impl LogKind {
    /// True for a log that holds curves, as opposed to settings and lone values.
    pub fn has_curves(self) -> bool {
        !matches!(self, Self::Settings | Self::MlflowParam | Self::Summary | Self::Text)
    }
}

/// A log that was found, and not read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// Where it is, as found under the scanned path.
    pub path: PathBuf,
    /// What it is.
    pub kind: LogKind,
    /// Size on disk.
    pub bytes: u64,
    /// Modification time: a log that grew is read again.
    pub modified: SystemTime,
}

/// What one log says.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// Its curves, in the file's order.
    pub series: Vec<Series>,
    /// Values that belong to the end of training.
    pub finals: Vec<(String, f64)>,
    /// Settings as (name, shown value).
    pub hyperparameters: Vec<(String, String)>,
    /// Completed epochs at steps, ascending, where the log has both.
    pub places: Vec<(u64, f64)>,
    /// Completed epochs when the checkpoint beside the log was saved last, where the log says so.
    pub saved: Option<f64>,
    /// How epochs in it were read, in words.
    pub rule: Option<&'static str>,
    /// Which checkpoint the framework thinks best.
    pub opinion: Option<Opinion>,
    /// What could not be read of it, in words.
    pub problem: Option<String>,
}

/// Reads one log.
///
/// # Errors
/// The file cannot be read at all. What is wrong within it is in [`Log::problem`].
pub fn read(path: &Path, kind: LogKind) -> Result<Log> {
    let log = match kind {
        // These are read in pieces.
        LogKind::Events => events::of_source(&FileSource::open(path)?),
        LogKind::Evaluations => npz::of_source(&FileSource::open(path)?),
        LogKind::Wandb => wandb::of_source(&FileSource::open(path)?),
        _ => read_bytes(&text::whole(path)?, path, kind),
    };
    Ok(named(log, path))
}

/// Reads the bytes of a log that is called `path`.
pub fn read_bytes(bytes: &[u8], path: &Path, kind: LogKind) -> Log {
    match kind {
        LogKind::TrainerState => trainer_state::read(bytes),
        LogKind::Csv => csv::read(bytes, path),
        LogKind::Lines => lines::read(bytes, path),
        LogKind::Document => document::read(bytes, path),
        LogKind::Summary => document::summary(bytes),
        LogKind::MlflowMetric => mlflow::metric(bytes, path),
        LogKind::MlflowParam => mlflow::param(bytes, path),
        LogKind::Settings => settings::read(bytes, path),
        LogKind::Events => events::of_source(&bytes.to_vec()),
        LogKind::Evaluations => npz::of_source(&bytes.to_vec()),
        LogKind::Wandb => wandb::of_source(&bytes.to_vec()),
        LogKind::Text => prose::read(bytes),
    }
}

/// Names the source of every curve.
fn named(mut log: Log, path: &Path) -> Log {
    let source = path.to_string_lossy();
    for series in &mut log.series {
        series.source = source.clone().into_owned();
    }
    log
}
