//! Looks through folders and reads the checkpoints in them, on threads of its own, while the caller goes on.
//!
//! One thread walks. A few workers look at the first bytes of every file it meets and open those that may
//! be checkpoints. Everything found goes through one bounded channel: a slow reader slows the scan down and
//! memory stays flat. Dropping the [`Scan`] ends it.

mod candidate;
mod walk;
mod work;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::Receiver;
use rayon::prelude::*;

use super::group::Index;
use super::{CheckpointRow, Run, Skipped};
use crate::limits::Limits;
use crate::sorting::Sort as _;
use crate::training::logs::{LogFile, Record, record};

/// Events that may wait for their reader.
const WAITING: usize = 256;
/// Files that may wait for a worker.
const AHEAD: usize = 4_096;

/// How to scan.
#[derive(Debug, Clone, Default)]
pub struct ScanOptions {
    /// Bounds for every file.
    pub limits: Limits,
    /// Worker threads; as many as there are processors unless given.
    pub threads: Option<usize>,
}

/// What a scan has to say.
#[derive(Debug)]
pub enum ScanEvent {
    /// So many files look like checkpoints by now.
    Found {
        /// Their number, those read already included.
        total: usize,
    },
    /// A file was read, or could not be.
    Row(Box<CheckpointRow>),
    /// A log of training. It is not read while scanning.
    Log(LogFile),
    /// Something was not looked into.
    Skipped(Skipped),
    /// All of the folders were walked through: so many files were met, whatever they are, in so many folders.
    Walked {
        /// Files.
        files: usize,
        /// Folders, those given included.
        folders: usize,
    },
    /// Nothing more will come.
    Done,
}

/// A running scan. Dropping it ends the scan after the files at hand.
#[derive(Debug)]
pub struct Scan {
    events: Receiver<ScanEvent>,
    stop: Arc<AtomicBool>,
}

impl Scan {
    /// What the scan found, in the order it was found; ends with [`ScanEvent::Done`].
    pub fn events(&self) -> &Receiver<ScanEvent> {
        &self.events
    }
}

impl Drop for Scan {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Begins to scan `paths`, which may be folders and files. A file given by name is always a row.
pub fn start(paths: Vec<PathBuf>, options: ScanOptions) -> Scan {
    let (send, events) = crossbeam_channel::bounded(WAITING);
    let (files_in, files_out) = crossbeam_channel::bounded(AHEAD);
    let stop = Arc::new(AtomicBool::new(false));
    let threads = options.threads.unwrap_or_else(processors).max(1);
    let shared = Arc::new(work::Shared::new(options.limits, send.clone(), Arc::clone(&stop)));
    let spawned = work::spawn(threads, &shared, &files_out);
    let mut walk = walk::Walk::new(send.clone(), files_in, Arc::clone(&stop));
    let walker = std::thread::Builder::new().name("scan-walk".to_owned()).spawn(move || walk.run(&paths));
    if walker.is_err() || spawned == 0 {
        // Without threads nothing can be scanned; the channel closes by itself once its senders are gone.
        let reason = "the system refuses to start more threads".to_owned();
        let _ = send.try_send(ScanEvent::Skipped(Skipped { path: PathBuf::new(), reason }));
    }
    Scan { events, stop }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Every checkpoint in `folder`, by path: what [`collect`] would make a row of.
pub fn files(folder: &std::path::Path) -> Vec<PathBuf> {
    let index = collect(vec![folder.to_owned()], ScanOptions::default());
    let rows = index.runs.into_iter().flat_map(|run| run.checkpoints);
    let mut paths: Vec<PathBuf> = rows.map(|row| row.path).collect();
    paths.in_order(|a, b| super::order::paths(a, b));
    paths
}

/// Something a walk met.
#[derive(Debug)]
pub(crate) struct Found {
    /// Where, as a scan would call it.
    pub(crate) path: PathBuf,
    /// Named by whoever asked: a row whatever is in it.
    pub(crate) given: bool,
    /// A folder that is one checkpoint, or the index that stands for the shards beside it.
    pub(crate) whole: bool,
}

/// Every file and checkpoint folder a scan of `paths` would look at. Nothing is opened.
pub(crate) fn all(paths: &[PathBuf], stop: &Arc<AtomicBool>) -> Vec<Found> {
    let (events, _skipped) = crossbeam_channel::unbounded();
    let (files_in, files) = crossbeam_channel::unbounded();
    walk::Walk::new(events, files_in, Arc::clone(stop)).run(paths);
    files.try_iter().map(|walk::File { path, given, whole }| Found { path, given, whole }).collect()
}

/// What a scan has to say of one path.
#[derive(Debug)]
pub(crate) enum News {
    /// It makes a row.
    Row(Box<CheckpointRow>),
    /// It is a log of training.
    Log(LogFile),
    /// It is neither.
    Nothing,
}

/// What a scan would say of what [`all`] found.
pub(crate) fn news(path: &std::path::Path, given: bool, whole: bool, limits: &Limits) -> News {
    work::news(path, given, whole, limits)
}

/// Scans to the end.
pub fn collect(paths: Vec<PathBuf>, options: ScanOptions) -> Index {
    let scan = start(paths, options);
    let mut index = Index::default();
    for event in scan.events() {
        match event {
            ScanEvent::Row(row) => index.insert(*row),
            ScanEvent::Log(log) => index.insert_log(log),
            ScanEvent::Skipped(skipped) => index.insert_skipped(skipped),
            ScanEvent::Found { .. } | ScanEvent::Walked { .. } => {}
            ScanEvent::Done => break,
        }
    }
    index.skipped.in_order(|a, b| super::order::paths(&a.path, &b.path));
    index.settle();
    index
}

/// Scans to the end, and reads the logs of every run found.
pub fn collect_with_logs(paths: Vec<PathBuf>, options: ScanOptions) -> Index {
    let mut index = collect(paths, options);
    let wanted: Vec<&Run> = index.runs.iter().filter(|run| run.wants_logs()).collect();
    let records: Vec<(PathBuf, Arc<Record>)> =
        wanted.into_par_iter().map(|run| (run.path.clone(), Arc::new(record(&run.logs)))).collect();
    for (path, record) in records {
        index.attach(&path, record);
    }
    index.settle();
    index
}
