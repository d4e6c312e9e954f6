//! One opened checkpoint, whatever it was saved with: sections, tensors, modules, metadata, diagnostics.
//!
//! Opening reads structure only. Elements are read when asked for, through positioned reads; the values of
//! one-element tensors (epoch, best score and loss are often such tensors) are read on first use and kept.

mod kinds;
pub mod module;
mod outline;
mod placeholders;
mod read;
mod scalar;
mod section;
mod shards;
mod sharing;
mod vector;

pub use kinds::{Diagnostic, Format, GlobalUse, Kind, SectionRole, Severity, Verdict};
pub use outline::Outline;
pub use read::Located;
pub(crate) use read::payload_offset;
pub use scalar::Scalar;
pub use shards::{Shard, ShardStatus};

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use crate::source::{Identity, ReadAt};
use crate::tensor::{Storage, TensorId, TensorMeta, TensorRole};
use crate::value::{Tree, Value};

/// A part of the checkpoint that holds a state dict, or the like.
#[derive(Debug, Clone)]
pub struct Section {
    /// Path of the part from the root: `model_state_dict`, `optimizer`; empty for the root itself.
    pub name: String,
    /// What it is for.
    pub role: SectionRole,
    /// The value at that path.
    pub value: Value,
    /// The part is a pickled module (or TorchScript object) rather than a mapping.
    pub is_module: bool,
    /// Tensors in it.
    pub tensors: usize,
    /// Elements of its parameters, each shared tensor counted once, buffers left out.
    pub parameters: u64,
}

/// One name of one tensor. Two names of one tensor are two entries with one `id`.
#[derive(Debug, Clone)]
pub struct TensorEntry {
    /// Path from the root of the saved object, joined with dots.
    pub path: Box<str>,
    /// Where the name inside the section starts in `path`.
    key_start: u32,
    /// Index into [`Checkpoint::sections`].
    pub section: u32,
    /// The tensor.
    pub id: TensorId,
    /// Parameter or buffer; guessed from the name where the file does not record it.
    pub role: TensorRole,
}

impl TensorEntry {
    /// The name inside its section: `conv1.weight`.
    pub fn key(&self) -> &str {
        self.path.get(self.key_start as usize..).unwrap_or_default()
    }
}

/// A module of a whole saved model or TorchScript program.
#[derive(Debug, Clone)]
pub struct ModuleInfo {
    /// Path from the root of the saved object, as its tensors' paths start; empty for a root module.
    pub path: String,
    /// `package.module.Class`.
    pub class: String,
    /// The `training` flag it was saved with.
    pub training: Option<bool>,
    /// Attributes a person set (`in_features`, `kernel_size` …), without torch's own bookkeeping.
    pub attributes: Vec<(Box<str>, Value)>,
}

/// A file that belongs to a checkpoint.
pub struct CheckpointFile {
    /// Its path.
    pub path: PathBuf,
    /// Its bytes.
    pub source: Arc<dyn ReadAt>,
}

/// What a reader hands over: everything but what [`Checkpoint::assemble`] derives from it.
pub struct Parts {
    /// The path that was opened.
    pub path: PathBuf,
    /// Container.
    pub format: Format,
    /// Files; storages name them by index.
    pub files: Vec<CheckpointFile>,
    /// Sources that put storages together from pieces; [`crate::tensor::Place::Assembled`] names them by index.
    pub assembled: Vec<Arc<dyn ReadAt>>,
    /// Identity of the first file when it was opened.
    pub identity: Option<Identity>,
    /// The object graph.
    pub tree: Tree,
    /// Metadata the container itself carries (`__metadata__`, TorchScript extra files).
    pub container_metadata: Option<Value>,
    /// Globals the pickles name; empty for formats that name none.
    pub globals: Vec<GlobalUse>,
    /// Everything the pickles need is on torch's `weights_only` allow-list; true for formats without pickles.
    pub weights_only: bool,
    /// Python source of classes, where the file carries it (legacy whole modules).
    pub sources: Vec<(String, String)>,
    /// Hash of the structure that was read (directory with checksums, pickle or header): equal for copies.
    pub fingerprint: u64,
    /// What the reader found worth saying.
    pub diagnostics: Vec<Diagnostic>,
}

