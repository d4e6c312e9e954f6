//! safetensors: a JSON header and row-major data (formats.md §7).
//!
//! The header is read leniently: what the official library refuses the whole file for becomes a diagnostic,
//! and every tensor is listed. Only what reading needs is enforced: each range lies in the file and has
//! the size of its shape.

mod header;

use crate::checkpoint::module::ScriptTypes;
use crate::checkpoint::{Checkpoint, CheckpointFile, Diagnostic, Format, Parts, Severity};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::{Identity, fingerprint};
use crate::tensor::{DType, Place, Storage, StorageId, TensorMeta};
use crate::text::brief;
use crate::value::{Dict, Tree, Value};
use header::{Row, Take};

/// Opens a safetensors file.
pub(crate) fn open(file: CheckpointFile, identity: Option<Identity>, limits: &Limits) -> Result<Checkpoint> {
    let len = u64::from_le_bytes(file.source.read_vec(0, 8)?.try_into().unwrap_or_default());
    if len > limits.safetensors_header {
        let text = format!("a header of {len} bytes (the format allows {})", limits.safetensors_header);
        return Err(Error::new(ErrorKind::Limit, text).coded("ST_HEADER_TOO_LARGE"));
    }
    let bytes = file.source.read_vec(8, len)?;
    let mut reader = Reader::new(8 + len, file.source.len(), limits.dimensions);
    header::read(&bytes, &mut reader).map_err(|e| malformed(&e, &bytes))?;
    let fingerprint = fingerprint(&bytes);
    // What is needed of it is in the tree by now.
    drop(bytes);
    reader.check_layout();
    let Reader { mut tree, mut diagnostics, entries, metadata, .. } = reader;
    let container_metadata = metadata.map(|metadata| Value::Dict(tree.add_dict(metadata)));
    let root = tree.add_dict(Dict { entries, ..Dict::default() });
    tree.set_root(Value::Dict(root));
    // Of two tensors of one name the last counts, as in the official library.
    let dropped = tree.drop_duplicate_keys();
    if dropped > 0 {
        let name = tree.duplicate_key().and_then(|key| tree.as_text(key)).unwrap_or_default();
        let text = format!(
            "{dropped} names stand twice in the header (the first: {}); the official library takes one of each silently",
            brief(&name)
        );
        diagnostics.push(Diagnostic::new(Severity::Broken, "ST_DUPLICATE", text));
    }
    let parts = Parts {
        path: file.path.clone(),
        format: Format::Safetensors,
        identity,
        container_metadata,
        weights_only: true,
        globals: Vec::new(),
        sources: Vec::new(),
        fingerprint,
        diagnostics,
        files: vec![file],
        assembled: Vec::new(),
        tree,
    };
    Ok(Checkpoint::assemble(parts, &ScriptTypes::default(), limits))
}

fn malformed(error: &serde_json::Error, header: &[u8]) -> Error {
    // serde_json counts lines and columns; headers are one line, so the column is the offset.
    let lines = header.split(|b| *b == b'\n').take(error.line().saturating_sub(1));
    let offset = lines.map(|l| l.len() + 1).sum::<usize>() + error.column();
    let text = error.to_string();
    let text = text.split(" at line").next().unwrap_or(&text);
    let code = if std::str::from_utf8(header).is_err() { "ST_UTF8" } else { "ST_JSON" };
    Error::new(ErrorKind::Header, format!("malformed safetensors header: {}", brief(text)))
        .at(8 + offset as u64)
        .coded(code)
}

/// Findings kept; a header of a million bad rows says nothing more.
const KEPT: usize = 50;

/// Puts the rows of the header into a tree.
struct Reader {
    /// Where data starts.
    data: u64,
    size: u64,
    dimensions: usize,
    tree: Tree,
    entries: Vec<(Value, Value)>,
    metadata: Option<Dict>,
    diagnostics: Vec<Diagnostic>,
    /// Range of each row, with its place in `entries`.
    ranges: Vec<(u64, u64, u32)>,
    truncated: usize,
}

impl Reader {
    fn new(data: u64, size: u64, dimensions: usize) -> Self {
        let (entries, ranges, diagnostics) = (Vec::new(), Vec::new(), Vec::new());
        let (tree, metadata) = (Tree::default(), None);
        Self { data, size, dimensions, tree, entries, metadata, diagnostics, ranges, truncated: 0 }
    }

    fn note(&mut self, severity: Severity, code: &'static str, text: String) {
        if self.diagnostics.len() < KEPT {
            self.diagnostics.push(Diagnostic::new(severity, code, text));
        }
    }

    fn tensor(&mut self, name: &str, row: &Row<'_>) -> Value {
        let dtype = DType::from_safetensors(&row.dtype).unwrap_or(DType::Unknown);
        if dtype == DType::Unknown {
            self.bad(name, "DTYPE", &format!("unknown dtype {}", brief(&row.dtype)));
        }
        if row.shape.len() > self.dimensions {
            self.bad(name, "NDIM", &format!("{} dimensions, more than torch allows", row.shape.len()));
            return self.listed(dtype, &[], None);
        }
        let storage = self.storage(name, dtype, row);
        self.listed(dtype, &row.shape, storage)
    }

