//! Element types, and the names torch and safetensors have for them: one table.

use std::fmt;

use super::Ggml;

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
    /// Two elements in each byte, the first in the low half; each element counts (ONNX, TensorFlow).
    Int4,
    UInt4,
    /// Four elements in each byte, the first in the lowest bits.
    Int2,
    UInt2,
    /// One of ggml's types: blocks of elements that share a scale.
    Ggml(Ggml),
    /// Text, of one length or of many.
    Text,
    /// Records of several fields.
    Record,
    /// Pickled Python objects.
    Object,
    DateTime64,
    TimeDelta64,
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
        (D::Int4, "int4", 4, N::Integer),
        (D::UInt4, "uint4", 4, N::Integer),
        (D::Int2, "int2", 2, N::Integer),
        (D::UInt2, "uint2", 2, N::Integer),
        (D::Text, "text", 0, N::Opaque),
        (D::Record, "record", 0, N::Opaque),
        (D::Object, "object", 0, N::Opaque),
        (D::DateTime64, "datetime64", 64, N::Opaque),
        (D::TimeDelta64, "timedelta64", 64, N::Opaque),
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
        TABLE.iter().map(|row| row.0).chain(Ggml::all().map(DType::Ggml))
    }

    /// Place in the order of [`DType::all`]: what a column of dtypes is sorted by.
    pub fn rank(self) -> u64 {
        Self::all().position(|dtype| dtype == self).unwrap_or(usize::MAX) as u64
    }

    /// torch's name without the `torch.` prefix; ggml's own name for its packed types.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ggml(packed) => packed.name(),
            _ => self.row().1,
        }
    }

    /// Bits of one element as torch counts elements. 0 when unknown, or when elements have none of their own
    /// ([`DType::Ggml`]).
    pub fn bits(self) -> u32 {
        self.row().2
    }

    /// How the bits are read.
    pub fn numeric(self) -> Numeric {
        match self {
            Self::Ggml(_) => Numeric::Quantized,
            _ => self.row().3,
        }
    }

    /// Bytes `count` elements take when they lie side by side; `None` on overflow.
    pub fn bytes_for(self, count: u64) -> Option<u64> {
        if let Self::Ggml(packed) = self {
            return count.div_ceil(packed.block()).checked_mul(packed.bytes());
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dtype_is_in_the_table_and_its_name_leads_back() {
        for dtype in DType::all() {
            let packed = matches!(dtype, DType::Ggml(_));
            assert!(packed || dtype.row().0 == dtype);
            let known = !packed && !matches!(dtype, DType::Unknown | DType::Byte);
            assert_eq!(DType::from_torch(dtype.name()), known.then_some(dtype));
        }
        for (name, dtype) in SAFETENSORS {
            assert_eq!(dtype.safetensors_name(), Some(*name));
        }
    }

    #[test]
    fn packed_dtypes_round_up_to_bytes() {
        assert_eq!(DType::QUInt4x2.bytes_for(5), Some(3));
        assert_eq!(DType::Float32.bytes_for(u64::MAX), None);
    }
}
