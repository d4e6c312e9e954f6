//! Keras archives: `config.json`, `metadata.json`, and the weights as HDF5 (formats.md §9.2).

use super::listing::Listing;
use super::zip::Archive;
use super::{json, nested};
use crate::checkpoint::{Checkpoint, CheckpointFile, Format};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::Identity;
use crate::value::Value;

/// The member with the weights.
pub(super) const WEIGHTS: &str = "model.weights.h5";
/// Bytes of a JSON member.
const JSON: u64 = 64 << 20;

/// Opens the archive.
pub(crate) fn open(
    file: CheckpointFile,
    identity: Option<Identity>,
    mut archive: Archive,
    limits: &Limits,
) -> Result<Checkpoint> {
    let mut listing = Listing::new(file, limits);
    listing.note_all(std::mem::take(&mut archive.diagnostics));
    let missing = || Error::new(ErrorKind::StorageMissing, "the Keras archive holds no weights");
    let weights = archive.find(WEIGHTS.as_bytes()).ok_or_else(missing)?;
    let (root, attributes) =
        nested::member(&mut listing, &archive, weights).map_err(|e| e.in_member(WEIGHTS))?;
    let mut metadata = Vec::new();
    let source = listing.source();
    for name in ["metadata.json", "config.json"] {
        let bytes = archive.find(name.as_bytes()).map(|entry| archive.read_member(&*source, entry, JSON));
        if let Some(Ok(bytes)) = bytes {
            metadata.push((name.into(), json::parse(&mut listing.tree, &bytes)));
        }
    }
    if attributes != Value::None {
        metadata.push((WEIGHTS.into(), attributes));
    }
    listing.metadata = Some(listing.dict(metadata));
    Ok(listing.finish(root, Format::Keras, identity, archive.fingerprint()))
}
