//! Projections that one side keeps in one tensor and the other in several: query, key and value; gate and up.
//!
//! Sizes come from the shapes, so grouped-query attention is cut where its key and value are smaller. Where heads
//! are known to be interleaved nothing is cut: that is said instead.

mod families;

use rustc_hash::FxHashMap;

use self::families::{FAMILIES, INTERLEAVED};
use super::lines;
use super::proposal::{Proposal, counted, quoted};
use super::view::View;
use crate::compare::plan::{Described, Operation, Plan};
use crate::sorting::Sort as _;

/// One side in parts.
struct Parts {
    family: usize,
    parent: String,
    tail: String,
    keys: Vec<String>,
}

/// One fused tensor and its parts.
struct Fusion {
    what: &'static str,
    whole: String,
    parts: Vec<String>,
    sizes: Vec<u64>,
    /// The whole lies the other way round, as `Conv1D` of GPT-2 has it.
    transposed: bool,
    interleaved: bool,
}

pub(super) fn propose(view: &View<'_>, out: &mut Vec<Proposal>) {
    let (missing, unexpected) = (view.missing_by_name(), view.unexpected_by_name());
    let splits = fusions(&parts(&missing), &unexpected, &missing);
    let merges = fusions(&parts(&unexpected), &missing, &unexpected);
    if let Some(fusion) = splits.iter().chain(&merges).find(|fusion| fusion.interleaved) {
        out.push(interleaved(fusion));
    }
    out.extend(split(&splits));
    out.extend(merge(&merges));
}

/// A name cut at the word in it that stands for a part: (before, word, after).
fn cut<'a>(key: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let at = key.rmatch_indices(word).map(|(at, _)| at).find(|at| {
        let end = at + word.len();
        let before = key.get(..*at).is_some_and(|b| b.is_empty() || b.ends_with('.'));
        before
            && key.get(end..).is_some_and(|a| {
                a.is_empty() || a.starts_with('.') || a.starts_with("_weight") || a.starts_with("_bias")
            })
    })?;
    Some((key.get(..at)?, key.get(at + word.len()..)?))
}

/// `_weight` and `.weight` are one tail.
fn tail(after: &str) -> String {
    after.replacen('_', ".", usize::from(after.starts_with('_')))
}

fn parts(tensors: &FxHashMap<&str, &Described>) -> Vec<Parts> {
    let mut found = Vec::new();
    for (family, (_, styles, _)) in FAMILIES.iter().enumerate() {
        for style in *styles {
            let Some((first, others)) = style.split_first() else { continue };
            for key in tensors.keys() {
                let Some((parent, after)) = cut(key, first) else { continue };
                let name = |word: &&str| format!("{parent}{word}{after}");
                let keys: Vec<String> =
                    std::iter::once((*key).to_owned()).chain(others.iter().map(name)).collect();
                if keys.iter().all(|key| tensors.contains_key(key.as_str())) {
                    found.push(Parts { family, parent: parent.to_owned(), tail: tail(after), keys });
                }
            }
        }
    }
    found.in_order(|a, b| {
        a.family
            .cmp(&b.family)
            .then_with(|| crate::text::natural::compare(&a.keys.concat(), &b.keys.concat()))
    });
    found
}

