//! numpy scalars, dtypes and arrays inside pickles (formats.md §3.3).

mod dtype;
mod time;

use super::view::{self, Leaf};
use super::{Span, Tree, Value, python};
use dtype::Descr;

/// Elements of an array that are decoded for showing.
const SHOWN: usize = 65_536;

/// A decoded numpy array.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// numpy's name of the dtype, or its descriptor when it has fields.
    pub dtype: String,
    /// Sizes.
    pub shape: Vec<u64>,
    /// The first elements in row-major order, at most 65,536; empty for dtypes that are not real numbers.
    pub values: Vec<f64>,
    /// The first elements of the dtypes that have a usual written form instead: text, dates, complex numbers.
    pub words: Vec<String>,
}

/// An array before its elements are decoded.
#[derive(Debug, Clone)]
pub(crate) struct Raw {
    /// dtype of the elements, if it is a plain one.
    pub(crate) descr: Option<Descr>,
    /// The dtype as pickled.
    dtype: Value,
    /// Sizes.
    pub(crate) shape: Vec<u64>,
    /// The elements lie column by column.
    pub(crate) fortran: bool,
    data: Value,
}

impl Raw {
    /// The bytes of the elements, unless they are objects.
    pub(crate) fn bytes(&self) -> Option<Span> {
        match self.data {
            Value::Bytes(span) => Some(span),
            _ => None,
        }
    }

    /// Places of the first elements in the data, in row-major order.
    fn order(&self) -> Vec<usize> {
        let sizes: Vec<usize> =
            self.shape.iter().map(|n| usize::try_from(*n).unwrap_or(usize::MAX)).collect();
        let total = sizes.iter().try_fold(1_usize, |n, size| n.checked_mul(*size)).unwrap_or(usize::MAX);
        let total = total.min(SHOWN);
        if !self.fortran || sizes.len() < 2 {
            return (0..total).collect();
        }
        let mut steps = Vec::with_capacity(sizes.len());
        let mut step = 1_usize;
        for size in &sizes {
            steps.push(step);
            step = step.saturating_mul(*size);
        }
        let place = |mut index: usize| {
            let dims = sizes.iter().zip(&steps).rev();
            dims.fold(0_usize, |at, (size, step)| {
                let here = index % size.max(&1);
                index /= size.max(&1);
                at.saturating_add(here.saturating_mul(*step))
            })
        };
        (0..total).map(place).collect()
    }
}

/// A scalar, dtype or array as a leaf; `None` for anything that is not numpy's.
pub fn leaf(tree: &Tree, value: Value) -> Option<Leaf> {
    if let Some((descr, bytes)) = scalar_parts(tree, value) {
        return Some(scalar_leaf(descr, bytes));
    }
    if dtype::is_dtype(tree, value) {
        return Some(Leaf::Word(dtype::name(tree, value)));
    }
    if objects(tree, value).is_some() {
        return None;
    }
    array(tree, value).map(Leaf::Array)
}

/// The number of a numpy scalar.
pub fn scalar(tree: &Tree, value: Value) -> Option<f64> {
    let (descr, bytes) = scalar_parts(tree, value)?;
    descr.number(bytes)
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
    Some((dtype::descr(tree, dtype)?, tree.bytes(span)))
}

fn scalar_leaf(descr: Descr, bytes: &[u8]) -> Leaf {
    match descr.kind {
        b'b' => Leaf::Bool(descr.number(bytes) == Some(1.0)),
        b'i' | b'u' => match descr.integer(bytes) {
            Some(n) => i64::try_from(n).map_or_else(|_| Leaf::BigInt(n.to_string()), Leaf::Int),
            None => view::bytes_leaf(bytes),
        },
        b'U' => Leaf::Text(descr.utf32(bytes)),
        b'M' | b'm' | b'c' => descr.word(bytes).map_or_else(|| view::bytes_leaf(bytes), Leaf::Word),
        _ => descr.number(bytes).map_or_else(|| view::bytes_leaf(bytes), Leaf::Float),
    }
}

/// The array, from `_reconstruct` with its state `(version, shape, dtype, fortran, data)`, or from protocol
/// 5's `_frombuffer(data, dtype, shape, order)`.
pub(crate) fn raw(tree: &Tree, value: Value) -> Option<Raw> {
    if !is_array(tree, value) {
        return None;
    }
    let Value::Object(id) = value else { return None };
    let object = tree.object(id)?;
    let (shape, dtype, data, fortran) = match object.state {
        Some(state) => match *tree.items(state) {
            [_, shape, dtype, fortran, data] => {
                (shape, dtype, data, matches!(fortran, Value::Bool(true) | Value::Int(1)))
            }
            _ => return None,
        },
        None => match *tree.items(object.args) {
            [data, dtype, shape, order] => (shape, dtype, data, tree.is_text(order, "F")),
            _ => return None,
        },
    };
    let sizes = tree.items(shape).iter().map(|v| u64::try_from(tree.as_int(*v)?).ok());
    let shape: Vec<u64> = if let Value::Int(n) = shape {
        vec![u64::try_from(n).ok()?]
    } else {
        sizes.collect::<Option<_>>()?
    };
    Some(Raw { descr: dtype::descr(tree, dtype), dtype, shape, fortran, data })
}

/// The array with its first elements.
pub fn array(tree: &Tree, value: Value) -> Option<Array> {
    let raw = raw(tree, value)?;
    let mut array = Array {
        dtype: dtype::name(tree, raw.dtype),
        shape: raw.shape.clone(),
        values: vec![],
        words: vec![],
    };
    let (Some(descr), Some(span)) = (raw.descr.filter(|d| d.size > 0), raw.bytes()) else {
        return Some(array);
    };
    let bytes = tree.bytes(span);
    let elements = raw.order().into_iter().map_while(|at| {
        let start = at.checked_mul(descr.size)?;
        bytes.get(start..start.checked_add(descr.size)?)
    });
    match descr.kind {
        b'c' | b'M' | b'm' | b'U' | b'S' => array.words = elements.map_while(|b| descr.word(b)).collect(),
        _ => array.values = elements.map_while(|b| descr.number(b)).collect(),
    }
    Some(array)
}

/// The elements of an array of objects, which is a container: a flat list in row-major order.
pub fn objects(tree: &Tree, value: Value) -> Option<&[Value]> {
    let raw = raw(tree, value)?;
    matches!(raw.data, Value::List(_)).then(|| tree.items(raw.data))
}

/// What a scalar is as a key of a mapping: `str(key)`.
pub(super) fn key_text(tree: &Tree, value: Value) -> Option<String> {
    let (descr, bytes) = scalar_parts(tree, value)?;
    match scalar_leaf(descr, bytes) {
        Leaf::Bool(b) => Some(if b { "True" } else { "False" }.to_owned()),
        Leaf::Int(n) => Some(n.to_string()),
        Leaf::Float(x) => Some(python::float_repr(x)),
        Leaf::Text(text) | Leaf::Word(text) | Leaf::BigInt(text) => Some(text),
        _ => None,
    }
}
