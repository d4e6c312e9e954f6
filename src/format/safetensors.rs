//! safetensors: a JSON header and row-major data (formats.md §7).
//!
//! The header is read leniently: what the official library refuses the whole file for becomes a diagnostic,
//! and every tensor is listed. Only what reading needs is enforced: each range lies in the file and has
//! the size of its shape.

mod header;

use std::collections::HashMap;

use crate::checkpoint::module::ScriptTypes;
use crate::checkpoint::{Checkpoint, CheckpointFile, Diagnostic, Format, Parts, Severity};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::{Identity, fingerprint};
use crate::tensor::{DType, Place, Storage, TensorMeta};
use crate::text::shown;
use crate::value::{Dict, Tree, Value};
use header::{Header, Row};

/// Opens a safetensors file.
pub(crate) fn open(file: CheckpointFile, identity: Option<Identity>, limits: &Limits) -> Result<Checkpoint> {
    let len = u64::from_le_bytes(file.source.read_vec(0, 8)?.try_into().unwrap_or_default());
    if len > limits.safetensors_header {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("a header of {len} bytes (the format allows 100,000,000)"),
        ));
    }
    let bytes = file.source.read_vec(8, len)?;
    let header: Header<'_> = serde_json::from_slice(&bytes).map_err(|e| malformed(&e, &bytes))?;
    let mut reader = Reader {
        data: 8 + len,
        size: file.source.len(),
        tree: Tree::default(),
        diagnostics: header.diagnostics(),
        truncated: 0,
    };
    let entries: Vec<(Value, Value)> =
        header.rows.iter().map(|(name, row)| reader.tensor(name, row)).collect();
    reader.check_layout(&header);
    let metadata = header.metadata.iter().map(|(k, v)| (reader.tree.add_text(k), reader.tree.add_text(v)));
    let metadata = Dict { entries: metadata.collect(), ..Dict::default() };
    let Reader { mut tree, diagnostics, .. } = reader;
    let container_metadata = (!metadata.entries.is_empty()).then(|| Value::Dict(tree.add_dict(metadata)));
    let root = tree.add_dict(Dict { entries, ..Dict::default() });
    tree.set_root(Value::Dict(root));
    // Of two tensors of one name the last counts, as in the official library; the header said so above.
    tree.drop_duplicate_keys();
    let fingerprint = fingerprint(&bytes);
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
    Error::new(ErrorKind::Header, format!("malformed safetensors header: {}", shown(text)))
        .at(8 + offset as u64)
}

struct Reader {
    /// Where data starts.
    data: u64,
    size: u64,
    tree: Tree,
    diagnostics: Vec<Diagnostic>,
    truncated: usize,
}

impl Reader {
    fn note(&mut self, severity: Severity, code: &'static str, text: String) {
        if self.diagnostics.len() < 50 {
            self.diagnostics.push(Diagnostic::new(severity, code, text));
        }
    }

    fn tensor(&mut self, name: &str, row: &Row<'_>) -> (Value, Value) {
        let key = self.tree.add_text(name);
        let dtype = DType::from_safetensors(&row.dtype).unwrap_or(DType::Unknown);
        let bad = |reader: &mut Self, what: &str| {
            reader.note(Severity::Broken, "META_OOB", format!("tensor {}: {what}", shown(name)));
        };
        if dtype == DType::Unknown {
            bad(self, &format!("unknown dtype {}", shown(&row.dtype)));
        }
        let [begin, end] = row.data_offsets;
        let Some(nbytes) = end.checked_sub(begin) else {
            bad(self, "its data ends before it begins");
            return (key, self.listed(dtype, &row.shape, None));
        };
        let needed =
            row.shape.iter().try_fold(1_u64, |n, s| n.checked_mul(*s)).and_then(|n| dtype.storage_bytes(n));
        if dtype != DType::Unknown && needed != Some(nbytes) {
            let needed = needed.map_or_else(|| "more than any file has".to_owned(), |n| n.to_string());
            bad(self, &format!("its shape needs {needed} bytes and its range has {nbytes}"));
            return (key, self.listed(dtype, &row.shape, None));
        }
        let offset = self.data.saturating_add(begin);
        let held = nbytes.min(self.size.saturating_sub(offset));
        self.truncated += usize::from(held < nbytes);
        let storage = self.tree.add_storage(Storage {
            key: name.into(),
            dtype,
            location: "cpu".into(),
            nbytes,
            place: Place::Range { file: 0, offset, len: held },
            big_endian: false,
        });
        (key, self.listed(dtype, &row.shape, Some(storage)))
    }

    fn listed(&mut self, dtype: DType, shape: &[u64], storage: Option<crate::tensor::StorageId>) -> Value {
        let mut shape = shape.to_vec();
        // safetensors counts 4-bit elements, torch the bytes that hold two of them.
        if let (DType::Float4E2m1fnX2, Some(last)) = (dtype, shape.last_mut()) {
            *last /= 2;
        }
        let meta = TensorMeta::contiguous(dtype, &shape, storage, 0);
        Value::Tensor(self.tree.add_tensor(meta))
    }

    /// The official rules: ranges tile the data without gaps or overlaps, and the file ends with them.
    fn check_layout(&mut self, header: &Header<'_>) {
        let mut ranges: Vec<(u64, u64, &str)> = header
            .rows
            .iter()
            .map(|(name, row)| (row.data_offsets[0], row.data_offsets[1], &**name))
            .collect();
        ranges.sort_unstable();
        let mut at = 0;
        for (begin, end, name) in ranges {
            if begin != at {
                let what = if begin > at { "a gap lies before" } else { "its bytes overlap those before" };
                let code = if begin > at { "ST_GAP" } else { "ST_OVERLAP" };
                self.note(
                    Severity::Warning,
                    code,
                    format!("tensor {}: {what} it; the official library refuses the file", shown(name)),
                );
            }
            at = at.max(end);
        }
        let end = self.data.saturating_add(at);
        if end > self.size {
            let complete = header.rows.len() - self.truncated;
            let text = format!(
                "the file ends at {} of {end} bytes; {complete} of {} tensors are complete",
                self.size,
                header.rows.len()
            );
            self.note(Severity::Broken, "TRUNCATED", text);
        } else if end < self.size {
            let text = format!(
                "{} bytes follow the last tensor; the official library refuses the file",
                self.size - end
            );
            self.note(Severity::Warning, "ST_TRAILING", text);
        }
    }
}

/// Names in the header that stand for more than one tensor.
fn duplicates<'a>(rows: &'a [(std::borrow::Cow<'_, str>, Row<'_>)]) -> Vec<&'a str> {
    let mut seen: HashMap<&str, u32> = HashMap::with_capacity(rows.len());
    for (name, _) in rows {
        *seen.entry(name).or_insert(0) += 1;
    }
    seen.into_iter().filter(|(_, n)| *n > 1).map(|(name, _)| name).collect()
}
