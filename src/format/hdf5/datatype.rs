//! HDF5 datatypes as dtypes.

use hdf5_reader::messages::datatype::{CompoundField, Datatype};

use crate::tensor::DType;

/// dtype, whether big-endian, and sizes each element adds to the shape.
pub(super) fn dtype(datatype: &Datatype) -> (DType, bool, Vec<u64>) {
    let big = |order: &hdf5_reader::ByteOrder| matches!(order, hdf5_reader::ByteOrder::BigEndian);
    let plain = |dtype, big| (dtype, big, Vec::new());
    match datatype {
        Datatype::FloatingPoint { size, byte_order } => plain(float(*size), big(byte_order)),
        Datatype::FixedPoint { size, signed, byte_order } => plain(integer(*size, *signed), big(byte_order)),
        Datatype::Bitfield { size, byte_order } => plain(integer(*size, false), big(byte_order)),
        Datatype::Enum { base, members } => {
            let (inner, order, sizes) = dtype(base);
            // h5py writes booleans as an enumeration of two.
            let names: Vec<String> = members.iter().map(|m| m.name.to_ascii_uppercase()).collect();
            let boolean = inner.bits() == 8 && names == ["FALSE", "TRUE"];
            (if boolean { DType::Bool } else { inner }, order, sizes)
        }
        Datatype::Array { base, dims } => {
            let (inner, order, mut sizes) = dtype(base);
            sizes.splice(0..0, dims.iter().copied());
            (inner, order, sizes)
        }
        Datatype::String { .. } | Datatype::VarLen { .. } => plain(DType::Text, false),
        Datatype::Compound { size, fields } => complex(*size, fields).unwrap_or(plain(DType::Record, false)),
        _ => plain(DType::Record, false),
    }
}

fn float(size: u8) -> DType {
    match size {
        8 => DType::Float64,
        4 => DType::Float32,
        2 => DType::Float16,
        _ => DType::Unknown,
    }
}

fn integer(size: u8, signed: bool) -> DType {
    match (size, signed) {
        (8, true) => DType::Int64,
        (4, true) => DType::Int32,
        (2, true) => DType::Int16,
        (1, true) => DType::Int8,
        (8, false) => DType::UInt64,
        (4, false) => DType::UInt32,
        (2, false) => DType::UInt16,
        (1, false) => DType::UInt8,
        _ => DType::Unknown,
    }
}

/// h5py writes complex numbers as records of `r` and `i`.
fn complex(size: u32, fields: &[CompoundField]) -> Option<(DType, bool, Vec<u64>)> {
    let [re, im] = fields else { return None };
    let (part, big_endian, sizes) = dtype(&re.datatype);
    let named = re.name == "r" && im.name == "i" && re.datatype == im.datatype && sizes.is_empty();
    let dtype = match (part, size) {
        (DType::Float32, 8) => DType::Complex64,
        (DType::Float64, 16) => DType::Complex128,
        _ => return None,
    };
    named.then_some((dtype, big_endian, Vec::new()))
}
