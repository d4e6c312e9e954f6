//! The inner loops: bytes or numbers in, sums and counts out.
//!
//! They are plain loops over whole chunks, which the compiler turns into vector instructions; `pulp` picks those
//! of the machine at run time. The one that matters most, float32 with AVX2, names its instructions (8.6 GB/s in memory
//! on the machine of docs/performance.md).
//! NaN and infinities show in the sum of a block, so the fast loops need not look for them: a block that has any
//! is done again with care.

#![allow(clippy::inline_always)] // what runs inside a function compiled for wider registers must be compiled there

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(not(target_arch = "x86_64"))]
mod avx2 {
    /// Only on x86-64.
    pub(super) fn float32(_: &[[u8; 4 * super::LANES]], _: &mut super::Table) -> Option<super::Sums> {
        None
    }
}

use pulp::{Arch, Simd, WithSimd};

use super::codes::{Codes, Pages, Table, count, uniform};
use super::moments::{Moments, TINY};

/// Numbers summed up before sums are merged: few enough for plain sums to be exact to 12 digits.
const BLOCK: usize = 8_192;
/// Where the spread is a smaller part of the squares than this, it is summed about the mean instead.
const CANCELS: f64 = 0.01;
/// Lanes of the sums of float32, as the registers of AVX2 have them: a processor without gives the same sums.
const LANES: usize = 8;
/// Lanes of the sums of float64: so many that loops over them stay loops, which the compiler turns into vector instructions at
/// any level of optimisation. (Few are unrolled, and then only level 3 looks for vectors in them.)
const WIDE: usize = 32;

/// What adding up some elements gives.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Tally {
    /// Of the finite ones.
    pub(super) moments: Moments,
    pub(super) zeros: u64,
    pub(super) nan: u64,
    pub(super) inf: u64,
}

impl Tally {
    pub(super) fn merge(&mut self, other: &Self) {
        self.moments.merge(&other.moments);
        self.zeros += other.zeros;
        self.nan += other.nan;
        self.inf += other.inf;
    }
}

/// Plain sums of a block.
#[derive(Clone, Copy)]
struct Sums {
    count: usize,
    sum: f64,
    squares: f64,
    l1: f64,
    min: f64,
    max: f64,
    zeros: u64,
}

impl Sums {
    /// As a tally; `None` where something is not finite, or where subtracting would cancel digits.
    fn tally(&self) -> Option<Tally> {
        let mean = self.sum / self.count as f64;
        let m2 = self.squares - self.sum * mean;
        let plain = self.squares.is_finite() && self.squares > TINY;
        let good = self.l1.is_finite() && plain && (m2 > CANCELS * self.squares);
        let Self { count, l1, squares, min, max, .. } = *self;
        let moments = Moments { count: count as u64, mean, m2, l1, squares, extreme: 0.0, min, max };
        good.then_some(Tally { moments, zeros: self.zeros, nan: 0, inf: 0 })
    }
}

/// Adds up little-endian float32 elements, and counts the upper halves of their bits.
pub(super) fn float32(arch: Arch, bytes: &[u8], codes: &mut Codes, spare: &mut Vec<f64>) -> Tally {
    let mut all = Tally::default();
    for part in bytes.chunks(BLOCK * 4) {
        if let Some([a, b, c, d, same @ ..]) = uniform(part)
            && same == [a, b, c, d]
        {
            codes.add(u16::from_le_bytes([c, d]), (part.len() / 4) as u32);
            all.merge(&constant(f64::from(f32::from_le_bytes([a, b, c, d])), (part.len() / 4) as u64));
            continue;
        }
        let sums = sums32(arch, part, codes);
        let tally = sums.tally().unwrap_or_else(|| {
            spare.clear();
            spare.extend(part.as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))));
            careful(spare)
        });
        all.merge(&tally);
    }
    all
}

fn sums32(arch: Arch, bytes: &[u8], codes: &mut Codes) -> Sums {
    let (chunks, rest) = bytes.as_chunks::<{ 4 * LANES }>();
    let mut sums = match avx2::float32(chunks, codes.table()) {
        Some(sums) => Sums { count: bytes.len() / 4, ..sums },
        None => arch.dispatch(Float32 { chunks, codes: codes.table() }).together(bytes.len() / 4),
    };
    for bytes in rest.as_chunks::<4>().0 {
        let [_, _, low, high] = *bytes;
        codes.add(u16::from_le_bytes([low, high]), 1);
        sums.add(f64::from(f32::from_le_bytes(*bytes)));
    }
    sums
}

