//! The numbers people quote of a spectrum.

use serde::{Deserialize, Serialize};

use super::Spectrum;
use super::power_law::{self, Fit};

/// Numbers derived from a spectrum. What cannot be said from what was computed is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The largest singular value.
    pub spectral_norm: f64,
    /// Square root of the sum of all squared elements.
    pub frobenius_norm: f64,
    /// Largest over smallest singular value. `None` when the smallest is zero up to rounding, and of an
    /// incomplete spectrum.
    pub condition_number: Option<f64>,
    /// `‖A‖_F² / ‖A‖₂²` (Rudelson and Vershynin, "Sampling from large matrices", 2007): at most the rank, and not
    /// moved by small singular values.
    pub stable_rank: Option<f64>,
    /// `exp(entropy)` of the singular values taken as a distribution (Roy and Vetterli, "The effective rank",
    /// 2007). `None` of an incomplete spectrum.
    pub effective_rank: Option<f64>,
    /// Singular values above `largest * max(rows, columns) * 2^-52`, as `numpy.linalg.matrix_rank` counts for
    /// `float64`. `None` of an incomplete spectrum.
    pub rank: Option<usize>,
    /// The fitted tail, with its exponent alpha; see [`power_law`]. `None` where a fit has too little to go by.
    pub tail: Option<Fit>,
}

impl Summary {
    /// Exponent of the tail.
    pub fn alpha(&self) -> Option<f64> {
        self.tail.map(|fit| fit.alpha)
    }
}

/// The summary of the spectrum of a matrix whose longer dimension is `longest`.
pub fn of(spectrum: &Spectrum, longest: usize) -> Summary {
    let values = &spectrum.values;
    let largest = values.first().copied().unwrap_or(0.0);
    let smallest = values.last().copied().unwrap_or(0.0);
    let negligible = largest * longest as f64 * f64::EPSILON;
    let complete = |value| Some(value).filter(|_| spectrum.is_complete);
    let sum: f64 = values.iter().sum();
    let entropy = || -> f64 {
        let shares = values.iter().map(|s| s / sum).filter(|p| *p > 0.0);
        -shares.map(|p| p * p.ln()).sum::<f64>()
    };
    Summary {
        spectral_norm: largest,
        frobenius_norm: spectrum.frobenius,
        condition_number: complete(largest / smallest).filter(|_| smallest > negligible),
        stable_rank: (largest > 0.0).then(|| (spectrum.frobenius / largest).powi(2)),
        effective_rank: if sum > 0.0 && spectrum.is_complete { Some(entropy().exp()) } else { None },
        rank: spectrum.is_complete.then(|| values.iter().filter(|s| **s > negligible).count()),
        tail: power_law::fit(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spectrum(values: &[f64], is_complete: bool) -> Spectrum {
        let frobenius = values.iter().map(|s| s * s).sum::<f64>().sqrt();
        Spectrum { values: values.to_vec(), frobenius, is_complete, error_bound: 0.0 }
    }

    #[test]
    fn ranks_of_simple_spectra() {
        let flat = of(&spectrum(&[2.0; 8], true), 8);
        assert!((flat.effective_rank.unwrap() - 8.0).abs() < 1e-12);
        assert!((flat.stable_rank.unwrap() - 8.0).abs() < 1e-12);
        assert_eq!((flat.rank, flat.condition_number), (Some(8), Some(1.0)));
        let one = of(&spectrum(&[3.0, 0.0, 0.0], true), 3);
        assert_eq!((one.rank, one.condition_number), (Some(1), None));
        assert!((one.effective_rank.unwrap() - 1.0).abs() < 1e-12);
        let zero = of(&spectrum(&[0.0, 0.0], true), 2);
        assert_eq!((zero.rank, zero.stable_rank, zero.effective_rank), (Some(0), None, None));
    }

    #[test]
    fn an_incomplete_spectrum_says_less() {
        let part = of(&spectrum(&[3.0, 2.0], false), 100);
        assert_eq!((part.condition_number, part.effective_rank, part.rank), (None, None, None));
        assert!(part.stable_rank.is_some());
    }
}
