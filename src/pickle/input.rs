//! The bytes of a pickle, read front to back.

use crate::error::{Error, ErrorKind, Result};
use crate::value::Span;

/// Longest line of protocol 0 (numbers and names end at a newline).
const LINE: usize = 1 << 20;

/// A cursor. Every read compares with what is left first.
pub(super) struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
    origin: u32,
    /// Frames are buffers, as to the C unpickler that reads from a file.
    framed: bool,
    /// Where the buffer ends.
    buffer: Option<usize>,
}

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize, origin: u32) -> Self {
        Self { bytes, at, origin, framed: false, buffer: None }
    }

    /// Reads frames as the C unpickler does from a file: a frame is read into a buffer, and an instruction that
    /// needs more than is left of it drops the rest and reads on behind the frame. An honest pickle is read the
    /// same in either way.
    pub(super) fn follow_frames(&mut self) {
        self.framed = true;
    }

    /// A frame of `len` bytes begins.
    pub(super) fn frame(&mut self, len: u64) -> Result<()> {
        if !self.framed {
            return Ok(());
        }
        let len = usize::try_from(len).map_err(|_| self.ends(len))?;
        if self.buffer.is_some_and(|end| self.at.saturating_add(len) <= end) {
            return Ok(());
        }
        let start = self.buffer.unwrap_or(self.at);
        let end = start.checked_add(len).filter(|end| *end <= self.bytes.len());
        (self.at, self.buffer) = (start, Some(end.ok_or_else(|| self.ends(len as u64))?));
        Ok(())
    }

    /// What is left of the frame is dropped if it has fewer than `len` bytes.
    fn leave_short_frame(&mut self, len: usize) {
        if let Some(end) = self.buffer
            && self.at.saturating_add(len) > end
        {
            (self.at, self.buffer) = (end, None);
        }
    }

    /// Bytes objects are read across the end of a frame.
    pub(super) fn across_frames(&mut self, len: u64) {
        let end = usize::try_from(len).map_or(usize::MAX, |len| self.at.saturating_add(len));
        self.buffer = self.buffer.filter(|at| end <= *at);
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        self.leave_short_frame(len);
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(taken) = rest.get(..len) else { return Err(self.ends(len as u64)) };
        self.at += len;
        Ok(taken)
    }

    /// Bytes as a span of the text pool.
    pub(super) fn span(&mut self, len: u64) -> Result<Span> {
        let fits = usize::try_from(len).map_err(|_| self.ends(len))?;
        self.leave_short_frame(fits);
        let start = self.origin.wrapping_add(self.at as u32);
        self.take(fits)?;
        Ok(Span { start, len: fits as u32 })
    }

    fn ends(&self, wanted: u64) -> Error {
        let left = self.bytes.len().saturating_sub(self.at);
        let code = if wanted > 8 { "PICKLE_LENGTH" } else { "PICKLE_EOF" };
        Error::new(ErrorKind::Truncated, format!("the pickle needs {wanted} bytes here, and {left} are left"))
            .at(self.at as u64)
            .coded(code)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let taken = self.take(N)?;
        // `take` returned exactly N bytes.
        <[u8; N]>::try_from(taken).map_err(|_| self.ends(N as u64))
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        self.array::<1>().map(|[b]| b)
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32> {
        self.array().map(i32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A line without its newline.
    pub(super) fn line(&mut self) -> Result<(&'a [u8], Span)> {
        if let Some(end) = self.buffer {
            let held = self.bytes.get(self.at..end).unwrap_or_default();
            if !held.contains(&b'\n') {
                (self.at, self.buffer) = (end, None);
            }
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let end = rest.iter().take(LINE).position(|b| *b == b'\n');
        let Some(len) = end else {
            let error = Error::new(ErrorKind::Pickle, "a line of this pickle does not end");
            return Err(error.at(self.at as u64).coded("PICKLE_EOF"));
        };
        let span = Span { start: self.origin.wrapping_add(self.at as u32), len: len as u32 };
        let line = self.take(len)?;
        self.at += 1;
        Ok((line, span))
    }
}
