//! The curves of a run: what its checkpoints, taken together, tell about how training went.
//!
//! A history kept inside the newest checkpoint goes before the run's log, and this before values collected from
//! checkpoint to checkpoint (formats.md §11.1); the three are never mixed within one series. A history gives way
//! where another source of the same metric knows more: a log that goes on after the checkpoint was saved, or
//! more checkpoints than a list that was begun anew has entries.

use std::collections::{BTreeMap, BTreeSet};

use super::{Series, XAxis, metric};
use crate::runs::{CheckpointRow, Run};
use crate::sorting::Sort as _;

/// Source of a series put together from single values.
pub const PER_CHECKPOINT: &str = "one value per checkpoint";
/// Source of a series put together from file names.
pub const PER_NAME: &str = "one value per checkpoint, from the files' names";

/// The series of a run in the order of their sources, each metric of one source only.
pub fn series_of_run(run: &Run) -> Vec<Series> {
    let collected = collected(run);
    let logged = logged_series(run);
    let newest = run.checkpoints.iter().filter(|row| !row.training.histories.is_empty());
    let newest = newest.max_by(|a, b| newer(a).total_cmp(&newer(b)));
    let histories = newest.map(|row| row.training.histories.as_slice()).unwrap_or_default();
    let mut kept = Vec::new();
    for history in histories {
        let same = metric::canonical(&history.name);
        let of_same = |series: &&Series| metric::canonical(&series.name) == same;
        let outdone = collected.iter().any(|s| of_same(&s) && s.points.len() > history.points.len())
            || logged.iter().any(|s| of_same(&s) && goes_on_after(s, history));
        if !outdone {
            kept.push(history.clone());
        }
    }
    for source in [logged, collected] {
        let known: BTreeSet<String> = kept.iter().map(|s: &Series| metric::canonical(&s.name)).collect();
        kept.extend(source.into_iter().filter(|s| !known.contains(&metric::canonical(&s.name))));
    }
    kept
}

/// The log begins no later than the history, and ends after it.
fn goes_on_after(log: &Series, history: &Series) -> bool {
    match (log.points.first(), log.points.last(), history.points.first(), history.points.last()) {
        (Some(a), Some(b), Some(x), Some(y)) => log.x == history.x && a.0 <= x.0 && b.0 > y.0,
        _ => false,
    }
}

/// Whether the steps of a run's logs are indices: the row of the first step carries 0, and a checkpoint of 500 steps
/// belongs to row 499.
pub fn steps_from_zero(run: &Run) -> bool {
    let begins_at_zero = || {
        let steps = run.record.iter().flat_map(|r| &r.series).filter(|s| s.x == XAxis::Step);
        steps.filter_map(|s| s.points.first()).any(|p| p.0 == 0.0)
    };
    matches!(run.framework, Some("lightning" | "detectron2")) || begins_at_zero()
}

/// What the logs of a run have, once they are read.
pub fn logged_series(run: &Run) -> Vec<Series> {
    let Some(record) = &run.record else { return Vec::new() };
    let mut series = record.series.clone();
    let most = epochs_without_steps(run);
    for series in &mut series {
        if let Some(shift) = most.and_then(|most| counts_epochs(series, most)) {
            series.x = XAxis::Epoch;
            series.points = series.points.iter().map(|(x, value)| (x + shift, *value)).collect();
        }
    }
    series
}

/// The most epochs a checkpoint of the run tells, where none of them tells steps.
pub(crate) fn epochs_without_steps(run: &Run) -> Option<f64> {
    let most = run.checkpoints.iter().filter_map(|row| row.training.progress.epoch).fold(0.0, f64::max);
    let stepless = run.checkpoints.iter().all(|row| row.training.progress.step.is_none());
    (stepless && most >= 1.0).then_some(most)
}

/// True for a log that cannot tell epochs.
fn has_only_steps(source: &str) -> bool {
    let path = std::path::Path::new(source);
    path.file_name().is_some_and(|name| name.to_string_lossy().contains("tfevents"))
        || path.extension().is_some_and(|e| e == "wandb")
        || path.components().any(|part| part.as_os_str() == "mlruns")
}

/// TensorBoard has only steps, and scripts of one's own often give it the epoch as one: steps that run 0, 1, 2 … as far
/// as the `most` epochs of checkpoints that know no steps are epochs. Returns what makes them completed ones.
pub(crate) fn counts_epochs(series: &Series, most: f64) -> Option<f64> {
    let from = |first: f64| {
        series.points.iter().enumerate().all(|(at, p)| p.0.total_cmp(&(at as f64 + first)).is_eq())
    };
    let count = series.points.len();
    if series.x != XAxis::Step || (count as f64) < most || count >= 10_000 || !has_only_steps(&series.source)
    {
        return None;
    }
    match () {
        () if from(0.0) => Some(1.0),
        () if from(1.0) => Some(0.0),
        () => None,
    }
}

fn newer(row: &CheckpointRow) -> f64 {
    let progress = &row.training.progress;
    progress.epoch.or(progress.step.map(|s| s as f64)).unwrap_or(-1.0)
}

