//! A torch archive someone unzipped: `data.pkl`, and each storage in a file of its own under `data/`.

use std::sync::Arc;

use super::listing::Folder;
use crate::checkpoint::{Checkpoint, CheckpointFile, Shard, ShardStatus};
use crate::error::Result;
use crate::format::torch;
use crate::limits::Limits;
use crate::source::{Identity, ReadAt as _};

/// Opens the folder.
pub(super) fn open(folder: &Folder, limits: &Limits) -> Result<Checkpoint> {
    let big_endian = folder.text("byteorder").as_deref() == Some("big");
    let inner = folder.folder("data")?;
    let pickle = folder.file("data.pkl")?;
    let (mut size, mut newest) = (pickle.len(), pickle.identity().modified_ns);
    // Storage keys are data: only names the folder itself lists are looked up.
    let mut files = Vec::new();
    for name in inner.names.files() {
        let file = inner.file(name)?;
        size += file.len();
        newest = newest.max(file.identity().modified_ns);
        files.push((name.to_owned(), CheckpointFile { path: inner.path.join(name), source: Arc::new(file) }));
    }
    let identity = Identity { size, modified_ns: newest, ..Identity::of(&std::fs::metadata(&folder.path)?) };
    let shards = shards(folder, pickle.len(), &files);
    let pickle = CheckpointFile { path: folder.path.clone(), source: Arc::new(pickle) };
    let opened = torch::unzipped::open(pickle, files, big_endian, Some(identity), limits)?;
    Ok(opened.with_shards(shards))
}

fn shards(folder: &Folder, pickle: u64, files: &[(String, CheckpointFile)]) -> Vec<Shard> {
    let ok = |path, role: &str, bytes| Shard {
        path,
        role: role.to_owned(),
        bytes,
        tensors: None,
        status: ShardStatus::Ok,
        note: None,
    };
    let first = ok(folder.path.join("data.pkl"), "what was saved", pickle);
    let storages = files.iter().map(|(_, file)| ok(file.path.clone(), "storage", file.source.len()));
    std::iter::once(first).chain(storages).collect()
}
