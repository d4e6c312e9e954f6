//! `torch.export` archives (`.pt2`): raw weights beside a JSON record of each (formats.md §5.5).

use std::borrow::Cow;
use std::collections::HashMap;

use crate::checkpoint::{Checkpoint, CheckpointFile, Format, Severity};
use crate::format::listing::{Described, Listing};
use crate::format::nested;
use crate::format::zip::{Archive, Entry};
use crate::limits::Limits;
use crate::source::Identity;
use crate::tensor::{DType, Place, StorageId};
use crate::text::shown;
use crate::value::Value;
use serde_json::Value as Json;

/// Bytes of a JSON record.
const RECORD: u64 = 100_000_000;
/// How torch up to 2.7 named the saved states.
const OLD_STATES: [&str; 2] = ["serialized_state_dict", "serialized_constants"];

/// Opens an archive whose members lie in the folder `root`.
pub(crate) fn open(
    file: CheckpointFile,
    identity: Option<Identity>,
    mut archive: Archive,
    root: &str,
    limits: &Limits,
) -> Checkpoint {
    let mut listing = Listing::new(file, limits);
    listing.note_all(std::mem::take(&mut archive.diagnostics));
    let mut reader = Reader {
        listing,
        archive: &archive,
        entries: Vec::new(),
        storages: HashMap::new(),
        big_endian: false,
    };
    reader.big_endian = reader.text(&format!("{root}byteorder")).is_some_and(|t| t.trim_ascii() == b"big");
    for folder in ["weights", "constants"] {
        let prefix = format!("{root}data/{folder}/");
        let configs = archive.entries().iter().filter(|e| {
            let name = archive.name(e);
            name.starts_with(prefix.as_bytes()) && name.ends_with(b"_config.json")
        });
        for config in configs {
            reader.config(&prefix, config);
        }
    }
    for entry in archive.entries() {
        let name = String::from_utf8_lossy(archive.name(entry)).into_owned();
        let stem = name.rsplit('/').next().unwrap_or(&name);
        if OLD_STATES.iter().any(|old| stem.strip_prefix(old).is_some_and(|rest| rest.starts_with('.'))) {
            reader.pickled(stem.split('.').next().unwrap_or(stem), entry);
        }
    }
    let version = reader.text(&format!("{root}archive_version"));
    let Reader { mut listing, entries, .. } = reader;
    if let Some(version) = version {
        let version = listing.tree.add_text(String::from_utf8_lossy(&version).trim());
        listing.metadata = Some(listing.dict([("archive_version".into(), version)]));
    }
    let root = match entries.as_slice() {
        // A state saved whole is the object.
        [(name, value @ Value::Dict(_))] if OLD_STATES.contains(&&**name) => *value,
        _ => listing.dict(entries),
    };
    listing.finish(root, Format::TorchExport, identity, archive.fingerprint())
}

struct Reader<'a, 'l> {
    listing: Listing<'l>,
    archive: &'a Archive,
    entries: Vec<(Cow<'static, str>, Value)>,
    /// Storages by the member they are: several names may share one.
    storages: HashMap<String, StorageId>,
    big_endian: bool,
}

impl Reader<'_, '_> {
    fn text(&self, name: &str) -> Option<Vec<u8>> {
        let entry = self.archive.find(name.as_bytes())?;
        self.archive.read_member(&*self.listing.source(), entry, 4_096).ok()
    }

    fn broken(&mut self, name: &str, what: &str) {
        self.listing.note(Severity::Broken, "META_OOB", format!("tensor {}: {what}", shown(name)));
    }

