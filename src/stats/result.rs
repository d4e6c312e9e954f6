//! The statistics of one tensor.

use serde::{Deserialize, Serialize};

use super::counts::Cell;
use super::histogram::{Histogram, LEVELS, quantiles};
use super::kernel::Tally;
use super::moments::Moments;

/// Statistics of a tensor, or of all tensors of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TensorStats {
    /// Elements.
    pub count: u64,
    /// Those that are not a number.
    pub nan: u64,
    /// Those that are infinite.
    pub inf: u64,
    /// Those that are 0.
    pub zeros: u64,
    /// Of the finite elements.
    pub moments: Moments,
    /// Quantiles of the finite elements, for [`LEVELS`]; NaN where there are none.
    pub quantiles: [f64; LEVELS.len()],
    /// The quantiles are exact; else each is off by at most [`super::SKETCH_ERROR`] of its size.
    pub exact_quantiles: bool,
    /// Of the finite elements.
    pub histogram: Histogram,
    /// Rows (indices of the first dimension) of nothing but zeros, and rows in all; of weights only.
    pub dead_rows: Option<(u64, u64)>,
}

impl TensorStats {
    pub(super) fn of(tally: &Tally, cells: &[Cell], exact: bool) -> Self {
        let Tally { moments, zeros, nan, inf } = *tally;
        Self {
            count: moments.count.saturating_add(nan).saturating_add(inf),
            nan,
            inf,
            zeros,
            moments,
            quantiles: quantiles(cells),
            exact_quantiles: exact,
            histogram: Histogram::of(cells),
            dead_rows: None,
        }
    }

    /// Mean of the finite elements; `None` where there are none.
    pub fn mean(&self) -> Option<f64> {
        (self.moments.count > 0).then_some(self.moments.mean)
    }

    /// Unbiased standard deviation of the finite elements.
    pub fn std(&self) -> Option<f64> {
        self.moments.std()
    }

    /// Smallest finite element.
    pub fn min(&self) -> Option<f64> {
        (self.moments.count > 0).then_some(self.moments.min)
    }

    /// Largest finite element.
    pub fn max(&self) -> Option<f64> {
        (self.moments.count > 0).then_some(self.moments.max)
    }

    /// The part of the elements that is 0, from 0 to 1; `None` of no elements.
    pub fn zero_share(&self) -> Option<f64> {
        (self.count > 0).then(|| self.zeros as f64 / self.count as f64)
    }
}
