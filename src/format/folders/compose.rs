//! Several files become one checkpoint: their object graphs side by side in one tree, their findings under
//! their names, and a list of what each file is for.

use std::hash::Hasher as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHasher;

use super::listing::Folder;
use crate::checkpoint::module::ScriptTypes;
use crate::checkpoint::{
    Checkpoint, CheckpointFile, Diagnostic, Format, GlobalUse, Parts, Severity, Shard, ShardStatus,
};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::sorting::Sort as _;
use crate::source::pool::PooledFile;
use crate::source::{Identity, ReadAt};
use crate::tensor::{DType, Place, Storage, TensorId, TensorMeta};
use crate::text::shown;
use crate::value::{Dict, Tree, Value};

/// Findings kept; a folder of a thousand broken shards says so in a few lines.
const FINDINGS: usize = 60;

/// A folder checkpoint as it grows.
pub(super) struct Composer<'a> {
    pub(super) folder: &'a Folder,
    pub(super) limits: &'a Limits,
    pub(super) tree: Tree,
    pub(super) shards: Vec<Shard>,
    files: Vec<CheckpointFile>,
    assembled: Vec<Arc<dyn ReadAt>>,
    globals: Vec<GlobalUse>,
    weights_only: bool,
    sources: Vec<(String, String)>,
    diagnostics: Vec<Diagnostic>,
    fingerprint: FxHasher,
    modified_ns: i128,
}

/// One file, opened by the reader of its own format.
pub(super) struct Opened {
    /// Its root value, now in the tree of the whole.
    pub(super) root: Value,
    /// Names of tensors in it.
    pub(super) tensors: usize,
    /// What its container says beside it.
    pub(super) metadata: Option<Value>,
}

impl<'a> Composer<'a> {
    pub(super) fn new(folder: &'a Folder, limits: &'a Limits) -> Self {
        Self {
            folder,
            limits,
            tree: Tree::default(),
            shards: Vec::new(),
            files: Vec::new(),
            assembled: Vec::new(),
            globals: Vec::new(),
            weights_only: true,
            sources: Vec::new(),
            diagnostics: Vec::new(),
            fingerprint: FxHasher::default(),
            modified_ns: 0,
        }
    }

    /// Adds a finding.
    pub(super) fn note(&mut self, severity: Severity, code: &'static str, message: impl Into<String>) {
        if self.diagnostics.len() < FINDINGS {
            self.diagnostics.push(Diagnostic::new(severity, code, message));
        }
    }

    /// Takes back what was said of one file, and is not true of the whole.
    pub(super) fn forget(&mut self, code: &str) {
        self.diagnostics.retain(|finding| finding.code != code);
    }

    /// Adds what tells this checkpoint from others of the same structure.
    pub(super) fn hash(&mut self, bytes: &[u8]) {
        self.fingerprint.write(bytes);
    }

    /// Looks a file up without reading it, so that its bytes and its age count for the whole.
    pub(super) fn file(&mut self, name: &str) -> Result<PooledFile> {
        let file = self.folder.file(name)?;
        self.add_file(self.folder.path.join(name), &file);
        Ok(file)
    }

    fn add_file(&mut self, path: PathBuf, file: &PooledFile) {
        self.modified_ns = self.modified_ns.max(file.identity().modified_ns);
        self.files.push(CheckpointFile { path, source: Arc::new(file.clone()) });
    }

    /// Opens the file `name` with the reader of whatever it is, and takes it over.
    pub(super) fn open(&mut self, name: &str) -> Result<Opened> {
        self.open_in(self.folder, name, name)
    }

    /// The same for the file `name` of the folder `below` in this one; what was found in it is said under both names.
    pub(super) fn open_below(&mut self, below: &str, name: &str) -> Result<Opened> {
        let folder = self.folder.folder(below)?;
        self.open_in(&folder, name, &format!("{below}/{name}"))
    }

    fn open_in(&mut self, folder: &Folder, name: &str, said: &str) -> Result<Opened> {
        let file = folder.file(name)?;
        let path = folder.path.join(name);
        let identity = file.identity();
        let checkpoint = crate::format::open_source(&path, Arc::new(file), Some(identity), self.limits)?;
        let (opened, _) = self.graft(checkpoint, said)?;
        Ok(opened)
    }

    /// Takes over a checkpoint; what was found in it is said under `name`.
    pub(super) fn graft(&mut self, checkpoint: Checkpoint, name: &str) -> Result<(Opened, Vec<Shard>)> {
        let tensors = checkpoint.tensors().len();
        let (mut parts, shards) = checkpoint.into_parts();
        let (files, assembled) = (self.files.len() as u32, self.assembled.len() as u32);
        // Both go into the other tree as one value, so that both are renumbered.
        let pair = vec![parts.tree.root(), parts.container_metadata.unwrap_or(Value::None)];
        let pair = Value::List(parts.tree.add_list(pair));
        parts.tree.set_root(pair);
        let pair = self.tree.append(parts.tree, files, assembled)?;
        let (root, metadata) = match self.tree.items(pair) {
            &[root, metadata] => (root, Some(metadata).filter(|value| !matches!(value, Value::None))),
            _ => (Value::None, None),
        };
        self.files.extend(parts.files);
        self.assembled.extend(parts.assembled);
        self.names(parts.globals);
        self.weights_only &= parts.weights_only;
        self.sources.extend(parts.sources);
        for finding in parts.diagnostics {
            self.note(finding.severity, finding.code, format!("{}: {}", shown(name), finding.message));
        }
        self.fingerprint.write_u64(parts.fingerprint);
        self.modified_ns = self.modified_ns.max(parts.identity.map_or(0, |i| i.modified_ns));
        Ok((Opened { root, tensors, metadata }, shards))
    }

