//! The values of an index: `BundleHeaderProto` under the empty key, a `BundleEntryProto` for each variable.

use crate::error::{Error, ErrorKind, Result};
use crate::format::protobuf::{Field, Message};

/// Dimensions of a variable.
const DIMENSIONS: usize = 254;

/// What holds for the whole checkpoint.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) shards: u64,
    pub(super) big_endian: bool,
}

/// One variable.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) dtype: u64,
    pub(super) shape: Vec<u64>,
    pub(super) shard: u64,
    pub(super) offset: u64,
    pub(super) len: u64,
    /// Its elements are in entries of their own, one for each slice.
    pub(super) sliced: bool,
}

pub(super) fn header(value: &[u8]) -> Result<Header> {
    let mut header = Header::default();
    let mut message = Message::new(&value, 0, value.len() as u64);
    while let Some((number, field)) = message.next()? {
        match (number, field) {
            (1, Field::Number(n)) => header.shards = n,
            (2, Field::Number(n)) => header.big_endian = n == 1,
            _ => {}
        }
    }
    Ok(header)
}

pub(super) fn entry(value: &[u8]) -> Result<Entry> {
    let mut entry = Entry::default();
    let mut message = Message::new(&value, 0, value.len() as u64);
    while let Some((number, field)) = message.next()? {
        match (number, field) {
            (1, Field::Number(n)) => entry.dtype = n,
            (2, Field::Bytes { .. }) => entry.shape = shape(&mut message.inner(field))?,
            (3, Field::Number(n)) => entry.shard = n,
            (4, Field::Number(n)) => entry.offset = n,
            (5, Field::Number(n)) => entry.len = n,
            (7, _) => entry.sliced = true,
            _ => {}
        }
    }
    Ok(entry)
}

/// `TensorShapeProto`: one message for each dimension, whose first field is the size (0 is left out).
fn shape(message: &mut Message<'_>) -> Result<Vec<u64>> {
    let mut sizes = Vec::new();
    while let Some((number, field)) = message.next()? {
        if number != 2 {
            continue;
        }
        let mut size = 0;
        let mut dimension = message.inner(field);
        while let Some((number, field)) = dimension.next()? {
            if let (1, Field::Number(n)) = (number, field) {
                size = n;
            }
        }
        sizes.push(size);
        if sizes.len() > DIMENSIONS {
            return Err(Error::new(ErrorKind::Header, "a shape of more dimensions than TensorFlow has"));
        }
    }
    Ok(sizes)
}
