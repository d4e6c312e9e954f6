//! Tensors of devices that pickle their elements as a numpy array (XLA, MTIA and others, formats.md §4.2).

use std::sync::Arc;

use super::args::{Refused, dtype_of};
use super::host::TorchHost;
use crate::tensor::{DType, Place, Storage, TensorMeta, row_major};
use crate::value::numpy::{self, Raw};
use crate::value::{Span, Tree, Value};

/// `(array, dtype, device, requires_grad)`.
pub(super) fn read(host: &TorchHost<'_>, tree: &mut Tree, args: &[Value]) -> Result<TensorMeta, Refused> {
    let &[array, dtype, ref rest @ ..] = args else {
        return Err("its arguments are not (array, dtype)".into());
    };
    let raw = numpy::raw(tree, array).ok_or("its elements are not an array")?;
    let dtype = dtype_of(tree, dtype).ok_or("its dtype is unknown")?;
    if raw.shape.len() > host.limits.dimensions {
        return Err("it has more dimensions than torch allows".into());
    }
    let stride = stride(&raw);
    let storage = stored(tree, &raw, dtype).map(|(span, big_endian)| {
        let location = rest.first().and_then(|v| tree.as_text(*v)).map_or_else(|| "cpu".into(), Arc::from);
        tree.add_storage(Storage {
            key: Box::from(""),
            dtype,
            location,
            nbytes: span.len.into(),
            place: Place::Inline { start: span.start, len: span.len },
            big_endian,
        })
    });
    let mut meta = TensorMeta::strided(dtype, &raw.shape, &stride, storage, 0);
    let held = raw.bytes().map_or(0, |span| u64::from(span.len));
    let needed = raw.descr.and_then(|d| meta.numel().checked_mul(d.size as u64));
    if needed.is_none_or(|n| n > held) {
        return Err("its array holds fewer elements than its shape".into());
    }
    meta.requires_grad = match rest.get(1) {
        Some(Value::Bool(flag)) => Some(*flag),
        _ => None,
    };
    Ok(meta)
}

fn stride(raw: &Raw) -> Vec<u64> {
    if !raw.fortran {
        return row_major(&raw.shape);
    }
    let reversed: Vec<u64> = raw.shape.iter().rev().copied().collect();
    row_major(&reversed).into_iter().rev().collect()
}

/// The elements as torch would hold them, and whether they are big-endian; `None` where only a cast of each
/// element would give them.
fn stored(tree: &mut Tree, raw: &Raw, dtype: DType) -> Option<(Span, bool)> {
    let (descr, span) = (raw.descr?, raw.bytes()?);
    let name = match (descr.kind, descr.size) {
        (b'b', 1) => "bool".to_owned(),
        (b'f', size) => format!("float{}", size * 8),
        (b'i', size) => format!("int{}", size * 8),
        (b'u', size) => format!("uint{}", size * 8),
        (b'c', size) => format!("complex{}", size * 8),
        _ => return None,
    };
    if name == dtype.name() {
        return Some((span, descr.big_endian));
    }
    // numpy has no bfloat16, so torch widens to float32: the upper half of each element is the element.
    if dtype == DType::BFloat16 && name == "float32" && !descr.big_endian {
        let upper = tree.bytes(span).chunks_exact(4).filter_map(|b| b.last_chunk::<2>());
        let upper: Vec<u8> = upper.copied().flatten().collect();
        return Some((tree.add_bytes(&upper), false));
    }
    None
}
