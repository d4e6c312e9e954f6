//! The bytes of one tensor to be written, block by block, whatever they are made from.

use crate::checkpoint::Checkpoint;
use crate::elements::{Elements, Scratch, decode};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, Numeric, TensorId, TensorMeta};

use super::encode::{can_encode, encode};

/// Numbers that are converted at once.
const BLOCK: usize = 1 << 14;

/// What the elements of a written tensor are.
pub(super) enum Content {
    /// Stored elements, bit for bit.
    Stored(Elements),
    /// Numbers of a tensor in another dtype; quantised ones are dequantised.
    Cast(Elements, DType),
    /// Averages, in float64, of several tensors.
    Mean(Vec<Elements>, DType),
    /// One after the other; so many bytes each.
    Joined(Vec<(u64, Content)>),
    /// Bytes that were made, and their dtype where another one is wanted.
    Made(Vec<u8>),
    /// Zero bytes.
    Zeros,
}

/// Memory of one thread, used again for each block.
#[derive(Default)]
pub(super) struct Buffers {
    scratch: Scratch,
    numbers: Vec<f64>,
    sum: Vec<f64>,
}

impl Content {
    /// The elements of `id`, in `dtype`.
    pub(super) fn of(checkpoint: &Checkpoint, id: TensorId, dtype: DType) -> Result<Self> {
        let meta = checkpoint.tree().tensor(id).ok_or_else(no_such_tensor)?;
        Self::of_meta(checkpoint, meta, dtype)
    }

    /// The elements of `meta`, a tensor or view of one of `checkpoint`, in `dtype`.
    pub(super) fn of_meta(checkpoint: &Checkpoint, meta: &TensorMeta, dtype: DType) -> Result<Self> {
        let elements = Elements::open(checkpoint, meta)?;
        if elements.is_stored_as_is() && meta.dtype == dtype {
            return Ok(Self::Stored(elements));
        }
        let complex = |d: DType| d.numeric() == Numeric::Complex;
        if complex(meta.dtype) != complex(dtype) || !can_encode(dtype) {
            let text = format!("{} elements cannot be written as {dtype}", meta.dtype);
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        Ok(Self::Cast(elements, dtype))
    }

    /// Fills `out` with bytes from `offset` on; both are multiples of an element's size.
    pub(super) fn fill(&self, offset: u64, out: &mut [u8], buffers: &mut Buffers) -> Result<()> {
        match self {
            Self::Stored(elements) => {
                elements.read_bytes(number_at(elements, offset), out, &mut buffers.scratch)
            }
            Self::Cast(elements, dtype) => cast(elements, *dtype, offset, out, buffers),
            Self::Mean(all, dtype) => mean(all, *dtype, offset, out, buffers),
            Self::Joined(parts) => joined(parts, offset, out, buffers),
            Self::Made(bytes) => {
                let from = bytes.get(offset as usize..).and_then(|rest| rest.get(..out.len()));
                out.copy_from_slice(from.ok_or_else(|| past_the_end(offset))?);
                Ok(())
            }
            Self::Zeros => {
                out.fill(0);
                Ok(())
            }
        }
    }
}

pub(super) fn no_such_tensor() -> Error {
    Error::new(ErrorKind::TensorBounds, "there is no such tensor")
}

fn past_the_end(offset: u64) -> Error {
    Error::new(ErrorKind::Truncated, format!("byte {offset} is past the end of the tensor"))
}

/// The number that begins at byte `offset` of the row-major elements.
fn number_at(elements: &Elements, offset: u64) -> u64 {
    let dtype = elements.dtype();
    let bits = if dtype == DType::Float4E2m1fnX2 { 4 } else { u64::from(dtype.bits()) };
    offset.saturating_mul(8) / bits.max(1)
}

/// Runs `block` over the elements of `out`: the first element and the bytes of each block.
fn blocks(
    dtype: DType,
    offset: u64,
    out: &mut [u8],
    mut block: impl FnMut(u64, usize, &mut [u8]) -> Result<()>,
) -> Result<()> {
    let size = (dtype.bits() as usize / 8).max(1);
    let mut at = offset / size as u64;
    for part in out.chunks_mut(BLOCK * size) {
        let count = part.len() / size;
        block(at, count, part)?;
        at += count as u64;
    }
    Ok(())
}

fn cast(elements: &Elements, dtype: DType, offset: u64, out: &mut [u8], buffers: &mut Buffers) -> Result<()> {
    let Buffers { scratch, numbers, .. } = buffers;
    blocks(dtype, offset, out, |start, count, part| {
        numbers.resize(count * elements.parts(), 0.0);
        elements.read_parts(start, numbers, scratch)?;
        encode(dtype, numbers, part);
        Ok(())
    })
}

fn mean(all: &[Elements], dtype: DType, offset: u64, out: &mut [u8], buffers: &mut Buffers) -> Result<()> {
    let Buffers { scratch, numbers, sum, .. } = buffers;
    let parts = all.first().map_or(1, Elements::parts);
    blocks(dtype, offset, out, |start, count, part| {
        sum.clear();
        sum.resize(count * parts, 0.0);
        numbers.resize(count * parts, 0.0);
        for elements in all {
            elements.read_parts(start, numbers, scratch)?;
            for (sum, x) in sum.iter_mut().zip(numbers.iter()) {
                *sum += x;
            }
        }
        for x in sum.iter_mut() {
            *x /= all.len() as f64;
        }
        encode(dtype, sum, part);
        Ok(())
    })
}

fn joined(parts: &[(u64, Content)], offset: u64, out: &mut [u8], buffers: &mut Buffers) -> Result<()> {
    let (mut begin, mut at, mut rest) = (0_u64, offset, out);
    for (len, part) in parts {
        let end = begin.saturating_add(*len);
        if at < end && !rest.is_empty() {
            let count = usize::try_from(end - at).unwrap_or(usize::MAX).min(rest.len());
            let (now, later) = rest.split_at_mut(count);
            part.fill(at - begin, now, buffers)?;
            (at, rest) = (at + count as u64, later);
        }
        begin = end;
    }
    if rest.is_empty() { Ok(()) } else { Err(past_the_end(at)) }
}

/// `bytes` of `from` as numbers, written as `to`.
pub(super) fn convert(bytes: &[u8], from: DType, to: DType) -> Vec<u8> {
    let size = |dtype: DType| (dtype.bits() as usize / 8).max(1);
    let count = bytes.len() / size(from);
    let parts = if from.numeric() == Numeric::Complex { 2 } else { 1 };
    let mut out = vec![0; count * size(to)];
    let mut numbers = vec![0.0; BLOCK * parts];
    for (from_part, to_part) in bytes.chunks(BLOCK * size(from)).zip(out.chunks_mut(BLOCK * size(to))) {
        let held = from_part.len() / size(from) * parts;
        if let Some(numbers) = numbers.get_mut(..held) {
            decode(from, false, from_part, numbers);
            encode(to, numbers, to_part);
        }
    }
    out
}
