//! What else is in the file: pickles opening does not read, and whether its name fits its content.

use std::path::Path;
use std::sync::Arc;

use super::archive::Pickle;
use crate::check::Finding;
use crate::checkpoint::{Checkpoint, Format, Severity};
use crate::limits::Limits;
use crate::pickle;
use crate::platform;
use crate::source::ReadAt;
use crate::value::Global;

/// What a numpy array starts with.
const NUMPY: &[u8] = b"\x93NUMPY";
/// Most bytes of a broken or trailing pickle searched for names.
const SEARCHED: u64 = 64 << 20;
/// A file of which less than one part in so many is on disk is hollow, from this size on.
const HOLLOW: u64 = 16;
const LARGE: u64 = 1 << 30;

/// Names in pickles that opening did not read to their end, by where they are.
pub(super) fn names(
    source: &Arc<dyn ReadAt>,
    checkpoint: Option<&Checkpoint>,
    members: &[Pickle],
    limits: &Limits,
) -> Vec<(String, Vec<Global>)> {
    let mut found: Vec<(String, Vec<Global>)> =
        members.iter().map(|p| (p.member.clone(), search(&p.bytes, limits))).collect();
    if members.is_empty() && needs_search(source, checkpoint) {
        let len = source.len().min(SEARCHED);
        if let Ok(bytes) = source.read_shared(0, len) {
            let known = pickle::may_be_pickle(&bytes) || bytes.starts_with(NUMPY) || checkpoint.is_some();
            let globals = if known { search(&bytes, limits) } else { pickle::reached(&bytes, limits) };
            found.push((String::new(), globals));
        }
    }
    found
}

fn search(bytes: &Arc<[u8]>, limits: &Limits) -> Vec<Global> {
    let start = payload(bytes);
    let mut globals = pickle::names(bytes, start, limits).globals;
    globals.extend(pickle::spelled(bytes.get(start..).unwrap_or_default()));
    globals
}

/// Where the pickle starts: at once, or behind the header of a numpy array of objects.
fn payload(bytes: &[u8]) -> usize {
    if !bytes.starts_with(NUMPY) {
        return 0;
    }
    let at = |i: usize| usize::from(bytes.get(i).copied().unwrap_or(0));
    let after = match at(6) {
        1 => 10 + at(8) + (at(9) << 8),
        _ => 12 + at(8) + (at(9) << 8) + (at(10) << 16) + (at(11) << 24),
    };
    // No other dtype, key or value of a header has this letter.
    let objects = bytes.get(8..after).is_none_or(|header| header.contains(&b'O'));
    if objects { after.min(bytes.len()) } else { bytes.len() }
}

/// A pickle by itself, or a legacy stream, that broke off, says one thing to one unpickler and another to
/// another, or goes on behind its end.
fn needs_search(source: &Arc<dyn ReadAt>, checkpoint: Option<&Checkpoint>) -> bool {
    let head = source.read_vec(0, source.len().min(8)).unwrap_or_default();
    if matches!(head.as_slice(), [b'P', b'K', ..] | [b'G', b'G', ..]) {
        return false;
    }
    match checkpoint {
        // What is no pickle to us may be one to an unpickler, which takes any instruction for the first.
        None => head.iter().any(|byte| *byte != 0),
        Some(checkpoint) => {
            let code = |code| checkpoint.diagnostics().iter().any(|d| d.code == code);
            match checkpoint.format() {
                Format::Pickle => code("TRAILING_DATA") || code("PICKLE_FRAME"),
                Format::TorchLegacy => code("PICKLE_FRAME"),
                _ => false,
            }
        }
    }
}

/// Says so when a name promises another format than the content is: other programs go by the name.
pub(super) fn extension(path: &Path, format: Format) -> Option<Finding> {
    let extension = path.extension()?.to_string_lossy().to_ascii_lowercase();
    let name = format.name();
    let fits = match extension.as_str() {
        "safetensors" | "gguf" | "npz" | "npy" => name == extension,
        "pt" | "pth" | "ckpt" => !matches!(name, "safetensors" | "gguf" | "npz" | "npy"),
        "bin" => !matches!(name, "gguf" | "npz" | "npy"),
        _ => true,
    };
    let text = || format!("the name ends in .{extension} and the content is {name}; content was believed");
    (!fits).then(|| Finding::new(Severity::Warning, "EXTENSION", "", text()))
}

/// True for a large file next to nothing of which is on disk.
pub(super) fn is_hollow(path: &Path, size: u64) -> bool {
    let allocated = || platform::allocated(&std::fs::metadata(path).ok()?);
    size >= LARGE && allocated().is_some_and(|bytes| bytes < size / HOLLOW)
}
