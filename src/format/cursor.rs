//! Reading a header front to back from positioned reads, a window at a time.
//!
//! Every length is compared with what is left before anything is read or skipped, so that no number in a file
//! makes this allocate or loop.

use crate::error::{Error, ErrorKind, Result};
use crate::source::ReadAt;

/// Bytes read at once.
const WINDOW: u64 = 16 << 10;

/// A position in a source.
pub(crate) struct Cursor<'a> {
    source: &'a dyn ReadAt,
    at: u64,
    end: u64,
    window: Vec<u8>,
    /// Where the window starts.
    start: u64,
}

impl<'a> Cursor<'a> {
    /// Reads `source` from `at` up to `end`, cut to what it holds.
    pub(crate) fn new(source: &'a dyn ReadAt, at: u64, end: u64) -> Self {
        Self { source, at, end: end.min(source.len()), window: Vec::new(), start: 0 }
    }

    /// The present position.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// Bytes left.
    pub(crate) fn left(&self) -> u64 {
        self.end.saturating_sub(self.at)
    }

    /// Fails unless `len` more bytes are there.
    pub(crate) fn need(&self, len: u64) -> Result<()> {
        if len <= self.left() {
            return Ok(());
        }
        let text = format!("needs {len} bytes here, and only {} are left", self.left());
        Err(Error::new(ErrorKind::Truncated, text).at(self.at))
    }

    /// Goes past `len` bytes without reading them.
    pub(crate) fn skip(&mut self, len: u64) -> Result<()> {
        self.need(len)?;
        self.at += len;
        Ok(())
    }

    /// The next `len` bytes.
    pub(crate) fn take(&mut self, len: u64) -> Result<&[u8]> {
        self.need(len)?;
        let held = self.at >= self.start && self.at + len <= self.start + self.window.len() as u64;
        if !held {
            self.window = self.source.read_vec(self.at, len.max(WINDOW).min(self.left()))?;
            self.start = self.at;
        }
        let from = (self.at - self.start) as usize;
        self.at += len;
        Ok(self.window.get(from..from + len as usize).unwrap_or_default())
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> Result<u8> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        Ok(self.take(N as u64)?.try_into().unwrap_or([0; N]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_past_the_end() {
        let bytes: Vec<u8> = (0..100).collect();
        let mut cursor = Cursor::new(&bytes, 10, 20);
        assert_eq!(cursor.take(4).unwrap(), [10, 11, 12, 13]);
        assert_eq!(cursor.byte().unwrap(), 14);
        cursor.skip(3).unwrap();
        assert_eq!(cursor.array::<2>().unwrap(), [18, 19]);
        assert_eq!(cursor.byte().unwrap_err().kind(), ErrorKind::Truncated);
        assert_eq!(cursor.skip(u64::MAX).unwrap_err().offset(), Some(20));
    }
}
