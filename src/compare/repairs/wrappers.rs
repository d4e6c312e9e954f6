//! Components that wrappers put into names, at the front or in the middle, on either side.

use rustc_hash::FxHashMap;

use super::lines;
use super::prefix::component_cause;
use super::proposal::{Proposal, quoted};
use super::view::View;

/// Components that stand for a wrapper and for no layer.
const WRAPPERS: [&str; 8] = [
    "_orig_mod",
    "module",
    "_fsdp_wrapped_module",
    "_fpw_module",
    "_checkpoint_wrapped_module",
    "_forward_module",
    "_module",
    "_ddp_module",
];

pub(super) fn propose(view: &View<'_>, out: &mut Vec<Proposal>) {
    let here = |keys: &mut dyn Iterator<Item = &str>| -> Vec<&'static str> {
        let mut found = [false; WRAPPERS.len()];
        for component in keys.flat_map(|key| key.split('.')) {
            if let Some(at) = WRAPPERS.iter().position(|w| *w == component) {
                found.get_mut(at).into_iter().for_each(|f| *f = true);
            }
        }
        WRAPPERS.iter().zip(found).filter(|(_, found)| *found).map(|(w, _)| *w).collect()
    };
    let given = here(&mut view.unexpected().map(|t| t.key.as_str()));
    let asked = here(&mut view.missing().map(|t| t.key.as_str()));
    if given.is_empty() && asked.is_empty() {
        return;
    }
    let mut wanted: FxHashMap<String, Option<&str>> = FxHashMap::default();
    for tensor in view.missing() {
        let slot = wanted.entry(plain(&tensor.key)).or_insert(Some(&tensor.key));
        // Two names that differ in wrappers alone cannot be told apart.
        if *slot != Some(&tensor.key) {
            *slot = None;
        }
    }
    let pairs = view.unexpected().filter_map(|tensor| {
        let to = (*wanted.get(&plain(&tensor.key))?)?;
        Some((tensor.key.clone(), to.to_owned()))
    });
    let pairs = view.without_clashes(pairs.collect());
    if pairs.is_empty() {
        return;
    }
    let words: Vec<&str> =
        WRAPPERS.iter().copied().filter(|w| given.contains(w) || asked.contains(w)).collect();
    out.push(Proposal::rename(
        view,
        "wrappers",
        title(&given, &asked),
        pairs.clone(),
        code(view, &words, &pairs),
    ));
}

/// The name without wrappers.
fn plain(key: &str) -> String {
    let parts: Vec<&str> = key.split('.').filter(|part| !WRAPPERS.contains(part)).collect();
    parts.join(".")
}

fn title(given: &[&str], asked: &[&str]) -> String {
    let named = |words: &[&str]| {
        let all = words.iter().map(|w| match component_cause(w) {
            Some(cause) => format!("{} ({cause})", quoted(w)),
            None => quoted(w),
        });
        all.collect::<Vec<_>>().join(", ")
    };
    match (given, asked) {
        ([], asked) => format!("the reference's keys have {} in them, the candidate's do not", named(asked)),
        (given, []) => format!("the candidate's keys have {} in them", named(given)),
        (given, asked) => {
            format!("the candidate's keys have {} in them, the reference's {}", named(given), named(asked))
        }
    }
}

fn code(view: &View<'_>, words: &[&str], pairs: &[(String, String)]) -> Vec<String> {
    let strip = |key: &str| {
        let parts: Vec<&str> = key.split('.').filter(|part| !words.contains(part)).collect();
        parts.join(".")
    };
    let moved: FxHashMap<&str, &str> = pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let as_stripped = view
        .current
        .items
        .iter()
        .all(|item| moved.get(item.key()).copied().unwrap_or(item.key()) == strip(item.key()));
    if !as_stripped {
        return lines::rename(pairs);
    }
    vec![
        format!("wrappers = {}", lines::set(words)),
        "state_dict = {\".\".join(part for part in key.split(\".\") if part not in wrappers): value for key, value in state_dict.items()}"
            .to_owned(),
    ]
}
