//! Layers counted differently: a list that starts at another number, a layer put in or taken out.
//!
//! Layers are recognised by what is in them, names and shapes. Where that leaves more than one way, nothing is moved.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::lines;
use super::proposal::{Proposal, counted, quoted};
use super::view::{View, is_number};
use crate::compare::keys::Side;

/// What is in each layer of a list.
type Layers<'a> = BTreeMap<u64, Vec<(&'a str, &'a [u64])>>;

/// Which layers of the candidate are which of the reference.
enum Alignment {
    /// In one way only.
    Sure(Vec<(u64, u64)>),
    /// In several ways.
    Open,
    None,
}

pub(super) fn propose(view: &View<'_>, out: &mut Vec<Proposal>) {
    let lists = affected(view);
    if lists.is_empty() {
        return;
    }
    let (a, b) = (by_list(view.reference, &lists), by_list(view.current, &lists));
    let (mut moves, mut open) = (Vec::new(), Vec::new());
    let mut names: Vec<&str> = lists.into_iter().collect();
    names.sort_unstable();
    for list in names {
        let (Some(wanted), Some(given)) = (a.get(list), b.get(list)) else { continue };
        match align(wanted, given) {
            Alignment::Sure(pairs) if pairs.iter().any(|(from, to)| from != to) => moves.push((list, pairs)),
            Alignment::Open => open.push((list, wanted.len(), given.len())),
            _ => {}
        }
    }
    if let Some(proposal) = rename(view, &moves) {
        out.push(proposal);
    } else if let Some((list, wanted, given)) = open.first() {
        out.push(depth(list, *wanted, *given));
    }
}

/// Lists of layers in which something does not go together.
fn affected<'a>(view: &View<'a>) -> FxHashSet<&'a str> {
    let wrong = view.missing().chain(view.unexpected()).chain(view.mismatched().map(|(t, _)| t));
    wrong.flat_map(|t| lists_of(&t.key)).map(|(list, ..)| list).collect()
}

/// `blocks.3.mlp.0.weight` → (`blocks`, 3, `mlp.0.weight`), (`blocks.3.mlp`, 0, `weight`).
fn lists_of(key: &str) -> impl Iterator<Item = (&str, u64, &str)> {
    let starts = std::iter::once(0).chain(key.match_indices('.').map(|(at, _)| at + 1));
    starts.filter_map(move |start| {
        let rest = key.get(start..)?;
        let (number, inside) = rest.split_once('.')?;
        let list = key.get(..start.saturating_sub(1))?;
        is_number(number).then_some(())?;
        Some((list, number.parse().ok()?, inside))
    })
}

fn by_list<'a>(side: &'a Side, lists: &FxHashSet<&str>) -> FxHashMap<&'a str, Layers<'a>> {
    let mut found: FxHashMap<&str, Layers<'_>> = FxHashMap::default();
    for tensor in side.tensors() {
        for (list, number, inside) in lists_of(&tensor.key) {
            if lists.contains(list) {
                found.entry(list).or_default().entry(number).or_default().push((inside, &tensor.shape));
            }
        }
    }
    for layers in found.values_mut() {
        for inside in layers.values_mut() {
            inside.sort_unstable();
        }
    }
    found
}

fn align(wanted: &Layers<'_>, given: &Layers<'_>) -> Alignment {
    let (a, b): (Vec<_>, Vec<_>) = (wanted.iter().collect(), given.iter().collect());
    let swapped = b.len() > a.len();
    let (long, short) = if swapped { (&b, &a) } else { (&a, &b) };
    let first = embed(short.iter(), long.iter());
    let last = embed(short.iter().rev(), long.iter().rev());
    match (first, last) {
        (Some(first), Some(mut last)) => {
            last.reverse();
            let pairs =
                first.iter().map(|(short, long)| if swapped { (*long, *short) } else { (*short, *long) });
            if first == last { Alignment::Sure(pairs.collect()) } else { Alignment::Open }
        }
        _ => Alignment::None,
    }
}

type Layer<'s, 'a> = (&'s u64, &'s Vec<(&'a str, &'a [u64])>);

/// Each layer of `short` with the next equal one of `long`: numbers of both.
fn embed<'x, 's: 'x, 'a: 's>(
    short: impl Iterator<Item = &'x Layer<'s, 'a>>,
    mut long: impl Iterator<Item = &'x Layer<'s, 'a>>,
) -> Option<Vec<(u64, u64)>> {
    short.map(|(n, inside)| long.find(|(_, other)| other == inside).map(|(m, _)| (**n, **m))).collect()
}

fn rename(view: &View<'_>, moves: &[(&str, Vec<(u64, u64)>)]) -> Option<Proposal> {
    let maps: FxHashMap<&str, FxHashMap<u64, u64>> =
        moves.iter().map(|(list, pairs)| (*list, pairs.iter().copied().collect())).collect();
    let moved = |key: &str| {
        lists_of(key).find_map(|(list, number, inside)| {
            let to = maps.get(list)?.get(&number)?;
            let dot = if list.is_empty() { "" } else { "." };
            Some(format!("{list}{dot}{to}.{inside}"))
        })
    };
    let pairs: Vec<(String, String)> = view
        .current
        .tensors()
        .filter_map(|t| Some((t.key.clone(), moved(&t.key)?)))
        .filter(|(from, to)| from != to)
        .collect();
    let (list, numbers) = moves.iter().find(|(_, pairs)| pairs.iter().any(|(a, b)| a != b))?;
    let (from, to) = numbers.iter().find(|(from, to)| from != to)?;
    let more = if moves.len() > 1 {
        format!(" (and in {} more)", counted(moves.len() - 1, "list"))
    } else {
        String::new()
    };
    let title = format!(
        "layers of {} are counted differently: {from} of the candidate is {to} of the model{more}",
        quoted(list)
    );
    let lines = lines::rename(&pairs);
    (!pairs.is_empty()).then(|| Proposal::rename(view, "layer_shift", title, pairs, lines))
}

fn depth(list: &str, wanted: usize, given: usize) -> Proposal {
    Proposal {
        rule: "depth",
        title: format!(
            "the model has {} in {}, the candidate {given}; they are alike, so which ones correspond cannot be told from names and shapes",
            counted(wanted, "layer"),
            quoted(list)
        ),
        ..Proposal::default()
    }
}
