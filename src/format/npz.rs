//! Archives of numpy arrays: `numpy.savez`, `savez_compressed`, `mlx.core.savez` (formats.md §9.1).
//!
//! Of each member its local header and the array's own header are read, nothing more; of a deflated member the
//! first kilobytes are inflated.

mod locals;

use std::borrow::Cow;
use std::sync::Arc;

use super::listing::Listing;
use super::npy::{self, Header};
use super::zip::{Archive, Entry};
use crate::checkpoint::{Checkpoint, CheckpointFile, Format, Severity};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::{Identity, RangeSource, ReadAt};
use crate::tensor::{DType, Place};
use crate::text::shown;
use crate::value::Value;
use locals::Member;

/// Bytes inflated of a deflated member for its header.
const HEAD: usize = 66 << 10;
/// Bytes of pickled objects read of one archive.
const OBJECTS: u64 = 64 << 20;

/// Opens an archive of arrays.
pub(crate) fn open(
    file: CheckpointFile,
    identity: Option<Identity>,
    mut archive: Archive,
    limits: &Limits,
) -> Checkpoint {
    let mut listing = Listing::new(file, limits);
    listing.note_all(std::mem::take(&mut archive.diagnostics));
    let mut reader = Reader::new(listing);
    for entry in archive.entries() {
        let name = String::from_utf8_lossy(archive.name(entry)).into_owned();
        let Some(name) = name.strip_suffix(".npy") else { continue };
        reader.keep(name, &Member::of(entry), Some((&archive, entry)));
    }
    reader.finish(identity, archive.fingerprint())
}

/// True for an archive that begins with an array, as far as its first member's name tells.
pub(crate) fn begins_with_array(source: &dyn ReadAt) -> bool {
    locals::next(source, 0).is_some_and(|(name, _)| name.ends_with(".npy"))
}

/// Lists the arrays of an archive that ends before its directory: each stands behind a header of its own.
pub(crate) fn salvage(
    file: CheckpointFile,
    identity: Option<Identity>,
    limits: &Limits,
    cause: &Error,
) -> Checkpoint {
    let mut reader = Reader::new(Listing::new(file, limits));
    let source = reader.source.clone();
    let (mut at, mut mark) = (0, 0_u64);
    while let Some((name, member)) = locals::next(&*source, at) {
        let Some(name) = name.strip_suffix(".npy") else { break };
        mark = mark.rotate_left(5) ^ crate::source::fingerprint(name.as_bytes()) ^ member.stored;
        reader.keep(name, &member, None);
        let Some(end) = member.end(&*source) else { break };
        at = end;
    }
    let text = format!("{}; {} arrays are listed from its front", cause.reason(), reader.entries.len());
    reader.listing.note(Severity::Broken, "TRUNCATED", text);
    reader.finish(identity, mark)
}

struct Reader<'l> {
    listing: Listing<'l>,
    source: Arc<dyn ReadAt>,
    entries: Vec<(Cow<'static, str>, Value)>,
    /// Pickles of arrays of objects, by name.
    objects: Vec<(String, Vec<u8>)>,
    room: u64,
}

impl<'l> Reader<'l> {
    fn new(listing: Listing<'l>) -> Self {
        let source = listing.source();
        Self { listing, source, entries: Vec::new(), objects: Vec::new(), room: OBJECTS }
    }

    fn finish(self, identity: Option<Identity>, mark: u64) -> Checkpoint {
        let Self { mut listing, entries, objects, .. } = self;
        if !objects.is_empty() {
            npy::read_objects(&mut listing, &objects);
        }
        let root = listing.dict(entries);
        listing.finish(root, Format::Npz, identity, mark)
    }

    /// Lists the array in a member, or says why not; `entry` is needed to read the objects of one.
    fn keep(&mut self, name: &str, member: &Member, entry: Option<(&Archive, &Entry)>) {
        match self.array(name, member, entry) {
            Ok(value) => self.entries.push((Cow::Owned(name.to_owned()), value)),
            Err(e) => {
                let text = format!("array {} is not listed: {}", shown(name), e.reason());
                self.listing.note(Severity::Broken, "NPY_HEADER", text);
            }
        }
    }

    fn array(&mut self, name: &str, member: &Member, entry: Option<(&Archive, &Entry)>) -> Result<Value> {
        let payload = crate::checkpoint::payload_offset(&*self.source, member.header)?;
        let header = if member.deflated {
            self.inflated_header(member, payload)?
        } else {
            npy::header(&RangeSource::new(self.source.clone(), payload, member.stored))?
        };
        if let Some((archive, entry)) = entry {
            self.keep_objects(name, archive, entry, &header)?;
        }
        if member.deflated {
            self.deflated(name, member, &header)
        } else {
            let len = member.stored.saturating_sub(header.start);
            let place = Place::Range { file: 0, offset: payload + header.start, len };
            Ok(npy::add(&mut self.listing, name, &header, place, 0))
        }
    }

    fn inflated_header(&self, member: &Member, payload: u64) -> Result<Header> {
        let mut head = Vec::new();
        let stream = crate::source::inflate(&*self.source, payload, member.stored);
        std::io::Read::read_to_end(&mut std::io::Read::take(stream, HEAD as u64), &mut head)
            .map_err(|e| Error::io(e).at(payload))?;
        npy::header(&head)
    }

    fn deflated(&mut self, name: &str, member: &Member, header: &Header) -> Result<Value> {
        let Member { header: at, stored, len, .. } = *member;
        let whole = Place::ZipMember { file: 0, header: at, stored, len, deflated: true };
        // The header is a multiple of 16 bytes long, so that elements of every size lie on one of theirs.
        let size = header.element.size.max(1);
        if !header.start.is_multiple_of(size) && header.element.dtype.bits() > 0 {
            let text = "its elements do not lie on multiples of their size";
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        Ok(npy::add(&mut self.listing, name, header, whole, header.start / size))
    }

    /// Reads the pickle of an array of objects.
    fn keep_objects(&mut self, name: &str, archive: &Archive, entry: &Entry, header: &Header) -> Result<()> {
        if header.element.dtype != DType::Object || entry.len > self.room {
            return Ok(());
        }
        self.room -= entry.len;
        let bytes = archive.read_member(&*self.source, entry, OBJECTS)?;
        let pickle = bytes.get(usize::try_from(header.start).unwrap_or(usize::MAX)..).unwrap_or_default();
        self.objects.push((name.to_owned(), pickle.to_vec()));
        Ok(())
    }
}
