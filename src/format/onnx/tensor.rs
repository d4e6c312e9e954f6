//! `TensorProto`: dims, dtype, and elements as raw bytes, as lists of numbers, or in another file.

use std::io;
use std::sync::{Arc, OnceLock};

use super::external::{External, Files};
use crate::checkpoint::Severity;
use crate::error::{Error, ErrorKind, Result};
use crate::format::listing::{Described, Listing};
use crate::format::protobuf::{Field, Message};
use crate::source::ReadAt;
use crate::tensor::{DType, Place};
use crate::text::shown;
use crate::value::Value;

/// Dimensions of one tensor.
const DIMENSIONS: usize = 4_096;
/// Numbers of a list that is decoded.
const NUMBERS: usize = 64 << 20;
/// Bytes of a name.
const NAME: u64 = 64 << 10;

/// What was read of a tensor.
#[derive(Default)]
struct Proto {
    name: String,
    sizes: Vec<u64>,
    kind: u64,
    raw: Option<Field>,
    /// Pieces of the list of numbers, and the field they are in.
    list: Vec<Field>,
    list_field: u64,
    external: External,
    is_external: bool,
}

/// Reads tensors into a listing.
pub(super) struct Reader<'a, 'l> {
    pub(super) listing: &'a mut Listing<'l>,
    files: Files,
}

impl<'a, 'l> Reader<'a, 'l> {
    pub(super) fn new(listing: &'a mut Listing<'l>) -> Self {
        Self { listing, files: Files::default() }
    }

    /// One tensor and its name.
    pub(super) fn read(&mut self, message: &mut Message<'_>) -> Result<(String, Value)> {
        let mut proto = Proto::default();
        while let Some((number, field)) = message.next()? {
            match number {
                1 => message.numbers(field, &mut proto.sizes, DIMENSIONS)?,
                2 => proto.kind = field.number().unwrap_or(0),
                8 => proto.name = message.text(field, NAME)?,
                9 => proto.raw = Some(field),
                4 | 5 | 7 | 10 | 11 => {
                    proto.list_field = number;
                    proto.list.push(field);
                }
                13 => proto.external.add(&mut message.inner(field))?,
                14 => proto.is_external = field.number() == Some(1),
                _ => {}
            }
        }
        let dtype = dtype(proto.kind);
        let mut shape = proto.sizes.clone();
        if let (DType::Float4E2m1fnX2, Some(last)) = (dtype, shape.last_mut()) {
            // torch counts the bytes, each of which holds two of ONNX's elements.
            *last = last.div_ceil(2);
        }
        let place = self.place(&proto, dtype, &shape);
        let value = self.listing.tensor(&Described::new(&proto.name, dtype, &shape, place));
        Ok((proto.name, value))
    }

    fn place(&mut self, proto: &Proto, dtype: DType, shape: &[u64]) -> Place {
        let count =
            if shape.contains(&0) { Some(0) } else { shape.iter().try_fold(1_u64, |n, s| n.checked_mul(*s)) };
        let needed = count.and_then(|n| dtype.bytes_for(n)).unwrap_or(0);
        if proto.is_external {
            return match self.files.place(self.listing, &proto.external, needed) {
                Ok(place) => place,
                Err(e) => {
                    let text = format!("tensor {}: {}", shown(&proto.name), e.reason());
                    self.listing.note(Severity::Broken, "EXTERNAL_DATA", text);
                    Place::Missing
                }
            };
        }
        if let Some((offset, len)) = proto.raw.and_then(Field::place) {
            return Place::Range { file: 0, offset, len };
        }
        match (proto.list_field, proto.list.as_slice()) {
            (_, []) if needed == 0 => Place::Range { file: 0, offset: 0, len: 0 },
            (_, []) => Place::Missing,
            // Packed floats are what raw bytes would be.
            (4 | 10, [Field::Bytes { at, len }]) => Place::Range { file: 0, offset: *at, len: *len },
            _ => {
                let source = self.listing.source();
                let (list, field) = (proto.list.clone(), proto.list_field);
                let numbers = Numbers { source, list, field, dtype, len: needed, bytes: OnceLock::new() };
                Place::Assembled { source: self.listing.assemble(Arc::new(numbers)), len: needed }
            }
        }
    }
}

/// ONNX's number of a dtype.
fn dtype(number: u64) -> DType {
    match number {
        1 => DType::Float32,
        2 => DType::UInt8,
        3 => DType::Int8,
        4 => DType::UInt16,
        5 => DType::Int16,
        6 => DType::Int32,
        7 => DType::Int64,
        8 => DType::Text,
        9 => DType::Bool,
        10 => DType::Float16,
        11 => DType::Float64,
        12 => DType::UInt32,
        13 => DType::UInt64,
        14 => DType::Complex64,
        15 => DType::Complex128,
        16 => DType::BFloat16,
        17 => DType::Float8E4m3fn,
        18 => DType::Float8E4m3fnuz,
        19 => DType::Float8E5m2,
        20 => DType::Float8E5m2fnuz,
        21 => DType::UInt4,
        22 => DType::Int4,
        23 => DType::Float4E2m1fnX2,
        24 => DType::Float8E8m0fnu,
        25 => DType::UInt2,
        26 => DType::Int2,
        27 => DType::Float6E2m3,
        28 => DType::Float6E3m2,
        _ => DType::Unknown,
    }
}

/// Elements written as a list of numbers, decoded when they are first read.
struct Numbers {
    source: Arc<dyn ReadAt>,
    list: Vec<Field>,
    field: u64,
    dtype: DType,
    len: u64,
    bytes: OnceLock<Result<Vec<u8>, String>>,
}

impl Numbers {
    fn decode(&self) -> Result<Vec<u8>> {
        let message = Message::new(&*self.source, 0, 0);
        let mut out = Vec::new();
        if matches!(self.field, 4 | 10) {
            for (at, len) in self.list.iter().filter_map(|field| field.place()) {
                out.extend(self.source.read_vec(at, len)?);
            }
            return Ok(out);
        }
        let mut numbers = Vec::new();
        for field in &self.list {
            message.numbers(*field, &mut numbers, NUMBERS)?;
        }
        // 4-bit types hold a whole byte of elements in each number, halves the bits of one.
        let width = (self.dtype.bits().div_ceil(8) as usize).clamp(1, 8);
        for number in numbers {
            out.extend(number.to_le_bytes().iter().take(width));
        }
        if (out.len() as u64) < self.len {
            return Err(Error::new(ErrorKind::TensorBounds, "its list has fewer numbers than its shape"));
        }
        Ok(out)
    }
}

impl ReadAt for Numbers {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let bytes = self.bytes.get_or_init(|| self.decode().map_err(|e| e.reason()));
        let bytes = bytes.as_ref().map_err(|reason| io::Error::other(reason.clone()))?;
        bytes.read_at(buf, offset)
    }
}
