//! The curves on the plot: which runs and metrics, the part of x that is shown, and where the cursor is.
//!
//! [`lines`] decides what is drawn and keeps it ready; [`window`] zooms and pans.

pub mod lines;
pub mod window;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cursor::stepped;
use super::filter::Fuzzy;
use crate::plot::Scale;
use crate::runs::{CheckpointRow, Run};
use crate::sorting::Sort as _;
use crate::training::align::Places;
use crate::training::best;
use crate::training::curve::series_of_run;
use crate::training::metric::canonical;
use crate::training::overfit::{self, Turn};
use crate::training::prepared::Wanted;
use crate::training::{Mode, Series, XAxis};
pub use lines::Line;

/// Weights the smoothing goes through, as on TensorBoard's slider.
pub const WEIGHTS: [f64; 9] = [0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999];

/// The state of the plot.
#[derive(Debug, Default)]
pub struct Curve {
    /// The run the series are of.
    pub run: Option<PathBuf>,
    /// All series of the run.
    pub series: Arc<Vec<Series>>,
    /// The name of the series a person chose; stays from run to run where they have it.
    chosen: Option<(String, XAxis)>,
    /// Metrics a person set down to lead where they have chosen none: the first a run has.
    pub preferred: Vec<String>,
    /// The series that leads: its axis is that of the plot, and its best the run's.
    pub at: usize,
    /// The x value the cursor is on.
    pub x: Option<f64>,
    /// Further metrics on the plot, by their canonical names.
    pub added: Vec<String>,
    /// Runs whose curves stay on the plot, whatever run is selected.
    pub pinned: Vec<PathBuf>,
    /// All runs are on the plot.
    pub all_runs: bool,
    /// The part of x that is shown; `None` for all of it.
    pub window: Option<(f64, f64)>,
    /// The place along x the mouse took hold of.
    pub grabbed: Option<f64>,
    /// How values are spread over the height.
    pub scale: Scale,
    /// Which of [`WEIGHTS`] the curves are smoothed with.
    pub smoothing: usize,
    /// What is drawn, the leading series of the selected run first.
    pub lines: Vec<Line>,
    /// Lines that would be drawn if there were room for more.
    pub left_out: usize,
    /// Metrics that cannot be told along the axis shown.
    pub no_place: Vec<String>,
    /// Lines a worker is to make ready; they are drawn as they were, or not at all, until it has.
    pub wanted: Vec<(lines::Key, Wanted)>,
    /// The worker that makes lines ready.
    pub preparing: Option<u64>,
    /// Where the selected run began to overfit.
    pub turn: Option<Turn>,
    /// What was made of runs, to be made again when a scan or a log changes them.
    made: Made,
}

/// Series and turns of runs, and lines that are ready, for going from run to run and back.
#[derive(Debug, Default)]
struct Made {
    runs: HashMap<PathBuf, OfRun>,
    lines: HashMap<lines::Key, lines::Ready>,
}

#[derive(Debug, Clone)]
struct OfRun {
    series: Arc<Vec<Series>>,
    places: Arc<Places>,
    turn: Option<Turn>,
}

/// Runs and lines that are kept ready at most.
const KEPT: usize = 64;

impl Made {
    fn of(&mut self, run: &Run) -> OfRun {
        if let Some(made) = self.runs.get(&run.path) {
            return made.clone();
        }
        if self.runs.len() >= KEPT {
            self.runs.clear();
        }
        let series = Arc::new(series_of_run(run));
        let places = Arc::new(Places::of(run));
        let made = OfRun { turn: overfit::turn(&series, &places), series, places };
        self.runs.insert(run.path.clone(), made.clone());
        made
    }
}

impl Curve {
    /// Takes over the series of `run` and keeps to the chosen metric where the run has it, else to the one
    /// its best checkpoint was picked by.
    pub fn show(&mut self, run: &Run) {
        let made = self.made.of(run);
        (self.series, self.turn) = (made.series, made.turn);
        if self.run.as_deref() != Some(&run.path) {
            self.window = None;
        }
        self.run = Some(run.path.clone());
        let named = |name: &str| self.series.iter().position(|s| s.name == name);
        let chosen = self.chosen.as_ref().and_then(|(name, x)| {
            self.series.iter().position(|s| s.name == *name && s.x == *x).or_else(|| named(name))
        });
        let named_alike =
            |name: &String| self.series.iter().position(|s| canonical(&s.name) == canonical(name));
        let preferred = self.preferred.iter().find_map(named_alike);
        let leading = run.best.as_ref().and_then(|b| named(&b.metric));
        let leading = leading.or_else(|| best::leading(run).and_then(|(name, _)| named(&name)));
        let any = self.series.iter().position(|s| s.mode != Mode::None);
        self.at = chosen.or(preferred).or(leading).or(any).unwrap_or(0);
    }

    /// Runs changed: nothing made of them holds any more. Lines stay: whether they are of the same points is seen
    /// when they are drawn.
    pub fn forget(&mut self) {
        self.made.runs.clear();
        self.lines.clear();
    }

    /// There is no run to show curves of.
    pub fn show_nothing(&mut self) {
        self.series = Arc::default();
        self.run = None;
        self.lines.clear();
        self.turn = None;
    }

    /// The series that leads.
    pub fn shown(&self) -> Option<&Series> {
        self.series.get(self.at)
    }

