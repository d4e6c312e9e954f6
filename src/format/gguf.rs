//! GGUF: one header of metadata and tensor infos, then the data (formats.md §8). Versions 1 to 3, both byte
//! orders.

mod metadata;
mod split;
mod wire;

use std::borrow::Cow;

use super::listing::{Described, Listing};
use crate::checkpoint::{Checkpoint, CheckpointFile, Format, Severity};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::{Identity, fingerprint};
use crate::tensor::{DType, Ggml, Place};
use crate::text::shown;
use metadata::Metadata;
use wire::Wire;

/// Most dimensions of a tensor (ggml's own bound).
const DIMENSIONS: u32 = 4;
/// Most bytes of header that go into the fingerprint.
const PRINTED: u64 = 1 << 20;

/// A tensor info as it stands in the file.
struct Info {
    name: String,
    /// Fastest first, as ggml counts.
    sizes: Vec<u64>,
    kind: u32,
    offset: u64,
}

/// Opens a GGUF file.
pub(crate) fn open(file: CheckpointFile, identity: Option<Identity>, limits: &Limits) -> Result<Checkpoint> {
    let mut listing = Listing::new(file, limits);
    let source = listing.source();
    let mut wire = Wire::open(&*source)?;
    let tensors = wire.count()?;
    let pairs = wire.count()?;
    let too_many = |what: &str, n: u64| {
        Error::new(ErrorKind::Header, format!("{n} {what}: more than the file holds")).coded("GGUF_COUNT")
    };
    // The shortest of each: an empty name, a type, one byte; an empty name, no sizes, a type, an offset.
    if pairs > wire.left() / 9 || pairs > limits.gguf_pairs {
        return Err(too_many("metadata entries", pairs));
    }
    if tensors > wire.left() / 20 || tensors > limits.gguf_tensors {
        return Err(too_many("tensors", tensors));
    }
    let metadata = Metadata::read(&mut wire, pairs, &mut listing)?;
    let infos = (0..tensors).map(|_| info(&mut wire, &mut listing)).collect::<Result<Vec<_>>>()?;
    let start = wire.at().next_multiple_of(metadata.alignment);
    let mut entries = Vec::with_capacity(infos.len());
    for info in &infos {
        let value = tensor(&mut listing, info, start, metadata.alignment, wire.big_endian());
        entries.push((Cow::Borrowed(info.name.as_str()), value));
    }
    overlaps(&mut listing, &infos);
    split::note(&mut listing, metadata.split, tensors);
    let head = source.read_vec(0, wire.at().min(PRINTED))?;
    let root = listing.dict(entries);
    // A million of them take as much room as the walk that comes now.
    drop(infos);
    listing.metadata = metadata.value;
    Ok(listing.finish(root, Format::Gguf, identity, fingerprint(&head)))
}

fn info(wire: &mut Wire<'_>, listing: &mut Listing<'_>) -> Result<Info> {
    let name = wire.text()?;
    let name = String::from_utf8(name).unwrap_or_else(|e| {
        let name = String::from_utf8_lossy(e.as_bytes()).into_owned();
        listing.note(
            Severity::Broken,
            "GGUF_UTF8",
            format!("the name of tensor {} is not UTF-8", shown(&name)),
        );
        name
    });
    let at = wire.at();
    let dimensions = wire.u32()?;
    if dimensions > DIMENSIONS {
        let text = format!("tensor {} has {dimensions} dimensions (ggml allows {DIMENSIONS})", shown(&name));
        return Err(Error::new(ErrorKind::Header, text).coded("NDIM").at(at));
    }
    let sizes = (0..dimensions).map(|_| wire.count()).collect::<Result<_>>()?;
    Ok(Info { name, sizes, kind: wire.u32()?, offset: wire.u64()? })
}

/// Element type of the number a file has for it.
fn dtype(kind: u32) -> Option<DType> {
    Some(match kind {
        0 => DType::Float32,
        1 => DType::Float16,
        24 => DType::Int8,
        25 => DType::Int16,
        26 => DType::Int32,
        27 => DType::Int64,
        28 => DType::Float64,
        30 => DType::BFloat16,
        _ => DType::Ggml(Ggml::from_id(kind)?),
    })
}

fn tensor(
    listing: &mut Listing<'_>,
    info: &Info,
    start: u64,
    alignment: u64,
    big_endian: bool,
) -> crate::value::Value {
    let shape: Vec<u64> = info.sizes.iter().rev().copied().collect();
    let mut place = Place::Missing;
    let kind = dtype(info.kind);
    let bad = |listing: &mut Listing<'_>, code, what: String| {
        listing.note(Severity::Broken, code, format!("tensor {}: {what}", shown(&info.name)));
    };
    let block = match kind {
        Some(DType::Ggml(packed)) => packed.block(),
        _ => 1,
    };
    let row = info.sizes.first().copied().unwrap_or(1);
    if kind.is_none() {
        let what = if matches!(info.kind, 4 | 5 | 31..=33 | 36..=38) {
            "was removed from ggml"
        } else {
            "is unknown"
        };
        bad(listing, "DTYPE", format!("its type {} {what}", info.kind));
    } else if !row.is_multiple_of(block) {
        bad(listing, "GGUF_BLOCK", format!("its rows of {row} elements are not whole blocks of {block}"));
    } else if let (Some(len), Some(offset)) = (bytes(info), start.checked_add(info.offset)) {
        place = Place::Range { file: 0, offset, len };
    }
    if !info.offset.is_multiple_of(alignment) {
        bad(listing, "GGUF_ALIGN", format!("its offset {} is not a multiple of {alignment}", info.offset));
    }
    if start.checked_add(info.offset).is_none() {
        bad(listing, "META_OVERFLOW", format!("its offset {} lies past the end of any file", info.offset));
    }
    let described =
        Described { big_endian, ..Described::new(&info.name, kind.unwrap_or(DType::Unknown), &shape, place) };
    listing.tensor(&described)
}

/// Bytes a tensor takes; `None` when they cannot be counted, which the listing says.
fn bytes(info: &Info) -> Option<u64> {
    if info.sizes.contains(&0) {
        return Some(0);
    }
    let count = info.sizes.iter().try_fold(1_u64, |n, size| n.checked_mul(*size))?;
    dtype(info.kind)?.bytes_for(count)
}

/// Two tensors on the same bytes: ggml gives each its own.
fn overlaps(listing: &mut Listing<'_>, infos: &[Info]) {
    let mut ranges: Vec<(u64, u64, &str)> = infos
        .iter()
        .filter_map(|i| Some((i.offset, i.offset.checked_add(bytes(i)?)?, i.name.as_str())))
        .filter(|(begin, end, _)| end > begin)
        .collect();
    ranges.sort_unstable();
    let mut reach = 0;
    for (begin, end, name) in ranges {
        if begin < reach {
            let text = format!("tensor {}: its bytes are also another tensor's", shown(name));
            listing.note(Severity::Broken, "GGUF_OVERLAP", text);
        }
        reach = reach.max(end);
    }
}