    fn bad(&mut self, name: &str, code: &'static str, what: &str) {
        self.note(Severity::Broken, code, format!("tensor {}: {what}", brief(name)));
    }

    /// The bytes of a row, if its shape and range agree.
    fn storage(&mut self, name: &str, dtype: DType, row: &Row<'_>) -> Option<StorageId> {
        let [begin, end] = row.data_offsets;
        let Some(nbytes) = end.checked_sub(begin) else {
            self.bad(name, "ST_OFFSETS", "its data ends before it begins");
            return None;
        };
        let numel = if row.shape.contains(&0) {
            Some(0)
        } else {
            row.shape.iter().try_fold(1_u64, |n, s| n.checked_mul(*s))
        };
        let needed = numel.and_then(|n| dtype.storage_bytes(n));
        if dtype != DType::Unknown && needed != Some(nbytes) {
            let (code, needed) = match needed {
                Some(needed) => ("ST_SIZE", needed.to_string()),
                None if numel.is_some() && dtype.bits() < 8 => ("ST_SIZE", "no whole number of".to_owned()),
                None => ("ST_OVERFLOW", "more than any file has".to_owned()),
            };
            self.bad(name, code, &format!("its shape needs {needed} bytes and its range has {nbytes}"));
            return None;
        }
        let Some(offset) = self.data.checked_add(begin).filter(|o| o.checked_add(nbytes).is_some()) else {
            self.bad(name, "ST_OFFSETS", "its data lies beyond any file");
            return None;
        };
        let held = nbytes.min(self.size.saturating_sub(offset));
        self.truncated += usize::from(held < nbytes);
        Some(self.tree.add_storage(Storage {
            // The name of the tensor would only stand here again, a million times in the largest files.
            key: Box::default(),
            dtype,
            location: self.tree.storages().first().map_or_else(|| "cpu".into(), |s| s.location.clone()),
            nbytes,
            place: Place::Range { file: 0, offset, len: held },
            big_endian: false,
        }))
    }

    fn listed(&mut self, dtype: DType, shape: &[u64], storage: Option<StorageId>) -> Value {
        let mut shape = shape.to_vec();
        // safetensors counts 4-bit elements, torch the bytes that hold two of them.
        if let (DType::Float4E2m1fnX2, Some(last)) = (dtype, shape.last_mut()) {
            *last /= 2;
        }
        let meta = TensorMeta::contiguous(dtype, &shape, storage, 0);
        Value::Tensor(self.tree.add_tensor(meta))
    }

    fn name(&self, at: u32) -> String {
        let key = self.entries.get(at as usize).and_then(|(key, _)| self.tree.as_text(*key));
        brief(&key.unwrap_or_default())
    }

    /// The official rules: ranges tile the data without gaps or overlaps, and the file ends with them.
    fn check_layout(&mut self) {
        let mut ranges = std::mem::take(&mut self.ranges);
        ranges.sort_unstable();
        let mut at = 0;
        for (begin, end, row) in &ranges {
            if *begin != at {
                let hole = *begin > at;
                let what = if hole { "a gap lies before" } else { "its bytes overlap those before" };
                let code = if hole { "ST_HOLE" } else { "ST_OVERLAP" };
                let text =
                    format!("tensor {}: {what} it; the official library refuses the file", self.name(*row));
                self.note(Severity::Broken, code, text);
            }
            at = at.max(*end);
        }
        let end = self.data.saturating_add(at);
        let (complete, all) = (ranges.len() - self.truncated, ranges.len());
        if end > self.size {
            let text = format!(
                "the file ends at {} of {end} bytes; {complete} of {all} tensors are complete",
                self.size
            );
            self.note(Severity::Broken, "TRUNCATED", text);
        } else if end < self.size {
            let left = self.size - end;
            let text = format!("{left} bytes follow the last tensor; the official library refuses the file");
            self.note(Severity::Broken, "ST_TRAILING", text);
        }
    }
}

impl Take for Reader {
    fn row(&mut self, name: &str, row: &Row<'_>) {
        let key = self.tree.add_text(name);
        let tensor = self.tensor(name, row);
        let [begin, end] = row.data_offsets;
        self.ranges.push((begin, end, self.entries.len() as u32));
        self.entries.push((key, tensor));
    }

    fn metadata(&mut self, value: serde_json::Value) {
        // MLX writes null where there is none, and the official library takes it.
        if value.is_null() {
            return;
        }
        let serde_json::Value::Object(map) = value else {
            let text = "the metadata is not a JSON object; the official library refuses the file";
            self.note(Severity::Broken, "ST_JSON", text.to_owned());
            return;
        };
        if self.metadata.is_some() {
            self.note(Severity::Broken, "ST_DUPLICATE", "the header holds its metadata twice".to_owned());
        }
        let mut entries = Vec::new();
        for (name, value) in map {
            let text = match value {
                serde_json::Value::String(text) => text,
                other => {
                    let text = format!(
                        "metadata {} is not text; the official library refuses the file",
                        brief(&name)
                    );
                    self.note(Severity::Broken, "ST_JSON", text);
                    other.to_string()
                }
            };
            entries.push((self.tree.add_text(&name), self.tree.add_text(&text)));
        }
        self.metadata = (!entries.is_empty()).then(|| Dict { entries, ..Dict::default() });
    }
}
