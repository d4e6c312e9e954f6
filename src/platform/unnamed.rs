//! Files without a name, which only Linux has: the system removes them when the process ends.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat};

pub(super) fn open(folder: &Path) -> io::Result<File> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(folder, flags, Mode::from_raw_mode(0o666))?);
    // Without /proc it could not be given a name.
    handle(&file).symlink_metadata()?;
    Ok(file)
}

fn handle(file: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

pub(super) fn link(file: &File, target: &Path) -> io::Result<()> {
    Ok(linkat(CWD, handle(file), CWD, target, AtFlags::SYMLINK_FOLLOW)?)
}
