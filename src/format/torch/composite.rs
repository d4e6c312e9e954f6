//! Tensors that are more than a view of one storage: quantised, sparse, nested, and wrapper subclasses.

use super::args::{Refused, dtype_of, sizes, strided, tensor_arg};
use super::host::TorchHost;
use crate::tensor::{DType, Layout, Quantizer, TensorId, TensorMeta};
use crate::value::{Tree, Value, python};

/// `(storage, offset, size, stride, (scheme, scale, zero_point[, axis]), requires_grad, hooks)`.
pub(super) fn quantized(host: &TorchHost<'_>, tree: &Tree, args: &[Value]) -> Result<TensorMeta, Refused> {
    let mut meta = strided(host, tree, args, None, None)?;
    let scheme = args.get(4).map(|v| tree.items(*v)).unwrap_or_default();
    meta.quantizer = match *scheme {
        [_, Value::Tensor(scales), Value::Tensor(zero_points), axis] => {
            let axis =
                tree.as_int(axis).and_then(|n| u32::try_from(n).ok()).ok_or("its axis is not a number")?;
            Some(Quantizer::PerChannel { scales, zero_points, axis })
        }
        [_, scale, zero_point] => {
            let scale = tree.as_number(scale).ok_or("its scale is not a number")?;
            let zero_point = tree.as_int(zero_point).ok_or("its zero point is not a number")?;
            Some(Quantizer::PerTensor { scale, zero_point })
        }
        _ => return Err("its quantisation scheme is unknown".into()),
    }
    .map(Box::new);
    meta.requires_grad = match args.get(5) {
        Some(Value::Bool(flag)) => Some(*flag),
        _ => None,
    };
    Ok(meta)
}

/// `(layout, data)`: coordinates `(indices, values, size[, coalesced])`, or compressed
/// `(compressed indices, plain indices, values, size)`.
pub(super) fn sparse(tree: &Tree, args: &[Value]) -> Result<TensorMeta, Refused> {
    let &[layout, data] = args else { return Err("its arguments are not (layout, data)".into()) };
    let layout = layout_of(tree, layout).ok_or("its layout is unknown")?;
    let data = tree.items(data);
    let (names, size): (&[&str], _) = match (layout, data) {
        (Layout::SparseCoo, &[_, _, size, ..]) => (&["indices", "values"], size),
        (Layout::SparseCoo, _) => return Err("it has no indices, values and size".into()),
        (Layout::SparseCsr | Layout::SparseBsr, &[_, _, _, size]) => {
            (&["crow_indices", "col_indices", "values"], size)
        }
        (_, &[_, _, _, size]) => (&["ccol_indices", "row_indices", "values"], size),
        _ => return Err("it has no indices, values and size".into()),
    };
    let parts = parts(names, data).ok_or("its indices or values are not tensors")?;
    let dtype = parts.last().and_then(|(_, id)| tree.tensor(*id)).map_or(DType::Unknown, |m| m.dtype);
    let shape = tree.items(size).iter().map(|v| u64::try_from(tree.as_int(*v)?).ok());
    let shape: Vec<u64> = shape.collect::<Option<_>>().ok_or("its size is not a shape")?;
    let mut meta = TensorMeta::composite(dtype, &shape, layout, parts);
    meta.requires_grad = Some(false);
    Ok(meta)
}

fn parts(names: &[&str], data: &[Value]) -> Option<Vec<(Box<str>, TensorId)>> {
    let named = names.iter().zip(data).map(|(name, value)| match value {
        Value::Tensor(id) => Some((Box::from(*name), *id)),
        _ => None,
    });
    named.collect()
}

fn layout_of(tree: &Tree, value: Value) -> Option<Layout> {
    let name = match value {
        Value::Global(id) => tree.global(id)?.path(),
        _ => python::word(tree, value)?,
    };
    Some(match name.strip_prefix("torch.")? {
        "sparse_coo" => Layout::SparseCoo,
        "sparse_csr" => Layout::SparseCsr,
        "sparse_csc" => Layout::SparseCsc,
        "sparse_bsr" => Layout::SparseBsr,
        "sparse_bsc" => Layout::SparseBsc,
        _ => return None,
    })
}

