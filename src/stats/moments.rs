//! Count, sums and extremes of finite numbers. Two of them merge into that of both, in any order.

use serde::{Deserialize, Serialize};

/// What is known of a number of finite numbers by adding up.
///
/// The second moment is kept about the mean, and merged as Chan, Golub and `LeVeque` do (1979): its error does
/// not grow with the count, nor with the distance of the numbers from 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// How many.
    pub count: u64,
    /// Their mean; 0 of none.
    pub mean: f64,
    /// Sum of the squared distances from the mean.
    pub m2: f64,
    /// Sum of the magnitudes.
    pub l1: f64,
    /// Sum of the squares.
    pub squares: f64,
    /// The norm of parts whose squares leave the range of float64; they are not in `squares`.
    pub extreme: f64,
    /// The smallest; infinite of none.
    pub min: f64,
    /// The largest; minus infinity of none.
    pub max: f64,
}

/// A sum of squares below this has lost digits to the end of the range of float64.
pub(super) const TINY: f64 = 1e-280;

impl Default for Moments {
    fn default() -> Self {
        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { count: 0, mean: 0.0, m2: 0.0, l1: 0.0, squares: 0.0, extreme: 0.0, min, max }
    }
}

impl Moments {
    /// `count` numbers that are all `x`.
    pub fn constant(x: f64, count: u64) -> Self {
        if count == 0 {
            return Self::default();
        }
        let n = count as f64;
        let mut all = Self { count, mean: x, l1: x.abs() * n, min: x, max: x, ..Self::default() };
        all.set_squares(x * x * n, || x.abs() * n.sqrt());
        all
    }

    /// Takes the sum of squares, or the norm where the sum left the range of float64.
    fn set_squares(&mut self, squares: f64, norm: impl Fn() -> f64) {
        if squares.is_finite() && (squares > TINY || self.abs_max() == 0.0) {
            self.squares = squares;
        } else {
            self.extreme = norm();
        }
    }

    /// Adds what is known of other numbers.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let (a, b) = (self.count as f64, other.count as f64);
        let apart = other.mean - self.mean;
        let share = b / (a + b);
        self.mean = if apart.is_finite() {
            self.mean + apart * share
        } else {
            self.mean * (1.0 - share) + other.mean * share
        };
        self.m2 += other.m2 + apart * apart * a * share;
        self.count += other.count;
        self.l1 += other.l1;
        self.squares += other.squares;
        self.extreme = self.extreme.hypot(other.extreme);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Merges many, in pairs of neighbours: sums of like size are added, and the result does not depend on who
    /// made which part.
    pub fn merge_all(mut parts: Vec<Self>) -> Self {
        while parts.len() > 1 {
            parts = parts
                .chunks(2)
                .map(|pair| {
                    let mut first = pair.first().copied().unwrap_or_default();
                    if let Some(second) = pair.get(1) {
                        first.merge(second);
                    }
                    first
                })
                .collect();
        }
        parts.pop().unwrap_or_default()
    }

    /// The same for numbers each of which stands for `times`.
    #[must_use]
    pub fn repeated(mut self, times: u64) -> Self {
        let n = times as f64;
        self.count = self.count.saturating_mul(times);
        (self.m2, self.l1, self.squares) = (self.m2 * n, self.l1 * n, self.squares * n);
        self.extreme *= n.sqrt();
        self
    }

    /// The unbiased standard deviation (n−1, as `torch.Tensor.std`); `None` of fewer than two numbers.
    pub fn std(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.m2.max(0.0) / (self.count - 1) as f64).sqrt())
    }

    /// The Euclidean norm.
    pub fn l2(&self) -> f64 {
        self.squares.sqrt().hypot(self.extreme)
    }

    /// The largest magnitude; 0 of none.
    pub fn abs_max(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.min.abs().max(self.max.abs()) }
    }
}

/// A sum whose error does not grow with the number of terms (Neumaier's compensated summation).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    sum: f64,
    rest: f64,
}

impl Sum {
    pub(super) fn add(&mut self, x: f64) {
        let total = self.sum + x;
        let lost = if self.sum.abs() >= x.abs() { (self.sum - total) + x } else { (x - total) + self.sum };
        self.rest += lost;
        self.sum = total;
    }

    pub(super) fn value(self) -> f64 {
        // Beyond the range of float64 there is no rest to speak of.
        if self.sum.is_finite() { self.sum + self.rest } else { self.sum }
    }
}

