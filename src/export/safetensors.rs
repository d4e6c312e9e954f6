//! The layout of safetensors files (formats.md §7): header, offsets, shards with their index.
//!
//! Tensors lie in the order the official library gives them, the widest dtypes first and names in order, so
//! that a file written here is byte for byte what it would have written.

use std::path::{Path, PathBuf};

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::error::{Error, ErrorKind, Result};
use crate::sorting::Sort as _;
use crate::tensor::DType;
use crate::text::shown;

/// Largest header the format allows, in bytes.
const HEADER: usize = 100_000_000;

/// A tensor as the header describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Element type.
    pub dtype: DType,
    /// Sizes as torch counts them, outermost first.
    pub shape: Vec<u64>,
}

impl Entry {
    /// Bytes of its elements; `None` on overflow.
    pub fn nbytes(&self) -> Option<u64> {
        let count = self.shape.iter().try_fold(1_u64, |n, size| n.checked_mul(*size))?;
        self.dtype.bytes_for(count)
    }
}

/// One file to be written.
#[derive(Debug)]
pub struct FilePlan {
    /// Where.
    pub path: PathBuf,
    /// Length of the JSON, the JSON, and padding.
    pub head: Vec<u8>,
    /// Index of each tensor in what was given to [`plan`], and the first byte of its elements in the file.
    pub tensors: Vec<(usize, u64)>,
    /// Bytes of the whole file.
    pub len: u64,
}

/// Files to be written, and the index that names them when there are several.
#[derive(Debug)]
pub struct Layout {
    /// One, or the shards.
    pub files: Vec<FilePlan>,
    /// Path and content of `….safetensors.index.json`.
    pub index: Option<(PathBuf, Vec<u8>)>,
}

/// Lays out `entries` in files of at most `shard` bytes of elements each (a larger tensor has one of its own).
///
/// `path` names the one file; shards are called after it: `model-00001-of-00002.safetensors`.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for dtypes the format does not have, [`ErrorKind::Limit`] for a header that
/// would be too long.
pub fn plan(
    entries: &[Entry],
    metadata: &[(String, String)],
    path: &Path,
    shard: Option<u64>,
) -> Result<Layout> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    let key = |at: &usize| entries.get(*at).map(|entry| (std::cmp::Reverse(rank(entry.dtype)), &entry.name));
    order.in_order(|a, b| key(a).cmp(&key(b)));
    let groups = groups(entries, &order, shard)?;
    let count = groups.len();
    let name = |n: usize| if count == 1 { path.to_owned() } else { shard_path(path, n + 1, count) };
    let files = groups.iter().enumerate();
    let files: Vec<FilePlan> =
        files.map(|(n, group)| file(entries, group, metadata, name(n))).collect::<Result<_>>()?;
    let index = (count > 1).then(|| (index_path(path), index(entries, &files)));
    Ok(Layout { files, index })
}

/// The place of a dtype in the official library's list.
fn rank(dtype: DType) -> usize {
    const ORDER: [DType; 22] = [
        DType::Bool,
        DType::Float4E2m1fnX2,
        DType::Float6E2m3,
        DType::Float6E3m2,
        DType::UInt8,
        DType::Int8,
        DType::Float8E5m2,
        DType::Float8E4m3fn,
        DType::Float8E8m0fnu,
        DType::Float8E4m3fnuz,
        DType::Float8E5m2fnuz,
        DType::Int16,
        DType::UInt16,
        DType::Float16,
        DType::BFloat16,
        DType::Int32,
        DType::UInt32,
        DType::Float32,
        DType::Complex64,
        DType::Float64,
        DType::Int64,
        DType::UInt64,
    ];
    ORDER.iter().position(|d| *d == dtype).unwrap_or(0)
}

