//! One file to one row of a list.
//!
//! The checkpoint is opened, asked, and dropped: a row holds what a list shows, so that ten thousand of them
//! fit in memory. A file that cannot be read is a row too, with the reason.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::identity::{FileKey, NameClass};
use super::{CheckpointRow, Status};
use crate::checkpoint::{Checkpoint, Kind, Severity, Verdict};
use crate::error::{Error, ErrorKind};
use crate::limits::Limits;
use crate::source::Identity;
use crate::text::shown;
use crate::training::epoch::Base;
use crate::training::name::{self, Hints, Part};
use crate::training::{TrainingInfo, metadata, metric};

/// A file touched so recently is taken for one still being written when it ends too early.
const FRESH: Duration = Duration::from_secs(10);
/// The same for a file whose name says so (`.tmp`, `.part`).
const UNFINISHED: Duration = Duration::from_secs(600);

/// The row of the file at `path`, whatever is in it.
pub fn row_of(path: &Path, limits: &Limits) -> CheckpointRow {
    match crate::format::open(path, limits) {
        Ok(checkpoint) => of_checkpoint(&checkpoint),
        Err(error) => of_error(path, &error),
    }
}

/// The row of an opened checkpoint.
pub fn of_checkpoint(checkpoint: &Checkpoint) -> CheckpointRow {
    let path = checkpoint.path().to_owned();
    let is_folder = checkpoint.format().is_folder() && !crate::format::folders::is_index(&path);
    let hints = if is_folder { name::hints_of_folder(&path) } else { name::hints(&path) };
    let identity = checkpoint.identity();
    let modified = identity.map_or(SystemTime::UNIX_EPOCH, |i| i.modified());
    let (status, error) = judge(checkpoint, modified, hints.parts.has(Part::Unfinished));
    let mut training = metadata::info(checkpoint);
    add_hints(&mut training, &hints, checkpoint.kind());
    CheckpointRow {
        format: Some(checkpoint.format()),
        kind: Some(checkpoint.kind()),
        bytes: identity.map_or(0, |i| i.size).max(checkpoint.bytes()),
        modified,
        tensors: checkpoint.tensors().len(),
        parameters: checkpoint.parameters(),
        training,
        roles: Vec::new(),
        same_as: None,
        status,
        error,
        identity: FileKey::of(checkpoint, NameClass::of(&hints)),
        path,
    }
}

/// The row of a file that could not be read.
pub fn of_error(path: &Path, error: &Error) -> CheckpointRow {
    let metadata = std::fs::metadata(path).ok();
    let is_folder = metadata.as_ref().is_some_and(std::fs::Metadata::is_dir);
    let identity =
        metadata.as_ref().map(Identity::of).map(|own| if is_folder { content(path, own) } else { own });
    let hints = if is_folder { name::hints_of_folder(path) } else { name::hints(path) };
    let modified = identity.map_or(SystemTime::UNIX_EPOCH, |i| i.modified());
    let status = match error.kind() {
        ErrorKind::Truncated | ErrorKind::Changed
            if is_fresh(modified, hints.parts.has(Part::Unfinished)) =>
        {
            Status::Growing
        }
        ErrorKind::Truncated => Status::Truncated,
        _ => Status::Broken,
    };
    let mut training = TrainingInfo::default();
    add_hints(&mut training, &hints, Kind::Other);
    CheckpointRow {
        path: path.to_owned(),
        format: None,
        kind: None,
        bytes: identity.map_or(0, |i| i.size),
        modified,
        tensors: 0,
        parameters: 0,
        training,
        roles: Vec::new(),
        same_as: None,
        status,
        error: Some(error.reason()),
        identity: FileKey::unread(identity, path, NameClass::of(&hints)),
    }
}

/// The identity of a folder, with the bytes of its files and the time of the newest.
fn content(path: &Path, own: Identity) -> Identity {
    const FILES: usize = 10_000;
    let entries = std::fs::read_dir(path).into_iter().flatten().take(FILES);
    let files = entries.filter_map(|e| e.ok()?.metadata().ok()).filter(std::fs::Metadata::is_file);
    files.map(|m| Identity::of(&m)).fold(Identity { size: 0, ..own }, |whole, file| Identity {
        size: whole.size.saturating_add(file.size),
        modified_ns: whole.modified_ns.max(file.modified_ns),
        ..whole
    })
}

fn is_fresh(modified: SystemTime, unfinished: bool) -> bool {
    // A time in the future is a clock that runs ahead on the machine that writes.
    let age = SystemTime::now().duration_since(modified).unwrap_or_default();
    age < FRESH || unfinished && age < UNFINISHED
}

/// State of a file that opened: its reader may still have found it cut short, or dangerous to load.
fn judge(checkpoint: &Checkpoint, modified: SystemTime, unfinished: bool) -> (Status, Option<String>) {
    if let Some(global) = checkpoint.globals().iter().find(|g| g.verdict == Verdict::RunsCode) {
        let text = format!("loading it with pickle would run {}", shown(&global.name));
        return (Status::RunsCode, Some(text));
    }
    let broken = checkpoint.diagnostics().iter().find(|d| d.severity == Severity::Broken);
    let Some(broken) = broken else { return (Status::Ok, None) };
    let status = match broken.code {
        // Shards arrive one after the other.
        "TRUNCATED" | "INDEX_MISSING" | "SHARD_MISSING" | "DCP_UNFINISHED"
            if is_fresh(modified, unfinished) =>
        {
            Status::Growing
        }
        "TRUNCATED" => Status::Truncated,
        _ => Status::Broken,
    };
    (status, Some(broken.message.clone()))
}

/// Fills in from the name what the content does not say.
fn add_hints(training: &mut TrainingInfo, hints: &Hints, kind: Kind) {
    if training.progress.epoch.is_none() && training.progress.step.is_none() {
        let named = hints.progress();
        if named.epoch.is_some() || named.step.is_some() {
            training.progress = named;
        }
    }
    // timm writes `recovery-3-17` in the middle of epoch 3, and the same epoch number as at its end.
    if let Some((raw, Base::Within)) = hints.epoch
        && training.progress.raw_epoch == Some(raw)
    {
        training.progress.set_epoch(raw, Base::Within);
    }
    if kind == Kind::Optimizer {
        return;
    }
    for (name, value) in &hints.metrics {
        let same = metric::canonical(name);
        if !training.metrics.iter().any(|(known, _)| metric::canonical(known) == same) {
            training.metrics.push((name.clone(), *value));
            training.metrics_from_name += 1;
        }
    }
}
