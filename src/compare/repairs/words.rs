//! Components under another name: `gamma` for `weight`, `ln_1` for `norm1`, `encoder.layer` for `blocks`.
//!
//! Words are learned: a name of the candidate and one of the reference that differ in one run of components say
//! what that run is called on the other side. A word is translated when all names agree on it.

use rustc_hash::{FxHashMap, FxHashSet};

use super::likeness::{WEAK, likeness};
use super::lines;
use super::proposal::{Proposal, quoted};
use super::view::{View, components, is_number};

/// Names of the reference that may fit one context before it says nothing.
const CROWD: usize = 8;
/// Contexts looked at; beyond, only single components are compared.
const CONTEXTS: usize = 600_000;
/// Words named in a title.
const NAMED: usize = 4;

/// A word of the candidate and its translation.
type Words = (String, String);

#[derive(Default)]
struct Evidence {
    /// Names with this pair of words, same shape.
    same: usize,
    /// Names with this pair of words, whatever the shape.
    any: usize,
}

pub(super) fn propose(view: &View<'_>, out: &mut Vec<Proposal>) {
    let found = pairs_of_names(view);
    if found.is_empty() {
        return;
    }
    let mut evidence: FxHashMap<Words, Evidence> = FxHashMap::default();
    for (_, _, words, same) in &found {
        let entry = evidence.entry(words.clone()).or_default();
        entry.any += 1;
        entry.same += usize::from(*same);
    }
    let (mut chosen, mut unsure) = choose(&evidence);
    for words in found.iter().filter(|pair| is_guess(pair, &evidence)).map(|(_, _, words, _)| words) {
        if chosen.remove(words) && !unsure.contains(words) {
            unsure.push(words.clone());
        }
    }
    unsure.sort();
    let (pairs, used) = translated(&found, &chosen, &evidence);
    let pairs = view.without_clashes(pairs);
    if !pairs.is_empty() {
        let lines = lines::rename(&pairs);
        let mut proposal = Proposal::rename(view, "words", title(&used), pairs, lines);
        proposal.notes = notes(&used);
        out.push(proposal);
    } else if !unsure.is_empty() {
        out.push(ambiguous(&unsure));
    }
}

