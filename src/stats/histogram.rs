//! Quantiles and histograms, from numbers counted by cell.

use serde::{Deserialize, Serialize};

use super::counts::Cell;

/// The probabilities quantiles are given for.
pub const LEVELS: [f64; 7] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

/// Bars kept of a linear histogram: any number a screen has room for is made of these.
const FINE: usize = 256;

/// Quantiles for [`LEVELS`] as `torch.quantile` gives them: between neighbours they are interpolated. Not a
/// number for no numbers.
pub(super) fn quantiles(cells: &[Cell]) -> [f64; LEVELS.len()] {
    let total: u64 = cells.iter().map(|cell| cell.count).sum();
    LEVELS.map(|level| {
        if total == 0 {
            return f64::NAN;
        }
        let place = level * (total - 1) as f64;
        let (rank, part) = (place.floor(), place.fract());
        let (below, above) = (ranked(cells, rank as u64), ranked(cells, (rank as u64 + 1).min(total - 1)));
        below * (1.0 - part) + above * part
    })
}

/// The number with so many smaller ones; within a cell they are taken to lie at equal distances.
fn ranked(cells: &[Cell], rank: u64) -> f64 {
    let mut before = 0;
    for cell in cells {
        if rank < before + cell.count {
            let part = ((rank - before) as f64 + 0.5) / cell.count as f64;
            return cell.low * (1.0 - part) + cell.high * part;
        }
        before += cell.count;
    }
    f64::NAN
}

/// How numbers are spread between the smallest and the largest, and over orders of magnitude.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    low: f64,
    high: f64,
    /// [`FINE`] counts of equal width, packed: most are small.
    fine: Box<[u8]>,
    /// Counts of magnitudes from `2^exponent` up to twice that, ascending.
    octaves: Box<[(i16, u64)]>,
}

/// Bars of a histogram: one edge more than counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bars {
    /// Where bars begin and end, ascending.
    pub edges: Vec<f64>,
    /// Numbers in each; one that lies on an edge belongs to the bar above it, and to the last one at the end.
    pub counts: Vec<u64>,
}

impl Histogram {
    /// From cells in ascending order. Of numbers that are all the same, the histogram reaches half a unit to
    /// both sides.
    pub(super) fn of(cells: &[Cell]) -> Self {
        let (mut low, mut high) = match (cells.first(), cells.last()) {
            (Some(first), Some(last)) => (first.low, last.high),
            _ => (0.0, 0.0),
        };
        if low >= high && !cells.is_empty() {
            let around = 0.5_f64.max(low.abs() * 1e-6);
            (low, high) = (low - around, high + around);
        }
        let mut fine = vec![0_u64; FINE];
        let mut octaves = std::collections::BTreeMap::new();
        for cell in cells {
            let first = place(cell.low, low, high);
            // A range stops short of the number it ends with.
            let last = if cell.high > cell.low { place(cell.high.next_down(), low, high) } else { first };
            let ends = (first as f64).max(0.0)..=(last as f64);
            spread(&mut fine, cell, (low, high), *ends.start() as usize..=*ends.end() as usize);
            let middle = cell.middle().abs();
            if middle > 0.0 {
                *octaves.entry(exponent(middle)).or_insert(0) += cell.count;
            }
        }
        let fine = postcard::to_allocvec(&fine).unwrap_or_default().into();
        Self { low, high, fine, octaves: octaves.into_iter().collect() }
    }

    /// Bars of equal width from the smallest number to the largest; none for no numbers. With the bars kept, and
    /// with counts that divide theirs, nothing is estimated anew.
    pub fn linear(&self, bars: usize) -> Bars {
        let fine: Vec<u64> = postcard::from_bytes(&self.fine).unwrap_or_default();
        if self.low >= self.high || bars == 0 || fine.is_empty() {
            return Bars::default();
        }
        let mut counts = vec![0; bars];
        let (mut total, mut given) = (0.0, 0_u64);
        // What of the bars kept lies before each edge, rounded: counts stay whole, and none is lost.
        let (mut next, per) = (fine.iter().enumerate().peekable(), FINE as f64 / bars as f64);
        for (at, count) in counts.iter_mut().enumerate() {
            let end = (at + 1) as f64 * per;
            while let Some((_, n)) = next.next_if(|(i, _)| (*i + 1) as f64 <= end + 1e-9) {
                total += *n as f64;
            }
            let part = next.peek().map_or(0.0, |(i, n)| (end - *i as f64).max(0.0) * **n as f64);
            let before = (total + part).round() as u64;
            *count = before.saturating_sub(given);
            given = given.max(before);
        }
        let (low, high) = (self.low, self.high);
        let edge = |i: usize| {
            let part = i as f64 / bars as f64;
            if i == bars { high } else { low * (1.0 - part) + high * part }
        };
        Bars { edges: (0..=bars).map(edge).collect(), counts }
    }

