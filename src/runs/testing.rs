//! Rows and runs for tests.

use std::path::PathBuf;
use std::time::SystemTime;

use super::identity::{FileKey, NameClass};
use super::{CheckpointRow, Run, Status};
use crate::checkpoint::{Format, Kind};
use crate::training::epoch::Base;
use crate::training::name;

/// A readable training checkpoint `run/<name>`.
pub(crate) fn row(file: &str, epoch: Option<f64>, metrics: &[(&str, f64)]) -> CheckpointRow {
    row_at(&format!("run/{file}"), epoch, metrics)
}

/// A readable training checkpoint anywhere.
pub(crate) fn row_at(path: &str, epoch: Option<f64>, metrics: &[(&str, f64)]) -> CheckpointRow {
    let path = PathBuf::from(path);
    let mut training = crate::training::TrainingInfo::default();
    if let Some(epoch) = epoch {
        training.progress.set_epoch(epoch, Base::Count);
    }
    training.metrics = metrics.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect();
    let identity = FileKey { name: NameClass::of(&name::hints(&path)), ..FileKey::default() };
    CheckpointRow {
        path,
        format: Some(Format::TorchZip),
        kind: Some(Kind::Training),
        bytes: 1,
        modified: SystemTime::UNIX_EPOCH,
        tensors: 1,
        parameters: 1,
        training,
        roles: Vec::new(),
        same_as: None,
        status: Status::Ok,
        error: None,
        identity,
    }
}

/// The run `run` with these rows, as they are.
pub(crate) fn run(checkpoints: Vec<CheckpointRow>) -> Run {
    Run { path: PathBuf::from("run"), name: "run".to_owned(), checkpoints, ..Run::default() }
}
