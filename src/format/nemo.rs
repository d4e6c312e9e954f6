//! NeMo archives: a tar of a torch file, the configuration of the model, and whatever it needs (formats.md §6.5).

use super::listing::Listing;
use super::nested;
use crate::checkpoint::{Checkpoint, CheckpointFile, Format};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::{Identity, ReadAt, fingerprint};

pub(super) const CONFIG: &str = "model_config.yaml";
pub(super) const WEIGHTS: &str = "model_weights.ckpt";
/// Bytes of the configuration kept.
const CONFIG_BYTES: u64 = 4 << 20;

/// Opens the archive, whose members `place` finds: first byte and length.
pub(crate) fn open(
    file: CheckpointFile,
    identity: Option<Identity>,
    place: impl Fn(&str) -> Option<(u64, u64)>,
    limits: &Limits,
) -> Result<Checkpoint> {
    let mut listing = Listing::new(file, limits);
    let source = listing.source();
    let missing = || {
        Error::new(ErrorKind::StorageMissing, "the NeMo archive holds no model_weights.ckpt")
            .advise("archives of sharded weights hold a folder: unpack it and open that")
    };
    let (start, len) = place(WEIGHTS).ok_or_else(missing)?;
    let (root, _) = nested::range(&mut listing, start, len).map_err(|e| e.in_member(WEIGHTS))?;
    if let Some((at, len)) = place(CONFIG) {
        let text = source.read_vec(at, len.min(CONFIG_BYTES).min(source.len().saturating_sub(at)))?;
        let text = listing.tree.add_text(&String::from_utf8_lossy(&text));
        listing.metadata = Some(listing.dict([(CONFIG.into(), text)]));
    }
    let head = source.read_vec(start, len.min(4_096).min(source.len().saturating_sub(start)))?;
    let mark = fingerprint(&head) ^ len;
    Ok(listing.finish(root, Format::Nemo, identity, mark))
}
