//! Checkpoints that are folders (formats.md §6): several files, one [`Checkpoint`].
//!
//! Names in a folder tell how it is laid out; one file per layout reads it. Structure comes from what is small
//! (an index, `.metadata`, the shapes DeepSpeed notes), values from the shards when they are asked for: a
//! folder of a terabyte is listed by reading kilobytes.
//!
//! File names inside files are data. A shard is opened only if its name is a plain one in the checkpoint's own
//! folder. Such a name may be a link, and is followed like any other file a person asks for: the caches of
//! Hugging Face consist of links, and whoever can put a link into the folder can put the bytes there as well.

mod bundle;
mod compose;
mod consolidated;
mod dcp;
mod deepspeed;
mod index;
mod json;
mod lazy;
mod listing;
mod megatron;
pub(crate) mod recognise;
pub(crate) mod split;
mod unzipped;
mod zarr;

use std::path::Path;
use std::sync::Arc;

use listing::Folder;
pub(crate) use listing::Names;
use recognise::Layout;

use crate::checkpoint::{Checkpoint, Format};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::pool::FilePool;

/// Single files that a folder of a model may consist of.
const SINGLE: [&str; 4] = [
    "model.safetensors",
    "diffusion_pytorch_model.safetensors",
    "pytorch_model.bin",
    "diffusion_pytorch_model.bin",
];

/// Opens the folder at `path` as one checkpoint.
///
/// # Errors
/// [`ErrorKind::NotACheckpoint`] when it is none; [`ErrorKind::Truncated`] for a save that was not finished.
pub fn open(path: &Path, limits: &Limits) -> Result<Checkpoint> {
    open_in(path, &Arc::default(), limits)
}

/// As [`open`], reading through `pool`, which counts what is read.
///
/// # Errors
/// As [`open`].
pub fn open_in(path: &Path, pool: &Arc<FilePool>, limits: &Limits) -> Result<Checkpoint> {
    let opened = Folder::open(path, pool).and_then(|folder| open_folder(&folder, limits));
    opened.map_err(|e| e.in_file(path))
}

/// Opens the shards that the index file at `path` names.
///
/// # Errors
/// What reading the index finds; missing shards are findings.
pub(crate) fn open_index(path: &Path, limits: &Limits) -> Result<Checkpoint> {
    let (folder, name) = beside(path)?;
    let mut composer = compose::Composer::new(&folder, limits);
    let root = index::merge(&mut composer, &name)?;
    Ok(composer.finish_as(path, Format::HfSharded, root, None))
}

/// Opens the model of several files whose first is at `path`.
///
/// # Errors
/// What reading the first finds; missing parts are findings.
pub(crate) fn open_split(path: &Path, limits: &Limits) -> Result<Checkpoint> {
    let (folder, name) = beside(path)?;
    split::open(compose::Composer::new(&folder, limits), &name)
}

/// The folder a file lies in, and its name.
fn beside(path: &Path) -> Result<(Folder, String)> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    Ok((Folder::open(folder, &Arc::default())?, name.to_owned()))
}

/// True for the name of a file that is the first of several.
pub(crate) fn is_split(path: &Path) -> bool {
    path.file_name().and_then(|n| n.to_str()).is_some_and(split::is_first)
}

/// True for the name of an index of shards, which stands for all of them.
pub(crate) fn is_index(path: &Path) -> bool {
    path.file_name().and_then(|n| n.to_str()).is_some_and(index::is_index)
}

/// True when the folder at `path` can be opened as one checkpoint, as far as names tell.
pub fn is_checkpoint(path: &Path) -> bool {
    Names::read(path)
        .is_ok_and(|names| recognise::claim(path, &names).is_some_and(|claim| claim.index.is_none()))
}

fn open_folder(folder: &Folder, limits: &Limits) -> Result<Checkpoint> {
    let Some(layout) = recognise::layout(&folder.names) else { return pointed(folder, limits) };
    match layout {
        Layout::Orbax => super::orbax::open(&folder.path, limits),
        Layout::Unzipped => unzipped::open(folder, limits),
        Layout::Nemo => dcp::open_nemo(folder, limits),
        Layout::Dcp => dcp::open(folder, limits),
        Layout::DcpSafetensors => dcp::open_safetensors(folder, limits),
        Layout::DeepSpeed => deepspeed::open(folder, limits),
        Layout::Megatron => megatron::open(folder, limits),
        Layout::Zarr => zarr::open(folder, limits),
        Layout::Consolidated => consolidated::open(folder, limits),
        Layout::Trainer => bundle::open(folder, layout, Format::HfTrainer, limits),
        Layout::Accelerate => bundle::open(folder, layout, Format::Accelerate, limits),
        Layout::Index => bundle::open(folder, layout, Format::HfSharded, limits),
        Layout::Adapter => bundle::open(folder, layout, Format::Peft, limits),
    }
}

/// A folder that only points to a checkpoint: DeepSpeed's `latest`, Megatron's tracker, or a single file.
fn pointed(folder: &Folder, limits: &Limits) -> Result<Checkpoint> {
    let tag = ["latest", "latest_universal"].iter().find_map(|name| folder.text(name));
    let iteration = folder.text("latest_checkpointed_iteration.txt");
    let iteration = iteration.map(|text| match text.parse::<u64>() {
        Ok(number) => format!("iter_{number:07}"),
        Err(_) => text,
    });
    if let Some(name) = tag.or(iteration).filter(|name| folder.names.has_folder(name)) {
        return open_folder(&folder.folder(&name)?, limits);
    }
    let mut single = SINGLE.into_iter().filter(|name| folder.names.has_file(name));
    match single.next() {
        Some(name) => crate::format::open(&folder.path.join(name), limits),
        None => Err(Error::new(ErrorKind::NotACheckpoint, "a folder, not a checkpoint")
            .advise("list what is in it with `ckpt-tui ls`")),
    }
}
