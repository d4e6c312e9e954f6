//! The walk: every folder once, links last.
//!
//! Links to folders are followed after everything else, and only to folders not met before. So a loop ends,
//! a diamond of links does not multiply, and a run is listed under its own path rather than a link's.

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::Sender;
use walkdir::{DirEntry, WalkDir};

use super::super::{Skipped, order};
use super::ScanEvent;
use crate::format::folders::{Names, recognise, split};
use crate::platform;
use crate::source::Identity;

/// Folders below a given one that are entered at most.
pub(super) const DEPTH: usize = 64;
/// Folders that never hold a run of their own (formats.md §13).
const SKIPPED: [&str; 7] =
    [".git", "node_modules", "__pycache__", "venv", ".venv", "site-packages", ".cache"];

/// True for the name of a folder that is not entered.
pub(super) fn is_skipped(name: &str) -> bool {
    SKIPPED.contains(&name)
}

/// A file to be looked at.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    /// Given by name: a row whatever is in it.
    pub(super) given: bool,
    /// A folder that is one checkpoint, or the file that stands for others beside it: an index of shards, a first part.
    pub(super) whole: bool,
}

pub(super) struct Walk {
    events: Sender<ScanEvent>,
    files: Sender<File>,
    stop: Arc<AtomicBool>,
    /// Device and inode of every folder entered.
    entered: HashSet<(u64, u64)>,
    links: VecDeque<PathBuf>,
    /// Files and folders met so far.
    met: (usize, usize),
}

/// The reader is gone, or asked to stop.
struct Stopped;

impl Walk {
    pub(super) fn new(events: Sender<ScanEvent>, files: Sender<File>, stop: Arc<AtomicBool>) -> Self {
        Self { events, files, stop, entered: HashSet::new(), links: VecDeque::new(), met: (0, 0) }
    }

    /// Walks all of `paths`, then the links met on the way.
    pub(super) fn run(&mut self, paths: &[PathBuf]) {
        for path in paths {
            if self.root(path).is_err() {
                return;
            }
        }
        while let Some(link) = self.links.pop_front() {
            if self.link(&link).is_err() {
                return;
            }
        }
        let (files, folders) = self.met;
        let _ = self.events.send(ScanEvent::Walked { files, folders });
    }

