//! Spectral norm and other parametrizations: old names and new ones.

use super::lines;
use super::proposal::{Proposal, counted, some};
use super::view::View;
use crate::sorting::Sort as _;

/// Old endings of spectral norm and what follows `parametrizations.NAME` in the new one.
const SPECTRAL: [(&str, &str); 3] = [("_orig", ".original"), ("_u", ".0._u"), ("_v", ".0._v")];

pub(super) fn propose(view: &View<'_>, out: &mut Vec<Proposal>) {
    let (missing, unexpected) = (view.missing_by_name(), view.unexpected_by_name());
    let mut pairs: Vec<(String, String)> = Vec::new();
    for key in missing.keys() {
        let other = new_name(key, &SPECTRAL).or_else(|| old_name(key));
        if let Some(other) = other.filter(|other| unexpected.contains_key(other.as_str())) {
            pairs.push((other, (*key).to_owned()));
        }
    }
    pairs.in_order(|a, b| crate::text::natural::compare(&a.1, &b.1));
    let pairs = view.without_clashes(pairs);
    if !pairs.is_empty() {
        let title =
            "spectral norm under other names: old (weight_orig) and new (parametrizations.weight.original)";
        let lines = lines::rename(&pairs);
        out.push(Proposal::rename(view, "spectral_norm", title.to_owned(), pairs, lines));
    }
    computed(view, out);
    plain(view, out);
}

/// What a weight is computed from is asked for where the candidate has the weight alone.
fn plain(view: &View<'_>, out: &mut Vec<Proposal>) {
    let unexpected = view.unexpected_by_name();
    let weight = |key: &str| match key.split_once("parametrizations.") {
        Some((module, rest)) => Some(format!("{module}{}", rest.strip_suffix(".original")?)),
        None => Some(key.strip_suffix("_orig")?.to_owned()),
    };
    let asked = view.missing().filter_map(|t| Some((weight(&t.key)?, t)));
    let found: Vec<(String, String)> = asked
        .filter(|(key, _)| unexpected.contains_key(key.as_str()))
        .map(|(key, t)| (key, t.key.clone()))
        .collect();
    if !found.is_empty() {
        let names: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
        out.push(Proposal {
            rule: "parametrization",
            title: format!(
                "the model computes {} ({}) from parametrizations the candidate was saved without: load it into the model before they are registered",
                counted(found.len(), "weight"),
                some(&names)
            ),
            pairs: found,
            ..Proposal::default()
        });
    }
}

/// `conv.weight_orig` → `conv.parametrizations.weight.original`.
fn new_name(key: &str, endings: &[(&str, &str)]) -> Option<String> {
    let (module, leaf) = key.rsplit_once('.').unwrap_or(("", key));
    let dot = if module.is_empty() { "" } else { "." };
    endings.iter().find_map(|(old, new)| {
        let name = leaf.strip_suffix(old).filter(|name| !name.is_empty())?;
        Some(format!("{module}{dot}parametrizations.{name}{new}"))
    })
}

fn old_name(key: &str) -> Option<String> {
    let (module, rest) = match key.split_once(".parametrizations.") {
        Some((module, rest)) => (format!("{module}."), rest),
        None => (String::new(), key.strip_prefix("parametrizations.")?),
    };
    SPECTRAL.iter().find_map(|(old, new)| Some(format!("{module}{}{old}", rest.strip_suffix(new)?)))
}

/// A plain weight is asked for where the candidate has what one is computed from.
fn computed(view: &View<'_>, out: &mut Vec<Proposal>) {
    let missing = view.missing_by_name();
    let plain = |key: &str| {
        let (module, rest) = key.split_once("parametrizations.")?;
        Some(format!("{module}{}", rest.strip_suffix(".original")?))
    };
    let plain = |key: &str| plain(key).or_else(|| Some(key.strip_suffix("_orig")?.to_owned()));
    let found: Vec<String> = view
        .unexpected()
        .filter_map(|t| plain(&t.key))
        .filter(|k| missing.contains_key(k.as_str()))
        .collect();
    if !found.is_empty() {
        out.push(Proposal {
            rule: "parametrization",
            title: format!(
                "{} of the model ({}) are computed from parametrizations the candidate still has: load it into a model that has them, then call torch.nn.utils.parametrize.remove_parametrizations (or remove_spectral_norm)",
                counted(found.len(), "weight"),
                some(&found)
            ),
            pairs: found.into_iter().map(|k| (k.clone(), k)).collect(),
            ..Proposal::default()
        });
    }
}
