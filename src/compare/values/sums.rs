//! What is kept of elements that were compared, and how two such parts become one.

use super::{Side, ValueDiff};

/// Counts and sums over some pairs of elements.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Sums {
    pub(super) elements: u64,
    /// Pairs that are not the same number.
    pub(super) unequal: u64,
    /// Pairs farther apart than the tolerance.
    pub(super) outside: u64,
    pub(super) nan: [u64; 2],
    pub(super) inf: [u64; 2],
    pub(super) max_abs: f64,
    /// Σ (b − a)², over pairs finite on both sides.
    pub(super) difference: f64,
    /// Σ a·b, over the same.
    pub(super) dot: f64,
    /// Σ a² and Σ b², over the same.
    pub(super) common: [f64; 2],
    /// Σ a² and Σ b² over the elements of one side that are finite where the other is not.
    pub(super) alone: [f64; 2],
}

impl Sums {
    pub(super) fn add(&mut self, other: &Self) {
        self.elements += other.elements;
        self.unequal += other.unequal;
        self.outside += other.outside;
        self.max_abs = self.max_abs.max(other.max_abs);
        self.difference += other.difference;
        self.dot += other.dot;
        for side in 0..2 {
            let add = |to: &mut [u64; 2], from: &[u64; 2]| {
                if let (Some(to), Some(from)) = (to.get_mut(side), from.get(side)) {
                    *to += from;
                }
            };
            add(&mut self.nan, &other.nan);
            add(&mut self.inf, &other.inf);
        }
        for (to, from) in self.common.iter_mut().zip(other.common) {
            *to += from;
        }
        for (to, from) in self.alone.iter_mut().zip(other.alone) {
            *to += from;
        }
    }

    /// Parts of one tensor added up in pairs of neighbours, so that errors grow with the logarithm of its size.
    pub(super) fn total(parts: &[Self]) -> Self {
        match parts {
            [] => Self::default(),
            [one] => *one,
            _ => {
                let (left, right) = parts.split_at(parts.len() / 2);
                let mut sum = Self::total(left);
                sum.add(&Self::total(right));
                sum
            }
        }
    }

    pub(super) fn finish(&self, equal_bytes: bool) -> ValueDiff {
        let [aa, bb] = self.common;
        let l2 = self.difference.sqrt();
        let norm = aa.sqrt();
        let relative_l2 = if l2 == 0.0 { 0.0 } else { l2 / norm };
        let cosine = match (aa > 0.0, bb > 0.0) {
            _ if l2 == 0.0 => 1.0,
            (true, true) => (self.dot / (norm * bb.sqrt())).clamp(-1.0, 1.0),
            _ => 0.0,
        };
        let [reference, candidate] = [0, 1].map(|side: usize| {
            let of = |counts: [u64; 2]| counts.get(side).copied().unwrap_or_default();
            let sum = |sums: [f64; 2]| sums.get(side).copied().unwrap_or_default();
            Side { nan: of(self.nan), inf: of(self.inf), l2: (sum(self.common) + sum(self.alone)).sqrt() }
        });
        ValueDiff {
            elements: self.elements,
            equal_bytes,
            unequal: self.unequal,
            outside: self.outside,
            max_abs: self.max_abs,
            l2,
            relative_l2,
            cosine,
            reference,
            candidate,
        }
    }
}
