//! The points of a curve, shared: a million of them are never copied, and what a plot asks of them is made once.
//!
//! Cloning costs a count. [`Points::shape`] is made when it is first asked for, as a rule by the thread that read
//! the log, and belongs to all clones from then on.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::Mode;
use crate::plot::Pyramid;
use crate::plot::trace;

/// (x, value) pairs of one curve.
#[derive(Clone, Default)]
pub struct Points(Arc<Inner>);

#[derive(Default)]
struct Inner {
    list: Vec<(f64, f64)>,
    shape: OnceLock<Shape>,
}

/// What is to be known of the points as a whole.
#[derive(Debug)]
pub struct Shape {
    /// Extremes of every stretch.
    pub pyramid: Pyramid,
    /// The point with the lowest finite value, the first of equals.
    pub lowest: Option<(f64, f64)>,
    /// The point with the highest finite value, the first of equals.
    pub highest: Option<(f64, f64)>,
    /// Finite values.
    pub finite: usize,
    /// The first value that is no number.
    pub broken: Option<(f64, f64)>,
    /// Every x is finite, and none is less than the one before.
    pub in_order: bool,
    /// Every x is a whole number.
    pub whole: bool,
}

impl Shape {
    fn of(list: &[(f64, f64)]) -> Self {
        let mut shape = Self {
            pyramid: Pyramid::of(list),
            lowest: None,
            highest: None,
            finite: 0,
            broken: None,
            in_order: true,
            whole: true,
        };
        let mut before = f64::NEG_INFINITY;
        for point @ (x, value) in list.iter().copied() {
            shape.in_order &= x.is_finite() && before <= x;
            shape.whole &= x.fract() == 0.0;
            before = x;
            if !value.is_finite() {
                shape.broken = shape.broken.or(Some(point));
                continue;
            }
            shape.finite += 1;
            if shape.lowest.is_none_or(|held| value < held.1) {
                shape.lowest = Some(point);
            }
            if shape.highest.is_none_or(|held| value > held.1) {
                shape.highest = Some(point);
            }
        }
        shape
    }
}

impl Points {
    /// The points.
    pub fn as_slice(&self) -> &[(f64, f64)] {
        &self.0.list
    }

    /// What is to be known of them as a whole; two passes over them when it is asked for first.
    pub fn shape(&self) -> &Shape {
        self.0.shape.get_or_init(|| Shape::of(&self.0.list))
    }

    /// True when [`Points::shape`] costs nothing any more.
    pub fn has_shape(&self) -> bool {
        self.0.shape.get().is_some()
    }

    /// The best of them; of equals the first. `None` when nothing is better than anything.
    pub fn best(&self, mode: Mode) -> Option<(f64, f64)> {
        match mode {
            Mode::Min => self.shape().lowest,
            Mode::Max => self.shape().highest,
            Mode::None => None,
        }
    }

    /// The points with their pyramid, to be drawn.
    pub fn traced(&self) -> trace::Points<'_> {
        trace::Points { points: self.as_slice(), pyramid: &self.shape().pyramid }
    }

    /// True when both are the very same points, without looking at them.
    pub fn are_shared_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The list itself; a copy only where somebody else holds it, too.
    pub fn into_vec(self) -> Vec<(f64, f64)> {
        Arc::try_unwrap(self.0).map_or_else(|shared| shared.list.clone(), |inner| inner.list)
    }
}

impl Deref for Points {
    type Target = [(f64, f64)];

    fn deref(&self) -> &Self::Target {
        self.as_slice()
    }
}

impl From<Vec<(f64, f64)>> for Points {
    fn from(list: Vec<(f64, f64)>) -> Self {
        Self(Arc::new(Inner { list, shape: OnceLock::new() }))
    }
}

impl FromIterator<(f64, f64)> for Points {
    fn from_iter<I: IntoIterator<Item = (f64, f64)>>(points: I) -> Self {
        points.into_iter().collect::<Vec<_>>().into()
    }
}

impl std::fmt::Debug for Points {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for Points {
    fn eq(&self, other: &Self) -> bool {
        self.are_shared_with(other) || self.as_slice() == other.as_slice()
    }
}

impl<T: AsRef<[(f64, f64)]>> PartialEq<T> for Points {
    fn eq(&self, other: &T) -> bool {
        self.as_slice() == other.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_made_once_for_all_clones() {
        let points = Points::from(vec![(1.0, 3.0), (2.0, f64::NAN), (3.0, 1.0), (4.0, 1.0)]);
        let clone = points.clone();
        assert!(!clone.has_shape());
        let shape = points.shape();
        assert!(clone.has_shape() && clone.are_shared_with(&points));
        assert_eq!((shape.lowest, shape.highest), (Some((3.0, 1.0)), Some((1.0, 3.0))));
        assert_eq!((shape.finite, shape.in_order, shape.whole), (3, true, true));
        assert_eq!(shape.broken.map(|b| b.0), Some(2.0));
        assert_eq!((clone.best(Mode::Max), clone.best(Mode::None)), (Some((1.0, 3.0)), None));
    }

    #[test]
    fn order_and_whole_numbers_are_seen() {
        for (list, in_order, whole) in [
            (vec![(0.0, 1.0), (0.0, 2.0)], true, true),
            (vec![(1.0, 1.0), (0.5, 2.0)], false, false),
            (vec![(f64::NAN, 1.0)], false, false),
            (vec![], true, true),
        ] {
            let points = Points::from(list);
            let shape = points.shape();
            assert_eq!((shape.in_order, shape.whole), (in_order, whole), "{points:?}");
        }
    }
}
