//! What was worked out about files before: one small file for each, under `$XDG_CACHE_HOME/ckpt-tui`.
//!
//! An entry carries the identity of what it is about and a checksum; one that is damaged, of another version, or
//! about what the file was before is as if it were not there. Entries are written beside their place and renamed into
//! it, so any number of processes may share the folder, also over NFS, and deleting it at any time is harmless.
//! Nothing here is ever an error: what cannot be remembered is worked out again.

use std::hash::Hasher as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use etcetera::{BaseStrategy as _, choose_base_strategy};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::checkpoint::Checkpoint;
use crate::platform;
use crate::sorting::Sort as _;
use crate::source::Identity;

/// First bytes of every entry. Other versions of the program read and write other entries.
const MAGIC: &str = concat!("ckpt-tui cache ", env!("CARGO_PKG_VERSION"), "\n");
/// Bytes of all entries together; the least recently written go first.
const MOST: u64 = 256 << 20;
/// An entry larger than this is not kept.
const LARGEST: u64 = 64 << 20;
/// Bytes written before the size of the folder is looked at again.
const CHECK_AFTER: u64 = 16 << 20;
/// A file changed so recently may change again without its times telling.
const QUIET: Duration = Duration::from_secs(2);
/// What a process that died has left is removed after this.
const STALE: Duration = Duration::from_secs(3_600);

/// The folder of entries; or none, which remembers nothing.
#[derive(Debug, Default)]
pub struct Cache {
    folder: Option<PathBuf>,
    written: AtomicU64,
}

/// What an entry is about: the files of a checkpoint as they are now.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheKey {
    bytes: Vec<u8>,
    changed: SystemTime,
}

impl CacheKey {
    /// The key of an opened checkpoint; `None` if one of its files is not what it was when it was opened, or
    /// is not there.
    pub fn of(checkpoint: &Checkpoint) -> Option<Self> {
        let identity = |path: &Path| {
            let metadata = std::fs::metadata(path).ok()?;
            metadata.is_file().then(|| Identity::of(&metadata))
        };
        let files = checkpoint.files().iter().map(|file| Some((identity(&file.path)?, file.source.len())));
        let files: Vec<(Identity, u64)> = files.collect::<Option<_>>()?;
        let opened = checkpoint.identity();
        let same = files.iter().all(|(now, len)| now.size == *len)
            && files.first().zip(opened).is_none_or(|((now, _), opened)| *now == opened);
        if files.is_empty() || !same {
            return None;
        }
        let mut bytes = checkpoint.fingerprint().to_le_bytes().to_vec();
        for (identity, _) in &files {
            let Identity { device, inode, size, modified_ns } = *identity;
            for n in [device, inode, size] {
                bytes.extend(n.to_le_bytes());
            }
            bytes.extend(modified_ns.to_le_bytes());
        }
        let changed = files.iter().map(|(identity, _)| identity.modified()).max()?;
        Some(Self { bytes, changed })
    }

    fn hash(&self) -> u64 {
        let mut hasher = rustc_hash::FxHasher::default();
        hasher.write(&self.bytes);
        hasher.finish()
    }
}

impl Cache {
    /// The user's: `$XDG_CACHE_HOME/ckpt-tui`, or `~/.cache/ckpt-tui` (on Windows `%LOCALAPPDATA%\ckpt-tui`); none
    /// where there is no home.
    pub fn of_user() -> Self {
        let folder = choose_base_strategy().ok().map(|dirs| dirs.cache_dir().join("ckpt-tui"));
        Self { folder: folder.filter(|folder| folder.is_absolute()), ..Self::default() }
    }