/// `(buffer, sizes, strides, offsets)`: rows of different shapes in one buffer. The shape shown is the
/// buffer's, as no single shape describes the rows.
pub(super) fn nested(tree: &Tree, args: &[Value]) -> Result<TensorMeta, Refused> {
    let parts = parts(&["buffer", "sizes", "strides", "offsets"], args).ok_or("its parts are not tensors")?;
    let (_, buffer) = tensor_arg(tree, args, 0).ok_or("it has no buffer")?;
    Ok(TensorMeta::composite(buffer.dtype, buffer.shape(), Layout::Nested, parts))
}

/// One mapping of arguments: `values`, `offsets`, perhaps `lengths`. The shape shown is that of `values`.
pub(super) fn jagged(tree: &Tree, args: &[Value]) -> Result<TensorMeta, Refused> {
    let named = args.iter().copied().find(|v| matches!(v, Value::Dict(_)));
    let mut parts: Vec<(Box<str>, TensorId)> = Vec::new();
    match named {
        Some(dict) => {
            for (key, value) in tree.entries(dict) {
                if let (Some(name), Value::Tensor(id)) = (tree.as_text(*key), value) {
                    parts.push((Box::from(&*name), *id));
                }
            }
        }
        None => {
            for (name, value) in ["values", "offsets", "lengths"].iter().zip(args) {
                if let Value::Tensor(id) = value {
                    parts.push((Box::from(*name), *id));
                }
            }
        }
    }
    let values = parts.iter().find(|(name, _)| name.contains("values")).or(parts.first());
    let values = values.and_then(|(_, id)| tree.tensor(*id)).ok_or("it has no values")?.clone();
    Ok(TensorMeta::composite(values.dtype, values.shape(), Layout::Jagged, parts))
}

/// `(class, dtype, size, stride, offset, layout, device, requires_grad)`: an outside without bytes.
pub(super) fn wrapper(host: &TorchHost<'_>, tree: &Tree, args: &[Value]) -> Result<TensorMeta, Refused> {
    let &[_, dtype, size, stride, ref rest @ ..] = args else {
        return Err("its arguments are too few".into());
    };
    let dtype = dtype_of(tree, dtype).ok_or("its dtype is unknown")?;
    let shape = sizes(host, tree, size)?;
    let mut meta = TensorMeta::strided(dtype, &shape, &sizes(host, tree, stride)?, None, 0);
    meta.layout = Layout::Wrapper;
    meta.requires_grad = rest.iter().rev().find_map(|v| match v {
        Value::Bool(flag) => Some(*flag),
        _ => None,
    });
    Ok(meta)
}

/// An uninitialised lazy parameter: it will get a shape at its first use.
pub(super) fn lazy() -> TensorMeta {
    let mut meta = TensorMeta::composite(DType::Unknown, &[], Layout::Lazy, Vec::new());
    meta.is_parameter = true;
    meta
}

/// Notes the class and attributes of a tensor subclass; tensors among the attributes of a wrapper are its
/// parts (the local shard of a DTensor, the packed values of a quantised tensor).
pub(super) fn attach(tree: &mut Tree, id: TensorId, class: Value, state: Value) {
    tree.note_tensor(id, class, state);
    let mut found: Vec<(Box<str>, TensorId)> = Vec::new();
    for part in tree.state_parts(state) {
        for (key, value) in tree.entries(part) {
            if let (Some(name), Value::Tensor(inner)) = (tree.as_text(*key), value) {
                found.push((Box::from(&*name), *inner));
            }
        }
    }
    if let Some(meta) = tree.tensor_mut(id).filter(|m| m.layout == Layout::Wrapper) {
        meta.parts = found;
    }
}
