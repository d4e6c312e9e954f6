//! What lies under the watched paths now: one entry for each file, and for each folder that is one checkpoint.
//!
//! The walk is the scan's own, so that both agree on what is a checkpoint and what is a part of one.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use crate::runs::scan::{self, Found};
use crate::source::Identity;

/// Files of a checkpoint folder whose identity is looked at, and folders inside folders.
const FILES: usize = 10_000;
const DEPTH: usize = 4;

/// What tells whether something is what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// A folder that is one checkpoint, or the index of its shards.
    pub(super) whole: bool,
    /// Given by name: a checkpoint whatever is in it.
    pub(super) given: bool,
    identity: u64,
    /// When it, or the newest file of it, was changed.
    pub(super) changed: SystemTime,
}

/// Everything under `paths`. Nothing is opened.
pub(super) fn all(paths: &[PathBuf], stop: &Arc<AtomicBool>) -> HashMap<PathBuf, Mark> {
    let mut seen = HashMap::new();
    for Found { path, given, whole } in scan::all(paths, stop) {
        let marked = if whole { folder(&path) } else { file(&path) };
        if let Some((identity, changed)) = marked {
            seen.insert(path, Mark { whole, given, identity, changed });
        }
    }
    seen
}

fn file(path: &Path) -> Option<(u64, SystemTime)> {
    let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let identity = Identity::of(&metadata);
    Some((hash(&identity), identity.modified()))
}

/// The files of a folder, or those beside an index, taken together.
fn folder(path: &Path) -> Option<(u64, SystemTime)> {
    let root = if path.is_dir() { path } else { path.parent()? };
    let depth = if path.is_dir() { DEPTH } else { 1 };
    let (mut sum, mut newest) = (0_u64, SystemTime::UNIX_EPOCH);
    let entries = walkdir::WalkDir::new(root).max_depth(depth).into_iter().filter_map(Result::ok);
    for entry in entries.filter(|e| !e.file_type().is_dir()).take(FILES) {
        let Some((identity, changed)) = file(entry.path()) else { continue };
        // Whatever order the files come in.
        sum = sum.wrapping_add(hash(&(entry.path(), identity)));
        newest = newest.max(changed);
    }
    Some((sum, newest))
}

fn hash(value: &impl std::hash::Hash) -> u64 {
    use std::hash::BuildHasher as _;
    rustc_hash::FxBuildHasher.hash_one(value)
}
