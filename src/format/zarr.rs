//! zarr of version 2 (formats.md §6.4, §9.4): a folder for an array, with a JSON description and a file for each chunk.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;

use super::npy::Element;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::assembled::{Lazy, Tile, Tiles};
use crate::source::{FileSource, ReadAt};
use crate::text::shown;

/// Bytes of one decoded chunk.
const CHUNK: u64 = 1 << 30;
/// Chunks of one array.
const CHUNKS: u64 = 1_000_000;

/// The file that describes an array.
pub(crate) const DESCRIPTION: &str = ".zarray";

/// An array whose elements lie row-major in `source`; its chunks are opened when they are read.
pub(crate) struct Array {
    pub(crate) element: Element,
    pub(crate) shape: Vec<u64>,
    pub(crate) source: Arc<dyn ReadAt>,
}

/// What `.zarray` says.
struct Zarr {
    element: Element,
    shape: Vec<u64>,
    chunk: Vec<u64>,
    separator: String,
    codec: Codec,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Codec {
    None,
    Zstd,
    Gzip,
    Zlib,
}

/// Opens the array in the folder `name` of `folder`.
///
/// # Errors
/// What is wrong with its name or its description.
pub(crate) fn open(folder: &Path, name: &str, limits: &Limits) -> Result<Array> {
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\\', '\0']) {
        let text = format!("{} is not the name of a folder in this one", shown(name));
        return Err(Error::new(ErrorKind::StorageMissing, text));
    }
    let folder = folder.join(name);
    let described: Json =
        serde_json::from_slice(&description(&folder, limits)?).map_err(|_| malformed("it is not JSON"))?;
    let zarr = Zarr::parse(&described)?;
    let source = zarr.source(&folder)?;
    Ok(Array { element: zarr.element, shape: zarr.shape, source })
}

fn description(folder: &Path, limits: &Limits) -> Result<Vec<u8>> {
    let source = FileSource::open(&folder.join(DESCRIPTION))?;
    let len = source.len();
    if len > limits.json_bytes {
        return Err(Error::new(ErrorKind::Limit, format!("{DESCRIPTION} takes {len} bytes")));
    }
    source.read_vec(0, len)
}

fn malformed(what: &str) -> Error {
    Error::new(ErrorKind::Header, format!("malformed .zarray: {what}"))
}

impl Zarr {
    fn parse(json: &Json) -> Result<Self> {
        let sizes = |name: &str| -> Option<Vec<u64>> {
            json.get(name)?.as_array()?.iter().map(Json::as_u64).collect()
        };
        let element = json.get("dtype").and_then(Json::as_str).and_then(Element::of);
        let element =
            element.filter(|e| e.dtype.bits() > 0).ok_or_else(|| malformed("its dtype is not a number's"))?;
        let (shape, chunk) =
            sizes("shape").zip(sizes("chunks")).ok_or_else(|| malformed("it has no shape"))?;
        if shape.len() != chunk.len() || chunk.contains(&0) {
            return Err(malformed("its chunks have not the dimensions of its shape"));
        }
        let plain = json.get("order").and_then(Json::as_str) == Some("C")
            && json.get("filters").is_none_or(Json::is_null);
        let codec = match json.get("compressor") {
            None | Some(Json::Null) => Some(Codec::None),
            Some(codec) => match codec.get("id").and_then(Json::as_str) {
                Some("zstd") => Some(Codec::Zstd),
                Some("gzip") => Some(Codec::Gzip),
                Some("zlib") => Some(Codec::Zlib),
                _ => None,
            },
        };
        let codec = codec.filter(|_| plain);
        let codec =
            codec.ok_or_else(|| Error::new(ErrorKind::Unsupported, "its compressor or order is not read"))?;
        let separator = json.get("dimension_separator").and_then(Json::as_str).unwrap_or(".");
        if !matches!(separator, "." | "/") {
            return Err(malformed("its separator is neither a dot nor a slash"));
        }
        Ok(Self { element, shape, chunk, separator: separator.to_owned(), codec })
    }

