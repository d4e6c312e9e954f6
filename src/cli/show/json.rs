//! `show --json`, the contract of cli.md: written as a stream, whatever the number of tensors.

use std::cell::Cell;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::place::{is_stored, located, role, size};
use crate::checkpoint::{Checkpoint, ModuleInfo, Scalar, TensorEntry};
use crate::cli::json::progress;
use crate::export::snippet;
use crate::tensor::{TensorId, TensorMeta};
use crate::training::{self, TrainingInfo};
use crate::value::Value;
use crate::value::json::{Budget, Json, TensorNames};
use crate::value::view::Leaf;

/// Names listed of those that share bytes with a tensor, and bytes of all such lists: a thousand views of one
/// storage share it with a thousand others each.
const SHARED: usize = 256;
const SHARED_BYTES: usize = 64 << 20;

/// The whole document.
pub(super) struct Document<'a>(pub(super) &'a Checkpoint);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let checkpoint = self.0;
        let budget = Budget::default();
        let names = Names(checkpoint);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &checkpoint.path().to_string_lossy())?;
        map.serialize_entry("format", checkpoint.format().name())?;
        map.serialize_entry("kind", checkpoint.kind().name())?;
        map.serialize_entry("bytes", &checkpoint.bytes())?;
        map.serialize_entry("training", &Training(&training::siblings::info(checkpoint)))?;
        map.serialize_entry("sections", &Each(|| checkpoint.sections().iter().map(Section)))?;
        let shared = Cell::new(SHARED_BYTES);
        let tensors = || checkpoint.tensors().iter().map(|e| Tensor(checkpoint, e, &shared));
        map.serialize_entry("tensors", &Each(tensors))?;
        map.serialize_entry("metadata", &Metadata(checkpoint, &names, &budget))?;
        let modules = || checkpoint.modules().iter().map(|m| Module(checkpoint, m, &names, &budget));
        map.serialize_entry("modules", &Each(modules))?;
        map.serialize_entry("globals", &Each(|| checkpoint.globals().iter().map(Global)))?;
        map.serialize_entry("load", &Load(&snippet::of(checkpoint)))?;
        map.serialize_entry("parts", &Each(|| checkpoint.shards().iter().map(Shard)))?;
        map.serialize_entry("diagnostics", &Each(|| checkpoint.diagnostics().iter().map(Diagnostic)))?;
        map.end()
    }
}

/// How far training had come; the names are those of `ls`.
struct Training<'a>(&'a TrainingInfo);

impl Serialize for Training<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("framework", &self.0.framework)?;
        progress(self.0, &mut map)?;
        map.end()
    }
}

/// A sequence that is made while it is written.
struct Each<F>(F);

impl<F: Fn() -> I, I: Iterator<Item = T>, T: Serialize> Serialize for Each<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// What the tree calls the tensors it names.
struct Names<'a>(&'a Checkpoint);

impl TensorNames for Names<'_> {
    fn path(&self, id: TensorId) -> Option<&str> {
        self.0.entry_of(id).map(|entry| &*entry.path)
    }

    fn scalar(&self, id: TensorId) -> Option<Leaf> {
        Some(match self.0.scalar(id)? {
            Scalar::Float(x) => Leaf::Float(x),
            Scalar::Int(n) => Leaf::Int(n),
            Scalar::Bool(b) => Leaf::Bool(b),
        })
    }
}

/// The `metadata` tree. The tensors of a safetensors file are in `tensors`; what its header says beside
/// them is its metadata.
struct Metadata<'a>(&'a Checkpoint, &'a Names<'a>, &'a Budget);

impl Serialize for Metadata<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(checkpoint, names, budget) = *self;
        let tree = checkpoint.tree();
        let json = |value| Json::new(tree, value, names, budget);
        match (checkpoint.container_metadata(), checkpoint.format().is_listing()) {
            (Some(value), true) => json(value).serialize(serializer),
            (None, true) => serializer.serialize_map(Some(0))?.end(),
            (Some(value), _) => json(tree.root()).beside("$files", value).serialize(serializer),
            (None, _) => json(tree.root()).serialize(serializer),
        }
    }
}

struct Section<'a>(&'a crate::checkpoint::Section);

impl Serialize for Section<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.0.name)?;
        map.serialize_entry("role", self.0.role.name())?;
        map.serialize_entry("tensors", &self.0.tensors)?;
        map.serialize_entry("parameters", &self.0.parameters)?;
        map.end()
    }
}

struct Tensor<'a>(&'a Checkpoint, &'a TensorEntry, &'a Cell<usize>);

