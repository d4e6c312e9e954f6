//! HDF5: Keras weights and whole models, and anything else with datasets (formats.md §9.2).
//!
//! The `hdf5-reader` crate reads the structure through positioned reads of ours; the elements of contiguous
//! datasets are read straight from the file, those of chunked ones through the crate. Groups are mappings. The
//! crate is given a file it does not know, so whatever it panics at is an error of that file.

mod chunks;
mod datatype;
mod storage;
mod walk;

use super::listing::Listing;
use crate::checkpoint::{Checkpoint, CheckpointFile, Format};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::{Identity, ReadAt};
use crate::text::shown;

/// What a file starts with, or what stands at 512, 1024, 2048 … behind a user block.
pub(super) const SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";
/// User blocks looked behind.
const USER_BLOCKS: u64 = 1 << 20;

/// Opens an HDF5 file.
pub(crate) fn open(file: CheckpointFile, identity: Option<Identity>, limits: &Limits) -> Result<Checkpoint> {
    let source = file.source.clone();
    let base = superblock(&*source)
        .ok_or_else(|| Error::new(ErrorKind::Header, "the HDF5 signature is not where it should be"))?;
    let head = source.read_vec(base, (source.len() - base).min(4_096))?;
    let mut listing = Listing::new(file, limits);
    let root = walk::walk(&mut listing, source, base)?;
    let mark = crate::source::fingerprint(&head) ^ listing.tree.tensors().len() as u64;
    Ok(listing.finish(root, Format::Hdf5, identity, mark))
}

/// Where the superblock starts: at 0, or at 512 times a power of two.
pub(super) fn superblock(source: &dyn ReadAt) -> Option<u64> {
    let is_there = |at: u64| source.read_vec(at, 8).is_ok_and(|head| head == SIGNATURE);
    let behind =
        std::iter::successors(Some(512_u64), |at| at.checked_mul(2)).take_while(|at| *at <= USER_BLOCKS);
    std::iter::once(0).chain(behind).find(|at| is_there(*at))
}

/// Runs a call into the crate: its errors and panics become errors of the file.
fn guarded<T>(call: impl FnOnce() -> hdf5_reader::error::Result<T>) -> Result<T> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(e)) => {
            let text = e.to_string();
            Err(Error::new(ErrorKind::Header, format!("malformed HDF5: {}", shown(&text))))
        }
        Err(_) => Err(Error::new(ErrorKind::Header, "malformed HDF5: its structure contradicts itself")),
    }
}
