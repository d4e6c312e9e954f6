//! The same layers in the same order under names that have little in common: torchvision's and Hugging Face's
//! residual networks, say.
//!
//! A module is known by the shapes of its tensors. Modules of one kind are paired in their order, those of layers
//! with the same numbers first. Where two of one kind stand side by side and differ in words alone, the words must
//! say which is which; if they do not, nothing is renamed, and that is said.

mod unit;

use rustc_hash::{FxHashMap, FxHashSet};

use self::unit::{Kind, Unit, in_order, kind, layer, parent, units};
use super::likeness::{likeness, numbers};
use super::lines;
use super::proposal::{Proposal, counted, quoted};
use super::view::View;
use crate::sorting::Sort as _;

/// Fewer modules, or kinds of them, are no order.
const FEWEST: usize = 3;
/// Modules of one kind side by side beyond which words are not weighed.
const CROWD: usize = 64;
/// Modules named in a title.
const NAMED: usize = 2;
/// Names of what bypasses a block.
const SHORTCUTS: [&str; 4] = ["downsample", "shortcut", "skip", "residual"];
/// Units of one kind, of layers of the same numbers.
type Group<'u, 'a> = (Vec<&'u Unit<'a>>, Vec<&'u Unit<'a>>);

/// Candidate and reference.
type Pairs<'u, 'a> = Vec<(&'u Unit<'a>, &'u Unit<'a>)>;

/// Ways of grouping, one after another: whether modules of a group must lie in layers of the same numbers.
const WAYS: [&[bool]; 3] = [&[false], &[true], &[true, false]];

pub(super) fn propose(view: &View<'_>, out: &mut Vec<Proposal>) {
    let wanted = in_order(units(view.missing()));
    let given = in_order(units(view.unexpected_in_order().into_iter()));
    let fewest = wanted.len().min(given.len());
    if fewest < FEWEST {
        return;
    }
    let mut open = None;
    for way in WAYS {
        match paired_by(way, &wanted, &given) {
            Ok(pairs) if is_convincing(&pairs, fewest) => {
                out.extend(rename(view, &pairs));
                return;
            }
            Ok(_) => {}
            Err(names) => open = open.or(Some(names)),
        }
    }
    if let Some((one, other)) = open {
        out.push(ambiguous(&one, &other));
    }
}

fn paired_by<'u, 'a>(
    way: &[bool],
    wanted: &'u [Unit<'a>],
    given: &'u [Unit<'a>],
) -> Result<Pairs<'u, 'a>, (String, String)> {
    let mut pairs: Pairs<'_, '_> = Vec::new();
    for by_numbers in way {
        let taken: FxHashSet<&str> =
            pairs.iter().flat_map(|(b, a)| [b.name.as_str(), a.name.as_str()]).collect();
        let free = |unit: &&Unit<'_>| !taken.contains(unit.name.as_str());
        let a: Vec<&Unit<'_>> = wanted.iter().filter(free).collect();
        let b: Vec<&Unit<'_>> = given.iter().filter(free).collect();
        for group in groups(&a, &b, *by_numbers) {
            pairs.extend(paired(&group)?);
        }
    }
    Ok(pairs)
}

/// Most modules are paired, of several kinds, and layers stay together.
fn is_convincing(pairs: &Pairs<'_, '_>, fewest: usize) -> bool {
    let kinds: FxHashSet<Kind> = pairs.iter().map(|(unit, _)| kind(unit)).collect();
    let enough = pairs.len() >= FEWEST && kinds.len() >= FEWEST && pairs.len() * 5 >= fewest * 4;
    let names = |(a, b): &(&Unit<'_>, &Unit<'_>)| (a.name.clone(), b.name.clone());
    let there: Vec<(String, String)> = pairs.iter().map(names).collect();
    let back: Vec<(String, String)> = there.iter().map(|(a, b)| (b.clone(), a.clone())).collect();
    enough && (keeps_layers(&there) || keeps_layers(&back))
}

/// What lies in one layer lies in one layer of the other side.
fn keeps_layers(pairs: &[(String, String)]) -> bool {
    let mut images: FxHashMap<&str, &str> = FxHashMap::default();
    pairs.iter().all(|(from, to)| {
        let (from, to) = (layer(parent(from)), layer(parent(to)));
        from.is_empty() || *images.entry(from).or_insert(to) == to
    })
}

/// Units of one kind of which both sides have as many, in the order of the reference.
fn groups<'u, 'a>(wanted: &[&'u Unit<'a>], given: &[&'u Unit<'a>], by_numbers: bool) -> Vec<Group<'u, 'a>> {
    let key =
        |unit: &Unit<'_>| (kind(unit), if by_numbers { numbers(&unit.name, false) } else { Vec::new() });
    let mut at: FxHashMap<(Kind, Vec<u64>), usize> = FxHashMap::default();
    let mut all: Vec<Group<'u, 'a>> = Vec::new();
    for unit in wanted {
        let place = *at.entry(key(unit)).or_insert(all.len());
        if place == all.len() {
            all.push((Vec::new(), Vec::new()));
        }
        if let Some(group) = all.get_mut(place) {
            group.0.push(unit);
        }
    }
    for unit in given {
        if let Some(group) = at.get(&key(unit)).and_then(|place| all.get_mut(*place)) {
            group.1.push(unit);
        }
    }
    all.retain(|(wanted, given)| wanted.len() == given.len());
    all.into_iter().flat_map(without_shortcuts).collect()
}

