//! Arrays in a Flax state: `[shape, dtype name, bytes]` in msgpack, and large ones cut into pieces.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::format::cursor::Cursor;
use crate::format::listing::{Described, Listing};
use crate::format::npy::Element;
use crate::source::assembled::Concat;
use crate::source::{RangeSource, ReadAt};
use crate::tensor::{DType, Place, TensorId};
use crate::value::Value;

/// What Flax calls an array it has cut.
const CHUNKED: &str = "__msgpack_chunked_array__";

/// Pieces, or dimensions, of one array.
const PIECES: usize = 4_096;
/// Bytes of a payload before its elements: the longest shape and name.
pub(super) const HEAD: u64 = 1_024;

/// An array, and where its elements are in its payload.
pub(super) struct Array {
    shape: Vec<u64>,
    dtype: DType,
    at: u64,
    len: u64,
}

fn malformed(what: &str) -> Error {
    Error::new(ErrorKind::Header, format!("malformed Flax array: {what}"))
}

/// Reads the payload of an array up to its elements.
///
/// `head` is the start of the payload, whose whole length is `total`.
pub(super) fn describe(head: &[u8], total: u64) -> Result<Array> {
    let mut cursor = Cursor::new(&head, 0, u64::MAX);
    if cursor.byte()? != 0x93 {
        return Err(malformed("not shape, dtype and bytes"));
    }
    let dimensions = match cursor.byte()? {
        tag @ 0x90..=0x9F => u64::from(tag & 15),
        0xDC => u64::from(u16::from_be_bytes(cursor.array()?)),
        _ => return Err(malformed("its shape is not a list")),
    };
    let shape = (0..dimensions).map(|_| size(&mut cursor)).collect::<Result<_>>()?;
    let len = match cursor.byte()? {
        tag @ 0xA0..=0xBF => u64::from(tag & 31),
        0xD9 => u64::from(cursor.byte()?),
        _ => return Err(malformed("its dtype is not text")),
    };
    let name = String::from_utf8_lossy(cursor.take(len)?).into_owned();
    let len = match cursor.byte()? {
        0xC4 => u64::from(cursor.byte()?),
        0xC5 => u64::from(u16::from_be_bytes(cursor.array()?)),
        0xC6 => u64::from(u32::from_be_bytes(cursor.array()?)),
        _ => return Err(malformed("its elements are not bytes")),
    };
    let dtype = Element::of(&name).map_or(DType::Unknown, |element| element.dtype);
    Ok(Array { shape, dtype, at: cursor.at(), len: len.min(total.saturating_sub(cursor.at())) })
}

/// A complex number: a list of two 64-bit floats.
pub(super) fn complex(payload: &[u8]) -> Option<(f64, f64)> {
    let [0x92, 0xCB, rest @ ..] = payload else { return None };
    let (re, rest) = rest.split_first_chunk::<8>()?;
    let im = rest.strip_prefix(&[0xCB])?.first_chunk::<8>()?;
    Some((f64::from_be_bytes(*re), f64::from_be_bytes(*im)))
}

fn size(cursor: &mut Cursor<'_>) -> Result<u64> {
    Ok(match cursor.byte()? {
        tag @ 0x00..=0x7F => u64::from(tag),
        0xCC => u64::from(cursor.byte()?),
        0xCD => u64::from(u16::from_be_bytes(cursor.array()?)),
        0xCE => u64::from(u32::from_be_bytes(cursor.array()?)),
        0xCF => u64::from_be_bytes(cursor.array()?),
        _ => return Err(malformed("a size is not a number")),
    })
}

/// Adds an array whose payload starts at `start` of the file.
pub(super) fn add(listing: &mut Listing<'_>, name: &str, array: &Array, start: u64) -> Value {
    let place = Place::Range { file: 0, offset: start.saturating_add(array.at), len: array.len };
    listing.tensor(&Described::new(name, array.dtype, &array.shape, place))
}

/// The array that the entries of a mapping are the pieces of: `{CHUNKED: true, "shape": {…}, "chunks": {…}}`.
pub(super) fn chunked(listing: &mut Listing<'_>, name: &str, entries: &[(Value, Value)]) -> Option<Value> {
    let tree = &listing.tree;
    let field =
        |name: &str| entries.iter().find(|(key, _)| tree.is_text(*key, name)).map(|(_, value)| *value);
    field(CHUNKED)?;
    let (shape, chunks) = (field("shape")?, field("chunks")?);
    let shape = numbered(listing, shape)?;
    let shape: Vec<u64> =
        shape.iter().map(|v| u64::try_from(listing.tree.as_int(*v)?).ok()).collect::<Option<_>>()?;
    let pieces: Vec<TensorId> = numbered(listing, chunks)?
        .iter()
        .map(|v| match v {
            Value::Tensor(id) => Some(*id),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let tree = &listing.tree;
    let dtype = tree.tensor(*pieces.first()?)?.dtype;
    let source = listing.source();
    let sources = pieces.iter().map(|id| {
        let meta = tree.tensor(*id).filter(|meta| meta.dtype == dtype)?;
        match tree.storage(meta.storage?)?.place {
            Place::Range { offset, len, .. } => {
                Some(Arc::new(RangeSource::new(source.clone(), offset, len)) as Arc<dyn ReadAt>)
            }
            _ => None,
        }
    });
    let whole = Concat::new(sources.collect::<Option<_>>()?);
    let len = whole.len();
    let place = Place::Assembled { source: listing.assemble(Arc::new(whole)), len };
    Some(listing.tensor(&Described::new(name, dtype, &shape, place)))
}

/// The values of `{"0": a, "1": b, …}` in their order, as Flax writes sequences.
fn numbered(listing: &Listing<'_>, value: Value) -> Option<Vec<Value>> {
    let entries = listing.tree.entries(value);
    if entries.len() > PIECES {
        return None;
    }
    (0..entries.len()).map(|at| listing.tree.get(value, &at.to_string())).collect()
}
