//! The stream torch wrote before 1.6, and still can (formats.md §5.1).
//!
//! Five pickles (magic, protocol, system, object, storage keys), then each storage as its element count and
//! its bytes. Nothing says how long the pickles are, so the start of the file is read in doubling pieces
//! until they end. Of the storages only the counts are read.

use std::collections::HashMap;
use std::sync::Arc;

use super::host::{Later, TorchHost};
use super::{report, zip::settle};
use crate::checkpoint::module::ScriptTypes;
use crate::checkpoint::{Checkpoint, CheckpointFile, Diagnostic, Format, Parts, Severity};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::pickle::{self, Summary};
use crate::source::{Identity, ReadAt, fingerprint};
use crate::tensor::{Place, StorageId};
use crate::value::{Tree, Value};

/// First piece of the file that is read.
const FIRST: u64 = 128 << 10;
/// Streams inside streams inside streams, at most.
const NESTING: usize = 4;

/// The five pickles of a stream.
struct Stream {
    object: Value,
    /// Storage keys in the order their bytes follow.
    keys: Vec<Box<str>>,
    /// Position behind the pickles.
    end: usize,
    summary: Summary,
}

/// Opens a legacy stream.
pub(crate) fn open(file: CheckpointFile, identity: Option<Identity>, limits: &Limits) -> Result<Checkpoint> {
    let most = file.source.len().min(limits.pickle_bytes);
    let mut size = FIRST.min(most);
    loop {
        let head: Arc<[u8]> = file.source.read_vec(0, size)?.into();
        let mut tree = Tree::new(head.clone());
        let mut later = Later;
        let mut host = TorchHost::new(&mut later, false, limits);
        match read_stream(&mut host, &mut tree, &head, 0) {
            Ok(stream) => {
                let found = place_all(&host, &mut tree, &stream, &*file.source);
                host.diagnostics.extend(found);
                return Ok(finish(file, identity, limits, tree, &stream, host, &head));
            }
            // The piece may just have been too short.
            Err(e) if e.kind() == ErrorKind::Truncated && size < most => size = (size * 2).min(most),
            Err(e) => return Err(e),
        }
    }
}

fn finish(
    file: CheckpointFile,
    identity: Option<Identity>,
    limits: &Limits,
    mut tree: Tree,
    stream: &Stream,
    host: TorchHost<'_>,
    head: &[u8],
) -> Checkpoint {
    tree.set_root(stream.object);
    let (mut diagnostics, sources) = host.finish();
    diagnostics.extend(settle(&mut tree));
    let globals = report::globals(&tree);
    diagnostics.extend(report::dangers(&tree, &globals));
    diagnostics.extend(report::refusal(&stream.summary));
    let parts = Parts {
        path: file.path.clone(),
        format: Format::TorchLegacy,
        identity,
        container_metadata: None,
        weights_only: report::weights_only(&stream.summary, &globals),
        globals,
        sources,
        fingerprint: fingerprint(head.get(..stream.end).unwrap_or_default()),
        diagnostics,
        files: vec![file],
        tree,
    };
    Checkpoint::assemble(parts, &ScriptTypes::default(), limits)
}

fn read_stream(host: &mut TorchHost<'_>, tree: &mut Tree, input: &Arc<[u8]>, origin: u32) -> Result<Stream> {
    let limits = host.limits;
    let mut at = 0;
    let mut next = |tree: &mut Tree, host: &mut TorchHost<'_>| {
        let read = pickle::read(tree, host, input, origin, at, limits)?;
        at = read.end;
        Ok::<_, Error>(read)
    };
    // The magic number was seen by whoever came here; protocol and system tell nothing that is not constant.
    for _ in 0..3 {
        next(tree, host)?;
    }
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

/// Places every storage of the stream by walking the element counts; storages are those from `since` on.
fn place_all(host: &TorchHost<'_>, tree: &mut Tree, stream: &Stream, source: &dyn ReadAt) -> Vec<Diagnostic> {
    let widths = widths(tree, 0);
    let mut found = Vec::new();
    let mut places = HashMap::new();
    let mut at = stream.end as u64;
    for key in &stream.keys {
        let mut count = [0; 8];
        if source.read_exact_at(&mut count, at).is_err() {
            let text = format!("the file ends before storage {}", crate::text::shown(key));
            found.push(Diagnostic::new(Severity::Broken, "TRUNCATED", text));
            break;
        }
        at += 8;
        let width = widths.get(key).copied().unwrap_or(1);
        let len = u64::from_le_bytes(count).saturating_mul(width);
        let held = len.min(source.len().saturating_sub(at));
        places.insert(key.clone(), Place::Range { file: 0, offset: at, len: held });
        at = at.saturating_add(len);
        if held < len {
            let text = format!("the file ends inside storage {}", crate::text::shown(key));
            found.push(Diagnostic::new(Severity::Broken, "TRUNCATED", text));
            break;
        }
    }
    put_places(host, tree, 0, &places);
    let mut next = [0; 16];
    if source.read_exact_at(&mut next, at).is_ok() {
        let text = "more data follows this save (several saves in one file); only the first is read";
        found.push(Diagnostic::new(Severity::Info, "CONCATENATED", text));
    }
    found
}

/// Bytes of an element of each storage key, as its first persistent id says.
fn widths(tree: &Tree, since: usize) -> HashMap<Box<str>, u64> {
    let mut widths = HashMap::new();
    for storage in tree.storages().iter().skip(since) {
        widths.entry(storage.key.clone()).or_insert(u64::from(storage.dtype.bits() / 8).max(1));
    }
    widths
}

fn put_places(host: &TorchHost<'_>, tree: &mut Tree, since: usize, places: &HashMap<Box<str>, Place>) {
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

/// `torch.storage._load_from_bytes(bytes)`: a whole stream inside a pickle, holding one storage or more.
pub(super) fn embedded(host: &mut TorchHost<'_>, tree: &mut Tree, args: &[Value]) -> Option<Value> {
    let Some(Value::Bytes(span)) = args.first().copied() else { return None };
    if host.nesting >= NESTING {
        host.note(Severity::Warning, "NESTED", "streams are nested too deeply; the inner ones are not read");
        return None;
    }
    let input: Arc<[u8]> = tree.bytes(span).into();
    let since = tree.storages().len();
    let mut later = Later;
    let mut inner = TorchHost::new(&mut later, false, host.limits);
    inner.nesting = host.nesting + 1;
    let stream = match read_stream(&mut inner, tree, &input, span.start) {
        Ok(stream) => stream,
        Err(e) => {
            host.note(
                Severity::Broken,
                "NESTED",
                format!("a storage pickled as bytes is malformed: {}", e.reason()),
            );
            return None;
        }
    };
    let widths = widths(tree, since);
    let mut places = HashMap::new();
    let mut at = stream.end;
    for key in &stream.keys {
        let count =
            input.get(at..at + 8).and_then(|b| <[u8; 8]>::try_from(b).ok()).map_or(0, u64::from_le_bytes);
        at += 8;
        let len = count.saturating_mul(widths.get(key).copied().unwrap_or(1));
        let len = usize::try_from(len).unwrap_or(usize::MAX).min(input.len().saturating_sub(at));
        let start = span.start.saturating_add(at as u32);
        places.insert(key.clone(), Place::Inline { start, len: len as u32 });
        at += len;
    }
    put_places(&inner, tree, since, &places);
    Some(stream.object)
}
