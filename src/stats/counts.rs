//! How often what occurs: the common ground of exact counting and of the sketch.
//!
//! Keys are either the codes of an 8- or 16-bit dtype, each of which is one number, or *prefixes*: sign, exponent
//! and the first seven bits of the mantissa of a float64. A prefix stands for numbers that differ by less than
//! 1/128 of their size; for float32 it is just the upper half of its bits.
//! Counts are integers, so merging them gives the same in any order.

/// Bits of a float64 below its prefix.
const BELOW: u32 = 45;
/// The bit of a prefix that is the sign.
const SIGN: u32 = 1 << 18;

/// Numbers of one prefix differ by at most this part of their size.
pub const SKETCH_ERROR: f64 = 1.0 / 128.0;

/// Counts by key, ascending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counts(Vec<(u32, u64)>);

impl Counts {
    /// From pairs in ascending order of keys; equal keys are added up.
    pub(super) fn from_sorted(pairs: impl Iterator<Item = (u32, u64)>) -> Self {
        let mut counts: Vec<(u32, u64)> = Vec::new();
        for (key, n) in pairs {
            match counts.last_mut() {
                Some(last) if last.0 == key => last.1 += n,
                _ => counts.push((key, n)),
            }
        }
        Self(counts)
    }

    /// Adds other counts.
    pub(super) fn merge(&mut self, other: Self) {
        if self.0.is_empty() {
            *self = other;
            return;
        }
        let (mine, theirs) = (std::mem::take(&mut self.0), other.0);
        let mut merged = Vec::with_capacity(mine.len().max(theirs.len()) + 16);
        let (mut mine, mut theirs) = (mine.into_iter().peekable(), theirs.into_iter().peekable());
        while let (Some((a, n)), Some((b, m))) = (mine.peek().copied(), theirs.peek().copied()) {
            merged.push(match a.cmp(&b) {
                std::cmp::Ordering::Less => (a, n),
                std::cmp::Ordering::Equal => (a, n + m),
                std::cmp::Ordering::Greater => (b, m),
            });
            if a <= b {
                mine.next();
            }
            if b <= a {
                theirs.next();
            }
        }
        merged.extend(mine);
        merged.extend(theirs);
        self.0 = merged;
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, u64)> + Clone + '_ {
        self.0.iter().copied()
    }
}

/// The prefix of a finite number.
#[inline]
pub(super) fn prefix(x: f64) -> u32 {
    (x.to_bits() >> BELOW) as u32
}

/// The prefix of the float32 whose upper half is `code`. Numbers below the smallest normal one of float32, which
/// have fewer bits, go by the smallest number of their code.
pub(super) fn prefix_of_half(code: u32) -> u32 {
    let low = f32::from_bits(code << 16);
    // Code 0 holds 0, counted apart, and numbers smaller than the first of code 1.
    prefix(if low == 0.0 {
        f64::from(f32::from_bits(1 << 15)).copysign(f64::from(low))
    } else {
        f64::from(low)
    })
}

/// The numbers of a prefix: from the first, and up to the other without it, in ascending order.
pub(super) fn range(prefix: u32) -> (f64, f64) {
    let magnitude = u64::from(prefix & !SIGN);
    let near = f64::from_bits(magnitude << BELOW);
    let far = f64::from_bits((magnitude + 1) << BELOW);
    if prefix & SIGN == 0 { (near, far) } else { (-far, -near) }
}

/// Numbers between two bounds, or all of one value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) count: u64,
}

impl Cell {
    /// A number of the cell that lies within its prefix; 0 of zeros only.
    pub(super) fn middle(&self) -> f64 {
        #[allow(clippy::float_cmp)] // a cell of one value holds that very value
        if self.low == self.high { self.low } else { self.low / 2.0 + self.high / 2.0 }
    }

    /// Where a prefix stands for one number only, that is the one next to 0.
    pub(super) fn shrink_to_point(&mut self) {
        let x = if self.low < 0.0 { self.high } else { self.low };
        (self.low, self.high) = (x, x);
    }
}

/// Cells in ascending order, from prefixes; cut to the smallest and largest number there is.
pub(super) fn cells(counts: &Counts, zeros: u64, min: f64, max: f64) -> Vec<Cell> {
    let cell = |(key, count): (u32, u64)| {
        let (low, high) = range(key);
        Cell { low: low.clamp(min, max), high: high.clamp(min, max), count }
    };
    let negative = counts.iter().filter(|(key, _)| key & SIGN != 0).map(cell);
    let positive = counts.iter().filter(|(key, _)| key & SIGN == 0).map(cell);
    let mut cells: Vec<Cell> = negative.collect();
    cells.reverse();
    if zeros > 0 {
        cells.push(Cell { low: 0.0, high: 0.0, count: zeros });
    }
    cells.extend(positive);
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(keys: &[u32]) -> Counts {
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        Counts::from_sorted(keys.into_iter().map(|key| (key, 1)))
    }

    proptest! {
        #[test]
        fn merging_is_counting_all(mut parts in proptest::collection::vec(proptest::collection::vec(0_u32..50, 0..40), 1..6)) {
            let all: Vec<u32> = parts.concat();
            let mut forward = Counts::default();
            for part in &parts {
                forward.merge(of(part));
            }
            parts.reverse();
            let mut backward = Counts::default();
            for part in &parts {
                backward.merge(of(part));
            }
            prop_assert_eq!(&forward, &backward);
            prop_assert_eq!(forward, of(&all));
        }

        #[test]
        fn a_number_lies_in_the_range_of_its_prefix(x in proptest::num::f64::NORMAL) {
            let (low, high) = range(prefix(x));
            prop_assert!(low <= x && x <= high);
            prop_assert!(!high.is_finite() || !low.is_finite() || high - low <= SKETCH_ERROR * low.abs().min(high.abs()));
        }

        #[test]
        fn the_upper_half_of_a_float32_is_its_prefix(x in proptest::num::f32::NORMAL) {
            prop_assert_eq!(prefix_of_half(x.to_bits() >> 16), prefix(f64::from(x)));
        }
    }

    #[test]
    fn cells_ascend() {
        let counts = of(&[prefix(-2.0), prefix(-0.5), prefix(0.25), prefix(1.5)]);
        let cells = cells(&counts, 3, -2.0, 1.5);
        assert_eq!(cells.iter().map(|c| c.count).sum::<u64>(), 7);
        assert!(cells.windows(2).all(|pair| pair[0].high <= pair[1].low), "{cells:?}");
        assert_eq!((cells.first().unwrap().low, cells.last().unwrap().high), (-2.0, 1.5));
    }
}
