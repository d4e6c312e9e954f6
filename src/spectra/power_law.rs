//! The exponent of the tail of a spectrum.
//!
//! Martin and Mahoney ("Implicit self-regularization in deep neural networks", JMLR 2021; the `weightwatcher` tool) fit a
//! power law `p(λ) ~ λ^-alpha` to the largest eigenvalues λ = σ² of the correlation matrix of a weight. The fit is that of
//! Clauset, Shalizi and Newman ("Power-law distributions in empirical data", 2009): the maximum-likelihood
//! exponent above a threshold, the threshold being the one at which the fitted and the empirical distribution are
//! closest (Kolmogorov–Smirnov).

use serde::{Deserialize, Serialize};

/// Eigenvalues a fit needs: below, the exponent says more about chance than about the layer.
const FEWEST: usize = 10;
/// Singular values a spectrum needs for a fit at all.
pub const SHORTEST: usize = 50;

/// A fitted tail.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The exponent.
    pub alpha: f64,
    /// Eigenvalue the tail begins at.
    pub from: f64,
    /// Kolmogorov–Smirnov distance of the fit: 0 is perfect.
    pub distance: f64,
    /// Eigenvalues in the tail.
    pub count: usize,
}

/// Fits the tail of the squares of `values` (largest first). `None` for fewer than 50 values above zero.
pub fn fit(values: &[f64]) -> Option<Fit> {
    let largest = values.first().copied()?;
    // Zeros and rounding noise are no part of the distribution.
    let logs: Vec<f64> =
        values.iter().take_while(|s| **s > largest * 1e-10 && **s > 0.0).map(|s| 2.0 * s.ln()).collect();
    if logs.len() < SHORTEST {
        return None;
    }
    let mut best: Option<Fit> = None;
    let mut sum: f64 = logs.iter().take(FEWEST - 1).sum();
    for (at, log) in logs.iter().enumerate().skip(FEWEST - 1) {
        sum += log;
        let count = at + 1;
        // Mean of ln(λ / threshold) over the tail, the last of which is the threshold.
        let mean = sum / count as f64 - log;
        if mean <= 0.0 {
            continue;
        }
        let alpha = 1.0 + 1.0 / mean;
        let tail = logs.get(..count).unwrap_or_default();
        let distance = distance(tail, *log, alpha, best.map_or(f64::INFINITY, |b| b.distance));
        if best.is_none_or(|b| distance < b.distance) {
            best = Some(Fit { alpha, from: log.exp(), distance, count });
        }
    }
    best
}

/// Largest difference between the empirical and the fitted distribution; anything beyond `enough` once it is reached.
fn distance(tail: &[f64], from: f64, alpha: f64, enough: f64) -> f64 {
    let n = tail.len() as f64;
    let mut most = 0.0_f64;
    for (above, log) in tail.iter().enumerate() {
        // P(Λ >= λ) = (λ / threshold)^(1 - alpha)
        let fitted = ((1.0 - alpha) * (log - from)).exp();
        let (low, high) = (above as f64 / n, (above + 1) as f64 / n);
        most = most.max((fitted - low).abs()).max((high - fitted).abs());
        if most > enough {
            break;
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponent_of_a_power_law_is_found() {
        // Quantiles of p(λ) ~ λ^-3 from 1 on: λ = u^(-1/2).
        let values: Vec<f64> =
            (0..2_000).map(|i| ((f64::from(i) + 0.5) / 2_000.0).powf(-0.5).sqrt()).collect();
        let fit = fit(&values).unwrap();
        assert!((fit.alpha - 3.0).abs() < 0.05, "{fit:?}");
        assert!(fit.distance < 0.01, "{fit:?}");
    }

    #[test]
    fn a_short_or_flat_spectrum_has_none() {
        assert_eq!(fit(&[1.0; 49]), None);
        assert_eq!(fit(&[1.0; 200]), None);
        assert_eq!(fit(&[]), None);
        assert_eq!(fit(&[0.0; 100]), None);
    }
}
