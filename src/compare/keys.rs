//! What each side of a comparison offers: the named values of one section, as `state_dict()` would give them.
//!
//! Anything that was saved has such sections: a state dict is one, a training checkpoint holds one or several
//! (weights, EMA), a whole model or a TorchScript program counts as its `state_dict()`.

mod choose;
mod python_type;

pub use choose::{Choice, choices, pair};

use std::path::PathBuf;

use rustc_hash::{FxHashMap, FxHashSet};

use super::plan::Described;
use crate::checkpoint::{Checkpoint, Kind, Section, SectionRole};
use crate::tensor::TensorId;
use crate::value::{Tree, Value};

/// One named value of a side.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Name, shape and dtype. Shape and dtype mean nothing for values that are not tensors.
    pub tensor: Described,
    /// The tensor in its checkpoint; `None` for other values and for tensors a repair makes.
    pub id: Option<TensorId>,
    /// Python's name of the type, as in `<class 'int'>`, for a value that is not a tensor.
    pub other: Option<Box<str>>,
}

impl Item {
    /// Name inside the state dict.
    pub fn key(&self) -> &str {
        &self.tensor.key
    }

    /// True for tensors.
    pub fn is_tensor(&self) -> bool {
        self.other.is_none()
    }
}

/// One side of a comparison.
#[derive(Debug, Clone, Default)]
pub struct Side {
    /// The checkpoint's path.
    pub path: PathBuf,
    /// Name of the section; empty for the root.
    pub section: String,
    /// True for the state of an optimizer, whose values that are not tensors belong to it.
    pub is_optimizer: bool,
    /// Sections that would have done as well as this one, where nobody chose.
    pub rivals: Vec<String>,
    /// Name of the model's class, where the file says it (whole models, TorchScript).
    pub class: Option<String>,
    /// Named values in the order of the state dict.
    pub items: Vec<Item>,
    /// Module prefixes in the order modules are visited, without the final dot; where recorded.
    pub modules: Option<Vec<String>>,
    /// `version` by module prefix, from the state dict's `_metadata`; absent without `_metadata`.
    pub versions: Option<FxHashMap<String, Option<i64>>>,
    /// Names that share their bytes with an earlier name of this side: (name, earlier name).
    pub ties: Vec<(String, String)>,
    /// Factor of low-rank adapters (`lora_alpha / r`), where the configuration beside the file says it.
    pub scaling: Option<f64>,
    index: FxHashMap<Box<str>, u32>,
}

impl Side {
    /// The values of one section of `checkpoint`.
    pub fn of(checkpoint: &Checkpoint, choice: &Choice) -> Self {
        let Some(section) = checkpoint.sections().get(choice.section) else { return Self::default() };
        let mut side = Self {
            path: checkpoint.path().to_owned(),
            section: section.name.clone(),
            is_optimizer: section.role == SectionRole::Optimizer,
            class: class(checkpoint, section),
            modules: modules(checkpoint, section),
            versions: versions(checkpoint, section),
            ..Self::default()
        };
        let items = items(checkpoint, section, choice.section);
        side.ties = ties(checkpoint, &items);
        side.scaling = adapter_scaling(checkpoint);
        side.set_items(items);
        side
    }

    /// A side made of tensors alone, without anything a file records beside them.
    pub fn of_tensors(tensors: Vec<Described>) -> Self {
        let mut side = Self::default();
        let plain = |tensor| Item { tensor, id: None, other: None };
        side.set_items(tensors.into_iter().map(plain).collect());
        side
    }

    /// A side of float32 tensors with these names and shapes.
    #[cfg(test)]
    pub(super) fn of_shapes(all: &[(&str, &[u64])]) -> Self {
        let tensor = |(key, shape): &(&str, &[u64])| Described {
            key: (*key).to_owned(),
            shape: shape.to_vec(),
            dtype: crate::tensor::DType::Float32,
        };
        Self::of_tensors(all.iter().map(tensor).collect())
    }

