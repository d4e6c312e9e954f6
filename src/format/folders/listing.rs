//! The names in a folder, read once, and the folder's files as sources.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::platform;
use crate::sorting::Sort as _;
use crate::source::pool::{FilePool, PooledFile};
use crate::text::natural;

/// Names of one folder looked at.
const NAMES: usize = 1_000_000;

/// The names in one folder that are text, files and folders apart, each in natural order.
#[derive(Debug, Default, Clone)]
pub(crate) struct Names {
    files: Vec<String>,
    folders: Vec<String>,
}

impl Names {
    /// Reads the names in `path`. Links count as what they lead to: whoever put them there meant that.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let mut names = Self::default();
        for entry in std::fs::read_dir(path).map_err(|e| Error::io(e).in_file(path))?.take(NAMES) {
            let Ok(entry) = entry else { continue };
            let Ok(name) = entry.file_name().into_string() else { continue };
            let is_folder = match entry.file_type() {
                Ok(kind) if kind.is_symlink() => std::fs::metadata(entry.path()).is_ok_and(|m| m.is_dir()),
                Ok(kind) => kind.is_dir(),
                Err(_) => continue,
            };
            names.add(name, is_folder);
        }
        names.sort();
        Ok(names)
    }

    /// Adds a name.
    pub(crate) fn add(&mut self, name: String, is_folder: bool) {
        if is_folder { self.folders.push(name) } else { self.files.push(name) }
    }

    fn sort(&mut self) {
        for names in [&mut self.files, &mut self.folders] {
            names.in_order(|a, b| natural::compare(a, b).then_with(|| a.cmp(b)));
        }
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    pub(crate) fn folders(&self) -> impl Iterator<Item = &str> {
        self.folders.iter().map(String::as_str)
    }

    pub(crate) fn has_file(&self, name: &str) -> bool {
        self.files.iter().any(|held| held == name)
    }

    pub(crate) fn has_folder(&self, name: &str) -> bool {
        self.folders.iter().any(|held| held == name)
    }
}

/// One folder, opened.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) names: Names,
    pub(super) pool: Arc<FilePool>,
}

impl Folder {
    pub(super) fn open(path: &Path, pool: &Arc<FilePool>) -> Result<Self> {
        Ok(Self { path: path.to_owned(), names: Names::read(path)?, pool: Arc::clone(pool) })
    }

    /// A folder in this one.
    pub(super) fn folder(&self, name: &str) -> Result<Self> {
        Self::open(&self.path.join(plain(name)?), &self.pool)
    }

    /// A file of this folder, by a name that may come from a file.
    ///
    /// # Errors
    /// [`ErrorKind::Header`] when it is no plain name: nothing outside of the folder is ever opened because a
    /// file says so. [`ErrorKind::Io`] when it is not there.
    pub(super) fn file(&self, name: &str) -> Result<PooledFile> {
        self.pool.file(&self.path.join(plain(name)?))
    }

    /// All bytes of a small file.
    pub(super) fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>> {
        use crate::source::ReadAt as _;
        let file = self.file(name)?;
        if file.len() > limit {
            let text = format!("a file of {} bytes, where {limit} are read at most", file.len());
            return Err(Error::new(ErrorKind::Limit, text).in_file(&self.path.join(name)));
        }
        file.read_vec(0, file.len()).map_err(|e| e.in_file(&self.path.join(name)))
    }

    /// Text of a small file, without the white space around it.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let bytes = self.read(name, 4 << 10).ok()?;
        Some(String::from_utf8(bytes).ok()?.trim().to_owned())
    }
}

/// `name` if it names a file in the folder itself and nothing else.
pub(super) fn plain(name: &str) -> Result<&str> {
    let parts = !name.contains(['/', '\\', '\0']) && !name.is_empty() && name != "." && name != "..";
    if parts && platform::is_plain_name(name) {
        return Ok(name);
    }
    let text = format!("{} is not the plain name of a file in this folder", crate::text::shown(name));
    Err(Error::new(ErrorKind::Header, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_in_the_folder_are_taken() {
        for bad in ["../x", "/etc/passwd", "a/b", "a\\b", "..", ".", "", "x\0"] {
            assert!(plain(bad).is_err(), "{bad:?}");
        }
        for good in ["model-00001-of-00002.safetensors", "..x", "__0_0.distcp", "模型.bin"] {
            assert!(plain(good).is_ok(), "{good}");
        }
    }
}
