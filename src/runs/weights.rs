//! Files of a run that hold the same weights though they are no copies: `best.pt` with the weights alone, and
//! `epoch_7.pt` with the optimizer beside them.
//!
//! Decided by content, value by value; two epochs differ in their last tensor already, so that a difference
//! costs one block and only twins are read in whole. To be called on a worker thread.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{CheckpointRow, Run, Status};
use crate::checkpoint::{Checkpoint, SectionRole, TensorEntry};
use crate::elements::{Elements, Scratch};
use crate::error::Result;
use crate::limits::Limits;
use crate::source::ReadAt;
use crate::training::name::Part;
use crate::work::Cancel;

/// Bytes compared at once.
const BLOCK: usize = 1 << 20;
/// Files compared with one at most.
const MOST: usize = 64;

/// Other checkpoints of `run` with exactly the model weights of the one at `path`: those named best or last, or
/// all of them where `path` itself tells no epoch. Files that cannot be read are no twins.
pub fn weight_twins(run: &Run, path: &Path, limits: &Limits, cancel: &Cancel) -> Vec<PathBuf> {
    let Some(row) = run.checkpoints.iter().find(|row| row.path == path) else { return Vec::new() };
    let vague = |row: &CheckpointRow| {
        let parts = row.identity.name.parts;
        let progress = &row.training.progress;
        parts.has(Part::Best) || parts.has(Part::Last) || progress.epoch.is_none() && progress.step.is_none()
    };
    let may_be = |other: &&CheckpointRow| {
        other.path != path
            && other.status == Status::Ok
            && other.parameters > 0
            && other.parameters == row.parameters
            && (vague(other) || vague(row))
            && !is_copy(row, other)
    };
    let candidates: Vec<&CheckpointRow> = run.checkpoints.iter().filter(may_be).take(MOST).collect();
    if candidates.is_empty() {
        return Vec::new();
    }
    let Ok(checkpoint) = crate::format::open(path, limits) else { return Vec::new() };
    let same = |other: &&CheckpointRow| {
        let opened = crate::format::open(&other.path, limits);
        !cancel.is_cancelled()
            && opened.and_then(|other| same_weights(&checkpoint, &other, cancel)).unwrap_or(false)
    };
    candidates.into_iter().filter(same).map(|other| other.path.clone()).collect()
}

fn is_copy(a: &CheckpointRow, b: &CheckpointRow) -> bool {
    a.same_as.as_ref() == Some(&b.path)
        || b.same_as.as_ref() == Some(&a.path)
        || a.same_as.is_some() && a.same_as == b.same_as
}

/// Whether two checkpoints hold the same model weights: the same names, dtypes, shapes and bits.
///
/// # Errors
/// What reading finds.
pub fn same_weights(a: &Checkpoint, b: &Checkpoint, cancel: &Cancel) -> Result<bool> {
    let (left, right) = (weights(a), weights(b));
    if left.is_empty() || !left.keys().eq(right.keys()) {
        return Ok(false);
    }
    let pairs = || left.values().zip(right.values()).map(|(x, y)| (a.meta(x), b.meta(y)));
    if pairs().any(|(x, y)| x.dtype != y.dtype || x.shape() != y.shape()) {
        return Ok(false);
    }
    // What is trained last lies last.
    for (x, y) in pairs().rev() {
        let (x, y) = (Elements::open(a, x)?, Elements::open(b, y)?);
        if cancel.is_cancelled() || !same_elements(&x, &y)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The tensors of the first section of a model, by their names in it.
fn weights(checkpoint: &Checkpoint) -> BTreeMap<&str, &TensorEntry> {
    let first = checkpoint.tensors().iter().find_map(|entry| {
        let section = checkpoint.section_of(entry)?;
        (section.role == SectionRole::Model).then_some(entry.section)
    });
    let entries = checkpoint.tensors().iter().filter(|entry| Some(entry.section) == first);
    entries.map(|entry| (entry.key(), entry)).collect()
}

fn same_elements(a: &Elements, b: &Elements) -> Result<bool> {
    if let (Some(x), Some(y)) = (a.run(), b.run())
        && x.big_endian == y.big_endian
    {
        return Ok(x.len == y.len && same_bytes(&*x.source, x.offset, &*y.source, y.offset, x.len)?);
    }
    let (mut scratch, mut left, mut right) = (Scratch::default(), Vec::new(), Vec::new());
    let (mut at, end) = (0, a.len());
    while at < end {
        let count = usize::try_from(end - at).unwrap_or(BLOCK).min(BLOCK / 8);
        left.resize(count, 0.0);
        right.resize(count, 0.0);
        a.read(at, &mut left, &mut scratch)?;
        b.read(at, &mut right, &mut scratch)?;
        if left.iter().zip(&right).any(|(x, y)| x.to_bits() != y.to_bits()) {
            return Ok(false);
        }
        at += count as u64;
    }
    Ok(true)
}

fn same_bytes(a: &dyn ReadAt, a_at: u64, b: &dyn ReadAt, b_at: u64, len: u64) -> Result<bool> {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let mut done = 0;
    while done < len {
        let count = usize::try_from(len - done).unwrap_or(BLOCK).min(BLOCK);
        left.resize(count, 0);
        right.resize(count, 0);
        a.read_exact_at(&mut left, a_at + done)?;
        b.read_exact_at(&mut right, b_at + done)?;
        if left != right {
            return Ok(false);
        }
        done += count as u64;
    }
    Ok(true)
}
