//! Which epoch of a run is best by a metric, which file that is, and what the framework thinks of it.
//!
//! The epoch is the best point of the metric's curve, whatever its source; the file is the checkpoint saved
//! there, or the nearest one where that is gone. [`super::best`] judges files alone.

use std::path::{Path, PathBuf};

use super::best::{self, leading, readable};
use super::curve::{PER_CHECKPOINT, PER_NAME, series_of_run};
use super::name::Part;
use super::{Mode, Opinion, Series, XAxis, metric};
use crate::checkpoint::Kind;
use crate::runs::{CheckpointRow, Run};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Without {
    /// Nothing in the run has the metric, or no finite value of it.
    Metric,
    /// Nothing tells whether the metric gets better by falling or by rising. Holds its name.
    Direction(String),
}

/// The best epoch of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The metric, as the run calls it.
    pub metric: String,
    /// Which way is better.
    pub mode: Mode,
    /// How the direction is known: given, named by the framework, or guessed from the metric's name.
    pub direction: Direction,
    /// The best value.
    pub value: f64,
    /// Completed epochs there.
    pub epoch: Option<f64>,
    /// Steps there.
    pub step: Option<u64>,
    /// Where the value is from: a file, or one value per checkpoint.
    pub source: String,
    /// Finite values it was chosen from.
    pub candidates: usize,
    /// The checkpoint saved there, or the nearest where it is gone. `None` when the run has none.
    pub path: Option<PathBuf>,
    /// `path` is the checkpoint of the best epoch itself.
    pub on_disk: bool,
    /// Other names and copies of `path` (`best.pt`).
    pub twins: Vec<PathBuf>,
    /// The framework's own opinion, and whether it is the same.
    pub opinion: Option<Comparison>,
    /// What else there is to say, in one line; safe to print once [`crate::text::shown`].
    pub note: Option<String>,
}

/// How a direction is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Whoever asked said so.
    Given,
    /// The framework watched the metric this way.
    Watched,
    /// The name of the metric.
    Guessed,
}

impl Direction {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Given => "as given",
            Self::Watched => "as the training watched it",
            Self::Guessed => "guessed from its name",
        }
    }
}

/// The framework's opinion beside ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What it says.
    pub opinion: Opinion,
    /// The checkpoint it means, where that is on disk.
    pub path: Option<PathBuf>,
    /// Whether it means the same checkpoint; `None` where it goes by another metric or cannot be compared.
    pub agrees: Option<bool>,
}

/// Judges a run by `metric`, however the name is written, or by its leading one.
///
/// # Errors
/// [`Without`] says why there is no answer.
pub fn verdict(run: &Run, metric: Option<&str>, mode: Option<Mode>) -> Result<Verdict, Without> {
    verdict_of(run, &series_of_run(run), metric, mode)
}

/// The same for whoever has the series of the run already: they may hold millions of points.
///
/// # Errors
/// [`Without`] says why there is no answer.
pub fn verdict_of(
    run: &Run,
    all: &[Series],
    metric: Option<&str>,
    mode: Option<Mode>,
) -> Result<Verdict, Without> {
    let lead = leading(run);
    let wanted = match metric {
        Some(name) => name.to_owned(),
        None => lead.as_ref().ok_or(Without::Metric)?.0.clone(),
    };
    let series = find(all, &wanted);
    let name = series.map_or(wanted.as_str(), |s| s.name.as_str());
    let (mode, direction) = direction(run, name, mode, lead.as_ref());
    if series.is_none() && !readable(run).any(|row| has(row, &wanted)) {
        return Err(Without::Metric);
    }
    if mode == Mode::None {
        return Err(Without::Direction(name.to_owned()));
    }
    let from_curve = series.and_then(|s| of_curve(run, s, mode));
    let mut verdict = match from_curve {
        Some(verdict) => verdict,
        None => of_files(run, &wanted, mode).ok_or(Without::Metric)?,
    };
    verdict.direction = direction;
    complete(run, &mut verdict);
    Ok(verdict)
}

/// The series called so, in any spelling, exact ones first.
fn find<'a>(all: &'a [Series], wanted: &str) -> Option<&'a Series> {
    let same = metric::canonical(wanted);
    let exact = all.iter().find(|s| s.name == wanted);
    exact.or_else(|| all.iter().find(|s| metric::canonical(&s.name) == same))
}

fn has(row: &CheckpointRow, wanted: &str) -> bool {
    let same = metric::canonical(wanted);
    row.training.values().any(|(name, value)| value.is_finite() && metric::canonical(name) == same)
}

fn direction(run: &Run, name: &str, given: Option<Mode>, lead: Option<&(String, Mode)>) -> (Mode, Direction) {
    if let Some(mode) = given {
        return (mode, Direction::Given);
    }
    let same = metric::canonical(name);
    let watched = run.checkpoints.iter().flat_map(|row| &row.training.monitored);
    if let Some((_, mode)) = watched.into_iter().find(|(n, _)| metric::canonical(n) == same) {
        return (*mode, Direction::Watched);
    }
    match (metric::mode_of(name), lead) {
        (Mode::None, Some((n, mode))) if metric::canonical(n) == same => (*mode, Direction::Guessed),
        (mode, _) => (mode, Direction::Guessed),
    }
}

