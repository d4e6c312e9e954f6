//! What goes with a verdict: twins of the file, the framework's opinion beside ours, and the note in words.

use std::fmt::Write as _;
use std::path::Path;

use super::find::holds_weights;
use super::{Comparison, Verdict};
use crate::runs::{CheckpointRow, Run};
use crate::training::{Opinion, best, metric};

/// Twins, the framework's opinion, and the note.
pub(super) fn complete(run: &Run, verdict: &mut Verdict) {
    if let Some(path) = &verdict.path {
        let row = run.checkpoints.iter().find(|row| row.path == *path);
        let twin = |other: &&CheckpointRow| {
            other.same_as.as_ref() == Some(path)
                || row.is_some_and(|row| {
                    row.path != other.path && row.same_as.is_some() && row.same_as == other.same_as
                })
                || row.is_some_and(|row| row.same_as.as_ref() == Some(&other.path))
        };
        verdict.twins = run.checkpoints.iter().filter(twin).map(|other| other.path.clone()).collect();
    }
    verdict.opinion = opinion(run).map(|opinion| compare(run, verdict, opinion));
    let notes: Vec<String> = [verdict.note.take(), gone(run, verdict), twins(run, verdict), differs(verdict)]
        .into_iter()
        .flatten()
        .collect();
    verdict.note = (!notes.is_empty()).then(|| notes.join("; "));
}

/// The newest checkpoint's opinion, or that of the log.
pub fn opinion(run: &Run) -> Option<Opinion> {
    let logged = run.record.as_ref().and_then(|record| record.opinion.clone());
    logged.or_else(|| run.checkpoints.iter().rev().find_map(|row| row.training.opinion.as_deref().cloned()))
}

/// The checkpoint a path of the training machine means here.
fn resolve<'a>(run: &'a Run, path: &str) -> Option<&'a CheckpointRow> {
    let name = path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().filter(|n| !n.is_empty())?;
    let is = |path: Option<&Path>| path.and_then(Path::file_name).is_some_and(|n| n == name);
    let file = run.checkpoints.iter().find(|row| is(Some(&row.path)));
    file.or_else(|| run.checkpoints.iter().find(|row| holds_weights(row) && is(row.path.parent())))
        .or_else(|| run.checkpoints.iter().find(|row| is(row.path.parent())))
}

fn compare(run: &Run, verdict: &Verdict, opinion: Opinion) -> Comparison {
    let row = opinion.path.as_deref().and_then(|path| resolve(run, path));
    let path = row.map(|row| row.path.clone());
    let other =
        opinion.metric.as_deref().is_some_and(|m| metric::canonical(m) != metric::canonical(&verdict.metric));
    let agrees = match (&path, &verdict.path) {
        _ if other => None,
        (Some(theirs), Some(ours)) if verdict.on_disk => {
            let original = row.and_then(|row| row.same_as.as_ref());
            let folder =
                theirs.parent() == ours.parent() && run.path != theirs.parent().unwrap_or(Path::new(""));
            Some(
                theirs == ours
                    || original == Some(ours)
                    || verdict.twins.contains(theirs)
                    || folder && in_own_folder(theirs, &opinion),
            )
        }
        _ => match (opinion.epoch.zip(verdict.epoch), opinion.step.zip(verdict.step), opinion.value) {
            (_, Some((theirs, ours)), _) => Some(theirs == ours),
            (Some((theirs, ours)), _, _) => Some((theirs - ours).abs() < 1e-6),
            (_, _, Some(value)) if !verdict.on_disk || path.is_none() => Some(close(value, verdict.value)),
            _ => None,
        },
    };
    Comparison { opinion, path, agrees }
}

/// The opinion names a folder (`checkpoint-500`), of which the file is a part.
fn in_own_folder(path: &Path, opinion: &Opinion) -> bool {
    let folder = path.parent().and_then(Path::file_name).and_then(|n| n.to_str());
    opinion
        .path
        .as_deref()
        .zip(folder)
        .is_some_and(|(path, folder)| path.trim_end_matches('/').ends_with(folder))
}

