//! Checkpoints inside archives: a member is opened like a file of its own and taken into the whole.

use std::sync::Arc;

use super::listing::Listing;
use super::zip::{Archive, Entry};
use crate::checkpoint::{CheckpointFile, Parts};
use crate::error::{Error, ErrorKind, Result};
use crate::sorting::Sort as _;
use crate::source::{RangeSource, ReadAt};
use crate::tensor::Place;
use crate::value::Value;

/// Bytes of a deflated member that are inflated into memory.
const INFLATED: u64 = 256 << 20;

/// Takes the checkpoint in a member of the archive `listing` is of, and returns its root and what its
/// container says beside it.
///
/// # Errors
/// What opening it finds; [`ErrorKind::Limit`] for a large deflated member.
pub(crate) fn member(listing: &mut Listing<'_>, archive: &Archive, entry: &Entry) -> Result<(Value, Value)> {
    let source = listing.source();
    if entry.is_deflated() {
        let bytes = archive.read_member(&*source, entry, INFLATED)?;
        let path = listing.files.first().map(|f| f.path.clone()).unwrap_or_default();
        let bytes: Arc<dyn ReadAt> = Arc::new(bytes);
        let file = listing.files.len() as u32;
        listing.files.push(CheckpointFile { path, source: bytes.clone() });
        return take(listing, bytes, file, 0);
    }
    let start = crate::checkpoint::payload_offset(&*source, entry.header)?;
    range(listing, start, entry.stored)
}

/// Takes the checkpoint in `len` bytes from `start` of the file `listing` is of; returns as [`member`].
///
/// # Errors
/// What opening it finds.
pub(crate) fn range(listing: &mut Listing<'_>, start: u64, len: u64) -> Result<(Value, Value)> {
    let inner: Arc<dyn ReadAt> = Arc::new(RangeSource::new(listing.source(), start, len));
    take(listing, inner, 0, start)
}

fn take(listing: &mut Listing<'_>, source: Arc<dyn ReadAt>, file: u32, base: u64) -> Result<(Value, Value)> {
    let path = listing.files.first().map(|f| f.path.clone()).unwrap_or_default();
    let inner = super::read_inner(CheckpointFile { path, source }, listing.limits())?;
    let Parts {
        mut tree,
        files,
        assembled,
        globals,
        weights_only,
        sources,
        diagnostics,
        container_metadata,
        ..
    } = inner.into_parts().0;
    if files.len() > 1 {
        return Err(Error::new(ErrorKind::Unsupported, "a checkpoint of several files inside an archive"));
    }
    let first = listing.tree.storages().len();
    // Both go into the other tree as one value, so that both are renumbered.
    let pair = vec![tree.root(), container_metadata.unwrap_or(Value::None)];
    let pair = Value::List(tree.add_list(pair));
    tree.set_root(pair);
    let pair = listing.tree.append(tree, file, listing.assembled.len() as u32)?;
    for storage in listing.tree.storages_mut().iter_mut().skip(first) {
        match &mut storage.place {
            Place::Range { offset, .. } => *offset = offset.saturating_add(base),
            Place::ZipMember { header, .. } => *header = header.saturating_add(base),
            _ => {}
        }
    }
    listing.assembled.extend(assembled);
    for global in globals {
        if !listing.globals.iter().any(|known| known.name == global.name) {
            listing.globals.push(global);
        }
    }
    listing.globals.in_order(|a, b| b.verdict.cmp(&a.verdict).then_with(|| a.name.cmp(&b.name)));
    listing.weights_only &= weights_only;
    listing.sources.extend(sources);
    listing.note_all(diagnostics);
    let &[root, metadata] = listing.tree.items(pair) else { return Ok((Value::None, Value::None)) };
    Ok((root, metadata))
}
