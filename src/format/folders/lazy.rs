//! Tensors of files that are opened only when their elements are asked for, as row-major bytes.

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use crate::checkpoint::Checkpoint;
use crate::error::{Error, ErrorKind, Result};
use crate::source::{RangeSource, ReadAt};
use crate::tensor::{DType, Layout, Numeric, TensorMeta};
use crate::value::{Tree, Value};

/// Strided tensors up to so many bytes are put in order once and kept.
const KEPT: u64 = 64 << 20;

/// The elements of the tensor that `pick` finds in a checkpoint, row-major and little-endian.
///
/// # Errors
/// When there is none, when it has another dtype than `dtype`, or no plain elements.
pub(super) fn elements(
    checkpoint: &Checkpoint,
    dtype: DType,
    pick: impl Fn(&Tree) -> Option<Value>,
) -> Result<Arc<dyn ReadAt>> {
    let tree = checkpoint.tree();
    let Some(Value::Tensor(id)) = pick(tree) else {
        return Err(Error::new(ErrorKind::StorageMissing, "it does not hold the tensor it should"));
    };
    let absent = || Error::new(ErrorKind::StorageMissing, "the tensor was saved without bytes");
    let meta = tree.tensor(id).ok_or_else(absent)?;
    if meta.dtype != dtype {
        let text = format!("it holds {} elements where {dtype} was said", meta.dtype);
        return Err(Error::new(ErrorKind::TensorBounds, text));
    }
    if meta.layout != Layout::Strided || meta.conj || meta.neg || !dtype.bits().is_multiple_of(8) {
        let text = format!("a {} tensor is not put together from pieces", meta.layout.name());
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    if meta.numel() == 0 {
        return Ok(Arc::new(Vec::new()));
    }
    let storage = meta.storage.and_then(|s| tree.storage(s)).ok_or_else(absent)?;
    let source = checkpoint.storage_source(storage)?;
    let width = u64::from(dtype.bits() / 8);
    let ordered: Arc<dyn ReadAt> = if meta.is_contiguous() {
        Arc::new(RangeSource::new(source, meta.storage_offset.saturating_mul(width), meta.nbytes()))
    } else {
        Arc::new(Strided { source, meta: meta.clone(), width, kept: OnceLock::new() })
    };
    if !storage.big_endian {
        return Ok(ordered);
    }
    let unit = if dtype.numeric() == Numeric::Complex { width / 2 } else { width };
    Ok(Arc::new(Swapped { source: ordered, unit }))
}

/// Opens `source` as a checkpoint of its own, for [`elements`].
pub(super) fn open(
    source: Arc<dyn ReadAt>,
    path: &Path,
    limits: &crate::limits::Limits,
) -> Result<Checkpoint> {
    crate::format::open_source(path, source, None, limits)
}

/// A tensor whose elements do not lie in row-major order.
struct Strided {
    source: Arc<dyn ReadAt>,
    meta: TensorMeta,
    width: u64,
    kept: OnceLock<Result<Vec<u8>, String>>,
}

impl Strided {
    /// Byte position of element `at` of the row-major order.
    fn position(&self, mut at: u64) -> u64 {
        let mut position = self.meta.storage_offset;
        for (size, stride) in self.meta.shape().iter().zip(self.meta.stride()).rev() {
            position += at % size.max(&1) * stride;
            at /= size.max(&1);
        }
        position * self.width
    }

    fn in_order(&self) -> Result<Vec<u8>> {
        let (first, end) = self.meta.element_span().unwrap_or((0, 0));
        let start = first * self.width;
        let held = self.source.read_vec(start, (end - first) * self.width)?;
        let mut out = Vec::with_capacity(usize::try_from(self.meta.nbytes()).unwrap_or(0));
        for at in 0..self.meta.numel() {
            let from = usize::try_from(self.position(at) - start).unwrap_or(usize::MAX);
            let element = held.get(from..).and_then(|rest| rest.get(..self.width as usize));
            out.extend_from_slice(element.unwrap_or_default());
        }
        Ok(out)
    }

    /// Bytes the elements span in the storage.
    fn span(&self) -> u64 {
        self.meta.element_span().map_or(0, |(first, end)| (end - first).saturating_mul(self.width))
    }
}

impl ReadAt for Strided {
    fn len(&self) -> u64 {
        self.meta.nbytes()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        if self.len() <= KEPT && self.span() <= KEPT {
            let kept = self.kept.get_or_init(|| self.in_order().map_err(|e| e.reason()));
            return match kept {
                Ok(kept) => kept.read_at(buf, offset),
                Err(reason) => Err(io::Error::other(reason.clone())),
            };
        }
        // Larger ones are read element by element: slow, and in no more memory than the caller's.
        let (at, skip) = (offset / self.width, offset % self.width);
        if at >= self.meta.numel() {
            return Ok(0);
        }
        let n = usize::try_from(self.width - skip).unwrap_or(0).min(buf.len());
        buf.get_mut(..n).map_or(Ok(0), |part| self.source.read_at(part, self.position(at) + skip))
    }
}

/// Numbers of `unit` bytes with their bytes turned round.
struct Swapped {
    source: Arc<dyn ReadAt>,
    unit: u64,
}

impl ReadAt for Swapped {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        const BLOCK: u64 = 1 << 20;
        let first = offset - offset % self.unit;
        let end = offset.saturating_add((buf.len() as u64).min(BLOCK)).min(self.len());
        if first >= end {
            return Ok(0);
        }
        let end = end.next_multiple_of(self.unit).min(self.len());
        let read = self.source.read_vec(first, end - first).map_err(|e| io::Error::other(e.reason()));
        let mut bytes = read?;
        for number in bytes.chunks_exact_mut(self.unit as usize) {
            number.reverse();
        }
        let from = bytes.get((offset - first) as usize..).unwrap_or_default();
        let n = from.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..n), from.get(..n)) {
            to.copy_from_slice(from);
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposed_elements_come_in_order() {
        let source: Arc<dyn ReadAt> = Arc::new((0..24_u8).collect::<Vec<_>>());
        let meta = TensorMeta::strided(DType::UInt8, &[4, 6], &[1, 4], None, 0);
        let strided = Strided { source, meta, width: 1, kept: OnceLock::new() };
        let want: Vec<u8> = (0..4).flat_map(|row| (0..6).map(move |column| row + column * 4)).collect();
        assert_eq!(strided.read_vec(0, 24).unwrap(), want);
        assert_eq!((0..24).map(|i| strided.position(i) as u8).collect::<Vec<_>>(), want);
    }

    #[test]
    fn numbers_are_turned_round_wherever_reading_begins() {
        let source: Arc<dyn ReadAt> = Arc::new((0..8_u8).collect::<Vec<_>>());
        let swapped = Swapped { source, unit: 4 };
        assert_eq!(swapped.read_vec(0, 8).unwrap(), [3, 2, 1, 0, 7, 6, 5, 4]);
        assert_eq!(swapped.read_vec(3, 3).unwrap(), [0, 7, 6]);
    }
}
