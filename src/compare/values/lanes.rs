//! Stored elements into the type they are compared in: one that holds every value of both sides.

use std::sync::OnceLock;

use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};

use super::kernel::{BLOCK, Real};
use crate::elements::decode;
use crate::tensor::{DType, Numeric};

/// The type two tensors are compared in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// Floats of at most 32 bits, exactly.
    Single,
    /// float64, and everything of at most 53 bits, exactly.
    Double,
    /// 64-bit integers, exactly.
    Whole,
    /// Complex numbers as pairs of float64.
    Complex,
}

impl Width {
    /// The narrowest type for both; `None` for a complex tensor against a real one.
    pub(super) fn of(a: DType, b: DType) -> Option<Self> {
        let complex = |d: DType| d.numeric() == Numeric::Complex;
        let whole = |d| matches!(d, DType::Int64 | DType::UInt64);
        match (a, b) {
            _ if complex(a) != complex(b) => None,
            _ if complex(a) => Some(Self::Complex),
            _ if is_single(a) && is_single(b) => Some(Self::Single),
            _ if whole(a) && whole(b) => Some(Self::Whole),
            _ => Some(Self::Double),
        }
    }
}

fn is_single(dtype: DType) -> bool {
    matches!(dtype, DType::Float32 | DType::Float16 | DType::BFloat16) || is_eight(dtype)
}

fn is_eight(dtype: DType) -> bool {
    dtype.numeric() == Numeric::Float && dtype.bits() == 8 && dtype != DType::Float4E2m1fnX2
}

/// A type elements are compared in.
pub(super) trait Lane: Real {
    /// Fills `out` from the little-endian bytes of as many elements.
    fn fill(dtype: DType, bytes: &[u8], out: &mut [Self]);
}

impl Lane for f32 {
    fn fill(dtype: DType, bytes: &[u8], out: &mut [Self]) {
        match dtype {
            DType::Float32 => fill(bytes, out, Self::from_le_bytes),
            DType::BFloat16 => fill(bytes, out, |b| Self::from_bits(u32::from(u16::from_le_bytes(b)) << 16)),
            DType::Float16 => halves(bytes, out),
            _ => {
                let table = eight(dtype);
                for (slot, byte) in out.iter_mut().zip(bytes) {
                    *slot = table.get(usize::from(*byte)).copied().unwrap_or(Self::NAN);
                }
            }
        }
    }
}

impl Lane for f64 {
    fn fill(dtype: DType, bytes: &[u8], out: &mut [Self]) {
        decode(dtype, false, bytes, out);
    }
}

impl Lane for i128 {
    fn fill(dtype: DType, bytes: &[u8], out: &mut [Self]) {
        if dtype == DType::UInt64 {
            fill(bytes, out, |b| Self::from(u64::from_le_bytes(b)));
        } else {
            fill(bytes, out, |b| Self::from(i64::from_le_bytes(b)));
        }
    }
}

fn fill<T, const N: usize>(bytes: &[u8], out: &mut [T], number: impl Fn([u8; N]) -> T) {
    for (slot, chunk) in out.iter_mut().zip(bytes.as_chunks::<N>().0) {
        *slot = number(*chunk);
    }
}

/// The conversion the processor has an instruction for, where it has one.
fn halves(bytes: &[u8], out: &mut [f32]) {
    let mut bits = [0_u16; BLOCK];
    for (out, bytes) in out.chunks_mut(BLOCK).zip(bytes.chunks(2 * BLOCK)) {
        if let Some(bits) = bits.get_mut(..out.len()) {
            fill(bytes, bits, u16::from_le_bytes);
            bits.reinterpret_cast::<half::f16>().convert_to_f32_slice(out);
        }
    }
}

/// The 256 values of an 8-bit float.
fn eight(dtype: DType) -> &'static [f32; 256] {
    static TABLES: [OnceLock<[f32; 256]>; 5] = [const { OnceLock::new() }; 5];
    let at = match dtype {
        DType::Float8E4m3fn => 0,
        DType::Float8E5m2 => 1,
        DType::Float8E4m3fnuz => 2,
        DType::Float8E5m2fnuz => 3,
        _ => 4,
    };
    let [.., last] = &TABLES;
    TABLES.get(at).unwrap_or(last).get_or_init(|| {
        let mut wide = [0.0; 256];
        let codes: [u8; 256] = std::array::from_fn(|code| code as u8);
        decode(dtype, false, &codes, &mut wide);
        wide.map(|x| x as f32)
    })
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // Up-casts are exact.
mod tests {
    use super::*;

    #[test]
    fn the_type_holds_both_sides() {
        use DType as D;
        assert_eq!(Width::of(D::BFloat16, D::Float32), Some(Width::Single));
        assert_eq!(Width::of(D::Float32, D::Float64), Some(Width::Double));
        assert_eq!(Width::of(D::Int64, D::UInt64), Some(Width::Whole));
        assert_eq!(Width::of(D::Int64, D::Float32), Some(Width::Double));
        assert_eq!(Width::of(D::Complex64, D::Complex128), Some(Width::Complex));
        assert_eq!(Width::of(D::Complex64, D::Float32), None);
    }

    #[test]
    fn halves_and_eights_have_the_values_of_the_slow_way() {
        let bytes: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
        let codes: Vec<u8> = (0..=255).collect();
        let cases = [
            (DType::Float16, &bytes),
            (DType::BFloat16, &bytes),
            (DType::Float8E4m3fn, &codes),
            (DType::Float8E5m2, &codes),
            (DType::Float8E8m0fnu, &codes),
        ];
        for (dtype, bytes) in cases {
            let count = bytes.len() * 8 / dtype.bits() as usize;
            let (mut quick, mut slow) = (vec![0_f32; count], vec![0_f64; count]);
            f32::fill(dtype, bytes, &mut quick);
            decode(dtype, false, bytes, &mut slow);
            for (x, y) in quick.iter().zip(&slow) {
                assert!(f64::from(*x) == *y || (x.is_nan() && y.is_nan()), "{dtype}: {x} {y}");
            }
        }
    }
}
