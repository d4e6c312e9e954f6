//! Stable sorts that are compiled once.
//!
//! Every `sort_by` of the standard library is a copy of the whole algorithm, 9 KB, for its type and its closure, and a program
//! like this has a hundred of them: a tenth of the binary. Here one sort of positions asks a closure through a pointer,
//! and only the exchange of elements is compiled for each type. It costs a call for each comparison: lists a person waits
//! for, of a hundred thousand tensors, use the standard one.

use std::cmp::Ordering;

/// Stable sorts for lists of any size that nobody waits for.
pub(crate) trait Sort<T> {
    /// Sorts by a comparison.
    fn in_order(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    /// Sorts by a key.
    fn in_order_of<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.in_order(|a, b| key(a).cmp(&key(b)));
    }
}

impl<T> Sort<T> for [T] {
    fn in_order(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let order = positions(self.len(), &mut |a, b| match (self.get(a), self.get(b)) {
            (Some(a), Some(b)) => compare(a, b),
            _ => Ordering::Equal,
        });
        arrange(self, order);
    }
}

/// Positions in the order their elements belong in.
fn positions(len: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    order.sort_by(|a, b| compare(*a, *b));
    order
}

/// Puts elements in this order: `order` has the position each comes from.
fn arrange<T>(items: &mut [T], mut order: Vec<usize>) {
    for start in 0..order.len() {
        // Along a cycle, each element changes places with the one that belongs there.
        let mut at = start;
        while let Some(from) = order.get(at).copied().filter(|from| *from != at) {
            if let Some(done) = order.get_mut(at) {
                *done = at;
            }
            if from == start {
                break;
            }
            items.swap(at, from);
            at = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn the_order_is_that_of_the_standard_sort(items in proptest::collection::vec((0..8_u8, 0..100_u8), 0..60)) {
            let (mut ours, mut theirs, mut keyed) = (items.clone(), items.clone(), items);
            ours.in_order(|a, b| b.0.cmp(&a.0));
            theirs.sort_by_key(|item| std::cmp::Reverse(item.0));
            proptest::prop_assert_eq!(&ours, &theirs);
            keyed.in_order_of(|item| std::cmp::Reverse(item.0));
            proptest::prop_assert_eq!(keyed, theirs);
        }
    }
}
