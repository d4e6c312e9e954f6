//! Zip archives: which of the formats that are one, by the names of the members.

use super::{keras, npz, stable_baselines, torch};
use crate::checkpoint::{Checkpoint, CheckpointFile};
use crate::error::{Error, ErrorKind, Result};
use crate::format::zip::Archive;
use crate::limits::Limits;
use crate::source::Identity;

/// What an archive holds. Roots are folders with their slash, or empty.
enum Content {
    /// `torch.save`, or a TorchScript program.
    Torch { root: String, script: bool },
    /// `torch.export`.
    Export { root: String },
    /// `torch.package`.
    Package { root: String },
    /// numpy arrays.
    Npz,
    /// A Keras model.
    Keras,
    /// An agent of stable-baselines3.
    StableBaselines,
    /// Something else.
    Other(Error),
}

/// Opens a zip archive as what its members say it is.
pub(crate) fn open(file: CheckpointFile, identity: Option<Identity>, limits: &Limits) -> Result<Checkpoint> {
    let archive = match Archive::read(&*file.source, limits) {
        Ok(archive) => archive,
        Err(e) if e.kind() == ErrorKind::Truncated && npz::begins_with_array(&*file.source) => {
            return Ok(npz::salvage(file, identity, limits, &e));
        }
        Err(e) if e.kind() == ErrorKind::Truncated => {
            return torch::salvage::open(file, identity, limits, e);
        }
        Err(e) => return Err(e),
    };
    match content(&archive) {
        Content::Torch { root, script } => torch::zip::open(file, identity, archive, &root, script, limits),
        Content::Export { root } => Ok(torch::export::open(file, identity, archive, &root, limits)),
        Content::Package { root } => torch::package::open(file, identity, archive, &root, limits),
        Content::Keras => keras::open(file, identity, archive, limits),
        Content::StableBaselines => stable_baselines::open(file, identity, archive, limits),
        Content::Npz => Ok(npz::open(file, identity, archive, limits)),
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
    let text = || String::from_utf8_lossy(root).into_owned();
    let at_top = |name: &str| has(b"", name);
    if has(root, "archive_format") || at_top("serialized_exported_program.json") {
        return Content::Export { root: text() };
    }
    if has(root, ".data/extern_modules") {
        return Content::Package { root: text() };
    }
    if at_top(keras::WEIGHTS) {
        return Content::Keras;
    }
    if at_top(stable_baselines::VERSION) {
        return Content::StableBaselines;
    }
    if has(root, "model.json") {
        let text = "a TorchScript archive of torch 1.0 to 1.3: not read by this version";
        return Content::Other(Error::new(ErrorKind::Unsupported, text));
    }
    let mut names = archive.entries().iter().map(|e| archive.name(e));
    let stray = names.find(|n| n.ends_with(b"/data.pkl") || *n == b"data.pkl");
    match stray.and_then(|n| n.get(..n.len() - b"data.pkl".len())) {
        Some(root) => torch(root),
        None => Content::Other(
            Error::new(
                ErrorKind::NotACheckpoint,
                "a zip archive without a torch checkpoint in it (no data.pkl)",
            )
            .coded("NO_DATA_PKL"),
        ),
    }
}

fn is_array_or_folder(name: &[u8]) -> bool {
    name.ends_with(b".npy") || name.ends_with(b"/")
}
