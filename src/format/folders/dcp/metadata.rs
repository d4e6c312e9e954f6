//! The `.metadata` of a distributed checkpoint: which tensors there are, how each is cut into chunks, and in
//! which bytes of which file each chunk and each other object lies (formats.md §6.2).

use std::collections::HashMap;
use std::sync::Arc;

use crate::checkpoint::{Diagnostic, GlobalUse};
use crate::error::{Error, ErrorKind, Result};
use crate::format::folders::listing::Folder;
use crate::format::torch::plain;
use crate::limits::Limits;
use crate::tensor::DType;
use crate::text::shown;
use crate::value::{Tree, Value};

/// Bytes of a shard file: one whole archive of `torch.save`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slice {
    /// Index into [`Metadata::files`].
    pub(super) file: usize,
    pub(super) offset: u64,
    pub(super) len: u64,
    /// What was done to the bytes (`zstd`), in the words of whoever did it.
    pub(super) transform: Option<String>,
}

/// A rectangular part of a tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) offsets: Vec<u64>,
    pub(super) sizes: Vec<u64>,
    pub(super) slice: Option<Slice>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) dtype: DType,
    pub(super) shape: Vec<u64>,
    pub(super) requires_grad: Option<bool>,
    pub(super) chunks: Vec<Chunk>,
}

/// Any other object (a step, a learning rate).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) slice: Option<Slice>,
}

/// One step on the way to a value: a key of a mapping, or an index of a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Text(String),
    Index(u64),
}

