//! Orbax checkpoints, which are folders (formats.md §9.4): names and shapes from `_METADATA`, values where each
//! array is a zarr of its own. In the newer layout (OCDBT) all arrays lie in one database, whose values are
//! not read: arrays are then listed without a dtype, which is only there.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;

use super::json;
use super::listing::{Described, Listing};
use super::nest::Nest;
use super::zarr;
use crate::checkpoint::{Checkpoint, CheckpointFile, Format, Severity};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::{FileSource, ReadAt, fingerprint};
use crate::tensor::{DType, Place};
use crate::text::shown;
use crate::value::Value;

/// What a checkpoint, and each tree in it, is described by.
pub(crate) const MARK: &str = "_CHECKPOINT_METADATA";
pub(crate) const TREE: &str = "_METADATA";
/// Items of one checkpoint.
const ITEMS: usize = 100;

/// Opens the folder of one step, or of one tree.
pub(crate) fn open(folder: &Path, limits: &Limits) -> Result<Checkpoint> {
    let first =
        [TREE, MARK].iter().find_map(|name| FileSource::open(&folder.join(name)).ok().map(|f| (name, f)));
    let missing =
        || Error::new(ErrorKind::NotACheckpoint, "a folder without _METADATA: not an Orbax checkpoint");
    let (name, source) = first.ok_or_else(missing)?;
    let identity = source.identity();
    let file = CheckpointFile { path: folder.join(name), source: Arc::new(source) };
    let mut listing = Listing::new(file, limits);
    listing.path = Some(folder.to_owned());
    let mut mark = 0;
    let root = if folder.join(TREE).is_file() {
        tree(&mut listing, folder, &mut mark)?
    } else {
        items(&mut listing, folder, &mut mark)?
    };
    if let Ok(about) = text(folder, MARK, limits) {
        mark ^= fingerprint(&about);
        let about = json::parse(&mut listing.tree, &about);
        listing.metadata = Some(listing.dict([("orbax".into(), about)]));
    }
    Ok(listing.finish(root, Format::Orbax, Some(identity), mark))
}

fn text(folder: &Path, name: &str, limits: &Limits) -> Result<Vec<u8>> {
    let source = FileSource::open(&folder.join(name))?;
    let len = source.len();
    if len > limits.json_bytes {
        return Err(Error::new(ErrorKind::Limit, format!("{name} takes {len} bytes")));
    }
    source.read_vec(0, len)
}

/// The items of a step: trees of arrays, and JSON records. One alone is the object.
fn items(listing: &mut Listing<'_>, folder: &Path, mark: &mut u64) -> Result<Value> {
    let mut names: Vec<String> = std::fs::read_dir(folder)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| folder.join(name).is_dir())
        .take(ITEMS)
        .collect();
    names.sort();
    let mut entries: Vec<(Cow<'_, str>, Value)> = Vec::new();
    for name in names {
        let item = folder.join(&name);
        if item.join(TREE).is_file() {
            entries.push((name.into(), tree(listing, &item, mark)?));
        } else if let Ok(record) = text(&item, "metadata", listing.limits()) {
            *mark ^= fingerprint(&record);
            entries.push((name.into(), json::parse(&mut listing.tree, &record)));
        }
    }
    Ok(match entries.as_slice() {
        [(_, only @ Value::Dict(_))] => *only,
        _ => listing.dict(entries),
    })
}

/// A tree of arrays.
fn tree(listing: &mut Listing<'_>, folder: &Path, mark: &mut u64) -> Result<Value> {
    let described = text(folder, TREE, listing.limits())?;
    *mark = mark.rotate_left(9) ^ fingerprint(&described);
    let malformed = || Error::new(ErrorKind::Header, "its _METADATA is not what Orbax writes");
    let described: Json = serde_json::from_slice(&described).map_err(|_| malformed())?;
    let rows = described.get("tree_metadata").and_then(Json::as_object).ok_or_else(malformed)?;
    let zarr =
        !folder.join("manifest.ocdbt").is_file() && described.get("use_zarr3") != Some(&Json::Bool(true));
    if !zarr {
        let text = "its values lie in an OCDBT database, which is not read: arrays are listed without dtypes";
        listing.note(Severity::Info, "ORBAX_OCDBT", text);
    }
    let mut nest = Nest::default();
    for row in rows.values() {
        let Some(keys) = keys(row) else { continue };
        let value = row.get("value_metadata").unwrap_or(&Json::Null);
        if value.get("value_type").and_then(Json::as_str) == Some("None") {
            continue;
        }
        let name = keys.join(".");
        let found = if zarr { array(listing, folder, &name) } else { unread(listing, &name, value) };
        // Keys are parts of a name; a slash in one is its own.
        let path: Vec<String> = keys.iter().map(|key| key.replace('/', "\u{2215}")).collect();
        nest.insert(&path.join("/"), found);
    }
    Ok(nest.build(listing))
}

fn keys(row: &Json) -> Option<Vec<String>> {
    let keys = row.get("key_metadata")?.as_array()?.iter();
    keys.map(|key| Some(key.get("key")?.as_str()?.to_owned())).collect()
}

/// An array of which only the shape is known.
fn unread(listing: &mut Listing<'_>, name: &str, value: &Json) -> Value {
    let shape = value.get("write_shape").and_then(Json::as_array);
    let shape: Vec<u64> = shape.into_iter().flatten().filter_map(Json::as_u64).collect();
    listing.tensor(&Described::new(name, DType::Unknown, &shape, Place::Missing))
}

/// An array that is a zarr in a folder of its own.
fn array(listing: &mut Listing<'_>, folder: &Path, name: &str) -> Value {
    match zarr::open(folder, name, listing.limits()) {
        Ok(zarr::Array { element, shape, source }) => {
            let len = source.len();
            let place = Place::Assembled { source: listing.assemble(source), len };
            let described = Described::new(name, element.dtype, &shape, place);
            listing.tensor(&Described { big_endian: element.big_endian, ..described })
        }
        Err(e) => {
            let text = format!("array {} cannot be read: {}", shown(name), e.reason());
            listing.note(Severity::Broken, "ZARR", text);
            listing.tensor(&Described::new(name, DType::Unknown, &[], Place::Missing))
        }
    }
}
