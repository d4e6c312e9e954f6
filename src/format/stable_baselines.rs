//! stable-baselines3 archives: a zip of torch files and a JSON record of the agent.

use std::borrow::Cow;

use super::listing::Listing;
use super::zip::Archive;
use super::{json, nested};
use crate::checkpoint::{Checkpoint, CheckpointFile, Format, Severity};
use crate::error::Result;
use crate::limits::Limits;
use crate::source::Identity;
use crate::text::shown;

/// The member that names the version, and the archive.
pub(super) const VERSION: &str = "_stable_baselines3_version";
/// Bytes of the JSON record.
const RECORD: u64 = 64 << 20;

/// Opens the archive: each torch file is an entry under its name, beside those of the record.
pub(crate) fn open(
    file: CheckpointFile,
    identity: Option<Identity>,
    mut archive: Archive,
    limits: &Limits,
) -> Result<Checkpoint> {
    let mut listing = Listing::new(file, limits);
    listing.note_all(std::mem::take(&mut archive.diagnostics));
    let source = listing.source();
    let mut entries = Vec::new();
    for entry in archive.entries() {
        let name = String::from_utf8_lossy(archive.name(entry)).into_owned();
        if let Some(stem) = name.strip_suffix(".pth") {
            match nested::member(&mut listing, &archive, entry) {
                Ok((value, _)) => entries.push((Cow::Owned(stem.to_owned()), value)),
                Err(e) => {
                    let text = format!("{} cannot be read: {}", shown(&name), e.reason());
                    listing.note(Severity::Broken, "NESTED", text);
                }
            }
        } else if name == "data" {
            let record = archive.read_member(&*source, entry, RECORD)?;
            entries.push((Cow::Borrowed("data"), json::parse(&mut listing.tree, &record)));
        }
    }
    let version = archive.find(VERSION.as_bytes()).map(|entry| archive.read_member(&*source, entry, 64));
    let version = version.and_then(Result::ok).unwrap_or_default();
    let text = format!("an agent of stable-baselines3 {}", shown(String::from_utf8_lossy(&version).trim()));
    listing.note(Severity::Info, "SB3", text);
    let root = listing.dict(entries);
    Ok(listing.finish(root, Format::TorchZip, identity, archive.fingerprint()))
}