fn fusions(
    all: &[Parts],
    wholes: &FxHashMap<&str, &Described>,
    parts: &FxHashMap<&str, &Described>,
) -> Vec<Fusion> {
    let mut by_place: FxHashMap<(usize, String, String), (&str, &Described)> = FxHashMap::default();
    for (key, tensor) in wholes {
        for (family, (_, _, names)) in FAMILIES.iter().enumerate() {
            for word in *names {
                if let Some((parent, after)) = cut(key, word) {
                    by_place.insert((family, parent.to_owned(), tail(after)), (word, tensor));
                }
            }
        }
    }
    let by_layer = by_layer(all, &by_place);
    let fuse = |p: &Parts| {
        let here = by_place.get(&(p.family, p.parent.clone(), p.tail.clone()));
        // Under a parent of another name, where nothing else of the layer is meant.
        let (word, whole) = here.or_else(|| by_layer.get(&layer(p.family, &p.parent, &p.tail))?.as_ref())?;
        let shapes: Vec<&[u64]> =
            p.keys.iter().filter_map(|key| parts.get(key.as_str())).map(|t| &*t.shape).collect();
        let sizes: Vec<u64> = shapes.iter().filter_map(|shape| shape.first().copied()).collect();
        let rest = shapes.first()?.get(1..)?;
        if sizes.len() != p.keys.len() || shapes.iter().any(|shape| shape.get(1..) != Some(rest)) {
            return None;
        }
        let total = sizes.iter().try_fold(0_u64, |sum, size| sum.checked_add(*size))?;
        let straight: Vec<u64> = std::iter::once(total).chain(rest.iter().copied()).collect();
        let reversed: Vec<u64> = straight.iter().rev().copied().collect();
        let transposed = whole.shape != straight && whole.shape == reversed && straight.len() == 2;
        let fits = whole.shape == straight || transposed;
        fits.then(|| Fusion {
            what: FAMILIES.get(p.family).map_or("", |f| f.0),
            whole: whole.key.clone(),
            parts: p.keys.clone(),
            sizes,
            transposed,
            interleaved: INTERLEAVED.contains(word),
        })
    };
    all.iter().filter_map(fuse).collect()
}

/// A family, the numbers of the layer, and the end of the name.
type Layer = (usize, Vec<u64>, String);

fn layer(family: usize, parent: &str, tail: &str) -> Layer {
    (family, super::likeness::numbers(parent, true), tail.to_owned())
}

/// Wholes by layer: `None` where a layer has several, or several sets of parts.
fn by_layer<'a>(
    parts: &[Parts],
    wholes: &FxHashMap<(usize, String, String), (&'a str, &'a Described)>,
) -> FxHashMap<Layer, Option<(&'a str, &'a Described)>> {
    let mut found: FxHashMap<Layer, Option<(&'a str, &'a Described)>> = FxHashMap::default();
    for ((family, parent, tail), whole) in wholes {
        let entry = found.entry(layer(*family, parent, tail));
        entry.and_modify(|other| *other = None).or_insert(Some(*whole));
    }
    let mut seen = rustc_hash::FxHashSet::default();
    for p in parts {
        let layer = layer(p.family, &p.parent, &p.tail);
        if !seen.insert(layer.clone()) {
            found.insert(layer, None);
        }
    }
    found
}

fn usable(all: &[Fusion]) -> Vec<&Fusion> {
    let mut seen = rustc_hash::FxHashSet::default();
    all.iter().filter(|f| !f.interleaved && seen.insert(f.whole.as_str())).collect()
}

fn rows(fusions: &[&Fusion]) -> Vec<Vec<String>> {
    fusions
        .iter()
        .map(|f| std::iter::once(f.whole.clone()).chain(f.parts.iter().cloned()).collect())
        .collect()
}

/// Python for all fusions with so many parts, one loop each.
fn code(fusions: &[&Fusion], body: impl Fn(&str, bool) -> Vec<String>) -> Vec<String> {
    let mut out = Vec::new();
    for (parts, transposed) in [(3, false), (3, true), (2, false), (2, true)] {
        let these: Vec<&Fusion> = fusions
            .iter()
            .copied()
            .filter(|f| f.parts.len() == parts && f.transposed == transposed)
            .collect();
        if these.is_empty() {
            continue;
        }
        let names: &[&str] = if parts == 3 { &["whole", "a", "b", "c"] } else { &["whole", "a", "b"] };
        let list = if parts == 3 { "(a, b, c)" } else { "(a, b)" };
        let body = body(list, transposed);
        let body: Vec<&str> = body.iter().map(String::as_str).collect();
        out.extend(lines::for_each(names, &rows(&these), &body));
    }
    out
}

