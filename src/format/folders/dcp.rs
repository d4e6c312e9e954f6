//! `torch.distributed.checkpoint` and what is built on it: FSDP, torchtitan, Lightning's sharded checkpoints,
//! Megatron's `torch_dist`, NeMo 2 (formats.md §6.2, §6.4).
//!
//! Names, shapes and dtypes come from `.metadata` alone. Each chunk of a tensor is an archive of `torch.save`
//! inside a shard; it is opened when elements of it are read.

mod items;
mod metadata;
mod nest;
mod safetensors;

use std::path::PathBuf;
use std::sync::Arc;

pub(super) use safetensors::open as open_safetensors;

use super::compose::{Composer, listed};
use super::lazy;
use super::listing::{Folder, plain};
use crate::checkpoint::{Checkpoint, Format, Severity, ShardStatus, Verdict};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::assembled::{Lazy, Tile, Tiles};
use crate::source::{RangeSource, ReadAt};
use crate::tensor::{Place, array_bytes, saturating_product};
use crate::text::shown;
use crate::value::Value;
use metadata::{Chunk, Key, Metadata, Slice, Tensor};
use nest::Level;

/// Chunks of one tensor compared pair by pair for overlaps.
const PAIRS: usize = 256;

/// A shard file that is there.
struct File {
    path: PathBuf,
    source: Arc<dyn ReadAt>,
}

/// Shard files by their number in the metadata; `None` for those that are not there.
struct Files(Vec<Option<File>>);

impl Files {
    fn get(&self, at: usize) -> Option<&File> {
        self.0.get(at)?.as_ref()
    }
}

/// Opens the folder.
pub(super) fn open(folder: &Folder, limits: &Limits) -> Result<Checkpoint> {
    let mut composer = Composer::new(folder, limits);
    let metadata = read_metadata(&mut composer)?;
    let files = files(&mut composer, &metadata);
    let mut root = Level::default();
    let mut loose = Vec::new();
    let mut count = Count::default();
    for tensor in &metadata.tensors {
        let id = place(&mut composer, tensor, &files, &mut count);
        put(&mut root, &mut loose, &metadata, &tensor.name, Value::Tensor(id));
    }
    count.report(&mut composer);
    let values = items::read(&mut composer, &metadata, &files);
    for (item, value) in metadata.items.iter().zip(values) {
        put(&mut root, &mut loose, &metadata, &item.name, value);
    }
    let mut value = root.value(&mut composer);
    add(&mut composer, value, loose);
    let format = if folder.names.has_file("metadata.json") { Format::Megatron } else { Format::Dcp };
    for (name, role) in [("common.pt", "everything but tensors"), ("meta.pt", "state of the trainer")] {
        if folder.names.has_file(name)
            && let Some(opened) = composer.part(name, role)
        {
            value = beside(&mut composer, opened.root, value);
        }
    }
    Ok(composer.finish(format, value, None))
}

/// NeMo 2: `weights/` is a distributed checkpoint, `context/` what is needed to build the model.
pub(super) fn open_nemo(folder: &Folder, limits: &Limits) -> Result<Checkpoint> {
    let inner = folder.folder("weights")?;
    let checkpoint = super::open_folder(&inner, limits)?;
    let mut composer = Composer::new(folder, limits);
    let (opened, shards) = composer.graft(checkpoint, "weights")?;
    composer.shards.extend(shards);
    Ok(composer.finish(Format::NemoFolder, opened.root, None))
}

