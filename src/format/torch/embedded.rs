//! Streams inside pickles: how a plain pickle holds the storages of its tensors.

use std::collections::HashMap;
use std::sync::Arc;

use super::host::{Later, TorchHost};
use super::stream::{put_places, read_stream, widths};
use crate::checkpoint::Severity;
use crate::tensor::Place;
use crate::value::{Tree, Value};

/// Streams inside streams inside streams, at most.
const NESTING: usize = 4;

/// `torch.storage._load_from_bytes(bytes)`: a whole stream inside a pickle, holding one storage or more.
pub(super) fn read(host: &mut TorchHost<'_>, tree: &mut Tree, args: &[Value]) -> Option<Value> {
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
