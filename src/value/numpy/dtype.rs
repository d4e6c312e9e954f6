//! numpy dtypes as pickled, and single elements of them.

use std::fmt::Write as _;

use half::f16;

use super::super::{Tree, Value, python};
use super::time::{self, Unit};

/// Fields of a structured dtype written out in its name.
const FIELDS: usize = 16;

/// Kind letter and item size of a numpy dtype, its byte order, and the unit of dates and times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Descr {
    pub(crate) kind: u8,
    pub(crate) size: usize,
    pub(crate) big_endian: bool,
    unit: Option<Unit>,
}

pub(super) fn is_dtype(tree: &Tree, value: Value) -> bool {
    tree.class_of(value).is_some_and(|g| &*g.module == "numpy" && &*g.name == "dtype")
}

/// `numpy.dtype('f4', …)` with the state `(version, byte order, subdtype, names, fields, size, alignment,
/// flags[, (_, unit)])`.
pub(super) fn descr(tree: &Tree, value: Value) -> Option<Descr> {
    let Value::Object(id) = value else { return None };
    let object = tree.object(id).filter(|_| is_dtype(tree, value))?;
    let code = tree.as_text(*tree.items(object.args).first()?)?;
    let state = object.state.map(|s| tree.items(s)).unwrap_or_default();
    let order = state.get(1).and_then(|v| tree.as_text(*v));
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
        unit: state.get(8).and_then(|m| time::unit(tree, *m)),
    })
}

/// numpy's name of a dtype: `float32`, `int64`, `datetime64[s]`, or its fields.
pub(super) fn name(tree: &Tree, value: Value) -> String {
    if let Some(fields) = fields(tree, value) {
        return fields;
    }
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
        b'M' | b'm' => {
            let word = if d.kind == b'M' { "datetime64" } else { "timedelta64" };
            return d.unit.map_or_else(|| word.to_owned(), |unit| format!("{word}[{unit}]"));
        }
        _ => return format!("{}{}", d.kind as char, d.size),
    };
    format!("{word}{}", d.size * 8)
}

/// `{'x': int32, 'y': float64}` of a structured dtype.
fn fields(tree: &Tree, value: Value) -> Option<String> {
    let Value::Object(id) = value else { return None };
    let object = tree.object(id).filter(|_| is_dtype(tree, value))?;
    let state = tree.items(object.state?);
    let (names, table) = (tree.items(*state.get(3)?), *state.get(4)?);
    if names.is_empty() {
        return None;
    }
    let mut out = "{".to_owned();
    for (at, field) in names.iter().take(FIELDS).enumerate() {
        let field = tree.as_text(*field)?;
        let dtype = tree.get(table, &field).and_then(|f| tree.items(f).first().copied());
        // A field's own fields are not followed: dtypes from a file may hold themselves.
        let dtype = dtype.and_then(|d| descr(tree, d).map(|_| d)).filter(|d| fields_of(tree, *d) == 0);
        let dtype = dtype.map_or_else(|| "void".to_owned(), |d| name(tree, d));
        let _ = write!(out, "{}'{field}': {dtype}", if at == 0 { "" } else { ", " });
    }
    out.push_str(if names.len() > FIELDS { ", …}" } else { "}" });
    Some(out)
}

fn fields_of(tree: &Tree, dtype: Value) -> usize {
    let Value::Object(id) = dtype else { return 0 };
    let state = tree.object(id).and_then(|o| o.state).map(|s| tree.items(s)).unwrap_or_default();
    state.get(3).map_or(0, |names| tree.items(*names).len())
}

impl Descr {
    fn little(self, bytes: &[u8]) -> Option<[u8; 8]> {
        let mut wide = [0; 8];
        let held = bytes.get(..self.size)?;
        wide.get_mut(..self.size)?.copy_from_slice(held);
        if self.big_endian {
            wide.get_mut(..self.size)?.reverse();
        }
        Some(wide)
    }

    /// A whole number of any of numpy's integer dtypes.
    pub(super) fn integer(self, bytes: &[u8]) -> Option<i128> {
        let unused = 64_u32.checked_sub(u32::try_from(self.size).ok()?.checked_mul(8)?)?;
        let raw = u64::from_le_bytes(self.little(bytes)?);
        if self.kind == b'u' || unused == 64 {
            return Some(i128::from(raw));
        }
        Some(i128::from(raw.cast_signed() << unused >> unused))
    }

    /// A real number.
    pub(super) fn number(self, bytes: &[u8]) -> Option<f64> {
        if self.kind == b'f' && self.size > 8 {
            return if self.big_endian { None } else { extended(bytes) };
        }
        let wide = self.little(bytes)?;
        let [b0, b1, b2, b3, ..] = wide;
        Some(match (self.kind, self.size) {
            (b'f', 8) => f64::from_le_bytes(wide),
            (b'f', 4) => f64::from(f32::from_le_bytes([b0, b1, b2, b3])),
            (b'f', 2) => f16::from_le_bytes([b0, b1]).to_f64(),
            (b'b', 1) => f64::from(u8::from(b0 != 0)),
            (b'i' | b'u', 1 | 2 | 4 | 8) => self.integer(bytes)? as f64,
            _ => return None,
        })
    }

    /// The usual written form of what is not a real number.
    pub(super) fn word(self, bytes: &[u8]) -> Option<String> {
        match self.kind {
            b'U' => Some(self.utf32(bytes)),
            b'S' => {
                let text = String::from_utf8_lossy(bytes.get(..self.size)?);
                Some(text.trim_end_matches('\0').to_owned())
            }
            b'c' => {
                let part = Self { kind: b'f', size: self.size / 2, ..self };
                let (re, im) = bytes.get(..self.size)?.split_at_checked(part.size)?;
                Some(python::complex_repr(part.number(re)?, part.number(im)?))
            }
            b'M' | b'm' => {
                let count = i64::from_le_bytes(self.little(bytes).filter(|_| self.size == 8)?);
                Some(time::word(count, self.unit, self.kind == b'M'))
            }
            _ => None,
        }
    }

    /// Text of code points of four bytes, up to the first zero.
    pub(super) fn utf32(self, bytes: &[u8]) -> String {
        let units = bytes.chunks_exact(4).filter_map(|b| <[u8; 4]>::try_from(b).ok());
        let units =
            units.map(|b| if self.big_endian { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) });
        units.take_while(|u| *u != 0).map(|u| char::from_u32(u).unwrap_or('\u{fffd}')).collect()
    }
}

/// `numpy.longdouble` as x86 has it: 64 bits of fraction, then sign and exponent.
fn extended(bytes: &[u8]) -> Option<f64> {
    let (fraction, rest) = bytes.split_first_chunk::<8>()?;
    let fraction = u64::from_le_bytes(*fraction);
    let top = u16::from_le_bytes(*rest.first_chunk::<2>()?);
    let sign = if top & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(top & 0x7fff);
    Some(match (exponent, fraction << 1) {
        (0x7fff, 0) => sign * f64::INFINITY,
        (0x7fff, _) => f64::NAN,
        _ => sign * fraction as f64 * f64::from(exponent - 16_383 - 63).exp2(),
    })
}
