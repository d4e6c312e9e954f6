//! Bytes to numbers, dtype by dtype.

use std::sync::OnceLock;

use half::{bf16, f16};

use super::ggml;
use crate::tensor::DType;

/// The smallest piece numbers of a dtype are stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    /// Elements in it.
    pub(super) numbers: u64,
    /// Bytes it takes.
    pub(super) bytes: u64,
}

/// The unit of a dtype; `None` for bits that are no numbers.
pub(super) fn unit(dtype: DType) -> Option<Unit> {
    let (numbers, bytes) = match dtype {
        DType::Complex128 => (1, 16),
        DType::Float64 | DType::Int64 | DType::UInt64 | DType::Complex64 => (1, 8),
        DType::Float32 | DType::Int32 | DType::UInt32 | DType::QInt32 => (1, 4),
        DType::Complex32 | DType::BComplex32 => (1, 4),
        DType::Float16 | DType::BFloat16 | DType::Int16 | DType::UInt16 => (1, 2),
        DType::Int8 | DType::UInt8 | DType::Bool | DType::QInt8 | DType::QUInt8 => (1, 1),
        DType::Float8E4m3fn | DType::Float8E5m2 | DType::Float8E8m0fnu => (1, 1),
        DType::Float8E4m3fnuz | DType::Float8E5m2fnuz => (1, 1),
        DType::Float4E2m1fnX2 | DType::QUInt4x2 => (2, 1),
        DType::QUInt2x4 => (4, 1),
        DType::Int4 | DType::UInt4 => (2, 1),
        DType::Int2 | DType::UInt2 => (4, 1),
        DType::Ggml(packed) if ggml::is_known(packed) => (packed.block(), packed.bytes()),
        DType::Float6E2m3 | DType::Float6E3m2 => (4, 3),
        _ => return None,
    };
    Some(Unit { numbers, bytes })
}

/// Decodes as many elements as `out` has room for. Complex ones fill two places each. `bytes` begins with a whole
/// unit; places without bytes keep what they have.
pub fn decode(dtype: DType, big_endian: bool, bytes: &[u8], out: &mut [f64]) {
    macro_rules! plain {
        ($type:ty, $number:expr) => {
            each(bytes, out, big_endian, |b| $number(<$type>::from_le_bytes(b)))
        };
    }
    match dtype {
        DType::Float64 | DType::Complex128 => plain!(f64, |x| x),
        DType::Float32 | DType::Complex64 => plain!(f32, f64::from),
        DType::Float16 | DType::Complex32 => plain!(f16, f16::to_f64),
        DType::BFloat16 | DType::BComplex32 => plain!(bf16, bf16::to_f64),
        DType::Int64 => plain!(i64, |n| n as f64),
        DType::UInt64 => plain!(u64, |n| n as f64),
        DType::Int32 | DType::QInt32 => plain!(i32, f64::from),
        DType::UInt32 => plain!(u32, f64::from),
        DType::Int16 => plain!(i16, f64::from),
        DType::UInt16 => plain!(u16, f64::from),
        DType::Int8 | DType::QInt8 => plain!(i8, f64::from),
        DType::UInt8 | DType::QUInt8 => plain!(u8, f64::from),
        DType::Bool => plain!(u8, |b| f64::from(u8::from(b != 0))),
        DType::Float4E2m1fnX2 => packed(bytes, out, 4, table(&FLOAT4, |b| float(b, 2, 1, Special::None, 1))),
        DType::QUInt4x2 | DType::UInt4 => packed(bytes, out, 4, table(&INTEGER, f64::from)),
        DType::QUInt2x4 | DType::UInt2 => packed(bytes, out, 2, table(&INTEGER, f64::from)),
        DType::Int4 => packed(bytes, out, 4, table(&SIGNED4, |q| f64::from((q << 4).cast_signed() >> 4))),
        DType::Int2 => packed(bytes, out, 2, table(&SIGNED2, |q| f64::from((q << 6).cast_signed() >> 6))),
        DType::Ggml(packed) => ggml::decode(packed, big_endian, bytes, out),
        DType::Float6E2m3 => six(bytes, out, table(&FLOAT6A, |b| float(b, 2, 3, Special::None, 1))),
        DType::Float6E3m2 => six(bytes, out, table(&FLOAT6B, |b| float(b, 3, 2, Special::None, 3))),
        _ => eight(dtype, bytes, out),
    }
}

