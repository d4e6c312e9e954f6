//! TensorFlow checkpoints: `<prefix>.index` names the variables, `<prefix>.data-00000-of-00001` … hold them
//! (formats.md §9.3). The variables of a `SavedModel` are one too.

mod bundle;
mod graph;
mod table;

use std::collections::HashMap;
use std::sync::Arc;

use super::listing::{Described, Listing};
use super::nest::Nest;
use crate::checkpoint::{Checkpoint, CheckpointFile, Format, Severity};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::{FileSource, Identity, RangeSource, ReadAt, fingerprint};
use crate::tensor::{DType, Place};
use crate::text::{shown, shown_path};
use crate::value::Value;
use bundle::{Entry, Header};

/// Data files opened.
const SHARDS: u64 = 1_000;
/// What TensorFlow 2 puts behind the path of each variable.
const SUFFIX: &str = "/.ATTRIBUTES/VARIABLE_VALUE";
/// The variable that holds the graph of objects.
const GRAPH: &str = "_CHECKPOINTABLE_OBJECT_GRAPH";
/// Bytes of that graph read.
const GRAPH_BYTES: u64 = 64 << 20;

/// True for the index of a checkpoint, which its last bytes tell.
pub(super) fn is_index(source: &dyn ReadAt) -> bool {
    table::is_table(source)
}

/// Opens an index; its data files lie beside it.
pub(crate) fn open(file: CheckpointFile, identity: Option<Identity>, limits: &Limits) -> Result<Checkpoint> {
    let mut listing = Listing::new(file, limits);
    let source = listing.source();
    let rows = table::read(&*source)?;
    let header = rows.iter().find(|(key, _)| key.is_empty()).map(|(_, value)| bundle::header(value));
    let missing = || Error::new(ErrorKind::Header, "the index has no header entry; it is no checkpoint's");
    let header = header.ok_or_else(missing)??;
    let mut reader = Reader { listing: &mut listing, header, shards: HashMap::new() };
    let mut nest = Nest::default();
    let mut names = HashMap::new();
    for (key, value) in &rows {
        let name = String::from_utf8_lossy(key);
        let entry = match bundle::entry(value) {
            Ok(entry) => entry,
            Err(e) => {
                let text = format!("the entry of {} is malformed: {}", shown(&name), e.reason());
                reader.listing.note(Severity::Broken, "HEADER", text);
                continue;
            }
        };
        if name == GRAPH {
            names = reader.graph(&entry);
        } else if !name.is_empty() {
            let name = name.strip_suffix(SUFFIX).unwrap_or(&name);
            let value = reader.variable(name, &entry);
            nest.insert(name, value);
        }
    }
    let mark = rows.iter().fold(0_u64, |mark, (key, value)| {
        mark.rotate_left(5) ^ fingerprint(key) ^ fingerprint(value).rotate_left(1)
    });
    let root = nest.build(&mut listing);
    metadata(&mut listing, &names);
    Ok(listing.finish(root, Format::TfCheckpoint, identity, mark))
}

/// The names variables have in the program, where they differ from their place among the objects.
fn metadata(listing: &mut Listing<'_>, names: &HashMap<String, String>) {
    let mut names: Vec<_> = names.iter().collect();
    names.sort_unstable();
    let named = names.into_iter().map(|(key, name)| {
        let key = key.strip_suffix(SUFFIX).unwrap_or(key).replace('/', ".");
        (key.into(), listing.tree.add_text(name))
    });
    let named: Vec<_> = named.collect();
    if !named.is_empty() {
        let names = listing.dict(named);
        listing.metadata = Some(listing.dict([("variable_names".into(), names)]));
    }
}

struct Reader<'a, 'l> {
    listing: &'a mut Listing<'l>,
    header: Header,
    /// Numbers of the data files opened; `None` for one that is not there.
    shards: HashMap<u64, Option<u32>>,
}

impl Reader<'_, '_> {
    fn variable(&mut self, name: &str, entry: &Entry) -> Value {
        let dtype = dtype(entry.dtype);
        let place = match self.shard(entry.shard) {
            _ if entry.sliced => {
                let text =
                    format!("variable {} is saved in slices, which are not put together here", shown(name));
                self.listing.note(Severity::Warning, "TF_SLICES", text);
                Place::Missing
            }
            Some(file) => Place::Range { file, offset: entry.offset, len: entry.len },
            None => Place::Missing,
        };
        let described = Described {
            big_endian: self.header.big_endian,
            ..Described::new(name, dtype, &entry.shape, place)
        };
        self.listing.tensor(&described)
    }

    /// The number of the data file `shard`, opened on first use.
    fn shard(&mut self, shard: u64) -> Option<u32> {
        if let Some(known) = self.shards.get(&shard) {
            return *known;
        }
        let opened = self.open_shard(shard);
        self.shards.insert(shard, opened);
        opened
    }

    fn open_shard(&mut self, shard: u64) -> Option<u32> {
        let shards = self.header.shards;
        if shard >= shards.min(SHARDS) {
            let text = format!("a variable names data file {shard} of {shards}");
            self.listing.note(Severity::Broken, "META_OOB", text);
            return None;
        }
        let index = self.listing.files.first()?.path.clone();
        let name = index.file_stem()?.to_str()?;
        let path = index.with_file_name(format!("{name}.data-{shard:05}-of-{shards:05}"));
        match FileSource::open(&path) {
            Ok(source) => {
                self.listing.files.push(CheckpointFile { path, source: Arc::new(source) });
                Some((self.listing.files.len() - 1) as u32)
            }
            Err(e) => {
                let text = format!("the data file {} cannot be read: {}", shown_path(&path), e.reason());
                self.listing.note(Severity::Broken, "MISSING_STORAGE", text);
                None
            }
        }
    }

    /// Names of variables in the program, by their keys.
    fn graph(&mut self, entry: &Entry) -> HashMap<String, String> {
        let Some(file) = self.shard(entry.shard).and_then(|file| self.listing.files.get(file as usize))
        else {
            return HashMap::new();
        };
        let text = RangeSource::new(file.source.clone(), entry.offset, entry.len.min(GRAPH_BYTES));
        graph::names(&text).unwrap_or_default()
    }
}

/// TensorFlow's number of a dtype.
fn dtype(number: u64) -> DType {
    match number {
        1 => DType::Float32,
        2 => DType::Float64,
        3 => DType::Int32,
        4 => DType::UInt8,
        5 => DType::Int16,
        6 => DType::Int8,
        7 => DType::Text,
        8 => DType::Complex64,
        9 => DType::Int64,
        10 => DType::Bool,
        11 => DType::QInt8,
        12 => DType::QUInt8,
        13 => DType::QInt32,
        14 => DType::BFloat16,
        17 => DType::UInt16,
        18 => DType::Complex128,
        19 => DType::Float16,
        22 => DType::UInt32,
        23 => DType::UInt64,
        24 => DType::Float8E5m2,
        25 => DType::Float8E4m3fn,
        _ => DType::Unknown,
    }
}
