//! A series made ready to be drawn: its extremes at every scale, its best point, and its smoothed form.
//!
//! Made once when a series is first shown and shared from then on; drawing asks only for what it draws.

use std::sync::Arc;

use super::{Series, XAxis, best};
use crate::plot::trace::Points;
use crate::plot::{Extent, Pyramid, smooth};

/// A series with everything a plot asks of it.
#[derive(Debug, Clone)]
pub struct Prepared {
    series: Arc<Vec<Series>>,
    at: usize,
    x: XAxis,
    /// Points of its own, where the series' cannot be drawn as they are.
    own: Option<Arc<Vec<(f64, f64)>>>,
    pyramid: Arc<Pyramid>,
    best: Option<(f64, f64)>,
    whole: bool,
    broken: Option<Broken>,
    smoothed: Option<Smoothed>,
}

/// Values of a series that are no numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Broken {
    /// How many.
    pub count: usize,
    /// Where the first is.
    pub first: f64,
    /// The first of them.
    pub value: f64,
}

#[derive(Debug, Clone)]
struct Smoothed {
    weight: f64,
    points: Vec<(f64, f64)>,
    pyramid: Pyramid,
}

impl Prepared {
    /// Prepares the series at `at`; `None` when there is none. `points` stand in for its own, along `x`.
    pub fn new(
        series: Arc<Vec<Series>>,
        at: usize,
        converted: Option<(XAxis, Vec<(f64, f64)>)>,
    ) -> Option<Self> {
        let one = series.get(at)?;
        let (x, own) = converted.map_or((one.x, None), |(x, points)| (x, Some(points)));
        let own = cleaned(own.as_deref().unwrap_or(&one.points)).or(own).map(Arc::new);
        let best = best::of_series(one);
        // A best point is the same point along another axis.
        let best = best.and_then(|b| match &own {
            None => Some(b),
            Some(points) => points.iter().copied().find(|p| p.1.total_cmp(&b.1).is_eq()),
        });
        let points = own.as_deref().unwrap_or(&one.points).as_slice();
        let whole = points.iter().all(|p| p.0.fract() == 0.0);
        let pyramid = Arc::new(Pyramid::of(points));
        let broken = points.iter().find(|p| !p.1.is_finite()).map(|(first, value)| {
            let count = pyramid.extent(points, 0..points.len()).broken;
            Broken { count, first: *first, value: *value }
        });
        Some(Self { at, x, pyramid, best, whole, broken, smoothed: None, own, series })
    }

    /// The series it was made of.
    pub fn series(&self) -> Option<&Series> {
        self.series.get(self.at)
    }

    /// What its points count along x.
    pub fn x(&self) -> XAxis {
        self.x
    }

    /// Its points, by ascending and finite x.
    pub fn raw(&self) -> Points<'_> {
        let of_series = || self.series().map(|s| s.points.as_slice()).unwrap_or_default();
        let points = self.own.as_ref().map_or_else(of_series, |own| own.as_slice());
        Points { points, pyramid: &self.pyramid }
    }

    /// Its smoothed points, once it has any.
    pub fn smoothed(&self) -> Option<Points<'_>> {
        self.smoothed.as_ref().map(|s| Points { points: &s.points, pyramid: &s.pyramid })
    }

    /// The weight it is smoothed with; 0 when it is not.
    pub fn weight(&self) -> f64 {
        self.smoothed.as_ref().map_or(0.0, |s| s.weight)
    }

    /// The same, smoothed with `weight`; 0 takes the smoothing away. Costs a pass over its points.
    #[must_use]
    pub fn with_weight(&self, weight: f64) -> Self {
        let smoothed = (weight > 0.0).then(|| {
            let points = smooth::ema(self.raw().points, weight);
            Smoothed { weight, pyramid: Pyramid::of(&points), points }
        });
        Self {
            series: Arc::clone(&self.series),
            own: self.own.clone(),
            pyramid: Arc::clone(&self.pyramid),
            smoothed,
            ..*self
        }
    }

    /// Its best point; `None` when its metric has no better.
    pub fn best(&self) -> Option<(f64, f64)> {
        self.best
    }

    /// Its values that are no numbers, if there are any.
    pub fn broken(&self) -> Option<Broken> {
        self.broken
    }

    /// Every x is a whole number.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// The first and the last x.
    pub fn span(&self) -> Option<(f64, f64)> {
        let points = self.raw().points;
        Some((points.first()?.0, points.last()?.0))
    }

    /// The extent of its values from `low` to `high` along x.
    pub fn extent(&self, low: f64, high: f64) -> Extent {
        let raw = self.raw();
        raw.pyramid.extent(raw.points, raw.between(low, high))
    }
}

/// Points by ascending, finite x; `None` when they are that already, as nearly all are.
fn cleaned(points: &[(f64, f64)]) -> Option<Vec<(f64, f64)>> {
    if points.iter().all(|p| p.0.is_finite()) && points.is_sorted_by(|a, b| a.0 <= b.0) {
        return None;
    }
    let mut kept: Vec<_> = points.iter().copied().filter(|p| p.0.is_finite()).collect();
    kept.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::Mode;

    fn prepared(points: Vec<(f64, f64)>) -> Prepared {
        let series = Series {
            name: "val_loss".to_owned(),
            x: XAxis::Epoch,
            points,
            source: String::new(),
            mode: Mode::Min,
        };
        Prepared::new(Arc::new(vec![series]), 0, None).unwrap()
    }

    #[test]
    fn points_out_of_order_or_nowhere_are_put_right() {
        let one = prepared(vec![(2.0, 0.5), (f64::NAN, 0.1), (1.0, 0.9)]);
        assert_eq!(one.raw().points, [(1.0, 0.9), (2.0, 0.5)]);
        assert_eq!((one.span(), one.is_whole()), (Some((1.0, 2.0)), true));
    }

    #[test]
    fn smoothing_comes_and_goes() {
        let one = prepared(vec![(1.0, 1.0), (2.0, 2.0), (3.0, 4.0)]);
        let smooth = one.with_weight(0.5);
        assert_eq!(smooth.smoothed().unwrap().points[2], (3.0, 3.0));
        assert_eq!((smooth.weight(), one.weight()), (0.5, 0.0));
        assert!(smooth.with_weight(0.0).smoothed().is_none());
    }

    #[test]
    fn extents_are_of_the_stretch_asked_for() {
        let one = prepared(vec![(1.0, 1.0), (2.0, f64::NAN), (3.0, 4.0)]);
        let extent = one.extent(2.0, 3.0);
        assert_eq!((extent.low, extent.high, extent.broken), (4.0, 4.0, 1));
        assert_eq!(one.best(), Some((1.0, 1.0)));
    }
}
