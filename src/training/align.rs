//! Epochs and steps of one run on one axis.
//!
//! A validation loss per epoch and a training loss per step belong on one plot. What tells which step an
//! epoch is are the places where a run says both: its checkpoints and its logs. Between two of them training
//! goes on evenly, before the first it began at 0, and behind the last it goes on as before.

use super::{Points, Series, XAxis};
use crate::runs::Run;
use crate::sorting::Sort as _;

/// Steps and the completed epochs there, both ascending.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Places {
    pairs: Vec<(f64, f64)>,
}

impl Places {
    /// The places a run tells.
    pub fn of(run: &Run) -> Self {
        let told = run.checkpoints.iter().filter_map(|row| {
            let progress = &row.training.progress;
            Some((progress.step? as f64, progress.epoch?))
        });
        let logged = run.record.iter().flat_map(|record| &record.places);
        Self::from_pairs(told.chain(logged.map(|(step, epoch)| (*step as f64, *epoch))).collect())
    }

    /// From steps and epochs in any order. Pairs that go back are left out.
    pub fn from_pairs(mut pairs: Vec<(f64, f64)>) -> Self {
        pairs.retain(|(step, epoch)| *step > 0.0 && *epoch > 0.0 && step.is_finite() && epoch.is_finite());
        pairs.in_order(|a, b| a.0.total_cmp(&b.0));
        let mut kept = vec![(0.0, 0.0)];
        for pair in pairs {
            if kept.last().is_some_and(|last| pair.0 > last.0 && pair.1 > last.1) {
                kept.push(pair);
            }
        }
        Self { pairs: kept }
    }

    /// True when nothing is known.
    pub fn is_empty(&self) -> bool {
        self.pairs.len() < 2
    }

    /// A place along one axis on the other; `None` when nothing is known.
    pub fn convert(&self, x: f64, to: XAxis) -> Option<f64> {
        let key = |pair: &(f64, f64)| match to {
            XAxis::Epoch => *pair,
            XAxis::Step => (pair.1, pair.0),
        };
        let behind = self.pairs.partition_point(|pair| key(pair).0 < x);
        let last = behind.clamp(1, self.pairs.len().checked_sub(1).filter(|last| *last > 0)?);
        let (from, until) = (key(self.pairs.get(last - 1)?), key(self.pairs.get(last)?));
        Some(from.1 + (x - from.0) / (until.0 - from.0) * (until.1 - from.1))
    }

    /// The points of a series along another axis; `None` when its own cannot be told in the other.
    pub fn points(&self, series: &Series, to: XAxis) -> Option<Points> {
        series.points.iter().map(|(x, y)| Some((self.convert(*x, to)?, *y))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_epochs_go_both_ways() {
        let places = Places::from_pairs(vec![(300.0, 2.0), (100.0, 1.0), (200.0, 0.5)]);
        for (step, epoch) in [(0.0, 0.0), (50.0, 0.5), (100.0, 1.0), (200.0, 1.5), (300.0, 2.0), (500.0, 3.0)]
        {
            assert_eq!(places.convert(step, XAxis::Epoch), Some(epoch), "step {step}");
            assert_eq!(places.convert(epoch, XAxis::Step), Some(step), "epoch {epoch}");
        }
    }

    #[test]
    fn where_nothing_is_known_nothing_is_said() {
        for places in [Places::default(), Places::from_pairs(vec![(0.0, 0.0), (f64::NAN, 1.0)])] {
            assert!(places.is_empty());
            assert_eq!(places.convert(3.0, XAxis::Step), None);
        }
    }
}
