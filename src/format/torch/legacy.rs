//! The stream torch wrote before 1.6, and still can (formats.md §5.1).
//!
//! Five pickles (magic, protocol, system, object, storage keys), then each storage as its element count and
//! its bytes. Nothing says how long the pickles are, so the start of the file is read in doubling pieces
//! until they end. Of the storages only the counts are read.

use std::collections::HashMap;
use std::sync::Arc;

use super::assemble::Found;
use super::host::{Later, TorchHost};
use super::stream::{Stream, put_places, read_stream, widths};
use crate::checkpoint::module::ScriptTypes;
use crate::checkpoint::{Checkpoint, CheckpointFile, Diagnostic, Format, Severity};
use crate::error::{ErrorKind, Result};
use crate::limits::Limits;
use crate::source::{Identity, ReadAt, fingerprint};
use crate::tensor::Place;
use crate::value::Tree;

/// First piece of the file that is read.
const FIRST: u64 = 128 << 10;

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
                let found = place_all(&host, &mut tree, &stream, &*file.source)?;
                host.diagnostics.extend(found);
                let fingerprint = fingerprint(head.get(..stream.end).unwrap_or_default());
                return Ok(found_in(file, identity, host, tree, stream, fingerprint).assemble(limits));
            }
            // The piece may just have been too short.
            Err(e) if e.kind() == ErrorKind::Truncated && size < most => size = (size * 2).min(most),
            Err(e) if e.kind() == ErrorKind::Truncated => return Err(e.recoded("TRUNCATED")),
            Err(e) => return Err(e),
        }
    }
}

fn found_in(
    file: CheckpointFile,
    identity: Option<Identity>,
    host: TorchHost<'_>,
    mut tree: Tree,
    stream: Stream,
    fingerprint: u64,
) -> Found {
    tree.set_root(stream.object);
    let (diagnostics, sources) = host.finish();
    Found {
        file,
        identity,
        format: Format::TorchLegacy,
        tree,
        summary: stream.summary,
        container_metadata: None,
        types: ScriptTypes::default(),
        sources,
        diagnostics,
        fingerprint,
    }
}

/// Places every storage of the stream by walking the element counts.
///
/// # Errors
/// Only a read that failed; a stream that ends too early is told in the diagnostics.
fn place_all(
    host: &TorchHost<'_>,
    tree: &mut Tree,
    stream: &Stream,
    source: &dyn ReadAt,
) -> Result<Vec<Diagnostic>> {
    let widths = widths(tree, 0);
    let mut found = Vec::new();
    let mut places = HashMap::new();
    let mut at = stream.end as u64;
    for key in &stream.keys {
        let mut count = [0; 8];
        if let Err(e) = source.read_exact_at(&mut count, at) {
            if e.kind() != ErrorKind::Truncated {
                return Err(e);
            }
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
    found.extend(behind(source, at)?);
    Ok(found)
}

/// What lies behind the last storage: another save of the same kind, or what nobody reads.
fn behind(source: &dyn ReadAt, at: u64) -> Result<Option<Diagnostic>> {
    let Some(left) = source.len().checked_sub(at).filter(|left| *left > 0) else { return Ok(None) };
    let head = source.read_vec(at, left.min(64))?;
    if crate::format::sniff::sniff(&head, left) == crate::format::sniff::Container::TorchLegacy {
        let text = "more data follows this save (several saves in one file); only the first is read";
        return Ok(Some(Diagnostic::new(Severity::Info, "CONCATENATED", text)));
    }
    let text = format!("{left} bytes follow the last storage; nothing reads them");
    Ok(Some(Diagnostic::new(Severity::Warning, "TRAILING_DATA", text)))
}