/// The best point of a curve, and the checkpoint there. `None` when the curve has no finite point, or when
/// it holds one value per checkpoint, which the files themselves tell better.
fn of_curve(run: &Run, series: &Series, mode: Mode) -> Option<Verdict> {
    if series.source == PER_CHECKPOINT || series.source == PER_NAME {
        return None;
    }
    let (x, value) = best::of_points(&series.points, mode)?;
    let (epoch, step) = match series.x {
        XAxis::Epoch => (Some(x), None),
        XAxis::Step => {
            (run.record.as_ref().and_then(|r| r.epoch_at(x.max(0.0) as u64)), Some(x.max(0.0) as u64))
        }
    };
    let mut verdict = Verdict {
        metric: series.name.clone(),
        mode,
        direction: Direction::Guessed,
        value,
        epoch,
        step,
        source: series.source.clone(),
        candidates: series.points.iter().filter(|p| p.1.is_finite()).count(),
        path: None,
        on_disk: false,
        twins: Vec::new(),
        opinion: None,
        note: None,
    };
    let found = nearest(run, series.x, x, epoch);
    if found.is_none_or(|(_, distance)| distance > 0.0)
        && let Some((row, note)) = named(run, series, x)
    {
        (verdict.path, verdict.on_disk, verdict.note) = (Some(row.path.clone()), true, Some(note));
        return Some(verdict);
    }
    match found {
        Some((row, distance)) => {
            verdict.path = Some(row.path.clone());
            verdict.on_disk = distance == 0.0;
            if verdict.on_disk {
                verdict.epoch = verdict.epoch.or(row.training.progress.epoch);
                verdict.step = verdict.step.or(row.training.progress.step);
            }
        }
        // A curve no checkpoint has a place on: the files' own values are all there is to go by.
        None if !run.checkpoints.is_empty() => {
            if let Some(own) = of_files(run, &series.name, mode) {
                return Some(own);
            }
        }
        None => {}
    }
    Some(verdict)
}

/// A file that tells no epoch and is named after what it is: `best.pt`, or `last.pt` where the last value is the
/// best.
fn named<'a>(run: &'a Run, series: &Series, x: f64) -> Option<(&'a CheckpointRow, String)> {
    let untold = |row: &&CheckpointRow| {
        let progress = &row.training.progress;
        holds_weights(row) && progress.epoch.is_none() && progress.step.is_none()
    };
    let is_last = series.points.last().is_some_and(|p| p.0.total_cmp(&x).is_eq());
    let parts = [(Part::Best, "best"), (Part::Last, "the last")];
    let wanted = parts.into_iter().filter(|(part, _)| *part == Part::Best || is_last);
    wanted.into_iter().find_map(|(part, what)| {
        let mut rows = readable(run).filter(untold);
        let row = rows.find(|row| row.identity.name.parts.has(part))?;
        let name = file_name(&row.path, run);
        Some((row, format!("{name} is named {what}; nothing in it tells its epoch")))
    })
}

/// The checkpoint nearest to `x`, and how far it is; 0 for one saved there. Of equally near ones the first.
fn nearest(run: &Run, axis: XAxis, x: f64, epoch: Option<f64>) -> Option<(&CheckpointRow, f64)> {
    let rows = || readable(run).filter(|row| holds_weights(row));
    let by = |place: &dyn Fn(&CheckpointRow) -> Option<f64>| {
        let mut held: Option<(&CheckpointRow, f64)> = None;
        for row in rows() {
            let Some(distance) = place(row).filter(|d| d.is_finite()) else { continue };
            if held.is_none_or(|(_, d)| distance < d) {
                held = Some((row, distance));
            }
        }
        held
    };
    let exact = |distance: f64| if distance < 1e-6 { 0.0 } else { distance };
    match axis {
        XAxis::Epoch => by(&|row| row.training.progress.epoch.map(|e| exact((e - x).abs()))),
        // A log may count the step it is in, and a checkpoint the steps made.
        XAxis::Step => by(&|row| {
            let step = row.training.progress.step? as f64;
            Some(if exact((step - x - 1.0).abs()) == 0.0 { 0.5e-9 } else { exact((step - x).abs()) })
        })
        .map(|(row, distance)| (row, exact(distance)))
        .or_else(|| {
            let epoch = epoch?;
            by(&|row| row.training.progress.epoch.map(|e| exact((e - epoch).abs())))
        }),
    }
}

fn holds_weights(row: &CheckpointRow) -> bool {
    !matches!(row.kind, None | Some(Kind::Optimizer | Kind::Other))
}

/// The best of the files by their own values.
fn of_files(run: &Run, wanted: &str, mode: Mode) -> Option<Verdict> {
    let pick = best::pick_by(run, wanted, Some(mode))?;
    let row = run.checkpoints.iter().find(|row| row.path == pick.path)?;
    let same = metric::canonical(wanted);
    let own = row.training.metrics.len().saturating_sub(row.training.metrics_from_name);
    let named = !row.training.metrics.iter().take(own).any(|(name, _)| metric::canonical(name) == same);
    let logged = row.training.logged.iter().any(|(name, _)| metric::canonical(name) == same);
    Some(Verdict {
        metric: pick.metric,
        mode,
        direction: Direction::Guessed,
        value: pick.value,
        epoch: pick.epoch,
        step: row.training.progress.step,
        source: if named && !logged { PER_NAME } else { PER_CHECKPOINT }.to_owned(),
        candidates: readable(run).filter(|row| has(row, wanted)).count(),
        path: Some(pick.path),
        on_disk: true,
        twins: Vec::new(),
        opinion: None,
        note: None,
    })
}

/// Twins, the framework's opinion, and the note.
fn complete(run: &Run, verdict: &mut Verdict) {
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

fn file_name(path: &Path, run: &Run) -> String {
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
        note.push_str(&format!(", the best of those left {}", here(left)));
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

#[cfg(test)]
mod tests;
