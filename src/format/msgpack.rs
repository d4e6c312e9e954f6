//! Flax states: nested msgpack mappings with arrays as extension values (formats.md §9.5).
//!
//! The file is read front to back; the elements of arrays are skipped.

mod array;

use super::cursor::Cursor;
use super::listing::Listing;
use crate::checkpoint::{Checkpoint, CheckpointFile, Format};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::{Identity, fingerprint};
use crate::value::{Dict, Value, python};

/// Mappings inside mappings.
const DEPTH: usize = 128;
/// Longest text or bytes kept; longer ones are cut.
const KEPT: u64 = 1 << 20;
/// Values of one file.
const VALUES: u64 = 20_000_000;

/// True when a file may be a msgpack mapping: one with a text as its first key.
pub(super) fn is_mapping(head: &[u8]) -> bool {
    let ([0x81..=0x8F, body @ ..] | [0xDE, _, _, body @ ..] | [0xDF, _, _, _, _, body @ ..]) = head else {
        return false;
    };
    let text = match body {
        [len @ 0xA1..=0xBF, text @ ..] => text.get(..usize::from(len & 0x1F)),
        [0xD9, len, text @ ..] => text.get(..usize::from(*len)),
        _ => None,
    };
    text.is_some_and(|text| text.iter().all(|b| matches!(b, 0x20..=0x7E)))
}

/// Opens a msgpack file.
pub(crate) fn open(file: CheckpointFile, identity: Option<Identity>, limits: &Limits) -> Result<Checkpoint> {
    let mut listing = Listing::new(file, limits);
    let source = listing.source();
    let mut reader = Reader {
        cursor: Cursor::new(&*source, 0, u64::MAX),
        listing: &mut listing,
        left: VALUES,
        path: String::new(),
    };
    let root = reader.value(0)?;
    let trailing = reader.cursor.left();
    if trailing > 0 || !matches!(root, Value::Dict(_)) {
        return Err(Error::new(
            ErrorKind::UnknownFormat,
            "no known checkpoint format (not one msgpack mapping)",
        ));
    }
    let head = source.read_vec(0, source.len().min(1 << 20))?;
    Ok(listing.finish(root, Format::FlaxMsgpack, identity, fingerprint(&head)))
}

struct Reader<'a, 'b, 'l> {
    cursor: Cursor<'a>,
    listing: &'b mut Listing<'l>,
    left: u64,
    /// Keys on the way here, for naming storages.
    path: String,
}

/// What a length stands for.
enum Sized {
    Text(u64),
    Bytes(u64),
    List(u64),
    Mapping(u64),
    Extension(u64),
}

