//! What operating systems do differently, in one place.
//!
//! Each function has one signature and one meaning everywhere; `unix`, `windows` and `other` say how it is done there,
//! and `unnamed` what only Linux has. Nowhere else in the sources is it asked which system this is.

#[cfg(not(any(unix, windows)))]
mod other;
#[cfg(unix)]
mod unix;
#[cfg(target_os = "linux")]
mod unnamed;
#[cfg(windows)]
mod windows;

use std::fs::{File, FileType, Metadata};
use std::io;
use std::path::Path;

#[cfg(not(any(unix, windows)))]
use other as system;
#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

/// What the system tells files apart by, besides their size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// Device number. On Windows the creation time in units of 100 ns, which a copy does not have in common with
    /// its original; elsewhere 0.
    pub device: u64,
    /// Inode number; 0 where there are none to be had.
    pub inode: u64,
    /// Modification time, nanoseconds since the Unix epoch.
    pub modified_ns: i128,
}

/// A signal that is of interest to whoever has the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// The program was stopped and goes on.
    Resumed,
    /// The program is asked to end, by the signal of this number.
    Terminate(i32),
}

/// Whether a program can be stopped and brought back by the shell (Ctrl-Z and `fg`).
pub const JOB_CONTROL: bool = system::JOB_CONTROL;

/// Whether the terminal is a console of Windows: it is asked for the mouse by a call and not by an escape sequence, and no
/// variable says what it can do.
pub const CONSOLE: bool = cfg!(windows);

/// Opens a file for reading, without ever waiting for a writer at the other end of a pipe and without making a
/// terminal the program's own. Others may write, rename and delete the file meanwhile.
///
/// # Errors
/// What the system finds; [`io::ErrorKind::IsADirectory`] where the system opens no folders.
pub fn open(path: &Path) -> io::Result<File> {
    system::open(path)
}

/// Reads up to `buf.len()` bytes at `offset`, whatever was read before; 0 means the end.
///
/// # Errors
/// What the system finds.
pub fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    system::read_at(file, buf, offset)
}

/// Writes all of `bytes` at `offset`; from several threads at once if need be.
///
/// # Errors
/// What the system finds.
pub fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    system::write_all_at(file, bytes, offset)
}

/// What tells the file with this `metadata` from others.
pub fn marks(metadata: &Metadata) -> Marks {
    system::marks(metadata)
}

/// Bytes the file with this `metadata` takes on disk, less than its size where it has holes; `None` where the system
/// does not tell.
pub fn allocated(metadata: &Metadata) -> Option<u64> {
    system::allocated(metadata)
}

/// Names what is no regular file: "a folder", "a named pipe", "a device".
pub fn describe(kind: FileType) -> &'static str {
    if kind.is_dir() { "a folder" } else { system::describe(kind) }
}

/// True for a file that may be run as a program.
pub fn is_program(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && system::may_run(&m))
}

/// Whether `name`, which holds no separator, is that of a file in a folder and means nothing else to the system.
pub fn is_plain_name(name: &str) -> bool {
    system::is_plain_name(name)
}

/// Makes `link` a symbolic link to `target`, which is meant from the folder of the link.
///
/// # Errors
/// What the system finds; [`io::ErrorKind::Unsupported`] where there are no links.
pub fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    system::symlink(target, link)
}

/// Makes a folder, and those above it, that only its owner may look into.
///
/// # Errors
/// What the system finds.
pub fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    system::keep_private(&mut builder);
    builder.create(folder)
}

/// A temporary file in `folder` that is going to be a file like any other: what the umask allows, the others may.
///
/// # Errors
/// What the system finds.
pub fn temporary(folder: &Path, prefix: &str, suffix: &str) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(suffix);
    system::usual_permissions(&mut builder);
    builder.tempfile_in(folder)
}

/// Has the names in a folder reach the disk, as far as the system has a way to say so.
///
/// # Errors
/// What the system finds.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    system::sync_folder(folder)
}

/// Begins a file in `folder` that has no name, and that the system removes if the program ends before
/// [`link_unnamed`] gave it one.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`] everywhere but on Linux; there, what the file system says.
pub fn open_unnamed(folder: &Path) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    return unnamed::open(folder);
    #[cfg(not(target_os = "linux"))]
    Err(io::Error::new(io::ErrorKind::Unsupported, format!("{}: a file has a name here", folder.display())))
}

/// Gives a file of [`open_unnamed`] its name, atomically.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when something has that name; what the system finds.
pub fn link_unnamed(file: &File, target: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    return unnamed::link(file, target);
    #[cfg(not(target_os = "linux"))]
    Err(io::Error::new(io::ErrorKind::Unsupported, format!("{}: {file:?} has a name", target.display())))
}

/// Calls `stop`, on a thread of its own, whenever the person or the system asks the program to end (Ctrl-C, and on
/// Unix SIGTERM and SIGHUP). The program itself goes on; where signals cannot be had, it ends as ever.
pub fn on_interrupt(stop: impl Fn() + Send + 'static) {
    system::on_interrupt(stop);
}

/// Hands signals to `send`, on a thread of its own, until that returns false. In a console of Windows there are none:
/// Ctrl-C arrives as a key, and closing the window ends the program.
///
/// # Errors
/// When the system gives no thread or no signals.
pub fn on_signals(send: impl FnMut(Signal) -> bool + Send + 'static) -> io::Result<()> {
    system::on_signals(send)
}

/// Stops this program until the shell has it go on; returns then. Does nothing without [`JOB_CONTROL`].
///
/// # Errors
/// What the system finds.
pub fn stop() -> io::Result<()> {
    system::stop()
}

/// Wakes a thread that waits for the terminal to report something, where it can be woken: elsewhere it takes one more
/// key first.
pub fn wake_reader() {
    system::wake_reader();
}

/// Whether a signal comes from a key pressed in the terminal, and so to every program that has it.
pub fn is_of_keyboard(signal: i32) -> bool {
    system::is_of_keyboard(signal)
}

/// Ends this program as `signal` would have, so that whoever sent it is told the truth. Returns where that cannot be.
pub fn end_by(signal: i32) {
    system::end_by(signal);
}

/// Whether a terminal on standard output obeys escape sequences; turns that on where it has to be asked for.
pub fn escapes_work() -> bool {
    system::escapes_work()
}
