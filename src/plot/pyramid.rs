//! The lowest and the highest value of any stretch of a series, at once.
//!
//! Level 0 sums up 32 points in one entry, each further level 32 entries of the one below. A stretch is then
//! a few whole entries and the loose ends beside them, whatever its length: a million points cost 1 MB and
//! some 2 ms once, and each column of a plot a fraction of a microsecond.

use std::ops::Range;

/// Entries summed up in one.
const FAN: usize = 32;

/// What is to be known of a stretch of values to draw it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// Lowest finite value; infinity when there is none.
    pub low: f64,
    /// Highest finite value; negative infinity when there is none.
    pub high: f64,
    /// Lowest finite value above 0, for log axes; infinity when there is none.
    pub low_positive: f64,
    /// Values that are finite.
    pub finite: usize,
    /// Values that are not: NaN and the infinities.
    pub broken: usize,
    /// Finite values at or below 0, which have no place on a log axis.
    pub not_positive: usize,
}

impl Extent {
    /// Of nothing.
    pub const EMPTY: Self = Self {
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
        low_positive: f64::INFINITY,
        finite: 0,
        broken: 0,
        not_positive: 0,
    };

    /// Takes a value in.
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            self.broken += 1;
            return;
        }
        self.finite += 1;
        self.low = self.low.min(value);
        self.high = self.high.max(value);
        if value > 0.0 {
            self.low_positive = self.low_positive.min(value);
        } else {
            self.not_positive += 1;
        }
    }

    /// Takes another stretch in.
    pub fn merge(&mut self, other: &Self) {
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
        self.low_positive = self.low_positive.min(other.low_positive);
        self.finite += other.finite;
        self.broken += other.broken;
        self.not_positive += other.not_positive;
    }

    fn of(points: &[(f64, f64)]) -> Self {
        let mut extent = Self::EMPTY;
        for (_, value) in points {
            extent.add(*value);
        }
        extent
    }
}

/// Extents of the parts of one series. It belongs to the points it was made of and is asked with them.
#[derive(Debug, Clone, Default)]
pub struct Pyramid {
    levels: Vec<Vec<Extent>>,
}

impl Pyramid {
    /// The pyramid of these points.
    pub fn of(points: &[(f64, f64)]) -> Self {
        let mut levels: Vec<Vec<Extent>> = vec![points.chunks(FAN).map(Extent::of).collect()];
        while let Some(below) = levels.last().filter(|level| level.len() > FAN) {
            let sum = |entries: &[Extent]| {
                let mut extent = Extent::EMPTY;
                for entry in entries {
                    extent.merge(entry);
                }
                extent
            };
            let next = below.chunks(FAN).map(sum).collect();
            levels.push(next);
        }
        Self { levels }
    }

    /// The extent of the points at `range`, which are `points` of [`Pyramid::of`].
    pub fn extent(&self, points: &[(f64, f64)], range: Range<usize>) -> Extent {
        let mut extent = Extent::EMPTY;
        let end = range.end.min(points.len());
        let mut range = range.start.min(end)..end;
        let mut take_points = |range: Range<usize>| {
            for (_, value) in points.get(range).unwrap_or_default() {
                extent.add(*value);
            }
        };
        let Some(whole) = shrunk(&range) else {
            take_points(range);
            return extent;
        };
        take_points(range.start..whole.start * FAN);
        take_points(whole.end * FAN..range.end);
        range = whole;
        for (at, level) in self.levels.iter().enumerate() {
            let above = shrunk(&range).filter(|_| at + 1 < self.levels.len());
            let loose = above.as_ref().map_or([range.clone(), 0..0], |whole| {
                [range.start..whole.start * FAN, whole.end * FAN..range.end]
            });
            for entry in loose.into_iter().filter_map(|range| level.get(range)).flatten() {
                extent.merge(entry);
            }
            match above {
                Some(whole) => range = whole,
                None => break,
            }
        }
        extent
    }
}

/// The whole entries of the level above that lie in a range of this one.
fn shrunk(range: &Range<usize>) -> Option<Range<usize>> {
    let whole = range.start.div_ceil(FAN)..range.end / FAN;
    (whole.start < whole.end).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn points(values: &[f64]) -> Vec<(f64, f64)> {
        values.iter().enumerate().map(|(x, y)| (x as f64, *y)).collect()
    }

    #[test]
    fn a_million_points_have_few_levels() {
        let pyramid = Pyramid::of(&points(&vec![1.0; 1_000_000]));
        assert_eq!(pyramid.levels.iter().map(Vec::len).collect::<Vec<_>>(), [31_250, 977, 31]);
    }

    #[test]
    fn one_peak_among_a_million_is_found() {
        let mut values = vec![0.5; 1_000_000];
        values[777_777] = 9.0;
        values[777_778] = f64::NAN;
        let points = points(&values);
        let extent = Pyramid::of(&points).extent(&points, 3..999_990);
        assert_eq!((extent.high, extent.low, extent.broken), (9.0, 0.5, 1));
    }

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            8 => -1e3..1e3,
            1 => Just(f64::NAN),
            1 => prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(0.0), Just(-0.0)],
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_stretch_keeps_its_extremes(
            values in prop::collection::vec(value(), 0..6_000),
            a in 0_usize..6_500,
            b in 0_usize..6_500,
        ) {
            let points = points(&values);
            let range = a.min(b)..a.max(b);
            let found = Pyramid::of(&points).extent(&points, range.clone());
            let end = range.end.min(points.len());
            let wanted = Extent::of(&points[range.start.min(end)..end]);
            prop_assert_eq!(found, wanted);
        }
    }
}
