//! Singular values.

use tch::{Device, Kind, TchError, Tensor};

/// Singular values of a row-major matrix, largest first.
pub(crate) fn values(
    elements: &[f64],
    rows: usize,
    columns: usize,
    device: Device,
) -> Result<Vec<f64>, TchError> {
    let wrong = || TchError::Shape(format!("{} elements are no {rows} by {columns} matrix", elements.len()));
    if rows.checked_mul(columns) != Some(elements.len()) {
        return Err(wrong());
    }
    let size = |n: usize| i64::try_from(n).map_err(|_| wrong());
    let shape = [size(rows)?, size(columns)?];
    let matrix = Tensor::f_from_slice(elements)?.f_reshape(shape)?.f_to_device(device)?;
    // MPS has no float64.
    let matrix = if device == Device::Mps { matrix.f_to_kind(Kind::Float)? } else { matrix };
    // `linalg_svdvals` wants the name of a driver, and takes none on the CPU.
    let (_, values, _) = matrix.f_svd(true, false)?;
    let values = values.f_to_kind(Kind::Double)?.f_to_device(Device::Cpu)?;
    numbers(&values)
}

/// The elements of a tensor, row-major.
pub(crate) fn numbers(tensor: &Tensor) -> Result<Vec<f64>, TchError> {
    let flat = tensor.f_to_kind(Kind::Double)?.f_to_device(Device::Cpu)?.f_reshape([-1])?.f_contiguous()?;
    let mut out = vec![0.0; flat.numel()];
    let count = out.len();
    flat.f_copy_data(&mut out, count)?;
    Ok(out)
}
