//! Where bytes come from: positioned reads from a file, from memory, or from a range of another source.
//!
//! Files are never mapped: a training job that rewrites a checkpoint while it is open must become an error
//! in a row, and with a mapping it becomes SIGBUS.

pub mod assembled;
mod inflate;
pub mod pool;

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use crate::error::{Error, ErrorKind, Result};
use crate::platform::{self, Marks};
pub use inflate::{InflateSource, inflate};

/// Positioned reads. `&self`, so one source serves many threads.
pub trait ReadAt: Send + Sync {
    /// Length in bytes, fixed when the source was opened.
    fn len(&self) -> u64;

    /// Reads up to `buf.len()` bytes at `offset`; 0 means the end. May read less than asked.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// True for a source of no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `buf` from `offset`, retrying short and interrupted reads.
    ///
    /// # Errors
    /// [`ErrorKind::Truncated`] when the source ends first, [`ErrorKind::Io`] otherwise; both carry the offset.
    fn read_exact_at(&self, mut buf: &mut [u8], mut offset: u64) -> Result<()> {
        while !buf.is_empty() {
            match self.read_at(buf, offset) {
                Ok(0) => {
                    return Err(Error::new(
                        ErrorKind::Truncated,
                        format!("the file ends {} bytes too early", buf.len()),
                    )
                    .at(offset));
                }
                Ok(n) => {
                    buf = buf.split_at_mut(n.min(buf.len())).1;
                    offset += n as u64;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::io(e).at(offset)),
            }
        }
        Ok(())
    }

    /// Reads `len` bytes at `offset` into a new buffer.
    ///
    /// The length is compared with what the source holds before anything is allocated.
    ///
    /// # Errors
    /// As [`ReadAt::read_exact_at`].
    fn read_vec(&self, offset: u64, len: u64) -> Result<Vec<u8>> {
        let left = self.len().saturating_sub(offset);
        if len > left {
            return Err(Error::new(
                ErrorKind::Truncated,
                format!("needs {len} bytes here, and only {left} are left"),
            )
            .at(offset));
        }
        let mut buf = vec![0; usize::try_from(len).map_err(|_| too_large(len))?];
        self.read_exact_at(&mut buf, offset)?;
        Ok(buf)
    }

    /// As [`ReadAt::read_vec`], into bytes that can be shared: no second copy is ever made of them.
    ///
    /// # Errors
    /// As [`ReadAt::read_exact_at`].
    fn read_shared(&self, offset: u64, len: u64) -> Result<Arc<[u8]>> {
        if len > self.len().saturating_sub(offset) {
            return self.read_vec(offset, len).map(Arc::from);
        }
        let mut held = zeros(usize::try_from(len).map_err(|_| too_large(len))?);
        if let Some(buf) = Arc::get_mut(&mut held) {
            self.read_exact_at(buf, offset)?;
        }
        Ok(held)
    }
}

/// `len` zero bytes that can be shared, in one allocation.
fn zeros(len: usize) -> Arc<[u8]> {
    std::iter::repeat_n(0, len).collect()
}

fn too_large(len: u64) -> Error {
    Error::new(ErrorKind::Limit, format!("{len} bytes do not fit into this machine's memory"))
}

/// What a file is, apart from its name: two paths with the same device and inode are one file (where the system
/// tells them, see [`Marks`]), and a file whose size or times moved is a different one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Device number, or what [`Marks::device`] says.
    pub device: u64,
    /// Inode number; 0 where there are none.
    pub inode: u64,
    /// Size in bytes.
    pub size: u64,
    /// Modification time, nanoseconds since the epoch.
    pub modified_ns: i128,
}

impl Identity {
    /// The identity in `metadata`.
    pub fn of(metadata: &std::fs::Metadata) -> Self {
        let Marks { device, inode, modified_ns } = platform::marks(metadata);
        Self { device, inode, size: metadata.len(), modified_ns }
    }

    /// Modification time.
    pub fn modified(&self) -> SystemTime {
        let ns = u64::try_from(self.modified_ns.max(0)).unwrap_or(u64::MAX);
        SystemTime::UNIX_EPOCH + std::time::Duration::from_nanos(ns)
    }
}

/// The file is not what it was when it was opened. Travels inside an [`io::Error`] through readers that know
/// nothing of it, and becomes [`ErrorKind::Changed`].
#[derive(Debug)]
pub(crate) struct ChangedFile;

impl std::fmt::Display for ChangedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the file changed while it was being read")
    }
}

impl std::error::Error for ChangedFile {}

/// A regular file, opened read-only.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    identity: Identity,
}

impl FileSource {
    /// Opens `path`, which must be a regular file (a link to one will do).
    ///
    /// Opening never waits for a writer at the other end of a pipe.
    ///
    /// # Errors
    /// [`ErrorKind::NotRegular`] for anything else than a file, [`ErrorKind::Io`] when it cannot be opened.
    pub fn open(path: &Path) -> Result<Self> {
        let irregular = |what| Error::new(ErrorKind::NotRegular, format!("not a regular file: {what}"));
        let open = || -> Result<Self> {
            let file = match platform::open(path) {
                Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
                    return Err(irregular("a folder"));
                }
                other => other?,
            };
            let metadata = file.metadata()?;
            if !metadata.is_file() {
                return Err(irregular(platform::describe(metadata.file_type())));
            }
            Ok(Self { identity: Identity::of(&metadata), file })
        };
        open().map_err(|e| e.in_file(path))
    }

    /// Identity at the time of opening.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Checks that the open file still is what it was when it was opened.
    ///
    /// # Errors
    /// [`ErrorKind::Changed`] when size or modification time moved.
    pub fn verify_unchanged(&self) -> Result<()> {
        if Identity::of(&self.file.metadata()?) == self.identity {
            return Ok(());
        }
        Err(io::Error::other(ChangedFile).into())
    }
}

