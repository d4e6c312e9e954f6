//! The matrices of a checkpoint.

use super::{Backend, Matrix, Spectrum, Summary, Wanted, matrix, summary};
use crate::checkpoint::{Checkpoint, SectionRole, TensorEntry};
use crate::error::{ErrorKind, Result};
use crate::tensor::TensorId;
use crate::work::Work;

/// A tensor that is a matrix, and the spectrum of it.
#[derive(Debug, Clone)]
pub struct Row {
    /// Path of the tensor.
    pub path: String,
    /// Rows and columns of the matrix it was taken for.
    pub matrix: (u64, u64),
    /// Its spectrum and what it says, or why there is none.
    pub found: std::result::Result<(Spectrum, Summary), String>,
}

/// Tensors of the model that are matrices, with rows and columns. All sections are taken where none is a model's.
pub fn matrices(checkpoint: &Checkpoint) -> Vec<(&TensorEntry, (u64, u64))> {
    let shaped = |(_, entry): (u32, _)| Some((entry, matrix::shape_of(checkpoint.meta(entry))?));
    weights(checkpoint).into_iter().filter_map(shaped).collect()
}

/// Those tensors with their numbers among all of the checkpoint.
pub fn weights(checkpoint: &Checkpoint) -> Vec<(u32, &TensorEntry)> {
    let role = |entry: &&TensorEntry| {
        let role = checkpoint.section_of(entry).map(|section| section.role);
        matches!(role, Some(SectionRole::Model | SectionRole::Ema))
    };
    let any_model = checkpoint.tensors().iter().any(|entry| role(&entry));
    let wanted = (0..).zip(checkpoint.tensors()).filter(|(_, entry)| !any_model || role(entry));
    wanted.filter(|(_, entry)| matrix::shape_of(checkpoint.meta(entry)).is_some()).collect()
}

/// Multiplications their spectra need: the sum of the longer dimension times the square of the shorter one.
pub fn cost(matrices: &[(&TensorEntry, (u64, u64))]) -> f64 {
    let one = |(_, (a, b)): &(&TensorEntry, (u64, u64))| (*a).max(*b) as f64 * ((*a).min(*b) as f64).powi(2);
    matrices.iter().map(one).sum()
}

/// Computes the spectra of `matrices`, and hands each to `each` when it is there. A matrix without a spectrum (NaN, not
/// stored) is a row with the reason. Two names of one tensor are computed once.
///
/// # Errors
/// [`ErrorKind::Cancelled`] when `work` was, and what `each` returns.
pub fn spectra<E: From<crate::error::Error>>(
    checkpoint: &Checkpoint,
    matrices: &[(&TensorEntry, (u64, u64))],
    backend: &dyn Backend,
    wanted: Wanted,
    work: &Work,
    mut each: impl FnMut(Row) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    work.meter.expect(matrices.iter().map(|(_, (a, b))| a.saturating_mul(*b)).fold(0, u64::saturating_add));
    let mut last: Vec<(TensorId, Row)> = Vec::new();
    for (entry, shape) in matrices {
        let known = last.iter().find(|(id, _)| *id == entry.id).map(|(_, row)| row.found.clone());
        let found = match known {
            Some(found) => found,
            None => match one(checkpoint, entry, backend, wanted, work) {
                Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error.into()),
                found => found.map_err(|e| e.reason()),
            },
        };
        let row = Row { path: entry.path.to_string(), matrix: *shape, found };
        let is_shared = checkpoint.tensors().iter().filter(|other| other.id == entry.id).nth(1).is_some();
        if is_shared {
            last.push((entry.id, row.clone()));
        }
        each(row)?;
    }
    Ok(())
}

/// The spectrum of one tensor.
///
/// # Errors
/// As [`Matrix::open`] and [`Backend::spectrum`].
pub fn one(
    checkpoint: &Checkpoint,
    entry: &TensorEntry,
    backend: &dyn Backend,
    wanted: Wanted,
    work: &Work,
) -> Result<(Spectrum, Summary)> {
    let matrix = Matrix::open(checkpoint, checkpoint.meta(entry))?;
    let spectrum = backend.spectrum(&matrix, wanted, work)?;
    let summary = summary::of(&spectrum, matrix.rows());
    Ok((spectrum, summary))
}
