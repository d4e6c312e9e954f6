//! The stored elements themselves, row-major and little-endian, without becoming numbers on the way: what is copied
//! or compared bit for bit.

use super::decode::Unit;
use super::view::View;
use super::{Elements, Scratch};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::Numeric;

impl Elements {
    /// True when the stored elements are the tensor's numbers: not quantised.
    pub fn is_stored_as_is(&self) -> bool {
        !self.scale.is_some()
    }

    /// Bytes of one stored number, where they are the tensor's own: neither quantised nor packed.
    pub fn bytes_of_number(&self) -> Option<usize> {
        (self.is_stored_as_is() && self.unit.numbers == 1).then_some(self.unit.bytes as usize)
    }

    /// Fills `out` with the stored elements from number `start` on, row-major and little-endian, as many as fit;
    /// conjugate and negative bits are resolved, quantised integers stay what they are.
    ///
    /// Of packed dtypes (4- and 6-bit floats), `start` and the end lie between bytes, and so do the tensor's rows.
    ///
    /// # Errors
    /// [`ErrorKind::Truncated`] past the end of the tensor or of its file, [`ErrorKind::Unsupported`] for packed
    /// elements whose strides cut through bytes, and what reading finds.
    pub fn read_bytes(&self, start: u64, out: &mut [u8], scratch: &mut Scratch) -> Result<()> {
        let Unit { numbers: in_unit, bytes: size } = self.unit;
        let count = out.len() as u64 / size * in_unit;
        if start.checked_add(count).is_none_or(|end| end > self.len().next_multiple_of(in_unit)) {
            let text = format!("elements {start} to {} of {}", start.saturating_add(count), self.len());
            return Err(Error::new(ErrorKind::Truncated, text));
        }
        if let Some(first) =
            self.view.contiguous_from().filter(|first| (first + start).is_multiple_of(in_unit))
        {
            self.read_stored((first + start) / in_unit * size, out)?;
        } else if in_unit == 1 {
            self.read_view(&self.view, start, count, out, scratch)?;
        } else if let Some(units) = self.view.in_units(in_unit).filter(|_| start.is_multiple_of(in_unit)) {
            self.read_view(&units, start / in_unit, count / in_unit, out, scratch)?;
        } else {
            let text =
                format!("{} elements whose strides cut through bytes cannot be taken apart", self.dtype);
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        self.tidy(out);
        Ok(())
    }

    fn read_stored(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        self.source.read_exact_at(out, offset).map_err(|e| e.in_file(&self.path))
    }

    fn read_view(
        &self,
        view: &View,
        start: u64,
        count: u64,
        out: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<()> {
        let size = self.unit.bytes;
        view.read(start, count, |first, span, place| {
            let (begin, len, width) = (first * size, (span * size) as usize, size as usize);
            if let Some(at) = place.contiguous() {
                let part = out.get_mut(at * width..at * width + len).unwrap_or_default();
                return self.read_stored(begin, part);
            }
            scratch.bytes.resize(len, 0);
            self.read_stored(begin, &mut scratch.bytes)?;
            place.gather(&scratch.bytes, width, out);
            Ok(())
        })
    }

    /// Little-endian, with the signs the conjugate and negative bits ask for.
    fn tidy(&self, out: &mut [u8]) {
        let width = self.unit.bytes as usize / self.parts();
        if self.big_endian && self.unit.numbers == 1 && width > 1 {
            for number in out.chunks_exact_mut(width) {
                number.reverse();
            }
        }
        if !self.conj && !self.neg {
            return;
        }
        let complex = self.dtype.numeric() == Numeric::Complex;
        for (at, number) in out.chunks_exact_mut(width.max(1)).enumerate() {
            let imaginary = complex && at % 2 == 1;
            if let Some(last) = number.last_mut().filter(|_| self.neg ^ (self.conj && imaginary)) {
                *last ^= 0x80;
            }
        }
    }
}
