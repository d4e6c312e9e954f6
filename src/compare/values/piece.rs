//! One piece of work: some elements of two tensors, read block by block and compared.

use std::ops::Range;

use super::kernel::{self, BLOCK, Tolerance};
use super::lanes::{Lane, Width};
use super::sums::Sums;
use crate::checkpoint::Checkpoint;
use crate::elements::{Elements, Scratch};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, TensorMeta};
use crate::work::Work;

/// Elements read at once.
const READ: usize = 1 << 15;

/// Two tensors, ready to be read.
pub(super) struct Sides {
    elements: [Elements; 2],
    width: Width,
    /// A tensor beside itself, for its norm: read once.
    is_one: bool,
}

/// Memory of one thread, used again for each piece.
#[derive(Default)]
pub(super) struct Buffers {
    bytes: [Vec<u8>; 2],
    numbers: [Vec<f64>; 2],
    scratch: Scratch,
}

impl Sides {
    pub(super) fn open(checkpoints: [&Checkpoint; 2], metas: [&TensorMeta; 2]) -> Result<Self> {
        let ([reference, candidate], [expected, given]) = (checkpoints, metas);
        let width = Width::of(expected.dtype, given.dtype).ok_or_else(|| {
            let text = format!("{} and {}: complex numbers against real ones", expected.dtype, given.dtype);
            Error::new(ErrorKind::Unsupported, text)
        })?;
        let elements = [Elements::open(reference, expected)?, Elements::open(candidate, given)?];
        let [first, second] = &elements;
        if first.len() != second.len() {
            let text = format!("{} and {} elements", first.len(), second.len());
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        let is_one = std::ptr::eq(expected, given) && std::ptr::eq(reference, candidate);
        Ok(Self { elements, width, is_one })
    }

    /// Sums over the elements in `range`, and whether their bytes are the same. Ends early, with sums nobody
    /// looks at, when the work is cancelled.
    pub(super) fn compare(
        &self,
        range: Range<u64>,
        tolerance: Tolerance,
        buffers: &mut Buffers,
        work: &Work,
    ) -> Result<(Sums, bool)> {
        let (mut sums, mut equal) = (Vec::new(), true);
        let mut start = range.start;
        while start < range.end && !work.cancel.is_cancelled() {
            let count = (range.end - start).min(READ as u64);
            let mut block = Sums::default();
            equal &= match self.bytes_of_one() {
                Some(sizes) if self.width != Width::Complex => {
                    self.stored(start, count as usize, sizes, buffers, tolerance, &mut block)?
                }
                _ => self.numbers(start, count as usize, buffers, tolerance, &mut block)?,
            };
            sums.push(block);
            start += count;
            work.meter.advance(self.stored_bytes(count));
        }
        Ok((Sums::total(&sums), equal))
    }

    /// Bytes of an element on each side, if both can be read as bytes.
    fn bytes_of_one(&self) -> Option<[usize; 2]> {
        let [a, b] = &self.elements;
        Some([a.bytes_of_number()?, b.bytes_of_number()?])
    }

    /// Bytes of so many numbers on both sides.
    fn stored_bytes(&self, count: u64) -> u64 {
        let bits = |dtype: DType| if dtype == DType::Float4E2m1fnX2 { 4 } else { u64::from(dtype.bits()) };
        count * self.dtypes().map(bits).iter().sum::<u64>() / 8
    }

    fn dtypes(&self) -> [DType; 2] {
        let [a, b] = &self.elements;
        [a.dtype(), b.dtype()]
    }

    /// Compares stored bytes, decoding only what is not the same.
    fn stored(
        &self,
        start: u64,
        count: usize,
        sizes: [usize; 2],
        buffers: &mut Buffers,
        tolerance: Tolerance,
        sums: &mut Sums,
    ) -> Result<bool> {
        let Buffers { bytes, scratch, .. } = buffers;
        let sides = if self.is_one { 1 } else { 2 };
        for ((elements, size), bytes) in self.elements.iter().zip(sizes).zip(bytes.iter_mut()).take(sides) {
            bytes.resize(READ * size, 0);
            if let Some(bytes) = bytes.get_mut(..count * size) {
                elements.read_bytes(start, bytes, scratch)?;
            }
        }
        let [a, b] = &*bytes;
        let b = if self.is_one { a } else { b };
        let [p, q] = sizes;
        let both = [a.get(..count * p).unwrap_or_default(), b.get(..count * q).unwrap_or_default()];
        Ok(match self.width {
            Width::Single => self.blocks::<f32>(both, sizes, tolerance, sums),
            Width::Whole => self.blocks::<i128>(both, sizes, tolerance, sums),
            Width::Double | Width::Complex => self.blocks::<f64>(both, sizes, tolerance, sums),
        })
    }

    fn blocks<T: Lane>(
        &self,
        bytes: [&[u8]; 2],
        sizes: [usize; 2],
        tolerance: Tolerance,
        sums: &mut Sums,
    ) -> bool {
        let ([a, b], [size, other_size], [dtype, other]) = (bytes, sizes, self.dtypes());
        let mut lanes = [[T::default(); BLOCK], [T::default(); BLOCK]];
        let mut all_equal = dtype == other;
        for (a, b) in a.chunks(BLOCK * size).zip(b.chunks(BLOCK * other_size)) {
            let [left, right] = &mut lanes;
            let count = a.len() / size.max(1);
            let (Some(left), Some(right)) = (left.get_mut(..count), right.get_mut(..count)) else { break };
            T::fill(dtype, a, left);
            if dtype == other && a == b {
                kernel::add_same(sums, left);
            } else {
                all_equal = false;
                T::fill(other, b, right);
                kernel::add(sums, left, right, tolerance);
            }
        }
        all_equal
    }

    /// Compares elements whose bytes do not say their numbers (quantised, complex, packed).
    fn numbers(
        &self,
        start: u64,
        count: usize,
        buffers: &mut Buffers,
        tolerance: Tolerance,
        sums: &mut Sums,
    ) -> Result<bool> {
        let Buffers { numbers, scratch, .. } = buffers;
        for (elements, numbers) in self.elements.iter().zip(numbers.iter_mut()) {
            numbers.resize(count * elements.parts(), 0.0);
            elements.read_parts(start, numbers, scratch)?;
        }
        let [a, b] = numbers;
        if self.width == Width::Complex {
            kernel::add_complex(sums, a, b, tolerance);
        } else {
            for (a, b) in a.chunks(BLOCK).zip(b.chunks(BLOCK)) {
                kernel::add(sums, a, b, tolerance);
            }
        }
        let [x, y] = self.dtypes();
        Ok(x == y && a.iter().zip(b.iter()).all(|(x, y)| x.to_bits() == y.to_bits()))
    }
}