    /// `{"config": {name: {"path_name", "use_pickle", "tensor_meta"}}}`
    fn config(&mut self, prefix: &str, entry: &Entry) {
        let source = self.listing.source();
        let parsed = self.archive.read_member(&*source, entry, RECORD).map_err(|e| e.reason());
        let parsed =
            parsed.and_then(|bytes| serde_json::from_slice::<Json>(&bytes).map_err(|e| e.to_string()));
        let parsed = match parsed {
            Ok(parsed) => parsed,
            Err(reason) => {
                let text = format!("the record of the weights cannot be read: {}", shown(&reason));
                self.listing.note(Severity::Broken, "HEADER", text);
                return;
            }
        };
        for (name, row) in parsed.get("config").and_then(Json::as_object).into_iter().flatten() {
            let path = row.get("path_name").and_then(Json::as_str).unwrap_or_default();
            let member = format!("{prefix}{path}");
            let archive = self.archive;
            let Some(entry) = archive.find(member.as_bytes()) else {
                self.broken(name, "its bytes are not in the archive");
                continue;
            };
            if row.get("use_pickle").and_then(Json::as_bool) == Some(true) {
                self.pickled(name, entry);
            } else {
                self.raw(name, &member, entry, row.get("tensor_meta").unwrap_or(&Json::Null));
            }
        }
    }

    /// Something saved with `torch.save`.
    fn pickled(&mut self, name: &str, entry: &Entry) {
        match nested::member(&mut self.listing, self.archive, entry) {
            Ok((value, _)) => self.entries.push((Cow::Owned(name.to_owned()), value)),
            Err(e) => {
                let text = format!("{} cannot be read: {}", shown(name), e.reason());
                self.listing.note(Severity::Broken, "NESTED", text);
            }
        }
    }

    fn raw(&mut self, name: &str, member: &str, entry: &Entry, meta: &Json) {
        const STRIDED: u64 = 7;
        let dtype = dtype(meta.get("dtype").and_then(Json::as_u64).unwrap_or(0));
        let (Some(shape), Some(stride)) = (sizes(meta.get("sizes")), sizes(meta.get("strides"))) else {
            self.broken(name, "its sizes are not numbers");
            return;
        };
        if meta.get("layout").and_then(Json::as_u64) != Some(STRIDED) || stride.len() != shape.len() {
            self.broken(name, "it is not a strided tensor");
            return;
        }
        let (header, stored, len) = (entry.header, entry.stored, entry.len);
        let described = Described {
            stride: Some(stride),
            storage: self.storages.get(member).copied(),
            skip: meta.get("storage_offset").and_then(int).unwrap_or(0),
            big_endian: self.big_endian,
            ..Described::new(
                name,
                dtype,
                &shape,
                Place::ZipMember { file: 0, header, stored, len, deflated: entry.is_deflated() },
            )
        };
        let value = self.listing.tensor(&described);
        let added = match value {
            Value::Tensor(id) => self.listing.tree.tensor_mut(id),
            _ => None,
        };
        if let Some(tensor) = added {
            tensor.requires_grad = meta.get("requires_grad").and_then(Json::as_bool);
            if let Some(storage) = tensor.storage {
                self.storages.entry(member.to_owned()).or_insert(storage);
            }
        }
        self.entries.push((Cow::Owned(name.to_owned()), value));
    }
}

/// `{"as_int": n}`
fn int(json: &Json) -> Option<u64> {
    json.get("as_int")?.as_u64()
}

fn sizes(list: Option<&Json>) -> Option<Vec<u64>> {
    list?.as_array()?.iter().map(int).collect()
}

/// The number of a dtype in torch's export schema.
fn dtype(number: u64) -> DType {
    match number {
        1 => DType::UInt8,
        2 => DType::Int8,
        3 => DType::Int16,
        4 => DType::Int32,
        5 => DType::Int64,
        6 => DType::Float16,
        7 => DType::Float32,
        8 => DType::Float64,
        9 => DType::Complex32,
        10 => DType::Complex64,
        11 => DType::Complex128,
        12 => DType::Bool,
        13 => DType::BFloat16,
        28 => DType::UInt16,
        29 => DType::Float8E4m3fn,
        30 => DType::Float8E5m2,
        31 => DType::Float8E4m3fnuz,
        32 => DType::Float8E5m2fnuz,
        33 => DType::Float8E8m0fnu,
        34 => DType::UInt32,
        35 => DType::UInt64,
        _ => DType::Unknown,
    }
}
