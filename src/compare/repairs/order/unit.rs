//! Modules, known by the shapes of their tensors.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::compare::plan::Described;
use crate::compare::repairs::view::is_number;
use crate::sorting::Sort as _;

/// Batch norm's counter: older files lack it.
pub(super) const COUNTER: &str = "num_batches_tracked";
pub(super) const LEAVES: [&str; 5] = ["weight", "bias", "running_mean", "running_var", COUNTER];

/// A module, or a tensor that stands alone.
pub(super) struct Unit<'a> {
    pub(super) name: String,
    pub(super) tensors: BTreeMap<&'a str, &'a Described>,
}

/// What a module is known by: its tensors' last names, and their shapes without sizes of 1.
pub(super) type Kind = Vec<(String, Vec<u64>)>;

pub(super) fn parent(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(parent, _)| parent)
}

/// A name up to its last number.
pub(super) fn layer(name: &str) -> &str {
    let mut end = 0;
    let mut at = 0;
    for part in name.split('.') {
        at += part.len() + 1;
        if is_number(part) {
            end = at - 1;
        }
    }
    name.get(..end).unwrap_or_default()
}

/// Some containers sort by name, and 10 comes before 2: then modules are put in the order of their numbers.
pub(super) fn in_order(mut units: Vec<Unit<'_>>) -> Vec<Unit<'_>> {
    let mut last: FxHashMap<&str, u64> = FxHashMap::default();
    let mut sorted = true;
    for unit in &units {
        let layer = layer(&unit.name);
        let (list, number) = layer.rsplit_once('.').unwrap_or(("", layer));
        let number: u64 = number.parse().unwrap_or_default();
        sorted &= *last.get(list).unwrap_or(&0) <= number;
        last.insert(list, number);
    }
    if !sorted {
        units.in_order(|a, b| crate::text::natural::compare(&a.name, &b.name));
    }
    units
}

pub(super) fn units<'a>(tensors: impl Iterator<Item = &'a Described>) -> Vec<Unit<'a>> {
    let mut at: FxHashMap<String, usize> = FxHashMap::default();
    let mut all: Vec<Unit<'a>> = Vec::new();
    for tensor in tensors {
        let (name, leaf) = cut(&tensor.key);
        let place = *at.entry(name.clone()).or_insert(all.len());
        if place == all.len() {
            all.push(Unit { name, tensors: BTreeMap::new() });
        }
        if let Some(unit) = all.get_mut(place) {
            unit.tensors.insert(leaf, tensor);
        }
    }
    all.retain(|unit| unit.tensors.keys().any(|leaf| *leaf != COUNTER));
    all
}

/// `conv.weight` → (`conv`, `weight`); `attn.in_proj_weight` → (`attn.in_proj`, `weight`); `pos_embed` → itself.
pub(super) fn cut(key: &str) -> (String, &str) {
    let ends = |leaf: &&&str| {
        let stem = key.strip_suffix(**leaf)?;
        stem.strip_suffix('.').or_else(|| stem.strip_suffix('_').filter(|stem| stem.ends_with("proj")))
    };
    let leaf = LEAVES.iter().find(|leaf| ends(leaf).is_some());
    match leaf.and_then(|leaf| Some((ends(&leaf)?, *leaf))) {
        Some((module, leaf)) => (module.to_owned(), leaf),
        None => (key.to_owned(), ""),
    }
}

pub(super) fn kind(unit: &Unit<'_>) -> Kind {
    let known = unit.tensors.iter().filter(|(leaf, _)| **leaf != COUNTER);
    let shape = |t: &Described| t.shape.iter().copied().filter(|size| *size != 1).collect();
    known.map(|(leaf, tensor)| ((*leaf).to_owned(), shape(tensor))).collect()
}
