//! The elements of a tensor as numbers: any dtype, stride and byte order, in row-major order.
//!
//! [`Elements`] is one tensor, ready to be read in blocks of any size from any place, by several threads at
//! once; nothing is kept between reads. What wants the speed of plain reads takes [`Elements::run`], the
//! bytes themselves, where a tensor lies in one piece.
//!
//! Values are `f64`. Integers beyond 2^53 are rounded; complex elements come as magnitudes from
//! [`Elements::read`] and as pairs from [`Elements::read_parts`]; quantised ones are dequantised.

mod decode;
mod ggml;
mod quantized;
mod raw;
mod view;

use std::path::Path;
use std::sync::Arc;

use crate::checkpoint::Checkpoint;
use crate::error::{Error, ErrorKind, Result};
use crate::source::ReadAt;
use crate::tensor::{DType, Layout, Numeric, TensorMeta};
use decode::Unit;
pub use decode::decode;
use quantized::Scale;
use view::View;

/// One tensor, ready to be read.
pub struct Elements {
    dtype: DType,
    unit: Unit,
    big_endian: bool,
    conj: bool,
    neg: bool,
    view: View,
    scale: Scale,
    source: Arc<dyn ReadAt>,
    path: Arc<Path>,
}

/// The bytes of a tensor that lies in one piece, row-major.
pub struct Run {
    /// Where they are.
    pub source: Arc<dyn ReadAt>,
    /// First byte in `source`.
    pub offset: u64,
    /// Bytes.
    pub len: u64,
    /// Element type.
    pub dtype: DType,
    /// Big-endian elements.
    pub big_endian: bool,
}

/// Memory reads use between them: give the same one to each read of a thread.
#[derive(Debug, Default)]
pub struct Scratch {
    bytes: Vec<u8>,
    numbers: Vec<f64>,
}

impl Elements {
    /// Prepares `meta`, a tensor of `checkpoint`.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for layouts and dtypes without plain elements (sparse, wrapper, raw bits),
    /// [`ErrorKind::StorageMissing`] when the file holds no bytes for it, [`ErrorKind::TensorBounds`] when it
    /// reaches beyond its storage, [`ErrorKind::Truncated`] when the file does not hold all of it.
    pub fn open(checkpoint: &Checkpoint, meta: &TensorMeta) -> Result<Self> {
        Self::prepare(checkpoint, meta).map_err(|e| e.in_file(checkpoint.path()))
    }

