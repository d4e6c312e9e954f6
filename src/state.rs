//! Where a person was: a few small files under `$XDG_STATE_HOME/ckpt-tui`, never beside checkpoints.
//!
//! One file holds what is the same everywhere ([`Global`]), and one for each place that was looked at what was looked
//! at there ([`Folder`]). They are JSON, read whole and bounded, written beside their place and renamed into it: any
//! number of processes may share the folder, the last one wins, and deleting it at any time is harmless. A file that
//! is damaged, too large, of another version or about another place is as if it were not there, and what cannot be
//! written is forgotten. Nothing here is ever an error.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::sorting::Sort as _;
use etcetera::{BaseStrategy as _, base_strategy::Xdg};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Files of another version are not read.
const VERSION: u32 = 1;
/// Bytes of a file; larger ones are neither read nor written.
const LARGEST: u64 = 256 << 10;
/// Files kept for places; the least recently written go first.
const MOST: usize = 300;
/// What a process that died has left is removed after this.
const STALE: Duration = Duration::from_secs(3_600);
/// Entries of a list that are kept: marks of a person are fewer.
pub const MOST_LISTED: usize = 500;

const GLOBAL: &str = "global.json";
const PREFIX: &str = "place-";

/// What is the same wherever the program is started.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Global {
    /// The mouse is caught; `None` as long as nobody said so.
    pub mouse: Option<bool>,
    /// How often the screens were started.
    pub starts: u32,
    /// Commands that were used, by their names: nobody needs to be told of these again.
    pub used: BTreeSet<String>,
    /// Shares of panes that were made larger or smaller, by the name of the border.
    pub splits: BTreeMap<String, f64>,
}

/// What was looked at in a place, and how. All paths are absolute.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Folder {
    /// The selected run or checkpoint.
    pub selected: Option<Selected>,
    /// Runs that are folded.
    pub folded: Vec<String>,
    /// Order of checkpoints within a run, by its name.
    pub order: Sorted,
    /// Order of the tree of layers.
    pub layers: Sorted,
    /// Order of the table of tensors.
    pub tensors: Sorted,
    /// The view of a checkpoint that was shown last, by its title.
    pub view: Option<String>,
    /// What was on the plot.
    pub plot: Plot,
    /// Checkpoints marked for a comparison: A, then B.
    pub marks: Vec<String>,
    /// Places to come back to.
    pub bookmarks: Vec<Bookmark>,
}

/// What is selected in the list of runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Selected {
    /// The run in this folder.
    Run(String),
    /// The checkpoint at this path.
    Checkpoint(String),
}

/// An order of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sorted {
    /// By what; the order of the file or of training without.
    pub by: Option<String>,
    /// The other way round.
    pub descending: bool,
}

/// What was on the plot, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plot {
    /// The metric that leads, if a person chose one.
    pub metric: Option<String>,
    /// What it is drawn over: `epoch` or `step`.
    pub axis: Option<String>,
    /// Further metrics.
    pub added: Vec<String>,
    /// Runs whose curves stay.
    pub pinned: Vec<String>,
    /// All runs are drawn.
    pub all_runs: bool,
    /// The y axis is logarithmic.
    pub log: bool,
    /// Steps of smoothing.
    pub smoothing: usize,
}

/// A place to come back to: a checkpoint, or a tensor or layer in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Bookmark {
    /// The checkpoint.
    pub path: String,
    /// The tensor or layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A file: what it is about, and what is remembered of that.
#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    #[serde(rename = "ckpt-tui state")]
    version: u32,
    about: Vec<String>,
    state: T,
}

/// The folder of these files; or none, which remembers nothing.
#[derive(Debug, Clone, Default)]
pub struct Store {
    folder: Option<PathBuf>,
}

impl Store {
    /// The user's: `$XDG_STATE_HOME/ckpt-tui`, or `~/.local/state/ckpt-tui`; none where there is no home.
    pub fn of_user() -> Self {
        let dirs = Xdg::new().ok();
        let folder = dirs.map(|dirs| dirs.state_dir().unwrap_or_else(|| dirs.data_dir()).join("ckpt-tui"));
        Self { folder: folder.filter(|folder| folder.is_absolute()) }
    }

