//! Tensors kept as numpy arrays: Paddle's, and plain pickles of weights (formats.md §4.7, §9.7).

use std::collections::{HashMap, HashSet};

use crate::tensor::{DType, Place, Storage, TensorMeta};
use crate::value::numpy;
use crate::value::{DictId, Tree, Value};

/// Mappings inside mappings that are looked into.
const DEPTH: usize = 8;
/// Mappings looked into.
const MAPPINGS: usize = 10_000;
/// Most dimensions, as torch has it.
const DIMENSIONS: usize = 64;
/// Words in the names of what was measured while training, which stays a value: it is a curve, not a weight.
const MEASURED: [&str; 14] = [
    "loss", "acc", "accuracy", "epoch", "step", "lr", "val", "valid", "train", "test", "score", "metric",
    "time", "history",
];

/// Makes tensors of the arrays of a plain pickle in which there is no tensor of torch; the root it has then.
///
/// An array counts that is the root itself or stands in a mapping of weights: one whose arrays have two
/// dimensions somewhere, or that holds nothing but arrays, none of them named after a measurement. The pickle
/// starts at the first byte of file 0, so that the bytes of an array are a range of it.
pub(super) fn convert(tree: &mut Tree, root: Value) -> Value {
    if !tree.tensors().is_empty() {
        return root;
    }
    if let Some(tensor) = tensor(tree, root) {
        return tensor;
    }
    let mut seen = HashMap::new();
    let (mut open, mut left) = (vec![(root, 0)], MAPPINGS);
    let mut known: HashSet<DictId> = HashSet::new();
    while let Some((value, depth)) = open.pop() {
        let Value::Dict(id) = value else { continue };
        if left == 0 || !known.insert(id) {
            continue;
        }
        left -= 1;
        if depth < DEPTH {
            let inner = tree.entries(value).iter().filter(|(_, v)| matches!(v, Value::Dict(_)));
            open.extend(inner.map(|(_, v)| (*v, depth + 1)));
        }
        if !holds_weights(tree, value) {
            continue;
        }
        let mut entries = tree.entries(value).to_vec();
        for (_, value) in &mut entries {
            *value = once(tree, *value, &mut seen);
        }
        if let Some(dict) = tree.dict_mut(id) {
            dict.entries = entries;
        }
    }
    root
}

/// The tensor of an array, the same one wherever the array stands again.
fn once(tree: &mut Tree, value: Value, seen: &mut HashMap<u32, Value>) -> Value {
    let Value::Object(id) = value else { return value };
    if let Some(known) = seen.get(&id.0) {
        return *known;
    }
    let made = tensor(tree, value).unwrap_or(value);
    seen.insert(id.0, made);
    made
}

fn holds_weights(tree: &Tree, mapping: Value) -> bool {
    let (mut arrays, mut others) = (0_usize, 0_usize);
    let mut measured = false;
    for (key, value) in tree.entries(mapping) {
        match numpy::raw(tree, *value) {
            Some(raw) if raw.shape.len() >= 2 => return true,
            Some(_) => arrays += 1,
            None => others += 1,
        }
        measured |= tree.as_text(*key).as_deref().is_some_and(is_measured);
    }
    arrays > 0 && others == 0 && !measured
}

fn is_measured(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| {
        MEASURED.contains(&word.strip_suffix('s').filter(|w| MEASURED.contains(w)).unwrap_or(word))
    })
}

/// The tensor that a numpy array of real or complex numbers is; `None` for anything else, and for an array
/// that holds fewer elements than its shape.
pub(super) fn tensor(tree: &mut Tree, array: Value) -> Option<Value> {
    let raw = numpy::raw(tree, array)?;
    let (descr, span) = (raw.descr?, raw.bytes()?);
    let dtype = DType::from_torch(&match (descr.kind, descr.size) {
        (b'b', 1) => "bool".to_owned(),
        (b'f', size) => format!("float{}", size * 8),
        (b'i', size) => format!("int{}", size * 8),
        (b'u', size) => format!("uint{}", size * 8),
        (b'c', size) => format!("complex{}", size * 8),
        _ => return None,
    })?;
    let stride = if raw.fortran { crate::format::listing::column_major(&raw.shape) } else { Vec::new() };
    let probe = TensorMeta::strided(dtype, &raw.shape, &stride, None, 0);
    if raw.shape.len() > DIMENSIONS || probe.nbytes() > u64::from(span.len) {
        return None;
    }
    let storage = tree.add_storage(Storage {
        key: "".into(),
        dtype,
        location: "cpu".into(),
        nbytes: span.len.into(),
        place: Place::Inline { start: span.start, len: span.len },
        big_endian: descr.big_endian,
    });
    let meta = TensorMeta::strided(dtype, &raw.shape, &stride, Some(storage), 0);
    Some(Value::Tensor(tree.add_tensor(meta)))
}
