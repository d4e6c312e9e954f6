//! What a tensor is before any of its bytes is read: dtype, shape, stride, and where its storage lies.

mod dtype;
mod ggml;

use std::sync::Arc;

pub use dtype::{DType, Numeric};
pub use ggml::Ggml;

/// How the elements of a tensor are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layout {
    /// Offset and strides into one storage.
    Strided,
    /// Coordinates: indices and values are its parts.
    SparseCoo,
    /// Compressed rows.
    SparseCsr,
    /// Compressed columns.
    SparseCsc,
    /// Compressed rows of blocks.
    SparseBsr,
    /// Compressed columns of blocks.
    SparseBsc,
    /// `torch.nested`, strided: rows of different shapes in one buffer, which is its part.
    Nested,
    /// `torch.nested`, jagged: values and offsets are its parts.
    Jagged,
    /// A tensor subclass without bytes of its own (DTensor, torchao): inner tensors are its parts.
    Wrapper,
    /// An uninitialised lazy parameter: neither shape nor bytes.
    Lazy,
}

impl Layout {
    /// torch's name of the layout where it has one, else a plain word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Strided => "strided",
            Self::SparseCoo => "sparse_coo",
            Self::SparseCsr => "sparse_csr",
            Self::SparseCsc => "sparse_csc",
            Self::SparseBsr => "sparse_bsr",
            Self::SparseBsc => "sparse_bsc",
            Self::Nested => "nested",
            Self::Jagged => "jagged",
            Self::Wrapper => "wrapper",
            Self::Lazy => "lazy",
        }
    }
}

/// Index of a tensor in [`crate::value::Tree`]; two names of one tensor share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TensorId(pub u32);

/// Index of a storage in [`crate::value::Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StorageId(pub u32);

/// Where the bytes of a storage lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// `len` bytes at `offset` of file number `file` of the checkpoint.
    Range {
        /// Index into [`crate::checkpoint::Checkpoint::files`].
        file: u32,
        /// First byte.
        offset: u64,
        /// Bytes there.
        len: u64,
    },
    /// A member of a zip archive. Where its bytes start is in its local header, which is read when needed.
    ZipMember {
        /// Index into [`crate::checkpoint::Checkpoint::files`].
        file: u32,
        /// Offset of the local header, from the start of the file.
        header: u64,
        /// Bytes in the file.
        stored: u64,
        /// Bytes after inflating; equal to `stored` unless `deflated`.
        len: u64,
        /// Compressed with deflate (someone zipped the folder again).
        deflated: bool,
    },
    /// Bytes inside the text pool of the tree: a storage pickled into the pickle itself.
    Inline {
        /// Start in the pool.
        start: u32,
        /// Length in bytes.
        len: u32,
    },
    /// Put together from pieces of one or several files (chunks of a distributed checkpoint, partitions of an
    /// optimizer, compressed chunks): source number `source` of the checkpoint gives its bytes row-major.
    Assembled {
        /// Index into [`crate::checkpoint::Parts::assembled`].
        source: u32,
        /// Bytes that source gives.
        len: u64,
    },
    /// The file holds no bytes for it, on purpose (meta device).
    NotStored,
    /// The file should hold its bytes and does not.
    Missing,
}

/// A run of bytes tensors are views of.
#[derive(Debug, Clone)]
pub struct Storage {
    /// The file's own name for it.
    pub key: Box<str>,
    /// Element type of the storage class; [`DType::Byte`] when untyped.
    pub dtype: DType,
    /// Device it was saved from (`cpu`, `cuda:0` …).
    pub location: Arc<str>,
    /// Bytes the metadata says it has.
    pub nbytes: u64,
    /// Where they are.
    pub place: Place,
    /// Big-endian elements.
    pub big_endian: bool,
}

impl Storage {
    /// Bytes that are in the file.
    pub fn available(&self) -> u64 {
        match self.place {
            Place::Range { len, .. } | Place::ZipMember { len, .. } | Place::Assembled { len, .. } => len,
            Place::Inline { len, .. } => u64::from(len),
            Place::NotStored | Place::Missing => 0,
        }
    }
}

impl Storage {
    /// Reads at any place cost the same; what is compressed or put together from pieces is better read from front
    /// to back, by one thread.
    pub fn is_random_access(&self) -> bool {
        match self.place {
            Place::ZipMember { deflated, .. } => !deflated,
            Place::Range { .. } | Place::Inline { .. } | Place::NotStored | Place::Missing => true,
            Place::Assembled { .. } => false,
        }
    }
}

