//! The largest singular values of a matrix too large for all of them.
//!
//! Randomised subspace iteration (Halko, Martinsson and Tropp, "Finding structure with randomness", 2011, algorithms
//! 4.4 and 5.1) with a fixed seed, so that two looks at one file agree. The matrix is read in blocks of rows, twice in
//! each iteration, and never kept. How far each value can be from a true singular value is known afterwards from the
//! residual of its vectors; iterations go on until that is small, or a limit is reached.

use faer::linalg::solvers::Qr;
use faer::{Mat, MatRef};

use super::{Matrix, Spectrum};
use crate::elements::Scratch;
use crate::error::{Error, ErrorKind, Result};
use crate::work::Work;

/// More vectors than values are asked for: the last ones converge slowly.
const EXTRA: usize = 16;
/// Iterations at most. A spectrum that falls slowly (random weights) is hard; the bound tells how well it went.
const ITERATIONS: usize = 24;
/// Residual, relative to the largest value, at which iterations end.
const ENOUGH: f64 = 1e-7;
/// Elements of one block of rows: 16 MiB of `f64`.
const BLOCK: usize = 2 << 20;

/// The `count` largest singular values of `matrix`. `work` counts its elements, each iteration anew.
///
/// # Errors
/// As [`super::Backend::spectrum`].
pub fn spectrum(matrix: &Matrix, count: usize, work: &Work) -> Result<Spectrum> {
    let (rows, columns) = (matrix.rows(), matrix.columns());
    let width = (count + EXTRA).min(columns);
    let mut right = orthonormal(random(columns, width).as_ref());
    let mut found = None;
    for _ in 0..ITERATIONS {
        // Both products in one pass over the rows: A·V, and Aᵀ·(A·V).
        let pass = pass(matrix, &right, work)?;
        let step = project(&pass, &right)?;
        let enough = step.residual <= ENOUGH * step.values.first().copied().unwrap_or(0.0);
        right = orthonormal(pass.gram.as_ref());
        found = Some((step, pass.squares));
        if enough {
            break;
        }
        work.meter.expect(work.meter.total() + (rows * columns) as u64);
    }
    let (step, squares) = found.unwrap_or_default();
    let mut values = step.values;
    values.truncate(count);
    Ok(Spectrum { values, frobenius: squares.sqrt(), is_complete: false, error_bound: step.residual })
}

/// What one pass over the matrix gives for orthonormal vectors V.
struct Pass {
    /// `VᵀAᵀA·V`, from the products of A·V with itself.
    inner: Mat<f64>,
    /// `AᵀA·V`.
    gram: Mat<f64>,
    /// Sum of all squared elements.
    squares: f64,
}

fn pass(matrix: &Matrix, right: &Mat<f64>, work: &Work) -> Result<Pass> {
    let (rows, columns, width) = (matrix.rows(), matrix.columns(), right.ncols());
    let at_once = (BLOCK / columns).clamp(1, rows);
    let mut pass = Pass { inner: Mat::zeros(width, width), gram: Mat::zeros(columns, width), squares: 0.0 };
    let mut scratch = Scratch::default();
    let mut block = vec![0.0; at_once * columns];
    let mut first = 0;
    while first < rows {
        work.cancel.check()?;
        let count = at_once.min(rows - first);
        let part = block.get_mut(..count * columns).unwrap_or_default();
        matrix.read(first, part, &mut scratch)?;
        pass.squares += part.chunks(columns).map(|row| row.iter().map(|x| x * x).sum::<f64>()).sum::<f64>();
        let part = MatRef::from_row_major_slice(part, count, columns);
        let image = part * right;
        pass.inner += image.transpose() * &image;
        pass.gram += part.transpose() * &image;
        first += count;
        work.meter.advance((count * columns) as u64);
    }
    Ok(pass)
}

/// Values found in the span of V, and how far they can be from true ones.
#[derive(Default)]
struct Step {
    values: Vec<f64>,
    residual: f64,
}

/// Rayleigh–Ritz in the span of V: eigenvalues of `VᵀAᵀAV`. For an eigenpair (θ, y) some eigenvalue λ of `AᵀA` has
/// `|λ - θ| <= ‖AᵀAVy - θVy‖`, so the singular values differ by at most that over `√θ`.
fn project(pass: &Pass, right: &Mat<f64>) -> Result<Step> {
    let failed =
        || Error::new(ErrorKind::Unsupported, "the computation of its singular values did not converge");
    let eigen = pass.inner.self_adjoint_eigen(faer::Side::Lower).map_err(|_| failed())?;
    let vectors = eigen.U();
    let moved = &pass.gram * vectors;
    let still = right * vectors;
    let mut step = Step::default();
    let width = right.ncols();
    for (rank, at) in (0..width).rev().enumerate() {
        let theta = eigen.S().column_vector().get(at).max(0.0);
        let sigma = theta.sqrt();
        step.values.push(sigma);
        // The extra vectors are there to be bad.
        if rank + EXTRA < width.max(EXTRA + 1) && sigma > 0.0 {
            let rest = moved.col(at) - still.col(at) * faer::Scale(theta);
            step.residual = step.residual.max(rest.norm_l2() / sigma);
        }
    }
    Ok(step)
}

fn orthonormal(matrix: MatRef<'_, f64>) -> Mat<f64> {
    Qr::new(matrix).compute_thin_Q()
}

/// A matrix of evenly distributed numbers, always the same: what matters is that no weight matrix was made to be
/// orthogonal to it.
fn random(rows: usize, columns: usize) -> Mat<f64> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    Mat::from_fn(rows, columns, |_, _| {
        // xorshift64* (Vigna, 2016).
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, known, matrix_of};
    use super::*;

    #[test]
    fn the_largest_values_are_found_and_the_bound_holds() {
        let want: Vec<f64> = (0..120).map(|i| 0.9_f64.powi(i)).collect();
        let (rows, _) = known(300, &want);
        let found = spectrum(&matrix_of(&rows, 300, 120), 10, &Work::default()).unwrap();
        close(&found.values, &want[..10], 1e-6);
        for (value, truth) in found.values.iter().zip(&want) {
            assert!(
                (value - truth).abs() <= found.error_bound + 1e-12,
                "{value} {truth} {}",
                found.error_bound
            );
        }
        let frobenius = want.iter().map(|s| s * s).sum::<f64>().sqrt();
        assert!((found.frobenius - frobenius).abs() < 1e-10);
        assert!(!found.is_complete);
    }

    #[test]
    fn a_slowly_falling_spectrum_says_how_far_off_it_is() {
        let want: Vec<f64> = (0..200).map(|i| 1.0 - f64::from(i) * 0.001).collect();
        let (rows, _) = known(200, &want);
        let found = spectrum(&matrix_of(&rows, 200, 200), 5, &Work::default()).unwrap();
        assert!(found.error_bound > 0.0);
        for value in &found.values {
            let nearest = want.iter().map(|s| (s - value).abs()).fold(f64::INFINITY, f64::min);
            assert!(nearest <= found.error_bound, "{value}: {nearest} > {}", found.error_bound);
        }
    }

    #[test]
    fn it_stops_when_told() {
        let work = Work::default();
        work.cancel.cancel();
        assert!(spectrum(&matrix_of(&[1.0; 64], 8, 8), 1, &work).is_err());
    }
}
