//! Distributed checkpoints written as safetensors: each rank's shard says in its metadata where in the whole
//! tensors its own begin.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::{Count, PAIRS};
use crate::checkpoint::{Checkpoint, Format, ShardStatus};
use crate::error::Result;
use crate::format::folders::compose::Composer;
use crate::format::folders::listing::Folder;
use crate::format::folders::recognise::is_dcp_safetensors;
use crate::limits::Limits;
use crate::source::ReadAt;
use crate::source::assembled::{Tile, Tiles};
use crate::tensor::{DType, Place, array_bytes, saturating_product};
use crate::value::Value;

/// A tensor as the shards together have it.
struct Whole {
    name: String,
    dtype: DType,
    shape: Vec<u64>,
    tiles: Vec<Tile>,
    /// A shard has it in another dtype, or with another number of dimensions.
    broken: bool,
}

/// Opens the folder.
pub(in crate::format::folders) fn open(folder: &Folder, limits: &Limits) -> Result<Checkpoint> {
    let mut composer = Composer::new(folder, limits);
    let mut wholes: Vec<Whole> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let names: Vec<&str> = folder.names.files().filter(|n| is_dcp_safetensors(n)).collect();
    for name in names {
        let file = composer.file(name)?;
        let (path, identity) = (folder.path.join(name), file.identity());
        let opened = crate::format::open_source(&path, Arc::new(file), Some(identity), limits);
        match opened {
            Ok(checkpoint) => {
                composer.shard(
                    name,
                    &role(name),
                    Some(checkpoint.tensors().len() as u64),
                    ShardStatus::Ok,
                    None,
                );
                composer.hash(&checkpoint.fingerprint().to_le_bytes());
                collect(&checkpoint, &mut wholes, &mut known);
            }
            Err(error) => composer.broken(name, &role(name), &error),
        }
    }
    let mut count = Count::default();
    let mut entries = Vec::new();
    for whole in wholes {
        let id = place(
            &mut composer,
            &whole.name,
            whole.dtype,
            &whole.shape,
            whole.tiles,
            whole.broken,
            &mut count,
        );
        entries.push((whole.name, Value::Tensor(id)));
    }
    count.report(&mut composer);
    let root = composer.mapping(entries);
    Ok(composer.finish(Format::Dcp, root, None))
}

fn role(name: &str) -> String {
    let rank = name.strip_prefix("shard-").and_then(|rest| rest.split('-').next());
    rank.and_then(|n| n.parse::<u64>().ok()).map_or("shard".to_owned(), |n| format!("shard {n}"))
}

/// First indices of the tensors of a shard, by name.
fn offsets(checkpoint: &Checkpoint) -> HashMap<String, Vec<u64>> {
    let tree = checkpoint.tree();
    let text = checkpoint.container_metadata().and_then(|m| tree.get(m, "DCP_SHARDING_INFO"));
    let text = text.and_then(|v| tree.as_text(v)).unwrap_or_default();
    let Ok(Json::Object(map)) = serde_json::from_str::<Json>(&text) else { return HashMap::new() };
    let numbers = |value: &Json| -> Option<Vec<u64>> {
        value.get("saved_offsets")?.as_array()?.iter().map(Json::as_u64).collect()
    };
    map.iter().filter_map(|(name, value)| Some((name.clone(), numbers(value)?))).collect()
}

fn collect(checkpoint: &Checkpoint, wholes: &mut Vec<Whole>, known: &mut HashMap<String, usize>) {
    let starts = offsets(checkpoint);
    for entry in checkpoint.tensors() {
        let meta = checkpoint.meta(entry);
        let sizes = meta.shape().to_vec();
        let start = starts.get(&*entry.path).cloned().unwrap_or_else(|| vec![0; sizes.len()]);
        let at = *known.entry(entry.path.to_string()).or_insert_with(|| {
            let shape = vec![0; sizes.len()];
            let name = entry.path.to_string();
            wholes.push(Whole { name, dtype: meta.dtype, shape, tiles: Vec::new(), broken: false });
            wholes.len() - 1
        });
        let Some(whole) = wholes.get_mut(at) else { continue };
        let source = checkpoint.storage_of(entry).and_then(|s| checkpoint.storage_source(s).ok());
        let fits =
            start.len() == sizes.len() && whole.shape.len() == sizes.len() && whole.dtype == meta.dtype;
        let Some(source) = source.filter(|_| fits) else {
            whole.broken = true;
            continue;
        };
        for ((full, start), size) in whole.shape.iter_mut().zip(&start).zip(&sizes) {
            *full = (*full).max(start.saturating_add(*size));
        }
        let same = |held: &Tile| held.offsets == start && held.sizes == sizes;
        if !whole.tiles.iter().rev().take(PAIRS).any(same) {
            whole.tiles.push(Tile { offsets: start, sizes, source });
        }
    }
}

fn place(
    composer: &mut Composer<'_>,
    name: &str,
    dtype: DType,
    shape: &[u64],
    mut tiles: Vec<Tile>,
    broken: bool,
    count: &mut Count,
) -> crate::tensor::TensorId {
    let held = tiles.iter().map(|t| saturating_product(&t.sizes)).fold(0, u64::saturating_add);
    let width = u64::from(dtype.bits() / 8);
    if broken || held != saturating_product(shape) || width == 0 || array_bytes(dtype, shape).is_none() {
        count.gaps.push(name.to_owned());
        return composer.tensor(name, dtype, shape, Place::Missing);
    }
    let only = if tiles.len() == 1 { tiles.pop() } else { None };
    let source: Arc<dyn ReadAt> = match only {
        Some(tile) => tile.source,
        None => Arc::new(Tiles::new(shape, width, tiles)),
    };
    composer.assembled(name, dtype, shape, source)
}
