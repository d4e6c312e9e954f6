//! Bytes of storages: where they are, and reading them.

use std::sync::Arc;

use super::{Checkpoint, CheckpointFile};
use crate::error::{Error, ErrorKind, Result};
use crate::source::{InflateSource, RangeSource, ReadAt};
use crate::tensor::{Place, Storage};

/// Bytes of a local zip header before its name.
const LOCAL_HEADER: u64 = 30;

/// Where the bytes of a storage lie, after whatever had to be read to find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located {
    /// Index into [`Checkpoint::files`].
    pub file: u32,
    /// First byte in that file.
    pub offset: u64,
    /// Bytes there.
    pub len: u64,
    /// Those bytes are deflated.
    pub deflated: bool,
}

impl Checkpoint {
    /// Where the bytes of `storage` lie in its file; `None` when they are not in a file of their own (inside
    /// the pickle, or not stored).
    ///
    /// # Errors
    /// [`ErrorKind::Zip`] when the local header of a zip member is not one, and I/O errors.
    pub fn locate(&self, storage: &Storage) -> Result<Option<Located>> {
        match storage.place {
            Place::Range { file, offset, len } => Ok(Some(Located { file, offset, len, deflated: false })),
            Place::ZipMember { file, header, stored, deflated, .. } => {
                let offset = payload_offset(&*self.file(file)?.source, header)?;
                Ok(Some(Located { file, offset, len: stored, deflated }))
            }
            Place::Inline { .. } | Place::Assembled { .. } | Place::NotStored | Place::Missing => Ok(None),
        }
    }

    /// Reads `buf.len()` bytes of `storage` from byte `offset` on.
    ///
    /// A deflated member is inflated from its start at each call.
    ///
    /// # Errors
    /// [`ErrorKind::StorageMissing`] when the file holds no bytes for it, [`ErrorKind::Truncated`] when it
    /// holds fewer, and whatever locating and reading find.
    pub fn read_storage(&self, storage: &Storage, offset: u64, buf: &mut [u8]) -> Result<()> {
        let end = offset.saturating_add(buf.len() as u64);
        if end > storage.available() {
            return Err(short(storage, end));
        }
        if let Place::Inline { start, len } = storage.place {
            let held = self.tree().bytes(crate::value::Span { start, len });
            return held.read_exact_at(buf, offset);
        }
        if let Place::Assembled { .. } = storage.place {
            return self
                .storage_source(storage)?
                .read_exact_at(buf, offset)
                .map_err(|e| e.in_file(self.path()));
        }
        let Some(at) = self.locate(storage)? else { return Err(short(storage, end)) };
        let file = self.file(at.file)?;
        let read = if at.deflated {
            inflate_part(&*file.source, at, offset, buf)
        } else {
            file.source.read_exact_at(buf, at.offset + offset)
        };
        read.map_err(|e| e.in_file(&file.path))
    }

    /// The bytes of `storage` as a source of their own, for reading much of it: what has to be found out first
    /// is found out once, and a deflated member is inflated on as long as reads go forward.
    ///
    /// # Errors
    /// [`ErrorKind::StorageMissing`] when the file holds no bytes for it, and what locating it finds.
    pub fn storage_source(&self, storage: &Storage) -> Result<Arc<dyn ReadAt>> {
        match storage.place {
            Place::Inline { start, len } => {
                Ok(Arc::new(self.tree().bytes(crate::value::Span { start, len }).to_vec()))
            }
            Place::Assembled { source, .. } => {
                let assembled = self.parts.assembled.get(source as usize).cloned();
                assembled.ok_or_else(|| short(storage, storage.nbytes))
            }
            _ => {
                let Some(at) = self.locate(storage)? else { return Err(short(storage, storage.nbytes)) };
                let file = Arc::clone(&self.file(at.file)?.source);
                Ok(if at.deflated {
                    Arc::new(InflateSource::new(file, at.offset, at.len, storage.available()))
                } else {
                    Arc::new(RangeSource::new(file, at.offset, at.len))
                })
            }
        }
    }

    fn file(&self, index: u32) -> Result<&CheckpointFile> {
        let file = self.files().get(index as usize);
        file.ok_or_else(|| {
            Error::new(ErrorKind::StorageMissing, "the storage names a file that is not there")
        })
    }
}

fn short(storage: &Storage, end: u64) -> Error {
    let key = crate::text::brief(&storage.key);
    let held = storage.available();
    let (kind, text) = match storage.place {
        Place::Missing => (ErrorKind::StorageMissing, format!("storage {key} is not in the file")),
        Place::NotStored => (ErrorKind::StorageMissing, format!("storage {key} was saved without bytes")),
        _ => (ErrorKind::Truncated, format!("storage {key} needs {end} bytes and has {held}")),
    };
    Error::new(kind, text)
}

/// Start of a zip member's bytes: behind its local header, whose name and extra field have lengths of their
/// own (the alignment padding of torch is only there, not in the central directory).
pub(crate) fn payload_offset(source: &dyn ReadAt, header: u64) -> Result<u64> {
    let mut local = [0; LOCAL_HEADER as usize];
    source.read_exact_at(&mut local, header)?;
    let [b'P', b'K', 3, 4, .., n0, n1, e0, e1] = local else {
        return Err(Error::new(ErrorKind::Zip, "no local header where the zip directory says").at(header));
    };
    let variable = u64::from(u16::from_le_bytes([n0, n1])) + u64::from(u16::from_le_bytes([e0, e1]));
    header.checked_add(LOCAL_HEADER + variable).ok_or_else(|| {
        Error::new(ErrorKind::Zip, "the zip directory points past the end of the file").at(header)
    })
}

fn inflate_part(source: &dyn ReadAt, at: Located, skip: u64, buf: &mut [u8]) -> Result<()> {
    let mut inflate = crate::source::inflate(source, at.offset, at.len);
    let skipped = std::io::copy(&mut std::io::Read::take(&mut inflate, skip), &mut std::io::sink())?;
    if skipped < skip {
        return Err(Error::new(ErrorKind::Truncated, "the deflated data ends too early").at(at.offset));
    }
    std::io::Read::read_exact(&mut inflate, buf).map_err(|e| Error::io(e).at(at.offset))
}
