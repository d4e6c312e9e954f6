//! What tells files apart: the same file under two names, and copies.
//!
//! Hard links and links have device and inode in common. Copies agree in the structure read while opening;
//! where that holds no checksums (safetensors, the stream before torch 1.6) values are sampled too, for the
//! epochs of one run differ in nothing else. One state saved twice, as `epoch_7.pt` and as `best.pt`, is a
//! copy like any other: only the name inside the archive differs.

use std::hash::Hasher as _;
use std::path::Path;

use rustc_hash::FxHasher;

use crate::checkpoint::{Checkpoint, Format};
use crate::source::Identity;
use crate::tensor::Storage;
use crate::training::name::{Hints, Part, Parts};

/// Storages sampled in a file without checksums, and in one with them (it may have been saved without
/// computing them), and bytes in each.
const SAMPLES: usize = 16;
const SAMPLES_CHECKED: usize = 2;
const SAMPLES_FOLDER: usize = 3;
const SAMPLE: u64 = 4 << 10;
/// A file without checksums of at most so many bytes of values is read whole.
const SMALL: u64 = 256 << 10;

/// What tells a file from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FileKey {
    /// Device number.
    pub device: u64,
    /// Inode number; 0 where there are none.
    pub inode: u64,
    /// Size in bytes.
    pub size: u64,
    /// Hash of structure and samples; `None` when the file could not be read.
    pub fingerprint: Option<u64>,
    /// Found through a symbolic link.
    pub is_link: bool,
    /// What the file is called.
    pub name: NameClass,
}

/// What the name of a file says about the part it plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct NameClass {
    /// The parts it says the file plays.
    pub parts: Parts,
    /// The name tells an epoch or a step.
    pub numbered: bool,
}

impl NameClass {
    /// The class of a name.
    pub fn of(hints: &Hints) -> Self {
        Self { parts: hints.parts, numbered: hints.epoch.is_some() || hints.step.is_some() }
    }

    /// Less is more telling: an epoch file before a plain name before `best` and `last`.
    pub fn vagueness(self) -> u8 {
        let judged = self.parts.has(Part::Last) || self.parts.has(Part::Best);
        match (judged, self.numbered) {
            (false, true) => 0,
            (false, false) => 1,
            (true, true) => 2,
            (true, false) => 3,
        }
    }
}

/// What equal files have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Twin {
    Content(u64),
    Inode(u64, u64),
}

impl FileKey {
    /// The key of a file that could not be read.
    pub fn unread(identity: Option<Identity>, path: &Path, name: NameClass) -> Self {
        let is_link = std::fs::symlink_metadata(path).is_ok_and(|m| m.is_symlink());
        let Some(identity) = identity else { return Self { is_link, name, ..Self::default() } };
        let Identity { device, inode, size, .. } = identity;
        Self { device, inode, size, fingerprint: None, is_link, name }
    }

    /// The key of an opened checkpoint.
    pub fn of(checkpoint: &Checkpoint, name: NameClass) -> Self {
        let key = Self::unread(checkpoint.identity(), checkpoint.path(), name);
        Self { fingerprint: fingerprint(checkpoint), ..key }
    }

    /// What this file has in common with its twins; `None` when nothing is known about it.
    pub(super) fn twin(&self) -> Option<Twin> {
        match self.fingerprint {
            Some(hash) => Some(Twin::Content(hash)),
            None if self.inode != 0 => Some(Twin::Inode(self.device, self.inode)),
            None => None,
        }
    }
}

fn fingerprint(checkpoint: &Checkpoint) -> Option<u64> {
    let mut hasher = FxHasher::default();
    hasher.write_u64(checkpoint.fingerprint());
    let storages = checkpoint.tree().storages();
    let checked = matches!(checkpoint.format(), Format::TorchZip | Format::TorchScript);
    let small = storages.iter().map(Storage::available).sum::<u64>() <= SMALL;
    let wanted = match (checked, small) {
        (true, _) => SAMPLES_CHECKED,
        (false, true) => storages.len(),
        // Each sample of a folder may open an archive in another of its files.
        _ if checkpoint.format().is_folder() => SAMPLES_FOLDER,
        (false, false) => SAMPLES,
    };
    // Spread over the file, the last one always among them: what is trained last lies at the end.
    let last = storages.len().saturating_sub(1);
    let step = (last / wanted.max(1)).max(1);
    for storage in storages.iter().rev().step_by(step).take(wanted) {
        sample(checkpoint, storage, !checked && small, &mut hasher)?;
    }
    Some(hasher.finish())
}

/// Hashes bytes from the middle of a storage, or all of them; `None` when they cannot be read.
fn sample(checkpoint: &Checkpoint, storage: &Storage, whole: bool, hasher: &mut FxHasher) -> Option<()> {
    let held = storage.available();
    let len = if whole { held } else { held.min(SAMPLE) };
    let mut bytes = vec![0; usize::try_from(len).ok()?];
    checkpoint.read_storage(storage, (held - len) / 2, &mut bytes).ok()?;
    hasher.write(&bytes);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::name::of_name;

    #[test]
    fn the_more_telling_name_comes_first() {
        let mut names = ["best.pt", "model.pt", "last.pt", "epoch_3.pt", "best_epoch_3.pt"];
        names.sort_by_key(|n| NameClass::of(&of_name(n)).vagueness());
        assert_eq!(names, ["epoch_3.pt", "model.pt", "best_epoch_3.pt", "best.pt", "last.pt"]);
    }
}