/// One opened checkpoint. See the module's text.
pub struct Checkpoint {
    parts: Parts,
    kind: Kind,
    sections: Vec<Section>,
    entries: Vec<TensorEntry>,
    modules: Vec<ModuleInfo>,
    shards: Vec<Shard>,
    scalars: Mutex<HashMap<TensorId, Option<Scalar>>>,
    shared: OnceLock<sharing::Sharing>,
    by_id: OnceLock<HashMap<TensorId, u32>>,
}

impl Checkpoint {
    /// Path it was opened with.
    pub fn path(&self) -> &Path {
        &self.parts.path
    }

    /// Container.
    pub fn format(&self) -> Format {
        self.parts.format
    }

    /// What was saved.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Bytes of all its files.
    pub fn bytes(&self) -> u64 {
        self.parts.files.iter().map(|f| f.source.len()).sum()
    }

    /// Identity of its file when it was opened.
    pub fn identity(&self) -> Option<Identity> {
        self.parts.identity
    }

    /// Its files; [`crate::tensor::Place`] names them by index.
    pub fn files(&self) -> &[CheckpointFile] {
        &self.parts.files
    }

    /// The object graph.
    pub fn tree(&self) -> &Tree {
        &self.parts.tree
    }

    /// Metadata the container itself carries (`__metadata__` of safetensors, extra files of TorchScript).
    pub fn container_metadata(&self) -> Option<Value> {
        self.parts.container_metadata
    }

    /// Hash of the structure that was read (directory with checksums, pickle or header): equal for copies
    /// of one file, and different for files saved from different weights wherever checksums were written.
    pub fn fingerprint(&self) -> u64 {
        self.parts.fingerprint
    }

    /// Sections in file order.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Every name of every tensor, in file order, section by section.
    pub fn tensors(&self) -> &[TensorEntry] {
        &self.entries
    }

    /// The section of an entry.
    pub fn section_of(&self, entry: &TensorEntry) -> Option<&Section> {
        self.sections.get(entry.section as usize)
    }

    /// The tensor of an entry.
    pub fn meta(&self, entry: &TensorEntry) -> &TensorMeta {
        static NONE: OnceLock<TensorMeta> = OnceLock::new();
        let absent = || TensorMeta::contiguous(crate::tensor::DType::Unknown, &[], None, 0);
        self.parts.tree.tensor(entry.id).unwrap_or_else(|| NONE.get_or_init(absent))
    }

    /// The storage of an entry's tensor, if it has one.
    pub fn storage_of(&self, entry: &TensorEntry) -> Option<&Storage> {
        self.parts.tree.storage(self.meta(entry).storage?)
    }

    /// The first entry that names a tensor: what `{"$tensor": path}` points to.
    pub fn entry_of(&self, id: TensorId) -> Option<&TensorEntry> {
        let first = self.by_id.get_or_init(|| {
            let mut map = HashMap::with_capacity(self.entries.len());
            for (at, entry) in self.entries.iter().enumerate() {
                map.entry(entry.id).or_insert(at as u32);
            }
            map
        });
        self.entries.get(*first.get(&id)? as usize)
    }

    /// Modules of a whole saved model, outermost first; empty for other kinds.
    pub fn modules(&self) -> &[ModuleInfo] {
        &self.modules
    }

    /// Globals the pickles name, most serious first.
    pub fn globals(&self) -> &[GlobalUse] {
        &self.parts.globals
    }

    /// Everything its pickles need is on torch's `weights_only` allow-list.
    pub fn weights_only(&self) -> bool {
        self.parts.weights_only
    }

    /// Python source of classes the file carries, as (class, text).
    pub fn sources(&self) -> &[(String, String)] {
        &self.parts.sources
    }

    /// What is to be said about the file.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.parts.diagnostics
    }

    /// Elements of all model parameters, shared ones counted once; of the first model section's kind when a
    /// checkpoint holds several copies (EMA beside the weights).
    pub fn parameters(&self) -> u64 {
        let of = |role| self.sections.iter().filter(move |s| s.role == role).map(|s| s.parameters).sum();
        match of(SectionRole::Model) {
            0 => of(SectionRole::Ema),
            n => n,
        }
    }
}