impl Serialize for Tensor<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(checkpoint, entry, shared) = *self;
        let meta = checkpoint.meta(entry);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &entry.path)?;
        map.serialize_entry("section", checkpoint.section_of(entry).map_or("", |s| s.name.as_str()))?;
        map.serialize_entry("key", entry.key())?;
        map.serialize_entry("dtype", meta.dtype.name())?;
        map.serialize_entry("shape", meta.shape())?;
        map.serialize_entry("stride", meta.stride())?;
        place(checkpoint, meta, &mut map)?;
        let fits = |path: &&str| {
            let left = shared.get().checked_sub(path.len());
            shared.set(left.unwrap_or(0));
            left.is_some()
        };
        let others = || checkpoint.shared_with(entry).take(SHARED).map(|other| &*other.path).take_while(fits);
        map.serialize_entry("shared_with", &Each(others))?;
        map.serialize_entry("requires_grad", &meta.requires_grad)?;
        map.serialize_entry("stored", &is_stored(checkpoint, meta))?;
        map.serialize_entry("layout", meta.layout.name())?;
        map.serialize_entry("role", &role(checkpoint, entry))?;
        if !meta.parts.is_empty() {
            map.serialize_entry("parts", &Each(|| meta.parts.iter().map(|p| Part(checkpoint, &p.0, p.1))))?;
        }
        map.end()
    }
}

/// An inner tensor of a composite layout.
struct Part<'a>(&'a Checkpoint, &'a str, TensorId);

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(checkpoint, name, id) = *self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", name)?;
        if let Some(meta) = checkpoint.tree().tensor(id) {
            map.serialize_entry("dtype", meta.dtype.name())?;
            map.serialize_entry("shape", meta.shape())?;
            map.serialize_entry("stride", meta.stride())?;
            place(checkpoint, meta, &mut map)?;
        }
        map.end()
    }
}

/// File, offset of the storage, offset in it, and bytes of the elements.
fn place<M: SerializeMap>(checkpoint: &Checkpoint, meta: &TensorMeta, map: &mut M) -> Result<(), M::Error> {
    let (file, offset) = located(checkpoint, meta);
    map.serialize_entry("file", &file.map(|path| path.to_string_lossy()))?;
    map.serialize_entry("offset", &offset)?;
    map.serialize_entry("storage_offset", &meta.storage_offset)?;
    map.serialize_entry("bytes", &size(checkpoint, meta))
}

struct Module<'a>(&'a Checkpoint, &'a ModuleInfo, &'a Names<'a>, &'a Budget);

impl Serialize for Module<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(_, module, ..) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &module.path)?;
        map.serialize_entry("class", &module.class)?;
        map.serialize_entry("training", &module.training)?;
        map.serialize_entry("attributes", &Attributes(self))?;
        map.end()
    }
}

struct Attributes<'a>(&'a Module<'a>);

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Module(checkpoint, module, names, budget) = *self.0;
        let json = |value: Value| Json::new(checkpoint.tree(), value, names, budget);
        serializer.collect_map(module.attributes.iter().map(|(name, value)| (name, json(*value))))
    }
}

/// A file of a checkpoint that is a folder.
struct Shard<'a>(&'a crate::checkpoint::Shard);

impl Serialize for Shard<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shard = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &shard.path.to_string_lossy())?;
        map.serialize_entry("role", &shard.role)?;
        map.serialize_entry("bytes", &shard.bytes)?;
        map.serialize_entry("tensors", &shard.tensors)?;
        map.serialize_entry("status", shard.status.name())?;
        map.serialize_entry("note", &shard.note)?;
        map.end()
    }
}

struct Global<'a>(&'a crate::checkpoint::GlobalUse);

impl Serialize for Global<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([("name", self.0.name.as_str()), ("verdict", self.0.verdict.name())])
    }
}

struct Load<'a>(&'a snippet::Load);

impl Serialize for Load<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("snippet", &self.0.snippet)?;
        map.serialize_entry("needs", &self.0.needs)?;
        map.serialize_entry("weights_only", &self.0.weights_only)?;
        map.serialize_entry("notes", &self.0.notes)?;
        map.end()
    }
}

struct Diagnostic<'a>(&'a crate::checkpoint::Diagnostic);

impl Serialize for Diagnostic<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let diagnostic = self.0;
        serializer.collect_map([
            ("severity", diagnostic.severity.name()),
            ("code", diagnostic.code),
            ("message", &diagnostic.message),
        ])
    }
}