/// Each name under the words that most speaks for, in the order of the names; and those words.
fn translated(
    found: &[Pair<'_>],
    chosen: &FxHashSet<Words>,
    evidence: &FxHashMap<Words, Evidence>,
) -> (Vec<(String, String)>, FxHashSet<Words>) {
    let rank = |words: &Words| (likeness(&words.0, &words.1), evidence.get(words).map_or(0, |e| e.same));
    let mut best: FxHashMap<&str, &Pair<'_>> = FxHashMap::default();
    for pair in found.iter().filter(|(.., words, _)| chosen.contains(words)) {
        let slot = best.entry(pair.0).or_insert(pair);
        if rank(&pair.2) > rank(&slot.2) {
            *slot = pair;
        }
    }
    let mut taken = FxHashSet::default();
    let names = found.iter().filter(|(from, ..)| taken.insert(*from)).filter_map(|(from, ..)| best.get(from));
    let (mut pairs, mut used) = (Vec::new(), FxHashSet::default());
    for (from, to, words, _) in names {
        pairs.push(((*from).to_owned(), (*to).to_owned()));
        used.insert(words.clone());
    }
    (pairs, used)
}

/// Two names that differ in one run of components: candidate, reference, words, whether their shapes are equal.
type Pair<'a> = (&'a str, &'a str, Words, bool);

/// Words without anything in common say nothing by themselves: the names must stand in one place of the model, or
/// agree in several layers.
fn is_guess((from, to, words, _): &Pair<'_>, evidence: &FxHashMap<Words, Evidence>) -> bool {
    const SEVERAL: usize = 6;
    let beside = from.split('.').next() == to.split('.').next();
    let often = evidence.get(words).is_some_and(|e| e.same >= SEVERAL);
    likeness(&words.0, &words.1) <= WEAK && !beside && !often
}

/// A weight is no bias, a mean no variance, whatever their shapes.
fn contradict(a: &str, b: &str) -> bool {
    let roles = [
        ["weight", "gamma", "scale", "kernel"].as_slice(),
        &["bias", "beta", "offset"],
        &["running_mean", "moving_mean", "mean"],
        &["running_var", "moving_variance", "var"],
    ];
    let role = |key: &str| {
        let leaf = key.rsplit('.').next().unwrap_or_default();
        roles.iter().position(|names| names.contains(&leaf))
    };
    role(a).zip(role(b)).is_some_and(|(a, b)| a != b)
}

/// What a weight is computed from is not the weight, whatever its shape.
fn is_ingredient(key: &str) -> bool {
    let ends = ["_orig", "_g", "_v", "_u"];
    key.contains("parametrizations.") || ends.iter().any(|end| key.ends_with(end))
}

/// Names that differ in one run of components.
fn pairs_of_names<'a>(view: &View<'a>) -> Vec<Pair<'a>> {
    let mut contexts: FxHashMap<String, Vec<&'a crate::compare::plan::Described>> = FxHashMap::default();
    let runs: usize = view.missing().map(|t| t.key.matches('.').count() + 1).map(|n| n * n / 2).sum();
    let single = runs > CONTEXTS;
    for tensor in view.missing() {
        for (context, _) in contexts_of(&tensor.key, single) {
            let names = contexts.entry(context).or_default();
            if names.len() <= CROWD {
                names.push(tensor);
            }
        }
    }
    let mut found = Vec::new();
    for tensor in view.unexpected() {
        let mut seen = FxHashSet::default();
        for (context, from) in contexts_of(&tensor.key, single) {
            let Some(names) = contexts.get(&context).filter(|names| names.len() <= CROWD) else { continue };
            for other in names {
                if tensor.shape.len() != other.shape.len() || !same_elements(&tensor.shape, &other.shape) {
                    continue;
                }
                let Some(words) = difference(&tensor.key, &other.key) else { continue };
                if is_ingredient(&tensor.key) != is_ingredient(&other.key)
                    || contradict(&tensor.key, &other.key)
                {
                    continue;
                }
                // Only the run in which the two differ, and each pair of names once.
                if without_numbers(&from) == words.0 && seen.insert(other.key.as_str()) {
                    found.push((tensor.key.as_str(), other.key.as_str(), words, tensor.shape == other.shape));
                }
            }
        }
    }
    found
}

fn same_elements(a: &[u64], b: &[u64]) -> bool {
    let sorted = |shape: &[u64]| {
        let mut sizes = shape.to_vec();
        sizes.sort_unstable();
        sizes
    };
    a == b || sorted(a) == sorted(b)
}

/// The name with each run of components cut out, with what was cut out.
fn contexts_of(key: &str, single: bool) -> Vec<(String, String)> {
    let parts = components(key);
    let mut all = Vec::new();
    for start in 0..parts.len() {
        let longest = if single { start + 1 } else { parts.len() };
        for end in start + 1..=longest {
            let (before, rest) = parts.split_at(start);
            let (run, after) = rest.split_at(end - start);
            if before.is_empty() && after.is_empty() && !is_alone(key) {
                continue;
            }
            all.push((format!("{}\0{}", before.join("."), after.join(".")), run.join(".")));
        }
    }
    all
}

/// A parameter outside any layer: a class token, positions.
fn is_alone(key: &str) -> bool {
    const DEEP: usize = 3;
    let layers = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];
    let parts = components(key);
    parts.len() <= DEEP
        && !parts.iter().any(|part| is_number(part))
        && parts.last().is_some_and(|leaf| !layers.contains(leaf))
}

