//! Matrices with known singular values, in checkpoints.

use std::sync::Arc;

use faer::Mat;
use faer::linalg::solvers::Qr;
use serde_json::json;

use super::Matrix;
use crate::tensor::{DType, Place, Storage, TensorMeta};
use crate::training::testing::checkpoint_of;

/// A matrix of `rows` rows with these singular values: its elements row by row, and itself.
pub(super) fn known(rows: usize, values: &[f64]) -> (Vec<f64>, Mat<f64>) {
    let columns = values.len();
    let odd = |seed: f64| move |i: usize, j: usize| (seed + (i * 31 + j * 17) as f64 * 0.37).sin();
    let left = Qr::new(Mat::from_fn(rows, columns, odd(1.0)).as_ref()).compute_thin_Q();
    let right = Qr::new(Mat::from_fn(columns, columns, odd(2.0)).as_ref()).compute_thin_Q();
    let scaled = Mat::from_fn(rows, columns, |i, j| left[(i, j)] * values[j]);
    let matrix = scaled * right.transpose();
    let elements = (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))).map(|at| matrix[at]).collect();
    (elements, matrix)
}

/// These elements as a `float64` tensor of a checkpoint.
pub(super) fn matrix_of(elements: &[f64], rows: u64, columns: u64) -> Matrix {
    let bytes: Vec<u8> = elements.iter().flat_map(|x| x.to_le_bytes()).collect();
    let len = bytes.len() as u64;
    let mut storage = None;
    let checkpoint = checkpoint_of(&json!({}), |parts| {
        parts.assembled.push(Arc::new(bytes));
        storage = Some(parts.tree.add_storage(Storage {
            key: "0".into(),
            dtype: DType::Float64,
            location: "cpu".into(),
            nbytes: len,
            place: Place::Assembled { source: 0, len },
            big_endian: false,
        }));
    });
    Matrix::open(&checkpoint, &TensorMeta::contiguous(DType::Float64, &[rows, columns], storage, 0)).unwrap()
}

/// Both lists agree, relative to the largest value.
pub(super) fn close(found: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(found.len(), want.len());
    for (found, truth) in found.iter().zip(want) {
        assert!((found - truth).abs() <= tolerance * want[0], "{found} is not {truth}");
    }
}
