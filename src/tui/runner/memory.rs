//! Keeps what is remembered on disk: on a thread of its own, not more often than every few seconds, and once more at
//! the end.

use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};

use crate::state::{Folder, Global, Store};

/// Time between two writes while the program runs.
const PAUSE: Duration = Duration::from_secs(3);
/// The end waits so long for a slow disk, and then does without.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is to be remembered.
pub type Kept = (Global, Folder);

/// The thread that writes. Dropping it drops what was not written yet: [`Keeper::finish`] does not.
pub struct Keeper {
    send: Sender<Kept>,
    done: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts it; `known` is what is on disk already, of the place `about`.
    pub fn start(store: Store, about: Vec<PathBuf>, known: Kept) -> Self {
        let (send, kept) = unbounded();
        let (finished, done) = bounded(1);
        let work = move || {
            keep(&store, &about, known, &kept);
            let _ = finished.send(());
        };
        let thread = std::thread::Builder::new().name("remembering".to_owned()).spawn(work).ok();
        Self { send, done, thread }
    }

    /// To be written soon.
    pub fn keep(&self, kept: Kept) {
        let _ = self.send.send(kept);
    }

    /// Writes this at once, and ends.
    pub fn finish(self, kept: Kept) {
        let Self { send, done, thread } = self;
        let _ = send.send(kept);
        drop(send);
        if thread.is_some() {
            let _ = done.recv_timeout(PATIENCE);
        }
    }
}

fn keep(store: &Store, about: &[PathBuf], mut known: Kept, kept: &Receiver<Kept>) {
    let mut written: Option<Instant> = None;
    while let Ok(first) = kept.recv() {
        let mut newest = first;
        let due = written.map_or_else(Instant::now, |written| written + PAUSE);
        // Whatever comes before it is time takes the place of what came first.
        let is_last = loop {
            match kept.recv_deadline(due) {
                Ok(next) => newest = next,
                Err(RecvTimeoutError::Timeout) => break false,
                Err(RecvTimeoutError::Disconnected) => break true,
            }
        };
        if newest.0 != known.0 {
            store.keep_global(&newest.0);
        }
        if newest.1 != known.1 {
            store.keep_place(about, &newest.1);
        }
        known = newest;
        written = Some(Instant::now());
        if is_last {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_is_written_at_the_end_however_many_came_before() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::in_folder(folder.path().join("state"));
        let about = vec![PathBuf::from("/data")];
        let keeper = Keeper::start(store.clone(), about.clone(), Kept::default());
        let kept = |n: u32| {
            let view = Some(n.to_string());
            (Global { starts: n, ..Global::default() }, Folder { view, ..Folder::default() })
        };
        (1..=1_000).for_each(|n| keeper.keep(kept(n)));
        keeper.finish(kept(1_001));
        assert_eq!((store.global(), store.place(&about)), kept(1_001));
    }

    #[test]
    fn what_is_on_disk_already_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::in_folder(folder.path().join("state"));
        Keeper::start(store.clone(), Vec::new(), Kept::default()).finish(Kept::default());
        assert_eq!(store.size(), (0, 0));
    }
}
