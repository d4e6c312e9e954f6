//! Keeps an eye on folders: checkpoints that appear, change, or go.
//!
//! What counts is a walk that compares every file's identity with the last walk's; it works on any file
//! system, network ones too, on which the kernel says nothing of what other machines write. Where the kernel
//! does speak up (inotify and the like), it only makes the next walk come sooner. Files of tens of thousands
//! cost one `stat` each, and a walk that takes long makes the next one wait. A folder that is one checkpoint
//! is what its files are; a log is told of whenever it grows.

mod seen;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, Sender};
use notify::Watcher as _;

use super::scan::News;
use super::{CheckpointRow, Status, scan};
use crate::limits::Limits;
use crate::training::logs::LogFile;
use seen::Mark;

/// Quiet after which a burst of events is acted on.
const DEBOUNCE: Duration = Duration::from_millis(500);
/// Time between two walks when the kernel says nothing.
const POLL: Duration = Duration::from_secs(2);
/// A walk may take this part of the time, at most.
const SHARE: u32 = 10;
/// A file still being written is looked at again after this long.
const SETTLE: Duration = Duration::from_secs(2);
/// What changed so shortly before the first walk may have been read by a scan before it changed.
const OVERLAP: Duration = Duration::from_secs(10);
/// Changes that may wait for their reader.
const WAITING: usize = 256;

/// Something that happened.
#[derive(Debug)]
pub enum Change {
    /// A checkpoint is new, or another than before.
    Row(Box<CheckpointRow>),
    /// A log of training is new, or has grown.
    Log(LogFile),
    /// A checkpoint or log is no longer there, or none any more.
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
    let mut known = seen::all(&paths, &stop);
    let settled = SystemTime::now().checked_sub(OVERLAP);
    known.retain(|_, mark| settled.is_none_or(|settled| mark.changed < settled));
    let watch = move || {
        let mut eye = Eye { paths, limits, known, growing: HashMap::new(), send, stop: ends };
        eye.run();
    };
    // Without a thread nothing is watched, and everything else goes on.
    let _ = std::thread::Builder::new().name("watch".to_owned()).spawn(watch);
    Watch { changes, stop }
}

struct Eye {
    paths: Vec<PathBuf>,
    limits: Limits,
    known: HashMap<PathBuf, Mark>,
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
        let now = seen::all(&self.paths, &self.stop);
        let before = std::mem::replace(&mut self.known, now);
        for path in before.keys().filter(|path| !self.known.contains_key(*path)) {
            self.growing.remove(path);
            self.send.send(Change::Gone(path.clone())).map_err(|_| Stopped)?;
        }
        let due = Instant::now();
        let changed = |path: &PathBuf, mark: &Mark| before.get(path) != Some(mark);
        let mut again: Vec<PathBuf> =
            self.growing.iter().filter(|(_, at)| **at <= due).map(|(p, _)| p.clone()).collect();
        again.extend(self.known.iter().filter(|(p, mark)| changed(p, mark)).map(|(p, _)| p.clone()));
        again.sort_unstable();
        again.dedup();
        for path in again {
            if self.stop.load(Ordering::Relaxed) {
                return Err(Stopped);
            }
            self.read(&path, before.contains_key(&path))?;
        }
        Ok(())
    }

    /// Tells of something that is new or another than before.
    fn read(&mut self, path: &Path, was_there: bool) -> Result<(), Stopped> {
        self.growing.remove(path);
        let Some(mark) = self.known.get(path) else { return Ok(()) };
        let change = match scan::news(path, mark.given, mark.whole, &self.limits) {
            News::Row(row) => {
                if row.status == Status::Growing {
                    self.growing.insert(path.to_owned(), Instant::now() + SETTLE);
                }
                Change::Row(row)
            }
            News::Log(log) => Change::Log(log),
            News::Nothing if was_there => Change::Gone(path.to_owned()),
            News::Nothing => return Ok(()),
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
        let old = std::fs::File::create(folder.path().join("old.pt")).unwrap();
        std::io::Write::write_all(&mut &old, whole).unwrap();
        old.set_modified(SystemTime::now() - Duration::from_secs(3_600)).unwrap();
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

    #[test]
    fn a_log_that_grows_and_goes_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.csv");
        let watch = start(vec![folder.path().to_owned()], Limits::default());
        let mut text = "epoch,val_loss\n0,1.5\n".to_owned();
        std::fs::write(&path, &text).unwrap();
        let Change::Log(log) = next(&watch) else { panic!("not a log") };
        assert_eq!((log.path.as_path(), log.bytes), (path.as_path(), text.len() as u64));
        text.push_str("1,1.25\n");
        std::fs::write(&path, &text).unwrap();
        let Change::Log(log) = next(&watch) else { panic!("not a log") };
        assert_eq!(log.bytes, text.len() as u64);
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(next(&watch), Change::Gone(gone) if gone == path));
    }

    #[test]
    fn a_folder_that_is_one_checkpoint_is_told_as_one() {
        let fixtures = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/dcp/single"));
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("step_100");
        let watch = start(vec![root.path().to_owned()], Limits::default());
        std::fs::create_dir(&folder).unwrap();
        std::fs::copy(fixtures.join("__0_0.distcp"), folder.join("__0_0.distcp")).unwrap();
        std::fs::copy(fixtures.join(".metadata"), folder.join(".metadata")).unwrap();
        let whole = |change: &Change| matches!(change, Change::Row(row) if row.path == folder && row.status == Status::Ok && row.tensors > 0);
        // Its shard may have been seen first, by itself.
        while !whole(&next(&watch)) {}
        std::fs::remove_dir_all(&folder).unwrap();
        while !matches!(next(&watch), Change::Gone(gone) if gone == folder) {}
    }
    #[test]
    fn a_part_that_comes_later_changes_the_row_of_the_first() {
        let fixtures = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/gguf_split"));
        let folder = tempfile::tempdir().unwrap();
        let copy = |n: u32| {
            let name = format!("m-0000{n}-of-00003.gguf");
            std::fs::copy(fixtures.join(&name), folder.path().join(&name)).unwrap();
            folder.path().join(name)
        };
        let watch = start(vec![folder.path().to_owned()], Limits::default());
        let first = copy(1);
        let is_of = |change: &Change, tensors: usize| matches!(change, Change::Row(row) if row.path == first && row.tensors == tensors);
        while !is_of(&next(&watch), 2) {}
        copy(2);
        copy(3);
        while !is_of(&next(&watch), 5) {}
    }
}
