//! The workers: a first look at every file, then opening those worth it.
//!
//! Both kinds of work wait in queues. One worker prefers opening, so that rows come from the start; the
//! others prefer looking, so that the number of checkpoints is soon known; all do both.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crossbeam_channel::{Receiver, Select, Sender, TryRecvError, never};

use super::super::row;
use super::candidate::{self, Look, Opening};
use super::walk::File;
use super::{News, ScanEvent};
use crate::error::{Error, ErrorKind};
use crate::limits::Limits;
use crate::runs::CheckpointRow;
use crate::training::siblings;

/// After so many more files found a new total is told.
const TELL_EVERY: usize = 32;

/// What all workers share.
pub(super) struct Shared {
    limits: Limits,
    events: Sender<ScanEvent>,
    stop: Arc<AtomicBool>,
    found: AtomicUsize,
    working: AtomicUsize,
}

impl Shared {
    pub(super) fn new(limits: Limits, events: Sender<ScanEvent>, stop: Arc<AtomicBool>) -> Self {
        Self { limits, events, stop, found: AtomicUsize::new(0), working: AtomicUsize::new(0) }
    }
}

/// A file to be opened.
struct Task {
    path: PathBuf,
    opening: Opening,
    /// Named by whoever asked, so that the rest of its run may not be among the rows.
    given: bool,
}

/// Starts `threads` workers; returns how many could be started.
pub(super) fn spawn(threads: usize, shared: &Arc<Shared>, files: &Receiver<File>) -> usize {
    let (tasks_in, tasks_out) = crossbeam_channel::unbounded();
    shared.working.store(threads, Ordering::SeqCst);
    let mut started = 0;
    for at in 0..threads {
        let worker = Worker {
            shared: Arc::clone(shared),
            files: files.clone(),
            tasks: tasks_out.clone(),
            more: Some(tasks_in.clone()),
            opens_first: at == 0,
        };
        let thread = std::thread::Builder::new().name(format!("scan-{at}"));
        match thread.spawn(move || worker.run()) {
            Ok(_) => started += 1,
            Err(_) => {
                shared.working.fetch_sub(1, Ordering::SeqCst);
            }
        }
    }
    started
}

struct Worker {
    shared: Arc<Shared>,
    files: Receiver<File>,
    tasks: Receiver<Task>,
    /// Held while there may be more to look at; once all workers have dropped theirs, no task will come.
    more: Option<Sender<Task>>,
    opens_first: bool,
}

enum Job {
    Look(File),
    Open(Task),
    End,
}

/// The reader is gone, or asked to stop.
struct Stopped;

impl Worker {
    fn run(mut self) {
        while !self.shared.stop.load(Ordering::Relaxed) {
            let done = match self.next() {
                Job::Look(file) => self.look(&file),
                Job::Open(task) => self.open(&task),
                Job::End => break,
            };
            if done.is_err() {
                return;
            }
        }
        // The last one out says so.
        if self.shared.working.fetch_sub(1, Ordering::SeqCst) == 1 {
            let _ = self.tell_found();
            let _ = self.send(ScanEvent::Done);
        }
    }

    fn next(&mut self) -> Job {
        loop {
            if self.opens_first
                && let Ok(task) = self.tasks.try_recv()
            {
                return Job::Open(task);
            }
            match self.files.try_recv() {
                Ok(file) => return Job::Look(file),
                Err(TryRecvError::Disconnected) => self.nothing_more_to_look_at(),
                Err(TryRecvError::Empty) => {}
            }
            match self.tasks.try_recv() {
                Ok(task) => return Job::Open(task),
                Err(TryRecvError::Disconnected) => return Job::End,
                Err(TryRecvError::Empty) => self.wait(),
            }
        }
    }

    fn nothing_more_to_look_at(&mut self) {
        self.more = None;
        self.files = never();
    }

    /// Sleeps until one of the queues has something, or is closed.
    fn wait(&self) {
        let mut select = Select::new();
        select.recv(&self.files);
        select.recv(&self.tasks);
        select.ready();
    }

    fn look(&self, file: &File) -> Result<(), Stopped> {
        let look =
            if file.whole { Look::Open(Opening::whole()) } else { candidate::look(&file.path, file.given) };
        match look {
            Look::Open(opening) => {
                let before = self.shared.found.fetch_add(1, Ordering::Relaxed);
                if before.is_multiple_of(TELL_EVERY) {
                    self.tell_found()?;
                }
                let task = Task { path: file.path.clone(), opening, given: file.given };
                match &self.more {
                    Some(more) => more.send(task).map_err(|_| Stopped),
                    None => self.open(&task),
                }
            }
            Look::Row(row) => {
                self.shared.found.fetch_add(1, Ordering::Relaxed);
                self.send(ScanEvent::Row(row))
            }
            Look::Log(log) => self.send(ScanEvent::Log(log)),
            Look::Skip(skipped) => self.send(ScanEvent::Skipped(skipped)),
            Look::Nothing => Ok(()),
        }
    }

    fn open(&self, task: &Task) -> Result<(), Stopped> {
        if let Some(row) = read(task, &self.shared.limits) {
            return self.send(ScanEvent::Row(Box::new(row)));
        }
        self.shared.found.fetch_sub(1, Ordering::Relaxed);
        Ok(())
    }

    fn tell_found(&self) -> Result<(), Stopped> {
        self.send(ScanEvent::Found { total: self.shared.found.load(Ordering::Relaxed) })
    }

    fn send(&self, event: ScanEvent) -> Result<(), Stopped> {
        self.shared.events.send(event).map_err(|_| Stopped)
    }
}

/// What is to be said of one path by itself.
pub(super) fn news(path: &std::path::Path, given: bool, whole: bool, limits: &Limits) -> News {
    let look = if whole { Look::Open(Opening::whole()) } else { candidate::look(path, given) };
    let row = match look {
        Look::Open(opening) => read(&Task { path: path.to_owned(), opening, given }, limits),
        Look::Row(row) => Some(*row),
        Look::Log(log) => return News::Log(log),
        Look::Skip(_) | Look::Nothing => None,
    };
    row.map_or(News::Nothing, |row| News::Row(Box::new(row)))
}

/// Opens a file; `None` when it makes no row. A fault of this program in one file must not end the scan.
fn read(task: &Task, limits: &Limits) -> Option<CheckpointRow> {
    let row = catch_unwind(AssertUnwindSafe(|| match crate::format::open(&task.path, limits) {
        Ok(checkpoint) => task.opening.keeps(&checkpoint).then(|| {
            let mut row = row::of_checkpoint(&checkpoint);
            if task.given {
                siblings::decide(&task.path, &mut row.training.progress);
            }
            row
        }),
        Err(error) => task.opening.keeps_error(&error).then(|| row::of_error(&task.path, &error)),
    }));
    row.unwrap_or_else(|_| {
        let error = Error::new(ErrorKind::Unsupported, "reading it failed through a fault of this program")
            .advise("please report it with the file, if you can share it");
        Some(row::of_error(&task.path, &error))
    })
}