    fn root(&mut self, path: &Path) -> Result<(), Stopped> {
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.folder(path, &metadata),
            Ok(metadata) if metadata.is_file() => self.send(path.to_owned(), true),
            Ok(metadata) => self.skip(path, irregular(metadata.file_type())),
            Err(error) => self.skip(path, error.to_string()),
        }
    }

    fn folder(&mut self, root: &Path, metadata: &std::fs::Metadata) -> Result<(), Stopped> {
        if !self.enter(root, metadata) {
            return Ok(());
        }
        let mut open = vec![self.list(root, root)?];
        while let Some(entries) = open.last_mut() {
            self.go_on()?;
            let Some(entry) = entries.next() else {
                open.pop();
                continue;
            };
            if !entry.file_type().is_dir() {
                self.entry(&entry, root)?;
            } else if self.wanted(&entry, open.len())? {
                open.push(self.list(entry.path(), root)?);
            }
        }
        Ok(())
    }

    /// What is in a folder, in natural order. If the folder is one checkpoint, that is sent, and only what does
    /// not belong to it is listed.
    fn list(&mut self, folder: &Path, root: &Path) -> Result<std::vec::IntoIter<DirEntry>, Stopped> {
        self.met.1 += 1;
        let walk = WalkDir::new(folder).min_depth(1).max_depth(1);
        let walk = walk.sort_by(|a, b| order::names(a.file_name(), b.file_name()));
        let (mut entries, mut names) = (Vec::new(), Names::default());
        for entry in walk {
            self.go_on()?;
            match entry {
                Ok(entry) => {
                    if let Some(name) = entry.file_name().to_str() {
                        names.add(name.to_owned(), is_folder(&entry));
                    }
                    entries.push(entry);
                }
                Err(error) => {
                    let path = error.path().unwrap_or(folder).to_owned();
                    let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                    self.skip(&path, reason)?;
                }
            }
        }
        if let Some(claim) = recognise::claim(folder, &names) {
            let path = match &claim.index {
                Some(index) => folder.join(index),
                None => folder.to_owned(),
            };
            let given = folder == root;
            self.files
                .send(File { path: shortened(&path, root), given, whole: true })
                .map_err(|_| Stopped)?;
            entries.retain(|e| e.file_name().to_str().is_none_or(|name| !claim.takes(name, is_folder(e))));
        }
        entries.retain(|e| e.file_name().to_str().is_none_or(|name| !split::is_later(name, &names)));
        Ok(entries.into_iter())
    }

    /// Whether to enter a folder.
    fn wanted(&mut self, entry: &DirEntry, depth: usize) -> Result<bool, Stopped> {
        let name = entry.file_name().to_string_lossy();
        if is_skipped(&name) || name == "media" && is_wandb(entry.path()) {
            return Ok(false);
        }
        if depth >= DEPTH {
            self.skip(entry.path(), format!("deeper than {DEPTH} folders"))?;
            return Ok(false);
        }
        match entry.metadata() {
            Ok(metadata) => Ok(self.enter(entry.path(), &metadata)),
            Err(_) => Ok(true),
        }
    }

    /// Notes a folder; false when it was entered before.
    fn enter(&mut self, path: &Path, metadata: &std::fs::Metadata) -> bool {
        let identity = Identity::of(metadata);
        if identity.inode == 0 {
            // No inodes on this system: a link is followed once by its name.
            return !std::fs::symlink_metadata(path).is_ok_and(|m| m.is_symlink());
        }
        self.entered.insert((identity.device, identity.inode))
    }

    fn entry(&mut self, entry: &DirEntry, root: &Path) -> Result<(), Stopped> {
        let path = shortened(entry.path(), root);
        let kind = entry.file_type();
        if kind.is_file() {
            return self.send(path, false);
        }
        if !kind.is_symlink() {
            return self.skip(&path, irregular(kind));
        }
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {
                self.links.push_back(path);
                Ok(())
            }
            Ok(metadata) if metadata.is_file() => self.send(path, false),
            Ok(metadata) => self.skip(&path, irregular(metadata.file_type())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.skip(&path, "a link to nothing".to_owned())
            }
            // ELOOP has no stable kind of its own.
            Err(error) => self.skip(&path, format!("symlink loop or unreadable link: {error}")),
        }
    }

    /// Follows a link to a folder, unless that folder was met already.
    fn link(&mut self, link: &Path) -> Result<(), Stopped> {
        let metadata = match std::fs::metadata(link) {
            Ok(metadata) => metadata,
            Err(error) => return self.skip(link, error.to_string()),
        };
        let identity = Identity::of(&metadata);
        if !self.entered.contains(&(identity.device, identity.inode)) {
            return self.folder(link, &metadata);
        }
        let target = std::fs::canonicalize(link).unwrap_or_default();
        let above = link.parent().and_then(|p| std::fs::canonicalize(or_here(p)).ok()).unwrap_or_default();
        let shown = crate::text::shown_path(&target);
        let reason = if above.starts_with(&target) {
            format!("symlink loop: leads back to {shown}")
        } else {
            format!("a link to {shown}, which is listed already")
        };
        self.skip(link, reason)
    }

    fn send(&mut self, path: PathBuf, given: bool) -> Result<(), Stopped> {
        self.met.0 += 1;
        let whole = crate::format::folders::is_split(&path);
        self.files.send(File { path, given, whole }).map_err(|_| Stopped)
    }

    fn skip(&self, path: &Path, reason: String) -> Result<(), Stopped> {
        let skipped = Skipped { path: path.to_owned(), reason };
        self.events.send(ScanEvent::Skipped(skipped)).map_err(|_| Stopped)
    }

    fn go_on(&self) -> Result<(), Stopped> {
        if self.stop.load(Ordering::Relaxed) { Err(Stopped) } else { Ok(()) }
    }
}

/// `./run/x.pt` of a scan of the current folder is `run/x.pt` to whoever reads it.
pub(super) fn shortened(path: &Path, root: &Path) -> PathBuf {
    let here = root == Path::new(".") && path != root;
    path.strip_prefix(".").ok().filter(|_| here).unwrap_or(path).to_owned()
}

/// A folder, or a link to one.
fn is_folder(entry: &DirEntry) -> bool {
    let kind = entry.file_type();
    kind.is_dir() || kind.is_symlink() && entry.path().is_dir()
}

fn or_here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

/// `wandb/<run>/media`, and deeper: `wandb/<run>/files/media`.
fn is_wandb(path: &Path) -> bool {
    path.ancestors().skip(1).take(3).any(|p| p.file_name().is_some_and(|n| n == "wandb"))
}

fn irregular(kind: std::fs::FileType) -> String {
    format!("not a regular file: {}", platform::describe(kind))
}
