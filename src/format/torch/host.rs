//! What a pickle of torch may refer to: storages by persistent id, and the calls that rebuild tensors.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::checkpoint::{Diagnostic, Severity};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::tensor::{DType, Place, Storage, StorageId};
use crate::text::shown;
use crate::value::{Tree, Value};

/// Findings kept; the rest are counted.
const KEPT: usize = 50;
/// Longest name of a device, tag or number, in bytes.
const LABEL: usize = 4_096;
/// Longest key of a storage, in bytes: it names a member of an archive.
const KEY: usize = 65_535;
/// Parts of a persistent id, at most.
const PARTS: usize = 16;
/// Sources of classes kept, and their bytes.
const SOURCES: usize = 1_000;
const SOURCE_BYTES: usize = 16 << 20;

/// Finds the bytes of a storage by its key.
pub(super) trait Storages {
    /// Place of the storage `key`.
    fn place(&mut self, key: &str) -> Place;
}

/// Storages whose places are only known once the pickle has been read (legacy stream, tar).
pub(super) struct Later;

impl Storages for Later {
    fn place(&mut self, _: &str) -> Place {
        Place::Missing
    }
}

/// The host of all torch pickles.
pub(super) struct TorchHost<'a> {
    storages: &'a mut dyn Storages,
    pub(super) limits: &'a Limits,
    pub(super) big_endian: bool,
    /// Storages by key.
    known: HashMap<Box<str>, StorageId>,
    /// Those whose class or size is another than at the first mention of their key.
    odd: HashMap<(Box<str>, DType, u64), StorageId>,
    /// The last device name met; nearly all storages of a file share one.
    location: Arc<str>,
    /// Tensors of the tar format, which its main pickle names by number.
    pub(super) numbered: HashMap<i64, Value>,
    /// Views of the legacy stream: (storage, root key, first byte in the root).
    pub(super) views: Vec<(StorageId, Box<str>, u64)>,
    /// Source of classes, from the persistent ids of legacy whole modules.
    pub(super) sources: Vec<(String, String)>,
    source_bytes: usize,
    pub(super) diagnostics: Vec<Diagnostic>,
    dropped: usize,
    /// Streams inside streams, open at the moment.
    pub(super) nesting: usize,
}

impl<'a> TorchHost<'a> {
    pub(super) fn new(storages: &'a mut dyn Storages, big_endian: bool, limits: &'a Limits) -> Self {
        Self {
            storages,
            limits,
            big_endian,
            known: HashMap::new(),
            odd: HashMap::new(),
            location: Arc::from("cpu"),
            numbered: HashMap::new(),
            views: Vec::new(),
            sources: Vec::new(),
            source_bytes: 0,
            diagnostics: Vec::new(),
            dropped: 0,
            nesting: 0,
        }
    }

    /// What was found worth saying, and class sources.
    pub(super) fn finish(self) -> (Vec<Diagnostic>, Vec<(String, String)>) {
        let mut diagnostics = self.diagnostics;
        if self.dropped > 0 {
            let text = format!("{} more findings like these", self.dropped);
            diagnostics.push(Diagnostic::new(Severity::Warning, "MORE", text));
        }
        (diagnostics, self.sources)
    }

    /// Adds a finding.
    pub(super) fn note(&mut self, severity: Severity, code: &'static str, message: impl Into<String>) {
        if self.diagnostics.len() < KEPT {
            self.diagnostics.push(Diagnostic::new(severity, code, message));
        } else {
            self.dropped += 1;
        }
    }

    /// The storage `key` of `numel` elements of `dtype`, added on first use.
    pub(super) fn storage(
        &mut self,
        tree: &mut Tree,
        key: &str,
        dtype: DType,
        location: &str,
        numel: u64,
    ) -> StorageId {
        // Quantised sub-byte storages count bytes, like untyped ones.
        let width = u64::from(dtype.bits() / 8).max(1);
        let nbytes = numel.saturating_mul(width);
        let is_same =
            |id: StorageId| tree.storage(id).is_some_and(|s| s.dtype == dtype && s.nbytes == nbytes);
        let first = self.known.get(key).copied();
        if let Some(id) = first.filter(|id| is_same(*id)) {
            return id;
        }
        let odd = first.map(|_| (Box::from(key), dtype, nbytes));
        if let Some(id) = odd.as_ref().and_then(|odd| self.odd.get(odd)) {
            return *id;
        }
        if *self.location != *location {
            self.location = Arc::from(location);
        }
        let place = if location == "meta" { Place::NotStored } else { self.storages.place(key) };
        let location = self.location.clone();
        let id = tree.add_storage(Storage {
            key: Box::from(key),
            dtype,
            location,
            nbytes,
            place,
            big_endian: self.big_endian,
        });
        match odd {
            None => self.known.insert(Box::from(key), id),
            Some(odd) => self.odd.insert(odd, id),
        };
        id
    }

