//! Which names of tensors lie on the same bytes.

use std::collections::HashMap;

use super::{Checkpoint, TensorEntry};
use crate::sorting::Sort as _;
use crate::tensor::StorageId;

/// Names listed for one tensor at most; the rest would only repeat a number.
const LISTED: usize = 256;
/// The same where more than that share a storage: all of them listing 256 would be a page for each.
const LISTED_OF_MANY: usize = 8;

/// Bits of one storage that one entry covers.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: u64,
    end: u64,
    /// Largest `end` up to here, in the order of `start`: where looking back may stop.
    reach: u64,
    entry: u32,
}

/// The spans of every storage that more than one entry lies in, by start.
#[derive(Debug, Default)]
pub(super) struct Sharing {
    spans: HashMap<StorageId, Vec<Span>>,
}

impl Checkpoint {
    /// Other entries whose elements lie on the same bytes as this one's (tied weights, views), in file
    /// order, at most 256. Neighbours in one storage that do not overlap are not among them.
    pub fn shared_with(&self, entry: &TensorEntry) -> impl Iterator<Item = &TensorEntry> {
        let sharing = self.shared.get_or_init(|| find(self));
        let own = covered(self, entry);
        let spans = self.meta(entry).storage.and_then(|storage| sharing.spans.get(&storage));
        let mut others = match (spans, own) {
            (Some(spans), Some(own)) => overlapping(spans, own),
            _ => Vec::new(),
        };
        others.sort_unstable();
        let entries = others.into_iter().filter_map(|at| self.entries.get(at as usize));
        entries.filter(move |other| !std::ptr::eq(*other, entry))
    }
}

/// First and last bit an entry covers of its storage.
fn covered(checkpoint: &Checkpoint, entry: &TensorEntry) -> Option<(u64, u64)> {
    let meta = checkpoint.meta(entry);
    let (start, end) = meta.element_span()?;
    let bits = u64::from(meta.dtype.bits());
    Some((start.saturating_mul(bits), end.saturating_mul(bits)))
}

fn find(checkpoint: &Checkpoint) -> Sharing {
    let mut spans: HashMap<StorageId, Vec<Span>> = HashMap::new();
    for (at, entry) in checkpoint.entries.iter().enumerate() {
        if let (Some(storage), Some((start, end))) =
            (checkpoint.meta(entry).storage, covered(checkpoint, entry))
        {
            spans.entry(storage).or_default().push(Span { start, end, reach: 0, entry: at as u32 });
        }
    }
    spans.retain(|_, spans| spans.len() > 1);
    for spans in spans.values_mut() {
        spans.in_order_of(|span| (span.start, span.end, span.entry));
        let mut reach = 0;
        for span in spans {
            reach = reach.max(span.end);
            span.reach = reach;
        }
    }
    Sharing { spans }
}

/// Entries of `spans` that overlap the bits `(start, end)`, itself included.
fn overlapping(spans: &[Span], (start, end): (u64, u64)) -> Vec<u32> {
    let (before, behind) = spans.split_at(spans.partition_point(|span| span.start < start));
    let before = before.iter().rev().take_while(|span| span.reach > start).filter(|span| span.end > start);
    let behind = behind.iter().take_while(|span| span.start < end);
    let most = if spans.len() > LISTED { LISTED_OF_MANY } else { LISTED };
    before.chain(behind).take(most).map(|span| span.entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_are_found_on_both_sides() {
        let span = |start, end, reach, entry| Span { start, end, reach, entry };
        // A long one first, then neighbours that only touch.
        let spans =
            [span(0, 100, 100, 0), span(10, 20, 100, 1), span(20, 30, 100, 2), span(100, 110, 110, 3)];
        assert_eq!(overlapping(&spans, (20, 30)), [0, 2]);
        assert_eq!(overlapping(&spans, (100, 110)), [3]);
        assert_eq!(overlapping(&spans, (0, 100)), [0, 1, 2]);
    }
}
