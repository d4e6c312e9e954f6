//! The metadata of a GGUF file: names to values. Of long arrays (vocabularies) the start is kept.

use super::super::listing::Listing;
use super::wire::Wire;
use crate::checkpoint::Severity;
use crate::error::{Error, ErrorKind, Result};
use crate::text::shown_bytes;
use crate::value::{Dict, Tree, Value};

/// Elements of an array that are kept.
const KEPT: u64 = 100;
/// Arrays inside arrays.
const DEPTH: usize = 4;
/// Data starts at a multiple of this where the file does not say.
const ALIGNMENT: u64 = 32;
/// Largest alignment taken.
const ALIGNMENT_MOST: u64 = 1 << 20;

const STRING: u32 = 8;
const ARRAY: u32 = 9;

/// What was read.
pub(super) struct Metadata {
    /// The entries, as a mapping.
    pub(super) value: Option<Value>,
    /// Data starts, and tensors lie, at multiples of it.
    pub(super) alignment: u64,
    /// Number of this file and how many there are, where the model is split over several.
    pub(super) split: Option<(u64, u64)>,
}

impl Metadata {
    /// Reads `pairs` entries.
    pub(super) fn read(wire: &mut Wire<'_>, pairs: u64, listing: &mut Listing<'_>) -> Result<Self> {
        let mut entries = Vec::new();
        let mut found = Self { value: None, alignment: ALIGNMENT, split: None };
        let (mut part, mut parts) = (0, 0);
        for _ in 0..pairs {
            let key = wire.text()?;
            if std::str::from_utf8(&key).is_err() {
                let text = format!("the metadata name {} is not UTF-8", shown_bytes(&key));
                listing.note(Severity::Broken, "GGUF_UTF8", text);
            }
            let at = wire.at();
            let kind = wire.u32()?;
            let value = value(wire, kind, &mut listing.tree, 0)?;
            match (key.as_slice(), value) {
                (b"general.alignment", _) => {
                    found.alignment = alignment(kind, value).map_err(|e| e.at(at))?;
                }
                (b"split.no", Value::Int(n)) => part = u64::try_from(n).unwrap_or(0),
                (b"split.count", Value::Int(n)) => parts = u64::try_from(n).unwrap_or(0),
                _ => {}
            }
            let span = listing.tree.add_bytes(&key);
            entries.push((Value::Text(span), value));
        }
        found.split = (parts > 1).then_some((part, parts));
        let dict = Dict { entries, ..Dict::default() };
        found.value = (pairs > 0).then(|| Value::Dict(listing.tree.add_dict(dict)));
        Ok(found)
    }
}

fn alignment(kind: u32, value: Value) -> Result<u64> {
    const UINT32: u32 = 4;
    let number = match value {
        Value::Int(n) if kind == UINT32 => u64::try_from(n).ok(),
        _ => None,
    };
    let number = number.filter(|n| n.is_power_of_two() && *n <= ALIGNMENT_MOST);
    number.ok_or_else(|| {
        Error::new(ErrorKind::Header, "general.alignment is not a power of two up to 1 MiB, in 32 bits")
    })
}

/// Bytes of one value of a type; `None` for texts, arrays, and what is no type.
fn width(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

fn value(wire: &mut Wire<'_>, kind: u32, tree: &mut Tree, depth: usize) -> Result<Value> {
    Ok(match kind {
        0 => Value::Int(u8::from_le_bytes(wire.number()?).into()),
        1 => Value::Int(i8::from_le_bytes(wire.number()?).into()),
        2 => Value::Int(u16::from_le_bytes(wire.number()?).into()),
        3 => Value::Int(i16::from_le_bytes(wire.number()?).into()),
        4 => Value::Int(wire.u32()?.into()),
        5 => Value::Int(i32::from_le_bytes(wire.number()?).into()),
        6 => Value::Float(f32::from_le_bytes(wire.number()?).into()),
        7 => Value::Bool(wire.number::<1>()? != [0]),
        10 => big(wire.u64()?, tree),
        11 => Value::Int(i64::from_le_bytes(wire.number()?)),
        12 => Value::Float(f64::from_le_bytes(wire.number()?)),
        STRING => Value::Text(tree.add_bytes(&wire.text()?)),
        ARRAY => return array(wire, tree, depth + 1),
        _ => {
            let text = format!("metadata of type {kind}, which GGUF does not have");
            return Err(Error::new(ErrorKind::Header, text).at(wire.at()));
        }
    })
}

fn big(n: u64, tree: &mut Tree) -> Value {
    i64::try_from(n).map_or_else(
        |_| {
            let mut bytes = n.to_le_bytes().to_vec();
            bytes.push(0);
            Value::BigInt(tree.add_bytes(&bytes))
        },
        Value::Int,
    )
}

/// An array: its elements, or `{"count": n, "first": […]}` of a long one.
fn array(wire: &mut Wire<'_>, tree: &mut Tree, depth: usize) -> Result<Value> {
    let at = wire.at();
    let malformed = |text: String| Error::new(ErrorKind::Header, text).at(at);
    if depth > DEPTH {
        return Err(malformed(format!("metadata arrays are nested more than {DEPTH} deep")));
    }
    let kind = wire.u32()?;
    let count = wire.count()?;
    let shortest = match kind {
        STRING => wire.shortest_text(),
        ARRAY => 4 + wire.shortest_text(),
        _ => width(kind)
            .ok_or_else(|| malformed(format!("an array of type {kind}, which GGUF does not have")))?,
    };
    if count > wire.left() / shortest {
        return Err(malformed(format!("an array of {count} elements: more than the file holds")));
    }
    let mut items = Vec::new();
    for _ in 0..count.min(KEPT) {
        items.push(value(wire, kind, tree, depth)?);
    }
    let rest = count - count.min(KEPT);
    skip(wire, kind, rest, tree, depth)?;
    let list = Value::List(tree.add_list(items));
    if rest == 0 {
        return Ok(list);
    }
    let entries = vec![(tree.add_text("count"), big(count, tree)), (tree.add_text("first"), list)];
    Ok(Value::Dict(tree.add_dict(Dict { entries, ..Dict::default() })))
}

fn skip(wire: &mut Wire<'_>, kind: u32, count: u64, tree: &mut Tree, depth: usize) -> Result<()> {
    if let Some(width) = width(kind) {
        return wire.skip(count.saturating_mul(width));
    }
    for _ in 0..count {
        if kind == STRING {
            wire.skip_text()?;
        } else {
            array(wire, tree, depth + 1)?;
        }
    }
    Ok(())
}
