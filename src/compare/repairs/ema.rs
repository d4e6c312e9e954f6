//! Averaged copies whose names lost their dots, as latent diffusion's `model_ema` writes them.

use rustc_hash::FxHashMap;

use super::lines;
use super::proposal::{Proposal, quoted};
use super::view::View;

pub(super) fn propose(view: &View<'_>, out: &mut Vec<Proposal>) {
    let flat = |t: &crate::compare::plan::Described| {
        t.key.split_once('.').is_some_and(|(first, rest)| first.contains("ema") && !rest.contains('.'))
    };
    if !view.unexpected().any(flat) {
        return;
    }
    let mut wanted: FxHashMap<String, Option<&str>> = FxHashMap::default();
    for tensor in view.missing() {
        let slot = wanted.entry(tensor.key.replace('.', "")).or_insert(Some(&tensor.key));
        if *slot != Some(&tensor.key) {
            *slot = None;
        }
    }
    let mut prefix = "";
    let mut pairs = Vec::new();
    for tensor in view.unexpected().filter(|t| flat(t)) {
        let Some((first, rest)) = tensor.key.split_once('.') else { continue };
        if let Some(to) = wanted.get(rest).copied().flatten() {
            prefix = first;
            pairs.push((tensor.key.clone(), to.to_owned()));
        }
    }
    let pairs = view.without_clashes(pairs);
    if pairs.is_empty() {
        return;
    }
    let title = format!("an averaged copy of the weights ({}, names without their dots)", quoted(prefix));
    let code = lines::rename(&pairs);
    out.push(Proposal::rename(view, "ema_names", title, pairs, code));
}