fn eight(dtype: DType, bytes: &[u8], out: &mut [f64]) {
    let table = match dtype {
        DType::Float8E4m3fn => table(&E4M3FN, |b| float(b, 4, 3, Special::AllOnes, 7)),
        DType::Float8E5m2 => table(&E5M2, |b| float(b, 5, 2, Special::Ieee, 15)),
        DType::Float8E4m3fnuz => table(&E4M3FNUZ, |b| float(b, 4, 3, Special::MinusZero, 8)),
        DType::Float8E5m2fnuz => table(&E5M2FNUZ, |b| float(b, 5, 2, Special::MinusZero, 16)),
        DType::Float8E8m0fnu => {
            table(&E8M0, |b| if b == 0xFF { f64::NAN } else { 2_f64.powi(i32::from(b) - 127) })
        }
        _ => return,
    };
    for (slot, byte) in out.iter_mut().zip(bytes) {
        *slot = look_up(table, *byte);
    }
}

type Table = [f64; 256];
static FLOAT4: OnceLock<Table> = OnceLock::new();
static FLOAT6A: OnceLock<Table> = OnceLock::new();
static FLOAT6B: OnceLock<Table> = OnceLock::new();
static INTEGER: OnceLock<Table> = OnceLock::new();
static SIGNED4: OnceLock<Table> = OnceLock::new();
static SIGNED2: OnceLock<Table> = OnceLock::new();
static E4M3FN: OnceLock<Table> = OnceLock::new();
static E5M2: OnceLock<Table> = OnceLock::new();
static E4M3FNUZ: OnceLock<Table> = OnceLock::new();
static E5M2FNUZ: OnceLock<Table> = OnceLock::new();
static E8M0: OnceLock<Table> = OnceLock::new();