/// Equal up to the precision of float32, in which frameworks keep their scores.
fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()) || a.total_cmp(&b).is_eq()
}

pub(super) fn file_name(path: &Path, run: &Run) -> String {
    path.strip_prefix(&run.path).unwrap_or(path).to_string_lossy().into_owned()
}

fn place(epoch: Option<f64>, step: Option<u64>) -> String {
    match (epoch, step) {
        (Some(epoch), _) => format!("epoch {}", crate::text::number::epoch(epoch)),
        (None, Some(step)) => format!("step {step}"),
        (None, None) => "an unknown epoch".to_owned(),
    }
}

fn gone(run: &Run, verdict: &Verdict) -> Option<String> {
    if verdict.on_disk {
        return None;
    }
    let best = place(verdict.epoch, verdict.step);
    let Some(path) = &verdict.path else {
        return Some(format!("no checkpoint of {best} is on disk, and none near it"));
    };
    let row = run.checkpoints.iter().find(|row| row.path == *path)?;
    let same = metric::canonical(&verdict.metric);
    let value = |row: &CheckpointRow| {
        row.training.values().find(|(name, _)| metric::canonical(name) == same).map(|(_, v)| v)
    };
    let here = |row: &CheckpointRow| {
        let progress = &row.training.progress;
        let value = value(row).map(|v| format!(", {}", crate::text::number::metric(v))).unwrap_or_default();
        format!("{} ({}{value})", file_name(&row.path, run), place(progress.epoch, progress.step))
    };
    let mut note = format!("the checkpoint of {best} is not on disk; the nearest is {}", here(row));
    // The nearest need not be the best of those that are left.
    let left = best::pick_by(run, &verdict.metric, Some(verdict.mode)).filter(|pick| pick.path != *path);
    if let Some(left) = left.and_then(|pick| run.checkpoints.iter().find(|row| row.path == pick.path)) {
        let _ = write!(note, ", the best of those left {}", here(left));
    }
    Some(note)
}

fn twins(run: &Run, verdict: &Verdict) -> Option<String> {
    let names: Vec<String> = verdict.twins.iter().map(|path| file_name(path, run)).collect();
    match names.as_slice() {
        [] => None,
        names => {
            Some(format!("{} {} the same", names.join(", "), if names.len() == 1 { "is" } else { "are" }))
        }
    }
}

fn differs(verdict: &Verdict) -> Option<String> {
    let Comparison { opinion, path, agrees } = verdict.opinion.as_ref()?;
    let named = path.as_deref().or(opinion.path.as_deref().map(Path::new));
    let what = named.and_then(|path| match path.parent().and_then(Path::file_name) {
        // `checkpoint-8/model.safetensors` says more than `model.safetensors`.
        Some(folder) if path.file_stem().is_some_and(|s| s == "model" || s == "pytorch_model") => {
            Some(format!("{}/{}", folder.to_string_lossy(), path.file_name()?.to_string_lossy()))
        }
        _ => path.file_name().map(|n| n.to_string_lossy().into_owned()),
    });
    let what = what.unwrap_or_else(|| match (opinion.epoch, opinion.step) {
        (None, None) => "another value".to_owned(),
        (epoch, step) => place(epoch, step),
    });
    let value = opinion.value.map(|v| format!(" ({})", crate::text::number::metric(v))).unwrap_or_default();
    match agrees {
        Some(true) => None,
        Some(false) => Some(format!("{} disagrees: it says {what}{value}", opinion.who)),
        None => {
            let by = opinion
                .metric
                .as_deref()
                .filter(|m| metric::canonical(m) != metric::canonical(&verdict.metric))?;
            Some(format!("{} goes by {by}: {what}{value}", opinion.who))
        }
    }
}