    /// Takes over an object that lies in a file already counted, and returns it.
    pub(super) fn graft_item(&mut self, checkpoint: Checkpoint) -> Result<Value> {
        let (parts, _) = checkpoint.into_parts();
        let (files, assembled) = (self.files.len() as u32, self.assembled.len() as u32);
        if !parts.tree.storages().is_empty() {
            self.files.extend(parts.files);
        }
        self.assembled.extend(parts.assembled);
        self.names(parts.globals);
        self.weights_only &= parts.weights_only;
        self.fingerprint.write_u64(parts.fingerprint);
        self.tree.append(parts.tree, files, assembled)
    }

    /// Adds names that pickles use.
    pub(super) fn names(&mut self, globals: impl IntoIterator<Item = GlobalUse>) {
        for global in globals {
            if !self.globals.iter().any(|held| held.name == global.name) {
                self.globals.push(global);
            }
        }
    }

    /// As [`Composer::open`]; a file that cannot be read is a finding and a broken shard.
    pub(super) fn part(&mut self, name: &str, role: &str) -> Option<Opened> {
        match self.open(name) {
            Ok(opened) => {
                self.shard(name, role, Some(opened.tensors as u64), ShardStatus::Ok, None);
                Some(opened)
            }
            Err(error) => {
                self.broken(name, role, &error);
                None
            }
        }
    }

    /// Notes a file that cannot be read.
    pub(super) fn broken(&mut self, name: &str, role: &str, error: &Error) {
        let reason = error.reason();
        let code =
            if error.kind() == crate::error::ErrorKind::Truncated { "TRUNCATED" } else { "SHARD_BROKEN" };
        self.note(Severity::Broken, code, format!("{}: {reason}", shown(name)));
        self.shard(name, role, None, ShardStatus::Broken, Some(reason));
    }

    /// Lists a file of the folder.
    pub(super) fn shard(
        &mut self,
        name: &str,
        role: &str,
        tensors: Option<u64>,
        status: ShardStatus,
        note: Option<String>,
    ) {
        let path = self.folder.path.join(name);
        let bytes = match status {
            ShardStatus::Missing => 0,
            _ => std::fs::metadata(&path).map_or(0, |m| m.len()),
        };
        self.shards.push(Shard { path, role: role.to_owned(), bytes, tensors, status, note });
    }

    /// Adds a tensor that lies row-major in `source`.
    pub(super) fn assembled(
        &mut self,
        key: &str,
        dtype: DType,
        shape: &[u64],
        source: Arc<dyn ReadAt>,
    ) -> TensorId {
        let len = source.len();
        let place = Place::Assembled { source: self.assembled.len() as u32, len };
        self.assembled.push(source);
        self.tensor(key, dtype, shape, place)
    }

    /// Adds a tensor that lies row-major at `place`.
    pub(super) fn tensor(&mut self, key: &str, dtype: DType, shape: &[u64], place: Place) -> TensorId {
        let numel = crate::tensor::saturating_product(shape);
        let storage = self.tree.add_storage(Storage {
            key: key.into(),
            dtype,
            location: "cpu".into(),
            nbytes: dtype.bytes_for(numel).unwrap_or(u64::MAX),
            place,
            big_endian: false,
        });
        self.tree.add_tensor(TensorMeta::contiguous(dtype, shape, Some(storage), 0))
    }

    /// Adds a mapping with text keys.
    pub(super) fn mapping<K: AsRef<str>>(&mut self, entries: impl IntoIterator<Item = (K, Value)>) -> Value {
        let entries = entries.into_iter().map(|(key, value)| (self.tree.add_text(key.as_ref()), value));
        let entries = entries.collect();
        Value::Dict(self.tree.add_dict(Dict { entries, ..Dict::default() }))
    }

    /// The checkpoint.
    pub(super) fn finish(self, format: Format, root: Value, container_metadata: Option<Value>) -> Checkpoint {
        let path = self.folder.path.clone();
        self.finish_as(&path, format, root, container_metadata)
    }

    /// The checkpoint, under a path of its own.
    pub(super) fn finish_as(
        mut self,
        path: &Path,
        format: Format,
        root: Value,
        container_metadata: Option<Value>,
    ) -> Checkpoint {
        self.tree.set_root(root);
        self.globals.in_order(|a, b| b.verdict.cmp(&a.verdict).then_with(|| a.name.cmp(&b.name)));
        let identity = self.identity(path);
        let parts = Parts {
            path: path.to_owned(),
            format,
            files: self.files,
            assembled: self.assembled,
            identity,
            tree: self.tree,
            container_metadata,
            globals: self.globals,
            weights_only: self.weights_only,
            sources: self.sources,
            fingerprint: self.fingerprint.finish(),
            diagnostics: self.diagnostics,
        };
        Checkpoint::assemble(parts, &ScriptTypes::default(), self.limits).with_shards(self.shards)
    }

    /// The folder's own device and inode, the bytes of all of its files, and the time of the newest.
    fn identity(&self, path: &Path) -> Option<Identity> {
        let folder = Identity::of(&std::fs::metadata(path).ok()?);
        let size = self.files.iter().map(|f| f.source.len()).fold(0, u64::saturating_add);
        Some(Identity { size, modified_ns: self.modified_ns, ..folder })
    }
}

/// A few names, safe to print, and how many more there are.
pub(super) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    const LISTED: usize = 4;
    let mut text: Vec<String> = names.iter().take(LISTED).map(|n| shown(n.as_ref()).into_owned()).collect();
    if names.len() > LISTED {
        text.push(format!("and {} more", names.len() - LISTED));
    }
    text.join(", ")
}
