//! A tensor as a matrix.

use crate::checkpoint::Checkpoint;
use crate::elements::{Elements, Scratch};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{Numeric, TensorMeta, saturating_product};

/// Largest matrix dimension: what a row or column of `f64` takes stays far below the memory of any machine.
const LONGEST: u64 = 1 << 31;

/// A weight as a matrix with at least as many rows as columns: transposing does not change singular values,
/// and lets tall and wide matrices be read the same way, in blocks of rows.
pub struct Matrix {
    elements: Elements,
    rows: usize,
    columns: usize,
    is_transposed: bool,
}

/// The shape of the matrix a tensor is taken for, (rows, columns); `None` for tensors that are none.
///
/// Two dimensions are taken as they are. With more, the first (output channels of a convolution) counts the rows
/// and all others together the columns, as `weight.flatten(1)` does: a convolution as the linear map from one
/// patch to its outputs.
pub fn shape_of(meta: &TensorMeta) -> Option<(u64, u64)> {
    let (&first, rest) = meta.shape().split_first()?;
    let number = matches!(meta.dtype.numeric(), Numeric::Float | Numeric::Quantized | Numeric::Integer);
    let columns = saturating_product(rest);
    (number && !rest.is_empty() && first > 0 && columns > 0).then_some((first, columns))
}

impl Matrix {
    /// The matrix of a tensor of at least two dimensions.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when it is no matrix, [`ErrorKind::Limit`] when it is too long, and as
    /// [`Elements::open`].
    pub fn open(checkpoint: &Checkpoint, meta: &TensorMeta) -> Result<Self> {
        let no_matrix =
            || Error::new(ErrorKind::Unsupported, "a spectrum needs a matrix: two dimensions or more");
        let (first, rest) = shape_of(meta).ok_or_else(no_matrix)?;
        if first.max(rest) > LONGEST {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("{first} by {rest} is too large for a spectrum"),
            ));
        }
        let is_transposed = first < rest;
        let elements = if is_transposed {
            Elements::open(checkpoint, &transposed(meta)?)?
        } else {
            Elements::open(checkpoint, meta)?
        };
        let (rows, columns) = (first.max(rest) as usize, first.min(rest) as usize);
        Ok(Self { elements, rows, columns, is_transposed })
    }

    /// Rows; at least as many as columns.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns: as many as there are singular values.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Rows and columns of the tensor itself, before it was laid upright.
    pub fn original(&self) -> (usize, usize) {
        if self.is_transposed { (self.columns, self.rows) } else { (self.rows, self.columns) }
    }

    /// Fills `out` with whole rows from `first` on, one after the other.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when there is a NaN or an infinity among them, and as [`Elements::read`].
    pub fn read(&self, first: usize, out: &mut [f64], scratch: &mut Scratch) -> Result<()> {
        self.elements.read(first as u64 * self.columns as u64, out, scratch)?;
        if out.iter().all(|x| x.is_finite()) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Unsupported, "it holds NaN or infinite values, and so has no spectrum"))
    }
}

/// The tensor with its first dimension behind all others.
fn transposed(meta: &TensorMeta) -> Result<TensorMeta> {
    let (mut shape, mut stride) = (meta.shape().to_vec(), meta.stride().to_vec());
    shape.rotate_left(1);
    stride.rotate_left(1);
    if meta.quantizer.as_deref().is_some_and(|q| matches!(q, crate::tensor::Quantizer::PerChannel { .. })) {
        let text = "a per-channel quantised matrix that is wider than tall is not supported";
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    let mut turned = TensorMeta::strided(meta.dtype, &shape, &stride, meta.storage, meta.storage_offset);
    turned.neg = meta.neg;
    turned.quantizer.clone_from(&meta.quantizer);
    Ok(turned)
}