fn groups(entries: &[Entry], order: &[usize], shard: Option<u64>) -> Result<Vec<Vec<usize>>> {
    let mut groups = vec![Vec::new()];
    let mut held = 0_u64;
    for at in order {
        let Some(entry) = entries.get(*at) else { continue };
        let bytes = entry.nbytes().ok_or_else(|| {
            Error::new(ErrorKind::Limit, format!("tensor {} is too large for any file", shown(&entry.name)))
        })?;
        let full = shard.is_some_and(|most| held.saturating_add(bytes) > most);
        match groups.last_mut() {
            Some(group) if !full || group.is_empty() => group.push(*at),
            _ => {
                groups.push(vec![*at]);
                held = 0;
            }
        }
        held = held.saturating_add(bytes);
    }
    Ok(groups)
}

fn file(
    entries: &[Entry],
    group: &[usize],
    metadata: &[(String, String)],
    path: PathBuf,
) -> Result<FilePlan> {
    let (mut rows, mut end) = (Vec::with_capacity(group.len()), 0_u64);
    for entry in group.iter().filter_map(|at| entries.get(*at)) {
        let dtype = entry.dtype.safetensors_name().ok_or_else(|| {
            let text = format!("tensor {}: safetensors has no dtype for {}", shown(&entry.name), entry.dtype);
            Error::new(ErrorKind::Unsupported, text)
        })?;
        let start = end;
        end = entry.nbytes().and_then(|bytes| start.checked_add(bytes)).unwrap_or(u64::MAX);
        rows.push(Row { name: &entry.name, dtype, shape: logical(entry), offsets: [start, end] });
    }
    let json = serde_json::to_vec(&Header { metadata, rows: &rows }).unwrap_or_default();
    let padded = json.len().next_multiple_of(8);
    if padded > HEADER {
        let text = format!("a header of {padded} bytes, and the format allows {HEADER}");
        return Err(Error::new(ErrorKind::Limit, text).advise("write shards (--shard-size)"));
    }
    let mut head = (padded as u64).to_le_bytes().to_vec();
    head.extend(json);
    head.resize(8 + padded, b' ');
    let first = head.len() as u64;
    let tensors = group.iter().zip(&rows).map(|(at, row)| {
        let [start, _] = row.offsets;
        (*at, first + start)
    });
    let tensors = tensors.collect();
    Ok(FilePlan { path, tensors, len: first.saturating_add(end), head })
}

/// safetensors counts 4-bit elements, torch the bytes that hold two of them.
fn logical(entry: &Entry) -> Vec<u64> {
    let mut shape = entry.shape.clone();
    if let (DType::Float4E2m1fnX2, Some(last)) = (entry.dtype, shape.last_mut()) {
        *last *= 2;
    }
    shape
}

struct Row<'a> {
    name: &'a str,
    dtype: &'static str,
    shape: Vec<u64>,
    offsets: [u64; 2],
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("dtype", self.dtype)?;
        map.serialize_entry("shape", &self.shape)?;
        map.serialize_entry("data_offsets", &self.offsets)?;
        map.end()
    }
}

struct Header<'a> {
    metadata: &'a [(String, String)],
    rows: &'a [Row<'a>],
}

impl Serialize for Header<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        struct Pairs<'a>(&'a [(String, String)]);
        impl Serialize for Pairs<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
            }
        }
        let mut map = serializer.serialize_map(None)?;
        if !self.metadata.is_empty() {
            map.serialize_entry("__metadata__", &Pairs(self.metadata))?;
        }
        for row in self.rows {
            map.serialize_entry(row.name, row)?;
        }
        map.end()
    }
}

fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(".safetensors").unwrap_or(&name).to_owned()
}

fn shard_path(path: &Path, n: usize, count: usize) -> PathBuf {
    path.with_file_name(format!("{}-{n:05}-of-{count:05}.safetensors", stem(path)))
}

/// The index beside shards: `model.safetensors.index.json`.
pub fn index_path(path: &Path) -> PathBuf {
    path.with_file_name(format!("{}.safetensors.index.json", stem(path)))
}