    /// The elements of all chunks as one row-major run.
    fn source(&self, folder: &Path) -> Result<Arc<dyn ReadAt>> {
        let too_large = || Error::new(ErrorKind::Limit, "its chunks are too large, or too many");
        let counts: Vec<u64> =
            self.shape.iter().zip(&self.chunk).map(|(size, chunk)| size.div_ceil(*chunk)).collect();
        let total = counts.iter().try_fold(1_u64, |n, count| n.checked_mul(*count)).filter(|n| *n <= CHUNKS);
        let elements = self.chunk.iter().try_fold(1_u64, |n, size| n.checked_mul(*size));
        let bytes = elements.and_then(|n| n.checked_mul(self.element.size)).filter(|n| *n <= CHUNK);
        let (Some(total), Some(bytes)) = (total, bytes) else { return Err(too_large()) };
        let mut tiles = Vec::new();
        for mut at in 0..total {
            let mut index = vec![0; counts.len()];
            for (slot, count) in index.iter_mut().zip(&counts).rev() {
                *slot = at % count;
                at /= count;
            }
            tiles.push(self.tile(folder, &index, bytes));
        }
        Ok(Arc::new(Tiles::new(&self.shape, self.element.size, tiles)))
    }

    fn tile(&self, folder: &Path, index: &[u64], bytes: u64) -> Tile {
        let name = index.iter().map(u64::to_string).collect::<Vec<_>>().join(&self.separator);
        let path = folder.join(if name.is_empty() { "0" } else { &name });
        let offsets: Vec<u64> = index.iter().zip(&self.chunk).map(|(at, size)| at * size).collect();
        let edge = offsets.iter().zip(&self.chunk).zip(&self.shape);
        // A chunk at the edge is stored in whole; what lies beyond the array counts for nothing.
        let sizes: Vec<u64> = edge.map(|((offset, chunk), size)| (*chunk).min(size - offset)).collect();
        let codec = self.codec;
        let whole: Arc<dyn ReadAt> = Arc::new(Lazy::new(bytes, move || decode(&path, codec, bytes)));
        let source: Arc<dyn ReadAt> = if sizes == self.chunk {
            whole
        } else {
            let width = self.element.size;
            let len = sizes.iter().product::<u64>() * width;
            let (chunk, kept) = (self.chunk.clone(), sizes.clone());
            Arc::new(Lazy::new(len, move || crop(&*whole, &chunk, &kept, width)))
        };
        Tile { offsets, sizes, source }
    }
}

/// The decoded bytes of a chunk; one that is not there holds the fill value, which is 0 for weights.
fn decode(path: &Path, codec: Codec, len: u64) -> Result<Arc<dyn ReadAt>> {
    if !path.exists() {
        return Ok(Arc::new(vec![0; len as usize]));
    }
    let source = FileSource::open(path)?;
    if codec == Codec::None {
        return Ok(Arc::new(source));
    }
    let packed = source.read_vec(0, source.len())?;
    let mut bytes = Vec::new();
    let limit = len.saturating_add(1);
    match codec {
        Codec::Gzip => flate2::read::GzDecoder::new(packed.as_slice()).take(limit).read_to_end(&mut bytes)?,
        Codec::Zlib => {
            flate2::read::ZlibDecoder::new(packed.as_slice()).take(limit).read_to_end(&mut bytes)?
        }
        _ => {
            let frame = ruzstd::decoding::StreamingDecoder::new(packed.as_slice()).map_err(|e| {
                Error::new(ErrorKind::Header, format!("a zstd chunk: {}", shown(&e.to_string())))
            })?;
            frame.take(limit).read_to_end(&mut bytes)?
        }
    };
    Ok(Arc::new(bytes))
}

/// The first `kept` indices along each dimension of a chunk.
fn crop(whole: &dyn ReadAt, chunk: &[u64], kept: &[u64], width: u64) -> Result<Arc<dyn ReadAt>> {
    let (Some(run), Some(row)) = (kept.last(), chunk.last()) else {
        return Ok(Arc::new(whole.read_vec(0, whole.len())?));
    };
    let rows: u64 = kept.iter().rev().skip(1).product();
    let mut bytes = Vec::new();
    for mut at in 0..rows {
        let mut place = 0;
        let mut step = *row;
        for (kept, chunk) in kept.iter().zip(chunk).rev().skip(1) {
            place += at % kept * step;
            at /= kept;
            step *= chunk;
        }
        bytes.extend(whole.read_vec(place * width, run * width)?);
    }
    Ok(Arc::new(bytes))
}
