//! Fields of a protobuf message, one after the other, without a schema: long ones are skipped, not read.

use super::cursor::Cursor;
use crate::error::{Error, ErrorKind, Result};
use crate::source::ReadAt;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    /// A varint.
    Number(u64),
    /// Eight bytes at a place.
    Fixed64 { at: u64 },
    /// Four bytes at a place.
    Fixed32 { at: u64 },
    /// Text, bytes, packed numbers, or a message.
    Bytes { at: u64, len: u64 },
}

impl Field {
    /// The number of a varint field.
    pub(crate) fn number(self) -> Option<u64> {
        match self {
            Self::Number(n) => Some(n),
            _ => None,
        }
    }

    /// Place and length of the bytes, whatever they are.
    pub(crate) fn place(self) -> Option<(u64, u64)> {
        match self {
            Self::Number(_) => None,
            Self::Fixed64 { at } => Some((at, 8)),
            Self::Fixed32 { at } => Some((at, 4)),
            Self::Bytes { at, len } => Some((at, len)),
        }
    }
}

/// The fields of a message.
pub(crate) struct Message<'a> {
    source: &'a dyn ReadAt,
    cursor: Cursor<'a>,
}

impl<'a> Message<'a> {
    /// The message in `len` bytes of `source` from `at`.
    pub(crate) fn new(source: &'a dyn ReadAt, at: u64, len: u64) -> Self {
        Self { source, cursor: Cursor::new(source, at, at.saturating_add(len)) }
    }

    /// The next field and its number; `None` at the end.
    ///
    /// # Errors
    /// [`ErrorKind::Header`] for what is no field, [`ErrorKind::Truncated`] for one that ends too early.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, Field)>> {
        if self.cursor.left() == 0 {
            return Ok(None);
        }
        let start = self.cursor.at();
        let tag = varint(&mut self.cursor)?;
        let field = match tag & 7 {
            0 => Field::Number(varint(&mut self.cursor)?),
            1 => self.fixed(8).map(|at| Field::Fixed64 { at })?,
            2 => {
                let len = varint(&mut self.cursor)?;
                let at = self.fixed(len)?;
                Field::Bytes { at, len }
            }
            5 => self.fixed(4).map(|at| Field::Fixed32 { at })?,
            kind => {
                return Err(
                    Error::new(ErrorKind::Header, format!("a protobuf field of type {kind}")).at(start)
                );
            }
        };
        Ok(Some((tag >> 3, field)))
    }

    fn fixed(&mut self, len: u64) -> Result<u64> {
        let at = self.cursor.at();
        self.cursor.skip(len)?;
        Ok(at)
    }

    /// The message a field holds.
    pub(crate) fn inner(&self, field: Field) -> Message<'a> {
        let (at, len) = field.place().unwrap_or((0, 0));
        Message::new(self.source, at, len)
    }

    /// The text a field holds, at most `limit` bytes of it.
    ///
    /// # Errors
    /// I/O errors.
    pub(crate) fn text(&self, field: Field, limit: u64) -> Result<String> {
        let (at, len) = field.place().unwrap_or((0, 0));
        Ok(String::from_utf8_lossy(&self.source.read_vec(at, len.min(limit))?).into_owned())
    }

    /// Adds the numbers of a field that is one, or a packed list of them, to `out`.
    ///
    /// # Errors
    /// As [`Message::next`]; [`ErrorKind::Limit`] past `limit` numbers.
    pub(crate) fn numbers(&self, field: Field, out: &mut Vec<u64>, limit: usize) -> Result<()> {
        if let Field::Number(n) = field {
            out.push(n);
        } else if let Some((at, len)) = field.place() {
            let mut cursor = Cursor::new(self.source, at, at.saturating_add(len));
            while cursor.left() > 0 && out.len() <= limit {
                out.push(varint(&mut cursor)?);
            }
        }
        if out.len() > limit {
            return Err(Error::new(ErrorKind::Limit, format!("a list of more than {limit} numbers")));
        }
        Ok(())
    }
}

/// A number in groups of seven bits, the lowest first.
///
/// # Errors
/// [`ErrorKind::Header`] when it does not end within ten bytes, [`ErrorKind::Truncated`].
pub(crate) fn varint(cursor: &mut Cursor<'_>) -> Result<u64> {
    let start = cursor.at();
    let mut number = 0_u64;
    for shift in (0..70).step_by(7) {
        let byte = cursor.byte()?;
        if shift < 64 {
            number |= u64::from(byte & 0x7F) << shift;
        }
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Error::new(ErrorKind::Header, "a varint of more than ten bytes").at(start))
}
