//! Keeps an eye on folders: checkpoints that appear, change, or go.
//!
//! What counts is a walk that compares every file's identity with the last walk's; it works on any file
//! system, network ones too, on which the kernel says nothing of what other machines write. Where the kernel
//! does speak up (inotify and the like), it only makes the next walk come sooner. Files of tens of thousands
//! cost one `stat` each, and a walk that takes long makes the next one wait.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use notify::Watcher as _;

use super::{CheckpointRow, Status, scan};
use crate::limits::Limits;
use crate::source::Identity;

/// Quiet after which a burst of events is acted on.
const DEBOUNCE: Duration = Duration::from_millis(500);
/// Time between two walks when the kernel says nothing.
const POLL: Duration = Duration::from_secs(2);
/// A walk may take this part of the time, at most.
const SHARE: u32 = 10;
/// A file still being written is looked at again after this long.
const SETTLE: Duration = Duration::from_secs(2);
/// Changes that may wait for their reader.
const WAITING: usize = 256;

/// Something that happened.
#[derive(Debug)]
pub enum Change {
    /// A checkpoint is new, or another than before.
    Row(Box<CheckpointRow>),
    /// A checkpoint is no longer there, or none any more.
    Gone(PathBuf),
}

/// A running watch. Dropping it ends it.
#[derive(Debug)]
pub struct Watch {
    changes: Receiver<Change>,
    stop: Arc<AtomicBool>,
}

impl Watch {
    /// What happened, in order.
    pub fn changes(&self) -> &Receiver<Change> {
        &self.changes
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Begins to watch `paths`. What is there by now is not told: a scan does that.
pub fn start(paths: Vec<PathBuf>, limits: Limits) -> Watch {
    let (send, changes) = crossbeam_channel::bounded(WAITING);
    let stop = Arc::new(AtomicBool::new(false));
    let ends = Arc::clone(&stop);
    let known = walk(&paths);
    let watch = move || {
        let mut eye = Eye { paths, limits, known, growing: HashMap::new(), send, stop: ends };
        eye.run();
    };
    // Without a thread nothing is watched, and everything else goes on.
    let _ = std::thread::Builder::new().name("watch".to_owned()).spawn(watch);
    Watch { changes, stop }
}

/// Every file under `paths` whose name promises a checkpoint.
fn walk(paths: &[PathBuf]) -> HashMap<PathBuf, Identity> {
    let mut found = HashMap::new();
    for root in paths {
        for path in scan::promising(root) {
            if let Ok(metadata) = std::fs::metadata(&path)
                && metadata.is_file()
            {
                found.insert(path, Identity::of(&metadata));
            }
        }
    }
    found
}

struct Eye {
    paths: Vec<PathBuf>,
    limits: Limits,
    known: HashMap<PathBuf, Identity>,
    /// Files being written, and when to look again.
    growing: HashMap<PathBuf, Instant>,
    send: Sender<Change>,
    stop: Arc<AtomicBool>,
}

/// The reader is gone.
struct Stopped;

impl Eye {
    fn run(&mut self) {
        let (wake, woken) = crossbeam_channel::bounded(1);
        let tell = move |event: notify::Result<notify::Event>| {
            // That somebody reads a file changes nothing.
            if !event.is_ok_and(|event| event.kind.is_access()) {
                let _ = wake.try_send(());
            }
        };
        let mut kernel = notify::recommended_watcher(tell).ok();
        for path in &self.paths {
            if let Some(kernel) = &mut kernel {
                // Too many folders for the kernel, or a file system it knows nothing of: the walks see it.
                let _ = kernel.watch(path, notify::RecursiveMode::Recursive);
            }
        }
        let mut rest = POLL;
        while !self.stop.load(Ordering::Relaxed) {
            self.wait(&woken, rest);
            let began = Instant::now();
            if self.look().is_err() {
                return;
            }
            rest = POLL.max(began.elapsed() * SHARE);
        }
    }

    /// Until something happens and is over, or it is time.
    fn wait(&self, woken: &Receiver<()>, rest: Duration) {
        let until = Instant::now() + rest;
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let step = Duration::from_millis(100).min(until.saturating_duration_since(Instant::now()));
            if woken.recv_timeout(step).is_ok() {
                break;
            }
            if Instant::now() >= until {
                return;
            }
        }
        // A file that is written without a pause is shown as it grows.
        let most = Instant::now() + POLL;
        while woken.recv_timeout(DEBOUNCE).is_ok() && Instant::now() < most {}
    }

    fn look(&mut self) -> Result<(), Stopped> {
        let now = walk(&self.paths);
        let before = std::mem::replace(&mut self.known, now);
        for path in before.keys().filter(|path| !self.known.contains_key(*path)) {
            self.growing.remove(path);
            self.send.send(Change::Gone(path.clone())).map_err(|_| Stopped)?;
        }
        let due = Instant::now();
        let changed = |path: &PathBuf, identity: &Identity| before.get(path) != Some(identity);
        let mut again: Vec<PathBuf> =
            self.growing.iter().filter(|(_, at)| **at <= due).map(|(p, _)| p.clone()).collect();
        again.extend(self.known.iter().filter(|(p, i)| changed(p, i)).map(|(p, _)| p.clone()));
        again.sort_unstable();
        again.dedup();
        for path in again {
            self.read(&path)?;
        }
        Ok(())
    }

    fn read(&mut self, path: &Path) -> Result<(), Stopped> {
        self.growing.remove(path);
        let change = match scan::row(path, &self.limits) {
            Some(row) => {
                if row.status == Status::Growing {
                    self.growing.insert(path.to_owned(), Instant::now() + SETTLE);
                }
                Change::Row(Box::new(row))
            }
            None => Change::Gone(path.to_owned()),
        };
        self.send.send(change).map_err(|_| Stopped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next change, which must come.
    fn next(watch: &Watch) -> Change {
        watch.changes().recv_timeout(Duration::from_secs(30)).unwrap()
    }

    #[test]
    fn checkpoints_that_come_change_and_go_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let whole = include_bytes!("../../tests/fixtures/zip/tied.pt");
        std::fs::write(folder.path().join("old.pt"), whole).unwrap();
        let watch = start(vec![folder.path().to_owned()], Limits::default());
        let path = folder.path().join("new.pt");
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let Change::Row(row) = next(&watch) else { panic!("not a row") };
        assert_eq!((row.path.as_path(), row.status), (path.as_path(), Status::Growing));
        // Written to its end it settles, and what was there before is not told.
        std::fs::write(&path, whole).unwrap();
        let settled = loop {
            let Change::Row(row) = next(&watch) else { panic!("not a row") };
            assert_eq!(row.path, path);
            if row.status != Status::Growing {
                break row;
            }
        };
        assert_eq!((settled.status, settled.tensors), (Status::Ok, 2));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(next(&watch), Change::Gone(gone) if gone == path));
    }
}