fn read_metadata(composer: &mut Composer<'_>) -> Result<Metadata> {
    let folder = composer.folder;
    let mut metadata = Metadata::default();
    let of_rank = |name: &&str| name.starts_with("__") && name.ends_with(".metadata");
    let names: Vec<&str> = if folder.names.has_file(".metadata") {
        vec![".metadata"]
    } else {
        folder.names.files().filter(of_rank).collect()
    };
    for name in &names {
        metadata.read(folder, name, composer.limits)?;
        composer.file(name)?;
        composer.shard(name, "what is where", Some(0), ShardStatus::Ok, None);
    }
    if names.is_empty() {
        unfinished(composer, &mut metadata)?;
    }
    // Of the names in `.metadata` those of torch itself are expected.
    let told = std::mem::take(&mut metadata.globals);
    let is_odd = |name: &str| !name.starts_with("torch.") && !name.starts_with("collections.");
    composer.names(told.into_iter().filter(|g| g.verdict == Verdict::RunsCode || is_odd(&g.name)));
    for finding in std::mem::take(&mut metadata.diagnostics) {
        composer.note(finding.severity, finding.code, format!(".metadata: {}", finding.message));
    }
    Ok(metadata)
}

/// Shards without `.metadata`: it is written last, under a name of its own at first.
fn unfinished(composer: &mut Composer<'_>, metadata: &mut Metadata) -> Result<()> {
    const TMP: &str = ".metadata.tmp";
    let text = "the save was not finished: there are shards, and no .metadata";
    let error =
        Error::new(ErrorKind::Truncated, text).advise("it is still being written, or was interrupted");
    if !composer.folder.names.has_file(TMP) {
        return Err(error);
    }
    metadata.read(composer.folder, TMP, composer.limits).map_err(|_| error)?;
    composer.file(TMP)?;
    let note = "not renamed to .metadata, which ends a save".to_owned();
    composer.shard(TMP, "what is where", Some(0), ShardStatus::Unfinished, Some(note));
    let text = "the save was not finished: only .metadata.tmp is there; what it names is listed";
    composer.note(Severity::Broken, "DCP_UNFINISHED", text);
    Ok(())
}

/// Looks the shards up, and says which are missing, short or not named.
fn files(composer: &mut Composer<'_>, metadata: &Metadata) -> Files {
    let mut ends = vec![(0_u64, 0_u64); metadata.files.len()];
    let chunks = metadata.tensors.iter().flat_map(|t| &t.chunks).map(|c| (&c.slice, 1));
    for (slice, tensors) in chunks.chain(metadata.items.iter().map(|i| (&i.slice, 0))) {
        if let Some(slice) = slice
            && let Some(held) = ends.get_mut(slice.file)
        {
            *held = (held.0.max(slice.offset.saturating_add(slice.len)), held.1 + tensors);
        }
    }
    let (mut found, mut missing, mut outside) = (Vec::new(), Vec::new(), Vec::new());
    for (name, (end, tensors)) in metadata.files.iter().zip(ends) {
        if plain(name).is_err() {
            outside.push(name.as_str());
            found.push(None);
            continue;
        }
        let role = role(name);
        match composer.file(name) {
            Ok(file) => {
                let held = file.len();
                let short = held < end;
                if short {
                    let text = format!("{}: the file ends at {held} of {end} bytes", shown(name));
                    composer.note(Severity::Broken, "TRUNCATED", text);
                }
                let status = if short { ShardStatus::Broken } else { ShardStatus::Unread };
                let note = short.then(|| format!("ends at {held} of {end} bytes"));
                composer.shard(name, &role, Some(tensors), status, note);
                let path = composer.folder.path.join(name);
                found.push(Some(File { path, source: Arc::new(file) }));
            }
            Err(error) => {
                let note = if composer.folder.names.has_file(name) {
                    error.reason()
                } else {
                    "not in the folder".to_owned()
                };
                composer.shard(name, &role, Some(tensors), ShardStatus::Missing, Some(note));
                missing.push(name.as_str());
                found.push(None);
            }
        }
    }
    if !outside.is_empty() {
        let text =
            format!("it names files outside of its folder, which are not opened: {}", listed(&outside));
        composer.note(Severity::Broken, "INDEX_PATH", text);
    }
    if !missing.is_empty() {
        let text = format!("{} of its shards are not there: {}", missing.len(), listed(&missing));
        composer.note(Severity::Broken, "SHARD_MISSING", text);
    }
    unnamed(composer, metadata);
    Files(found)
}