    /// In `folder`, which is made when something is to be kept.
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder: Some(folder) }
    }

    /// Remembers nothing.
    pub fn off() -> Self {
        Self::default()
    }

    /// Where the files are; `None` when nothing is remembered.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Files there are, and their bytes.
    pub fn size(&self) -> (usize, u64) {
        let files = self.files();
        (files.len(), files.iter().map(|file| file.bytes).sum())
    }

    /// What is the same everywhere.
    pub fn global(&self) -> Global {
        self.load(GLOBAL, &[]).unwrap_or_default()
    }

    /// What is remembered of the place these absolute paths were given for.
    pub fn place(&self, about: &[PathBuf]) -> Folder {
        let Some(about) = text(about) else { return Folder::default() };
        self.load(&name(&about), &about).unwrap_or_default()
    }

    /// Remembers what is the same everywhere.
    pub fn keep_global(&self, global: &Global) {
        let _ = self.write(GLOBAL, Vec::new(), global);
    }

    /// Remembers what was looked at in a place.
    pub fn keep_place(&self, about: &[PathBuf], folder: &Folder) {
        if let Some(about) = text(about) {
            let _ = self.write(&name(&about), about, folder);
        }
    }

    /// Checkpoints with a bookmark, wherever the program was started for it: nothing may remove them.
    pub fn bookmarked(&self) -> BTreeSet<PathBuf> {
        let places = self.files().into_iter().filter(|file| file.is_place);
        let folders = places.filter_map(|file| read::<Folder>(&file.path));
        folders.flat_map(|file| file.state.bookmarks).map(|bookmark| PathBuf::from(bookmark.path)).collect()
    }

    fn load<T: DeserializeOwned>(&self, name: &str, about: &[String]) -> Option<T> {
        let file = read::<T>(&self.folder.as_ref()?.join(name))?;
        (file.about == about).then_some(file.state)
    }

    fn write<T: Serialize>(&self, name: &str, about: Vec<String>, state: T) -> Option<()> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let folder = self.folder.as_ref()?;
        let mut content = serde_json::to_vec_pretty(&Envelope { version: VERSION, about, state }).ok()?;
        content.push(b'\n');
        if content.len() as u64 > LARGEST {
            return None;
        }
        crate::platform::make_private_folder(folder).ok()?;
        let path = folder.join(name);
        if !path.exists() {
            self.prune();
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let beside = folder.join(format!("{name}.{}-{number}.tmp", std::process::id()));
        let written = || -> std::io::Result<()> {
            let mut file = std::fs::File::create(&beside)?;
            file.write_all(&content)?;
            drop(file);
            std::fs::rename(&beside, &path)
        };
        written().map_err(|_| std::fs::remove_file(&beside)).ok()
    }

    fn files(&self) -> Vec<File> {
        let Some(folder) = &self.folder else { return Vec::new() };
        let found = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let file = |entry: std::fs::DirEntry| {
            let name = entry.file_name().to_str()?.to_owned();
            let is_place = name.starts_with(PREFIX) && name.ends_with(".json");
            let is_left = name.ends_with(".tmp") && (name.starts_with(PREFIX) || name.starts_with(GLOBAL));
            // Nothing that is not ours is counted or removed.
            if !(is_place || is_left || name == GLOBAL) {
                return None;
            }
            let metadata = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
            let written = metadata.modified().ok()?;
            Some(File { path: entry.path(), bytes: metadata.len(), written, is_place, is_left })
        };
        found.filter_map(file).collect()
    }

    /// Makes room for one more place.
    fn prune(&self) {
        let files = self.files();
        let stale = |file: &&File| file.is_left && file.written.elapsed().is_ok_and(|age| age > STALE);
        files.iter().filter(stale).for_each(File::remove);
        let mut places: Vec<&File> = files.iter().filter(|file| file.is_place).collect();
        places.in_order_of(|file| file.written);
        let too_many = (places.len() + 1).saturating_sub(MOST);
        places.into_iter().take(too_many).for_each(File::remove);
    }
}

struct File {
    path: PathBuf,
    bytes: u64,
    written: SystemTime,
    is_place: bool,
    /// By a process that died while writing.
    is_left: bool,
}

