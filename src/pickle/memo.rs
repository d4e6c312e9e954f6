//! The memo: values by index.

use std::collections::HashMap;

use rustc_hash::FxHashSet;

use crate::value::Value;

/// Picklers number from 0 without gaps, so a vector serves nearly all files; an index out of order (a
/// stranger may write 2³²−1) goes to a map and reserves nothing. Of a large pickle only the values that are
/// fetched later are kept, and the others counted.
#[derive(Default)]
pub(super) struct Memo {
    dense: Vec<Value>,
    sparse: HashMap<u32, Value>,
    /// The indices that are fetched, where that is known; then `dense` stays empty.
    fetched: Option<FxHashSet<u32>>,
    /// Indices from 0 on that were stored without being kept.
    counted: u32,
}

impl Memo {
    pub(super) fn new(fetched: Option<FxHashSet<u32>>) -> Self {
        Self { fetched, ..Self::default() }
    }

    /// Number of values stored, as `MEMOIZE` counts them.
    pub(super) fn len(&self) -> usize {
        match &self.fetched {
            None => self.dense.len() + self.sparse.len(),
            Some(_) => self.counted as usize + self.sparse.keys().filter(|k| **k >= self.counted).count(),
        }
    }

    /// Values held, for the budget.
    pub(super) fn held(&self) -> usize {
        self.dense.len() + self.sparse.len()
    }

    /// Stores a value; false when it need not be kept.
    pub(super) fn put(&mut self, at: u32, value: Value) -> bool {
        if let Some(fetched) = &self.fetched {
            let wanted = fetched.contains(&at);
            if at == self.counted {
                self.counted += 1;
                if wanted {
                    self.sparse.insert(at, value);
                }
                return wanted;
            }
            if wanted || at > self.counted {
                self.sparse.insert(at, value);
            }
            return wanted || at > self.counted;
        }
        if let Some(slot) = self.dense.get_mut(at as usize) {
            *slot = value;
        } else if at as usize == self.dense.len() {
            self.dense.push(value);
            if !self.sparse.is_empty() {
                self.sparse.remove(&at);
            }
        } else {
            self.sparse.insert(at, value);
        }
        true
    }

    pub(super) fn get(&self, at: u32) -> Option<Value> {
        self.dense.get(at as usize).or_else(|| self.sparse.get(&at)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_out_of_order_are_found_and_counted_once() {
        let mut memo = Memo::default();
        memo.put(u32::MAX, Value::Int(1));
        memo.put(1, Value::Int(2));
        memo.put(0, Value::Int(3));
        memo.put(1, Value::Int(4));
        assert_eq!(memo.len(), 3);
        assert_eq!(memo.get(1), Some(Value::Int(4)));
        assert_eq!(memo.get(u32::MAX), Some(Value::Int(1)));
        assert_eq!(memo.get(7), None);
    }

    #[test]
    fn values_nobody_fetches_are_counted_and_not_kept() {
        let mut memo = Memo::new(Some([1].into_iter().collect()));
        assert!(!memo.put(0, Value::Int(0)));
        assert!(memo.put(1, Value::Int(1)));
        assert!(!memo.put(2, Value::Int(2)));
        assert!(memo.put(9, Value::Int(9)));
        assert!(memo.put(1, Value::Int(5)));
        assert_eq!((memo.len(), memo.held()), (4, 2));
        assert_eq!((memo.get(1), memo.get(2)), (Some(Value::Int(5)), None));
    }
}
