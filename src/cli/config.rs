//! `config`: where the program keeps what it remembers.

use std::io::Write as _;

use serde_json::json;

use super::args::Common;
use super::output::{Failure, Out};
use crate::cache::Cache;
use crate::state::Store;
use crate::text::{number, shown_path};

/// Tells where the cache and the state are, and how large.
pub(super) fn run(common: &Common, out: &mut Out) -> Result<(), Failure> {
    let cache = Cache::of_user();
    let state = Store::of_user();
    let (entries, bytes) = cache.size();
    let folder = cache.folder();
    if common.json {
        let path = folder.map(|folder| folder.to_string_lossy());
        let (files, kept) = state.size();
        let there = state.folder().map(|folder| folder.to_string_lossy());
        return out.json(&json!({
            "cache": {"path": path, "entries": entries, "bytes": bytes},
            "state": {"path": there, "entries": files, "bytes": kept},
        }));
    }
    let place = folder.map_or_else(|| "none: there is no home folder".to_owned(), shown_path);
    writeln!(out, "cache    {place}")?;
    writeln!(
        out,
        "         {} in {} entries; may be deleted at any time",
        number::bytes(bytes),
        number::grouped(entries as u64)
    )?;
    let (files, kept) = state.size();
    let place = state.folder().map_or_else(|| "none: there is no home folder".to_owned(), shown_path);
    writeln!(out, "state    {place}")?;
    writeln!(
        out,
        "         {} in {} files: where one was, marks and bookmarks; may be deleted at any time",
        number::bytes(kept),
        number::grouped(files as u64)
    )?;
    Ok(())
}

/// The cache a command is to use.
pub(super) fn cache(common: &Common) -> Cache {
    if common.no_cache { Cache::off() } else { Cache::of_user() }
}
