//! The best checkpoint of a run, and the metric it is judged by.

use super::curve::distinct;
use super::metric::{self, Split};
use super::{Mode, Series};
use crate::runs::{BestPick, CheckpointRow, Run, Status};

/// The best checkpoint by the run's leading metric.
///
/// Values that are not finite never win, and of copies the one with the more telling name is named.
pub fn pick(run: &Run) -> Option<BestPick> {
    let (metric, mode) = leading(run)?;
    pick_by(run, &metric, Some(mode))
}

/// The best checkpoint by `metric`, however the name is written; `mode` as its name says unless given.
pub fn pick_by(run: &Run, metric: &str, mode: Option<Mode>) -> Option<BestPick> {
    let wanted = metric::canonical(metric);
    let mut best: Option<(&CheckpointRow, &str, f64)> = None;
    let mode = mode.unwrap_or_else(|| metric::mode_of(metric));
    for row in readable(run) {
        let Some((name, value)) = value_of(row, &wanted) else { continue };
        let better = match (best, mode) {
            (_, Mode::None) => false,
            (None, _) => true,
            (Some((_, _, held)), Mode::Min) => value < held,
            (Some((_, _, held)), Mode::Max) => value > held,
        };
        if value.is_finite() && better {
            best = Some((row, name, value));
        }
    }
    let (row, name, value) = best?;
    let epoch = row.training.progress.epoch;
    Some(BestPick { path: row.path.clone(), metric: name.to_owned(), value, epoch, mode })
}

/// The best point of a curve.
pub fn of_series(series: &Series) -> Option<(f64, f64)> {
    series.points.best(series.mode)
}

/// The metric a run is judged by: what the training watched, else a validation loss, other validation
/// metrics, metrics of no named split, and losses at last. One most checkpoints lack does not lead.
pub fn leading(run: &Run) -> Option<(String, Mode)> {
    let mut found: Vec<Candidate> = Vec::new();
    let opinion = run.record.as_ref().and_then(|r| r.opinion.as_ref()?.metric.as_deref());
    for row in readable(run) {
        for (name, value) in row.training.values() {
            let watched = row.training.monitored.iter().find(|(n, _)| n == name).map(|(_, mode)| *mode);
            let mode = watched.unwrap_or_else(|| metric::mode_of(name));
            let watched = watched.or_else(|| opinion.filter(|m| *m == name).map(|_| mode));
            if mode == Mode::None || !f64::is_finite(value) {
                continue;
            }
            let same = metric::canonical(name);
            if let Some(candidate) = found.iter_mut().find(|c| c.same == same) {
                candidate.count += 1;
                continue;
            }
            let rank = if watched.is_some() { 0 } else { rank(name) };
            found.push(Candidate { name: name.to_owned(), same, mode, rank, count: 1 });
        }
    }
    if found.is_empty() {
        return leading_of_logs(run);
    }
    let most = found.iter().map(|c| c.count).max()?;
    let lead = found.into_iter().min_by_key(|c| (c.count * 2 < most, c.rank, most - c.count))?;
    Some((lead.name, lead.mode))
}

/// The metric of a run whose checkpoints have none, or that has no checkpoints.
fn leading_of_logs(run: &Run) -> Option<(String, Mode)> {
    let series = run.record.iter().flat_map(|record| &record.series);
    let judged = series.filter(|s| s.mode != Mode::None && s.points.iter().any(|p| p.1.is_finite()));
    judged.min_by_key(|s| rank(&s.name)).map(|s| (s.name.clone(), s.mode))
}

struct Candidate {
    name: String,
    same: String,
    mode: Mode,
    rank: u8,
    count: usize,
}

/// How well a metric judges a checkpoint; less is better.
fn rank(name: &str) -> u8 {
    let loss = metric::is_loss(name);
    match (metric::split_of(name), metric::is_running_best(name)) {
        (Split::Validation, false) if loss => 1,
        (Split::Validation, false) => 2,
        (Split::Unsaid, false) if !loss => 3,
        (Split::Validation, true) => 4,
        (Split::Unsaid, true) => 5,
        (Split::Test, _) => 6,
        (Split::Unsaid, false) => 7,
        (Split::Train, _) => 8,
    }
}

