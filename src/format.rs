//! From bytes to a [`Checkpoint`]: one file per container. Content decides, never the name.

mod archive;
mod cursor;
pub mod folders;
mod gguf;
mod hdf5;
mod json;
mod keras;
mod listing;
mod msgpack;
mod nemo;
mod nest;
mod nested;
mod npy;
mod npz;
mod onnx;
pub(crate) mod orbax;
mod protobuf;
pub mod safetensors;
pub mod sniff;
mod stable_baselines;
mod tensorflow;
pub mod torch;
mod zarr;
pub(crate) mod zip;

use std::path::Path;
use std::sync::Arc;

use crate::checkpoint::{Checkpoint, CheckpointFile};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::{FileSource, Identity, ReadAt};
use sniff::Container;

/// Opens the checkpoint at `path`, a file or a folder, reading its structure only.
///
/// # Errors
/// Whatever makes the file unreadable as a checkpoint, with the file's name in it.
pub fn open(path: &Path, limits: &Limits) -> Result<Checkpoint> {
    if path.is_dir() {
        return folders::open(path, limits);
    }
    if folders::is_index(path) {
        return folders::open_index(path, limits).map_err(|e| e.in_file(path));
    }
    if folders::is_split(path) {
        return folders::open_split(path, limits).map_err(|e| e.in_file(path));
    }
    let file = FileSource::open(path)?;
    let identity = file.identity();
    open_source(path, Arc::new(file), Some(identity), limits)
}

/// Opens a checkpoint from any source; `path` is only a name.
///
/// # Errors
/// As [`open`].
pub fn open_source(
    path: &Path,
    source: Arc<dyn ReadAt>,
    identity: Option<Identity>,
    limits: &Limits,
) -> Result<Checkpoint> {
    let file = CheckpointFile { path: path.to_owned(), source };
    read(file, identity, limits).map_err(|e| e.in_file(path))
}

/// Opens a member of an archive, which has no identity of its own.
fn read_inner(file: CheckpointFile, limits: &Limits) -> Result<Checkpoint> {
    read(file, None, limits)
}

fn read(file: CheckpointFile, identity: Option<Identity>, limits: &Limits) -> Result<Checkpoint> {
    if file.source.is_empty() {
        let error = Error::new(ErrorKind::Truncated, "the file is empty").coded("EMPTY_FILE");
        return Err(error.advise("the save was interrupted, or has not begun"));
    }
    match sniff::of_source(&*file.source)? {
        Container::Zip => archive::open(file, identity, limits),
        Container::TorchLegacy => torch::legacy::open(file, identity, limits),
        Container::Tar => torch::tar::open(file, identity, limits),
        Container::Pickle => torch::plain::open(file, identity, limits),
        Container::Safetensors => safetensors::open(file, identity, limits),
        Container::Npy => npy::open(file, identity, limits),
        Container::Hdf5 => hdf5::open(file, identity, limits),
        Container::Gguf => gguf::open(file, identity, limits),
        Container::TfIndex => tensorflow::open(file, identity, limits),
        Container::Msgpack => msgpack::open(file, identity, limits),
        Container::Onnx => onnx::open(file, identity, limits),
        Container::Known(what) => {
            Err(Error::new(ErrorKind::Unsupported, format!("{what}: not read by this version")))
        }
        Container::Foreign { code, what } => Err(Error::new(ErrorKind::NotACheckpoint, what).coded(code)),
        Container::Unknown => Err(sniff::unknown(&*file.source)),
    }
}
