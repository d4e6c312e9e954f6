//! The checkpoint a value belongs to: the one saved at the best point of a curve, the nearest, or the best of the
//! files by their own values.

use super::note::file_name;
use super::{Direction, Verdict};
use crate::checkpoint::Kind;
use crate::runs::{CheckpointRow, Run};
use crate::training::best::{self, readable};
use crate::training::curve::{PER_CHECKPOINT, PER_NAME, steps_from_zero};
use crate::training::name::Part;
use crate::training::{Mode, Series, XAxis, metric};

/// The series called so, in any spelling, exact ones first.
pub(super) fn series_named<'a>(all: &'a [Series], wanted: &str) -> Option<&'a Series> {
    let same = metric::canonical(wanted);
    let exact = all.iter().find(|s| s.name == wanted);
    exact.or_else(|| all.iter().find(|s| metric::canonical(&s.name) == same))
}

pub(super) fn has(row: &CheckpointRow, wanted: &str) -> bool {
    let same = metric::canonical(wanted);
    row.training.values().any(|(name, value)| value.is_finite() && metric::canonical(name) == same)
}

/// The best point of a curve, and the checkpoint there. `None` when the curve has no finite point, or when
/// it holds one value per checkpoint, which the files themselves tell better.
pub(super) fn of_curve(run: &Run, series: &Series, mode: Mode) -> Option<Verdict> {
    if series.source == PER_CHECKPOINT || series.source == PER_NAME {
        return None;
    }
    let (x, value) = series.points.best(mode)?;
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
        candidates: series.points.shape().finite,
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
    let from_zero = steps_from_zero(run);
    match axis {
        XAxis::Epoch => by(&|row| row.training.progress.epoch.map(|e| exact((e - x).abs()))),
        // A log may count the step it is in, and a checkpoint the steps made.
        XAxis::Step => by(&|row| {
            let step = row.training.progress.step? as f64;
            let (index, count) = (exact((step - x - 1.0).abs()), exact((step - x).abs()));
            Some(if from_zero || index == 0.0 && count > 0.0 { index } else { count })
        })
        .or_else(|| {
            let epoch = epoch?;
            by(&|row| row.training.progress.epoch.map(|e| exact((e - epoch).abs())))
        }),
    }
}

pub(super) fn holds_weights(row: &CheckpointRow) -> bool {
    !matches!(row.kind, None | Some(Kind::Optimizer | Kind::Other))
}

/// The best of the files by their own values.
pub(super) fn of_files(run: &Run, wanted: &str, mode: Mode) -> Option<Verdict> {
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
