//! Which names of tensors lie on the same bytes.

use std::collections::HashMap;

use super::{Checkpoint, TensorEntry};
use crate::tensor::StorageId;

/// Names listed for one tensor at most; the rest would only repeat a number.
const LISTED: usize = 256;

/// For each entry that shares bytes with another, the others.
#[derive(Debug, Default)]
pub(super) struct Sharing {
    others: HashMap<u32, Vec<u32>>,
}

impl Checkpoint {
    /// Other entries whose elements lie on the same bytes as this one's (tied weights, views), in file
    /// order, at most 256. Neighbours in one storage that do not overlap are not among them.
    pub fn shared_with(&self, entry: &TensorEntry) -> impl Iterator<Item = &TensorEntry> {
        let sharing = self.shared.get_or_init(|| find(self));
        let others = self.position(entry).and_then(|at| sharing.others.get(&at));
        others.into_iter().flatten().filter_map(|at| self.entries.get(*at as usize))
    }

    /// Position of an entry that was handed out by [`Checkpoint::tensors`].
    fn position(&self, entry: &TensorEntry) -> Option<u32> {
        let first = self.entries.as_ptr() as usize;
        let at = (std::ptr::from_ref(entry) as usize).checked_sub(first)? / size_of::<TensorEntry>();
        (at < self.entries.len()).then_some(at as u32)
    }
}

fn find(checkpoint: &Checkpoint) -> Sharing {
    let mut by_storage: HashMap<StorageId, Vec<(u64, u64, u32)>> = HashMap::new();
    for (at, entry) in checkpoint.entries.iter().enumerate() {
        let meta = checkpoint.meta(entry);
        if let (Some(storage), Some((start, end))) = (meta.storage, meta.element_span()) {
            let bits = u64::from(meta.dtype.bits());
            let span = (start.saturating_mul(bits), end.saturating_mul(bits), at as u32);
            by_storage.entry(storage).or_default().push(span);
        }
    }
    let mut sharing = Sharing::default();
    for mut spans in by_storage.into_values().filter(|spans| spans.len() > 1) {
        spans.sort_unstable();
        overlaps(&spans, &mut sharing.others);
    }
    for others in sharing.others.values_mut() {
        others.sort_unstable();
    }
    sharing
}

/// Adds the overlapping pairs of `spans`, which are sorted by start.
fn overlaps(spans: &[(u64, u64, u32)], others: &mut HashMap<u32, Vec<u32>>) {
    for (i, (_, end, a)) in spans.iter().enumerate() {
        let behind = spans.get(i + 1..).unwrap_or_default();
        for (_, _, b) in behind.iter().take_while(|(start, ..)| start < end).take(LISTED) {
            for (from, to) in [(a, b), (b, a)] {
                let list = others.entry(*from).or_default();
                if list.len() < LISTED {
                    list.push(*to);
                }
            }
        }
    }
}
