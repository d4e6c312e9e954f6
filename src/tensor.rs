//! What a tensor is before any of its bytes is read: dtype, shape, stride, and where its storage lies.

use std::fmt;
use std::sync::Arc;

/// Element type, under torch's name without the `torch.` prefix. Ggml's packed types keep ggml's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
#[non_exhaustive]
pub enum DType {
    Float64,
    Float32,
    Float16,
    BFloat16,
    Float8E4m3fn,
    Float8E5m2,
    Float8E4m3fnuz,
    Float8E5m2fnuz,
    Float8E8m0fnu,
    /// Two 4-bit floats in each byte; torch's shape counts the bytes.
    Float4E2m1fnX2,
    /// 6-bit floats, a packed bit stream; safetensors only.
    Float6E2m3,
    Float6E3m2,
    Int64,
    Int32,
    Int16,
    Int8,
    UInt64,
    UInt32,
    UInt16,
    UInt8,
    Bool,
    Complex128,
    Complex64,
    Complex32,
    BComplex32,
    QInt32,
    QInt8,
    QUInt8,
    /// Two 4-bit values in each byte.
    QUInt4x2,
    /// Four 2-bit values in each byte.
    QUInt2x4,
    Bits16,
    Bits8,
    Bits4x2,
    Bits2x4,
    Bits1x8,
    /// Raw bytes: the element type of an untyped storage.
    Byte,
    /// The file names no dtype (an uninitialised lazy parameter).
    Unknown,
}

/// How the bits of one element are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numeric {
    /// Floating point.
    Float,
    /// Signed or unsigned integer.
    Integer,
    /// Any non-zero byte is true.
    Bool,
    /// Two floats, real and imaginary.
    Complex,
    /// An integer that stands for `scale * (q - zero_point)`.
    Quantized,
    /// Bits without a number.
    Opaque,
}

/// Every dtype with its torch name, bits per element, and kind: the one table behind the lookups below.
const TABLE: &[(DType, &str, u32, Numeric)] = {
    use DType as D;
    use Numeric as N;
    &[
        (D::Float64, "float64", 64, N::Float),
        (D::Float32, "float32", 32, N::Float),
        (D::Float16, "float16", 16, N::Float),
        (D::BFloat16, "bfloat16", 16, N::Float),
        (D::Float8E4m3fn, "float8_e4m3fn", 8, N::Float),
        (D::Float8E5m2, "float8_e5m2", 8, N::Float),
        (D::Float8E4m3fnuz, "float8_e4m3fnuz", 8, N::Float),
        (D::Float8E5m2fnuz, "float8_e5m2fnuz", 8, N::Float),
        (D::Float8E8m0fnu, "float8_e8m0fnu", 8, N::Float),
        (D::Float4E2m1fnX2, "float4_e2m1fn_x2", 8, N::Float),
        (D::Float6E2m3, "float6_e2m3", 6, N::Float),
        (D::Float6E3m2, "float6_e3m2", 6, N::Float),
        (D::Int64, "int64", 64, N::Integer),
        (D::Int32, "int32", 32, N::Integer),
        (D::Int16, "int16", 16, N::Integer),
        (D::Int8, "int8", 8, N::Integer),
        (D::UInt64, "uint64", 64, N::Integer),
        (D::UInt32, "uint32", 32, N::Integer),
        (D::UInt16, "uint16", 16, N::Integer),
        (D::UInt8, "uint8", 8, N::Integer),
        (D::Bool, "bool", 8, N::Bool),
        (D::Complex128, "complex128", 128, N::Complex),
        (D::Complex64, "complex64", 64, N::Complex),
        (D::Complex32, "complex32", 32, N::Complex),
        (D::BComplex32, "bcomplex32", 32, N::Complex),
        (D::QInt32, "qint32", 32, N::Quantized),
        (D::QInt8, "qint8", 8, N::Quantized),
        (D::QUInt8, "quint8", 8, N::Quantized),
        (D::QUInt4x2, "quint4x2", 4, N::Quantized),
        (D::QUInt2x4, "quint2x4", 2, N::Quantized),
        (D::Bits16, "bits16", 16, N::Opaque),
        (D::Bits8, "bits8", 8, N::Opaque),
        (D::Bits4x2, "bits4x2", 8, N::Opaque),
        (D::Bits2x4, "bits2x4", 8, N::Opaque),
        (D::Bits1x8, "bits1x8", 8, N::Opaque),
        (D::Byte, "byte", 8, N::Opaque),
        (D::Unknown, "unknown", 0, N::Opaque),
    ]
};

/// Other spellings of a dtype: torch's aliases.
const ALIASES: &[(&str, DType)] = &[
    ("double", DType::Float64),
    ("float", DType::Float32),
    ("half", DType::Float16),
    ("long", DType::Int64),
    ("int", DType::Int32),
    ("short", DType::Int16),
    ("cdouble", DType::Complex128),
    ("cfloat", DType::Complex64),
    ("chalf", DType::Complex32),
];

/// Typed storage classes of torch without their `Storage` suffix.
const STORAGE_CLASSES: &[(&str, DType)] = &[
    ("Double", DType::Float64),
    ("Float", DType::Float32),
    ("Half", DType::Float16),
    ("BFloat16", DType::BFloat16),
    ("Long", DType::Int64),
    ("Int", DType::Int32),
    ("Short", DType::Int16),
    ("Char", DType::Int8),
    ("Byte", DType::UInt8),
    ("Bool", DType::Bool),
    ("ComplexFloat", DType::Complex64),
    ("ComplexDouble", DType::Complex128),
    ("QInt8", DType::QInt8),
    ("QUInt8", DType::QUInt8),
    ("QInt32", DType::QInt32),
    ("QUInt4x2", DType::QUInt4x2),
    ("QUInt2x4", DType::QUInt2x4),
    ("Untyped", DType::Byte),
];

