//! Singular values of weight matrices, and what they say.
//!
//! [`matrix`] sees a tensor as a tall matrix and reads it in blocks of rows; a [`Backend`] computes singular
//! values; [`summary`] derives the numbers people quote. Two back ends: [`dense`] and [`randomized`] in Rust,
//! always there, and [`mod@torch`], libtorch in a process of its own ([`crate::engine`]), where it is installed.

pub mod dense;
pub mod file;
pub mod matrix;
pub mod portrait;
pub mod power_law;
pub mod randomized;
pub mod summary;
pub mod survey;
#[cfg(test)]
mod testing;
pub mod torch;

pub use matrix::Matrix;
pub use portrait::Portrait;
pub use summary::Summary;
pub use survey::Survey;
pub use torch::{Choice, choose};

use crate::error::Result;
use crate::work::Work;

/// How many singular values to compute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wanted {
    /// All, unless that would take minutes; then the largest [`FEW`].
    #[default]
    Auto,
    /// All, however long it takes.
    All,
    /// The largest so many.
    Largest(usize),
}

/// Singular values computed of a matrix too large for all of them.
pub const FEW: usize = 128;

/// Multiplications above which all singular values are too slow to be the default: about ten seconds on two
/// cores (docs/performance.md).
const AFFORDABLE: f64 = 2e11;

/// Singular values of one matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// Singular values, largest first. All of them (as many as the smaller dimension) when `is_complete`.
    pub values: Vec<f64>,
    /// Square root of the sum of all squared elements: of the whole matrix, also when values are left out.
    pub frobenius: f64,
    /// No singular value is left out.
    pub is_complete: bool,
    /// No computed value is further than this from a true singular value, by the residuals of its vectors; 0
    /// where the method is exact up to rounding.
    pub error_bound: f64,
}

/// Computes singular values.
pub trait Backend {
    /// What did it, in a few words: `faer`, `libtorch 2.13.0 on cuda:0`.
    fn name(&self) -> String;

    /// What is to be said of how it went: that libtorch failed, and why. `None` if there is nothing.
    fn note(&self) -> Option<String> {
        None
    }

    /// Singular values of `matrix`.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Cancelled`] when `work` was, what reading finds, and
    /// [`crate::error::ErrorKind::Unsupported`] for a matrix with NaN or infinities, which has no spectrum.
    fn spectrum(&self, matrix: &Matrix, wanted: Wanted, work: &Work) -> Result<Spectrum>;
}

/// The back end that is always there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faer;

impl Backend for Faer {
    fn name(&self) -> String {
        "faer".to_owned()
    }

    fn spectrum(&self, matrix: &Matrix, wanted: Wanted, work: &Work) -> Result<Spectrum> {
        match largest(matrix, wanted) {
            None => dense::spectrum(matrix, work),
            Some(count) => randomized::spectrum(matrix, count, work),
        }
    }
}

/// How many of the largest singular values to compute; `None` for all of them.
pub fn largest(matrix: &Matrix, wanted: Wanted) -> Option<usize> {
    let all = matrix.columns();
    let count = match wanted {
        Wanted::All => return None,
        Wanted::Largest(count) => count.max(1),
        Wanted::Auto => {
            let cost = matrix.rows() as f64 * (all as f64).powi(2);
            if cost <= AFFORDABLE {
                return None;
            }
            FEW
        }
    };
    // With so many of them, the randomised way costs more than the plain one.
    (count < all / 4).then_some(count)
}