    /// In `folder`, which is made when something is to be kept.
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder: Some(folder), ..Self::default() }
    }

    /// Remembers nothing.
    pub fn off() -> Self {
        Self::default()
    }

    /// Where entries are; `None` when nothing is remembered.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Entries there are, and their bytes.
    pub fn size(&self) -> (usize, u64) {
        let entries = self.entries();
        (entries.len(), entries.iter().map(|entry| entry.bytes).sum())
    }

    /// What is remembered under `kind` of what `key` is about. `kind` is a word fit for a file name.
    pub fn load<T: DeserializeOwned>(&self, kind: &str, key: &CacheKey) -> Option<T> {
        let path = self.path(kind, key)?;
        if std::fs::metadata(&path).ok()?.len() > LARGEST {
            return None;
        }
        let source = crate::source::FileSource::open(&path).ok()?;
        let bytes = crate::source::ReadAt::read_vec(&source, 0, crate::source::ReadAt::len(&source)).ok()?;
        let rest = bytes.strip_prefix(MAGIC.as_bytes())?;
        let (sum, rest) = rest.split_first_chunk::<8>()?;
        if u64::from_le_bytes(*sum) != crate::source::fingerprint(rest) {
            return None;
        }
        let (owner, payload) = postcard::take_from_bytes::<Vec<u8>>(rest).ok()?;
        (owner == key.bytes).then(|| postcard::from_bytes(payload).ok())?
    }

    /// Remembers `value` under `kind`. Not if the files were changed just now.
    pub fn store<T: Serialize>(&self, kind: &str, key: &CacheKey, value: &T) {
        let age = SystemTime::now().duration_since(key.changed);
        if age.is_ok_and(|age| age < QUIET) {
            return;
        }
        if let Some(path) = self.path(kind, key) {
            let _ = self.write(&path, key, value);
        }
    }

    fn write<T: Serialize>(&self, path: &Path, key: &CacheKey, value: &T) -> Option<()> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let mut content = postcard::to_allocvec(&key.bytes).ok()?;
        content.extend(postcard::to_allocvec(value).ok()?);
        if content.len() as u64 > LARGEST {
            return None;
        }
        // Names of tensors are nobody else's business.
        platform::make_private_folder(path.parent()?).ok()?;
        self.prune(content.len() as u64);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let beside = path.with_extension(format!("{}-{number}.tmp", std::process::id()));
        let written = || -> std::io::Result<()> {
            let mut file = std::fs::File::create(&beside)?;
            file.write_all(MAGIC.as_bytes())?;
            file.write_all(&crate::source::fingerprint(&content).to_le_bytes())?;
            file.write_all(&content)?;
            drop(file);
            std::fs::rename(&beside, path)
        };
        written().map_err(|_| std::fs::remove_file(&beside)).ok()
    }

    fn path(&self, kind: &str, key: &CacheKey) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{kind}-{:016x}", key.hash())))
    }

    fn entries(&self) -> Vec<Entry> {
        let Some(folder) = &self.folder else { return Vec::new() };
        let found = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let entry = |entry: std::fs::DirEntry| {
            let metadata = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
            Some(Entry { path: entry.path(), bytes: metadata.len(), written: metadata.modified().ok()? })
        };
        found.filter_map(entry).collect()
    }

    /// Makes room for so many bytes more: at first, and then every so many bytes.
    fn prune(&self, bytes: u64) {
        let before = self.written.fetch_add(bytes.max(1), Ordering::Relaxed);
        if before > 0 && before / CHECK_AFTER == (before + bytes) / CHECK_AFTER {
            return;
        }
        let mut entries = self.entries();
        let stale = |entry: &Entry| {
            let old = entry.written.elapsed().is_ok_and(|age| age > STALE);
            old && entry.path.extension().is_some_and(|e| e == "tmp")
        };
        entries.iter().filter(|entry| stale(entry)).for_each(Entry::remove);
        let mut total = entries.iter().map(|entry| entry.bytes).sum::<u64>() + bytes;
        entries.in_order_of(|entry| entry.written);
        for entry in entries {
            if total <= MOST {
                return;
            }
            total = total.saturating_sub(entry.bytes);
            entry.remove();
        }
    }
}

struct Entry {
    path: PathBuf,
    bytes: u64,
    written: SystemTime,
}

impl Entry {
    fn remove(&self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> CacheKey {
        CacheKey { bytes: vec![byte; 40], changed: SystemTime::UNIX_EPOCH }
    }

    fn cache() -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::in_folder(folder.path().join("ckpt-tui"));
        (folder, cache)
    }

    #[test]
    fn what_was_stored_is_remembered() {
        let (_folder, cache) = cache();
        assert_eq!(cache.load::<Vec<u64>>("stats", &key(1)), None);
        cache.store("stats", &key(1), &vec![1_u64, 2, 3]);
        assert_eq!(cache.load("stats", &key(1)), Some(vec![1_u64, 2, 3]));
        assert_eq!(cache.load::<Vec<u64>>("stats", &key(2)), None);
        assert_eq!(cache.load::<Vec<u64>>("diff", &key(1)), None);
        cache.store("stats", &key(1), &vec![4_u64]);
        assert_eq!(cache.load("stats", &key(1)), Some(vec![4_u64]));
        assert_eq!(cache.size().0, 1);
        let off = Cache::off();
        off.store("stats", &key(1), &1_u8);
        assert_eq!(off.load::<u8>("stats", &key(1)), None);
    }

    #[test]
    #[allow(clippy::disallowed_methods)] // a file of our own
    fn a_damaged_or_foreign_entry_is_as_if_it_were_not_there() {
        let (_folder, cache) = cache();
        let path = cache.path("stats", &key(1)).unwrap();
        cache.store("stats", &key(1), &vec![7_u64; 100]);
        let good = std::fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x41;
            std::fs::write(&path, &bad).unwrap();
            assert_eq!(cache.load::<Vec<u64>>("stats", &key(1)), None, "byte {at}");
            std::fs::write(&path, &good[..at]).unwrap();
            assert_eq!(cache.load::<Vec<u64>>("stats", &key(1)), None, "cut at {at}");
        }
        // Another file whose hash is the same.
        std::fs::write(&path, &good).unwrap();
        std::fs::copy(&path, cache.path("stats", &key(2)).unwrap()).unwrap();
        assert_eq!(cache.load::<Vec<u64>>("stats", &key(2)), None);
        cache.store("stats", &key(2), &vec![1_u64]);
        assert_eq!(cache.load("stats", &key(2)), Some(vec![1_u64]));
    }

    #[test]
    fn a_file_changed_just_now_is_not_remembered() {
        let (_folder, cache) = cache();
        let fresh = CacheKey { changed: SystemTime::now(), ..key(1) };
        cache.store("stats", &fresh, &1_u8);
        assert_eq!(cache.load::<u8>("stats", &fresh), None);
    }

    #[test]
    fn the_oldest_entries_make_room() {
        let (_folder, cache) = cache();
        let folder = cache.folder().unwrap().to_owned();
        std::fs::create_dir_all(&folder).unwrap();
        for (name, age) in [("stats-old", 300), ("stats-new", 10), ("stats-1.1-1.tmp", 7_200)] {
            let file = std::fs::File::create(folder.join(name)).unwrap();
            file.set_len(if name.ends_with("tmp") { 1 } else { 200 << 20 }).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        }
        cache.store("stats", &key(1), &1_u8);
        let mut left: Vec<_> =
            cache.entries().into_iter().map(|e| e.path.file_name().unwrap().to_owned()).collect();
        left.sort();
        assert_eq!(left.len(), 2);
        assert!(left.iter().any(|name| name == "stats-new"), "{left:?}");
    }
}