    fn storage_id(&mut self, tree: &mut Tree, parts: &[Value]) -> Result<Value> {
        let &[class, key, location, numel, ref rest @ ..] = parts else { return Err(malformed()) };
        let Some(dtype) = storage_dtype(tree, class) else {
            let (code, text) = match class {
                Value::Global(id) => {
                    let name = tree.global(id).map(crate::value::Global::path).unwrap_or_default();
                    ("DTYPE", format!("{} is no storage class", shown(&name)))
                }
                _ => ("META_TYPE", "the class of a storage is not a class".to_owned()),
            };
            return Err(Error::new(ErrorKind::Pickle, text).coded(code));
        };
        let key = match key {
            // torch.package numbers its storages.
            Value::Int(n) => n.to_string(),
            other => short_text(tree, other, KEY).ok_or_else(malformed)?.into_owned(),
        };
        // A label only; what is not text is no device.
        let location = short_text(tree, location, LABEL).map_or_else(|| "cpu".to_owned(), Cow::into_owned);
        let numel = elements(tree, numel)?;
        let view = rest.first().map(|v| tree.items(*v)).filter(|v| v.len() <= 3);
        let view = view.unwrap_or_default().to_vec();
        match *view.as_slice() {
            // A view of another storage, as torch up to 0.3 saved it: key, offset and size in elements.
            [view_key, offset, size] => {
                let view_key = short_text(tree, view_key, KEY).ok_or_else(malformed)?.into_owned();
                let (offset, size) = (elements(tree, offset)?, elements(tree, size)?);
                let first = offset.checked_mul(u64::from(dtype.bits() / 8)).ok_or_else(malformed)?;
                self.storage(tree, &key, dtype, &location, numel);
                let id = self.storage(tree, &format!("{key}/{view_key}"), dtype, &location, size);
                self.views.push((id, key.into(), first));
                Ok(Value::Storage(id))
            }
            _ => Ok(Value::Storage(self.storage(tree, &key, dtype, &location, numel))),
        }
    }

    /// `("module", class, source file, source text)`: the class; its source is kept to be shown.
    fn module_id(&mut self, tree: &Tree, parts: &[Value]) -> Option<Value> {
        let class = *parts.first()?;
        let longest = usize::try_from(self.limits.text_record).unwrap_or(usize::MAX);
        if self.sources.len() >= SOURCES || self.source_bytes >= SOURCE_BYTES {
            return Some(class);
        }
        if let (Value::Global(id), Some(source)) =
            (class, parts.get(2).and_then(|v| short_text(tree, *v, longest)))
        {
            let name = tree.global(id).map(crate::value::Global::path).unwrap_or_default();
            self.source_bytes += source.len();
            self.sources.push((name, source.into_owned()));
        }
        Some(class)
    }

    /// The value a persistent id stands for.
    pub(super) fn identified(&mut self, tree: &mut Tree, id: Value) -> Result<Value> {
        if !matches!(id, Value::Tuple { .. }) {
            let number = short_text(tree, id, LABEL).and_then(|t| t.parse().ok()).or_else(|| tree.as_int(id));
            let named = number.and_then(|n| self.numbered.get(&n).copied());
            return Ok(named.unwrap_or(id));
        }
        let parts = tree.items(id);
        if parts.len() > PARTS {
            return Err(malformed());
        }
        let parts = parts.to_vec();
        let Some((tag, rest)) = parts.split_first() else { return Err(malformed()) };
        match short_text(tree, *tag, LABEL).as_deref() {
            Some("storage") => Ok(match self.storage_id(tree, rest) {
                Ok(storage) => storage,
                // One bad storage does not hide the others.
                Err(error) => {
                    self.note(
                        Severity::Broken,
                        error.code(),
                        format!("a storage cannot be found: {}", error.reason()),
                    );
                    id
                }
            }),
            Some("module") => self.module_id(tree, rest).ok_or_else(malformed),
            // A bare (class, file, source): the tar format.
            None if matches!(tag, Value::Global(_)) => self.module_id(tree, &parts).ok_or_else(malformed),
            _ => Ok(id),
        }
    }
}

/// Text of at most `longest` bytes: what is longer is no label, and may be named a million times.
fn short_text(tree: &Tree, value: Value, longest: usize) -> Option<Cow<'_, str>> {
    match value {
        Value::Text(span) if span.len as usize > longest => None,
        _ => tree.as_text(value),
    }
}

fn malformed() -> Error {
    Error::new(ErrorKind::Pickle, "a persistent id of an unknown form").coded("PICKLE_PERSID")
}

/// A count of elements in a persistent id.
fn elements(tree: &Tree, value: Value) -> Result<u64> {
    let fault = |code, text: &str| Err(Error::new(ErrorKind::Pickle, text).coded(code));
    match (value, tree.as_int(value)) {
        (_, Some(n)) => match u64::try_from(n) {
            Ok(n) => Ok(n),
            Err(_) => fault("STORAGE_SIZE", "a storage of a negative number of elements"),
        },
        (Value::BigInt(_), _) => fault("STORAGE_SIZE", "a storage of more elements than any file holds"),
        _ => fault("META_TYPE", "the size of a storage is not a number"),
    }
}

/// Element type of a storage class, given as a global (`torch.FloatStorage`).
pub(super) fn storage_dtype(tree: &Tree, class: Value) -> Option<DType> {
    let Value::Global(id) = class else { return None };
    let name = &tree.global(id)?.name;
    DType::from_storage_class(name.rsplit('.').next().unwrap_or(name))
}