    fn prepare(checkpoint: &Checkpoint, meta: &TensorMeta) -> Result<Self> {
        if meta.layout != Layout::Strided {
            let text = format!("a {} tensor has no elements of its own; its parts do", meta.layout.name());
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        let unit = decode::unit(meta.dtype).ok_or_else(|| {
            let text = format!("{} elements are bits without a number", meta.dtype);
            Error::new(ErrorKind::Unsupported, text)
        })?;
        let view = View::of(meta)?;
        let storage = meta.storage.and_then(|id| checkpoint.tree().storage(id));
        let (source, big_endian): (Arc<dyn ReadAt>, bool) = match storage {
            _ if view.len() == 0 => (Arc::new(Vec::new()), false),
            Some(storage) => (checkpoint.storage_source(storage)?, storage.big_endian),
            None => {
                return Err(Error::new(ErrorKind::StorageMissing, "the tensor was saved without bytes"));
            }
        };
        let needs = view.end().checked_mul(unit.bytes).map_or(u64::MAX, |n| n.div_ceil(unit.numbers));
        let held = source.len();
        if needs > held {
            let lies = storage.is_some_and(|s| needs > s.nbytes);
            let kind = if lies { ErrorKind::TensorBounds } else { ErrorKind::Truncated };
            return Err(Error::new(kind, format!("needs {needs} bytes of a storage that has {held}")));
        }
        let scale = Scale::of(checkpoint, meta)?;
        let (dtype, conj, neg) = (meta.dtype, meta.conj, meta.neg);
        Ok(Self { dtype, unit, big_endian, conj, neg, view, scale, source, path: checkpoint.path().into() })
    }

    /// Numbers [`Elements::read`] gives in all, saturating. For `float4_e2m1fn_x2`, twice the elements torch counts:
    /// two of its numbers lie in each.
    pub fn len(&self) -> u64 {
        self.view.len()
    }

    /// True for a tensor without elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The same elements in the order they lie in, without those an expanded view repeats, and how often
    /// each stands for an element of the tensor: for sums, which do not care for order, of transposed and
    /// expanded views. Not for per-channel quantised tensors, whose order matters: those come back as they are.
    #[must_use]
    pub fn in_storage_order(mut self) -> (Self, u64) {
        let times = if self.scale.is_ordered() { 1 } else { self.view.sort() };
        (self, times)
    }

    /// The bytes, if they are the tensor row-major in one piece and each of its numbers is what the bytes say:
    /// neither quantised, nor with a conjugate or negative bit set.
    pub fn run(&self) -> Option<Run> {
        let as_stored = !self.scale.is_some() && !self.conj && !self.neg;
        self.stored_run().filter(|_| as_stored)
    }

    /// As [`Elements::run`], also where each stored number still is to be negated or dequantised, all of them
    /// alike: [`Elements::number`] does that.
    pub fn stored_run(&self) -> Option<Run> {
        let first = self.view.contiguous_from()?;
        if self.scale.is_ordered() {
            return None;
        }
        let (source, dtype) = (Arc::clone(&self.source), self.dtype);
        let offset = (first / self.unit.numbers).checked_mul(self.unit.bytes)?;
        let len = self.view.len().checked_mul(self.unit.bytes)?.div_ceil(self.unit.numbers);
        // Numbers that begin inside a unit are not a run of bytes.
        first.is_multiple_of(self.unit.numbers).then_some(Run {
            source,
            offset,
            len,
            dtype,
            big_endian: self.big_endian,
        })
    }

    /// What a real number stored in [`Elements::stored_run`] stands for.
    pub fn number(&self, stored: f64) -> f64 {
        let mut number = [if self.neg { -stored } else { stored }];
        self.scale.apply(0, &mut number);
        let [number] = number;
        number
    }

    /// Fills `out` with elements `start ..` in row-major order; complex elements as magnitudes.
    ///
    /// # Errors
    /// [`ErrorKind::Truncated`] past the end of the tensor or of its file, and what reading finds.
    pub fn read(&self, start: u64, out: &mut [f64], scratch: &mut Scratch) -> Result<()> {
        if self.dtype.numeric() != Numeric::Complex {
            return self.read_parts(start, out, scratch);
        }
        let mut pairs = std::mem::take(&mut scratch.numbers);
        pairs.clear();
        pairs.resize(out.len() * 2, 0.0);
        let read = self.read_parts(start, &mut pairs, scratch);
        for (slot, pair) in out.iter_mut().zip(pairs.chunks_exact(2)) {
            if let [re, im] = pair {
                *slot = re.hypot(*im);
            }
        }
        scratch.numbers = pairs;
        read
    }

    /// Fills `out` with elements `start ..` in row-major order; complex elements as real and imaginary part in
    /// turn, so that `out` takes two numbers for each.
    ///
    /// # Errors
    /// As [`Elements::read`].
    pub fn read_parts(&self, start: u64, out: &mut [f64], scratch: &mut Scratch) -> Result<()> {
        let per = self.parts();
        let count = (out.len() / per) as u64;
        if start.checked_add(count).is_none_or(|end| end > self.len()) {
            let text = format!("elements {start} to {} of {}", start.saturating_add(count), self.len());
            return Err(Error::new(ErrorKind::Truncated, text));
        }
        self.view
            .read(start, count, |first, span, place| self.read_span(first, span, place, out, scratch))?;
        if self.neg {
            for x in out.iter_mut() {
                *x = -*x;
            }
        }
        if self.conj && per == 2 {
            for x in out.iter_mut().skip(1).step_by(2) {
                *x = -*x;
            }
        }
        self.scale.apply(start, out);
        Ok(())
    }

    /// Numbers of one element in [`Elements::read_parts`]: 2 for complex dtypes, else 1.
    pub fn parts(&self) -> usize {
        if self.dtype.numeric() == Numeric::Complex { 2 } else { 1 }
    }

    /// Reads `span` stored numbers from `first` on and puts them where `place` says.
    fn read_span(
        &self,
        first: u64,
        span: u64,
        place: &view::Place<'_>,
        out: &mut [f64],
        scratch: &mut Scratch,
    ) -> Result<()> {
        let per = self.parts();
        let Unit { numbers: in_unit, bytes: unit_bytes } = self.unit;
        // Whole units are read; the first may hold numbers before the span.
        let units = first / in_unit..(first + span).div_ceil(in_unit);
        let skip = (first % in_unit) as usize;
        let begin = units.start * unit_bytes;
        // A last unit may be cut short where the storage ends on a byte within it.
        let len = ((units.end - units.start) * unit_bytes).min(self.source.len().saturating_sub(begin));
        scratch.bytes.resize(len as usize, 0);
        self.source.read_exact_at(&mut scratch.bytes, begin).map_err(|e| e.in_file(&self.path))?;
        if let (Some(at), 0) = (place.contiguous(), skip) {
            if let Some(slots) = out.get_mut(at * per..(at + span as usize) * per) {
                decode(self.dtype, self.big_endian, &scratch.bytes, slots);
            }
            return Ok(());
        }
        let mut numbers = std::mem::take(&mut scratch.numbers);
        numbers.clear();
        numbers.resize((skip + span as usize) * per, 0.0);
        decode(self.dtype, self.big_endian, &scratch.bytes, &mut numbers);
        place.gather(numbers.get(skip * per..).unwrap_or_default(), per, out);
        scratch.numbers = numbers;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
