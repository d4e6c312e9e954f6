//! The memo: values by index.

use std::collections::HashMap;

use crate::value::Value;

/// Picklers number from 0 without gaps, so a vector serves nearly all files; an index out of order (a
/// stranger may write 2³²−1) goes to a map and reserves nothing.
#[derive(Default)]
pub(super) struct Memo {
    dense: Vec<Value>,
    sparse: HashMap<u32, Value>,
}

impl Memo {
    pub(super) fn len(&self) -> usize {
        self.dense.len() + self.sparse.len()
    }

    pub(super) fn put(&mut self, at: u32, value: Value) {
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
}