/// The runs in which two names differ, with `*` for numbers both have; `None` when a number differs.
fn difference(from: &str, to: &str) -> Option<Words> {
    let (a, b) = (components(from), components(to));
    let front = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (a.get(front..)?, b.get(front..)?);
    let back = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (a.get(..a.len() - back)?, b.get(..b.len() - back)?);
    let numbers = |run: &[&str]| -> Vec<String> {
        run.iter().filter(|c| is_number(c)).map(|c| (*c).to_owned()).collect()
    };
    if a.is_empty() || b.is_empty() || numbers(a) != numbers(b) {
        return None;
    }
    Some((without_numbers(&a.join(".")), without_numbers(&b.join("."))))
}

fn without_numbers(run: &str) -> String {
    run.split('.').map(|c| if is_number(c) { "*" } else { c }).collect::<Vec<_>>().join(".")
}

/// For a word, the pairs it stands in, with their rank: likeness, and how many names agree.
type Partners<'a> = FxHashMap<&'a str, Vec<(&'a Words, (u8, usize, usize))>>;

/// Words all names agree on, and those they do not.
fn choose(evidence: &FxHashMap<Words, Evidence>) -> (FxHashSet<Words>, Vec<Words>) {
    let rank = |words: &Words, e: &Evidence| (likeness(&words.0, &words.1), e.same, e.any);
    let mut from: Partners<'_> = FxHashMap::default();
    let mut to: Partners<'_> = FxHashMap::default();
    for (words, e) in evidence {
        from.entry(&words.0).or_default().push((words, rank(words, e)));
        to.entry(&words.1).or_default().push((words, rank(words, e)));
    }
    let best = |all: &[(&Words, (u8, usize, usize))], words: &Words| {
        let own = all.iter().find(|(w, _)| *w == words).map(|(_, rank)| *rank);
        own.is_some_and(|own| all.iter().all(|(w, rank)| *w == words || *rank < own))
    };
    let (mut chosen, mut unsure) = (FxHashSet::default(), Vec::new());
    for words in evidence.keys() {
        let sure = |map: &Partners<'_>, word: &str| map.get(word).is_some_and(|all| best(all, words));
        if sure(&from, &words.0) && sure(&to, &words.1) {
            chosen.insert(words.clone());
        } else {
            unsure.push(words.clone());
        }
    }
    unsure.retain(|words| !chosen.iter().any(|c| c.0 == words.0));
    unsure.sort();
    (chosen, unsure)
}

fn listed(words: impl Iterator<Item = Words>, many: usize) -> String {
    let named: Vec<String> =
        words.take(NAMED).map(|(from, to)| format!("{} is {}", quoted(&from), quoted(&to))).collect();
    let more = many.saturating_sub(NAMED);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{tail}", named.join(", "))
}

fn title(chosen: &FxHashSet<Words>) -> String {
    let mut sorted: Vec<Words> = chosen.iter().cloned().collect();
    sorted.sort();
    let many = sorted.len();
    let origin = if sorted.iter().any(|(from, _)| from == "gamma" || from == "beta") {
        " (names of TensorFlow)"
    } else {
        ""
    };
    format!("other names for the same parts: {}{origin}", listed(sorted.into_iter(), many))
}

fn notes(chosen: &FxHashSet<Words>) -> Vec<String> {
    let guessed = chosen.iter().filter(|(a, b)| likeness(a, b) == 0).count();
    let note = "matched by position and shape, as the words have nothing in common: look at the names before training on";
    if guessed > 0 { vec![note.to_owned()] } else { Vec::new() }
}

fn ambiguous(unsure: &[Words]) -> Proposal {
    let mut by_word: Vec<(&str, Vec<String>)> = Vec::new();
    for (from, to) in unsure {
        match by_word.last_mut().filter(|(word, _)| *word == from) {
            Some((_, options)) => options.push(quoted(to)),
            None => by_word.push((from, vec![quoted(to)])),
        }
    }
    let several = by_word.iter().take(NAMED);
    let text: Vec<String> =
        several.map(|(word, options)| format!("{} may be {}", quoted(word), options.join(" or "))).collect();
    Proposal {
        rule: "ambiguous-words",
        title: format!("names that fit more than one way: {}", text.join("; ")),
        ..Proposal::default()
    }
}