/// The index of Hugging Face: which file each tensor is in, and the bytes of all.
fn index(entries: &[Entry], files: &[FilePlan]) -> Vec<u8> {
    let mut map = serde_json::Map::new();
    let mut total = 0_u64;
    for file in files {
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        for entry in file.tensors.iter().filter_map(|(at, _)| entries.get(*at)) {
            total = total.saturating_add(entry.nbytes().unwrap_or(0));
            map.insert(entry.name.clone(), serde_json::Value::from(name.as_ref()));
        }
    }
    map.sort_keys();
    let index = serde_json::json!({ "metadata": { "total_size": total }, "weight_map": map });
    let mut bytes = serde_json::to_vec_pretty(&index).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, dtype: DType, shape: &[u64]) -> Entry {
        Entry { name: name.to_owned(), dtype, shape: shape.to_vec() }
    }

    #[test]
    fn the_file_is_what_the_official_library_writes() {
        let entries = [
            entry("b", DType::Float32, &[2, 3]),
            entry("a\n\"x", DType::Float32, &[1]),
            entry("n", DType::Int64, &[]),
            entry("half", DType::BFloat16, &[3]),
            entry("empty", DType::Float64, &[0, 4]),
        ];
        let metadata = [("format".to_owned(), "pt".to_owned())];
        let layout = plan(&entries, &metadata, Path::new("model.safetensors"), None).unwrap();
        let [file] = layout.files.as_slice() else { panic!("one file") };
        let data: Vec<u8> = (0..64).collect();
        let views = entries.iter().map(|e| {
            let dtype = match e.dtype {
                DType::Float32 => safetensors::Dtype::F32,
                DType::Int64 => safetensors::Dtype::I64,
                DType::BFloat16 => safetensors::Dtype::BF16,
                _ => safetensors::Dtype::F64,
            };
            let shape = e.shape.iter().map(|n| *n as usize).collect();
            let bytes = &data[..e.nbytes().unwrap() as usize];
            (e.name.clone(), safetensors::tensor::TensorView::new(dtype, shape, bytes).unwrap())
        });
        let want = safetensors::serialize(views, Some(metadata.into_iter().collect())).unwrap();
        let mut got = file.head.clone();
        for (at, offset) in &file.tensors {
            assert_eq!(*offset, got.len() as u64);
            got.extend(&data[..entries[*at].nbytes().unwrap() as usize]);
        }
        assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(&want));
        assert_eq!(file.len, want.len() as u64);
    }

    #[test]
    fn shards_are_named_and_indexed_as_those_of_hugging_face() {
        let entries: Vec<Entry> = (0..5).map(|n| entry(&format!("w{n}"), DType::Float32, &[10])).collect();
        let layout = plan(&entries, &[], Path::new("out/model.safetensors"), Some(90)).unwrap();
        let names: Vec<_> = layout.files.iter().map(|f| f.path.display().to_string()).collect();
        assert_eq!(names[2], "out/model-00003-of-00003.safetensors");
        assert_eq!(layout.files.iter().map(|f| f.tensors.len()).collect::<Vec<_>>(), [2, 2, 1]);
        let (path, index) = layout.index.unwrap();
        assert_eq!(path, Path::new("out/model.safetensors.index.json"));
        let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
        assert_eq!(index["metadata"]["total_size"], 200);
        assert_eq!(index["weight_map"]["w4"], "model-00003-of-00003.safetensors");
    }

    #[test]
    fn a_tensor_larger_than_a_shard_has_its_own() {
        let entries = [
            entry("a", DType::UInt8, &[5]),
            entry("b", DType::UInt8, &[500]),
            entry("c", DType::UInt8, &[5]),
        ];
        let layout = plan(&entries, &[], Path::new("m.safetensors"), Some(100)).unwrap();
        assert_eq!(layout.files.len(), 3);
    }

    #[test]
    fn a_dtype_the_format_lacks_is_an_error() {
        let entries = [entry("z", DType::Complex128, &[1])];
        let error = plan(&entries, &[], Path::new("m.safetensors"), None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}
