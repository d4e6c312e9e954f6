//! Elements in files beside the program. Their names are data: one that leads out of the program's own folder
//! is refused.

use std::collections::HashMap;
use std::path::{Component, Path};
use std::sync::Arc;

use super::pair;
use crate::checkpoint::CheckpointFile;
use crate::error::{Error, ErrorKind, Result};
use crate::format::listing::Listing;
use crate::format::protobuf::Message;
use crate::source::{FileSource, ReadAt};
use crate::tensor::Place;
use crate::text::shown;

/// Files opened for one program.
const FILES: usize = 1_000;

/// `location`, `offset` and `length` of a tensor.
#[derive(Default)]
pub(super) struct External {
    location: String,
    offset: u64,
    length: Option<u64>,
}

impl External {
    /// Adds one of its entries.
    pub(super) fn add(&mut self, message: &mut Message<'_>) -> Result<()> {
        let (key, value) = pair(message)?;
        let number = || {
            value
                .parse::<u64>()
                .map_err(|_| Error::new(ErrorKind::Header, format!("its {} is no number", shown(&key))))
        };
        match key.as_str() {
            "location" => self.location = value,
            "offset" => self.offset = number()?,
            "length" => self.length = Some(number()?),
            _ => {}
        }
        Ok(())
    }
}

/// The files opened so far.
#[derive(Default)]
pub(super) struct Files(HashMap<String, u32>);

impl Files {
    /// Where the elements are; `needed` bytes where the program does not say how many.
    pub(super) fn place(
        &mut self,
        listing: &mut Listing<'_>,
        external: &External,
        needed: u64,
    ) -> Result<Place> {
        let file = if let Some(file) = self.0.get(&external.location) {
            *file
        } else {
            let file = self.open(listing, &external.location)?;
            self.0.insert(external.location.clone(), file);
            file
        };
        let size = listing.files.get(file as usize).map_or(0, |f| f.source.len());
        if external.offset > size {
            let text = format!(
                "its data starts at byte {} of {size} in {}",
                external.offset,
                shown(&external.location)
            );
            return Err(Error::new(ErrorKind::Truncated, text));
        }
        Ok(Place::Range { file, offset: external.offset, len: external.length.unwrap_or(needed) })
    }

    fn open(&self, listing: &mut Listing<'_>, location: &str) -> Result<u32> {
        let refuse = |why: &str| {
            let text = format!("its data is said to be in {}, {why}", shown(location));
            Error::new(ErrorKind::StorageMissing, text)
        };
        if self.0.len() >= FILES {
            return Err(refuse("one file too many"));
        }
        let inside =
            Path::new(location).components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        if !inside || location.is_empty() || location.contains(['\0', '\\']) {
            return Err(refuse("which is not a name inside this folder"));
        }
        let program = listing.files.first().map(|f| f.path.clone()).unwrap_or_default();
        let path = program.with_file_name(location);
        let source =
            FileSource::open(&path).map_err(|e| refuse(&format!("which cannot be read: {}", e.reason())))?;
        listing.files.push(CheckpointFile { path, source: Arc::new(source) });
        Ok((listing.files.len() - 1) as u32)
    }
}