/// Sums by lane, `T` the type extremes are kept in. They are brought together outside the loop's function: done in
/// it, the compiler pairs up sums and squares instead of lanes, which is three times slower.
struct Lanes<T, N, const W: usize> {
    sum: [f64; W],
    squares: [f64; W],
    l1: [f64; W],
    min: [T; W],
    max: [T; W],
    zeros: [N; W],
}

impl<T: Copy + Into<f64>, N: Copy + Into<u64>, const W: usize> Lanes<T, N, W> {
    fn together(&self, count: usize) -> Sums {
        Sums {
            count,
            sum: self.sum.iter().sum(),
            squares: self.squares.iter().sum(),
            l1: self.l1.iter().sum(),
            min: self.min.iter().fold(f64::INFINITY, |a, x| a.min((*x).into())),
            max: self.max.iter().fold(f64::NEG_INFINITY, |a, x| a.max((*x).into())),
            zeros: self.zeros.iter().map(|n| (*n).into()).sum(),
        }
    }
}

struct Float32<'a> {
    chunks: &'a [[u8; 4 * LANES]],
    codes: &'a mut Table,
}

impl WithSimd for Float32<'_> {
    type Output = Lanes<f32, u32, LANES>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Self::Output {
        let (mut sum, mut squares, mut l1) = ([0.0_f64; LANES], [0.0_f64; LANES], [0.0_f64; LANES]);
        let (mut min, mut max) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
        let mut zeros = [0_u32; LANES];
        let codes = self.codes;
        for chunk in self.chunks {
            let x: [f32; LANES] = floats(chunk);
            each(&mut zeros, x, |n, x| n + u32::from(x == 0.0));
            each(&mut min, x, |least, x| if x < least { x } else { least });
            each(&mut max, x, |most, x| if x > most { x } else { most });
            each(&mut sum, x, |sum, x| sum + f64::from(x));
            each(&mut squares, x, |sum, x| sum + f64::from(x) * f64::from(x));
            each(&mut l1, x, |sum, x| sum + f64::from(x).abs());
            for word in chunk.as_chunks::<8>().0 {
                let word = u64::from_le_bytes(*word);
                count(codes, (word >> 16) as u16);
                count(codes, (word >> 48) as u16);
            }
        }
        Lanes { sum, squares, l1, min, max, zeros }
    }
}

impl Sums {
    #[inline(always)]
    fn add(&mut self, x: f64) {
        self.sum += x;
        self.squares += x * x;
        self.l1 += x.abs();
        self.min = if x < self.min { x } else { self.min };
        self.max = if x > self.max { x } else { self.max };
        self.zeros += u64::from(x == 0.0);
    }
}

#[inline(always)]
fn floats(chunk: &[u8; 4 * LANES]) -> [f32; LANES] {
    let mut out = [0.0; LANES];
    for (x, bytes) in out.iter_mut().zip(chunk.as_chunks::<4>().0) {
        *x = f32::from_le_bytes(*bytes);
    }
    out
}

#[inline(always)]
fn each<A: Copy, B: Copy, const W: usize>(sums: &mut [A; W], values: [B; W], add: impl Fn(A, B) -> A) {
    for (sum, x) in sums.iter_mut().zip(values) {
        *sum = add(*sum, x);
    }
}

/// Adds up numbers, and counts their prefixes.
pub(super) fn float64(arch: Arch, values: &[f64], pages: &mut Pages, spare: &mut Vec<f64>) -> Tally {
    let mut all = Tally::default();
    for part in values.chunks(BLOCK) {
        pages.count(part);
        let tally = sums64(arch, part).tally().unwrap_or_else(|| {
            spare.clear();
            spare.extend_from_slice(part);
            careful(spare)
        });
        all.merge(&tally);
    }
    all
}

fn sums64(arch: Arch, values: &[f64]) -> Sums {
    let (chunks, rest) = values.as_chunks::<WIDE>();
    let mut sums = arch.dispatch(Float64(chunks)).together(values.len());
    for x in rest {
        sums.add(*x);
    }
    sums
}

struct Float64<'a>(&'a [[f64; WIDE]]);

impl WithSimd for Float64<'_> {
    type Output = Lanes<f64, u64, WIDE>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Self::Output {
        let (mut sum, mut squares, mut l1) = ([0.0; WIDE], [0.0; WIDE], [0.0; WIDE]);
        let (mut min, mut max) = ([f64::INFINITY; WIDE], [f64::NEG_INFINITY; WIDE]);
        let mut zeros = [0_u64; WIDE];
        for x in self.0 {
            each(&mut zeros, *x, |n, x| n + u64::from(x == 0.0));
            each(&mut min, *x, |least, x| if x < least { x } else { least });
            each(&mut max, *x, |most, x| if x > most { x } else { most });
            each(&mut sum, *x, |sum, x| sum + x);
            each(&mut squares, *x, |sum, x| sum + x * x);
            each(&mut l1, *x, |sum, x| sum + x.abs());
        }
        Lanes { sum, squares, l1, min, max, zeros }
    }
}

