//! Stored bytes no tensor covers, and tensors that count more elements than there are bytes.

use super::Finding;
use crate::checkpoint::{Checkpoint, Severity};
use crate::text::{brief, number};

/// Waste below this is not worth a word.
const LEAST: u64 = 1 << 20;
/// A tensor of so many elements, so many times those it has bytes for, is an expanded view nobody sums by
/// accident.
const MANY: u64 = 1 << 33;
const TIMES: u64 = 16;
/// Views named.
const NAMED: usize = 3;

/// Findings about both.
pub(super) fn find(checkpoint: &Checkpoint) -> Vec<Finding> {
    bloat(checkpoint).into_iter().chain(expanded(checkpoint)).collect()
}

/// `torch.save` writes whole storages: of a slice of a large tensor, all of it.
fn bloat(checkpoint: &Checkpoint) -> Option<Finding> {
    let tree = checkpoint.tree();
    let mut spans: Vec<(u32, u64, u64)> = Vec::new();
    for meta in tree.tensors() {
        if let (Some(storage), Some((start, end))) = (meta.storage, meta.element_span()) {
            let bits = u64::from(meta.dtype.bits());
            spans.push((storage.0, start.saturating_mul(bits) / 8, end.saturating_mul(bits).div_ceil(8)));
        }
    }
    spans.sort_unstable();
    let (mut used, mut reach, mut of) = (0_u64, 0, None);
    for (storage, start, end) in spans {
        if of != Some(storage) {
            (reach, of) = (0, Some(storage));
        }
        used = used.saturating_add(end.saturating_sub(start.max(reach)));
        reach = reach.max(end);
    }
    let stored = tree.storages().iter().map(crate::tensor::Storage::available).fold(0, u64::saturating_add);
    let waste = stored.checked_sub(used).filter(|waste| *waste >= LEAST && *waste >= stored / 4)?;
    let text = format!(
        "{} of {} stored bytes belong to no tensor: views of larger tensors were saved whole; tensor.clone() before saving drops the rest",
        number::bytes(waste),
        number::bytes(stored)
    );
    Some(Finding::new(Severity::Warning, "STORAGE_BLOAT", "", text))
}

fn expanded(checkpoint: &Checkpoint) -> Option<Finding> {
    let is_expanded = |meta: &crate::tensor::TensorMeta| {
        let span = meta.element_span().map_or(0, |(start, end)| end - start);
        meta.numel() >= MANY && meta.numel() / span.max(1) >= TIMES
    };
    let all: Vec<&str> = checkpoint
        .tensors()
        .iter()
        .filter(|entry| checkpoint.meta(entry).storage.is_some() && is_expanded(checkpoint.meta(entry)))
        .map(|entry| &*entry.path)
        .collect();
    let first: Vec<String> = all.iter().take(NAMED).map(|name| brief(name)).collect();
    let text = format!(
        "{} tensors count far more elements than they have bytes (expanded views): {}",
        all.len(),
        first.join(", ")
    );
    (!all.is_empty()).then(|| Finding::new(Severity::Warning, "VIEW_EXPANDED", first.join(", "), text))
}
