//! Arguments of the rebuild functions: views of a storage, sizes, dtypes.

use super::host::TorchHost;
use crate::tensor::{DType, StorageId, TensorId, TensorMeta};
use crate::value::{Tree, Value};

/// Why a call was not rebuilt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refused {
    /// Code of the finding.
    pub(super) code: &'static str,
    /// In words, after "a tensor cannot be rebuilt".
    pub(super) why: &'static str,
}

impl From<&'static str> for Refused {
    fn from(why: &'static str) -> Self {
        Self { code: "META_TYPE", why }
    }
}

const BEYOND_ANY: Refused = Refused { code: "META_OVERFLOW", why: "its elements lie beyond any storage" };

/// `(storage, offset, size, stride[, requires_grad, hooks, …])`: a view into a storage.
pub(super) fn strided(
    host: &TorchHost<'_>,
    tree: &Tree,
    args: &[Value],
    dtype: Option<DType>,
    metadata: Option<&Value>,
) -> Result<TensorMeta, Refused> {
    let &[Value::Storage(storage), offset, size, stride, ..] = args else {
        return Err("its arguments are not (storage, offset, size, stride)".into());
    };
    let dtype = dtype.or_else(|| tree.storage(storage).map(|s| s.dtype)).ok_or("it names no storage")?;
    let shape = sizes(host, tree, size)?;
    let stride = sizes(host, tree, stride)?;
    if shape.len() != stride.len() {
        return Err("its size and stride differ in length".into());
    }
    let offset = count(tree, offset)?;
    let mut meta = TensorMeta::strided(dtype, &shape, &stride, Some(storage), offset);
    check_bounds(tree, &meta, storage)?;
    meta.requires_grad = match args.get(4) {
        Some(Value::Bool(flag)) => Some(*flag),
        _ => None,
    };
    if let Some(metadata) = metadata {
        meta.conj = tree.get(*metadata, "conj") == Some(Value::Bool(true));
        meta.neg = tree.get(*metadata, "neg") == Some(Value::Bool(true));
    }
    Ok(meta)
}

fn check_bounds(tree: &Tree, meta: &TensorMeta, storage: StorageId) -> Result<(), Refused> {
    if meta.numel() == 0 {
        return Ok(());
    }
    let held = tree.storage(storage).map_or(0, |s| s.nbytes);
    let (_, end) = meta.element_span().ok_or(BEYOND_ANY)?;
    let bytes = meta.dtype.bytes_for(end).ok_or(BEYOND_ANY)?;
    let outside = Refused { code: "META_OOB", why: "its elements lie beyond its storage" };
    if bytes > held { Err(outside) } else { Ok(()) }
}

/// A tuple or list of sizes.
pub(super) fn sizes(host: &TorchHost<'_>, tree: &Tree, value: Value) -> Result<Vec<u64>, Refused> {
    // `torch.Size` of a list, and lists themselves, count as tuples: torch takes them too.
    if !matches!(value, Value::Tuple { .. } | Value::List(_)) {
        return Err("its size or stride is not a tuple".into());
    }
    let items = tree.items(value);
    if items.len() > host.limits.dimensions {
        return Err(Refused { code: "NDIM", why: "it has more dimensions than torch allows" });
    }
    items.iter().map(|v| count(tree, *v)).collect()
}

/// A size, stride or offset.
fn count(tree: &Tree, value: Value) -> Result<u64, Refused> {
    match (value, tree.as_int(value)) {
        (_, Some(n)) => u64::try_from(n)
            .map_err(|_| Refused { code: "META_NEGATIVE", why: "a size, stride or offset is negative" }),
        (Value::BigInt(_), _) => Err(BEYOND_ANY),
        _ => Err("a size, stride or offset is not a number".into()),
    }
}

/// A dtype given as a global (`torch.float8_e4m3fn`).
pub(super) fn dtype_of(tree: &Tree, value: Value) -> Option<DType> {
    let Value::Global(id) = value else { return None };
    let global = tree.global(id).filter(|g| &*g.module == "torch")?;
    DType::from_torch(&global.name)
}

/// Argument `at` as a tensor, with a copy of its description.
pub(super) fn tensor_arg(tree: &Tree, args: &[Value], at: usize) -> Option<(TensorId, TensorMeta)> {
    let Some(Value::Tensor(id)) = args.get(at) else { return None };
    Some((*id, tree.tensor(*id)?.clone()))
}
