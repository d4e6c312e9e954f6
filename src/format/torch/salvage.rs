//! A zip that ends too early: what can still be read of it (formats.md §15.1).
//!
//! The directory of a zip is at its end, but torch writes `data.pkl` first, a pickle says itself where it
//! ends, and the storages follow in the order of their keys, each behind a local header. So names, shapes
//! and metadata are all there, and it can be told which tensors are whole.

use std::collections::HashMap;
use std::sync::Arc;

use super::assemble::Found;
use super::host::{Later, TorchHost};
use crate::checkpoint::module::ScriptTypes;
use crate::checkpoint::{Checkpoint, CheckpointFile, Diagnostic, Format, Severity};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::pickle::{self, Unpickled};
use crate::source::{Identity, ReadAt, fingerprint};
use crate::tensor::Place;
use crate::value::Tree;

/// First piece of the pickle that is read.
const FIRST: u64 = 128 << 10;
/// Bytes looked through for the end of a small record.
const SMALL: u64 = 4_096;
/// Records walked over.
const RECORDS: usize = 4_000_000;

/// A local header.
struct Local {
    name: Vec<u8>,
    payload: u64,
}

/// Reads what is left of a torch zip without an end; `cause` is returned when there is nothing.
pub(crate) fn open(
    file: CheckpointFile,
    identity: Option<Identity>,
    limits: &Limits,
    cause: Error,
) -> Result<Checkpoint> {
    let source = file.source.clone();
    let Some((root, start)) = find_pickle(&*source) else { return Err(cause) };
    let Some((mut tree, unpickled, mut diagnostics, head)) = read_pickle(&*source, start, limits) else {
        return Err(cause);
    };
    tree.set_root(unpickled.value);
    place(&mut tree, &*source, &root, start + unpickled.end as u64);
    let whole = |s: &&crate::tensor::Storage| s.available() == s.nbytes;
    let complete = tree.storages().iter().filter(whole).count();
    let text = format!(
        "the file ends too early, at {} bytes: {complete} of {} storages are complete; the save was interrupted, or is still running",
        source.len(),
        tree.storages().len()
    );
    diagnostics.insert(0, Diagnostic::new(Severity::Broken, "TRUNCATED", text));
    let found = Found {
        file,
        identity,
        format: Format::TorchZip,
        fingerprint: fingerprint(head.get(..unpickled.end).unwrap_or_default()),
        tree,
        summary: unpickled.summary,
        container_metadata: None,
        types: ScriptTypes::default(),
        sources: Vec::new(),
        diagnostics,
    };
    Ok(found.assemble(limits))
}

/// The local header at `at`.
fn local(source: &dyn ReadAt, at: u64) -> Option<Local> {
    let payload = crate::checkpoint::payload_offset(source, at).ok()?;
    let lengths = source.read_vec(at + 26, 2).ok()?;
    let name_len = u64::from(u16::from_le_bytes(lengths.try_into().ok()?));
    Some(Local { name: source.read_vec(at + 30, name_len).ok()?, payload })
}

/// Root folder and first byte of the pickle, which is the first record, or follows a small one.
fn find_pickle(source: &dyn ReadAt) -> Option<(Vec<u8>, u64)> {
    let mut at = 0;
    for _ in 0..4 {
        let record = local(source, at)?;
        if let Some(root) = record.name.strip_suffix(b"data.pkl") {
            return Some((root.to_vec(), record.payload));
        }
        at = after_small(source, record.payload)?;
    }
    None
}

type Read = (Tree, Unpickled, Vec<Diagnostic>, Arc<[u8]>);

fn read_pickle(source: &dyn ReadAt, start: u64, limits: &Limits) -> Option<Read> {
    let most = source.len().saturating_sub(start).min(limits.pickle_bytes);
    let mut size = FIRST.min(most);
    loop {
        let head: Arc<[u8]> = source.read_vec(start, size).ok()?.into();
        let mut tree = Tree::new(head.clone());
        let mut later = Later;
        let mut host = TorchHost::new(&mut later, false, limits);
        match pickle::read(&mut tree, &mut host, &head, 0, 0, limits) {
            Ok(unpickled) => return Some((tree, unpickled, host.finish().0, head)),
            Err(e) if e.kind() == ErrorKind::Truncated && size < most => size = (size * 2).min(most),
            Err(_) => return None,
        }
    }
}

/// Walks the records behind the pickle and gives the storages their places.
fn place(tree: &mut Tree, source: &dyn ReadAt, root: &[u8], pickle_end: u64) {
    let sizes: HashMap<Vec<u8>, u64> =
        tree.storages().iter().map(|s| (s.key.as_bytes().to_vec(), s.nbytes)).collect();
    let prefix = [root, b"data/"].concat();
    let mut places = HashMap::new();
    let mut at = after_descriptor(source, pickle_end);
    for _ in 0..RECORDS {
        let Some(record) = local(source, at) else { break };
        let key = record.name.strip_prefix(prefix.as_slice());
        let next = match key.and_then(|key| Some((key, *sizes.get(key)?))) {
            Some((key, len)) => {
                let held = len.min(source.len().saturating_sub(record.payload));
                places.insert(key.to_vec(), Place::Range { file: 0, offset: record.payload, len: held });
                Some(after_descriptor(source, record.payload.saturating_add(len)))
            }
            None => after_small(source, record.payload),
        };
        let Some(next) = next else { break };
        at = next;
    }
    for storage in tree.storages_mut() {
        if let (Place::Missing, Some(place)) = (storage.place, places.get(storage.key.as_bytes())) {
            storage.place = *place;
        }
    }
}

/// Position behind the data descriptor that may follow a payload which ends at `at`.
fn after_descriptor(source: &dyn ReadAt, at: u64) -> u64 {
    let is = |position: u64, magic: &[u8]| source.read_vec(position, 4).is_ok_and(|b| b == magic);
    if !is(at, b"PK\x07\x08") {
        return at;
    }
    // Sizes take four bytes each, or eight in large files: whichever a header follows.
    if is(at + 24, b"PK\x03\x04") && !is(at + 16, b"PK\x03\x04") { at + 24 } else { at + 16 }
}

/// Position behind a small record of unknown size: behind the first descriptor in its next bytes.
fn after_small(source: &dyn ReadAt, payload: u64) -> Option<u64> {
    let window = source.read_vec(payload, SMALL.min(source.len().saturating_sub(payload))).ok()?;
    let found = window.windows(4).position(|w| w == b"PK\x07\x08")?;
    Some(after_descriptor(source, payload + found as u64))
}
