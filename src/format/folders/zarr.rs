//! Megatron-Core's older distributed layout (`sharded_backend` `zarr`, formats.md §6.4): an array in a folder of its own
//! for each tensor, what is no tensor in `common.pt`, and objects in pieces (`key/shard_0_1.pt`).

use super::compose::{Composer, listed};
use super::listing::{Folder, Names};
use crate::checkpoint::{Checkpoint, Format, Severity, ShardStatus};
use crate::error::Result;
use crate::format::zarr;
use crate::limits::Limits;
use crate::tensor::Place;
use crate::text::shown;
use crate::value::{Dict, Value};

/// The state of everything but tensors.
const COMMON: &str = "common.pt";
/// Pieces of objects that are opened; the others are listed.
const PIECES: usize = 1_000;

/// Opens the folder of one iteration.
pub(super) fn open(folder: &Folder, limits: &Limits) -> Result<Checkpoint> {
    let mut composer = Composer::new(folder, limits);
    let mut entries: Vec<(Value, Value)> = Vec::new();
    if let Some(common) = composer.part(COMMON, "everything but tensors") {
        entries.extend_from_slice(composer.tree.entries(common.root));
    }
    let (mut pieces, mut empty) = (0, Vec::new());
    for name in folder.names.folders() {
        let inner = Names::read(&folder.path.join(name))?;
        let value = if inner.has_file(zarr::DESCRIPTION) {
            array(&mut composer, name)
        } else {
            object(&mut composer, name, &inner, &mut pieces)
        };
        match value {
            Some(value) => entries.push((composer.tree.add_text(name), value)),
            None if inner.files().next().is_none() => empty.push(name),
            None => {}
        }
    }
    if !empty.is_empty() {
        let text = format!("{} folders hold neither an array nor an object: {}", empty.len(), listed(&empty));
        composer.note(Severity::Warning, "SHARD_MISSING", text);
    }
    let root = Value::Dict(composer.tree.add_dict(Dict { entries, ..Dict::default() }));
    Ok(composer.finish(Format::Megatron, root, None))
}

fn array(composer: &mut Composer<'_>, name: &str) -> Option<Value> {
    let opened = zarr::open(&composer.folder.path, name, composer.limits);
    let opened = opened.map_err(|error| composer.broken(name, "array", &error)).ok()?;
    let zarr::Array { element, shape, source } = opened;
    composer.hash(name.as_bytes());
    if element.big_endian {
        let text = format!("array {}: its big-endian elements are not read", shown(name));
        composer.note(Severity::Warning, "ZARR", text);
        return Some(Value::Tensor(composer.tensor(name, element.dtype, &shape, Place::Missing)));
    }
    Some(Value::Tensor(composer.assembled(name, element.dtype, &shape, source)))
}

/// What `ShardedObject`s left under one key: a file for each piece.
fn object(composer: &mut Composer<'_>, name: &str, inner: &Names, pieces: &mut usize) -> Option<Value> {
    let mut values = Vec::new();
    for file in inner.files().filter(|file| file.starts_with("shard_") && file.ends_with(".pt")) {
        let path = format!("{name}/{file}");
        *pieces += 1;
        if *pieces > PIECES {
            composer.shard(&path, "object", None, ShardStatus::Unread, None);
            continue;
        }
        match composer.open_below(name, file) {
            Ok(opened) => {
                composer.shard(&path, "object", Some(opened.tensors as u64), ShardStatus::Ok, None);
                values.push((composer.tree.add_text(file), opened.root));
            }
            // Extra states are often bytes or nothing, which is no checkpoint by itself.
            Err(_) => composer.shard(&path, "object", None, ShardStatus::Unread, None),
        }
    }
    let entries = match values.as_slice() {
        [] => return None,
        [(_, only)] => return Some(*only),
        _ => values,
    };
    Some(Value::Dict(composer.tree.add_dict(Dict { entries, ..Dict::default() })))
}
