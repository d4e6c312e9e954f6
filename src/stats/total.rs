//! Statistics of many tensors together.

use super::counts::{Cell, Counts, cells, prefix};
use super::kernel::Tally;
use super::moments::Moments;
use super::result::TensorStats;

/// What is known of all tensors so far. Every number goes by its prefix, whatever its dtype.
#[derive(Default)]
pub(super) struct Total {
    counts: Counts,
    /// By the number of the tensor, so that merging does not depend on which was done first.
    moments: Vec<(usize, Moments)>,
    rest: Tally,
}

impl Total {
    /// Adds one tensor.
    pub(super) fn add(&mut self, index: usize, tally: &Tally, tensor: &[Cell]) {
        self.moments.push((index, tally.moments));
        let rest = Tally { moments: Moments::default(), ..*tally };
        self.rest.merge(&rest);
        // A cell lies within one prefix.
        let mut keys: Vec<(u32, u64)> =
            tensor.iter().filter(|c| c.middle() != 0.0).map(|c| (prefix(c.middle()), c.count)).collect();
        keys.sort_by_key(|(key, _)| *key);
        self.counts.merge(Counts::from_sorted(keys.into_iter()));
    }

    pub(super) fn finish(mut self) -> TensorStats {
        self.moments.sort_unstable_by_key(|(index, _)| *index);
        let moments = Moments::merge_all(self.moments.into_iter().map(|(_, m)| m).collect());
        let tally = Tally { moments, ..self.rest };
        let cells = cells(&self.counts, tally.zeros, moments.min, moments.max);
        TensorStats::of(&tally, &cells, tally.moments.count == 0)
    }
}
