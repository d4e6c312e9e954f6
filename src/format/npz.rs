//! Archives of numpy arrays: `numpy.savez`, `savez_compressed`, `mlx.core.savez` (formats.md §9.1).
//!
//! Of each member its local header and the array's own header are read, nothing more; of a deflated member the
//! first kilobytes are inflated.

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
) -> Result<Checkpoint> {
    let mut listing = Listing::new(file, limits);
    listing.note_all(std::mem::take(&mut archive.diagnostics));
    let source = listing.source();
    let mut reader = Reader { listing, source, archive: &archive, objects: Vec::new(), room: OBJECTS };
    let mut entries = Vec::new();
    for entry in archive.entries() {
        let name = String::from_utf8_lossy(archive.name(entry)).into_owned();
        let Some(name) = name.strip_suffix(".npy") else { continue };
        match reader.array(name, entry) {
            Ok(value) => entries.push((Cow::Owned(name.to_owned()), value)),
            Err(e) => {
                let text = format!("array {} is not listed: {}", shown(name), e.reason());
                reader.listing.note(Severity::Broken, "NPY_HEADER", text);
            }
        }
    }
    let Reader { mut listing, objects, .. } = reader;
    if !objects.is_empty() {
        npy::read_objects(&mut listing, &objects);
    }
    let root = listing.dict(entries);
    Ok(listing.finish(root, Format::Npz, identity, archive.fingerprint()))
}

struct Reader<'a, 'l> {
    listing: Listing<'l>,
    source: Arc<dyn ReadAt>,
    archive: &'a Archive,
    /// Pickles of arrays of objects, by name.
    objects: Vec<(String, Vec<u8>)>,
    room: u64,
}

impl Reader<'_, '_> {
    fn array(&mut self, name: &str, entry: &Entry) -> Result<Value> {
        let payload = crate::checkpoint::payload_offset(&*self.source, entry.header)?;
        if entry.is_deflated() {
            self.deflated(name, entry, payload)
        } else {
            self.stored(name, entry, payload)
        }
    }

    fn stored(&mut self, name: &str, entry: &Entry, payload: u64) -> Result<Value> {
        let member = RangeSource::new(self.source.clone(), payload, entry.stored);
        let header = npy::header(&member)?;
        self.keep_objects(name, entry, &header)?;
        let len = entry.stored.saturating_sub(header.start);
        let place = Place::Range { file: 0, offset: payload + header.start, len };
        Ok(npy::add(&mut self.listing, name, &header, place, 0))
    }

    fn deflated(&mut self, name: &str, entry: &Entry, payload: u64) -> Result<Value> {
        let mut head = Vec::new();
        let stream = crate::source::inflate(&*self.source, payload, entry.stored);
        std::io::Read::read_to_end(&mut std::io::Read::take(stream, HEAD as u64), &mut head)
            .map_err(|e| Error::io(e).at(payload))?;
        let header = npy::header(&head)?;
        self.keep_objects(name, entry, &header)?;
        let whole = Place::ZipMember {
            file: 0,
            header: entry.header,
            stored: entry.stored,
            len: entry.len,
            deflated: true,
        };
        // The header is a multiple of 16 bytes long, so that elements of every size lie on one of theirs.
        let size = header.element.size.max(1);
        if !header.start.is_multiple_of(size) && header.element.dtype.bits() > 0 {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "its elements do not lie on multiples of their size",
            ));
        }
        Ok(npy::add(&mut self.listing, name, &header, whole, header.start / size))
    }

    /// Reads the pickle of an array of objects.
    fn keep_objects(&mut self, name: &str, entry: &Entry, header: &Header) -> Result<()> {
        if header.element.dtype != DType::Object || entry.len > self.room {
            return Ok(());
        }
        self.room -= entry.len;
        let bytes = self.archive.read_member(&*self.source, entry, OBJECTS)?;
        let pickle = bytes.get(usize::try_from(header.start).unwrap_or(usize::MAX)..).unwrap_or_default();
        self.objects.push((name.to_owned(), pickle.to_vec()));
        Ok(())
    }
}