    /// Bars by magnitude, each up to twice where it begins; zeros have none.
    pub fn by_magnitude(&self) -> Bars {
        let (Some((first, _)), Some((last, _))) = (self.octaves.first(), self.octaves.last()) else {
            return Bars::default();
        };
        let mut counts = vec![0; (i32::from(*last) - i32::from(*first) + 1) as usize];
        for (exponent, n) in &self.octaves {
            if let Some(count) = counts.get_mut((i32::from(*exponent) - i32::from(*first)) as usize) {
                *count += n;
            }
        }
        let edges = (i32::from(*first)..=i32::from(*last) + 1).map(|e| 2_f64.powi(e)).collect();
        Bars { edges, counts }
    }
}

/// The bar of a number.
fn place(x: f64, low: f64, high: f64) -> usize {
    // Halved, as the width of all float64 numbers is none.
    let part = (x / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
    ((part * FINE as f64) as usize).min(FINE - 1)
}

/// The exponent of the power of two a magnitude begins with.
fn exponent(magnitude: f64) -> i16 {
    let biased = (magnitude.to_bits() >> 52) as i16;
    if biased == 0 { magnitude.log2().floor() as i16 } else { biased - 1023 }
}

/// Puts the numbers of a cell into bars, in the ratio of their shares, whole.
fn spread(fine: &mut [u64], cell: &Cell, (low, high): (f64, f64), bars: std::ops::RangeInclusive<usize>) {
    let (first, last) = (*bars.start(), *bars.end());
    let width = high / FINE as f64 - low / FINE as f64;
    let mut given = 0;
    for (at, count) in fine.iter_mut().enumerate().skip(first).take(last.saturating_sub(first) + 1) {
        let end = low + width * (at + 1) as f64;
        let part = if at >= last { 1.0 } else { ((end - cell.low) / (cell.high - cell.low)).clamp(0.0, 1.0) };
        let before = (cell.count as f64 * part).round() as u64;
        let before = if at >= last { cell.count } else { before.min(cell.count) };
        *count += before.saturating_sub(given);
        given = given.max(before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[(f64, u64)]) -> Vec<Cell> {
        values.iter().map(|(x, count)| Cell { low: *x, high: *x, count: *count }).collect()
    }

    #[test]
    fn quantiles_are_torchs() {
        // torch.quantile(torch.arange(11.), q)
        let cells = points(&(0..11).map(|x| (f64::from(x), 1)).collect::<Vec<_>>());
        let got = quantiles(&cells);
        for (got, want) in got.iter().zip([0.1, 0.5, 2.5, 5.0, 7.5, 9.5, 9.9]) {
            assert!((got - want).abs() < 1e-12, "{got} {want}");
        }
        assert!(quantiles(&[]).iter().all(|x| x.is_nan()));
        assert!(quantiles(&points(&[(3.0, 9)])).iter().all(|x| (x - 3.0).abs() < 1e-12));
    }

    #[test]
    fn bars_hold_every_number_once() {
        let cells = [
            Cell { low: -1.0, high: -0.5, count: 101 },
            Cell { low: 0.0, high: 0.0, count: 7 },
            Cell { low: 0.25, high: 0.3, count: 50 },
            Cell { low: 1.0, high: 1.0, count: 1 },
        ];
        let histogram = Histogram::of(&cells);
        for bars in [1, 2, 3, 7, 40, 64, 100, 256, 300] {
            let got = histogram.linear(bars);
            assert_eq!((got.edges.len(), got.counts.len()), (bars + 1, bars));
            assert_eq!(got.counts.iter().sum::<u64>(), 159, "{bars}");
            assert_eq!((got.edges[0], got.edges[bars]), (-1.0, 1.0));
        }
        assert_eq!(histogram.linear(4).counts, [101, 0, 57, 1]);
        let magnitudes = histogram.by_magnitude();
        assert_eq!(magnitudes.edges, [0.25, 0.5, 1.0, 2.0]);
        assert_eq!(magnitudes.counts, [50, 101, 1]);
    }

    #[test]
    fn one_value_and_none() {
        let bars = Histogram::of(&points(&[(2.0, 5)])).linear(4);
        assert_eq!((bars.edges[0], bars.edges[4], bars.counts), (1.5, 2.5, vec![0, 0, 5, 0]));
        assert_eq!(Histogram::of(&[]).linear(4), Bars::default());
        let huge = Histogram::of(&points(&[(f64::MIN, 1), (f64::MAX, 2)])).linear(2);
        assert_eq!(huge.counts, [1, 2]);
    }
}