fn unnamed(composer: &mut Composer<'_>, metadata: &Metadata) {
    let is_one = |name: &&str| name.ends_with(".distcp") && !metadata.files.iter().any(|f| f == name);
    let strays: Vec<String> = composer.folder.names.files().filter(is_one).map(str::to_owned).collect();
    for name in &strays {
        let note = "nothing in .metadata lies in it".to_owned();
        composer.shard(name, &role(name), Some(0), ShardStatus::Unnamed, Some(note));
    }
    if !strays.is_empty() {
        let text =
            format!("nothing that .metadata names lies in {}: left over from another save", listed(&strays));
        composer.note(Severity::Warning, "SHARD_UNNAMED", text);
    }
}

/// `__3_0.distcp` is the first file of rank 3.
fn role(name: &str) -> String {
    let numbers =
        name.strip_prefix("__").and_then(|n| n.strip_suffix(".distcp")).and_then(|n| n.split_once('_'));
    match numbers {
        Some((rank, "0")) => format!("rank {}", shown(rank)),
        Some((rank, file)) => format!("rank {}, file {}", shown(rank), shown(file)),
        None => "shard".to_owned(),
    }
}

/// What was found about chunks, to be said once.
#[derive(Default)]
struct Count {
    gaps: Vec<String>,
    lost: Vec<String>,
    transformed: Vec<String>,
}

impl Count {
    fn report(&self, composer: &mut Composer<'_>) {
        let mut say = |names: &[String], severity, code, what: &str| {
            if !names.is_empty() {
                composer.note(severity, code, format!("{} {what}: {}", names.len(), listed(names)));
            }
        };
        say(&self.gaps, Severity::Broken, "DCP_GAP", "tensors are not covered by their chunks exactly once");
        say(&self.lost, Severity::Broken, "DCP_CHUNK", "tensors have chunks whose bytes are not there");
        say(
            &self.transformed,
            Severity::Warning,
            "DCP_TRANSFORM",
            "tensors were compressed while saving and are only listed",
        );
    }
}

/// Adds a tensor, its elements put together from its chunks when they are read.
fn place(
    composer: &mut Composer<'_>,
    tensor: &Tensor,
    files: &Files,
    count: &mut Count,
) -> crate::tensor::TensorId {
    let mut chunks: Vec<&Chunk> = Vec::new();
    // Replicas are the same chunk again.
    for chunk in &tensor.chunks {
        if !chunks
            .iter()
            .rev()
            .take(PAIRS)
            .any(|held| held.offsets == chunk.offsets && held.sizes == chunk.sizes)
        {
            chunks.push(chunk);
        }
    }
    let width = u64::from(tensor.dtype.bits() / 8);
    let whole = covers(&chunks, &tensor.shape);
    let known = width > 0
        && tensor.dtype.bits().is_multiple_of(8)
        && array_bytes(tensor.dtype, &tensor.shape).is_some();
    let bytes: Option<Vec<(&Chunk, &Slice, &File)>> = chunks
        .iter()
        .map(|chunk| {
            let slice = chunk.slice.as_ref()?;
            Some((*chunk, slice, files.get(slice.file)?))
        })
        .collect();
    if !whole || !known {
        count.gaps.push(tensor.name.clone());
    }
    if bytes.is_none() {
        count.lost.push(tensor.name.clone());
    }
    let transformed = chunks.iter().filter_map(|c| c.slice.as_ref()).any(|s| s.transform.is_some());
    if transformed {
        count.transformed.push(tensor.name.clone());
    }
    let id = match bytes.filter(|_| whole && known) {
        Some(bytes) => {
            let mut tiles: Vec<Tile> = bytes
                .iter()
                .map(|(chunk, slice, file)| tile(composer.limits, tensor, chunk, slice, file))
                .collect();
            let only = if tiles.len() == 1 { tiles.pop() } else { None };
            let source: Arc<dyn ReadAt> = match only {
                Some(tile) => tile.source,
                None => Arc::new(Tiles::new(&tensor.shape, width, tiles)),
            };
            composer.assembled(&tensor.name, tensor.dtype, &tensor.shape, source)
        }
        None => composer.tensor(&tensor.name, tensor.dtype, &tensor.shape, Place::Missing),
    };
    if let Some(meta) = composer.tree.tensor_mut(id) {
        meta.requires_grad = tensor.requires_grad;
    }
    id
}

