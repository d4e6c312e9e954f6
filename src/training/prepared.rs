//! A series made ready to be drawn: its extremes at every scale, its best point, and its smoothed form.
//!
//! Made once when a series is first shown and shared from then on; drawing asks only for what it draws. For long
//! series this takes more than a frame, and [`Wanted`] is what is handed to a worker.

use std::sync::Arc;

use super::align::Places;
use super::{Points, Series, XAxis};
use crate::plot::{Extent, smooth, trace};
use crate::sorting::Sort as _;

/// Points from which on making a series ready is no work for the thread that draws.
const LONG: usize = 20_000;

/// A series with everything a plot asks of it.
#[derive(Debug, Clone)]
pub struct Prepared {
    series: Series,
    x: XAxis,
    /// What is drawn: the series' own points, or others where these cannot be drawn as they are.
    points: Points,
    best: Option<(f64, f64)>,
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
    points: Points,
}

/// A series to be made ready, and how.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The series.
    pub series: Series,
    /// What its points are to count along x.
    pub x: XAxis,
    /// What tells epochs and steps apart.
    pub places: Arc<Places>,
    /// The weight it is to be smoothed with.
    pub weight: f64,
    /// What was made of the same points before, of which the smoothing alone is another.
    pub held: Option<Arc<Prepared>>,
}

impl Wanted {
    /// True when this is work for another thread than the one that draws.
    pub fn is_long(&self) -> bool {
        let made = self.held.is_some() || self.series.x == self.x && self.series.points.has_shape();
        self.series.points.len() >= LONG && !(made && self.weight <= 0.0)
    }

    /// Does it; `None` when the series cannot be told along that axis.
    pub fn prepare(&self) -> Option<Prepared> {
        let made = match &self.held {
            Some(held) => return Some(held.with_weight(self.weight)),
            None if self.series.x == self.x => Prepared::new(self.series.clone()),
            None => {
                let points = self.places.points(&self.series, self.x)?;
                Prepared::along(self.series.clone(), self.x, points)
            }
        };
        Some(if self.weight > 0.0 { made.with_weight(self.weight) } else { made })
    }
}

impl Prepared {
    /// Prepares a series along its own axis.
    pub fn new(series: Series) -> Self {
        let (x, points) = (series.x, series.points.clone());
        Self::along(series, x, points)
    }

    /// Prepares a series whose `points` stand for its own, along `x`.
    pub fn along(series: Series, x: XAxis, points: Points) -> Self {
        let points = cleaned(&points).unwrap_or(points);
        let best = series.points.best(series.mode);
        // A best point is the same point along another axis.
        let best = match best {
            Some(best) if !points.are_shared_with(&series.points) => {
                points.iter().copied().find(|p| p.1.total_cmp(&best.1).is_eq())
            }
            best => best,
        };
        let shape = points.shape();
        let broken = shape.broken.map(|(first, value)| {
            let count = points.len() - shape.finite;
            Broken { count, first, value }
        });
        Self { series, x, points, best, broken, smoothed: None }
    }

    /// The series it was made of.
    pub fn series(&self) -> &Series {
        &self.series
    }

    /// True when it was made of just this series.
    pub fn is_of(&self, series: &Series) -> bool {
        self.series.x == series.x && self.series.points.are_shared_with(&series.points)
    }

    /// What its points count along x.
    pub fn x(&self) -> XAxis {
        self.x
    }

    /// Its points, by ascending and finite x.
    pub fn raw(&self) -> trace::Points<'_> {
        self.points.traced()
    }

    /// Its smoothed points, once it has any.
    pub fn smoothed(&self) -> Option<trace::Points<'_>> {
        self.smoothed.as_ref().map(|s| s.points.traced())
    }

    /// The weight it is smoothed with; 0 when it is not.
    pub fn weight(&self) -> f64 {
        self.smoothed.as_ref().map_or(0.0, |s| s.weight)
    }

    /// The same, smoothed with `weight`; 0 takes the smoothing away. Costs a pass over its points.
    #[must_use]
    pub fn with_weight(&self, weight: f64) -> Self {
        let smoothed = (weight > 0.0).then(|| {
            let points = Points::from(smooth::ema(&self.points, weight));
            points.shape();
            Smoothed { weight, points }
        });
        Self { series: self.series.clone(), points: self.points.clone(), smoothed, ..*self }
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
        self.points.shape().whole
    }

    /// The first and the last x.
    pub fn span(&self) -> Option<(f64, f64)> {
        Some((self.points.first()?.0, self.points.last()?.0))
    }

    /// The extent of its values from `low` to `high` along x.
    pub fn extent(&self, low: f64, high: f64) -> Extent {
        let raw = self.raw();
        raw.pyramid.extent(raw.points, raw.between(low, high))
    }
}

/// Points by ascending, finite x; `None` when they are that already, as nearly all are.
fn cleaned(points: &Points) -> Option<Points> {
    if points.shape().in_order {
        return None;
    }
    let mut kept: Vec<_> = points.iter().copied().filter(|p| p.0.is_finite()).collect();
    kept.in_order(|a, b| a.0.total_cmp(&b.0));
    Some(kept.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::Mode;

    fn prepared(points: Vec<(f64, f64)>) -> Prepared {
        let series = Series {
            name: "val_loss".to_owned(),
            x: XAxis::Epoch,
            points: points.into(),
            source: String::new(),
            mode: Mode::Min,
        };
        Prepared::new(series)
    }

    #[test]
    fn long_series_are_work_for_another_thread_until_they_are_ready() {
        let long = prepared((0..LONG).map(|x| (x as f64, 1.0 / (x as f64 + 1.0))).collect());
        let wanted = |weight: f64, x: XAxis, held: Option<&Prepared>| Wanted {
            series: long.series().clone(),
            x,
            places: Arc::new(Places::from_pairs(vec![(10.0, 1.0)])),
            weight,
            held: held.map(|held| Arc::new(held.clone())),
        };
        assert!(!wanted(0.0, XAxis::Epoch, None).is_long(), "its shape is known");
        assert!(wanted(0.5, XAxis::Epoch, None).is_long());
        assert!(wanted(0.0, XAxis::Step, None).is_long());
        assert!(!wanted(0.0, XAxis::Step, Some(&long)).is_long());
        let converted = wanted(0.5, XAxis::Step, None).prepare().unwrap();
        assert_eq!(
            (converted.x(), converted.weight(), converted.raw().points[1]),
            (XAxis::Step, 0.5, (10.0, 0.5))
        );
        assert_eq!(converted.best(), Some(((LONG - 1) as f64 * 10.0, 1.0 / LONG as f64)));
        let untold = Wanted { places: Arc::default(), ..wanted(0.0, XAxis::Step, None) };
        assert!(untold.prepare().is_none());
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
