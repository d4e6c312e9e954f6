//! Our positioned reads as the storage of the `hdf5-reader` crate.

use std::sync::Arc;

use hdf5_reader::error::{Error, Result};
use hdf5_reader::storage::{BlockCacheStorage, DynStorage, Storage, StorageBuffer};
use hdf5_reader::{Hdf5File, OpenOptions};

use crate::source::ReadAt;

/// Structure is read in blocks of this size, and so many of them are kept.
const BLOCK: usize = 8 << 10;
const BLOCKS: usize = 512;
/// Largest chunk of a dataset, and largest band of chunks, decoded at once.
pub(super) const DECODED: usize = 256 << 20;
/// Largest header of one object; the configuration of a large model is an attribute in it.
const HEADER: usize = 64 << 20;

struct Reads(Arc<dyn ReadAt>);

impl Storage for Reads {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read_range(&self, offset: u64, len: usize) -> Result<StorageBuffer> {
        let bytes = self.0.read_vec(offset, len as u64).map_err(|e| Error::Other(e.reason()))?;
        Ok(StorageBuffer::from_vec(bytes))
    }
}

/// The file in `source`, with bounds on what one call may take.
pub(super) fn open(source: Arc<dyn ReadAt>) -> Result<Hdf5File> {
    let reads: DynStorage = Arc::new(Reads(source));
    let cached: DynStorage = Arc::new(BlockCacheStorage::new(reads, BLOCK, BLOCKS));
    let options = OpenOptions::default()
        .with_chunk_cache_bytes(16 << 20)
        .with_max_chunk_bytes(DECODED)
        .with_max_read_bytes(DECODED)
        .with_max_object_header_bytes(HEADER);
    Hdf5File::from_storage_with_options(cached, options)
}
