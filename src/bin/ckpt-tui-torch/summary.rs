//! A tensor in numbers.

use ckpt_tui::engine::protocol::Parameter;
use tch::{Kind, TchError, Tensor};

/// Counts and statistics of a tensor's elements; of complex ones, of their magnitudes.
pub(crate) fn of(name: String, tensor: &Tensor) -> Result<Parameter, TchError> {
    let tensor = tensor.f_detach()?;
    let mut parameter = Parameter {
        name,
        dtype: dtype(tensor.f_kind()?).to_owned(),
        shape: tensor.size(),
        nan: 0,
        inf: 0,
        zeros: 0,
        mean: None,
        std: None,
        min: None,
        max: None,
    };
    let plain = if tensor.is_complex() { tensor.f_abs()? } else { tensor };
    let numbers = plain.f_to_kind(Kind::Double)?.f_reshape([-1])?;
    let count = |mask: Tensor| -> Result<u64, TchError> {
        Ok(u64::try_from(mask.f_sum(Kind::Int64)?.int64_value(&[])).unwrap_or(0))
    };
    parameter.nan = count(numbers.f_isnan()?)?;
    parameter.inf = count(numbers.f_isinf()?)?;
    parameter.zeros = count(numbers.f_eq(0.0)?)?;
    let finite = numbers.f_masked_select(&numbers.f_isfinite()?)?;
    if finite.numel() > 0 {
        parameter.mean = Some(finite.f_mean(Kind::Double)?.double_value(&[]));
        parameter.min = Some(finite.f_min()?.double_value(&[]));
        parameter.max = Some(finite.f_max()?.double_value(&[]));
    }
    if finite.numel() > 1 {
        parameter.std = Some(finite.f_std(true)?.double_value(&[]));
    }
    Ok(parameter)
}

/// torch's name of a dtype.
pub(crate) fn dtype(kind: Kind) -> &'static str {
    match kind {
        Kind::Float => "float32",
        Kind::Double => "float64",
        Kind::Half => "float16",
        Kind::BFloat16 => "bfloat16",
        Kind::Int64 => "int64",
        Kind::Int => "int32",
        Kind::Int16 => "int16",
        Kind::Int8 => "int8",
        Kind::Uint8 => "uint8",
        Kind::Bool => "bool",
        Kind::ComplexFloat => "complex64",
        Kind::ComplexDouble => "complex128",
        Kind::ComplexHalf => "complex32",
        _ => "other",
    }
}

/// The dtype torch calls `name`.
pub(crate) fn kind(name: &str) -> Result<Kind, TchError> {
    const INPUTS: [Kind; 10] = [
        Kind::Float,
        Kind::Double,
        Kind::Half,
        Kind::BFloat16,
        Kind::Int64,
        Kind::Int,
        Kind::Int16,
        Kind::Int8,
        Kind::Uint8,
        Kind::Bool,
    ];
    let found = INPUTS.into_iter().find(|kind| dtype(*kind) == name);
    found.ok_or_else(|| TchError::Kind(format!("no input can be of dtype {name}")))
}
