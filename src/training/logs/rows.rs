//! Rows of a log into series, whatever the format.
//!
//! Each value comes with the epoch and the step of its row, where the row has them. A metric with at most one
//! value per epoch is a curve over epochs, one with several over steps. Where x goes back, training was
//! resumed from there: what was logged beyond is replaced by what follows.

use rustc_hash::FxHashMap;

use super::{Log, SERIES, VALUES};
use crate::sorting::Sort as _;
use crate::training::metric;
use crate::training::{Series, XAxis};

/// What the epochs of a log count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Epochs {
    /// From 0: the format says so.
    FromZero,
    /// Completed epochs: the format says so.
    Completed,
    /// From 0 if one of them is 0.
    Unsaid,
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Place {
    pub(super) epoch: Option<f64>,
    pub(super) step: Option<f64>,
}

struct Column {
    name: String,
    cells: Vec<(Place, f64)>,
}

/// The values of a log by metric.
#[derive(Default)]
pub(super) struct Rows {
    columns: Vec<Column>,
    index: FxHashMap<String, usize>,
    values: usize,
    /// Curves over steps even where there is one value per epoch.
    by_step: bool,
}

impl Rows {
    /// Rows of a log whose own axis is the step.
    pub(super) fn by_step() -> Self {
        Self { by_step: true, ..Self::default() }
    }

    /// The slot of a metric; `None` when there are too many.
    pub(super) fn slot(&mut self, name: &str) -> Option<usize> {
        if let Some(slot) = self.index.get(name) {
            return Some(*slot);
        }
        if self.columns.len() >= SERIES {
            return None;
        }
        self.index.insert(name.to_owned(), self.columns.len());
        self.columns.push(Column { name: name.to_owned(), cells: Vec::new() });
        Some(self.columns.len() - 1)
    }

    /// Adds a value to a slot.
    pub(super) fn put(&mut self, slot: usize, place: Place, value: f64) {
        if self.values < VALUES
            && let Some(column) = self.columns.get_mut(slot)
        {
            self.values += 1;
            column.cells.push((place, value));
        }
    }

    /// Adds a value by name.
    pub(super) fn push(&mut self, name: &str, place: Place, value: f64) {
        if let Some(slot) = self.slot(name) {
            self.put(slot, place, value);
        }
    }

    /// True when nothing was added.
    pub(super) fn is_empty(&self) -> bool {
        self.values == 0
    }

    /// Makes the series; [`super::read`] names their source.
    pub(super) fn finish(self, epochs: Epochs, log: &mut Log) {
        let all = || self.columns.iter().flat_map(|c| c.cells.iter().map(|(place, _)| *place));
        let from_zero = match epochs {
            Epochs::FromZero => true,
            Epochs::Completed => false,
            Epochs::Unsaid => all().any(|p| p.epoch == Some(0.0)) && all().all(|p| whole(p.epoch)),
        };
        let any = all().any(|p| p.epoch.is_some());
        log.rule = any.then_some(match (epochs, from_zero) {
            (Epochs::FromZero, _) => "epoch index from 0: +1",
            (Epochs::Completed, _) => "completed epochs",
            (Epochs::Unsaid, true) => "epoch index (the first is 0): +1",
            (Epochs::Unsaid, false) => "epochs as logged",
        });
        let shift = f64::from(u8::from(from_zero));
        log.places = places(all(), shift);
        let by_step = self.by_step;
        for column in self.columns {
            let Some((x, points)) = axis(&column, shift, by_step) else { continue };
            let mode = metric::mode_of(&column.name);
            let points = points.into();
            log.series.push(Series { name: column.name, x, points, source: String::new(), mode });
        }
    }
}

fn whole(epoch: Option<f64>) -> bool {
    epoch.is_none_or(|e| e.fract() == 0.0)
}

