//! Values of tensors compared, pair by pair, in one pass over both files.
//!
//! Elements are read in blocks into buffers that are used again, by a few threads that also share the work inside
//! one large tensor; sums are kept in float64 and added up in a fixed order, so that the answer depends neither
//! on the number of threads nor, in its accuracy, on the size of a tensor. Elements of different dtypes are
//! compared after an up-cast that loses nothing.
//!
//! `max_abs`, `l2`, `relative_l2` and `cosine` are over the pairs of elements that are finite on both sides; what is
//! not finite is counted. Nothing here decides whether two tensors may be compared by name or shape: that
//! is the caller's business, and a pair of different shapes is an error in its place of the result.

mod job;
mod kernel;
mod lanes;
mod piece;
mod sums;

use crate::checkpoint::Checkpoint;
use crate::error::Result;
use crate::tensor::{TensorId, TensorMeta};
use crate::work::Work;

/// How values are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Two elements are close when `|candidate − reference| ≤ atol + rtol · |reference|`, as in
    /// `torch.allclose`.
    pub rtol: f64,
    /// See `rtol`.
    pub atol: f64,
    /// Threads that read and compare; 0 means one for each core.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { rtol: 0.0, atol: 0.0, threads: 0 }
    }
}

/// What one side of a pair holds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Side {
    /// Elements that are not a number.
    pub nan: u64,
    /// Elements that are infinite.
    pub inf: u64,
    /// Euclidean norm of the finite elements.
    pub l2: f64,
}

/// The difference of the values of two tensors of one shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ValueDiff {
    /// Elements compared.
    pub elements: u64,
    /// Same dtype, and the same bits in every element.
    pub equal_bytes: bool,
    /// Elements that are not the same number. NaN counts as the same as NaN, and 0 as the same as −0.
    pub unequal: u64,
    /// Elements farther apart than the tolerance allows; infinities and NaN count when they are unequal.
    pub outside: u64,
    /// Largest `|candidate − reference|` of the finite pairs.
    pub max_abs: f64,
    /// `‖candidate − reference‖₂` over the finite pairs.
    pub l2: f64,
    /// `l2 / ‖reference‖₂`; 0 where the tensors are equal, infinite where only the reference is zero.
    pub relative_l2: f64,
    /// Cosine of the angle between the two; 0 where one side is all zeros and the other is not (as torch has
    /// it), 1 where the two are equal.
    pub cosine: f64,
    /// The reference (the first of the pair).
    pub reference: Side,
    /// The candidate (the second of the pair).
    pub candidate: Side,
}

impl ValueDiff {
    /// Every element is the same number on both sides (NaN and NaN, 0 and −0 included).
    pub fn equal_values(&self) -> bool {
        self.unequal == 0
    }

    /// Every element is within the tolerance.
    pub fn is_close(&self) -> bool {
        self.outside == 0
    }
}

/// Compares the values of `pairs`: tensors of `a` (the reference) with tensors of `b` (the candidate).
///
/// The result has one row for each pair, in their order. The meter of `work` is advanced by the bytes of both
/// sides, [`bytes`] in all.
///
/// # Errors
/// [`crate::error::ErrorKind::Cancelled`] when the work was cancelled. A row is an error when its tensors have different
/// shapes, when one has no elements of its own to read (meta device, sparse and nested layouts, dtypes without
/// numbers), or when reading fails.
pub fn compare(
    a: &Checkpoint,
    b: &Checkpoint,
    pairs: &[(TensorId, TensorId)],
    options: &Options,
    work: &Work,
) -> Result<Vec<Result<ValueDiff>>> {
    job::run([a, b], pairs, options, work)
}

/// Bytes [`compare`] will have compared when it is done, of both sides.
pub fn bytes(a: &Checkpoint, b: &Checkpoint, pairs: &[(TensorId, TensorId)]) -> u64 {
    let of = |checkpoint: &Checkpoint, id| checkpoint.tree().tensor(id).map_or(0, TensorMeta::nbytes);
    pairs.iter().fold(0, |sum: u64, (x, y)| sum.saturating_add(of(a, *x)).saturating_add(of(b, *y)))
}

#[cfg(test)]
mod tests;