/// The chunks tile the tensor: as many elements, and none twice.
fn covers(chunks: &[&Chunk], shape: &[u64]) -> bool {
    let held = chunks.iter().map(|c| saturating_product(&c.sizes)).fold(0, u64::saturating_add);
    let apart = |a: &Chunk, b: &Chunk| {
        let ends = |c: &Chunk, at: usize| {
            c.offsets.get(at).zip(c.sizes.get(at)).map_or((0, 0), |(o, s)| (*o, o + s))
        };
        saturating_product(&a.sizes) == 0
            || saturating_product(&b.sizes) == 0
            || (0..shape.len()).any(|at| {
                let (a, b) = (ends(a, at), ends(b, at));
                a.1 <= b.0 || b.1 <= a.0
            })
    };
    let checked = chunks.get(..chunks.len().min(PAIRS)).unwrap_or_default();
    let distinct = checked.iter().enumerate().all(|(at, a)| checked.iter().skip(at + 1).all(|b| apart(a, b)));
    held == saturating_product(shape) && distinct
}

fn tile(limits: &Limits, tensor: &Tensor, chunk: &Chunk, slice: &Slice, file: &File) -> Tile {
    let len = tensor.dtype.bytes_for(saturating_product(&chunk.sizes)).unwrap_or(u64::MAX);
    let (source, path, limits) = (Arc::clone(&file.source), file.path.clone(), limits.clone());
    let (offset, held, dtype, transform) = (slice.offset, slice.len, tensor.dtype, slice.transform.clone());
    let find = move || {
        if let Some(transform) = &transform {
            let text = format!("its bytes were compressed ({transform}), which is not read");
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        let range: Arc<dyn ReadAt> = Arc::new(RangeSource::new(Arc::clone(&source), offset, held));
        let checkpoint = lazy::open(range, &path, &limits)?;
        lazy::elements(&checkpoint, dtype, |tree| Some(tree.root()))
    };
    Tile {
        offsets: chunk.offsets.clone(),
        sizes: chunk.sizes.clone(),
        source: Arc::new(Lazy::new(len, find)),
    }
}

/// Puts a value where the saved object had it, or at the root under its whole name.
fn put(root: &mut Level, loose: &mut Vec<(String, Value)>, metadata: &Metadata, name: &str, value: Value) {
    let own = [Key::Text(name.to_owned())];
    let path = metadata.paths.get(name).map_or(&own[..], Vec::as_slice);
    if !root.put(path, value) && !root.put(&own, value) {
        loose.push((name.to_owned(), value));
    }
}

fn add(composer: &mut Composer<'_>, root: Value, loose: Vec<(String, Value)>) {
    let Value::Dict(id) = root else { return };
    for (name, value) in loose {
        let key = composer.tree.add_text(&name);
        if let Some(dict) = composer.tree.dict_mut(id) {
            dict.entries.push((key, value));
        }
    }
}

/// The entries of `first`, then those of `root`, as one mapping.
fn beside(composer: &mut Composer<'_>, first: Value, root: Value) -> Value {
    let entries = [composer.tree.entries(first), composer.tree.entries(root)].concat();
    let dict = crate::value::Dict { entries, ..crate::value::Dict::default() };
    Value::Dict(composer.tree.add_dict(dict))
}
