//! The curves of the selected run, and the point the cursor is on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cursor::stepped;
use crate::runs::{CheckpointRow, Run};
use crate::training::curve::series_of_run;
use crate::training::{Mode, Series, XAxis};

/// The state of the curve pane.
#[derive(Debug, Default)]
pub struct Curve {
    /// The run the series are of.
    pub run: Option<PathBuf>,
    /// All series of the run.
    pub series: Arc<Vec<Series>>,
    /// The name of the series a person chose; stays from run to run where they have it.
    chosen: Option<(String, XAxis)>,
    /// The series shown.
    pub at: usize,
    /// The x value the cursor is on.
    pub x: Option<f64>,
}

impl Curve {
    /// Computes the series of `run` and keeps to the chosen metric where the run has it, else to the one
    /// its best checkpoint was picked by.
    pub fn show(&mut self, run: &Run) {
        self.series = Arc::new(series_of_run(run));
        self.run = Some(run.path.clone());
        let named = |name: &str| self.series.iter().position(|s| s.name == name);
        let chosen = self.chosen.as_ref().and_then(|(name, x)| {
            self.series.iter().position(|s| s.name == *name && s.x == *x).or_else(|| named(name))
        });
        let leading = run.best.as_ref().and_then(|b| named(&b.metric));
        let any = self.series.iter().position(|s| s.mode != Mode::None);
        self.at = chosen.or(leading).or(any).unwrap_or(0);
    }

    /// The series shown.
    pub fn shown(&self) -> Option<&Series> {
        self.series.get(self.at)
    }

    /// The name of the metric a person chose, if they did.
    pub fn chosen(&self) -> Option<&str> {
        self.chosen.as_ref().map(|(name, _)| name.as_str())
    }

    /// Shows another series, `by` further on.
    pub fn cycle(&mut self, by: isize) {
        self.at = stepped(self.at, by, self.series.len());
        self.chosen = self.shown().map(|s| (s.name.clone(), s.x));
    }

    /// Moves the cursor `by` points and says where it is now.
    pub fn step(&mut self, by: isize) -> Option<f64> {
        let points = &self.shown()?.points;
        let last = points.len().checked_sub(1)?;
        let at = match self.point() {
            Some(at) => at.saturating_add_signed(by).min(last),
            // The first step goes to the end one comes from.
            None if by < 0 => last,
            None => 0,
        };
        self.x = points.get(at).map(|p| p.0);
        self.x
    }

    /// The point closest to the cursor.
    pub fn point(&self) -> Option<usize> {
        nearest(&self.shown()?.points, self.x?)
    }

    /// Puts the cursor where a checkpoint is.
    pub fn follow(&mut self, row: &CheckpointRow) {
        if let Some(x) = self.shown().and_then(|s| x_of(row, s.x)) {
            self.x = Some(x);
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

/// The checkpoint of a run that stands at `x`, if one does; of several, the one with values of its own
/// rather than a copy of another.
pub fn checkpoint_at(run: &Run, axis: XAxis, x: f64) -> Option<&CheckpointRow> {
    let at = |row: &&CheckpointRow| x_of(row, axis).is_some_and(|v| (v - x).abs() < 1e-6);
    let original = run.checkpoints.iter().filter(at).find(|row| !row.is_copy_within(run));
    original.or_else(|| run.checkpoints.iter().find(at))
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
