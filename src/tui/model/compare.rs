//! Two checkpoints side by side: one list of the names of both, with what is the matter with each.

pub mod entries;
pub mod rows;
pub mod stats;

use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use self::entries::{Entries, What};
use self::rows::{Mark, Row, Rows};
use self::stats::PairStats;
use super::cursor::Cursor;
use super::document::{Document, Scroll};
use super::{Pane, Place, filter};
use crate::checkpoint::Checkpoint;
use crate::compare::keys::choices;
use crate::compare::report::Report;
use crate::compare::values::ValueDiff;
use crate::error::Result;
use crate::export::repair_script;
use crate::tensor::TensorId;

/// What is known of the values of a pair.
pub type Values = std::result::Result<ValueDiff, String>;

/// Names of two sections, the reference's and the candidate's.
pub type Sections = [String; 2];

/// What names, shapes and dtypes say. Made by a worker, and not changed after that.
pub struct Comparison {
    /// The reference (A, the model's side) and the candidate (B).
    pub checkpoints: [Arc<Checkpoint>; 2],
    /// The verdict, the repairs, and what they lead to.
    pub report: Report,
    /// Python lines that repair and load; empty without repairs.
    pub script: String,
    /// Tensors whose values are compared: what goes together as it is, or after the repairs.
    pub pairs: Vec<(TensorId, TensorId)>,
    /// The names as they are.
    pub as_is: Listed,
    /// The names after the repairs, where there are any.
    pub repaired: Option<Listed>,
    /// Sections to choose from.
    pub sections: Vec<Sections>,
}

impl std::fmt::Debug for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let paths = self.checkpoints.each_ref().map(|checkpoint| checkpoint.path());
        f.debug_struct("Comparison").field("paths", &paths).field("pairs", &self.pairs.len()).finish()
    }
}

/// Rows, and the tree they make.
#[derive(Debug, Default)]
pub struct Listed {
    /// One for each name.
    pub rows: Vec<Row>,
    /// Modules and names, as a tree shows them.
    pub entries: Entries,
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
        let listed = |rows: Vec<Row>| Listed { entries: Entries::of(&rows), rows };
        let second = choices(&candidate);
        let sections = choices(&reference)
            .iter()
            .flat_map(|a| second.iter().map(|b| [a.name.clone(), b.name.clone()]))
            .collect();
        Ok(Self {
            checkpoints: [Arc::new(reference), Arc::new(candidate)],
            report,
            script,
            pairs: both.pairs,
            as_is: listed(as_is),
            repaired: after.map(listed),
            sections,
        })
    }
}

/// How many names have each mark.
pub type Counts = [usize; Mark::ALL.len()];

/// The screen's state.
#[derive(Debug)]
pub struct CompareView {
    /// The reference (A) and the candidate (B).
    pub paths: [PathBuf; 2],
    /// Where to go back to.
    pub from: (Place, Pane),
    /// The sections asked for; those that fit best without.
    pub sections: Option<Sections>,
    /// What was found of the names; `None` while the files are read.
    pub data: Option<Arc<Comparison>>,
    /// What was found of the values, for each pair.
    pub values: Vec<Option<Values>>,
    /// All values were compared.
    pub is_complete: bool,
    /// The names are shown as they are after the repairs.
    pub after: bool,
    /// Only what differs is shown.
    pub only_differences: bool,
    /// A list of full names instead of a tree.
    pub flat: bool,
    /// The repairs have the screen.
    pub repairs: bool,
    /// Filter of the names.
    pub pattern: String,
    /// Modules that are folded, by entry.
    folded: FxHashSet<u32>,
    /// Entries that are shown.
    pub visible: Vec<u32>,
    /// Names by mark, whether shown or not.
    pub counts: Counts,
    /// The same below each module, by entry.
    below: FxHashMap<u32, Counts>,
    /// The selected line.
    pub cursor: Cursor,
    /// Scroll position of the details.
    pub detail: Scroll,
    /// The repairs as text.
    pub repairs_text: Document,
    /// Scroll position of the repairs.
    pub repairs_scroll: Scroll,
    /// Statistics of the selected pair are shown.
    pub with_stats: bool,
    /// Statistics of the pair looked at last.
    pub stats: Option<PairStats>,
}

impl CompareView {
    /// Nothing known yet.
    pub fn new(paths: [PathBuf; 2], from: (Place, Pane), sections: Option<Sections>) -> Self {
        Self {
            paths,
            from,
            sections,
            data: None,
            values: Vec::new(),
            is_complete: false,
            after: false,
            only_differences: false,
            flat: false,
            repairs: false,
            pattern: String::new(),
            folded: FxHashSet::default(),
            visible: Vec::new(),
            counts: Counts::default(),
            below: FxHashMap::default(),
            cursor: Cursor::default(),
            detail: Scroll::default(),
            repairs_text: Document::new(),
            repairs_scroll: Scroll::default(),
            with_stats: false,
            stats: None,
        }
    }

