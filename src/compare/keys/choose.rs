//! Which sections are compared when nobody says so: the pair whose names and shapes go together best.

use rustc_hash::FxHashMap;

use super::{Side, is_model};
use crate::checkpoint::{Checkpoint, SectionRole};
use crate::error::{Error, ErrorKind, Result};
use crate::sorting::Sort as _;
use crate::text::shown;

/// A section that can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Index into [`Checkpoint::sections`].
    pub section: usize,
    /// Its name; empty for the root.
    pub name: String,
    /// What it is for.
    pub role: SectionRole,
    /// Tensors in it.
    pub tensors: usize,
}

impl Choice {
    /// The name, for people.
    pub fn label(&self) -> &str {
        if self.name.is_empty() { "the whole file" } else { &self.name }
    }
}

/// Sections of a model, or, where there are none, all that hold tensors.
pub fn choices(checkpoint: &Checkpoint) -> Vec<Choice> {
    let all = checkpoint.sections().iter().enumerate().filter(|(_, s)| s.tensors > 0);
    let all: Vec<(bool, Choice)> = all
        .map(|(section, s)| {
            (is_model(s), Choice { section, name: s.name.clone(), role: s.role, tensors: s.tensors })
        })
        .collect();
    let models = all.iter().any(|(model, _)| *model);
    all.into_iter().filter(|(model, _)| *model || !models).map(|(_, choice)| choice).collect()
}

/// The two sides to compare: the sections named, or those that go together best.
///
/// # Errors
/// When a file holds no tensors, or has no section of the name asked for.
pub fn pair(
    reference: &Checkpoint,
    candidate: &Checkpoint,
    names: (Option<&str>, Option<&str>),
) -> Result<(Side, Side)> {
    let a = sides(reference, names.0)?;
    let b = sides(candidate, names.1)?;
    let mut scores: Vec<(usize, usize, usize)> = Vec::new();
    if a.len() * b.len() > 1 {
        for (i, x) in a.iter().enumerate() {
            scores.extend(b.iter().enumerate().map(|(j, y)| (likeness(&x.1, &y.1), i, j)));
        }
    }
    let most = scores.iter().map(|(score, ..)| *score).max();
    let best: Vec<(usize, usize)> =
        scores.iter().filter(|(score, ..)| Some(*score) == most).map(|(_, i, j)| (*i, *j)).collect();
    // The first of equals: weights come before averages.
    let (i, j) = best.first().copied().unwrap_or_default();
    let others = |sides: &[(Choice, Side)], own: usize, equal: Vec<usize>| -> Vec<String> {
        let role = sides.get(own).map(|(choice, _)| choice.role);
        let equal = equal.into_iter().filter(|at| *at != own).filter_map(|at| sides.get(at));
        equal.filter(|(choice, _)| Some(choice.role) == role).map(|(choice, _)| choice.name.clone()).collect()
    };
    let rivals_a = others(&a, i, best.iter().filter(|(_, other)| *other == j).map(|(at, _)| *at).collect());
    let rivals_b = others(&b, j, best.iter().filter(|(other, _)| *other == i).map(|(_, at)| *at).collect());
    let take = |mut sides: Vec<(Choice, Side)>, at: usize, of: &Checkpoint, rivals: Vec<String>| {
        let fits = at < sides.len();
        fits.then(|| Side { rivals, ..sides.swap_remove(at).1 }).ok_or_else(|| nothing(of))
    };
    Ok((take(a, i, reference, rivals_a)?, take(b, j, candidate, rivals_b)?))
}

fn nothing(checkpoint: &Checkpoint) -> Error {
    Error::new(ErrorKind::NotACheckpoint, "it holds no tensors to compare").in_file(checkpoint.path())
}

/// Sides that may be compared, weights before averages.
fn sides(checkpoint: &Checkpoint, name: Option<&str>) -> Result<Vec<(Choice, Side)>> {
    let chosen = if let Some(name) = name {
        vec![named(checkpoint, name)?]
    } else {
        let mut all = choices(checkpoint);
        all.in_order_of(|choice| (choice.role, std::cmp::Reverse(choice.tensors)));
        all
    };
    if chosen.is_empty() {
        return Err(nothing(checkpoint));
    }
    Ok(chosen.into_iter().map(|choice| (choice.clone(), Side::of(checkpoint, &choice))).collect())
}

fn named(checkpoint: &Checkpoint, name: &str) -> Result<Choice> {
    let sections = checkpoint.sections().iter().enumerate();
    let mut with_tensors = sections.filter(|(_, s)| s.tensors > 0);
    let found = with_tensors.clone().find(|(_, s)| s.name == name);
    if let Some((section, s)) = found {
        return Ok(Choice { section, name: s.name.clone(), role: s.role, tensors: s.tensors });
    }
    let quoted = |name: &str| format!("\"{}\"", shown(name));
    let names: Vec<String> = with_tensors.by_ref().map(|(_, s)| quoted(&s.name)).collect();
    let message = format!("it has no section {} with tensors, but {}", quoted(name), names.join(", "));
    Err(Error::new(ErrorKind::NotACheckpoint, message).in_file(checkpoint.path()))
}

/// How well two sides go together: names with shapes count most, then last names with shapes.
fn likeness(a: &Side, b: &Side) -> usize {
    let leaf = |key: &str| {
        let from = key.rmatch_indices('.').nth(1).map_or(0, |(at, _)| at + 1);
        key.get(from..).unwrap_or_default().to_owned()
    };
    let same =
        |t: &super::Described| b.get(&t.key).is_some_and(|o| o.is_tensor() && o.tensor.shape == t.shape);
    let exact = a.tensors().filter(|t| same(t)).count();
    let mut leaves: FxHashMap<(String, &[u64]), usize> = FxHashMap::default();
    for t in a.tensors() {
        *leaves.entry((leaf(&t.key), &t.shape)).or_default() += 1;
    }
    let mut alike = 0;
    for t in b.tensors() {
        if let Some(count) = leaves.get_mut(&(leaf(&t.key), &*t.shape)).filter(|count| **count > 0) {
            *count -= 1;
            alike += 1;
        }
    }
    // Of two that hold everything, the one that holds less beside it.
    let extra = a.items.len().abs_diff(b.items.len());
    (exact * 4 + alike * 2).saturating_mul(1024).saturating_sub(extra.min(1023))
}