/// `count` elements that are all `x`.
fn constant(x: f64, count: u64) -> Tally {
    let mut tally = Tally::default();
    match x {
        x if x.is_nan() => tally.nan = count,
        x if x.is_infinite() => tally.inf = count,
        x => {
            tally.zeros = if x == 0.0 { count } else { 0 };
            tally.moments = Moments::constant(x, count);
        }
    }
    tally
}

/// Adds up numbers whatever they are: what is not finite is counted and left out, and the spread is summed about
/// the mean.
pub(super) fn careful(values: &mut Vec<f64>) -> Tally {
    let all = values.len();
    let nan = values.iter().filter(|x| x.is_nan()).count();
    values.retain(|x| x.is_finite());
    let (nan, inf) = (nan as u64, (all - values.len() - nan) as u64);
    let zeros = values.iter().filter(|x| **x == 0.0).count() as u64;
    let moments = super::moments::of_counts(values.iter().map(|x| (*x, 1)));
    Tally { moments, zeros, nan, inf }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::moments;

    fn bytes(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|x| x.to_le_bytes()).collect()
    }

    fn check(values: &[f32]) {
        let mut codes = Codes::new();
        let got = float32(Arch::new(), &bytes(values), &mut codes, &mut Vec::new());
        let wide: Vec<f64> = values.iter().map(|x| f64::from(*x)).collect();
        let want = careful(&mut wide.clone());
        let mut pages = Pages::new();
        let again = float64(Arch::new(), &wide, &mut pages, &mut Vec::new());
        for got in [got, again] {
            assert_eq!((got.zeros, got.nan, got.inf), (want.zeros, want.nan, want.inf));
            let (a, b) = (got.moments, want.moments);
            assert_eq!((a.count, a.min, a.max), (b.count, b.min, b.max));
            let scale = b.abs_max().max(1e-300);
            assert!((a.mean - b.mean).abs() <= 1e-12 * scale, "{a:?} {b:?}");
            assert!((a.m2 - b.m2).abs() <= 1e-11 * b.m2.max(1e-300), "{a:?} {b:?}");
            assert!((a.squares - b.squares).abs() <= 1e-11 * b.squares, "{a:?} {b:?}");
        }
        assert_eq!(codes.take().iter().map(|(_, n)| n).sum::<u64>(), values.len() as u64);
        assert_eq!(pages.take().iter().map(|(_, n)| n).sum::<u64>(), values.len() as u64);
        assert!(codes.take().iter().next().is_none());
    }

    #[test]
    fn fast_sums_are_the_careful_ones() {
        let wave: Vec<f32> = (0..20_011).map(|i| (i as f32 * 0.37).sin() * 0.02).collect();
        check(&wave);
        check(&wave.iter().map(|x| x + 1e4).collect::<Vec<_>>());
        check(&vec![0.25; 20_011]);
        check(&vec![f32::NAN; 9_000]);
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in [0, 7, 8_191, 8_192, 20_010] {
                let mut with = wave.clone();
                with[at] = bad;
                check(&with);
            }
        }
        check(&[f32::MAX, f32::MIN, f32::MIN_POSITIVE, f32::from_bits(1), -0.0, 0.0, 1.0]);
    }

    #[test]
    fn every_processor_gives_the_same_sums() {
        let wave: Vec<f32> = (0..8_000).map(|i| (i as f32 * 0.37).sin() * 10_f32.powi(i % 30 - 20)).collect();
        let bytes = bytes(&wave);
        let (chunks, _) = bytes.as_chunks::<{ 4 * LANES }>();
        let (mut a, mut b) = (Codes::new(), Codes::new());
        // Nothing to compare on a processor without.
        let Some(named) = avx2::float32(chunks, a.table()) else { return };
        let found =
            Arch::Scalar.dispatch(Float32 { chunks, codes: b.table() }).together(chunks.len() * LANES);
        let bits = |s: &Sums| [s.sum, s.squares, s.l1, s.min, s.max].map(f64::to_bits);
        assert_eq!((bits(&named), named.zeros, named.count), (bits(&found), found.zeros, found.count));
        assert!(a.take().iter().eq(b.take().iter()));
    }

    #[test]
    fn counted_values_give_the_moments() {
        let got = moments::of_counts([(1.0, 3), (-2.0, 1)].into_iter());
        assert_eq!((got.count, got.mean, got.l1, got.squares, got.m2), (4, 0.25, 5.0, 7.0, 6.75));
    }
}