/// How a quantised tensor's integers become numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum Quantizer {
    /// `scale * (q - zero_point)`, one pair for all elements.
    PerTensor {
        /// Step between neighbouring values.
        scale: f64,
        /// The integer that stands for 0.
        zero_point: i64,
    },
    /// One pair for each index along `axis`; both are 1-D tensors.
    PerChannel {
        /// Steps, one for each index along `axis`.
        scales: TensorId,
        /// Zero points, one for each index along `axis`.
        zero_points: TensorId,
        /// The dimension the pairs run along.
        axis: u32,
    },
}

/// Different shapes looked for among those seen; a model has a few dozen.
const SHAPES: usize = 4_096;

/// Everything about a tensor but its elements and its name.
///
/// Shape and stride are counted in elements, as torch counts them.
#[derive(Debug, Clone)]
pub struct TensorMeta {
    /// Element type.
    pub dtype: DType,
    /// Layout; only [`Layout::Strided`] reads elements through `storage`, offset and stride.
    pub layout: Layout,
    /// Storage that holds the elements; `None` for a tensor on the meta device and for composite layouts.
    pub storage: Option<StorageId>,
    /// First element, counted in elements from the start of the storage.
    pub storage_offset: u64,
    /// Recorded by the file, or `None`.
    pub requires_grad: Option<bool>,
    /// A `torch.nn.Parameter` (true for parameters of modules and for bare ones).
    pub is_parameter: bool,
    /// The imaginary part is to be negated when read.
    pub conj: bool,
    /// Every element is to be negated when read.
    pub neg: bool,
    /// For quantised dtypes.
    pub quantizer: Option<Box<Quantizer>>,
    /// Inner tensors of a composite layout, by attribute name.
    pub parts: Vec<(Box<str>, TensorId)>,
    /// Sizes, then strides: one allocation, shared by tensors of one shape, as there may be a million of these.
    extents: Arc<[u64]>,
}

impl TensorMeta {
    /// A strided tensor. `stride` must be as long as `shape`; a shorter one is filled with row-major strides.
    pub fn strided(
        dtype: DType,
        shape: &[u64],
        stride: &[u64],
        storage: Option<StorageId>,
        storage_offset: u64,
    ) -> Self {
        let extents = if stride.len() == shape.len() {
            shape.iter().chain(stride).copied().collect()
        } else {
            shape.iter().copied().chain(row_major(shape)).collect()
        };
        Self {
            dtype,
            layout: Layout::Strided,
            storage,
            storage_offset,
            requires_grad: None,
            is_parameter: false,
            conj: false,
            neg: false,
            quantizer: None,
            parts: Vec::new(),
            extents,
        }
    }

    /// A tensor that lies row-major in its storage from `storage_offset` on.
    pub fn contiguous(dtype: DType, shape: &[u64], storage: Option<StorageId>, storage_offset: u64) -> Self {
        Self::strided(dtype, shape, &row_major(shape), storage, storage_offset)
    }

    /// A tensor of a layout without elements of its own.
    pub fn composite(dtype: DType, shape: &[u64], layout: Layout, parts: Vec<(Box<str>, TensorId)>) -> Self {
        let mut meta = Self::contiguous(dtype, shape, None, 0);
        meta.layout = layout;
        meta.parts = parts;
        meta
    }

    /// Shares sizes and strides with an equal tensor seen before.
    pub(crate) fn share_extents(&mut self, seen: &mut rustc_hash::FxHashSet<Arc<[u64]>>) {
        if let Some(known) = seen.get(&self.extents) {
            self.extents = Arc::clone(known);
        } else if seen.len() < SHAPES {
            seen.insert(Arc::clone(&self.extents));
        }
    }

    /// Sizes, outermost first. Empty for a scalar.
    pub fn shape(&self) -> &[u64] {
        self.extents.split_at(self.extents.len() / 2).0
    }

    /// Strides in elements, one for each size.
    pub fn stride(&self) -> &[u64] {
        self.extents.split_at(self.extents.len() / 2).1
    }

    /// Number of elements, saturating: expanded views may count more than any memory holds.
    pub fn numel(&self) -> u64 {
        saturating_product(self.shape())
    }

