//! A disk that fails at every place it can: what has the name is whole, whatever happened.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ckpt_tui::error::ErrorKind;
use ckpt_tui::export::disk::{Disk, Medium, Staged};
use ckpt_tui::export::weights::{Request, select};
use ckpt_tui::export::write::Export;
use ckpt_tui::limits::Limits;
use ckpt_tui::work::Work;

use super::{fixture, load, names};

/// Fails at one operation, counted from the first; a write that fails has written half.
struct Faulty {
    left: Arc<AtomicUsize>,
}

struct FaultyFile {
    inner: Box<dyn Staged>,
    left: Arc<AtomicUsize>,
}

fn fails(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_err()
}

fn full() -> io::Error {
    io::Error::from(io::ErrorKind::StorageFull)
}

impl Medium for Faulty {
    fn begin(&self, target: &Path, replace: bool) -> io::Result<Box<dyn Staged>> {
        if fails(&self.left) {
            return Err(full());
        }
        let inner = Disk.begin(target, replace)?;
        Ok(Box::new(FaultyFile { inner, left: Arc::clone(&self.left) }))
    }
}

impl Staged for FaultyFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if fails(&self.left) {
            self.inner.write_at(&bytes[..bytes.len() / 2], offset)?;
            return Err(full());
        }
        self.inner.write_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        if fails(&self.left) { Err(full()) } else { self.inner.sync() }
    }

    fn publish(self: Box<Self>) -> io::Result<()> {
        if fails(&self.left) { Err(full()) } else { self.inner.publish() }
    }
}

#[test]
fn a_full_disk_leaves_no_file_or_the_old_one() {
    let source = ckpt_tui::format::open(&fixture("exotic/wholemodel.pt"), &Limits::default()).unwrap();
    let want = {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        write(&source, &path, &Disk).unwrap();
        load(&path)
    };
    for old in [None, Some("what was there before")] {
        for at in 0..1_000 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.safetensors");
            if let Some(old) = old {
                std::fs::write(&path, old).unwrap();
            }
            let medium = Faulty { left: Arc::new(AtomicUsize::new(at)) };
            let outcome = write(&source, &path, &medium);
            if outcome.is_ok() {
                assert!(at > 5, "nothing failed at {at}");
                assert_eq!(load(&path), want);
                break;
            }
            match old {
                None => assert_eq!(names(folder.path()), Vec::<String>::new(), "failed at {at}"),
                Some(old) => {
                    assert_eq!(std::fs::read_to_string(&path).unwrap(), old, "failed at {at}");
                    assert_eq!(names(folder.path()), ["a.safetensors"]);
                }
            }
        }
    }
}

fn write(
    source: &ckpt_tui::checkpoint::Checkpoint,
    path: &Path,
    medium: &dyn Medium,
) -> ckpt_tui::error::Result<ckpt_tui::export::write::Written> {
    let selection = select(source, &Request::default()).unwrap();
    let (items, metadata, path) = (selection.items, selection.metadata, path.to_owned());
    Export { items, metadata, path, shard: None, replace: true }.write(medium, &Work::default())
}

#[test]
fn work_that_is_cancelled_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let source = ckpt_tui::format::open(&fixture("exotic/wholemodel.pt"), &Limits::default()).unwrap();
    let selection = select(&source, &Request::default()).unwrap();
    let path = folder.path().join("a.safetensors");
    let (items, metadata) = (selection.items, selection.metadata);
    let work = Work::default();
    work.cancel.cancel();
    let export = Export { items, metadata, path, shard: None, replace: false };
    assert_eq!(export.write(&Disk, &work).unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(names(folder.path()).is_empty());
}
