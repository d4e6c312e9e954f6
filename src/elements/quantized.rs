//! Quantised integers back to numbers: `scale * (q - zero_point)`, in float32 as torch's `dequantize` does it.

use super::{Elements, Scratch};
use crate::checkpoint::Checkpoint;
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{Quantizer, TensorId, TensorMeta, saturating_product};

/// Channels of a per-channel quantised tensor at most, so that scales fit into memory.
const CHANNELS: u64 = 1 << 24;

/// How to dequantise.
pub(super) enum Scale {
    /// Not quantised.
    None,
    /// One pair for all.
    PerTensor { scale: f64, zero_point: f64 },
    /// One pair for each index along one dimension; `inner` elements follow each other with the same index.
    PerChannel { pairs: Vec<(f64, f64)>, inner: u64 },
}

impl Scale {
    pub(super) fn of(checkpoint: &Checkpoint, meta: &TensorMeta) -> Result<Self> {
        match meta.quantizer.as_deref() {
            None => Ok(Self::None),
            Some(Quantizer::PerTensor { scale, zero_point }) => {
                Ok(Self::PerTensor { scale: *scale, zero_point: *zero_point as f64 })
            }
            Some(Quantizer::PerChannel { scales, zero_points, axis }) => {
                let shape = meta.shape();
                let channels = shape.get(*axis as usize).copied().unwrap_or(0);
                let inner = saturating_product(shape.get(*axis as usize + 1..).unwrap_or_default()).max(1);
                let scales = vector(checkpoint, *scales, channels, "scales")?;
                let zero_points = vector(checkpoint, *zero_points, channels, "zero points")?;
                Ok(Self::PerChannel { pairs: scales.into_iter().zip(zero_points).collect(), inner })
            }
        }
    }

    /// True when there is something to dequantise.
    pub(super) fn is_some(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// True when an element's number depends on its place.
    pub(super) fn is_ordered(&self) -> bool {
        matches!(self, Self::PerChannel { .. })
    }

    /// Dequantises elements `start ..`.
    pub(super) fn apply(&self, start: u64, out: &mut [f64]) {
        match self {
            Self::None => {}
            Self::PerTensor { scale, zero_point } => {
                for q in out {
                    *q = dequantize(*q, *scale, *zero_point);
                }
            }
            Self::PerChannel { pairs, inner } => {
                for (at, q) in (start..).zip(out) {
                    let channel = (at / inner) % (pairs.len() as u64).max(1);
                    if let Some((scale, zero_point)) = pairs.get(channel as usize) {
                        *q = by_channel(*q, *scale, *zero_point);
                    }
                }
            }
        }
    }
}

fn dequantize(q: f64, scale: f64, zero_point: f64) -> f64 {
    f64::from(scale as f32 * (q - zero_point) as f32)
}

/// Of a channel, torch keeps the scale in float64 (`dequantize_tensor_per_channel_affine`): only what it gives is rounded.
fn by_channel(q: f64, scale: f64, zero_point: f64) -> f64 {
    f64::from((scale * f64::from(q as f32 - zero_point as f32)) as f32)
}

/// The elements of a 1-D tensor with one element for each channel.
fn vector(checkpoint: &Checkpoint, id: TensorId, channels: u64, what: &str) -> Result<Vec<f64>> {
    let meta = checkpoint.tree().tensor(id).filter(|meta| meta.quantizer.is_none());
    let meta = meta.filter(|meta| meta.numel() == channels && channels <= CHANNELS).ok_or_else(|| {
        let text = format!("the {what} of its {channels} channels are not a tensor of that length");
        Error::new(ErrorKind::TensorBounds, text)
    })?;
    let elements = Elements::open(checkpoint, meta)?;
    let mut out = vec![0.0; channels as usize];
    elements.read(0, &mut out, &mut Scratch::default())?;
    Ok(out)
}
