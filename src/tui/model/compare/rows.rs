//! The names of both sides as one list.

use rustc_hash::FxHashMap;

use super::Values;
use crate::compare::keys::{Item, Side};
use crate::compare::torch_rules::Verdict;
use crate::tensor::TensorId;

/// What names, shapes and types say of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There on both sides, of one shape and dtype.
    Both,
    /// There on both sides, of one shape and two dtypes: torch converts.
    Recast,
    /// Of another shape.
    Shape,
    /// A tensor is wanted, and something else is given.
    Type,
    /// In the reference only.
    Missing,
    /// In the reference only, and filled in by torch without a word.
    Filled,
    /// In the candidate only.
    Unexpected,
}

/// What is to be seen at the first glance. The order is that of the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The same values.
    Equal,
    /// Other values.
    Values,
    /// Another shape, dtype or type.
    Differs,
    /// In the reference only.
    Missing,
    /// In the candidate only.
    Unexpected,
    /// Absent, and filled in by torch.
    Filled,
    /// The values could not be read.
    Unread,
    /// The values were not compared, or not yet.
    Open,
}

impl Mark {
    /// All of them, in the order they are counted in.
    pub const ALL: [Self; 8] = [
        Self::Equal,
        Self::Values,
        Self::Differs,
        Self::Missing,
        Self::Unexpected,
        Self::Filled,
        Self::Unread,
        Self::Open,
    ];

    /// True for what one looks for.
    pub fn is_difference(self) -> bool {
        !matches!(self, Self::Equal | Self::Filled | Self::Open)
    }

    /// The letter before a name. In ASCII, too, no two are the same.
    pub fn letter(self, ascii: bool) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Values => "~",
            Self::Differs if ascii => "!",
            Self::Differs => "\u{2260}",
            Self::Missing => "-",
            Self::Unexpected => "+",
            Self::Filled => "o",
            Self::Unread if ascii => "x",
            Self::Unread => "\u{2717}",
            Self::Open => "?",
        }
    }

    /// A word or two.
    pub fn words(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Values => "changed",
            Self::Differs => "shape/dtype",
            Self::Missing => "missing",
            Self::Unexpected => "unexpected",
            Self::Filled => "filled in",
            Self::Unread => "unread",
            Self::Open => "not compared",
        }
    }
}

/// One name.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The name: the reference's where there is one.
    pub key: Box<str>,
    /// What names, shapes and types say.
    pub kind: Kind,
    /// Position among the reference's items.
    pub a: Option<u32>,
    /// Position among the candidate's items.
    pub b: Option<u32>,
    /// Which pair its values are.
    pub pair: Option<u32>,
}

impl Row {
    /// What is the matter with it.
    pub fn mark(&self, values: Option<&Values>) -> Mark {
        match (self.kind, values) {
            (Kind::Missing, _) => Mark::Missing,
            (Kind::Unexpected, _) => Mark::Unexpected,
            (Kind::Filled, _) => Mark::Filled,
            (Kind::Shape | Kind::Type | Kind::Recast, _) => Mark::Differs,
            (Kind::Both, None) => Mark::Open,
            (Kind::Both, Some(Err(_))) => Mark::Unread,
            (Kind::Both, Some(Ok(diff))) if diff.equal_values() => Mark::Equal,
            (Kind::Both, Some(Ok(_))) => Mark::Values,
        }
    }
}

/// Makes rows, and gathers the pairs whose values they need.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) pairs: Vec<(TensorId, TensorId)>,
    known: FxHashMap<(TensorId, TensorId), u32>,
}

impl Rows {
    /// The rows of a verdict: the reference's in its order, and what is unexpected behind what it follows in the
    /// candidate.
    pub(super) fn list(&mut self, verdict: &Verdict, reference: &Side, candidate: &Side) -> Vec<Row> {
        let mut of_a: FxHashMap<usize, (Kind, Option<usize>)> = FxHashMap::default();
        of_a.extend(verdict.missing.iter().map(|a| (*a, (Kind::Missing, None))));
        of_a.extend(verdict.filled.iter().map(|a| (*a, (Kind::Filled, None))));
        of_a.extend(verdict.mismatched.iter().map(|(a, b)| (*a, (Kind::Shape, Some(*b)))));
        of_a.extend(verdict.not_tensors.iter().map(|(a, b)| (*a, (Kind::Type, Some(*b)))));
        of_a.extend(verdict.matched.iter().map(|(a, b)| (*a, (Kind::Both, Some(*b)))));
        let mut follows = following(verdict, candidate);
        let mut rows = Vec::with_capacity(reference.items.len());
        let unexpected = |rows: &mut Vec<Row>, all: Option<Vec<usize>>| {
            for b in all.into_iter().flatten() {
                let Some(item) = candidate.items.get(b) else { continue };
                let (key, b) = (item.key().into(), Some(b as u32));
                rows.push(Row { key, kind: Kind::Unexpected, a: None, b, pair: None });
            }
        };
        if !verdict.matched.is_empty() {
            let first = follows.remove(&None);
            unexpected(&mut rows, first);
        }
        for (at, item) in reference.items.iter().enumerate() {
            // Values that no module asks for: torch does not look at them.
            let Some((kind, b)) = of_a.get(&at).copied() else { continue };
            rows.push(self.row(at, item, kind, b.zip(b.and_then(|b| candidate.items.get(b)))));
            if let Some(b) = b {
                let behind = follows.remove(&Some(b));
                unexpected(&mut rows, behind);
            }
        }
        let rest = follows.remove(&None);
        unexpected(&mut rows, rest);
        rows
    }

    fn row(&mut self, at: usize, a: &Item, kind: Kind, given: Option<(usize, &Item)>) -> Row {
        let tensors = given.map(|(_, b)| b).filter(|b| kind == Kind::Both && a.is_tensor() && b.is_tensor());
        let kind = match tensors {
            Some(b) if b.tensor.dtype != a.tensor.dtype => Kind::Recast,
            _ => kind,
        };
        let ids = tensors.and_then(|b| a.id.zip(b.id));
        let pair = ids.map(|ids| {
            *self.known.entry(ids).or_insert_with(|| {
                self.pairs.push(ids);
                (self.pairs.len() - 1) as u32
            })
        });
        Row { key: a.key().into(), kind, a: Some(at as u32), b: given.map(|(b, _)| b as u32), pair }
    }
}

/// What is unexpected, by the item of the candidate it follows that goes together with one of the reference.
fn following(verdict: &Verdict, candidate: &Side) -> FxHashMap<Option<usize>, Vec<usize>> {
    let mut is_unexpected = vec![false; candidate.items.len()];
    for at in &verdict.unexpected {
        is_unexpected.iter_mut().skip(*at).take(1).for_each(|flag| *flag = true);
    }
    let used: rustc_hash::FxHashSet<usize> = [&verdict.matched, &verdict.mismatched, &verdict.not_tensors]
        .into_iter()
        .flatten()
        .map(|(_, b)| *b)
        .collect();
    let (mut follows, mut last) = (FxHashMap::<Option<usize>, Vec<usize>>::default(), None);
    for (at, is_unexpected) in is_unexpected.into_iter().enumerate() {
        if is_unexpected {
            follows.entry(last).or_default().push(at);
        } else if used.contains(&at) {
            last = Some(at);
        }
    }
    follows
}
