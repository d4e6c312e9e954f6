//! The header of a `.npy` file: dtype, order, and shape (formats.md §9.1).

use super::literal::{self, Literal};
use crate::error::{Error, ErrorKind, Result};
use crate::source::ReadAt;
use crate::tensor::DType;

/// Longest header read, in bytes: a structured dtype of thousands of fields fits.
const LONGEST: u64 = 64 << 10;
pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// An array as its header describes it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) element: Element,
    pub(crate) columns: bool,
    pub(crate) shape: Vec<u64>,
    /// First byte of the elements.
    pub(crate) start: u64,
}

/// What numpy calls a dtype.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) dtype: DType,
    /// Bytes; 0 for objects, which have none of their own.
    pub(crate) size: u64,
    pub(crate) big_endian: bool,
}

impl Element {
    /// The dtype numpy writes as `descr` (`<f4`, `|b1`, `>i2`, `<U8`); names of `ml_dtypes` are known too.
    pub(crate) fn of(descr: &str) -> Option<Self> {
        if let Some(dtype) = DType::from_torch(descr).filter(|d| d.bits() >= 8) {
            return Some(Self { dtype, size: u64::from(dtype.bits() / 8), big_endian: false });
        }
        let (order, code) = match descr.as_bytes().first()? {
            b'<' | b'>' | b'|' | b'=' => descr.split_at_checked(1)?,
            _ => ("<", descr),
        };
        let (kind, rest) = code.split_at_checked(1)?;
        if kind == "O" {
            return Some(Self { dtype: DType::Object, size: 0, big_endian: false });
        }
        // The unit of a date stands behind its size: `<M8[ns]`.
        let digits = rest.split('[').next().unwrap_or(rest);
        let size: u64 = digits.parse::<u32>().ok()?.into();
        let dtype = match (kind, size) {
            ("f", 8) => DType::Float64,
            ("f", 4) => DType::Float32,
            ("f", 2) => DType::Float16,
            ("i", 8) => DType::Int64,
            ("i", 4) => DType::Int32,
            ("i", 2) => DType::Int16,
            ("i", 1) => DType::Int8,
            ("u", 8) => DType::UInt64,
            ("u", 4) => DType::UInt32,
            ("u", 2) => DType::UInt16,
            ("u", 1) => DType::UInt8,
            ("b", 1) => DType::Bool,
            ("c", 16) => DType::Complex128,
            ("c", 8) => DType::Complex64,
            ("M", 8) => DType::DateTime64,
            ("m", 8) => DType::TimeDelta64,
            ("U" | "S" | "a", _) => DType::Text,
            ("V", _) => DType::Record,
            // numpy.longdouble.
            ("f" | "c", _) => DType::Unknown,
            _ => return None,
        };
        let size = if kind == "U" { size * 4 } else { size };
        Some(Self { dtype, size, big_endian: order == ">" })
    }

    fn read(descr: &Literal) -> Option<Self> {
        match descr {
            Literal::Text(text) => Self::of(text),
            Literal::Sequence(fields) => Self::record(fields),
            _ => None,
        }
    }

    /// `[('name', '<f4'), ('name', '<f4', (2, 3)), ('name', [fields])]`: a record of all of them.
    fn record(fields: &[Literal]) -> Option<Self> {
        let mut size = 0_u64;
        let mut objects = false;
        for field in fields {
            let Literal::Sequence(parts) = field else { return None };
            let (descr, shape) = match parts.as_slice() {
                [_, descr] => (descr, None),
                [_, descr, shape] => (descr, Some(shape)),
                _ => return None,
            };
            let one = Self::read(descr)?;
            objects |= one.dtype == DType::Object;
            let count =
                shape.map_or(Some(1), |s| sizes(s)?.iter().try_fold(1_u64, |n, s| n.checked_mul(*s)))?;
            size = size.checked_add(one.size.checked_mul(count)?)?;
        }
        let dtype = if objects { DType::Object } else { DType::Record };
        Some(Self { dtype, size, big_endian: false })
    }
}

fn sizes(shape: &Literal) -> Option<Vec<u64>> {
    match shape {
        Literal::Sequence(sizes) => sizes.iter().map(size).collect(),
        other => Some(vec![size(other)?]),
    }
}

fn size(literal: &Literal) -> Option<u64> {
    match literal {
        Literal::Int(n) => u64::try_from(*n).ok(),
        _ => None,
    }
}

/// Reads the header at the start of `source`.
///
/// # Errors
/// [`ErrorKind::Header`] for anything numpy does not write, [`ErrorKind::Truncated`] where the file ends in
/// it, [`ErrorKind::Unsupported`] for a version numpy does not have (yet).
pub(crate) fn read(source: &dyn ReadAt) -> Result<Header> {
    let head = source.read_vec(0, 8)?;
    let &[.., major, minor] = head.as_slice() else { return Err(malformed("no version")) };
    if !head.starts_with(MAGIC) {
        return Err(malformed("it does not start like one"));
    }
    let (start, len) = match (major, minor) {
        (1, 0) => (10, u64::from(u16::from_le_bytes(array(source, 8)?))),
        (2 | 3, 0) => (12, u64::from(u32::from_le_bytes(array(source, 8)?))),
        _ => {
            let text = format!("numpy format version {major}.{minor} is not read");
            return Err(Error::new(ErrorKind::Unsupported, text).coded("VERSION"));
        }
    };
    if len > LONGEST {
        return Err(malformed(&format!("it takes {len} bytes")));
    }
    let text = source.read_vec(start, len)?;
    let literal = literal::parse(&text)?;
    let Literal::Dict(entries) = &literal else { return Err(malformed("it is not a dictionary")) };
    let field = |name: &str| {
        let found = entries.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        found.ok_or_else(|| malformed(&format!("it has no {name}")))
    };
    let (descr, order, shape) = (field("descr")?, field("fortran_order")?, field("shape")?);
    let element = Element::read(descr).ok_or_else(|| malformed("its dtype is not one of numpy's"))?;
    let &Literal::Bool(columns) = order else { return Err(malformed("fortran_order is not a flag")) };
    let shape = match shape {
        Literal::Sequence(_) => sizes(shape),
        _ => None,
    };
    let shape = shape.ok_or_else(|| malformed("its shape is not a tuple of sizes"))?;
    Ok(Header { element, columns, shape, start: start + len })
}

fn array<const N: usize>(source: &dyn ReadAt, at: u64) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    source.read_exact_at(&mut bytes, at)?;
    Ok(bytes)
}

fn malformed(what: &str) -> Error {
    Error::new(ErrorKind::Header, format!("malformed numpy header: {what}")).coded("NPY_HEADER")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dtypes_of_numpy() {
        for (descr, dtype, size, big) in [
            ("<f4", DType::Float32, 4, false),
            (">i2", DType::Int16, 2, true),
            ("|b1", DType::Bool, 1, false),
            ("<U3", DType::Text, 12, false),
            ("<M8[ns]", DType::DateTime64, 8, false),
            ("|O", DType::Object, 0, false),
            ("|V2", DType::Record, 2, false),
            ("bfloat16", DType::BFloat16, 2, false),
            ("<f16", DType::Unknown, 16, false),
        ] {
            assert_eq!(Element::of(descr), Some(Element { dtype, size, big_endian: big }), "{descr}");
        }
        for bad in ["", "<", "x4", "<f3x", "f99999999999999999999999999", "<i3"] {
            assert_eq!(Element::of(bad), None, "{bad}");
        }
    }
}
