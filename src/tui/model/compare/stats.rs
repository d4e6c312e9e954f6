//! Statistics of both tensors of a pair, to be read side by side.

use std::sync::Arc;

use crate::stats::TensorStats;

/// Statistics of one side, or why there are none.
pub type SideStats = Result<Arc<TensorStats>, String>;

/// Statistics of a pair: asked for, and perhaps there.
#[derive(Debug, Clone)]
pub struct PairStats {
    /// The pair.
    pub pair: u32,
    /// Of the reference and of the candidate; `None` while they are worked out.
    pub sides: Option<Box<[SideStats; 2]>>,
}

/// Counts of two histograms on one axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// Where the axis begins and ends.
    pub range: (f64, f64),
    /// Of the reference and of the candidate: the part of its elements in each column.
    pub shares: [Vec<f64>; 2],
}

impl Bars {
    /// Both histograms in so many columns; `None` where there is nothing to draw.
    pub fn of(sides: [&TensorStats; 2], columns: usize) -> Option<Self> {
        const FINE: usize = 256;
        let bars = sides.map(|stats| stats.histogram.linear(FINE));
        let ends = bars.each_ref().map(|bars| bars.edges.first().copied().zip(bars.edges.last().copied()));
        let [Some(a), Some(b)] = ends else { return None };
        let (low, high) = (a.0.min(b.0), a.1.max(b.1));
        let width = high / 2.0 - low / 2.0;
        if columns == 0 || width.is_nan() || width <= 0.0 {
            return None;
        }
        let column = |x: f64| (((x / 2.0 - low / 2.0) / width * columns as f64) as usize).min(columns - 1);
        let shares = bars.map(|bars| {
            let total = bars.counts.iter().sum::<u64>().max(1) as f64;
            let mut shares = vec![0.0; columns];
            for (edges, count) in bars.edges.windows(2).zip(&bars.counts) {
                let &[from, to] = edges else { continue };
                // A bar wider than a column is spread over those it covers.
                let (first, last) = (column(from), column(to.next_down()));
                let part = *count as f64 / total / (last.saturating_sub(first) + 1) as f64;
                shares.iter_mut().take(last + 1).skip(first).for_each(|share| *share += part);
            }
            shares
        });
        Some(Self { range: (low, high), shares })
    }

    /// The largest share.
    pub fn most(&self) -> f64 {
        self.shares.iter().flatten().copied().fold(0.0, f64::max)
    }
}
