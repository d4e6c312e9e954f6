//! numpy scalars, dtypes and arrays inside pickles (formats.md §3.3).

use half::f16;

use super::view::Leaf;
use super::{Tree, Value};

/// Elements of an array that are decoded for showing.
const SHOWN: usize = 65_536;

/// A decoded numpy array.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// numpy's name of the dtype, or its descriptor when it has fields.
    pub dtype: String,
    /// Sizes.
    pub shape: Vec<u64>,
    /// The first elements in row-major order of a C array (column-major of a Fortran array), at most 65,536;
    /// empty for dtypes that are not numbers.
    pub values: Vec<f64>,
}

/// Kind letter and item size of a numpy dtype, and its byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Descr {
    kind: u8,
    size: usize,
    big_endian: bool,
}

/// A scalar, dtype or array as a leaf; `None` for anything that is not numpy's.
pub fn leaf(tree: &Tree, value: Value) -> Option<Leaf> {
    if let Some((descr, bytes)) = scalar_parts(tree, value) {
        return Some(scalar_leaf(descr, bytes));
    }
    if is_dtype(tree, value) {
        return Some(Leaf::Word(dtype_name(tree, value)));
    }
    array(tree, value).map(Leaf::Array)
}

/// The number of a numpy scalar.
pub fn scalar(tree: &Tree, value: Value) -> Option<f64> {
    let (descr, bytes) = scalar_parts(tree, value)?;
    number(descr, bytes)
}

/// True for an array, whatever its elements.
pub fn is_array(tree: &Tree, value: Value) -> bool {
    let class = tree.class_of(value).map(|g| (&*g.module, &*g.name));
    matches!(class, Some((module, "_reconstruct")) if module.starts_with("numpy.") && module.ends_with("multiarray"))
        || matches!(class, Some((module, "_frombuffer")) if module.starts_with("numpy."))
}

fn scalar_parts(tree: &Tree, value: Value) -> Option<(Descr, &[u8])> {
    let class = tree.class_of(value)?;
    if &*class.name != "scalar"
        || !(class.module.starts_with("numpy.") && class.module.ends_with("multiarray"))
    {
        return None;
    }
    let Value::Object(id) = value else { return None };
    let args = tree.items(tree.object(id)?.args);
    let [dtype, Value::Bytes(span)] = *args else { return None };
    Some((descr(tree, dtype)?, tree.bytes(span)))
}

fn scalar_leaf(descr: Descr, bytes: &[u8]) -> Leaf {
    match (descr.kind, number(descr, bytes)) {
        (b'b', Some(n)) => Leaf::Bool(n != 0.0),
        (b'i' | b'u', Some(_)) => integer(descr, bytes).map_or(Leaf::None, Leaf::Int),
        (_, Some(n)) => Leaf::Float(n),
        (b'U', None) => Leaf::Text(utf32(descr, bytes)),
        (b'M' | b'm', None) => Leaf::Word("datetime64".to_owned()),
        _ => Leaf::Bytes { len: bytes.len(), head: String::new() },
    }
}

/// The array, from `_reconstruct` with its state `(version, shape, dtype, fortran, data)`, or from protocol
/// 5's `_frombuffer(data, dtype, shape, order)`.
pub fn array(tree: &Tree, value: Value) -> Option<Array> {
    if !is_array(tree, value) {
        return None;
    }
    let Value::Object(id) = value else { return None };
    let object = tree.object(id)?;
    let (shape, dtype, data) = match object.state {
        Some(state) => match *tree.items(state) {
            [_, shape, dtype, _, data] => (shape, dtype, data),
            _ => return None,
        },
        None => match *tree.items(object.args) {
            [data, dtype, shape, _] => (shape, dtype, data),
            _ => return None,
        },
    };
    let sizes = tree.items(shape).iter().map(|v| u64::try_from(tree.as_int(*v)?).ok());
    let shape: Vec<u64> = if let Value::Int(n) = shape {
        vec![u64::try_from(n).ok()?]
    } else {
        sizes.collect::<Option<_>>()?
    };
    let values = match (descr(tree, dtype), data) {
        (Some(descr), Value::Bytes(span)) => {
            let chunks = tree.bytes(span).chunks_exact(descr.size.max(1));
            chunks.take(SHOWN).map_while(|b| number(descr, b)).collect()
        }
        _ => Vec::new(),
    };
    Some(Array { dtype: dtype_name(tree, dtype), shape, values })
}