impl ReadAt for FileSource {
    fn len(&self) -> u64 {
        self.identity.size
    }

    /// Whatever was read is only handed out if the file still is the one that was opened: numbers of two saves
    /// mixed would be wrong without anyone noticing. That costs one `fstat`, of no weight beside the read.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let n = platform::read_at(&self.file, buf, offset)?;
        if Identity::of(&self.file.metadata()?) != self.identity {
            return Err(io::Error::other(ChangedFile));
        }
        Ok(n)
    }
}

impl ReadAt for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.get(start..).unwrap_or_default();
        let n = rest.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        Ok(n)
    }
}

impl ReadAt for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        ReadAt::read_at(self.as_slice(), buf, offset)
    }
}

impl<S: ReadAt + ?Sized> ReadAt for &S {
    fn len(&self) -> u64 {
        (**self).len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        (**self).read_at(buf, offset)
    }
}

impl<S: ReadAt + ?Sized> ReadAt for Arc<S> {
    fn len(&self) -> u64 {
        (**self).len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        (**self).read_at(buf, offset)
    }
}

/// A range of another source, such as one member of an archive.
pub struct RangeSource {
    inner: Arc<dyn ReadAt>,
    start: u64,
    len: u64,
}

impl RangeSource {
    /// `len` bytes of `inner` from `start`, cut to what `inner` holds.
    pub fn new(inner: Arc<dyn ReadAt>, start: u64, len: u64) -> Self {
        let start = start.min(inner.len());
        let len = len.min(inner.len() - start);
        Self { inner, start, len }
    }
}

impl ReadAt for RangeSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = self.len.saturating_sub(offset);
        let n = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        let Some(part) = buf.get_mut(..n).filter(|part| !part.is_empty()) else { return Ok(0) };
        self.inner.read_at(part, self.start + offset)
    }
}

/// A hash that tells contents apart that are not meant to collide (copies of one file agree).
pub fn fingerprint(bytes: &[u8]) -> u64 {
    use std::hash::Hasher as _;
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

/// Counts what passes through, to prove how little a listing reads.
pub struct CountingSource<S> {
    inner: S,
    bytes: std::sync::atomic::AtomicU64,
}

impl<S: ReadAt> CountingSource<S> {
    /// Counts reads of `inner`.
    pub fn new(inner: S) -> Self {
        Self { inner, bytes: std::sync::atomic::AtomicU64::new(0) }
    }

    /// Bytes read so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl<S: ReadAt> ReadAt for CountingSource<S> {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let n = self.inner.read_at(buf, offset)?;
        self.bytes.fetch_add(n as u64, std::sync::atomic::Ordering::Relaxed);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_ends_where_it_says() {
        let inner: Arc<dyn ReadAt> = Arc::new(b"0123456789".to_vec());
        let range = RangeSource::new(inner, 3, 4);
        assert_eq!(range.read_vec(0, 4).unwrap(), b"3456");
        assert_eq!(range.read_vec(2, 3).unwrap_err().kind(), ErrorKind::Truncated);
        let mut buf = [0; 8];
        assert_eq!(range.read_at(&mut buf, 1).unwrap(), 3);
        assert_eq!(range.read_at(&mut buf, 4).unwrap(), 0);
    }

    #[test]
    fn a_range_past_the_end_is_cut() {
        let inner: Arc<dyn ReadAt> = Arc::new(b"0123".to_vec());
        assert_eq!(RangeSource::new(inner.clone(), 2, 100).len(), 2);
        assert_eq!(RangeSource::new(inner, 9, 100).len(), 0);
    }

    #[test]
    fn a_length_from_a_file_is_compared_before_it_is_allocated() {
        let error = b"abc".to_vec().read_vec(1, u64::MAX).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Truncated, Some(1)));
    }

    #[test]
    fn nothing_is_read_of_a_file_that_changed() {
        use std::io::Write as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pt");
        std::fs::write(&path, vec![7; 4096]).unwrap();
        let change = |file: &mut std::fs::File| file.write_all(b"more").unwrap();
        let cut = |file: &mut std::fs::File| file.set_len(16).unwrap();
        for act in [&change as &dyn Fn(&mut std::fs::File), &cut] {
            let source = FileSource::open(&path).unwrap();
            assert_eq!(source.read_vec(0, 16).unwrap(), [7; 16]);
            act(&mut std::fs::OpenOptions::new().append(true).open(&path).unwrap());
            let error = source.read_vec(0, 8).unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Changed, "CHANGED"));
        }
        // Replaced or deleted, the open file stays what it was.
        let source = FileSource::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(source.read_vec(0, 8).unwrap(), [7; 8]);
    }

    #[test]
    fn a_folder_is_not_a_file() {
        let error = FileSource::open(&std::env::temp_dir()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotRegular);
    }
}