    /// Bytes the elements take when they lie side by side (not what an expanded view occupies).
    pub fn nbytes(&self) -> u64 {
        self.dtype.bytes_for(self.numel()).unwrap_or(u64::MAX)
    }

    /// True when the elements lie row-major without gaps, as a fresh tensor's do.
    pub fn is_contiguous(&self) -> bool {
        let dims = self.shape().iter().zip(self.stride()).zip(row_major(self.shape()));
        self.numel() == 0 || dims.into_iter().all(|((size, stride), want)| *size == 1 || *stride == want)
    }

    /// Elements of the storage this tensor touches, from the first to one past the last: `None` when it has
    /// no elements, or when the numbers overflow.
    pub fn element_span(&self) -> Option<(u64, u64)> {
        if self.shape().contains(&0) {
            return None;
        }
        let mut last = self.storage_offset;
        for (size, stride) in self.shape().iter().zip(self.stride()) {
            last = last.checked_add((size - 1).checked_mul(*stride)?)?;
        }
        Some((self.storage_offset, last.checked_add(1)?))
    }
}

/// Row-major strides of `shape`, as torch gives to a fresh tensor (sizes of 0 count as 1).
pub fn row_major(shape: &[u64]) -> Vec<u64> {
    let mut stride = vec![1; shape.len()];
    let mut step = 1_u64;
    for (slot, size) in stride.iter_mut().zip(shape).rev() {
        *slot = step;
        step = step.saturating_mul((*size).max(1));
    }
    stride
}

/// Bytes of a row-major array; `None` when no memory or file could hold it.
pub fn array_bytes(dtype: DType, shape: &[u64]) -> Option<u64> {
    let numel = shape.iter().try_fold(1_u64, |n, size| n.checked_mul(*size));
    // With a size of 0 the others may be anything.
    let numel = if shape.contains(&0) { Some(0) } else { numel };
    dtype.bytes_for(numel?).filter(|bytes| i64::try_from(*bytes).is_ok())
}

/// Product that is 0 if any factor is, and else saturates.
pub fn saturating_product(shape: &[u64]) -> u64 {
    if shape.contains(&0) { 0 } else { shape.iter().fold(1, |n: u64, s| n.saturating_mul(*s)) }
}

/// Whether a tensor of a model is trained or carried along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TensorRole {
    /// A parameter.
    Parameter,
    /// A buffer (running mean, mask, position ids …).
    Buffer,
}

/// What the name and dtype of a tensor of a state dict say about its role: state dicts do not record it.
///
/// `key` is the name inside the state dict. Rule: formats.md §4.4.
pub fn guess_role(key: &str, dtype: DType) -> TensorRole {
    const BUFFERS: [&str; 7] = [
        "running_mean",
        "running_var",
        "num_batches_tracked",
        "inv_freq",
        "position_ids",
        "relative_position_index",
        "attn_mask",
    ];
    let leaf = key.rsplit('.').next().unwrap_or(key);
    let named = BUFFERS.contains(&leaf) || leaf.ends_with("_mask") || leaf == "mask";
    let whole = matches!(dtype.numeric(), Numeric::Integer | Numeric::Bool);
    if named || whole { TensorRole::Buffer } else { TensorRole::Parameter }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_of_a_fresh_tensor() {
        assert_eq!(row_major(&[2, 3, 4]), [12, 4, 1]);
        assert_eq!(row_major(&[2, 0, 4]), [4, 4, 1]);
        assert_eq!(row_major(&[]), [0_u64; 0]);
    }

    #[test]
    fn spans_and_contiguity() {
        let transposed = TensorMeta::strided(DType::Float32, &[6, 4], &[1, 6], None, 0);
        assert_eq!(transposed.element_span(), Some((0, 24)));
        assert!(!transposed.is_contiguous());
        let expanded = TensorMeta::strided(DType::Float32, &[5, 3], &[0, 1], None, 2);
        assert_eq!((expanded.numel(), expanded.element_span()), (15, Some((2, 5))));
        let empty = TensorMeta::contiguous(DType::Int64, &[u64::MAX, 0, 7], None, 0);
        assert_eq!((empty.numel(), empty.element_span()), (0, None));
        let huge = TensorMeta::contiguous(DType::Float64, &[u64::MAX, 9], None, 0);
        assert_eq!((huge.numel(), huge.nbytes(), huge.element_span()), (u64::MAX, u64::MAX, None));
    }
}
