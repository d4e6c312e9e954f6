//! What a checkpoint, its sections, and what is said of it can be: closed lists whose names are part of the
//! command-line contract.

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
    Gguf,
    Npz,
    Npy,
    Hdf5,
    Keras,
    Onnx,
    Paddle,
    FlaxMsgpack,
    TfCheckpoint,
    Nemo,
    Orbax,
    HfSharded,
    HfTrainer,
    Accelerate,
    Peft,
    Dcp,
    DeepSpeed,
    Megatron,
    NemoFolder,
    TorchUnzipped,
}

impl Format {
    /// The container lists tensors and keeps its metadata beside them, rather than both in one object.
    pub fn is_listing(self) -> bool {
        use Format as F;
        matches!(
            self,
            F::Safetensors | F::Gguf | F::Npz | F::Npy | F::Hdf5 | F::Keras | F::Onnx | F::TfCheckpoint
        )
    }

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
            Self::Gguf => "gguf",
            Self::Npz => "npz",
            Self::Npy => "npy",
            Self::Hdf5 => "hdf5",
            Self::Keras => "keras",
            Self::Onnx => "onnx",
            Self::Paddle => "paddle",
            Self::FlaxMsgpack => "flax-msgpack",
            Self::TfCheckpoint => "tf-checkpoint",
            Self::Nemo => "nemo",
            Self::Orbax => "orbax",
            Self::HfSharded => "hf-sharded",
            Self::HfTrainer => "hf-trainer",
            Self::Accelerate => "accelerate",
            Self::Peft => "peft",
            Self::Dcp => "dcp",
            Self::DeepSpeed => "deepspeed",
            Self::Megatron => "megatron",
            Self::NemoFolder => "nemo",
            Self::TorchUnzipped => "torch-unzipped",
        }
    }

    /// Mappings inside mappings whose names are layers, as no library around torch writes.
    pub fn is_nested(self) -> bool {
        use Format as F;
        matches!(self, F::Hdf5 | F::Keras | F::TfCheckpoint | F::FlaxMsgpack | F::Orbax)
    }

    /// A folder is one checkpoint of this format.
    pub fn is_folder(self) -> bool {
        matches!(
            self,
            Self::HfSharded
                | Self::HfTrainer
                | Self::Accelerate
                | Self::Peft
                | Self::Dcp
                | Self::DeepSpeed
                | Self::Megatron
                | Self::NemoFolder
                | Self::TorchUnzipped
                | Self::Orbax
        )
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
    /// The file calls it as a function whose result is not known here, and which is not known to make plain
    /// data.
    pub calls_unknown: bool,
    /// Why it is not on torch's list, or what it does.
    pub why: &'static str,
    /// The name as the file spells it, where Python takes it for another (`__builtin__.eval`).
    pub written: Option<String>,
}

impl GlobalUse {
    /// A name and its verdict, without a reason.
    pub fn new(name: impl Into<String>, verdict: Verdict) -> Self {
        Self { name: name.into(), verdict, calls_unknown: false, why: "", written: None }
    }

    /// Judges a name a pickle uses.
    pub(crate) fn of(global: &crate::value::Global) -> Self {
        use crate::pickle::{danger, is_data, is_library_class, is_script_class, verdict};
        let (module, name) = (&*global.module, &*global.name);
        let verdict = verdict(module, name);
        let data = is_data(module, name);
        // What no module can be called cannot be imported, and so not called.
        let possible = !module.is_empty() && !global.is_impossible();
        let known = data || is_library_class(module, name) || is_script_class(module, name);
        let calls_unknown = verdict == Verdict::Unknown && global.opaque && !known && possible;
        let why = match (verdict, danger(module, name)) {
            (Verdict::Allowed, _) => "on torch's weights_only list",
            (_, Some(danger)) => danger.text(),
            _ if data => "plain data, though not on torch's weights_only list",
            _ if module.starts_with("torch.") => "part of torch, not on its weights_only list",
            _ if calls_unknown => "called, and nothing is known about it",
            _ => "a class nothing is known about, not on torch's weights_only list",
        };
        let written = global.written.as_deref().map(str::to_owned);
        Self { name: format!("{module}.{name}"), verdict, calls_unknown, why, written }
    }
}
