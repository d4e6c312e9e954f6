//! All singular values: a QR decomposition that takes the matrix block by block, then the singular values of
//! the triangle it leaves.
//!
//! Only the triangle (columns by columns) and one block are in memory, whatever the number of rows: each block is
//! stacked under the triangle so far and decomposed again (a sequential TSQR; Demmel, Grigori, Hoemmen and Langou,
//! "Communication-optimal parallel and sequential QR and LU factorizations", 2012). Orthogonal steps only, so
//! small singular values keep their digits, which the eigenvalues of the Gram matrix would not.

use faer::linalg::solvers::Qr;
use faer::{Mat, MatRef};

use super::{Matrix, Spectrum};
use crate::elements::Scratch;
use crate::error::{Error, ErrorKind, Result};
use crate::work::Work;

/// Elements of a matrix taken in one piece: 64 MiB of `f64`.
const WHOLE: usize = 8 << 20;

/// All singular values of `matrix`. `work` counts its elements.
///
/// # Errors
/// As [`super::Backend::spectrum`].
pub fn spectrum(matrix: &Matrix, work: &Work) -> Result<Spectrum> {
    let (rows, columns) = (matrix.rows(), matrix.columns());
    let whole = rows.saturating_mul(columns) <= WHOLE;
    let at_once = if whole { rows } else { (WHOLE / columns).max(columns).min(rows) };
    in_blocks(matrix, at_once, work)
}

fn in_blocks(matrix: &Matrix, at_once: usize, work: &Work) -> Result<Spectrum> {
    let (rows, columns) = (matrix.rows(), matrix.columns());
    let mut scratch = Scratch::default();
    let mut triangle: Option<Mat<f64>> = None;
    let (mut first, mut squares) = (0, 0.0);
    while first < rows {
        work.cancel.check()?;
        let count = at_once.min(rows - first);
        let mut block = vec![0.0; count * columns];
        matrix.read(first, &mut block, &mut scratch)?;
        squares += block.chunks(columns).map(|row| row.iter().map(|x| x * x).sum::<f64>()).sum::<f64>();
        let block = MatRef::from_row_major_slice(&block, count, columns);
        triangle = Some(match triangle {
            None if count == rows => block.to_owned(),
            None => reduced(block),
            Some(above) => reduced(stacked(&above, block).as_ref()),
        });
        first += count;
        work.meter.advance((count * columns) as u64);
    }
    let triangle = triangle.unwrap_or_else(|| Mat::zeros(0, columns));
    let values = triangle.singular_values().map_err(|_| {
        Error::new(ErrorKind::Unsupported, "the computation of its singular values did not converge")
    })?;
    Ok(Spectrum { values, frobenius: squares.sqrt(), is_complete: true, error_bound: 0.0 })
}

/// The triangle of a QR decomposition; the matrix itself while it has no more rows than columns.
fn reduced(matrix: MatRef<'_, f64>) -> Mat<f64> {
    if matrix.nrows() <= matrix.ncols() {
        return matrix.to_owned();
    }
    Qr::new(matrix).thin_R().to_owned()
}

fn stacked(above: &Mat<f64>, below: MatRef<'_, f64>) -> Mat<f64> {
    let split = above.nrows();
    let mut both = Mat::zeros(split + below.nrows(), below.ncols());
    both.get_mut(..split, ..).copy_from(above);
    both.get_mut(split.., ..).copy_from(below);
    both
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, known, matrix_of};
    use super::*;

    #[test]
    fn blocks_give_the_singular_values_of_the_whole() {
        let want: Vec<f64> = (0..12).map(|i| 2_f64.powi(-2 * i)).collect();
        let (rows, matrix) = known(40, &want);
        for at_once in [40, 12, 13, 7, 1] {
            let found = in_blocks(&matrix_of(&rows, 40, 12), at_once, &Work::default()).unwrap();
            close(&found.values, &want, 1e-13);
        }
        let turned: Vec<f64> =
            (0..12).flat_map(|c| matrix.col(c).iter().copied().collect::<Vec<_>>()).collect();
        let found = spectrum(&matrix_of(&turned, 12, 40), &Work::default()).unwrap();
        close(&found.values, &want, 1e-13);
    }

    #[test]
    fn nan_is_refused() {
        let error = spectrum(&matrix_of(&[1.0, f64::NAN, 0.0, 1.0], 2, 2), &Work::default()).unwrap_err();
        assert!(error.to_string().contains("NaN"), "{error}");
    }
}