/// The dtype strings of the safetensors specification.
const SAFETENSORS: &[(&str, DType)] = &[
    ("F64", DType::Float64),
    ("F32", DType::Float32),
    ("F16", DType::Float16),
    ("BF16", DType::BFloat16),
    ("F8_E4M3", DType::Float8E4m3fn),
    ("F8_E5M2", DType::Float8E5m2),
    ("F8_E4M3FNUZ", DType::Float8E4m3fnuz),
    ("F8_E5M2FNUZ", DType::Float8E5m2fnuz),
    ("F8_E8M0", DType::Float8E8m0fnu),
    ("F6_E2M3", DType::Float6E2m3),
    ("F6_E3M2", DType::Float6E3m2),
    ("F4", DType::Float4E2m1fnX2),
    ("I64", DType::Int64),
    ("I32", DType::Int32),
    ("I16", DType::Int16),
    ("I8", DType::Int8),
    ("U64", DType::UInt64),
    ("U32", DType::UInt32),
    ("U16", DType::UInt16),
    ("U8", DType::UInt8),
    ("BOOL", DType::Bool),
    ("C64", DType::Complex64),
];

impl DType {
    fn row(self) -> &'static (DType, &'static str, u32, Numeric) {
        // The table holds every variant: the test below walks all of them.
        TABLE.iter().find(|row| row.0 == self).unwrap_or(&(DType::Unknown, "unknown", 0, Numeric::Opaque))
    }

    /// All dtypes.
    pub fn all() -> impl Iterator<Item = DType> {
        TABLE.iter().map(|row| row.0)
    }

    /// torch's name without the `torch.` prefix.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Bits of one element as torch counts elements. 0 when unknown.
    pub fn bits(self) -> u32 {
        self.row().2
    }

    /// How the bits are read.
    pub fn numeric(self) -> Numeric {
        self.row().3
    }

    /// Bytes `count` elements take when they lie side by side; `None` on overflow.
    pub fn bytes_for(self, count: u64) -> Option<u64> {
        Some(count.checked_mul(u64::from(self.bits()))?.div_ceil(8))
    }

    /// Bytes `count` elements take as safetensors counts them: 4-bit floats one by one, not in pairs.
    /// `None` on overflow, or when they do not end on a byte.
    pub fn storage_bytes(self, count: u64) -> Option<u64> {
        let bits = if self == Self::Float4E2m1fnX2 { 4 } else { u64::from(self.bits()) };
        let total = count.checked_mul(bits)?;
        total.is_multiple_of(8).then_some(total / 8)
    }

    /// The dtype torch calls `name` (`float32`, `long`, `float8_e4m3fn` …).
    pub fn from_torch(name: &str) -> Option<Self> {
        let known = TABLE.iter().find(|row| row.1 == name && row.0 != Self::Unknown && row.0 != Self::Byte);
        known.map(|row| row.0).or_else(|| lookup(ALIASES, name))
    }

    /// The element type of a torch storage class (`FloatStorage`, `UntypedStorage` …).
    pub fn from_storage_class(class: &str) -> Option<Self> {
        match class {
            "TypedStorage" | "_TypedStorage" => Some(Self::Byte),
            _ => lookup(STORAGE_CLASSES, class.strip_suffix("Storage")?),
        }
    }

    /// The element type of a legacy tensor class (`FloatTensor`, also `torch.cuda.FloatTensor`).
    pub fn from_tensor_class(class: &str) -> Option<Self> {
        lookup(STORAGE_CLASSES, class.strip_suffix("Tensor")?).filter(|d| *d != Self::Byte)
    }

    /// The dtype a safetensors header calls `name`.
    pub fn from_safetensors(name: &str) -> Option<Self> {
        lookup(SAFETENSORS, name)
    }

    /// What a safetensors header calls this dtype, if it can hold it.
    pub fn safetensors_name(self) -> Option<&'static str> {
        SAFETENSORS.iter().find(|row| row.1 == self).map(|row| row.0)
    }
}

fn lookup(table: &[(&str, DType)], name: &str) -> Option<DType> {
    table.iter().find(|row| row.0 == name).map(|row| row.1)
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

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
            Place::Range { len, .. } | Place::ZipMember { len, .. } => len,
            Place::Inline { len, .. } => u64::from(len),
            Place::NotStored | Place::Missing => 0,
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
    /// Sizes, then strides: one allocation, as there may be a million of these.
    extents: Box<[u64]>,
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
    fn every_dtype_is_in_the_table_and_its_name_leads_back() {
        for dtype in DType::all() {
            assert_eq!(dtype.row().0, dtype);
            let known = !matches!(dtype, DType::Unknown | DType::Byte);
            assert_eq!(DType::from_torch(dtype.name()), known.then_some(dtype));
        }
        for (name, dtype) in SAFETENSORS {
            assert_eq!(dtype.safetensors_name(), Some(*name));
        }
    }

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

    #[test]
    fn packed_dtypes_round_up_to_bytes() {
        assert_eq!(DType::QUInt4x2.bytes_for(5), Some(3));
        assert_eq!(DType::Float32.bytes_for(u64::MAX), None);
    }
}
