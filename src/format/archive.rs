//! Zip archives: which of the formats that are one, by the names of the members.

use super::{npz, torch};
use crate::checkpoint::{Checkpoint, CheckpointFile};
use crate::error::{Error, ErrorKind, Result};
use crate::format::zip::Archive;
use crate::limits::Limits;
use crate::source::Identity;

/// What an archive holds. Roots are folders with their slash, or empty.
enum Content {
    /// `torch.save`, or a TorchScript program.
    Torch { root: String, script: bool },
    /// numpy arrays.
    Npz,
    /// Something else.
    Other(Error),
}

/// Opens a zip archive as what its members say it is.
pub(crate) fn open(file: CheckpointFile, identity: Option<Identity>, limits: &Limits) -> Result<Checkpoint> {
    let archive = match Archive::read(&*file.source, limits) {
        Ok(archive) => archive,
        Err(e) if e.kind() == ErrorKind::Truncated => {
            return torch::salvage::open(file, identity, limits, e);
        }
        Err(e) => return Err(e),
    };
    match content(&archive) {
        Content::Torch { root, script } => torch::zip::open(file, identity, archive, &root, script, limits),
        Content::Npz => npz::open(file, identity, archive, limits),
        Content::Other(error) => Err(error),
    }
}

fn content(archive: &Archive) -> Content {
    let first = archive.entries().first().map(|e| archive.name(e)).unwrap_or_default();
    // The root is what stands before the first slash of the first member: torch's own rule.
    let slash = first.iter().position(|b| *b == b'/').map_or(0, |at| at + 1);
    let root = first.get(..slash).unwrap_or_default();
    let has = |root: &[u8], name: &str| archive.find(&[root, name.as_bytes()].concat()).is_some();
    let torch = |root: &[u8]| {
        let script = has(root, "constants.pkl");
        Content::Torch { root: String::from_utf8_lossy(root).into_owned(), script }
    };
    if has(root, "data.pkl") {
        return torch(root);
    }
    if archive.entries().iter().any(|e| archive.name(e).ends_with(b".npy"))
        && archive.entries().iter().all(|e| is_array_or_folder(archive.name(e)))
    {
        return Content::Npz;
    }
    if let Some(what) = other_content(archive, |name| has(root, name), |name| has(b"", name)) {
        return Content::Other(what);
    }
    let mut names = archive.entries().iter().map(|e| archive.name(e));
    let stray = names.find(|n| n.ends_with(b"/data.pkl") || *n == b"data.pkl");
    match stray.and_then(|n| n.get(..n.len() - b"data.pkl".len())) {
        Some(root) => torch(root),
        None => Content::Other(Error::new(
            ErrorKind::NotACheckpoint,
            "a zip archive without a torch checkpoint in it (no data.pkl)",
        )),
    }
}

fn other_content(
    archive: &Archive,
    in_root: impl Fn(&str) -> bool,
    at_top: impl Fn(&str) -> bool,
) -> Option<Error> {
    let unread =
        |what: &str| Some(Error::new(ErrorKind::Unsupported, format!("{what}: not read by this version")));
    if in_root("archive_format") {
        return unread("a torch.export archive (.pt2)");
    }
    if in_root(".data/extern_modules") {
        return unread("a torch.package archive");
    }
    if at_top("model.weights.h5") {
        return unread("a Keras archive (.keras)");
    }
    if at_top("_stable_baselines3_version") {
        return unread("a stable-baselines3 archive");
    }
    if in_root("model.json") {
        return unread("a TorchScript archive of torch 1.0 to 1.3");
    }
    None
}

fn is_array_or_folder(name: &[u8]) -> bool {
    name.ends_with(b".npy") || name.ends_with(b"/")
}
