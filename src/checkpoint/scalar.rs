//! Values of one-element tensors: epochs, scores and losses are often saved as such.

use super::Checkpoint;
use crate::error::Result;
use crate::tensor::{DType, Layout, TensorId, TensorMeta};
use crate::value::Value;
use crate::value::json::TensorNames;
use crate::value::view::Leaf;

/// The value of a one-element tensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar {
    /// A floating-point element.
    Float(f64),
    /// An integer element.
    Int(i64),
    /// A boolean element.
    Bool(bool),
}

impl Scalar {
    /// The value as a number.
    pub fn number(self) -> f64 {
        match self {
            Self::Float(x) => x,
            Self::Int(n) => n as f64,
            Self::Bool(b) => f64::from(u8::from(b)),
        }
    }
}

impl TensorNames for Checkpoint {
    fn path(&self, id: TensorId) -> Option<&str> {
        self.entry_of(id).map(|entry| &*entry.path)
    }

    fn scalar(&self, id: TensorId) -> Option<Leaf> {
        Checkpoint::scalar(self, id).map(|scalar| match scalar {
            Scalar::Float(x) => Leaf::Float(x),
            Scalar::Int(n) => Leaf::Int(n),
            Scalar::Bool(b) => Leaf::Bool(b),
        })
    }
}

impl Checkpoint {
    /// The value of a tensor of exactly one element, read on first use; `None` for other tensors, for dtypes
    /// without a plain number, and when the bytes cannot be read.
    ///
    /// At most [`crate::limits::Limits::scalar_reads`] values are read for one checkpoint.
    pub fn scalar(&self, id: TensorId) -> Option<Scalar> {
        let mut known = self.scalars.lock().ok()?;
        if let Some(value) = known.get(&id) {
            return *value;
        }
        if known.len() >= crate::limits::Limits::default().scalar_reads {
            return None;
        }
        let value = self.tree().tensor(id).and_then(|meta| self.read_scalar(meta).ok().flatten());
        known.insert(id, value);
        value
    }

    /// A number: an int, float, bool, numpy scalar, or one-element tensor.
    pub fn number(&self, value: Value) -> Option<f64> {
        match value {
            Value::Tensor(id) => self.scalar(id).map(Scalar::number),
            _ => self.tree().as_number(value),
        }
    }

    fn read_scalar(&self, meta: &TensorMeta) -> Result<Option<Scalar>> {
        let storage = meta.storage.and_then(|id| self.tree().storage(id));
        let (Some(storage), 1, Layout::Strided) = (storage, meta.numel(), meta.layout) else {
            return Ok(None);
        };
        let width = (meta.dtype.bits() / 8) as usize;
        let mut bytes = [0_u8; 8];
        let Some(buf) = bytes.get_mut(..width).filter(|b| !b.is_empty()) else { return Ok(None) };
        let Some(offset) = meta.storage_offset.checked_mul(width as u64) else { return Ok(None) };
        self.read_storage(storage, offset, buf)?;
        if storage.big_endian {
            buf.reverse();
        }
        let negate = meta.neg;
        Ok(decode(meta.dtype, bytes).map(|scalar| match scalar {
            Scalar::Float(x) if negate => Scalar::Float(-x),
            other => other,
        }))
    }
}

/// One little-endian element, in the first bytes of `b`.
pub(super) fn decode(dtype: DType, b: [u8; 8]) -> Option<Scalar> {
    let [b0, b1, b2, b3, ..] = b;
    Some(match dtype {
        DType::Float64 => Scalar::Float(f64::from_le_bytes(b)),
        DType::Float32 => Scalar::Float(f64::from(f32::from_le_bytes([b0, b1, b2, b3]))),
        DType::Float16 => Scalar::Float(half::f16::from_le_bytes([b0, b1]).to_f64()),
        DType::BFloat16 => Scalar::Float(half::bf16::from_le_bytes([b0, b1]).to_f64()),
        DType::Int64 => Scalar::Int(i64::from_le_bytes(b)),
        DType::Int32 => Scalar::Int(i64::from(i32::from_le_bytes([b0, b1, b2, b3]))),
        DType::Int16 => Scalar::Int(i64::from(i16::from_le_bytes([b0, b1]))),
        DType::Int8 => Scalar::Int(i64::from(i8::from_le_bytes([b0]))),
        DType::UInt64 => Scalar::Float(u64::from_le_bytes(b) as f64),
        DType::UInt32 => Scalar::Int(i64::from(u32::from_le_bytes([b0, b1, b2, b3]))),
        DType::UInt16 => Scalar::Int(i64::from(u16::from_le_bytes([b0, b1]))),
        DType::UInt8 => Scalar::Int(i64::from(b0)),
        DType::Bool => Scalar::Bool(b0 != 0),
        _ => return None,
    })
}