    /// The name of the metric a person chose, if they did.
    pub fn chosen(&self) -> Option<&str> {
        self.chosen.as_ref().map(|(name, _)| name.as_str())
    }

    /// The metrics to lead with, as far as a run has them: the chosen one, then those set down.
    pub fn wished(&self) -> impl Iterator<Item = &str> {
        self.chosen().into_iter().chain(self.preferred.iter().map(String::as_str))
    }

    /// The axis of the metric a person chose.
    pub fn chosen_axis(&self) -> Option<XAxis> {
        self.chosen.as_ref().map(|(_, axis)| *axis)
    }

    /// Lets this metric lead wherever a run has it.
    pub fn choose(&mut self, metric: Option<(String, XAxis)>) {
        self.chosen = metric;
    }

    /// Lets another series lead, `by` further on.
    pub fn cycle(&mut self, by: isize) {
        let before = self.shown().map(|s| s.x);
        self.at = stepped(self.at, by, self.series.len());
        self.chosen = self.shown().map(|s| (s.name.clone(), s.x));
        if self.shown().map(|s| s.x) != before {
            self.window = None;
        }
    }

    /// The weight of the smoothing.
    pub fn weight(&self) -> f64 {
        WEIGHTS.get(self.smoothing).copied().unwrap_or(0.0)
    }

    /// Smooths more or less; true when that changed anything.
    pub fn smooth(&mut self, by: isize) -> bool {
        let before = self.smoothing;
        self.smoothing = before.saturating_add_signed(by).min(WEIGHTS.len() - 1);
        self.smoothing != before
    }

    /// Moves the cursor `by` points and says where it is now. Where points lie closer than `least` along x,
    /// it moves by that, so that it is seen to move.
    pub fn step(&mut self, by: isize, least: f64) -> Option<f64> {
        let points = &self.shown()?.points;
        let last = points.len().checked_sub(1)?;
        let Some(at) = self.point() else {
            // The first step goes to the end one comes from.
            self.x = points.get(if by < 0 { last } else { 0 }).map(|p| p.0);
            return self.x;
        };
        let next = at.saturating_add_signed(by).min(last);
        let here = points.get(at)?.0;
        let way = least * by as f64;
        let further = nearest(points, here + way).unwrap_or(next);
        let next = if by < 0 { next.min(further) } else { next.max(further) };
        self.x = points.get(next).map(|p| p.0);
        self.x
    }

    /// The point closest to the cursor.
    pub fn point(&self) -> Option<usize> {
        nearest(&self.shown()?.points, self.x?)
    }

    /// The series whose names match, best first; all of them without a query.
    pub fn search(&self, query: &str) -> Vec<usize> {
        let Some(mut fuzzy) = Fuzzy::new(query) else { return (0..self.series.len()).collect() };
        let named = self.series.iter().enumerate();
        let mut found: Vec<(u32, usize)> =
            named.filter_map(|(at, s)| Some((fuzzy.score(&s.name)?, at))).collect();
        found.in_order_of(|(score, at)| (std::cmp::Reverse(*score), *at));
        found.into_iter().map(|(_, at)| at).collect()
    }

    /// Puts the cursor where a checkpoint is.
    pub fn follow(&mut self, row: &CheckpointRow) {
        if let Some(x) = self.shown().and_then(|s| x_of(row, s.x)) {
            self.x = Some(x);
            self.reveal();
        }
    }
}

/// Where a checkpoint stands along an axis.
pub fn x_of(row: &CheckpointRow, axis: XAxis) -> Option<f64> {
    match axis {
        XAxis::Epoch => row.training.progress.epoch,
        XAxis::Step => row.training.progress.step.map(|s| s as f64),
    }
}

/// The point of ascending `points` closest to `x`.
pub fn nearest(points: &[(f64, f64)], x: f64) -> Option<usize> {
    let behind = points.partition_point(|p| p.0 < x);
    let distance = |at: usize| points.get(at).map_or(f64::INFINITY, |p| (p.0 - x).abs());
    let before = behind.checked_sub(1);
    match before {
        Some(before) if distance(before) <= distance(behind) => Some(before),
        _ => (behind < points.len()).then_some(behind).or(before),
    }
}

/// The checkpoint of a run closest to `x`, if one is within `room` of it; of several, the one with values of
/// its own rather than a copy of another.
pub fn checkpoint_at(run: &Run, axis: XAxis, x: f64, room: f64) -> Option<&CheckpointRow> {
    let mut found: Option<(f64, bool, &CheckpointRow)> = None;
    for row in &run.checkpoints {
        let Some(distance) = x_of(row, axis).map(|v| (v - x).abs()).filter(|d| *d <= room + 1e-6) else {
            continue;
        };
        let copy = row.is_copy_within(run);
        if found.is_none_or(|held| (distance, copy) < (held.0, held.1)) {
            found = Some((distance, copy, row));
        }
    }
    found.map(|(_, _, row)| row)
}

/// True when the curve is of the run in this folder.
pub fn is_of(curve: &Curve, run: &Path) -> bool {
    curve.run.as_deref() == Some(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_point() {
        let points = [(1.0, 0.0), (2.0, 0.0), (5.0, 0.0)];
        let found: Vec<_> = [0.0, 1.4, 1.5, 3.6, 9.0].iter().map(|x| nearest(&points, *x)).collect();
        assert_eq!(found, [Some(0), Some(0), Some(0), Some(2), Some(2)]);
        assert_eq!(nearest(&[], 1.0), None);
    }
}
