//! The five pickles of the stream torch wrote before 1.6: a file of its own, or bytes inside a pickle.

use std::collections::HashMap;
use std::sync::Arc;

use super::host::TorchHost;
use crate::checkpoint::Severity;
use crate::error::{Error, ErrorKind, Result};
use crate::pickle::{self, Summary};
use crate::tensor::{Place, StorageId};
use crate::value::{Tree, Value};

/// The protocol number of every stream torch ever wrote.
const PROTOCOL: i64 = 1001;

/// The five pickles of a stream.
pub(super) struct Stream {
    pub(super) object: Value,
    /// Storage keys in the order their bytes follow.
    pub(super) keys: Vec<Box<str>>,
    /// Position behind the pickles.
    pub(super) end: usize,
    pub(super) summary: Summary,
}

/// Reads the five pickles at the start of `input`, whose address in the tree's text pool is `origin`.
pub(super) fn read_stream(
    host: &mut TorchHost<'_>,
    tree: &mut Tree,
    input: &Arc<[u8]>,
    origin: u32,
) -> Result<Stream> {
    let limits = host.limits;
    let mut at = 0;
    let mut next = |tree: &mut Tree, host: &mut TorchHost<'_>| {
        let read = pickle::read(tree, host, input, origin, at, limits)?;
        at = read.end;
        Ok::<_, Error>(read)
    };
    // The magic number was seen by whoever came here; protocol and system tell nothing that is not constant.
    next(tree, host)?;
    let protocol = next(tree, host)?;
    if tree.as_int(protocol.value) != Some(PROTOCOL) {
        host.note(
            Severity::Broken,
            "VERSION",
            format!("the stream's protocol is not {PROTOCOL}, the only one there is"),
        );
    }
    next(tree, host)?;
    let main = next(tree, host)?;
    let keys = next(tree, host)?;
    let malformed = || Error::new(ErrorKind::Header, "the stream's list of storage keys is malformed");
    let texts = tree.items(keys.value).iter().map(|k| match k {
        Value::Int(n) => Some(n.to_string().into_boxed_str()),
        other => tree.as_text(*other).map(|t| t.into_owned().into_boxed_str()),
    });
    let texts = texts.collect::<Option<_>>().ok_or_else(malformed)?;
    Ok(Stream { object: main.value, keys: texts, end: keys.end, summary: main.summary })
}

/// Bytes of an element of each storage key, as its first persistent id says.
pub(super) fn widths(tree: &Tree, since: usize) -> HashMap<Box<str>, u64> {
    let mut widths = HashMap::new();
    for storage in tree.storages().iter().skip(since) {
        widths.entry(storage.key.clone()).or_insert(u64::from(storage.dtype.bits() / 8).max(1));
    }
    widths
}

/// Gives the storages from `since` on their places by key; views get a part of their root's.
pub(super) fn put_places(
    host: &TorchHost<'_>,
    tree: &mut Tree,
    since: usize,
    places: &HashMap<Box<str>, Place>,
) {
    let views: HashMap<StorageId, (&Box<str>, u64)> =
        host.views.iter().map(|(id, k, o)| (*id, (k, *o))).collect();
    for (at, storage) in tree.storages_mut().iter_mut().enumerate().skip(since) {
        let id = StorageId(at as u32);
        if let Some((root, first)) = views.get(&id) {
            if let Some(Place::Range { file, offset, len }) = places.get(*root).copied() {
                let len = storage.nbytes.min(len.saturating_sub(*first));
                storage.place = Place::Range { file, offset: offset + first, len };
            }
        } else if let (Some(place), Place::Missing) = (places.get(&storage.key), storage.place) {
            storage.place = *place;
        }
    }
}
