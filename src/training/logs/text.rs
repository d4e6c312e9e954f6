//! A log as text: read in one piece, up to a bound.

use std::path::Path;

use super::LONGEST;
use crate::error::Result;
use crate::source::{FileSource, ReadAt};

/// The bytes of a log. Of one that is longer than [`LONGEST`] the end is read, without its first, cut line.
pub(super) fn whole(path: &Path) -> Result<Vec<u8>> {
    let source = FileSource::open(path)?;
    let len = source.len();
    let start = len.saturating_sub(LONGEST);
    let mut bytes = source.read_vec(start, len - start).map_err(|e| e.in_file(path))?;
    if start > 0 {
        let line = bytes.iter().position(|b| *b == b'\n').map_or(bytes.len(), |at| at + 1);
        bytes.drain(..line);
    }
    Ok(bytes)
}

/// The lines of `bytes` with their ends cut off, and whether each was ended.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (&[u8], bool)> {
    bytes.split_inclusive(|b| *b == b'\n').map(|line| match line.strip_suffix(b"\n") {
        Some(line) => (line.strip_suffix(b"\r").unwrap_or(line), true),
        None => (line, false),
    })
}

/// A number as Python, C and spreadsheets write it; an empty cell is none.
pub(super) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    // Rust reads "nan", "inf" and "infinity" in any case, and nothing else that is no number.
    text.parse().ok().or_else(|| match text {
        "None" | "null" | "N/A" | "NA" => None,
        // `tensor(0.25)` and `tensor(0.25, device='cuda:0')`, printed by mistake.
        _ => text.strip_prefix("tensor(")?.split([',', ')']).next()?.trim().parse().ok(),
    })
}
