//! The files of a folder, opened when they are read and only a few of them open at a time: a checkpoint of
//! 2,000 shards must not need 2,000 file descriptors.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{FileSource, Identity, ReadAt};
use crate::error::{Error, ErrorKind, Result};

/// Files kept open.
const OPEN: usize = 24;

/// The open files of one folder, the one used last at the front.
#[derive(Debug, Default)]
pub struct FilePool {
    open: Mutex<VecDeque<(PathBuf, Arc<FileSource>)>>,
    bytes: AtomicU64,
}

impl FilePool {
    /// A file of the pool; it must be a regular one. Nothing of it is read.
    ///
    /// # Errors
    /// [`ErrorKind::NotRegular`] for a folder or a pipe, [`ErrorKind::Io`] when it is not there.
    pub fn file(self: &Arc<Self>, path: &Path) -> Result<PooledFile> {
        let metadata = std::fs::metadata(path).map_err(|e| Error::io(e).in_file(path))?;
        if !metadata.is_file() {
            return Err(Error::new(ErrorKind::NotRegular, "not a regular file").in_file(path));
        }
        Ok(PooledFile { path: path.to_owned(), identity: Identity::of(&metadata), pool: Arc::clone(self) })
    }

    /// Bytes read through all of its files so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn source(&self, file: &PooledFile) -> Result<Arc<FileSource>> {
        {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(at) = open.iter().position(|(path, _)| *path == file.path) {
                let held = open.remove(at);
                if let Some(held) = held {
                    let source = Arc::clone(&held.1);
                    open.push_front(held);
                    return Ok(source);
                }
            }
        }
        let source = Arc::new(FileSource::open(&file.path)?);
        if source.identity() != file.identity {
            return Err(Error::new(ErrorKind::Changed, "the file changed since the folder was listed")
                .in_file(&file.path));
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.push_front((file.path.clone(), Arc::clone(&source)));
        open.truncate(OPEN);
        Ok(source)
    }
}

/// A file of a [`FilePool`].
#[derive(Debug, Clone)]
pub struct PooledFile {
    path: PathBuf,
    identity: Identity,
    pool: Arc<FilePool>,
}

impl PooledFile {
    /// Identity when the folder was listed.
    pub fn identity(&self) -> Identity {
        self.identity
    }
}

impl ReadAt for PooledFile {
    fn len(&self) -> u64 {
        self.identity.size
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let source = self.pool.source(self).map_err(|e| io::Error::other(e.reason()))?;
        let n = source.read_at(buf, offset)?;
        self.pool.bytes.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_files_need_few_descriptors_and_read_as_themselves() {
        let folder = tempfile::tempdir().unwrap();
        let pool = Arc::new(FilePool::default());
        let files: Vec<PooledFile> = (0..OPEN * 4)
            .map(|i| {
                let path = folder.path().join(i.to_string());
                std::fs::write(&path, format!("file {i:04}")).unwrap();
                pool.file(&path).unwrap()
            })
            .collect();
        for _ in 0..2 {
            for (i, file) in files.iter().enumerate() {
                assert_eq!(file.read_vec(5, 4).unwrap(), format!("{i:04}").as_bytes());
            }
        }
        assert_eq!(pool.open.lock().unwrap().len(), OPEN);
        assert_eq!(pool.bytes_read(), OPEN as u64 * 4 * 2 * 4);
    }

    #[test]
    fn a_file_that_was_replaced_is_not_read_as_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shard");
        std::fs::write(&path, b"old").unwrap();
        let pool = Arc::new(FilePool::default());
        let file = pool.file(&path).unwrap();
        std::fs::write(&path, b"newer").unwrap();
        assert!(file.read_vec(0, 3).unwrap_err().reason().contains("changed"));
    }

    #[test]
    fn folders_are_no_files() {
        let pool = Arc::new(FilePool::default());
        assert_eq!(pool.file(Path::new("/")).unwrap_err().kind(), ErrorKind::NotRegular);
    }
}
