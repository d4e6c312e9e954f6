//! Checkpoints and rows made by hand.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use ckpt_tui::checkpoint::module::ScriptTypes;
use ckpt_tui::checkpoint::{
    Checkpoint, CheckpointFile, Diagnostic, Format, GlobalUse, Kind, Parts, Severity, Verdict,
};
use ckpt_tui::limits::Limits;
use ckpt_tui::runs::identity::FileKey;
use ckpt_tui::runs::{CheckpointRow, Status};
use ckpt_tui::tensor::{DType, Place, Storage, TensorMeta};
use ckpt_tui::training::{Progress, TrainingInfo};
use ckpt_tui::tui::model::browser::Opened;
use ckpt_tui::tui::model::layers::Layers;
use ckpt_tui::value::{Dict, Tree, Value};

/// Elements of each tensor.
pub(crate) const NUMEL: u64 = 12;

/// Builds the object graph of a checkpoint.
pub(crate) struct Build {
    pub(crate) tree: Tree,
    pub(crate) format: Format,
}

impl Build {
    fn new() -> Self {
        Self { tree: Tree::new(Arc::from(&b""[..])), format: Format::TorchZip }
    }

    /// A float tensor of shape [4, 3] with a storage of its own.
    pub(crate) fn tensor(&mut self) -> Value {
        let storage = self.tree.add_storage(Storage {
            key: "0".into(),
            dtype: DType::Float32,
            location: Arc::from("cpu"),
            nbytes: NUMEL * 4,
            place: Place::NotStored,
            big_endian: false,
        });
        let meta = TensorMeta::contiguous(DType::Float32, &[4, 3], Some(storage), 0);
        Value::Tensor(self.tree.add_tensor(meta))
    }

    pub(crate) fn dict(&mut self, entries: Vec<(&str, Value)>) -> Value {
        let entries = entries.into_iter().map(|(k, v)| (self.tree.add_text(k), v)).collect();
        Value::Dict(self.tree.add_dict(Dict { entries, ..Dict::default() }))
    }

    pub(crate) fn list(&mut self, items: Vec<Value>) -> Value {
        Value::List(self.tree.add_list(items))
    }

    pub(crate) fn text(&mut self, text: &str) -> Value {
        self.tree.add_text(text)
    }

    fn tensors(&mut self, names: &[&str]) -> Value {
        let entries = names.iter().map(|name| (*name, self.tensor())).collect();
        self.dict(entries)
    }

    /// A plain state dict.
    pub(crate) fn state_dict(names: &[&str]) -> Self {
        let mut build = Self::new();
        let root = build.tensors(names);
        build.tree.set_root(root);
        build
    }

    /// A training checkpoint: weights, optimizer state for each, epoch, loss, configuration, history.
    pub(crate) fn training(names: &[&str]) -> Self {
        let mut build = Self::new();
        let model = build.tensors(names);
        let state = names.iter().map(|_| build.tensors(&["exp_avg"])).collect::<Vec<_>>();
        let numbers: Vec<String> = (0..names.len()).map(|n| n.to_string()).collect();
        let state = build.dict(numbers.iter().map(String::as_str).zip(state).collect());
        let groups = build.list(vec![]);
        let optimizer = build.dict(vec![("state", state), ("param_groups", groups)]);
        let name = build.text("resnet\u{1b}[31m");
        let config =
            build.dict(vec![("lr", Value::Float(0.001)), ("name", name), ("amp", Value::Bool(true))]);
        let history = build.list((1..=40).map(|n| Value::Float(1.0 / f64::from(n))).collect());
        let root = build.dict(vec![
            ("epoch", Value::Int(12)),
            ("model", model),
            ("optimizer", optimizer),
            ("loss", Value::Float(0.25)),
            ("config", config),
            ("losses", history),
        ]);
        build.tree.set_root(root);
        build
    }

    pub(crate) fn checkpoint(self) -> Checkpoint {
        let parts = Parts {
            path: PathBuf::from("/data/run/made.pt"),
            format: self.format,
            files: vec![CheckpointFile {
                path: PathBuf::from("/data/run/made.pt"),
                source: Arc::new(vec![0_u8; 4096]),
            }],
            assembled: Vec::new(),
            identity: None,
            tree: self.tree,
            container_metadata: None,
            globals: vec![
                GlobalUse::new("os.system", Verdict::RunsCode),
                GlobalUse::new("torch._utils._rebuild_tensor_v2", Verdict::Allowed),
            ],
            weights_only: false,
            sources: Vec::new(),
            fingerprint: 0,
            diagnostics: vec![Diagnostic::new(
                Severity::Dangerous,
                "RUNS_CODE",
                "names os.system; not run here",
            )],
        };
        Checkpoint::assemble(parts, &ScriptTypes::default(), &Limits::default())
    }

    pub(crate) fn layers(self) -> Layers {
        Layers::of(Arc::new(self.checkpoint()))
    }

    pub(crate) fn opened(self) -> Opened {
        Opened::of(self.checkpoint())
    }
}

/// A readable training checkpoint.
pub(crate) fn row(path: &str, epoch: Option<f64>, metrics: &[(&str, f64)]) -> CheckpointRow {
    let metrics = metrics.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    let progress = Progress { epoch, raw_epoch: epoch, ..Progress::default() };
    CheckpointRow {
        path: PathBuf::from(path),
        format: Some(Format::TorchZip),
        kind: Some(Kind::Training),
        bytes: 46_871_347,
        modified: SystemTime::UNIX_EPOCH,
        tensors: 62,
        parameters: 11_173_962,
        training: TrainingInfo { progress, metrics, ..TrainingInfo::default() },
        roles: Vec::new(),
        same_as: None,
        status: Status::Ok,
        error: None,
        identity: FileKey::default(),
    }
}

/// A file that could not be read.
pub(crate) fn broken(path: &str) -> CheckpointRow {
    CheckpointRow {
        format: None,
        kind: None,
        status: Status::Truncated,
        error: Some("the file ends before its directory (byte 812)".to_owned()),
        ..row(path, None, &[])
    }
}
