//! A spectrum as it is drawn and remembered: its numbers, and so many of its values as a plot can show.

use serde::{Deserialize, Serialize};

use super::{Spectrum, Summary};

/// Values kept: more than a plot with a logarithmic axis of ranks has columns of dots.
const POINTS: usize = 384;

/// What is kept of the spectrum of one matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Portrait {
    /// Rows and columns of the matrix the tensor was taken for.
    pub matrix: (u64, u64),
    /// What computed it.
    pub backend: String,
    /// Its numbers.
    pub summary: Summary,
    /// Ranks (from 1) and singular values, by rank: all of the first ones, then evenly by the logarithm of the rank,
    /// the last one always.
    pub points: Vec<(u32, f64)>,
    /// Singular values that were computed.
    pub count: usize,
    /// These are all there are.
    pub is_complete: bool,
    /// None of them is further than this from a true singular value.
    pub error_bound: f64,
}

impl Portrait {
    /// The portrait of a spectrum.
    pub fn of(matrix: (u64, u64), backend: String, spectrum: &Spectrum, summary: Summary) -> Self {
        let values = &spectrum.values;
        Self {
            matrix,
            backend,
            summary,
            points: thinned(values),
            count: values.len(),
            is_complete: spectrum.is_complete,
            error_bound: spectrum.error_bound,
        }
    }

    /// Singular values there are: the shorter side of the matrix.
    pub fn full(&self) -> u64 {
        self.matrix.0.min(self.matrix.1)
    }
}

fn thinned(values: &[f64]) -> Vec<(u32, f64)> {
    let last = values.len();
    let mut points: Vec<(u32, f64)> = Vec::with_capacity(last.min(POINTS));
    for step in 0..POINTS {
        let share = step as f64 / (POINTS - 1) as f64;
        let rank = (last as f64).powf(share).round() as usize;
        let rank = if last <= POINTS { step + 1 } else { rank.clamp(1, last) };
        if points.last().is_some_and(|(before, _)| *before as usize >= rank) {
            continue;
        }
        if let Some(value) = values.get(rank - 1) {
            points.push((rank as u32, *value));
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_gets_both_ends_and_no_more_than_it_can_show() {
        for len in [1, 2, 383, 384, 385, 5_000, 100_000] {
            let values: Vec<f64> = (0..len).map(|i| f64::from(len - i)).collect();
            let points = thinned(&values);
            assert!(points.len() <= POINTS, "{len}");
            assert_eq!(points.first(), Some(&(1, f64::from(len))));
            assert_eq!(points.last(), Some(&(len as u32, 1.0)));
            assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0), "{len}");
            let is_value = |(rank, value): &(u32, f64)| (values[*rank as usize - 1] - value).abs() < 1e-12;
            assert!(points.iter().all(is_value));
        }
        assert!(thinned(&[]).is_empty());
    }
}