fn split(all: &[Fusion]) -> Option<Proposal> {
    let fusions = usable(all);
    let what = fusions.first()?.what;
    let mut plan = Plan::default();
    let mut pairs = Vec::new();
    for f in &fusions {
        if f.transposed {
            plan.operations.push(Operation::Permute { key: f.whole.clone(), order: vec![1, 0] });
        }
        let into = f.parts.iter().cloned().zip(f.sizes.iter().copied()).collect();
        plan.operations.push(Operation::Split { from: f.whole.clone(), axis: 0, into });
        pairs.extend(f.parts.iter().map(|part| (f.whole.clone(), part.clone())));
    }
    let body = |list: &str, transposed: bool| {
        let turn = if transposed { ".t()" } else { "" };
        vec![
            format!("tensor = state_dict.pop(whole){turn}"),
            format!("sizes = [own[part].shape[0] for part in {list}]"),
            format!("state_dict.update(zip({list}, tensor.split(sizes)))"),
        ]
    };
    let mut lines = vec!["own = model.state_dict()".to_owned()];
    lines.extend(code(&fusions, body));
    Some(Proposal {
        rule: "split_fused",
        title: format!("{what} are fused in the candidate ({}) and apart in the model: split{}", counted(fusions.len(), "tensor"), sizes(&fusions)),
        notes: vec!["the parts are taken to lie one behind the other; code that interleaves heads would need another cut".to_owned()],
        estimate: pairs.len(),
        plan,
        lines,
        pairs,
        ..Proposal::default()
    })
}

fn merge(all: &[Fusion]) -> Option<Proposal> {
    let fusions = usable(all);
    let what = fusions.first()?.what;
    let mut plan = Plan::default();
    let mut pairs = Vec::new();
    for f in &fusions {
        plan.operations.push(Operation::Concat { from: f.parts.clone(), axis: 0, into: f.whole.clone() });
        if f.transposed {
            plan.operations.push(Operation::Permute { key: f.whole.clone(), order: vec![1, 0] });
        }
        pairs.extend(f.parts.iter().map(|part| (part.clone(), f.whole.clone())));
    }
    let body = |list: &str, transposed: bool| {
        let turn = if transposed { ".t()" } else { "" };
        vec![format!("state_dict[whole] = torch.cat([state_dict.pop(part) for part in {list}]){turn}")]
    };
    Some(Proposal {
        rule: "merge_split",
        title: format!(
            "{what} are apart in the candidate and fused in the model ({}): joined{}",
            counted(fusions.len(), "tensor"),
            sizes(&fusions)
        ),
        notes: vec![
            "the parts are put one behind the other; a model that interleaves heads would need another order"
                .to_owned(),
        ],
        estimate: fusions.len(),
        plan,
        lines: code(&fusions, body),
        pairs,
        ..Proposal::default()
    })
}

/// Sizes, where they are not all alike.
fn sizes(fusions: &[&Fusion]) -> String {
    let Some(first) = fusions.first() else { return String::new() };
    if first.sizes.windows(2).all(|pair| matches!(pair, [a, b] if a == b)) {
        return String::new();
    }
    let all: Vec<String> = first.sizes.iter().map(u64::to_string).collect();
    let grouped = if first.parts.len() == 3 { " (grouped-query attention)" } else { "" };
    format!(", sizes {}{grouped}", all.join(" + "))
}

fn interleaved(fusion: &Fusion) -> Proposal {
    Proposal {
        rule: "interleaved",
        title: format!(
            "{} of {} fit {}, but code with this name often interleaves the heads: how it is cut depends on the number of heads, which is not in the file",
            fusion.what,
            quoted(&fusion.whole),
            fusion.parts.iter().map(|part| quoted(part)).collect::<Vec<_>>().join(", ")
        ),
        pairs: fusion.parts.iter().map(|part| (fusion.whole.clone(), part.clone())).collect(),
        ..Proposal::default()
    }
}