impl Reader<'_, '_, '_> {
    fn malformed(&self, what: &str) -> Error {
        Error::new(ErrorKind::Header, format!("malformed msgpack: {what}")).at(self.cursor.at())
    }

    /// A big-endian number of `N` bytes.
    fn number<const N: usize>(&mut self) -> Result<u64> {
        let bytes: [u8; N] = self.cursor.array()?;
        Ok(bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
    }

    fn value(&mut self, depth: usize) -> Result<Value> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| Error::new(ErrorKind::Limit, "too many msgpack values"))?;
        if depth > DEPTH {
            return Err(self.malformed("it is nested too deeply"));
        }
        let tag = self.cursor.byte()?;
        let sized = match tag {
            0x00..=0x7F => return Ok(Value::Int(i64::from(tag))),
            0xE0..=0xFF => return Ok(Value::Int(i64::from(tag.cast_signed()))),
            0xC0 => return Ok(Value::None),
            0xC2 | 0xC3 => return Ok(Value::Bool(tag == 0xC3)),
            0xCA..=0xD3 => return self.scalar(tag),
            0x80..=0x8F => Sized::Mapping(u64::from(tag & 15)),
            0x90..=0x9F => Sized::List(u64::from(tag & 15)),
            0xA0..=0xBF => Sized::Text(u64::from(tag & 31)),
            0xC4 => Sized::Bytes(self.number::<1>()?),
            0xC5 => Sized::Bytes(self.number::<2>()?),
            0xC6 => Sized::Bytes(self.number::<4>()?),
            0xC7 => Sized::Extension(self.number::<1>()?),
            0xC8 => Sized::Extension(self.number::<2>()?),
            0xC9 => Sized::Extension(self.number::<4>()?),
            0xD4..=0xD8 => Sized::Extension(1 << (tag - 0xD4)),
            0xD9 => Sized::Text(self.number::<1>()?),
            0xDA => Sized::Text(self.number::<2>()?),
            0xDB => Sized::Text(self.number::<4>()?),
            0xDC => Sized::List(self.number::<2>()?),
            0xDD => Sized::List(self.number::<4>()?),
            0xDE => Sized::Mapping(self.number::<2>()?),
            0xDF => Sized::Mapping(self.number::<4>()?),
            0xC1 => return Err(self.malformed("the byte 0xc1")),
        };
        self.sized(&sized, depth)
    }

    fn scalar(&mut self, tag: u8) -> Result<Value> {
        Ok(match tag {
            0xCA => Value::Float(f64::from(f32::from_be_bytes(self.cursor.array()?))),
            0xCB => Value::Float(f64::from_be_bytes(self.cursor.array()?)),
            0xCC => Value::Int(self.number::<1>()?.cast_signed()),
            0xCD => Value::Int(self.number::<2>()?.cast_signed()),
            0xCE => Value::Int(self.number::<4>()?.cast_signed()),
            0xCF => {
                let n = self.number::<8>()?;
                i64::try_from(n).map_or_else(|_| self.big(n), Value::Int)
            }
            0xD0 => Value::Int(i8::from_be_bytes(self.cursor.array()?).into()),
            0xD1 => Value::Int(i16::from_be_bytes(self.cursor.array()?).into()),
            0xD2 => Value::Int(i32::from_be_bytes(self.cursor.array()?).into()),
            _ => Value::Int(i64::from_be_bytes(self.cursor.array()?)),
        })
    }

    fn big(&mut self, n: u64) -> Value {
        let mut bytes = n.to_le_bytes().to_vec();
        bytes.push(0);
        Value::BigInt(self.listing.tree.add_bytes(&bytes))
    }

    fn sized(&mut self, sized: &Sized, depth: usize) -> Result<Value> {
        match *sized {
            Sized::Text(len) => Ok(Value::Text(self.kept(len)?)),
            Sized::Bytes(len) => Ok(Value::Bytes(self.kept(len)?)),
            Sized::List(count) => {
                self.cursor.need(count)?;
                let mut items = Vec::new();
                for at in 0..count {
                    let before = self.enter(&at.to_string());
                    items.push(self.value(depth + 1)?);
                    self.path.truncate(before);
                }
                Ok(Value::List(self.listing.tree.add_list(items)))
            }
            Sized::Mapping(count) => self.mapping(count, depth),
            Sized::Extension(len) => self.extension(len),
        }
    }

    fn kept(&mut self, len: u64) -> Result<crate::value::Span> {
        self.cursor.need(len)?;
        let bytes = self.cursor.take(len.min(KEPT))?;
        let span = self.listing.tree.add_bytes(bytes);
        self.cursor.skip(len - len.min(KEPT))?;
        Ok(span)
    }

    fn enter(&mut self, key: &str) -> usize {
        let before = self.path.len();
        if before > 0 {
            self.path.push('.');
        }
        self.path.push_str(key);
        before
    }

    fn mapping(&mut self, count: u64, depth: usize) -> Result<Value> {
        self.cursor.need(count.saturating_mul(2))?;
        let mut entries = Vec::new();
        for _ in 0..count {
            let key = self.value(depth + 1)?;
            let name = self.listing.tree.as_text(key).map(std::borrow::Cow::into_owned).unwrap_or_default();
            let before = self.enter(&name);
            let value = self.value(depth + 1)?;
            self.path.truncate(before);
            entries.push((key, value));
        }
        if let Some(whole) = array::chunked(self.listing, &self.path, &entries) {
            return Ok(whole);
        }
        Ok(Value::Dict(self.listing.tree.add_dict(Dict { entries, ..Dict::default() })))
    }

    /// 1 an array, 2 a complex number, 3 a numpy scalar; others are bytes.
    fn extension(&mut self, len: u64) -> Result<Value> {
        let kind = self.cursor.byte()?;
        let start = self.cursor.at();
        self.cursor.skip(len)?;
        if let (2, 19) = (kind, len) {
            let payload = self.listing.source().read_vec(start, len)?;
            if let Some((re, im)) = array::complex(&payload) {
                let text = python::complex_repr(re, im);
                return Ok(self.listing.tree.add_text(&text));
            }
        }
        if !matches!(kind, 1 | 3) {
            let bytes = self.listing.source().read_vec(start, len.min(KEPT))?;
            return Ok(Value::Bytes(self.listing.tree.add_bytes(&bytes)));
        }
        let head = self.listing.source().read_vec(start, len.min(array::HEAD))?;
        let described = array::describe(&head, len)?;
        Ok(array::add(self.listing, &self.path, &described, start))
    }
}