/// Shortcuts of residual blocks come before their blocks in some models, behind them in others: a group of their own
/// where both sides call them so.
fn without_shortcuts<'u, 'a>((wanted, given): Group<'u, 'a>) -> Vec<Group<'u, 'a>> {
    let is_shortcut = |unit: &&Unit<'_>| unit.name.split('.').any(|part| SHORTCUTS.contains(&part));
    let (a, b): (Vec<_>, Vec<_>) = wanted.iter().copied().partition(is_shortcut);
    let (c, d): (Vec<_>, Vec<_>) = given.iter().copied().partition(is_shortcut);
    if a.is_empty() || b.is_empty() || a.len() != c.len() {
        vec![(wanted, given)]
    } else {
        vec![(a, c), (b, d)]
    }
}

/// Pairs of a group; or two of its names of which nothing says which is which.
fn paired<'u, 'a>((wanted, given): &Group<'u, 'a>) -> Result<Pairs<'u, 'a>, (String, String)> {
    let mut images: Vec<&'u Unit<'a>> = wanted.clone();
    let mut crowds: FxHashMap<Vec<u64>, Vec<usize>> = FxHashMap::default();
    for (at, (one, other)) in given.iter().zip(wanted).enumerate() {
        // Side by side on either side.
        for name in [&one.name, &other.name] {
            let crowd = crowds.entry(numbers(name, true)).or_default();
            if crowd.last() != Some(&at) {
                crowd.push(at);
            }
        }
    }
    let mut crowds: Vec<Vec<usize>> = crowds.into_values().filter(|crowd| crowd.len() > 1).collect();
    crowds.sort();
    for crowd in crowds {
        for (n, i) in crowd.iter().enumerate() {
            for j in crowd.iter().skip(n + 1) {
                weigh(given, &mut images, (*i, *j), crowd.len() > CROWD)?;
            }
        }
    }
    Ok(given.iter().copied().zip(images).collect())
}

/// Sees to it that words say which of two is which, and puts them so.
fn weigh<'u, 'a>(
    given: &[&'u Unit<'a>],
    images: &mut [&'u Unit<'a>],
    (i, j): (usize, usize),
    crowded: bool,
) -> Result<(), (String, String)> {
    let (Some(x), Some(y), Some(to_x), Some(to_y)) =
        (given.get(i), given.get(j), images.get(i), images.get(j))
    else {
        return Ok(());
    };
    let same_layer = |a: &str, b: &str| numbers(a, true) == numbers(b, true);
    if !same_layer(&x.name, &y.name) && !same_layer(&to_x.name, &to_y.name) {
        return Ok(());
    }
    let (given, wanted) = (apart(&x.name, &y.name), apart(&to_x.name, &to_y.name));
    let both = |(a, a_tail): &Apart, (b, b_tail): &Apart| likeness(a, b) + likeness(a_tail, b_tail);
    let as_is = both(&given.0, &wanted.0) + both(&given.1, &wanted.1);
    let crossed = both(&given.0, &wanted.1) + both(&given.1, &wanted.0);
    if crowded || as_is == crossed {
        return Err((x.name.clone(), y.name.clone()));
    }
    if crossed > as_is {
        images.swap(i, j);
    }
    Ok(())
}

/// The components in which a name differs from another, and all from there on.
type Apart = (String, String);

fn apart(a: &str, b: &str) -> (Apart, Apart) {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.split('.').collect(), b.split('.').collect());
    let front = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let back = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let inside = |all: &[&str]| {
        let end = all.len().saturating_sub(back).max(front);
        let part = |to: usize| all.get(front..to).unwrap_or_default().join(".");
        (part(end), part(all.len()))
    };
    (inside(&a), inside(&b))
}

fn rename(view: &View<'_>, units: &[(&Unit<'_>, &Unit<'_>)]) -> Option<Proposal> {
    let mut pairs = Vec::new();
    for (from, to) in units {
        for (leaf, tensor) in &from.tensors {
            if let Some(target) = to.tensors.get(leaf) {
                pairs.push((tensor.key.clone(), target.key.clone()));
            }
        }
    }
    pairs.in_order(|a, b| crate::text::natural::compare(&a.0, &b.0));
    let pairs = view.without_clashes(pairs);
    let few =
        units.iter().take(NAMED).map(|(from, to)| format!("{} is {}", quoted(&from.name), quoted(&to.name)));
    let title = format!(
        "the same layers under other names: {} of the same shapes, in the same order ({}, …)",
        counted(units.len(), "module"),
        few.collect::<Vec<_>>().join(", ")
    );
    let code = lines::rename(&pairs);
    let mut proposal = Proposal::rename(view, "order", title, pairs, code);
    proposal.notes = vec![
        "matched by shapes and order, as the names have little in common: look at them before training on"
            .to_owned(),
    ];
    (!proposal.pairs.is_empty()).then_some(proposal)
}

fn ambiguous(one: &str, other: &str) -> Proposal {
    Proposal {
        rule: "ambiguous-order",
        title: format!(
            "layers fit by their shapes, but {} and {} of the candidate could trade places: nothing in the names says which is which",
            quoted(one),
            quoted(other)
        ),
        ..Proposal::default()
    }
}
