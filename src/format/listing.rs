//! What most containers come down to: names with a dtype, a shape and a place for the bytes.
//!
//! A reader describes each tensor as the file does; here it is checked against what the file holds, in the
//! same four ways for every format: the shape can be counted, the elements fit into a machine, the bytes the
//! shape needs are the bytes the file gives it, and they lie in the file. What is wrong becomes a
//! diagnostic that names the tensor and both numbers, and the tensor is listed all the same.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use crate::checkpoint::module::ScriptTypes;
use crate::checkpoint::{Checkpoint, CheckpointFile, Diagnostic, Format, GlobalUse, Parts, Severity};
use crate::limits::Limits;
use crate::source::{Identity, ReadAt};
use crate::tensor::{DType, Place, Storage, StorageId, TensorMeta, row_major};
use crate::text::shown;
use crate::value::{Dict, Tree, Value};

/// Findings kept; the rest are counted.
const KEPT: usize = 50;

/// A tensor as its container describes it.
pub(crate) struct Described<'a> {
    /// The container's own name for it.
    pub(crate) name: &'a str,
    /// Element type; one without a size (`text`, `record`) is listed with its bytes.
    pub(crate) dtype: DType,
    /// Sizes, outermost first.
    pub(crate) shape: &'a [u64],
    /// Strides in elements; row-major where there are none.
    pub(crate) stride: Option<Vec<u64>>,
    /// A storage added before, which this tensor shares; the place is then that one's.
    pub(crate) storage: Option<StorageId>,
    /// Elements of the place before the first one of the tensor.
    pub(crate) skip: u64,
    /// Where the bytes are; `len` is what the file says there is, and is cut to what there really is.
    pub(crate) place: Place,
    /// Big-endian elements.
    pub(crate) big_endian: bool,
}

impl<'a> Described<'a> {
    /// A row-major little-endian tensor.
    pub(crate) fn new(name: &'a str, dtype: DType, shape: &'a [u64], place: Place) -> Self {
        Self { name, dtype, shape, stride: None, storage: None, skip: 0, place, big_endian: false }
    }
}

/// The tensors of a container, as they are found.
pub(crate) struct Listing<'l> {
    pub(crate) tree: Tree,
    pub(crate) files: Vec<CheckpointFile>,
    /// What was opened, where that is not the first file.
    pub(crate) path: Option<PathBuf>,
    /// Sources of storages that are put together while they are read; a [`Place`] names them by index.
    pub(crate) assembled: Vec<Arc<dyn ReadAt>>,
    pub(crate) globals: Vec<GlobalUse>,
    pub(crate) weights_only: bool,
    pub(crate) metadata: Option<Value>,
    pub(crate) sources: Vec<(String, String)>,
    diagnostics: Vec<Diagnostic>,
    dropped: usize,
    location: Arc<str>,
    limits: &'l Limits,
    /// Tensors described, and those the file does not hold to the end.
    described: usize,
    cut: usize,
    /// The first byte no file holds, and how far one should reach.
    missing: Option<(u64, u64)>,
}

impl<'l> Listing<'l> {
    /// An empty listing of `file`, which has number 0.
    pub(crate) fn new(file: CheckpointFile, limits: &'l Limits) -> Self {
        Self {
            tree: Tree::default(),
            files: vec![file],
            path: None,
            assembled: Vec::new(),
            globals: Vec::new(),
            weights_only: true,
            metadata: None,
            sources: Vec::new(),
            diagnostics: Vec::new(),
            dropped: 0,
            location: "cpu".into(),
            limits,
            described: 0,
            cut: 0,
            missing: None,
        }
    }