    /// Takes what the names say.
    pub fn set(&mut self, data: Arc<Comparison>) {
        self.values = vec![None; data.pairs.len()];
        self.is_complete = data.pairs.is_empty();
        self.after &= data.repaired.is_some();
        self.repairs_text = crate::tui::doc::compare::repairs(&data);
        self.data = Some(data);
        self.folded.clear();
        self.rebuild();
    }

    /// Takes what some values say.
    pub fn learn(&mut self, news: Vec<(u32, Values)>) {
        for (pair, values) in news {
            if let Some(slot) = self.values.get_mut(pair as usize) {
                *slot = Some(values);
            }
        }
        self.rebuild();
    }

    /// The rows that are shown, and their tree.
    pub fn listed(&self) -> Option<&Listed> {
        let data = self.data.as_deref()?;
        Some(data.repaired.as_ref().filter(|_| self.after).unwrap_or(&data.as_is))
    }

    /// There is a repair.
    pub fn has_repairs(&self) -> bool {
        self.data.as_ref().is_some_and(|data| data.repaired.is_some())
    }

    /// What is known of the values of a row.
    pub fn values_of(&self, row: &Row) -> Option<&Values> {
        self.values.get(row.pair? as usize)?.as_ref()
    }

    /// What is the matter with a row.
    pub fn mark(&self, row: &Row) -> Mark {
        row.mark(self.values_of(row))
    }

    /// Counts below a module.
    pub fn below(&self, entry: u32) -> Counts {
        self.below.get(&entry).copied().unwrap_or_default()
    }

    /// A module is folded.
    pub fn is_folded(&self, entry: u32) -> bool {
        self.folded.contains(&entry) && self.pattern.is_empty()
    }

    /// The selected line.
    pub fn selected(&self) -> Option<u32> {
        self.visible.get(self.cursor.at).copied()
    }

    /// The selected row, where a name is selected and not a module.
    pub fn row(&self) -> Option<&Row> {
        self.row_at(self.selected()?)
    }

    fn row_at(&self, entry: u32) -> Option<&Row> {
        let listed = self.listed()?;
        match listed.entries.get(entry)?.what {
            What::Key(row) => listed.rows.get(row as usize),
            What::Module { .. } => None,
        }
    }

    /// Makes the visible lines and the counts anew; the selection stays where it can.
    pub fn rebuild(&mut self) {
        let selected = self.selected();
        let Some(listed) = self.listed() else { return };
        let marks: Vec<Mark> = listed.rows.iter().map(|row| self.mark(row)).collect();
        let (mut counts, mut below) = (Counts::default(), FxHashMap::<u32, Counts>::default());
        for (at, entry) in listed.entries.iter().enumerate() {
            let Some(mark) = entry.key().and_then(|row| marks.get(row as usize)) else { continue };
            counts.iter_mut().skip(*mark as usize).take(1).for_each(|n| *n += 1);
            for module in listed.entries.parents(at as u32) {
                let counts = below.entry(module).or_default();
                counts.iter_mut().skip(*mark as usize).take(1).for_each(|n| *n += 1);
            }
        }
        let matched = self.matching(listed);
        let shown = |row: u32| {
            let differs = marks.get(row as usize).is_some_and(|mark| mark.is_difference());
            let matches = matched.as_ref().is_none_or(|all| all.contains(&row));
            matches && (differs || !self.only_differences)
        };
        let folded = if self.pattern.is_empty() { Some(&self.folded) } else { None };
        let visible = listed.entries.visible(self.flat, folded, shown);
        (self.counts, self.below) = (counts, below);
        self.visible = visible;
        self.reselect(selected);
    }

    fn matching(&self, listed: &Listed) -> Option<FxHashSet<u32>> {
        let all: Vec<u32> = (0..listed.rows.len() as u32).collect();
        let name = |at: u32| listed.rows.get(at as usize).map_or("", |row| &*row.key);
        let matches = filter::in_parallel(&self.pattern, &all, name, || false)?;
        Some(matches.hits.into_iter().collect())
    }

    /// Selects an entry; where it is hidden, the last one before it that is shown.
    fn reselect(&mut self, entry: Option<u32>) {
        let Some(entry) = entry else { return };
        self.cursor.at = self.visible.partition_point(|at| *at <= entry).saturating_sub(1);
    }

