//! Linux, macOS and other descendants of Unix.

use std::fs::{File, FileType, Metadata};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, FileExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt,
};
use std::path::Path;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

use super::{Marks, Signal};

pub(super) const JOB_CONTROL: bool = true;

pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC;
    File::options().read(true).custom_flags(flags).open(path)
}

pub(super) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    file.read_at(buf, offset)
}

pub(super) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    file.write_all_at(bytes, offset)
}

pub(super) fn marks(metadata: &Metadata) -> Marks {
    let modified_ns = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
    Marks { device: metadata.dev(), inode: metadata.ino(), modified_ns }
}

// `Some` everywhere here, `None` on other systems.
#[allow(clippy::unnecessary_wraps)]
pub(super) fn allocated(metadata: &Metadata) -> Option<u64> {
    // Blocks are counted in 512 bytes whatever those of the disk are.
    Some(metadata.blocks().saturating_mul(512))
}

pub(super) fn describe(kind: FileType) -> &'static str {
    match () {
        () if kind.is_fifo() => "a named pipe",
        () if kind.is_socket() => "a socket",
        () if kind.is_char_device() || kind.is_block_device() => "a device",
        () => "a special file",
    }
}

pub(super) fn may_run(metadata: &Metadata) -> bool {
    metadata.permissions().mode() & 0o111 != 0
}

pub(super) fn is_plain_name(_: &str) -> bool {
    true
}

pub(super) fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

pub(super) fn keep_private(builder: &mut std::fs::DirBuilder) {
    builder.mode(0o700);
}

pub(super) fn usual_permissions(builder: &mut tempfile::Builder<'_, '_>) {
    builder.permissions(PermissionsExt::from_mode(0o666));
}

pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Not every file system can sync a folder.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => other,
    }
}

pub(super) fn on_interrupt(stop: impl Fn() + Send + 'static) {
    // Without the signals the work can still be killed; what it writes is whole or not there either way.
    if let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) {
        let wait = move || signals.forever().for_each(|_| stop());
        let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(wait);
    }
}

pub(super) fn on_signals(mut send: impl FnMut(Signal) -> bool + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGCONT])?;
    let wait = move || {
        for signal in signals.forever() {
            if !send(if signal == SIGCONT { Signal::Resumed } else { Signal::Terminate(signal) }) {
                return;
            }
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(wait).map(drop)
}

pub(super) fn stop() -> io::Result<()> {
    signal_hook::low_level::raise(SIGTSTP)
}

pub(super) fn wake_reader() {
    let _ = signal_hook::low_level::raise(signal_hook::consts::SIGWINCH);
}

pub(super) fn is_of_keyboard(signal: i32) -> bool {
    matches!(signal, SIGINT | SIGQUIT)
}

pub(super) fn end_by(signal: i32) {
    let _ = signal_hook::low_level::emulate_default_handler(signal);
}

pub(super) fn escapes_work() -> bool {
    true
}