    /// The same side with other values, and without `_metadata`: as a dict put together anew has none.
    #[must_use]
    pub fn rebuilt(&self, items: Vec<Item>) -> Self {
        let mut side = Self {
            path: self.path.clone(),
            section: self.section.clone(),
            is_optimizer: self.is_optimizer,
            rivals: self.rivals.clone(),
            class: self.class.clone(),
            ..Self::default()
        };
        side.set_items(items);
        side
    }

    fn set_items(&mut self, items: Vec<Item>) {
        self.index = items.iter().enumerate().map(|(at, item)| (item.key().into(), at as u32)).collect();
        self.items = items;
    }

    /// Where `key` is among the items.
    pub fn position(&self, key: &str) -> Option<usize> {
        self.index.get(key).map(|at| *at as usize)
    }

    /// The item of that name.
    pub fn get(&self, key: &str) -> Option<&Item> {
        self.items.get(self.position(key)?)
    }

    /// The tensors, in order.
    pub fn tensors(&self) -> impl Iterator<Item = &Described> {
        self.items.iter().filter(|item| item.is_tensor()).map(|item| &item.tensor)
    }
}

/// The values of a section in order: its tensors as they are listed, other entries of its mapping where they stand.
fn items(checkpoint: &Checkpoint, section: &Section, at: usize) -> Vec<Item> {
    let entries = checkpoint.tensors().iter().filter(|entry| entry.section as usize == at);
    let tensors = entries.map(|entry| {
        let meta = checkpoint.meta(entry);
        let tensor =
            Described { key: entry.key().to_owned(), shape: meta.shape().to_vec(), dtype: meta.dtype };
        Item { tensor, id: Some(entry.id), other: None }
    });
    let tree = checkpoint.tree();
    if section.is_module || tree.entries(section.value).iter().all(|(_, v)| matches!(v, Value::Tensor(_))) {
        return tensors.collect();
    }
    with_others(tree, section.value, tensors.collect())
}

/// Puts entries that are not tensors, and that hold none, where they stand in the mapping.
fn with_others(tree: &Tree, mapping: Value, tensors: Vec<Item>) -> Vec<Item> {
    let tops: FxHashSet<String> = tensors.iter().flat_map(|item| stems(item.key())).collect();
    let mut rest = tensors.into_iter().peekable();
    let mut items = Vec::new();
    for (key, value) in tree.entries(mapping) {
        let mut name = String::new();
        crate::value::python::write_str(tree, *key, &mut name);
        if tops.contains(&name) {
            // A tensor, or a container whose tensors are listed one by one.
            let here = |item: &Item| {
                item.key().strip_prefix(&*name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            while let Some(item) = rest.next_if(here) {
                items.push(item);
            }
            continue;
        }
        let other = Some(python_type::of(tree, *value).into());
        let tensor = Described { key: name, shape: Vec::new(), dtype: crate::tensor::DType::Unknown };
        items.push(Item { tensor, id: None, other });
    }
    items.extend(rest);
    items
}

/// `a.b.c` → `a`, `a.b`, `a.b.c`.
fn stems(key: &str) -> impl Iterator<Item = String> + '_ {
    let dots = key.match_indices('.').map(|(at, _)| at).chain(std::iter::once(key.len()));
    dots.map(|at| key.get(..at).unwrap_or_default().to_owned())
}

fn class(checkpoint: &Checkpoint, section: &Section) -> Option<String> {
    let module = checkpoint.modules().iter().find(|m| section.is_module && m.path == section.name)?;
    module.class.rsplit('.').next().map(str::to_owned)
}

fn relative<'a>(path: &'a str, section: &str) -> Option<&'a str> {
    match path.strip_prefix(section)? {
        rest if section.is_empty() || rest.is_empty() => Some(rest),
        rest => rest.strip_prefix('.'),
    }
}

fn modules(checkpoint: &Checkpoint, section: &Section) -> Option<Vec<String>> {
    if section.is_module {
        let inside = checkpoint.modules().iter().filter_map(|m| relative(&m.path, &section.name));
        return Some(inside.map(str::to_owned).collect());
    }
    let tree = checkpoint.tree();
    let metadata = tree.entries(tree.attribute(section.value, "_metadata")?);
    let prefixes: Option<Vec<String>> =
        metadata.iter().map(|(key, _)| tree.as_text(*key).map(std::borrow::Cow::into_owned)).collect();
    prefixes.filter(|prefixes| !prefixes.is_empty())
}

