//! numpy's arrays: one in a `.npy` file, several in a `.npz` archive (formats.md §9.1).

mod header;
mod literal;
mod objects;

use std::borrow::Cow;

use super::listing::{Described, Listing};
use crate::checkpoint::{Checkpoint, CheckpointFile, Format, Severity};
use crate::error::Result;
use crate::limits::Limits;
use crate::source::{Identity, RangeSource, ReadAt, fingerprint};
use crate::tensor::{DType, Place};
use crate::text::shown;
use crate::value::Value;
pub(crate) use header::{Element, Header, read as header};
pub(crate) use objects::read as read_objects;

/// Name of the one array of a `.npy` file, which has none of its own.
const ONLY: &str = "array";

/// Opens a `.npy` file.
pub(crate) fn open(file: CheckpointFile, identity: Option<Identity>, limits: &Limits) -> Result<Checkpoint> {
    let mut listing = Listing::new(file, limits);
    let source = listing.source();
    let header = header(&*source)?;
    let head = source.read_vec(0, header.start)?;
    let (start, size) = (header.start, source.len());
    let elements = bytes_of(&header);
    let len = elements.unwrap_or(u64::MAX);
    let place = Place::Range { file: 0, offset: start, len };
    let value = add(&mut listing, ONLY, &header, place, 0);
    let plain = header.element.dtype != DType::Object;
    let end = elements.filter(|_| plain).and_then(|n| n.checked_add(start));
    if let Some(end) = end.filter(|end| *end < size) {
        let text = format!("{} bytes follow the array", size - end);
        listing.note(Severity::Info, "TRAILING_DATA", text);
    }
    if !plain {
        let stream = RangeSource::new(source.clone(), start, size);
        read_objects(
            &mut listing,
            &[(ONLY.to_owned(), stream.read_vec(0, stream.len().min(limits.pickle_bytes))?)],
        );
    }
    let root = listing.dict([(Cow::Borrowed(ONLY), value)]);
    Ok(listing.finish(root, Format::Npy, identity, fingerprint(&head)))
}

/// Bytes of the elements; `None` when they cannot be counted.
pub(crate) fn bytes_of(header: &Header) -> Option<u64> {
    if header.shape.contains(&0) {
        return Some(0);
    }
    let count = header.shape.iter().try_fold(1_u64, |n, size| n.checked_mul(*size))?;
    count.checked_mul(header.element.size)
}

/// Adds the array `name`. `skip` elements of `place` come before its own.
pub(crate) fn add(listing: &mut Listing<'_>, name: &str, header: &Header, place: Place, skip: u64) -> Value {
    let Element { dtype, big_endian, .. } = header.element;
    let place = if dtype == DType::Object { Place::NotStored } else { place };
    let described = Described {
        stride: header.columns.then(|| super::listing::column_major(&header.shape)),
        skip,
        big_endian,
        ..Described::new(name, dtype, &header.shape, place)
    };
    if dtype == DType::Object {
        let text = format!("array {} holds pickled Python objects, which are not numbers", shown(name));
        listing.note(Severity::Info, "NPY_OBJECT", text);
    }
    listing.tensor(&described)
}
