//! The float32 loop in instructions of AVX2, named one by one through `pulp`'s safe functions: at the level of
//! optimisation the program is built with, the compiler does not find them by itself.

#![allow(clippy::inline_always)] // what runs inside a function compiled for wider registers must be compiled there

use core::arch::x86_64::{__m256, __m256d, __m256i, _CMP_EQ_OQ};

use pulp::x86::V3;
use pulp::{Simd, WithSimd, cast};

use super::Sums;
use crate::stats::codes::{Table, count};

/// Elements of one register.
const LANES: usize = super::LANES;

struct Float32<'a> {
    simd: V3,
    chunks: &'a [[u8; 4 * LANES]],
    codes: &'a mut Table,
}

/// Adds up little-endian float32 elements and counts the upper halves of their bits, as far as whole registers go; `None` on
/// a processor without AVX2.
pub(super) fn float32(chunks: &[[u8; 4 * LANES]], codes: &mut Table) -> Option<Sums> {
    let simd = V3::try_new()?;
    Some(Simd::vectorize(simd, Float32 { simd, chunks, codes }))
}

impl WithSimd for Float32<'_> {
    type Output = Sums;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Sums {
        let Self { simd, chunks, codes } = self;
        let (avx, avx2) = (simd.avx, simd.avx2);
        let none: __m256d = avx._mm256_setzero_pd();
        let (mut sum, mut squares, mut l1) = ((none, none), (none, none), (none, none));
        let mut min: __m256 = avx._mm256_set1_ps(f32::INFINITY);
        let mut max: __m256 = avx._mm256_set1_ps(f32::NEG_INFINITY);
        let mut zeros: __m256i = avx._mm256_setzero_si256();
        let sign = avx._mm256_set1_pd(-0.0);
        for chunk in chunks {
            let x: __m256 = cast(*chunk);
            let is_zero = avx._mm256_cmp_ps::<_CMP_EQ_OQ>(x, avx._mm256_setzero_ps());
            // Where it is so, all bits are set: that is -1.
            zeros = avx2._mm256_sub_epi32(zeros, cast(is_zero));
            min = avx._mm256_min_ps(x, min);
            max = avx._mm256_max_ps(x, max);
            // No iterators over registers: a library function that takes or gives one is compiled for processors without AVX
            // and stays a call, which is five times slower.
            let low = avx._mm256_cvtps_pd(avx._mm256_castps256_ps128(x));
            let high = avx._mm256_cvtps_pd(avx._mm256_extractf128_ps::<1>(x));
            sum.0 = avx._mm256_add_pd(sum.0, low);
            sum.1 = avx._mm256_add_pd(sum.1, high);
            // Not fused: the sums are those of any other processor.
            squares.0 = avx._mm256_add_pd(squares.0, avx._mm256_mul_pd(low, low));
            squares.1 = avx._mm256_add_pd(squares.1, avx._mm256_mul_pd(high, high));
            l1.0 = avx._mm256_add_pd(l1.0, avx._mm256_andnot_pd(sign, low));
            l1.1 = avx._mm256_add_pd(l1.1, avx._mm256_andnot_pd(sign, high));
            for word in chunk.as_chunks::<8>().0 {
                let word = u64::from_le_bytes(*word);
                count(codes, (word >> 16) as u16);
                count(codes, (word >> 48) as u16);
            }
        }
        let total =
            |(low, high): (__m256d, __m256d)| -> f64 { cast::<_, [f64; 8]>([low, high]).iter().sum() };
        Sums {
            count: chunks.len() * LANES,
            sum: total(sum),
            squares: total(squares),
            l1: total(l1),
            min: cast::<_, [f32; 8]>(min).iter().fold(f64::INFINITY, |a, x| a.min(f64::from(*x))),
            max: cast::<_, [f32; 8]>(max).iter().fold(f64::NEG_INFINITY, |a, x| a.max(f64::from(*x))),
            zeros: cast::<_, [u32; 8]>(zeros).iter().map(|n| u64::from(*n)).sum(),
        }
    }
}
