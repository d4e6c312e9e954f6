//! Windows.

use std::fs::{File, FileType, Metadata};
use std::io;
use std::os::windows::fs::{FileExt as _, FileTypeExt as _, MetadataExt as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Marks, Signal};

pub(super) const JOB_CONTROL: bool = false;

/// From 1 January 1601, where file times begin, to 1970, in units of 100 ns.
const TO_UNIX_EPOCH: i128 = 116_444_736_000_000_000;
/// A link needs a right that accounts have in developer mode only.
const PRIVILEGE_NOT_HELD: i32 = 1314;

pub(super) fn open(path: &Path) -> io::Result<File> {
    // The library shares a file for reading, writing and deleting, so training is not disturbed.
    File::open(path).map_err(|error| if path.is_dir() { io::ErrorKind::IsADirectory.into() } else { error })
}

pub(super) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    // Moves the cursor, which nobody uses.
    file.seek_read(buf, offset)
}

pub(super) fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.seek_write(bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => {
                bytes = bytes.get(n..).unwrap_or_default();
                offset += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Volume and index of a file, the inode of Windows, are only told of an open file, and opening every file of a walk
/// takes a network drive minutes. Creation time, modification time and size tell files apart well enough for what
/// hangs on it: whether a file changed, and whose statistics are remembered.
pub(super) fn marks(metadata: &Metadata) -> Marks {
    let modified_ns = (i128::from(metadata.last_write_time()) - TO_UNIX_EPOCH) * 100;
    Marks { device: metadata.creation_time(), inode: 0, modified_ns }
}

pub(super) fn allocated(_: &Metadata) -> Option<u64> {
    None
}

pub(super) fn describe(kind: FileType) -> &'static str {
    if kind.is_symlink_dir() { "a link to a folder" } else { "a special file" }
}

pub(super) fn may_run(_: &Metadata) -> bool {
    true
}

pub(super) fn is_plain_name(name: &str) -> bool {
    // `C:file` is a path of its own, `file:stream` another content.
    !name.contains(':')
}

pub(super) fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    let is_folder = link.parent().is_some_and(|folder| folder.join(target).is_dir());
    let made = if is_folder {
        std::os::windows::fs::symlink_dir(target, link)
    } else {
        std::os::windows::fs::symlink_file(target, link)
    };
    made.map_err(|error| match error.raw_os_error() {
        Some(PRIVILEGE_NOT_HELD) => io::Error::new(
            io::ErrorKind::PermissionDenied,
            "Windows lets only developers make links: turn on Developer Mode in the settings",
        ),
        _ => error,
    })
}

/// What lies in a user's folders is only for that user.
pub(super) fn keep_private(_: &mut std::fs::DirBuilder) {}

/// Files have the permissions of their folder.
pub(super) fn usual_permissions(_: &mut tempfile::Builder<'_, '_>) {}

/// NTFS keeps a journal of names; there is nothing to ask for.
// One signature on all systems.
#[allow(clippy::unnecessary_wraps)]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

pub(super) fn on_interrupt(stop: impl Fn() + Send + 'static) {
    let asked = Arc::new(AtomicBool::new(false));
    if signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&asked)).is_err() {
        return;
    }
    // A handler may do no more than set the flag, and nothing can wait for a flag.
    let watch = move || {
        loop {
            if asked.swap(false, Ordering::Relaxed) {
                stop();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(watch);
}

// One signature on all systems.
#[allow(clippy::unnecessary_wraps)]
pub(super) fn on_signals(_: impl FnMut(Signal) -> bool + Send + 'static) -> io::Result<()> {
    Ok(())
}

// One signature on all systems.
#[allow(clippy::unnecessary_wraps)]
pub(super) fn stop() -> io::Result<()> {
    Ok(())
}

pub(super) fn wake_reader() {}

pub(super) fn is_of_keyboard(_: i32) -> bool {
    false
}

pub(super) fn end_by(_: i32) {}

pub(super) fn escapes_work() -> bool {
    anstyle_query::windows::enable_ansi_colors().unwrap_or(true)
}