    /// Folds or unfolds the selected module; false where there is none.
    pub fn toggle(&mut self) -> bool {
        let Some(entry) = self.selected().filter(|_| self.row().is_none()) else { return false };
        if !self.folded.remove(&entry) {
            self.folded.insert(entry);
        }
        self.rebuild();
        true
    }

    /// Folds everything, or nothing.
    pub fn fold_all(&mut self, fold: bool) {
        self.folded.clear();
        if let Some(listed) = self.data.as_ref().filter(|_| fold).and(self.listed()) {
            let all: Vec<u32> = listed.entries.modules().collect();
            self.folded.extend(all);
        }
        self.rebuild();
    }

    /// Folds the selected module, or goes to the one the line is in.
    pub fn go_left(&mut self) {
        let Some(entry) = self.selected() else { return };
        if self.row().is_none() && !self.is_folded(entry) && self.pattern.is_empty() {
            self.folded.insert(entry);
            self.rebuild();
        } else if !self.flat {
            let parent = self.listed().and_then(|listed| listed.entries.parents(entry).next());
            self.reselect(parent);
        }
    }

    /// Unfolds the selected module, or goes into it.
    pub fn go_right(&mut self) {
        let Some(entry) = self.selected().filter(|_| self.row().is_none()) else { return };
        if self.is_folded(entry) {
            self.folded.remove(&entry);
            self.rebuild();
        } else {
            self.cursor.at += 1;
        }
    }

    /// Goes to the next (or previous) name that differs, unfolding what hides it; false when there is none.
    pub fn next_difference(&mut self, forward: bool) -> bool {
        let Some(listed) = self.listed() else { return false };
        let matched = self.matching(listed);
        let differs = |at: u32| {
            let row = listed.entries.get(at).and_then(entries::Entry::key);
            let is_shown = row.is_some_and(|row| matched.as_ref().is_none_or(|all| all.contains(&row)));
            is_shown && self.row_at(at).is_some_and(|row| self.mark(row).is_difference())
        };
        let (here, len) = (self.selected().unwrap_or(0), listed.entries.len() as u32);
        let found = if forward {
            (here + 1..len).chain(0..len.min(here + 1)).find(|at| differs(*at))
        } else {
            (0..here).rev().chain((here..len).rev()).find(|at| differs(*at))
        };
        let Some(found) = found else { return false };
        let parents: Vec<u32> = listed.entries.parents(found).collect();
        let before = self.folded.len();
        parents.iter().for_each(|entry| {
            self.folded.remove(entry);
        });
        if self.folded.len() != before {
            self.rebuild();
        }
        self.reselect(Some(found));
        true
    }

    /// Goes to the next (or previous) line that is a name.
    pub fn next_key(&mut self, forward: bool) {
        let (here, len) = (self.cursor.at, self.visible.len());
        let is_key = |at: &usize| self.visible.get(*at).is_some_and(|entry| self.row_at(*entry).is_some());
        let found = if forward {
            (here + 1..len).chain(0..len.min(here + 1)).find(is_key)
        } else {
            (0..here).rev().chain((here..len).rev()).find(is_key)
        };
        self.cursor.at = found.unwrap_or(here);
    }

    /// Names as they are, or as the repairs leave them. The selection stays on the name.
    pub fn toggle_after(&mut self) {
        let key = self.row().map(|row| row.key.clone());
        self.after = !self.after;
        self.folded.clear();
        self.rebuild();
        let Some(listed) = self.listed() else { return };
        let found = listed.entries.iter().position(|entry| {
            let row = entry.key().and_then(|row| listed.rows.get(row as usize));
            row.is_some_and(|row| key.as_deref() == Some(&*row.key))
        });
        self.reselect(found.map(|at| at as u32));
    }

    /// The sections after the ones compared, round and round.
    pub fn next_sections(&self) -> Option<Sections> {
        let data = self.data.as_ref()?;
        let now = [&data.report.reference.section, &data.report.candidate.section];
        let at = data.sections.iter().position(|pair| pair.each_ref() == now).unwrap_or(0);
        data.sections.iter().cycle().nth(at + 1).cloned()
    }

    /// What Enter does.
    pub fn open_label(&self) -> &'static str {
        match self.selected() {
            None => "",
            Some(_) if self.row().is_some() => "details",
            Some(entry) if self.is_folded(entry) => "unfold",
            Some(_) if self.pattern.is_empty() => "fold",
            Some(_) => "",
        }
    }

    /// Keeps cursor and window inside.
    pub fn settle(&mut self, rows: usize) {
        self.cursor.settle(self.visible.len(), rows);
    }
}
