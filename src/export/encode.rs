//! Numbers to stored elements, rounded as torch's `Tensor.to(dtype)` rounds them.

use half::{bf16, f16};

use crate::tensor::DType;

/// Writes `numbers` as little-endian elements of `dtype` into `out`. Complex elements take two numbers each.
///
/// Floats are rounded to the nearest, ties to even, through float32 where the target is smaller (as torch does);
/// what is too large becomes infinite, or the largest number in `float8_e4m3fn`, which has no infinity. False for a dtype
/// numbers cannot be written in.
pub fn encode(dtype: DType, numbers: &[f64], out: &mut [u8]) -> bool {
    match dtype {
        DType::Float64 | DType::Complex128 => each(numbers, out, f64::to_le_bytes),
        DType::Float32 | DType::Complex64 => each(numbers, out, |x| (x as f32).to_le_bytes()),
        DType::Float16 => each(numbers, out, |x| f16::from_f32(x as f32).to_le_bytes()),
        DType::BFloat16 => each(numbers, out, |x| bf16::from_f32(x as f32).to_le_bytes()),
        DType::Float8E4m3fn => each(numbers, out, |x| [eight(x as f32, &E4M3FN)]),
        DType::Float8E5m2 => each(numbers, out, |x| [eight(x as f32, &E5M2)]),
        DType::Int64 => each(numbers, out, |x| (x as i64).to_le_bytes()),
        DType::Int32 => each(numbers, out, |x| (x as i32).to_le_bytes()),
        DType::Int16 => each(numbers, out, |x| (x as i16).to_le_bytes()),
        DType::Int8 => each(numbers, out, |x| (x as i8).to_le_bytes()),
        DType::UInt64 => each(numbers, out, |x| (x as u64).to_le_bytes()),
        DType::UInt32 => each(numbers, out, |x| (x as u32).to_le_bytes()),
        DType::UInt16 => each(numbers, out, |x| (x as u16).to_le_bytes()),
        DType::UInt8 => each(numbers, out, |x| (x as u8).to_le_bytes()),
        DType::Bool => each(numbers, out, |x| [u8::from(x != 0.0)]),
        _ => return false,
    }
    true
}

/// True for dtypes [`encode`] can write.
pub fn can_encode(dtype: DType) -> bool {
    encode(dtype, &[], &mut [])
}

fn each<const N: usize>(numbers: &[f64], out: &mut [u8], bytes: impl Fn(f64) -> [u8; N]) {
    let (chunks, _) = out.as_chunks_mut::<N>();
    for (chunk, x) in chunks.iter_mut().zip(numbers) {
        *chunk = bytes(*x);
    }
}

/// A float of eight bits.
struct Eight {
    mantissa: u32,
    bias: i32,
    largest: f64,
    /// Code of what is larger.
    beyond: u8,
    nan: u8,
}

const E4M3FN: Eight = Eight { mantissa: 3, bias: 7, largest: 448.0, beyond: 0x7E, nan: 0x7F };
const E5M2: Eight = Eight { mantissa: 2, bias: 15, largest: 57_344.0, beyond: 0x7C, nan: 0x7F };

fn eight(x: f32, kind: &Eight) -> u8 {
    let sign = if x.is_sign_negative() { 0x80 } else { 0 };
    let size = f64::from(x.abs());
    if x.is_nan() {
        return sign | kind.nan;
    }
    // float32 has more range than any float of eight bits: its exponent is that of the float64.
    let exponent = ((size.to_bits() >> 52) as i32 - 1023).max(1 - kind.bias);
    let step = 2_f64.powi(exponent - kind.mantissa.cast_signed());
    let steps = (size / step).round_ties_even();
    if steps * step > kind.largest {
        return sign | kind.beyond;
    }
    // Rounding up to the next power of two carries into the exponent by itself.
    let code = f64::from((exponent + kind.bias - 1) << kind.mantissa) + steps;
    sign | code as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::decode;

    #[test]
    fn every_small_float_comes_back_and_what_lies_between_is_rounded_to_even() {
        for dtype in [DType::Float8E4m3fn, DType::Float8E5m2, DType::Float16, DType::BFloat16] {
            let size = dtype.bits() as usize / 8;
            let codes: Vec<u8> = if size == 1 {
                (0..=255).collect()
            } else {
                (0..=u16::MAX).flat_map(u16::to_le_bytes).collect()
            };
            let mut values = vec![0.0; codes.len() / size];
            decode(dtype, false, &codes, &mut values);
            let mut again = vec![0; codes.len()];
            assert!(encode(dtype, &values, &mut again));
            for (at, x) in values.iter().enumerate().filter(|(_, x)| !x.is_nan()) {
                assert_eq!(again[at * size..][..size], codes[at * size..][..size], "{dtype} {x}");
            }
        }
        let mut out = [0; 6];
        encode(DType::Float8E4m3fn, &[464.0, 465.0, -1e9, 1.0625, 1.1875, 2_f64.powi(-10)], &mut out);
        assert_eq!(out, [0x7E, 0x7E, 0xFE, 0x38, 0x3A, 0x00]);
    }

    #[test]
    fn too_large_for_a_float8_e5m2_is_infinite() {
        let mut out = [0; 3];
        encode(DType::Float8E5m2, &[61_439.0, 61_440.0, f64::NEG_INFINITY], &mut out);
        assert_eq!(out, [0x7B, 0x7C, 0xFC]);
    }
}
