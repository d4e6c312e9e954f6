//! The loops over pairs of elements. Blocks are short enough to stay in the first-level cache.
//!
//! The quick loop keeps eight sums side by side, which the compiler turns into vector instructions. Sums of a block
//! with a NaN or an infinity in it are not finite, and only then are its elements looked at one by one.

use super::sums::Sums;

/// Elements of a block.
pub(super) const BLOCK: usize = 4096;
const LANES: usize = 8;

/// A real number as it is compared.
pub(super) trait Real: Copy + PartialEq + Default {
    /// `distance` may be off by half a unit in its last place.
    const ROUNDED: bool;
    /// Exactly as float64, or rounded to it (64-bit integers).
    fn wide(self) -> f64;
    /// `other − self` in float64.
    fn to(self, other: Self) -> f64;
    /// `|other − self|`, never less than another rounded distance of a smaller one.
    fn distance(self, other: Self) -> Self;
    /// Larger of two distances.
    fn larger(self, other: Self) -> Self;
}

impl Real for f32 {
    const ROUNDED: bool = true;

    fn wide(self) -> f64 {
        f64::from(self)
    }

    fn to(self, other: Self) -> f64 {
        f64::from(other) - f64::from(self)
    }

    fn distance(self, other: Self) -> Self {
        (other - self).abs()
    }

    fn larger(self, other: Self) -> Self {
        if other > self { other } else { self }
    }
}

impl Real for f64 {
    const ROUNDED: bool = false;

    fn wide(self) -> f64 {
        self
    }

    fn to(self, other: Self) -> f64 {
        other - self
    }

    fn distance(self, other: Self) -> Self {
        (other - self).abs()
    }

    fn larger(self, other: Self) -> Self {
        if other > self { other } else { self }
    }
}

/// 64-bit integers of either sign.
impl Real for i128 {
    const ROUNDED: bool = false;

    fn wide(self) -> f64 {
        self as f64
    }

    fn to(self, other: Self) -> f64 {
        (other - self) as f64
    }

    fn distance(self, other: Self) -> Self {
        (other - self).abs()
    }

    fn larger(self, other: Self) -> Self {
        self.max(other)
    }
}

/// How far two elements may be apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tolerance {
    pub(super) rtol: f64,
    pub(super) atol: f64,
}

impl Tolerance {
    fn is_exact(self) -> bool {
        self.rtol <= 0.0 && self.atol <= 0.0
    }

    fn exceeded(self, reference: f64, distance: f64) -> bool {
        distance > self.atol + self.rtol * reference.abs()
    }
}

