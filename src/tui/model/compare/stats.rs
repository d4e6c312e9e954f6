//! What is read of both tensors of a pair to be looked at side by side: statistics, and a picture of the difference.

use std::sync::Arc;

use super::Ids;
use crate::stats::TensorStats;
use crate::stats::preview::HeatMap;

/// Statistics of one side, or why there are none.
pub type SideStats = Result<Arc<TensorStats>, String>;

/// What is shown of the selected name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Panel {
    /// What is the matter with it, how far its values are apart, what repairs it.
    #[default]
    Facts,
    /// Statistics of both sides, and their histograms.
    Numbers,
    /// A picture of where a matrix differs.
    HeatMap,
}

impl Panel {
    /// The title of the pane.
    pub fn title(self) -> &'static str {
        match self {
            Self::Facts => "Difference",
            Self::Numbers => "Statistics",
            Self::HeatMap => "Heat map of the difference",
        }
    }

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Facts => Self::Numbers,
            Self::Numbers => Self::HeatMap,
            Self::HeatMap => Self::Facts,
        }
    }
}

/// A picture, or why there is none.
pub type Picture = Result<Option<HeatMap>, String>;

/// Statistics of both sides; none of a side that is not there.
pub type BothStats = Box<[Option<SideStats>; 2]>;

/// What was read of the pair that is looked at.
#[derive(Debug, Default)]
pub struct Looked {
    /// What was asked for last.
    pub asked: Option<(Ids, Panel)>,
    stats: Option<(Ids, BothStats)>,
    picture: Option<(Ids, Picture)>,
}

impl Looked {
    /// Takes statistics.
    pub fn set_stats(&mut self, ids: Ids, stats: BothStats) {
        self.stats = Some((ids, stats));
    }

    /// Takes a picture.
    pub fn set_picture(&mut self, ids: Ids, picture: Picture) {
        self.picture = Some((ids, picture));
    }

    /// Statistics of the two, once they are there.
    pub fn stats(&self, ids: Ids) -> Option<&[Option<SideStats>; 2]> {
        self.stats.as_ref().filter(|(of, _)| *of == ids).map(|(_, stats)| &**stats)
    }

    /// The picture of the two, once it is there.
    pub fn picture(&self, ids: Ids) -> Option<&Picture> {
        self.picture.as_ref().filter(|(of, _)| *of == ids).map(|(_, picture)| picture)
    }
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
    /// Both histograms in so many columns; `None` where there is nothing to draw. Nothing of a side without statistics.
    pub fn of(sides: [Option<&TensorStats>; 2], columns: usize) -> Option<Self> {
        const FINE: usize = 256;
        let bars = sides.map(|stats| stats.map(|stats| stats.histogram.linear(FINE)));
        let ends = bars.iter().flatten().filter_map(|bars| Some((*bars.edges.first()?, *bars.edges.last()?)));
        let (low, high) = ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
        let width = high / 2.0 - low / 2.0;
        if columns == 0 || width.is_nan() || width <= 0.0 {
            return None;
        }
        let place = |x: f64| ((x / 2.0 - low / 2.0) / width * columns as f64).clamp(0.0, columns as f64);
        let shares = bars.map(|bars| {
            let mut shares = vec![0.0; columns];
            let Some(bars) = bars else { return shares };
            let total = bars.counts.iter().sum::<u64>().max(1) as f64;
            for (edges, count) in bars.edges.windows(2).zip(&bars.counts) {
                let &[from, to] = edges else { continue };
                let (from, to) = (place(from), place(to));
                let first = (from as usize).min(columns - 1);
                // A bar is spread over the columns it covers, as far as it covers each.
                for (at, share) in
                    shares.iter_mut().enumerate().skip(first).take((to.ceil() as usize - first).max(1))
                {
                    let covered = to.min(at as f64 + 1.0) - from.max(at as f64);
                    let part = if to > from { covered.max(0.0) / (to - from) } else { 1.0 };
                    *share += *count as f64 / total * part;
                }
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