pub(super) fn readable(run: &Run) -> impl Iterator<Item = &CheckpointRow> {
    distinct(run).filter(|row| matches!(row.status, Status::Ok | Status::RunsCode))
}

fn value_of<'a>(row: &'a CheckpointRow, wanted: &str) -> Option<(&'a str, f64)> {
    row.training.values().find(|(name, _)| metric::canonical(name) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::testing::{row, run};

    #[test]
    fn the_leading_metric() {
        for (metrics, want) in [
            (&["loss", "val_loss", "val_acc"][..], Some("val_loss")),
            (&["train_loss", "loss", "val_acc"], Some("val_acc")),
            (&["train_loss", "loss"], Some("loss")),
            (&["train_loss", "acc"], Some("acc")),
            (&["best_acc1"], Some("best_acc1")),
            (&["loss", "best_val_loss"], Some("best_val_loss")),
            (&["lr"], None),
            (&[], None),
        ] {
            let metrics: Vec<_> = metrics.iter().map(|m| (*m, 0.5)).collect();
            let got = leading(&run(vec![row("a.pt", Some(1.0), &metrics)]));
            assert_eq!(got.as_ref().map(|(name, _)| name.as_str()), want, "{metrics:?}");
        }
    }

    #[test]
    fn what_the_training_watched_leads() {
        let mut watched = row("a.pt", Some(1.0), &[("val_loss", 0.1), ("score_x", 3.0)]);
        watched.training.monitored = vec![("score_x".to_owned(), Mode::Min)];
        assert_eq!(leading(&run(vec![watched])), Some(("score_x".to_owned(), Mode::Min)));
    }

    #[test]
    fn a_metric_few_checkpoints_have_does_not_lead() {
        let mut rows: Vec<_> = (1..8).map(|e| row("a.pt", Some(f64::from(e)), &[("loss", 0.5)])).collect();
        rows.push(row("b.pt", Some(9.0), &[("val_loss", 0.5)]));
        assert_eq!(leading(&run(rows)).unwrap().0, "loss");
    }

    #[test]
    fn values_that_are_not_finite_never_win() {
        let rows = vec![
            row("e1.pt", Some(1.0), &[("loss", f64::NAN)]),
            row("e2.pt", Some(2.0), &[("loss", 0.4)]),
            row("e3.pt", Some(3.0), &[("loss", f64::NEG_INFINITY)]),
        ];
        let best = pick(&run(rows)).unwrap();
        assert_eq!((best.path.to_str(), best.value, best.epoch), (Some("run/e2.pt"), 0.4, Some(2.0)));
        assert!(pick(&run(vec![row("e1.pt", None, &[("loss", f64::NAN)])])).is_none());
    }

    #[test]
    fn the_epoch_file_is_named_and_the_first_of_equals_wins() {
        let mut copy = row("best.pt", Some(1.0), &[("acc", 0.9)]);
        copy.same_as = Some("run/e1.pt".into());
        let later = row("e2.pt", Some(2.0), &[("acc", 0.9)]);
        let rows = vec![copy, row("e1.pt", Some(1.0), &[("acc", 0.9)]), later];
        assert_eq!(pick(&run(rows)).unwrap().path.to_str(), Some("run/e1.pt"));
    }

    #[test]
    fn broken_files_are_not_picked() {
        let mut broken = row("e1.pt", Some(1.0), &[("acc", 0.9)]);
        broken.status = Status::Truncated;
        let rows = vec![broken, row("e2.pt", Some(2.0), &[("acc", 0.5)])];
        assert_eq!(pick(&run(rows)).unwrap().path.to_str(), Some("run/e2.pt"));
    }

    #[test]
    fn any_spelling_of_a_metric_will_do() {
        let rows = vec![row("e1.pt", Some(1.0), &[("valid/accuracy", 0.9)])];
        let best = pick_by(&run(rows), "val_acc", None).unwrap();
        assert_eq!((best.metric.as_str(), best.mode), ("valid/accuracy", Mode::Max));
    }
}
