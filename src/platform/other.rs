//! Systems that are neither Unix nor Windows: what the standard library can do everywhere.

use std::fs::{File, FileType, Metadata};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::{Marks, Signal};

pub(super) const JOB_CONTROL: bool = false;

/// A file has one cursor, which threads would move under each other.
static CURSOR: Mutex<()> = Mutex::new(());

pub(super) fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

pub(super) fn read_at(mut file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    let _alone = CURSOR.lock().unwrap_or_else(PoisonError::into_inner);
    file.seek(SeekFrom::Start(offset))?;
    file.read(buf)
}

pub(super) fn write_all_at(mut file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    let _alone = CURSOR.lock().unwrap_or_else(PoisonError::into_inner);
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(bytes)
}

pub(super) fn marks(metadata: &Metadata) -> Marks {
    let since = metadata.modified().ok().and_then(|t| t.duration_since(SystemTime::UNIX_EPOCH).ok());
    Marks { device: 0, inode: 0, modified_ns: since.map_or(0, |d| d.as_nanos() as i128) }
}

pub(super) fn allocated(_: &Metadata) -> Option<u64> {
    None
}

pub(super) fn describe(_: FileType) -> &'static str {
    "a special file"
}

pub(super) fn may_run(_: &Metadata) -> bool {
    true
}

pub(super) fn is_plain_name(_: &str) -> bool {
    true
}

pub(super) fn symlink(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no symbolic links"))
}

pub(super) fn keep_private(_: &mut std::fs::DirBuilder) {}

pub(super) fn usual_permissions(_: &mut tempfile::Builder<'_, '_>) {}

pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

pub(super) fn on_interrupt(_: impl Fn() + Send + 'static) {}

pub(super) fn on_signals(_: impl FnMut(Signal) -> bool + Send + 'static) -> io::Result<()> {
    Ok(())
}

pub(super) fn stop() -> io::Result<()> {
    Ok(())
}

pub(super) fn wake_reader() {}

pub(super) fn is_of_keyboard(_: i32) -> bool {
    false
}

pub(super) fn end_by(_: i32) {}

pub(super) fn escapes_work() -> bool {
    true
}