/// The rows whose values count once: readable, and no copies of others of the run.
pub(super) fn distinct(run: &Run) -> impl Iterator<Item = &CheckpointRow> {
    run.checkpoints.iter().filter(|row| !row.is_copy_within(run))
}

/// A value of one checkpoint.
struct Sample {
    epoch: Option<f64>,
    step: Option<f64>,
    value: f64,
    named: bool,
}

fn collected(run: &Run) -> Vec<Series> {
    let mut order: Vec<(&str, Vec<Sample>)> = Vec::new();
    let mut index: BTreeMap<String, usize> = BTreeMap::new();
    for row in distinct(run) {
        let info = &row.training;
        let from_content = info.metrics.len().saturating_sub(info.metrics_from_name);
        for (at, (name, value)) in info.metrics.iter().enumerate() {
            let slot = *index.entry(metric::canonical(name)).or_insert_with(|| {
                order.push((name, Vec::new()));
                order.len() - 1
            });
            if let Some((_, samples)) = order.get_mut(slot) {
                let (epoch, step) = (info.progress.epoch, info.progress.step.map(|s| s as f64));
                samples.push(Sample { epoch, step, value: *value, named: at >= from_content });
            }
        }
    }
    order.into_iter().filter_map(|(name, samples)| one(name, samples)).collect()
}

fn one(name: &str, mut samples: Vec<Sample>) -> Option<Series> {
    let named = samples.iter().all(|s| s.named);
    if !named {
        samples.retain(|s| !s.named);
    }
    let by_epoch = points(&samples, |s| s.epoch);
    let by_step = points(&samples, |s| s.step);
    // Several checkpoints within one epoch are told apart by their steps only.
    let (x, points) =
        if by_step.len() > by_epoch.len() { (XAxis::Step, by_step) } else { (XAxis::Epoch, by_epoch) };
    let source = if named { PER_NAME } else { PER_CHECKPOINT }.to_owned();
    (!points.is_empty()).then(|| Series {
        name: name.to_owned(),
        x,
        points: points.into(),
        source,
        mode: metric::mode_of(name),
    })
}

/// Points by ascending x; of several at one x the first stays, which is the one in the run's own order.
fn points(samples: &[Sample], x: impl Fn(&Sample) -> Option<f64>) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = samples.iter().filter_map(|s| Some((x(s)?, s.value))).collect();
    points.in_order(|a, b| a.0.total_cmp(&b.0));
    points.dedup_by(|later, first| later.0.total_cmp(&first.0).is_eq());
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::testing::{row, run};
    use crate::training::Points;

    #[test]
    fn single_values_make_a_curve_by_epoch() {
        let rows =
            vec![row("e3.pt", Some(3.0), &[("loss", 0.2)]), row("e1.pt", Some(1.0), &[("loss", f64::NAN)])];
        let series = series_of_run(&run(rows));
        assert_eq!(series.len(), 1);
        assert_eq!((series[0].x, series[0].source.as_str()), (XAxis::Epoch, PER_CHECKPOINT));
        assert_eq!(series[0].points[1], (3.0, 0.2));
        assert!(series[0].points[0].1.is_nan(), "a value that is no number is kept");
    }

    #[test]
    fn a_history_goes_before_single_values_and_is_never_mixed_with_them() {
        let mut newest = row("e3.pt", Some(3.0), &[("val_loss", 0.3), ("acc", 0.9)]);
        let points = vec![(1.0, 0.5), (2.0, 0.4), (3.0, 0.3)];
        let history = |points| Series {
            name: "val_losses".to_owned(),
            x: XAxis::Epoch,
            points: Points::from(points),
            source: "e3.pt".to_owned(),
            mode: super::super::Mode::Min,
        };
        newest.training.histories = vec![history(points.clone())];
        let mut older = row("e2.pt", Some(2.0), &[("val_loss", 9.0), ("acc", 0.8)]);
        older.training.histories = vec![history(vec![(1.0, 7.0)])];
        let series = series_of_run(&run(vec![older, newest]));
        let names: Vec<_> = series.iter().map(|s| (s.name.as_str(), s.points.len())).collect();
        assert_eq!(names, [("val_losses", 3), ("acc", 2)]);
        assert_eq!(series[0].points, points);
    }

    #[test]
    fn copies_count_once_and_steps_tell_checkpoints_of_one_epoch_apart() {
        let mut copy = row("best.pt", Some(1.0), &[("loss", 0.2)]);
        copy.same_as = Some("run/e1.pt".into());
        let mut rows = vec![row("e1.pt", Some(1.0), &[("loss", 0.2)]), copy];
        assert_eq!(series_of_run(&run(rows.clone()))[0].points.len(), 1);
        rows[0].training.progress.step = Some(10);
        let mut later = row("e1b.pt", Some(1.0), &[("loss", 0.1)]);
        later.training.progress.step = Some(20);
        rows.push(later);
        let series = series_of_run(&run(rows));
        assert_eq!((series[0].x, series[0].points.len()), (XAxis::Step, 2));
    }
}
