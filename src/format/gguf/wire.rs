//! Numbers and texts of a GGUF header, in the byte order and widths of its version.

use crate::error::{Error, ErrorKind, Result};
use crate::format::cursor::Cursor;
use crate::source::ReadAt;

/// The header of a GGUF file behind its magic number and version.
pub(super) struct Wire<'a> {
    cursor: Cursor<'a>,
    big_endian: bool,
    /// Counts and lengths take four bytes: version 1.
    narrow: bool,
}

impl<'a> Wire<'a> {
    /// Reads the magic number and the version, which tells the byte order.
    pub(super) fn open(source: &'a dyn ReadAt) -> Result<Self> {
        let mut cursor = Cursor::new(source, 4, u64::MAX);
        let bytes = cursor.array()?;
        let (little, big) = (u32::from_le_bytes(bytes), u32::from_be_bytes(bytes));
        let (version, big_endian) = if (1..=3).contains(&big) { (big, true) } else { (little, false) };
        if !(1..=3).contains(&version) {
            let text = format!("GGUF version {version} is not read (1 to 3 are)");
            return Err(Error::new(ErrorKind::Header, text).coded("VERSION").at(4));
        }
        Ok(Self { cursor, big_endian, narrow: version == 1 })
    }

    pub(super) fn big_endian(&self) -> bool {
        self.big_endian
    }

    pub(super) fn at(&self) -> u64 {
        self.cursor.at()
    }

    pub(super) fn left(&self) -> u64 {
        self.cursor.left()
    }

    pub(super) fn skip(&mut self, len: u64) -> Result<()> {
        self.cursor.skip(len)
    }

    /// The next `N` bytes, least significant first.
    pub(super) fn number<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = self.cursor.array()?;
        if self.big_endian {
            bytes.reverse();
        }
        Ok(bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        self.number().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        self.number().map(u64::from_le_bytes)
    }

    /// A count, length or size: four bytes in version 1, else eight.
    pub(super) fn count(&mut self) -> Result<u64> {
        if self.narrow { self.u32().map(u64::from) } else { self.u64() }
    }

    /// Bytes of the shortest text: its length alone.
    pub(super) fn shortest_text(&self) -> u64 {
        if self.narrow { 4 } else { 8 }
    }

    /// A text, which may not be UTF-8.
    pub(super) fn text(&mut self) -> Result<Vec<u8>> {
        let len = self.count()?;
        self.cursor.take(len).map(<[u8]>::to_vec)
    }

    /// Goes past a text.
    pub(super) fn skip_text(&mut self) -> Result<()> {
        let len = self.count()?;
        self.cursor.skip(len)
    }
}