/// Versions of modules. A pickled module has none in its file: `state_dict()` writes those of its classes, of
/// which only batch norm's matter here.
fn versions(checkpoint: &Checkpoint, section: &Section) -> Option<FxHashMap<String, Option<i64>>> {
    const BATCH_NORM: i64 = 2;
    if section.is_module && checkpoint.kind() != Kind::TorchScript {
        let inside = checkpoint.modules().iter().filter_map(|m| relative(&m.path, &section.name));
        return Some(inside.map(|path| (path.to_owned(), Some(BATCH_NORM))).collect());
    }
    let tree = checkpoint.tree();
    let metadata = tree.entries(tree.attribute(section.value, "_metadata")?);
    let version = |value| tree.get(value, "version").and_then(|v| tree.as_int(v));
    let known =
        metadata.iter().filter_map(|(key, value)| Some((tree.as_text(*key)?.into_owned(), version(*value))));
    Some(known.collect())
}

/// What makes two tensors one: storage, offset, shape and strides.
type Bytes<'a> = (u32, u64, &'a [u64], &'a [u64]);

/// Names of one and the same tensor: the file shares the bytes, or its metadata says which name was left out.
fn ties(checkpoint: &Checkpoint, items: &[Item]) -> Vec<(String, String)> {
    let tree = checkpoint.tree();
    let mut first: FxHashMap<Bytes<'_>, &str> = FxHashMap::default();
    let mut ties = Vec::new();
    for item in items {
        let Some(meta) = item.id.and_then(|id| tree.tensor(id)) else { continue };
        let Some(storage) = meta.storage.filter(|_| meta.numel() > 0) else { continue };
        let earlier = *first
            .entry((storage.0, meta.storage_offset, meta.shape(), meta.stride()))
            .or_insert_with(|| item.key());
        if earlier != item.key() {
            ties.push((item.key().to_owned(), earlier.to_owned()));
        }
    }
    // `safetensors.torch.save_model` notes each name it leaves out with the name it kept.
    let kept: FxHashSet<&str> = items.iter().map(Item::key).collect();
    let notes = checkpoint.container_metadata().map(|m| tree.entries(m)).unwrap_or_default();
    for (dropped, name) in notes {
        let (Some(dropped), Some(name)) = (tree.as_text(*dropped), tree.as_text(*name)) else { continue };
        if kept.contains(&*name) && !kept.contains(&*dropped) {
            ties.push((dropped.into_owned(), name.into_owned()));
        }
    }
    ties
}

/// `lora_alpha / r` (or `/ √r`) from the `adapter_config.json` beside the file.
fn adapter_scaling(checkpoint: &Checkpoint) -> Option<f64> {
    const LONGEST: u64 = 1 << 20;
    if !checkpoint.tensors().iter().any(|entry| entry.key().contains("lora_")) {
        return None;
    }
    let path = checkpoint.path().parent()?.join("adapter_config.json");
    let file = crate::source::FileSource::open(&path).ok()?;
    let len = crate::source::ReadAt::len(&file).min(LONGEST);
    let mut text = vec![0; len as usize];
    crate::source::ReadAt::read_exact_at(&file, &mut text, 0).ok()?;
    let config: serde_json::Value = serde_json::from_slice(&text).ok()?;
    let number = |key: &str| config.get(key).and_then(serde_json::Value::as_f64);
    let rank = number("r").filter(|r| *r > 0.0)?;
    let root = config.get("use_rslora").and_then(serde_json::Value::as_bool) == Some(true);
    // Ranks of their own for some modules have factors of their own.
    let patterns = ["rank_pattern", "alpha_pattern"].iter().any(|key| {
        config.get(*key).and_then(serde_json::Value::as_object).is_some_and(|map| !map.is_empty())
    });
    let divisor = if root { rank.sqrt() } else { rank };
    number("lora_alpha").map(|alpha| alpha / divisor).filter(|_| !patterns)
}

/// True for a section that may stand for a model.
fn is_model(section: &Section) -> bool {
    matches!(section.role, SectionRole::Model | SectionRole::Ema)
}
