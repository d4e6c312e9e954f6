//! Files that appear whole or not at all.
//!
//! A [`Staged`] file has no name while it is written (on Linux file systems that can do that; elsewhere a hidden
//! temporary one beside its target), so that a killed process leaves nothing behind. It is synced before it gets
//! its name, and so is its folder afterwards: what has the name has the content, also after a power cut.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::platform;

/// Where files are written. The one that is not [`Disk`] is a test's, which fails when it is told to.
pub trait Medium: Sync {
    /// Begins a file that will become `target`.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when there is such a file and it is not to be replaced, and what the
    /// system finds.
    fn begin(&self, target: &Path, replace: bool) -> io::Result<Box<dyn Staged>>;
}

/// A file being written. Dropping it discards it.
pub trait Staged: Send + Sync {
    /// Writes all of `bytes` at `offset`; from several threads at once if need be.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Has everything written reach the disk.
    fn sync(&self) -> io::Result<()>;

    /// Gives the file its name, atomically.
    fn publish(self: Box<Self>) -> io::Result<()>;
}

/// The file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Medium for Disk {
    fn begin(&self, target: &Path, replace: bool) -> io::Result<Box<dyn Staged>> {
        let target = resolve(target)?;
        if !replace && target.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let folder = match target.parent() {
            Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
            Some(parent) => parent,
            None => return Err(io::ErrorKind::IsADirectory.into()),
        };
        let folder = folder.to_owned();
        if let Ok(file) = platform::open_unnamed(&folder) {
            return Ok(Box::new(OnDisk { file: Temporary::Unnamed(file), target, folder, replace }));
        }
        let file = Temporary::Named(hidden(&folder, &target)?);
        Ok(Box::new(OnDisk { file, target, folder, replace }))
    }
}

/// Follows a link to what is to be replaced, as writing into it would.
fn resolve(target: &Path) -> io::Result<PathBuf> {
    match target.symlink_metadata() {
        Ok(metadata) if metadata.is_symlink() => target.canonicalize(),
        Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        _ => Ok(target.to_owned()),
    }
}

/// A temporary file beside `target`.
fn hidden(folder: &Path, target: &Path) -> io::Result<tempfile::NamedTempFile> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    platform::temporary(folder, &format!(".{name}."), ".tmp")
}

/// Gives a file without a name that of `target`.
fn link(file: &File, target: &Path, folder: &Path, replace: bool) -> io::Result<()> {
    match platform::link_unnamed(file, target) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && replace => {
            // A link cannot replace a file, but a rename can.
            let temporary = hidden(folder, target)?.into_temp_path();
            std::fs::remove_file(&temporary)?;
            platform::link_unnamed(file, &temporary)?;
            temporary.persist(target).map_err(|e| e.error)
        }
        other => other,
    }
}

enum Temporary {
    Unnamed(File),
    Named(tempfile::NamedTempFile),
}

struct OnDisk {
    file: Temporary,
    target: PathBuf,
    folder: PathBuf,
    replace: bool,
}

impl OnDisk {
    fn file(&self) -> &File {
        match &self.file {
            Temporary::Unnamed(file) => file,
            Temporary::Named(file) => file.as_file(),
        }
    }
}

impl Staged for OnDisk {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        platform::write_all_at(self.file(), bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.file().sync_all()
    }

    fn publish(self: Box<Self>) -> io::Result<()> {
        let Self { file, target, folder, replace } = *self;
        match file {
            Temporary::Unnamed(file) => link(&file, &target, &folder, replace)?,
            Temporary::Named(file) if replace => drop(file.persist(&target).map_err(|e| e.error)?),
            Temporary::Named(file) => drop(file.persist_noclobber(&target).map_err(|e| e.error)?),
        }
        platform::sync_folder(&folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_appears_when_it_is_published() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let staged = Disk.begin(&target, false).unwrap();
        staged.write_at(b"world", 6).unwrap();
        staged.write_at(b"hello ", 0).unwrap();
        assert!(!target.exists());
        staged.sync().unwrap();
        staged.publish().unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "hello world");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn a_file_is_replaced_only_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        std::fs::write(&target, "old").unwrap();
        let refused = Disk.begin(&target, false).err().unwrap();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        let staged = Disk.begin(&target, true).unwrap();
        staged.write_at(b"new", 0).unwrap();
        staged.publish().unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "new");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn a_file_that_came_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let staged = Disk.begin(&target, false).unwrap();
        std::fs::write(&target, "other").unwrap();
        assert_eq!(staged.publish().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "other");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn a_named_temporary_file_serves_where_there_are_no_unnamed_ones() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let file = Temporary::Named(hidden(folder.path(), &target).unwrap());
        let (path, replace) = (folder.path().to_owned(), false);
        let staged = Box::new(OnDisk { file, target: target.clone(), folder: path, replace });
        staged.write_at(b"x", 0).unwrap();
        assert_eq!(names(folder.path()).len(), 1);
        assert!(names(folder.path())[0].starts_with(".a."));
        (staged as Box<dyn Staged>).publish().unwrap();
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_and_permissions_are_the_usual_ones() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let staged = Disk.begin(&link, true).unwrap();
        staged.write_at(b"new", 0).unwrap();
        staged.publish().unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "new");
        let plain = folder.path().join("c");
        std::fs::write(&plain, "").unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode();
        assert_eq!(mode(&target), mode(&plain));
    }
}