fn is_dtype(tree: &Tree, value: Value) -> bool {
    tree.class_of(value).is_some_and(|g| &*g.module == "numpy" && &*g.name == "dtype")
}

/// `numpy.dtype('f4', …)` with the state `(version, byte order, …)`; a bare class such as `numpy.float32`
/// stands for its dtype too.
fn descr(tree: &Tree, value: Value) -> Option<Descr> {
    let Value::Object(id) = value else { return None };
    let object = tree.object(id).filter(|_| is_dtype(tree, value))?;
    let code = tree.as_text(*tree.items(object.args).first()?)?;
    let order = object.state.and_then(|s| tree.items(s).get(1).copied()).and_then(|v| tree.as_text(v));
    let code = code.trim_start_matches(['<', '>', '|', '=']);
    let (kind, size) = code.split_at_checked(1)?;
    let kind = *kind.as_bytes().first()?;
    let size = if kind == b'?' { 1 } else { size.split('[').next()?.parse().unwrap_or(0) };
    // Text is counted in code points of four bytes.
    let size = if kind == b'U' { size * 4 } else { size };
    Some(Descr {
        kind: if kind == b'?' { b'b' } else { kind },
        size,
        big_endian: order.is_some_and(|o| o == ">"),
    })
}

/// numpy's name of a dtype: `float32`, `int64`, or its code.
fn dtype_name(tree: &Tree, value: Value) -> String {
    let Some(d) = descr(tree, value) else { return "object".to_owned() };
    let word = match d.kind {
        b'f' => "float",
        b'i' => "int",
        b'u' => "uint",
        b'c' => "complex",
        b'b' => return "bool".to_owned(),
        b'O' => return "object".to_owned(),
        b'V' => return format!("void{}", d.size * 8),
        b'U' => return format!("<U{}", d.size / 4),
        b'M' => return "datetime64".to_owned(),
        b'm' => return "timedelta64".to_owned(),
        _ => return format!("{}{}", d.kind as char, d.size),
    };
    format!("{word}{}", d.size * 8)
}

fn little(descr: Descr, bytes: &[u8]) -> Option<[u8; 8]> {
    let mut wide = [0; 8];
    let held = bytes.get(..descr.size)?;
    wide.get_mut(..descr.size)?.copy_from_slice(held);
    if descr.big_endian {
        wide.get_mut(..descr.size)?.reverse();
    }
    Some(wide)
}

fn integer(descr: Descr, bytes: &[u8]) -> Option<i64> {
    let wide = little(descr, bytes)?;
    let unused = 64_u32.checked_sub(descr.size as u32 * 8)?;
    let raw = i64::from_le_bytes(wide);
    Some(if descr.kind == b'i' && unused < 64 { raw << unused >> unused } else { raw })
}

fn number(descr: Descr, bytes: &[u8]) -> Option<f64> {
    let wide = little(descr, bytes)?;
    let [b0, b1, b2, b3, ..] = wide;
    Some(match (descr.kind, descr.size) {
        (b'f', 8) => f64::from_le_bytes(wide),
        (b'f', 4) => f64::from(f32::from_le_bytes([b0, b1, b2, b3])),
        (b'f', 2) => f16::from_le_bytes([b0, b1]).to_f64(),
        (b'b', 1) => f64::from(u8::from(b0 != 0)),
        (b'i' | b'u', 1 | 2 | 4 | 8) => integer(descr, bytes)? as f64,
        _ => return None,
    })
}

fn utf32(descr: Descr, bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(4).filter_map(|b| <[u8; 4]>::try_from(b).ok());
    let units = units.map(|b| if descr.big_endian { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) });
    units.take_while(|u| *u != 0).map(|u| char::from_u32(u).unwrap_or('\u{fffd}')).collect()
}