/// Adds a block of pairs to `sums`. Both sides are equally long, at most [`BLOCK`].
pub(super) fn add<T: Real>(sums: &mut Sums, a: &[T], b: &[T], tolerance: Tolerance) {
    let mut quick = Quick::default();
    let ((a_lanes, a_rest), (b_lanes, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    quick.lanes(a_lanes, b_lanes);
    let mut block = quick.sums(a_lanes.len() * LANES);
    let mut farthest = quick.farthest();
    for (x, y) in a_rest.iter().zip(b_rest) {
        block.pair(x.wide(), y.wide(), x.to(*y));
        block.unequal += u64::from(x != y);
        farthest = farthest.larger(x.distance(*y));
    }
    block.elements += a_rest.len() as u64;
    if !(block.common.iter().sum::<f64>() + block.difference).is_finite() {
        return careful(sums, a, b, tolerance);
    }
    block.max_abs = farthest.wide();
    // A rounded distance may be less than the true one: look again where it could be the largest so far.
    if T::ROUNDED && block.unequal > 0 && block.max_abs >= f64::from(sums.max_abs as f32) {
        block.max_abs = a.iter().zip(b).fold(0.0, |max, (x, y)| x.to(*y).abs().max(max));
    }
    block.outside = if tolerance.is_exact() || block.unequal == 0 {
        block.unequal
    } else {
        let outside = a.iter().zip(b).filter(|(x, y)| tolerance.exceeded(x.wide(), x.to(**y).abs()));
        outside.count() as u64
    };
    sums.add(&block);
}

/// Adds a block whose bytes are the same on both sides.
pub(super) fn add_same<T: Real>(sums: &mut Sums, a: &[T]) {
    let mut squares = [0.0; LANES];
    let (lanes, rest) = a.as_chunks::<LANES>();
    for chunk in lanes {
        for (sum, x) in squares.iter_mut().zip(chunk) {
            *sum += x.wide() * x.wide();
        }
    }
    let total = squares.iter().sum::<f64>() + rest.iter().map(|x| x.wide() * x.wide()).sum::<f64>();
    if !total.is_finite() {
        return careful(sums, a, a, Tolerance { rtol: 0.0, atol: 0.0 });
    }
    let elements = a.len() as u64;
    sums.add(&Sums { elements, dot: total, common: [total; 2], ..Sums::default() });
}

/// Adds pairs of which some are NaN or infinite, or whose squares are beyond float64.
fn careful<T: Real>(sums: &mut Sums, a: &[T], b: &[T], tolerance: Tolerance) {
    let mut block = Sums { elements: a.len() as u64, ..Sums::default() };
    for (x, y) in a.iter().zip(b) {
        let (p, q) = (x.wide(), y.wide());
        let same = x == y || (p.is_nan() && q.is_nan());
        block.unequal += u64::from(!same);
        let mut outside = !same;
        if p.is_finite() && q.is_finite() {
            let distance = x.to(*y);
            block.pair(p, q, distance);
            block.max_abs = block.max_abs.max(distance.abs());
            outside &= tolerance.is_exact() || tolerance.exceeded(p, distance.abs());
        } else {
            block.lone([p, q]);
        }
        block.outside += u64::from(outside);
    }
    sums.add(&block);
}

/// Adds pairs of complex numbers, real and imaginary part in turn. Distances are magnitudes.
#[allow(clippy::float_cmp)] // Whether they are the same number is what is asked.
pub(super) fn add_complex(sums: &mut Sums, a: &[f64], b: &[f64], tolerance: Tolerance) {
    let mut block = Sums { elements: (a.len() / 2) as u64, ..Sums::default() };
    for (x, y) in a.as_chunks::<2>().0.iter().zip(b.as_chunks::<2>().0) {
        let ([p, pi], [q, qi]) = (*x, *y);
        let nan = |z: &[f64; 2]| z.iter().any(|x| x.is_nan());
        let magnitude = |z: &[f64; 2]| if nan(z) { f64::NAN } else { z.iter().fold(0.0, |r, x| x.hypot(r)) };
        let same = x == y || (nan(x) && nan(y));
        block.unequal += u64::from(!same);
        let mut outside = !same;
        if [p, pi, q, qi].iter().all(|x| x.is_finite()) {
            let distance = (q - p).hypot(qi - pi);
            block.pair(p, q, q - p);
            block.pair(pi, qi, qi - pi);
            block.max_abs = block.max_abs.max(distance);
            outside &= tolerance.is_exact() || tolerance.exceeded(p.hypot(pi), distance);
        } else {
            block.lone([magnitude(x), magnitude(y)]);
        }
        block.outside += u64::from(outside);
    }
    sums.add(&block);
}

impl Sums {
    /// Adds to the sums of products.
    fn pair(&mut self, a: f64, b: f64, difference: f64) {
        self.difference += difference * difference;
        self.dot += a * b;
        let [aa, bb] = &mut self.common;
        *aa += a * a;
        *bb += b * b;
    }

    /// Adds a pair of which at least one side is not finite.
    fn lone(&mut self, pair: [f64; 2]) {
        for (side, x) in pair.into_iter().enumerate() {
            let counts = [(&mut self.nan, x.is_nan()), (&mut self.inf, x.is_infinite())];
            for (count, hit) in counts {
                if let Some(count) = count.get_mut(side) {
                    *count += u64::from(hit);
                }
            }
            if let Some(alone) = self.alone.get_mut(side).filter(|_| x.is_finite()) {
                *alone += x * x;
            }
        }
    }
}

/// Eight of everything.
struct Quick<T> {
    difference: [f64; LANES],
    dot: [f64; LANES],
    aa: [f64; LANES],
    bb: [f64; LANES],
    unequal: [u32; LANES],
    farthest: [T; LANES],
}

impl<T: Real> Default for Quick<T> {
    fn default() -> Self {
        let zero = [0.0; LANES];
        Self {
            difference: zero,
            dot: zero,
            aa: zero,
            bb: zero,
            unequal: [0; LANES],
            farthest: [T::default(); LANES],
        }
    }
}

impl<T: Real> Quick<T> {
    #[inline]
    #[allow(clippy::indexing_slicing)] // Every index is below LANES, the length of every array.
    fn lanes(&mut self, reference: &[[T; LANES]], candidate: &[[T; LANES]]) {
        for (x, y) in reference.iter().zip(candidate) {
            for i in 0..LANES {
                let (from, to, difference) = (x[i].wide(), y[i].wide(), x[i].to(y[i]));
                self.difference[i] += difference * difference;
                self.dot[i] += from * to;
                self.aa[i] += from * from;
                self.bb[i] += to * to;
                self.unequal[i] += u32::from(x[i] != y[i]);
                self.farthest[i] = self.farthest[i].larger(x[i].distance(y[i]));
            }
        }
    }

    fn sums(&self, elements: usize) -> Sums {
        Sums {
            elements: elements as u64,
            unequal: self.unequal.iter().map(|n| u64::from(*n)).sum(),
            difference: self.difference.iter().sum(),
            dot: self.dot.iter().sum(),
            common: [self.aa.iter().sum(), self.bb.iter().sum()],
            ..Sums::default()
        }
    }

    fn farthest(&self) -> T {
        self.farthest.iter().fold(T::default(), |max, x| max.larger(*x))
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // Sums of few small numbers are exact.
mod tests {
    use super::*;

    const EXACT: Tolerance = Tolerance { rtol: 0.0, atol: 0.0 };

    fn of(a: &[f32], b: &[f32], tolerance: Tolerance) -> Sums {
        let mut sums = Sums::default();
        add(&mut sums, a, b, tolerance);
        sums
    }

    #[test]
    fn the_quick_loop_and_the_careful_one_agree() {
        let a: Vec<f32> = (0..1003).map(|i| (i as f32).sin()).collect();
        let b: Vec<f32> = a.iter().map(|x| x * 1.001 + 1e-4).collect();
        let mut want = Sums::default();
        careful(&mut want, &a, &b, EXACT);
        let got = of(&a, &b, EXACT);
        assert_eq!((got.unequal, got.outside, got.elements), (want.unequal, want.outside, want.elements));
        assert!((got.max_abs - want.max_abs).abs() == 0.0, "the largest difference is exact");
        for (x, y) in [(got.difference, want.difference), (got.dot, want.dot)] {
            assert!((x - y).abs() <= 1e-12 * y.abs());
        }
    }

    #[test]
    fn what_is_not_finite_is_counted_and_left_out() {
        let (nan, inf) = (f32::NAN, f32::INFINITY);
        let a = [1.0, nan, nan, inf, inf, 2.0, 0.0, 3.0, 4.0, 5.0];
        let b = [1.0, nan, 7.0, inf, -inf, 2.5, -0.0, nan, 4.0, 5.0];
        let sums = of(&a, &b, EXACT);
        assert_eq!((sums.nan, sums.inf), ([2, 2], [2, 2]));
        assert_eq!((sums.unequal, sums.max_abs), (4, 0.5));
        assert_eq!(sums.alone, [9.0, 49.0]);
    }

    #[test]
    fn a_tolerance_is_that_of_allclose() {
        let near = Tolerance { rtol: 0.1, atol: 0.0 };
        let sums = of(&[1.0, -2.0, 0.0, 10.0], &[1.05, -2.5, 0.01, 10.0], near);
        assert_eq!((sums.unequal, sums.outside), (3, 2));
    }

    #[test]
    fn large_integers_are_told_apart() {
        let mut sums = Sums::default();
        add(&mut sums, &[1_i128 << 60, 5], &[(1_i128 << 60) + 1, 5], EXACT);
        assert_eq!((sums.unequal, sums.max_abs), (1, 1.0));
    }

    #[test]
    fn bytes_that_are_the_same_add_only_to_the_norms() {
        let mut sums = Sums::default();
        add_same(&mut sums, &[3.0_f64, 4.0]);
        assert_eq!((sums.common, sums.dot, sums.unequal), ([25.0; 2], 25.0, 0));
        add_same(&mut sums, &[f64::NAN]);
        assert_eq!((sums.nan, sums.unequal, sums.elements), ([1, 1], 0, 3));
    }
}