#[derive(Debug, Default)]
pub(super) struct Metadata {
    pub(super) tensors: Vec<Tensor>,
    pub(super) items: Vec<Item>,
    /// Shard files as they are named here: data, not paths.
    pub(super) files: Vec<String>,
    /// Where in the saved object a name belongs; names without one stand at its root.
    pub(super) paths: HashMap<String, Vec<Key>>,
    pub(super) globals: Vec<GlobalUse>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Metadata {
    /// Reads the file `name` and adds what it says.
    pub(super) fn read(&mut self, folder: &Folder, name: &str, limits: &Limits) -> Result<()> {
        let bytes: Arc<[u8]> = folder.read(name, limits.pickle_bytes)?.into();
        let in_file = |e: Error| e.in_file(&folder.path.join(name));
        let loose = plain::loose(&bytes, limits).map_err(in_file)?;
        let tree = &loose.tree;
        let part = |key| tree.attribute(tree.root(), key);
        let malformed = || {
            let text = "the pickle is not the metadata of a distributed checkpoint";
            in_file(Error::new(ErrorKind::Header, text))
        };
        let entries = part("state_dict_metadata").ok_or_else(malformed)?;
        let slices = self.slices(tree, part("storage_data"));
        let mut names: HashMap<String, usize> =
            self.tensors.iter().enumerate().map(|(at, t)| (t.name.clone(), at)).collect();
        for (key, value) in tree.entries(entries) {
            let Some(name) = tree.as_text(*key) else { continue };
            let Some(more) = tensor(tree, &name, *value, &slices, limits).map_err(in_file)? else {
                let slice = slices.get(&(name.to_string(), None)).cloned();
                self.items.push(Item { name: name.into_owned(), slice });
                continue;
            };
            // Ranks that wrote without talking to each other each know their own chunks.
            if let Some(held) = names.get(&*name).and_then(|at| self.tensors.get_mut(*at)) {
                held.chunks.extend(more.chunks);
            } else {
                names.insert(name.into_owned(), self.tensors.len());
                self.tensors.push(more);
            }
        }
        for (key, path) in part("planner_data").map(|v| tree.entries(v)).unwrap_or_default() {
            if let (Some(name), Some(path)) = (tree.as_text(*key), keys(tree, *path)) {
                self.paths.insert(name.into_owned(), path);
            }
        }
        self.globals.extend(loose.globals);
        self.diagnostics.extend(loose.diagnostics);
        Ok(())
    }

    /// Bytes by name and offset of the chunk.
    fn slices(&mut self, tree: &Tree, data: Option<Value>) -> Slices {
        let mut slices = HashMap::new();
        let mut known: HashMap<String, usize> =
            self.files.iter().enumerate().map(|(at, name)| (name.clone(), at)).collect();
        for (index, info) in data.map(|v| tree.entries(v)).unwrap_or_default() {
            let name = tree.attribute(*index, "fqn").and_then(|v| tree.as_text(v));
            let offsets = tree.attribute(*index, "offset").and_then(|v| sizes(tree, v));
            let number = |key| tree.attribute(*info, key).and_then(|v| unsigned(tree, v));
            let path = tree.attribute(*info, "relative_path").and_then(|v| tree.as_text(v));
            let (Some(name), Some(path), Some(offset), Some(len)) =
                (name, path, number("offset"), number("length"))
            else {
                continue;
            };
            let transforms = tree.attribute(*info, "transform_descriptors").map(|v| tree.items(v).to_vec());
            let transforms = transforms.unwrap_or_default();
            let words: Vec<_> = transforms.iter().filter_map(|v| tree.as_text(*v)).collect();
            let transform = (!transforms.is_empty()).then(|| shown(&words.join(", ")).into_owned());
            let file = *known.entry(path.into_owned()).or_insert_with_key(|path| {
                self.files.push(path.clone());
                self.files.len() - 1
            });
            slices.insert((name.into_owned(), offsets), Slice { file, offset, len, transform });
        }
        slices
    }
}

type Slices = HashMap<(String, Option<Vec<u64>>), Slice>;

/// The description of a tensor; `None` for other objects.
fn tensor(tree: &Tree, name: &str, value: Value, slices: &Slices, limits: &Limits) -> Result<Option<Tensor>> {
    let Some(chunks) = tree.attribute(value, "chunks") else { return Ok(None) };
    let malformed =
        |what: &str| Error::new(ErrorKind::TensorBounds, format!("tensor {}: {what}", shown(name)));
    let shape = tree.attribute(value, "size").and_then(|v| sizes(tree, v));
    let shape = shape.ok_or_else(|| malformed("its size is not a list of numbers"))?;
    if shape.len() > limits.dimensions {
        return Err(malformed("it has more dimensions than torch allows"));
    }
    let properties = tree.attribute(value, "properties").map(|v| properties(tree, v)).unwrap_or_default();
    let dtype = properties.first().and_then(|v| dtype(tree, *v)).unwrap_or(DType::Unknown);
    let requires_grad =
        properties.get(2).and_then(|v| if let Value::Bool(flag) = v { Some(*flag) } else { None });
    let mut found: Vec<Chunk> = Vec::new();
    for chunk in tree.items(chunks) {
        let part = |key| tree.attribute(*chunk, key).and_then(|v| sizes(tree, v));
        let (Some(offsets), Some(sizes)) = (part("offsets"), part("sizes")) else {
            return Err(malformed("a chunk of it has no place"));
        };
        let inside = offsets.len() == shape.len()
            && sizes.len() == shape.len()
            && offsets
                .iter()
                .zip(&sizes)
                .zip(&shape)
                .all(|((o, s), n)| o.checked_add(*s).is_some_and(|end| end <= *n));
        if !inside {
            return Err(malformed("a chunk of it lies outside of it"));
        }
        let slice = slices.get(&(name.to_owned(), Some(offsets.clone())));
        let slice = slice.or_else(|| slices.get(&(name.to_owned(), None))).cloned();
        found.push(Chunk { offsets, sizes, slice });
    }
    Ok(Some(Tensor { name: name.to_owned(), dtype, shape, requires_grad, chunks: found }))
}

/// `(dtype, layout, requires_grad, …)`, which older versions kept as attributes.
fn properties(tree: &Tree, value: Value) -> Vec<Value> {
    let Value::Object(id) = value else { return Vec::new() };
    if let Some(state @ Value::Tuple { .. }) = tree.object(id).and_then(|o| o.state) {
        return tree.items(state).to_vec();
    }
    let named = ["dtype", "layout", "requires_grad"];
    named.iter().map(|key| tree.attribute(value, key).unwrap_or(Value::None)).collect()
}

fn dtype(tree: &Tree, value: Value) -> Option<DType> {
    let Value::Global(id) = value else { return None };
    DType::from_torch(&tree.global(id).filter(|g| &*g.module == "torch")?.name)
}

/// A `torch.Size`, tuple or list of sizes.
fn sizes(tree: &Tree, value: Value) -> Option<Vec<u64>> {
    match value {
        Value::Tuple { .. } | Value::List(_) => {
            tree.items(value).iter().map(|v| unsigned(tree, *v)).collect()
        }
        _ => None,
    }
}

fn unsigned(tree: &Tree, value: Value) -> Option<u64> {
    u64::try_from(tree.as_int(value)?).ok()
}

/// The path of a value in the object that was saved.
fn keys(tree: &Tree, path: Value) -> Option<Vec<Key>> {
    let key = |value: &Value| match value {
        Value::Int(n) => u64::try_from(*n).ok().map(Key::Index),
        other => tree.as_text(*other).map(|text| Key::Text(text.into_owned())),
    };
    let keys: Option<Vec<Key>> = tree.items(path).iter().map(key).collect();
    keys.filter(|keys| !keys.is_empty())
}