/// Steps at which the epoch is known, one each.
fn places(all: impl Iterator<Item = Place>, shift: f64) -> Vec<(u64, f64)> {
    let known = all.filter_map(|p| Some((p.step.filter(|s| *s >= 0.0)? as u64, p.epoch? + shift)));
    let mut places: Vec<(u64, f64)> = Vec::new();
    for place in known {
        if places.last() != Some(&place) {
            places.push(place);
        }
    }
    places.in_order(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    places.dedup_by_key(|p| p.0);
    places
}

/// The points of a metric, and what their x counts.
fn axis(column: &Column, shift: f64, by_step: bool) -> Option<(XAxis, Vec<(f64, f64)>)> {
    let cells = &column.cells;
    let count = cells.len();
    let with_epoch = cells.iter().filter(|(p, _)| p.epoch.is_some()).count();
    let with_step = cells.iter().filter(|(p, _)| p.step.is_some()).count();
    let over_epochs = || points(cells.iter().filter_map(|(p, v)| Some((p.epoch? + shift, *v))));
    let over_steps = || points(cells.iter().filter_map(|(p, v)| Some((p.step?, *v))));
    if count == 0 || with_epoch + with_step == 0 {
        return None;
    }
    if with_step == 0 {
        return Some((XAxis::Epoch, over_epochs()));
    }
    let mut before = None;
    let mut changes = 0;
    for (place, _) in cells.iter().filter(|(p, _)| p.epoch.is_some()) {
        changes += usize::from(before != place.epoch);
        before = place.epoch;
    }
    let one_each = with_epoch == count && changes == count && cells.iter().all(|(p, _)| whole(p.epoch));
    let named = column.name.ends_with("_epoch") && with_epoch == count;
    if with_step < with_epoch || !by_step && (one_each || named) {
        return Some((XAxis::Epoch, over_epochs()));
    }
    if begins_anew(cells) {
        return Some((XAxis::Epoch, within_epochs(cells, shift)));
    }
    Some((XAxis::Step, over_steps()))
}

/// Steps that are counted from the beginning of each epoch (mmcv's `iter`).
fn begins_anew(cells: &[(Place, f64)]) -> bool {
    let pairs = || cells.windows(2).filter_map(|w| Some((w.first()?.0, w.get(1)?.0)));
    let next = |a: Place, b: Place| b.epoch > a.epoch && a.epoch.is_some();
    let (mut back, mut on) = (0_usize, 0_usize);
    for (a, b) in pairs().filter(|(a, b)| next(*a, *b)) {
        if b.step <= a.step {
            back += 1;
        } else {
            on += 1;
        }
    }
    back > on
}

/// Fractions of epochs from steps that begin anew in each.
fn within_epochs(cells: &[(Place, f64)], shift: f64) -> Vec<(f64, f64)> {
    let length = cells.iter().filter_map(|(p, _)| p.step).fold(1.0, f64::max);
    points(cells.iter().filter_map(|(p, v)| Some((p.epoch? + shift - 1.0 + p.step? / length, *v))))
}

/// Points by ascending x. Where x goes back, what lies at and beyond it is replaced.
pub(super) fn points(cells: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (x, y) in cells.filter(|(x, _)| x.is_finite()) {
        if points.last().is_some_and(|last| last.0 >= x) {
            let keep = points.partition_point(|p| p.0 < x);
            points.truncate(keep);
        }
        points.push((x, y));
    }
    points
}

/// The column `name` as an axis.
pub(super) fn axis_of(name: &str) -> Option<XAxis> {
    rank_of(name).map(|(axis, _)| axis)
}

/// The column `name` as an axis, and how well it tells the place within the whole training; less is better.
/// stable-baselines3 and `RLlib` write several counters side by side.
pub(super) fn rank_of(name: &str) -> Option<(XAxis, u8)> {
    let name = name.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    let last = name.rsplit('/').next().unwrap_or_default();
    match last {
        "epoch" | "epochs" | "ep" | "epoch_num" | "epoch_idx" | "current_epoch" | "curr_epoch" => {
            Some((XAxis::Epoch, 0))
        }
        "step" | "_step" | "global_step" | "global_steps" | "training_iteration" => Some((XAxis::Step, 0)),
        "total_timesteps" | "timesteps" | "num_timesteps" | "timesteps_total" | "num_env_steps"
        | "env_step" | "env_steps" | "total_env_steps" | "total_steps_done" => Some((XAxis::Step, 1)),
        "steps" | "num_updates" | "train_num_updates" | "valid_num_updates" | "current_steps"
        | "current_step" | "training_step" | "train_step" | "train_steps" | "optimizer_step"
        | "batch_idx_train" => Some((XAxis::Step, 2)),
        "iteration" | "iterations" | "iter" | "iters" | "iter_num" | "n_iter" | "num_iters" | "cur_iter"
        | "current_iter" | "global_iter" | "it" => Some((XAxis::Step, 3)),
        "update" | "updates" => Some((XAxis::Step, 4)),
        "batch" | "batches" | "batch_idx" | "round" | "rounds" | "episode" | "episodes" | "frames" => {
            Some((XAxis::Step, WEAK))
        }
        _ => None,
    }
}

/// The rank of words that count steps only beside a metric: tables of other things have them, too.
pub(super) const WEAK: u8 = 5;

/// Columns that hold values whose name stands elsewhere: in the name of the file, or of what is around.
pub(super) fn is_unnamed(column: &str) -> bool {
    matches!(column.trim().to_ascii_lowercase().as_str(), "value" | "values" | "val_value" | "y")
}

/// Numbers a log keeps for itself: times, sizes, speeds, counters.
pub(super) fn is_bookkeeping(name: &str) -> bool {
    const WORDS: [&str; 27] = [
        "num",
        "time",
        "runtime",
        "timestamp",
        "date",
        "duration",
        "dur",
        "elapsed",
        "eta",
        "memory",
        "mem",
        "fps",
        "flo",
        "second",
        "sec",
        "flop",
        "walltime",
        "wall",
        "percentage",
        "hash",
        "seed",
        "gpu",
        "remaining",
        "throughput",
        "parameter",
        "datetime",
        "throttle",
    ];
    let words = metric::words(name);
    let has = |word: &str| words.iter().any(|w| w == word);
    let size = has("batch") && (has("size") || has("count"))
        || has("total") && has("step")
        || has("n") && has("parameter");
    size || axis_of(name).is_some() || words.iter().any(|w| WORDS.contains(&w.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(epoch: Option<f64>, step: Option<f64>) -> Place {
        Place { epoch, step }
    }

    fn one(cells: &[(Option<f64>, Option<f64>, f64)], epochs: Epochs) -> Series {
        let mut rows = Rows::default();
        for (epoch, step, value) in cells {
            rows.push("loss", place(*epoch, *step), *value);
        }
        let mut log = Log::default();
        rows.finish(epochs, &mut log);
        log.series.remove(0)
    }

    #[test]
    fn one_value_per_epoch_is_a_curve_over_epochs() {
        let series = one(&[(Some(0.0), Some(3.0), 1.0), (Some(1.0), Some(7.0), 0.5)], Epochs::FromZero);
        assert_eq!((series.x, series.points.as_slice()), (XAxis::Epoch, &[(1.0, 1.0), (2.0, 0.5)][..]));
        let several = one(&[(Some(0.0), Some(3.0), 1.0), (Some(0.0), Some(7.0), 0.5)], Epochs::FromZero);
        assert_eq!((several.x, several.points.as_slice()), (XAxis::Step, &[(3.0, 1.0), (7.0, 0.5)][..]));
    }

    #[test]
    fn a_resumed_log_keeps_what_came_later() {
        let cells: Vec<_> = [(1.0, 1.0), (2.0, 0.9), (3.0, 0.8), (2.0, 0.5), (3.0, 0.4), (4.0, 0.3)]
            .map(|(e, v)| (Some(e), None, v))
            .into();
        let series = one(&cells, Epochs::Unsaid);
        assert_eq!(series.points, [(1.0, 1.0), (2.0, 0.5), (3.0, 0.4), (4.0, 0.3)]);
    }

    #[test]
    fn steps_that_begin_anew_are_parts_of_epochs() {
        let cells = [(1.0, 50.0), (1.0, 100.0), (2.0, 50.0), (2.0, 100.0), (3.0, 50.0)];
        let cells: Vec<_> = cells.map(|(e, s)| (Some(e), Some(s), 1.0)).into();
        let series = one(&cells, Epochs::Completed);
        let x: Vec<f64> = series.points.iter().map(|p| p.0).collect();
        assert_eq!((series.x, x), (XAxis::Epoch, vec![0.5, 1.0, 1.5, 2.0, 2.5]));
    }

    #[test]
    fn fractions_of_epochs_leave_the_axis_to_steps() {
        let series = one(&[(Some(0.5), Some(2.0), 1.0), (Some(1.0), Some(4.0), 0.5)], Epochs::Completed);
        assert_eq!(series.x, XAxis::Step);
    }

    #[test]
    fn counters_of_a_log_are_no_curves() {
        for name in
            ["time", "eval_runtime", "eval_samples_per_second", "total_flos", "epoch", "train_batch_size"]
        {
            assert!(is_bookkeeping(name), "{name}");
        }
        for name in ["val_loss", "metrics/mAP50(B)", "lr/pg0", "loss_cls", "my_number", "train/box_loss"] {
            assert!(!is_bookkeeping(name), "{name}");
        }
    }
}
