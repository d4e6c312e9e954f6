//! One opened checkpoint, whatever it was saved with: sections, tensors, modules, metadata, diagnostics.
//!
//! Opening reads structure only. Elements are read when asked for, through positioned reads; the values of
//! one-element tensors (epoch, best score and loss are often such tensors) are read on first use and kept.

pub mod module;
mod outline;
mod read;
mod scalar;
mod section;
mod sharing;
mod vector;

pub use outline::Outline;
pub use read::Located;
pub(crate) use read::payload_offset;
pub use scalar::Scalar;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use crate::source::{Identity, ReadAt};
use crate::tensor::{Storage, TensorId, TensorMeta, TensorRole};
use crate::value::{Tree, Value};

/// The container a checkpoint is written in. `name` of each is part of the command-line contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
#[non_exhaustive]
pub enum Format {
    TorchZip,
    TorchLegacy,
    TorchTar,
    TorchScript,
    TorchPackage,
    TorchExport,
    Pickle,
    Safetensors,
}

impl Format {
    /// The contract's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::TorchZip => "torch-zip",
            Self::TorchLegacy => "torch-legacy",
            Self::TorchTar => "torch-tar",
            Self::TorchScript => "torchscript",
            Self::TorchPackage => "torch-package",
            Self::TorchExport => "torch-export",
            Self::Pickle => "pickle",
            Self::Safetensors => "safetensors",
        }
    }
}

/// What was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Tensors by name: `torch.save(model.state_dict())`.
    StateDict,
    /// A mapping with model weights and training state.
    Training,
    /// A pickled module: `torch.save(model)`, also inside a mapping.
    WholeModel,
    /// A compiled TorchScript program with its weights.
    TorchScript,
    /// Optimizer state alone.
    Optimizer,
    /// Adapter weights (`LoRA` and the like) without their base model.
    Adapter,
    /// None of these.
    Other,
}

impl Kind {
    /// The contract's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::StateDict => "state_dict",
            Self::Training => "training",
            Self::WholeModel => "whole_model",
            Self::TorchScript => "torchscript",
            Self::Optimizer => "optimizer",
            Self::Adapter => "adapter",
            Self::Other => "other",
        }
    }
}

/// What a section is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SectionRole {
    /// Weights of a model.
    Model,
    /// An averaged copy of the weights.
    Ema,
    /// Optimizer state.
    Optimizer,
    /// Learning-rate scheduler state.
    Scheduler,
    /// Anything else that holds tensors (scores, random-number states …).
    Other,
}

impl SectionRole {
    /// The contract's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Ema => "ema",
            Self::Optimizer => "optimizer",
            Self::Scheduler => "scheduler",
            Self::Other => "other",
        }
    }
}

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

/// How serious a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something is not as it should be, and the file can still be read.
    Warning,
    /// Loading it with pickle would run code.
    Dangerous,
    /// Part of the file cannot be read.
    Broken,
}

impl Severity {
    /// The contract's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Dangerous => "dangerous",
            Self::Broken => "broken",
        }
    }
}

/// Something to be said about a file, in words.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// How serious it is.
    pub severity: Severity,
    /// Stable upper-case code.
    pub code: &'static str,
    /// One line, safe to print.
    pub message: String,
}

impl Diagnostic {
    /// A diagnostic; `message` must be safe to print ([`crate::text::shown`]).
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        Self { severity, code, message: message.into() }
    }
}

/// What `torch.load` would think of a global name in a pickle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// On torch's own `weights_only` allow-list.
    Allowed,
    /// Not on it, and nothing more is known.
    Unknown,
    /// Known to run code, or to reach what does.
    RunsCode,
}

impl Verdict {
    /// The contract's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Unknown => "unknown",
            Self::RunsCode => "runs_code",
        }
    }
}

/// A global name in a pickle of the file, with its verdict.
#[derive(Debug, Clone)]
pub struct GlobalUse {
    /// `module.name`.
    pub name: String,
    /// What torch would think of it.
    pub verdict: Verdict,
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