/// The moments of values that occur so often, for values counted one by one.
pub(super) fn of_counts(cells: impl Iterator<Item = (f64, u64)> + Clone) -> Moments {
    let (mut sum, mut l1, mut squares) = (Sum::default(), Sum::default(), Sum::default());
    let mut all = Moments::default();
    // Numbers near the end of the range of float64 are made smaller, so that their sum is one.
    let largest = cells.clone().fold(0.0_f64, |most, (x, _)| most.max(x.abs()));
    let scale = if largest > 1e200 { 2_f64.powi(-100) } else { 1.0 };
    for (x, n) in cells.clone() {
        let times = n as f64;
        sum.add(x * scale * times);
        l1.add(x.abs() * times);
        squares.add(x * x * times);
        all.count += n;
        (all.min, all.max) = (all.min.min(x), all.max.max(x));
    }
    if all.count == 0 {
        return all;
    }
    all.mean = sum.value() / all.count as f64 / scale;
    let (numbers, mut m2) = (cells.clone(), Sum::default());
    for (x, n) in cells {
        let apart = x - all.mean;
        m2.add(apart * apart * n as f64);
    }
    (all.m2, all.l1) = (m2.value(), l1.value());
    all.set_squares(squares.value(), || {
        let mut scaled = Sum::default();
        for (x, n) in numbers.clone() {
            scaled.add((x / largest).powi(2) * n as f64);
        }
        largest * scaled.value().sqrt()
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[f64]) -> Moments {
        of_counts(values.iter().map(|x| (*x, 1)))
    }

    fn close(a: f64, b: f64, scale: f64) -> bool {
        (a - b).abs() <= 1e-12 * scale.max(f64::MIN_POSITIVE)
    }

    proptest! {
        #[test]
        fn parts_in_any_order_give_the_whole(
            values in proptest::collection::vec(-1e6..1e6_f64, 1..200),
            offset in prop_oneof![Just(0.0), Just(1e7)],
            cut in 0_usize..200, seed: u64,
        ) {
            let values: Vec<f64> = values.iter().map(|x| x + offset).collect();
            let whole = of(&values);
            let cut = cut % values.len();
            let mut parts: Vec<Moments> = vec![of(&values[..cut])];
            parts.extend(values[cut..].chunks(7).map(of));
            let turn = seed as usize % parts.len();
            parts.rotate_left(turn);
            if seed & 1 == 1 { parts.reverse(); }
            let merged = Moments::merge_all(parts.clone());
            let mut one_by_one = Moments::default();
            for part in &parts {
                one_by_one.merge(part);
            }
            let scale = whole.abs_max();
            for got in [merged, one_by_one] {
                prop_assert_eq!((got.count, got.min, got.max), (whole.count, whole.min, whole.max));
                prop_assert!(close(got.mean, whole.mean, scale));
                prop_assert!(close(got.m2, whole.m2, scale * scale * whole.count as f64));
                prop_assert!(close(got.l1, whole.l1, whole.l1));
                prop_assert!(close(got.squares, whole.squares, whole.squares));
            }
        }
    }

    #[test]
    fn far_from_zero_the_spread_stays() {
        // Sum of squares minus square of the sum gives 0 here.
        let values: Vec<f64> = (0..1_000).map(|i| 1e9 + f64::from(i % 2)).collect();
        let got = Moments::merge_all(values.chunks(10).map(of).collect());
        assert!((got.std().unwrap() - 0.500_250_187_6).abs() < 1e-9, "{:?}", got.std());
    }

    #[test]
    #[allow(clippy::float_cmp)] // the values are exact
    fn of_nothing_and_of_one() {
        assert_eq!((Moments::default().std(), Moments::default().abs_max()), (None, 0.0));
        let one = Moments::constant(-3.0, 1);
        assert_eq!((one.std(), one.l2(), one.abs_max()), (None, 3.0, 3.0));
        assert_eq!(Moments::constant(2.0, 5).repeated(2).l1, 20.0);
    }

    #[test]
    fn a_norm_beyond_the_range_of_squares_is_still_one() {
        for size in [1e-200, 1e200] {
            let values: Vec<f64> = (1..=100).map(|i| size * f64::from(i)).collect();
            let want = size * (1..=100).map(|i| f64::from(i * i)).sum::<f64>().sqrt();
            let got = Moments::merge_all(values.chunks(7).map(of).collect());
            assert!(close(got.l2(), want, want), "{} and not {want}", got.l2());
            assert!(close(Moments::constant(size, 4).repeated(4).l2(), size * 4.0, size));
        }
    }
}
