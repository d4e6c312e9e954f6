//! Last touches to a tree once everything is read.

use std::collections::HashMap;

use super::{Tree, Value};

/// Mappings of up to this many entries are compared pair by pair.
const FEW: usize = 8;

impl Tree {
    /// Puts resolved objects where they are referred to. Called once, when everything is read.
    pub fn settle(&mut self) {
        if self.resolved.is_empty() {
            return;
        }
        let resolved = std::mem::take(&mut self.resolved);
        let replace = |value: &mut Value| {
            if let Value::Object(id) = value
                && let Some(found) = resolved.get(id)
            {
                *value = *found;
            }
        };
        self.tuples.iter_mut().for_each(replace);
        self.lists.iter_mut().flatten().for_each(replace);
        self.dicts.iter_mut().flat_map(|d| &mut d.entries).for_each(|(_, v)| replace(v));
        for object in &mut self.objects {
            object.entries.iter_mut().for_each(|(_, v)| replace(v));
            object.items.iter_mut().for_each(replace);
        }
        self.root.iter_mut().for_each(replace);
    }

    /// Keeps of equal keys in each mapping the last value, at the place of the first, as Python does.
    /// Returns the number of entries dropped.
    pub fn drop_duplicate_keys(&mut self) -> usize {
        let mut dropped = 0;
        for at in 0..self.dicts.len() {
            let Some(dict) = self.dicts.get_mut(at) else { break };
            let entries = std::mem::take(&mut dict.entries);
            let before = entries.len();
            let (entries, twice) = self.deduplicated(entries);
            dropped += before - entries.len();
            self.duplicate = self.duplicate.or(twice);
            if let Some(dict) = self.dicts.get_mut(at) {
                dict.entries = entries;
            }
        }
        dropped
    }

    fn deduplicated(&self, mut entries: Vec<(Value, Value)>) -> (Vec<(Value, Value)>, Option<Value>) {
        if entries.len() < 2 {
            return (entries, None);
        }
        if entries.len() <= FEW && self.are_distinct(&entries) {
            return (entries, None);
        }
        // Seeded hashing: the keys are a stranger's.
        let mut seen: HashMap<KeyRef<'_>, usize> = HashMap::with_capacity(entries.len());
        let (mut kept, mut twice) = (0, None);
        for at in 0..entries.len() {
            let Some(&(key, value)) = entries.get(at) else { break };
            if let Some(hashed) = self.key_ref(key) {
                if let Some(first) = seen.get(&hashed) {
                    twice = twice.or(Some(key));
                    if let Some(slot) = entries.get_mut(*first) {
                        slot.1 = value;
                    }
                    continue;
                }
                seen.insert(hashed, kept);
            }
            entries.swap(kept, at);
            kept += 1;
        }
        drop(seen);
        entries.truncate(kept);
        (entries, twice)
    }

    /// Compares each key with each, which for a few is quicker than hashing them.
    fn are_distinct(&self, entries: &[(Value, Value)]) -> bool {
        let keys: Vec<KeyRef<'_>> = entries.iter().filter_map(|(key, _)| self.key_ref(*key)).collect();
        keys.iter().enumerate().all(|(at, key)| !keys.iter().skip(at + 1).any(|other| other == key))
    }

    fn key_ref(&self, key: Value) -> Option<KeyRef<'_>> {
        Some(match key {
            Value::Text(span) => KeyRef::Text(self.bytes(span)),
            Value::Bytes(span) => KeyRef::Bytes(self.bytes(span)),
            Value::Int(n) => KeyRef::Int(n),
            Value::Bool(b) => KeyRef::Int(i64::from(b)),
            Value::None => KeyRef::None,
            _ => return None,
        })
    }
}

/// A key as Python compares it: `True` is 1.
#[derive(PartialEq, Eq, Hash)]
enum KeyRef<'a> {
    Text(&'a [u8]),
    Bytes(&'a [u8]),
    Int(i64),
    None,
}