    pub(crate) fn limits(&self) -> &'l Limits {
        self.limits
    }

    /// The bytes of the file that was opened.
    pub(crate) fn source(&self) -> Arc<dyn ReadAt> {
        self.files.first().map_or_else(|| Arc::new(Vec::new()) as Arc<dyn ReadAt>, |f| f.source.clone())
    }

    /// Adds a finding; `message` must be safe to print.
    pub(crate) fn note(&mut self, severity: Severity, code: &'static str, message: impl Into<String>) {
        if self.diagnostics.len() < KEPT {
            self.diagnostics.push(Diagnostic::new(severity, code, message));
        } else {
            self.dropped += 1;
        }
    }

    /// Adds findings of another reader.
    pub(crate) fn note_all(&mut self, found: Vec<Diagnostic>) {
        for Diagnostic { severity, code, message } in found {
            self.note(severity, code, message);
        }
    }

    /// Adds a source a storage is read through, and returns its number.
    pub(crate) fn assemble(&mut self, source: Arc<dyn ReadAt>) -> u32 {
        self.assembled.push(source);
        (self.assembled.len() - 1) as u32
    }

    fn broken(&mut self, code: &'static str, name: &str, what: &str) {
        self.note(Severity::Broken, code, format!("tensor {}: {what}", shown(name)));
    }

    /// Checks and adds a tensor.
    pub(crate) fn tensor(&mut self, described: &Described<'_>) -> Value {
        self.described += 1;
        let Described { name, dtype, shape, .. } = *described;
        if shape.len() > self.limits.dimensions {
            let what = format!("{} dimensions (torch allows {})", shape.len(), self.limits.dimensions);
            self.broken("NDIM", name, &what);
            return self.add(described, &[], None);
        }
        let stride = described.stride.as_deref().unwrap_or_default();
        let count = shape.iter().try_fold(1_u64, |n, size| n.checked_mul(*size));
        // A size of 0 makes any other harmless.
        let count = if shape.contains(&0) { Some(0) } else { count };
        let sized = dtype.bits() > 0 || matches!(dtype, DType::Ggml(_));
        // From the first element of the place to the last one the tensor touches.
        let extent = match TensorMeta::strided(dtype, shape, stride, None, described.skip).element_span() {
            Some((_, end)) => Some(end),
            None => count.filter(|n| *n == 0),
        };
        let needed = count.and(extent).and_then(|n| dtype.bytes_for(n));
        let Some(needed) = needed.filter(|n| i64::try_from(*n).is_ok()) else {
            self.broken("META_OVERFLOW", name, "its shape counts more elements than any memory holds");
            return self.add(described, shape, None);
        };
        let Some(given) = given(described.place) else { return self.add(described, shape, Some(needed)) };
        if sized && needed > given {
            let what = format!("its shape needs {needed} bytes, and it has {given}");
            self.broken("META_OOB", name, &what);
            return self.add(described, shape, None);
        }
        self.add(described, shape, Some(given))
    }

    /// Cuts a place to what the file holds.
    fn held(&mut self, place: Place) -> Place {
        match place {
            Place::Range { file, offset, len } => {
                let size = self.files.get(file as usize).map_or(0, |f| f.source.len());
                let held = len.min(size.saturating_sub(offset));
                if held < len {
                    self.cut += 1;
                    let end = offset.saturating_add(len);
                    let (_, furthest) = self.missing.unwrap_or((size, 0));
                    self.missing = Some((size, furthest.max(end)));
                }
                Place::Range { file, offset, len: held }
            }
            other => other,
        }
    }

    fn add(&mut self, described: &Described<'_>, shape: &[u64], nbytes: Option<u64>) -> Value {
        let dtype = described.dtype;
        let shared = described.storage.filter(|_| nbytes.is_some());
        let storage = shared.or_else(|| {
            let nbytes = nbytes?;
            let place = self.held(described.place);
            Some(self.tree.add_storage(Storage {
                key: described.name.into(),
                dtype,
                location: self.location.clone(),
                nbytes,
                place,
                big_endian: described.big_endian,
            }))
        });
        let stride = described.stride.clone().unwrap_or_else(|| row_major(shape));
        let meta = TensorMeta::strided(dtype, shape, &stride, storage, described.skip);
        Value::Tensor(self.tree.add_tensor(meta))
    }

    /// A mapping of text keys.
    pub(crate) fn dict<'k>(&mut self, entries: impl IntoIterator<Item = (Cow<'k, str>, Value)>) -> Value {
        let entries = entries.into_iter();
        let entries = entries.map(|(key, value)| (self.tree.add_text(&key), value)).collect();
        Value::Dict(self.tree.add_dict(Dict { entries, ..Dict::default() }))
    }

    /// The checkpoint. `root` is the object; names that stand twice keep their last value, and are said.
    pub(crate) fn finish(
        mut self,
        root: Value,
        format: Format,
        identity: Option<Identity>,
        fingerprint: u64,
    ) -> Checkpoint {
        self.tree.set_root(root);
        if let Some((size, end)) = self.missing {
            let whole = self.described - self.cut;
            let text = format!(
                "the file ends at {size} of {end} bytes; {whole} of {} tensors are complete",
                self.described
            );
            self.diagnostics.insert(0, Diagnostic::new(Severity::Broken, "TRUNCATED", text));
        }
        let twice = self.tree.drop_duplicate_keys();
        if twice > 0 {
            let text = format!("{twice} names stand twice; the last of each counts here");
            self.diagnostics.push(Diagnostic::new(Severity::Broken, "DUPLICATE_KEY", text));
        }
        if self.dropped > 0 {
            let text = format!("{} more findings like these", self.dropped);
            self.diagnostics.push(Diagnostic::new(Severity::Warning, "MORE", text));
        }
        let parts = Parts {
            path: self.path.or_else(|| Some(self.files.first()?.path.clone())).unwrap_or_default(),
            format,
            identity,
            container_metadata: self.metadata,
            weights_only: self.weights_only,
            globals: self.globals,
            sources: self.sources,
            fingerprint,
            diagnostics: self.diagnostics,
            assembled: self.assembled,
            files: self.files,
            tree: self.tree,
        };
        Checkpoint::assemble(parts, &ScriptTypes::default(), self.limits)
    }
}

/// Bytes a place claims to have; `None` where nothing is stored.
fn given(place: Place) -> Option<u64> {
    match place {
        Place::Range { len, .. } | Place::ZipMember { len, .. } => Some(len),
        Place::Inline { len, .. } => Some(len.into()),
        Place::Assembled { len, .. } => Some(len),
        _ => None,
    }
}

/// Strides of elements that lie column by column.
pub(crate) fn column_major(shape: &[u64]) -> Vec<u64> {
    let reversed: Vec<u64> = shape.iter().rev().copied().collect();
    row_major(&reversed).into_iter().rev().collect()
}