fn table(cell: &'static OnceLock<Table>, value: impl Fn(u8) -> f64) -> &'static Table {
    cell.get_or_init(|| std::array::from_fn(|code| value(code as u8)))
}

fn look_up(table: &Table, code: u8) -> f64 {
    table.get(usize::from(code)).copied().unwrap_or(f64::NAN)
}

/// Which codes of a small float are not numbers.
#[derive(Clone, Copy)]
enum Special {
    /// All are numbers (OCP's 4- and 6-bit floats).
    None,
    /// Exponent all ones: infinity, and NaN with any mantissa.
    Ieee,
    /// Exponent and mantissa all ones: NaN; no infinity (`fn`).
    AllOnes,
    /// The code of -0 is NaN; no infinity, no -0 (`fnuz`).
    MinusZero,
}

/// The value of a float of `1 + exponent + mantissa` bits. Codes of formats.md §10.
fn float(code: u8, exponent: u32, mantissa: u32, special: Special, bias: i32) -> f64 {
    let bits = u32::from(code) & ((2 << (exponent + mantissa)) - 1);
    let sign = if bits >> (exponent + mantissa) & 1 == 1 { -1.0 } else { 1.0 };
    let e = bits >> mantissa & ((1 << exponent) - 1);
    let m = bits & ((1 << mantissa) - 1);
    let (last_e, last_m) = ((1 << exponent) - 1, (1 << mantissa) - 1);
    match special {
        Special::Ieee if e == last_e => return if m == 0 { sign * f64::INFINITY } else { f64::NAN },
        Special::AllOnes if e == last_e && m == last_m => return f64::NAN,
        Special::MinusZero if e == 0 && m == 0 && sign < 0.0 => return f64::NAN,
        _ => {}
    }
    let fraction = f64::from(m) / f64::from(1_u32 << mantissa);
    if e == 0 {
        sign * fraction * 2_f64.powi(1 - bias)
    } else {
        sign * (1.0 + fraction) * 2_f64.powi(e.cast_signed() - bias)
    }
}

fn each<const N: usize>(bytes: &[u8], out: &mut [f64], big_endian: bool, number: impl Fn([u8; N]) -> f64) {
    let (chunks, _) = bytes.as_chunks::<N>();
    if big_endian && N > 1 {
        for (slot, chunk) in out.iter_mut().zip(chunks) {
            let mut little = *chunk;
            little.reverse();
            *slot = number(little);
        }
    } else {
        for (slot, chunk) in out.iter_mut().zip(chunks) {
            *slot = number(*chunk);
        }
    }
}

/// Several elements in each byte, the first in the lowest bits.
fn packed(bytes: &[u8], out: &mut [f64], bits: usize, table: &Table) {
    let per = 8 / bits;
    let mask = (1_u8 << bits) - 1;
    for (slots, byte) in out.chunks_mut(per).zip(bytes) {
        for (i, slot) in slots.iter_mut().enumerate() {
            *slot = look_up(table, *byte >> (i * bits) & mask);
        }
    }
}

/// Four 6-bit elements in each three bytes, the first in the lowest bits.
fn six(bytes: &[u8], out: &mut [f64], table: &Table) {
    for (slots, bytes) in out.chunks_mut(4).zip(bytes.chunks(3)) {
        let word = bytes.iter().rev().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        for (i, slot) in slots.iter_mut().enumerate() {
            *slot = look_up(table, (word >> (i * 6) & 63) as u8);
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // the values are exact
mod tests {
    use super::*;

    fn one(dtype: DType, bytes: &[u8]) -> f64 {
        let mut out = [0.0];
        decode(dtype, false, bytes, &mut out);
        out[0]
    }

    #[test]
    fn small_floats_have_the_values_of_their_tables() {
        let cases = [
            (DType::Float8E4m3fn, 0x7E, 448.0),
            (DType::Float8E4m3fn, 0x01, 2_f64.powi(-9)),
            (DType::Float8E5m2, 0x7B, 57344.0),
            (DType::Float8E5m2, 0xFC, f64::NEG_INFINITY),
            (DType::Float8E4m3fnuz, 0x7F, 240.0),
            (DType::Float8E5m2fnuz, 0x7F, 57344.0),
            (DType::Float8E8m0fnu, 0x00, 2_f64.powi(-127)),
            (DType::Float8E8m0fnu, 0x80, 2.0),
        ];
        for (dtype, code, value) in cases {
            assert_eq!(one(dtype, &[code]), value, "{dtype} {code:#x}");
        }
        let nans = [
            (DType::Float8E4m3fn, 0xFF),
            (DType::Float8E5m2, 0x7D),
            (DType::Float8E4m3fnuz, 0x80),
            (DType::Float8E5m2fnuz, 0x80),
            (DType::Float8E8m0fnu, 0xFF),
        ];
        for (dtype, code) in nans {
            assert!(one(dtype, &[code]).is_nan(), "{dtype} {code:#x}");
        }
    }

    #[test]
    fn packed_elements_come_low_bits_first() {
        let mut out = [0.0; 4];
        decode(DType::Float4E2m1fnX2, false, &[0x71, 0x9F], &mut out);
        assert_eq!(out, [0.5, 6.0, -6.0, -0.5]);
        decode(DType::QUInt2x4, false, &[0b11_10_01_00], &mut out);
        assert_eq!(out, [0.0, 1.0, 2.0, 3.0]);
        // Codes 1, 2, 32+31, 31 of e3m2: 6 bits each.
        let word = 1_u32 | 2 << 6 | 63 << 12 | 31 << 18;
        decode(DType::Float6E3m2, false, &word.to_le_bytes()[..3], &mut out);
        assert_eq!(out, [0.0625, 0.125, -28.0, 28.0]);
    }

    #[test]
    fn byte_order_and_bool() {
        let mut out = [0.0; 2];
        decode(DType::Complex64, true, &[0x3F, 0x80, 0, 0, 0xC0, 0, 0, 0], &mut out);
        assert_eq!(out, [1.0, -2.0]);
        assert_eq!(one(DType::Bool, &[7]), 1.0);
        assert_eq!(one(DType::BFloat16, &[0x80, 0x3F]), 1.0);
    }
}
