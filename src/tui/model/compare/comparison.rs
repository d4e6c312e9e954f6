//! What names, shapes and dtypes of two checkpoints say. Made by a worker, and not changed after that.

use std::sync::Arc;

use super::entries::Entries;
use super::rows::{Kind, Row, Rows};
use crate::checkpoint::{Checkpoint, SectionRole};
use crate::compare::keys::{Item, choices};
use crate::compare::report::Report;
use crate::compare::values;
use crate::error::Result;
use crate::export::repair_script;
use crate::tensor::TensorId;
use crate::tui::model::document::Document;

/// Names of two sections, the reference's and the candidate's.
pub type Sections = [String; 2];

/// A pair of tensors, either of which may be absent.
pub type Ids = [Option<TensorId>; 2];

/// Sections that can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionPair {
    /// Their names; empty for the whole file.
    pub names: Sections,
    /// Tensors in them.
    pub tensors: [usize; 2],
}

/// Two checkpoints compared by their names.
pub struct Comparison {
    /// The reference (A, the model's side) and the candidate (B).
    pub checkpoints: [Arc<Checkpoint>; 2],
    /// The verdict, the repairs, and what they lead to.
    pub report: Report,
    /// Python lines that repair and load; empty without repairs.
    pub script: String,
    /// The verdict, the repairs, the script and torch's message, as they are read.
    pub text: Document,
    /// Tensors whose values are compared: what goes together as it is, or after the repairs.
    pub pairs: Vec<(TensorId, TensorId)>,
    /// Bytes of both sides that have to be read for the values.
    pub bytes: u64,
    /// The names as they are.
    pub as_is: Listed,
    /// The names after the repairs, where there are any.
    pub repaired: Option<Listed>,
    /// Sections to choose from.
    pub sections: Vec<SectionPair>,
    /// Names whose values torch would convert to another dtype.
    pub recast: usize,
    /// Both are one file.
    pub is_same_file: bool,
}

impl std::fmt::Debug for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let paths = self.checkpoints.each_ref().map(|checkpoint| checkpoint.path());
        f.debug_struct("Comparison")
            .field("paths", &paths)
            .field("pairs", &self.pairs.len())
            .finish_non_exhaustive()
    }
}

/// Rows, and the tree they make.
#[derive(Debug, Default)]
pub struct Listed {
    /// One for each name.
    pub rows: Vec<Row>,
    /// Modules and names, as a tree shows them.
    pub entries: Entries,
    /// For each row, its entry.
    places: Vec<u32>,
    /// Rows by the pair their values are, ascending.
    by_pair: Vec<(u32, u32)>,
}

impl Listed {
    fn of(rows: Vec<Row>) -> Self {
        let entries = Entries::of(&rows);
        let mut places = vec![0; rows.len()];
        for (entry, at) in entries.all().iter().zip(0..) {
            if let Some(place) = entry.key().and_then(|row| places.get_mut(row as usize)) {
                *place = at;
            }
        }
        let mut by_pair: Vec<(u32, u32)> =
            rows.iter().zip(0..).filter_map(|(row, at)| Some((row.pair?, at))).collect();
        by_pair.sort_unstable();
        Self { rows, entries, places, by_pair }
    }

    /// The entry of a row.
    pub fn place(&self, row: u32) -> Option<u32> {
        self.places.get(row as usize).copied()
    }

    /// The rows whose values are those of a pair: several where tensors are tied.
    pub fn of_pair(&self, pair: u32) -> impl Iterator<Item = u32> + '_ {
        let from = self.by_pair.partition_point(|(of, _)| *of < pair);
        let rest = self.by_pair.get(from..).unwrap_or_default();
        rest.iter().take_while(move |(of, _)| *of == pair).map(|(_, row)| *row)
    }
}

impl Comparison {
    /// Compares names, shapes and dtypes of two checkpoints: the sections named, or those that fit best.
    ///
    /// # Errors
    /// When one holds no tensors.
    pub fn of(reference: Checkpoint, candidate: Checkpoint, sections: Option<&Sections>) -> Result<Self> {
        let names = sections.map_or((None, None), |[a, b]| (Some(a.as_str()), Some(b.as_str())));
        let report = Report::of(&reference, &candidate, names)?;
        let is_repaired = report.found.applied().next().is_some();
        let script = if is_repaired {
            repair_script::script(&candidate, &report.candidate.section, &report.found)
        } else {
            String::new()
        };
        let mut both = Rows::default();
        let as_is = both.list(&report.verdict, &report.reference, &report.candidate);
        let after =
            is_repaired.then(|| both.list(&report.found.after, &report.reference, &report.found.repaired));
        let is_same_file = match (reference.identity(), candidate.identity()) {
            (Some(a), Some(b)) => a == b,
            _ => reference.path() == candidate.path(),
        };
        let mut comparison = Self {
            sections: section_pairs(&reference, &candidate),
            bytes: values::bytes(&reference, &candidate, &both.pairs),
            checkpoints: [Arc::new(reference), Arc::new(candidate)],
            report,
            script,
            text: Document::new(),
            recast: as_is.iter().filter(|row| row.kind == Kind::Recast).count(),
            pairs: both.pairs,
            as_is: Listed::of(as_is),
            repaired: after.map(Listed::of),
            is_same_file,
        };
        comparison.text = crate::tui::doc::compare::repairs(&comparison);
        Ok(comparison)
    }

    /// The names as they are, or after the repairs.
    pub fn listed(&self, after: bool) -> &Listed {
        self.repaired.as_ref().filter(|_| after).unwrap_or(&self.as_is)
    }

    /// What a row stands for on either side.
    pub fn items(&self, row: &Row, after: bool) -> [Option<&Item>; 2] {
        let candidate = if after { &self.report.found.repaired } else { &self.report.candidate };
        [(&self.report.reference, row.a), (candidate, row.b)]
            .map(|(side, at)| at.and_then(|at| side.items.get(at as usize)))
    }

    /// The tensors of a row, as far as they are in the files as they are.
    pub fn ids(&self, row: &Row, after: bool) -> Ids {
        self.items(row, after).map(|item| item.and_then(|item| item.id))
    }
}

/// Sections of models with each other, and others with those of their name.
fn section_pairs(reference: &Checkpoint, candidate: &Checkpoint) -> Vec<SectionPair> {
    let second = choices(candidate);
    let pair = |names: [&str; 2], tensors| SectionPair { names: names.map(str::to_owned), tensors };
    let mut pairs: Vec<SectionPair> = choices(reference)
        .iter()
        .flat_map(|a| second.iter().map(move |b| pair([&a.name, &b.name], [a.tensors, b.tensors])))
        .collect();
    for a in reference.sections() {
        let same = candidate.sections().iter().filter(|b| b.name == a.name && a.tensors > 0 && b.tensors > 0);
        let more = same.map(|b| pair([&a.name, &b.name], [a.tensors, b.tensors]));
        let is_state = !matches!(a.role, SectionRole::Model | SectionRole::Ema);
        let new: Vec<_> = more.filter(|pair| is_state && !pairs.contains(pair)).collect();
        pairs.extend(new);
    }
    pairs
}
