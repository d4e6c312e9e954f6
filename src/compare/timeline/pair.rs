//! What one checkpoint gives beside the one before it: small enough to be remembered.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::checkpoint::{Checkpoint, SectionRole, TensorEntry};
use crate::compare::values::{self, Options, ValueDiff};
use crate::error::Result;
use crate::tensor::{Layout, Numeric, TensorId};
use crate::work::{Meter, Work};

/// One tensor of the later checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Cell {
    pub(super) key: String,
    pub(super) shape: Vec<u64>,
    pub(super) dtype: String,
    pub(super) l2: f64,
    pub(super) nan: u64,
    pub(super) inf: u64,
    /// Distance, relative distance, and elements that moved; `None` without an earlier tensor of that shape.
    pub(super) change: Option<(f64, f64, u64)>,
}

/// Everything of one checkpoint.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Column {
    pub(super) cells: Vec<Cell>,
    pub(super) ema_drift: Option<f64>,
}

/// The tensors of a model's state dict, in order: those of the first section with such a role.
pub(super) fn model(checkpoint: &Checkpoint) -> Vec<&TensorEntry> {
    for role in [SectionRole::Model, SectionRole::Ema] {
        let entries = of_role(checkpoint, role);
        if !entries.is_empty() {
            return entries;
        }
    }
    checkpoint.tensors().iter().filter(|entry| is_comparable(checkpoint, entry)).collect()
}

fn of_role(checkpoint: &Checkpoint, role: SectionRole) -> Vec<&TensorEntry> {
    let has_role = |entry: &&TensorEntry| checkpoint.section_of(entry).is_some_and(|s| s.role == role);
    let entries: Vec<&TensorEntry> = checkpoint.tensors().iter().filter(has_role).collect();
    let Some(first) = entries.first().map(|entry| entry.section) else { return Vec::new() };
    // Several models in one file are told apart by their paths.
    let several = entries.iter().any(|entry| entry.section != first);
    let entries = entries.into_iter().filter(|entry| several || entry.section == first);
    entries.filter(|entry| is_comparable(checkpoint, entry)).collect()
}

fn is_comparable(checkpoint: &Checkpoint, entry: &TensorEntry) -> bool {
    let meta = checkpoint.meta(entry);
    meta.layout == Layout::Strided && meta.dtype.numeric() != Numeric::Opaque
}

/// Names for a list of entries: keys, or whole paths when keys would not tell sections apart.
pub(super) fn names<'a>(entries: &[&'a TensorEntry]) -> Vec<&'a str> {
    let one = entries.windows(2).all(|pair| match pair {
        [a, b] => a.section == b.section,
        _ => true,
    });
    entries.iter().map(|entry| if one { entry.key() } else { &*entry.path }).collect()
}

/// Compares `now` with `before`.
pub(super) fn column(before: Option<&Checkpoint>, now: &Checkpoint, work: &Work) -> Result<Column> {
    let inner = Work { cancel: work.cancel.clone(), meter: Meter::default() };
    let entries = model(now);
    let names = names(&entries);
    let earlier: FxHashMap<&str, TensorId> = before.map(by_name).unwrap_or_default();
    let mut cells: Vec<Option<Cell>> = vec![None; entries.len()];
    let (mut paired, mut alone) = (Vec::new(), Vec::new());
    for (at, (entry, name)) in entries.iter().zip(&names).enumerate() {
        let matching = before.zip(earlier.get(name).copied()).filter(|(before, id)| {
            before.tree().tensor(*id).is_some_and(|meta| meta.shape() == now.meta(entry).shape())
        });
        match matching {
            Some((_, id)) => paired.push((at, (id, entry.id))),
            None => alone.push((at, (entry.id, entry.id))),
        }
    }
    for (first, todo) in [(before.unwrap_or(now), paired), (now, alone)] {
        let (places, pairs): (Vec<usize>, Vec<(TensorId, TensorId)>) = todo.into_iter().unzip();
        let with_itself = std::ptr::eq(first, now);
        let diffs = values::compare(first, now, &pairs, &Options::default(), &inner)?;
        for (at, diff) in places.into_iter().zip(diffs) {
            let (Ok(diff), Some(entry), Some(name)) = (diff, entries.get(at), names.get(at)) else {
                continue;
            };
            let meta = now.meta(entry);
            let cell = cell(name, meta.shape(), meta.dtype.name(), &diff, with_itself);
            if let Some(slot) = cells.get_mut(at) {
                *slot = Some(cell);
            }
        }
    }
    Ok(Column { cells: cells.into_iter().flatten().collect(), ema_drift: ema_drift(now, &inner)? })
}

fn by_name(checkpoint: &Checkpoint) -> FxHashMap<&str, TensorId> {
    let entries = model(checkpoint);
    names(&entries).into_iter().zip(entries.iter().map(|entry| entry.id)).collect()
}

fn cell(name: &str, shape: &[u64], dtype: &str, diff: &ValueDiff, alone: bool) -> Cell {
    Cell {
        key: name.to_owned(),
        shape: shape.to_vec(),
        dtype: dtype.to_owned(),
        l2: diff.candidate.l2,
        nan: diff.candidate.nan,
        inf: diff.candidate.inf,
        change: (!alone).then_some((diff.l2, diff.relative_l2, diff.unequal)),
    }
}

/// How far the averaged copy of the weights is from the weights.
fn ema_drift(checkpoint: &Checkpoint, work: &Work) -> Result<Option<f64>> {
    let (model, ema) = (of_role(checkpoint, SectionRole::Model), of_role(checkpoint, SectionRole::Ema));
    let own: FxHashMap<&str, &TensorEntry> = model.iter().map(|entry| (entry.key(), *entry)).collect();
    let pair = |entry: &&TensorEntry| {
        let key = entry.key();
        // The copy may be wrapped once more: `module.fc.weight`, `ema_model.fc.weight`.
        let inner = key.split_once('.').map_or(key, |(_, inner)| inner);
        let wrapped =
            || own.iter().find(|(name, _)| name.split_once('.').is_some_and(|(_, rest)| rest == key));
        let found = own
            .get(key)
            .or_else(|| own.get(inner))
            .copied()
            .or_else(|| wrapped().map(|(_, entry)| *entry))?;
        let float = checkpoint.meta(entry).dtype.numeric() == Numeric::Float;
        (float && checkpoint.meta(found).shape() == checkpoint.meta(entry).shape())
            .then_some((found.id, entry.id))
    };
    let pairs: Vec<(TensorId, TensorId)> = ema.iter().filter_map(pair).collect();
    if pairs.is_empty() {
        return Ok(None);
    }
    let diffs = values::compare(checkpoint, checkpoint, &pairs, &Options::default(), work)?;
    let (mut distance, mut size) = (0.0, 0.0);
    for diff in diffs.into_iter().flatten() {
        distance += diff.l2 * diff.l2;
        size += diff.reference.l2 * diff.reference.l2;
    }
    Ok(Some(if distance > 0.0 { (distance / size).sqrt() } else { 0.0 }))
}