impl File {
    fn remove(&self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A path by which a place is known whatever it was called: links of its folders followed, not its own.
pub fn place(path: &Path) -> Option<PathBuf> {
    let canonical = if path.is_dir() { std::fs::canonicalize(path).ok() } else { of_file(path) };
    canonical.or_else(|| std::path::absolute(path).ok())
}

/// A file's path with the links of its folder followed.
pub fn of_file(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(std::fs::canonicalize(folder).ok()?.join(path.file_name()?))
}

/// Reads a file of this version.
fn read<T: DeserializeOwned>(path: &Path) -> Option<Envelope<T>> {
    let source = crate::source::FileSource::open(path).ok()?;
    let len = crate::source::ReadAt::len(&source);
    if len > LARGEST {
        return None;
    }
    let bytes = crate::source::ReadAt::read_vec(&source, 0, len).ok()?;
    serde_json::from_slice(&bytes).ok().filter(|file: &Envelope<T>| file.version == VERSION)
}

/// Paths as they stand in a file. One that is not UTF-8 cannot.
fn text(paths: &[PathBuf]) -> Option<Vec<String>> {
    paths.iter().map(|path| path.to_str().map(str::to_owned)).collect()
}

fn name(about: &[String]) -> String {
    let mut hasher = rustc_hash::FxHasher::default();
    for path in about {
        hasher.write(path.as_bytes());
        hasher.write_u8(0);
    }
    format!("{PREFIX}{:016x}.json", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::in_folder(folder.path().join("ckpt-tui"));
        (folder, store)
    }

    fn bookmarked(path: &str) -> Folder {
        let bookmark = Bookmark { path: path.to_owned(), name: Some("fc.weight".to_owned()) };
        Folder { bookmarks: vec![bookmark], ..Folder::default() }
    }

    fn here() -> Vec<PathBuf> {
        vec![PathBuf::from("/data/experiments")]
    }

    #[test]
    fn what_was_kept_is_remembered_for_its_place_alone() {
        let (_folder, store) = store();
        assert_eq!(store.place(&here()), Folder::default());
        let kept = Folder {
            selected: Some(Selected::Run("/data/experiments/a".to_owned())),
            view: Some("Tensors".to_owned()),
            ..bookmarked("/data/experiments/a/e1.pt")
        };
        store.keep_place(&here(), &kept);
        assert_eq!(store.place(&here()), kept);
        assert_eq!(store.place(&[PathBuf::from("/data/other")]), Folder::default());
        assert_eq!(store.place(&[]), Folder::default());
        let global = Global { starts: 3, mouse: Some(false), ..Global::default() };
        store.keep_global(&global);
        assert_eq!(store.global(), global);
        assert_eq!(store.size().0, 2);
        assert_eq!(store.bookmarked(), [PathBuf::from("/data/experiments/a/e1.pt")].into());
        Store::off().keep_global(&global);
        assert_eq!(Store::off().global(), Global::default());
    }

    #[test]
    #[allow(clippy::disallowed_methods)] // a file of our own
    fn a_damaged_or_foreign_file_is_as_if_it_were_not_there() {
        let (_folder, store) = store();
        store.keep_place(&here(), &bookmarked("/data/e1.pt"));
        let about = text(&here()).unwrap();
        let path = store.folder().unwrap().join(name(&about));
        let good = std::fs::read_to_string(&path).unwrap();
        for at in 0..good.len() - 2 {
            std::fs::write(&path, &good[..at]).unwrap();
            assert_eq!(store.place(&here()), Folder::default(), "cut at {at}");
        }
        let long = " ".repeat(LARGEST as usize);
        for bad in [
            good.replace("\"ckpt-tui state\": 1", "\"ckpt-tui state\": 2"),
            good.replace("/data/experiments", "/data/elsewhere"),
            good.replace("\"bookmarks\": [", "\"bookmarks\": [7,"),
            "[1, 2]".to_owned(),
            "\u{0}\u{1}".to_owned(),
            format!("{good}{long}"),
        ] {
            std::fs::write(&path, &bad).unwrap();
            assert_eq!(store.place(&here()), Folder::default(), "{bad:.200}");
        }
        // What a later version adds does no harm, and what an earlier one did not know is as it is by default.
        std::fs::write(&path, good.replace("\"state\": {", "\"state\": {\"new\": [1],")).unwrap();
        assert_eq!(store.place(&here()), bookmarked("/data/e1.pt"));
        let little = "{\"ckpt-tui state\": 1, \"about\": [\"/data/experiments\"], \"state\": {}}";
        std::fs::write(&path, little).unwrap();
        assert_eq!(store.place(&here()), Folder::default());
    }

    #[test]
    fn places_are_bounded_in_number_and_foreign_files_stay() {
        let (_folder, store) = store();
        store.keep_global(&Global::default());
        let folder = store.folder().unwrap().to_owned();
        for n in 0..MOST {
            let file = std::fs::File::create(folder.join(format!("{PREFIX}{n:016x}.json"))).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(1_000 + n as u64)).unwrap();
        }
        for name in ["notes.txt", "place-1.json.1-1.tmp"] {
            let file = std::fs::File::create(folder.join(name)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(10_000)).unwrap();
        }
        store.keep_place(&here(), &Folder::default());
        let files = store.files();
        assert_eq!(files.iter().filter(|file| file.is_place).count(), MOST);
        assert!(!folder.join(format!("{PREFIX}{:016x}.json", MOST - 1)).exists(), "the oldest made room");
        assert!(!files.iter().any(|file| file.is_left), "what a process left is gone");
        assert!(folder.join("notes.txt").exists());
    }

    #[test]
    fn nothing_too_large_is_written() {
        let (_folder, store) = store();
        let folded = vec!["x".repeat(LARGEST as usize)];
        store.keep_place(&here(), &Folder { folded, ..Folder::default() });
        assert_eq!(store.size().0, 0);
    }
}
