//! What tells files apart: the same file under two names, and copies.
//!
//! Hard links and links have device and inode in common. Copies agree in size and in the structure read
//! while opening; where that structure holds no checksums (safetensors, the stream before torch 1.6) bytes
//! are sampled too, for the epochs of one run differ in nothing else.

use std::hash::Hasher as _;
use std::path::Path;

use rustc_hash::FxHasher;

use crate::checkpoint::{Checkpoint, Format};
use crate::source::{Identity, ReadAt};
use crate::training::name::{Hints, Part, Parts};

/// Bytes sampled at both ends of a file without checksums.
const ENDS: u64 = 64 << 10;
/// Further samples of a file without checksums, and of one with them (it may have been saved without
/// computing them), and bytes in each.
const SAMPLES: u64 = 8;
const SAMPLES_CHECKED: u64 = 2;
const SAMPLE: u64 = 4 << 10;

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
    Content(u64, u64),
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
            Some(hash) => Some(Twin::Content(self.size, hash)),
            None if self.inode != 0 => Some(Twin::Inode(self.device, self.inode)),
            None => None,
        }
    }
}

fn fingerprint(checkpoint: &Checkpoint) -> Option<u64> {
    let [file] = checkpoint.files() else { return None };
    let mut hasher = FxHasher::default();
    hasher.write_u64(checkpoint.fingerprint());
    let checksums = matches!(checkpoint.format(), Format::TorchZip | Format::TorchScript);
    sample(&*file.source, checksums, &mut hasher)?;
    Some(hasher.finish())
}

/// Hashes bytes spread over the file; `None` when they cannot be read.
fn sample(source: &dyn ReadAt, checksums: bool, hasher: &mut FxHasher) -> Option<()> {
    let len = source.len();
    let mut buffer = vec![0; if checksums { SAMPLE } else { ENDS } as usize];
    let mut take = |offset: u64, bytes: u64| {
        let bytes = bytes.min(len.saturating_sub(offset));
        let part = buffer.get_mut(..usize::try_from(bytes).ok()?)?;
        source.read_exact_at(part, offset).ok()?;
        hasher.write(part);
        Some(())
    };
    if !checksums {
        take(0, ENDS)?;
        take(len.saturating_sub(ENDS), ENDS)?;
    }
    let count = if checksums { SAMPLES_CHECKED } else { SAMPLES };
    for at in 1..=count {
        take(len / (count + 1) * at, SAMPLE)?;
    }
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

    #[test]
    fn samples_see_a_change_in_the_middle_of_a_small_file() {
        let hash = |bytes: Vec<u8>| {
            let mut hasher = FxHasher::default();
            sample(&bytes, false, &mut hasher).unwrap();
            hasher.finish()
        };
        let mut bytes = vec![7; 100_000];
        let before = hash(bytes.clone());
        assert_eq!(hash(bytes.clone()), before);
        bytes[50_000] = 8;
        assert_ne!(hash(bytes), before);
        assert_eq!(hash(Vec::new()), hash(Vec::new()));
    }
}
