//! Two checkpoints side by side: one list of the names of both, with what is the matter with each.
//!
//! [`Comparison`] is what a worker found of the names; it never changes. [`CompareView`] is the screen: what is known of
//! the values so far, which lines are shown, and which is selected. Lines are made anew only when the filter, the folds
//! or the order change; news of values change the counts of what they concern.

pub mod comparison;
pub mod entries;
mod moving;
pub mod rows;
pub mod stats;

use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::FxHashSet;

pub use self::comparison::{Comparison, Ids, Listed, SectionPair, Sections};
use self::entries::What;
use self::rows::{Mark, Row};
use self::stats::{Looked, Panel};
use super::cursor::Cursor;
use super::document::Scroll;
use super::{Pane, Place, filter};
use crate::compare::values::ValueDiff;

/// What is known of the values of a pair.
pub type Values = std::result::Result<ValueDiff, String>;

/// How many names have each mark.
pub type Counts = [usize; Mark::ALL.len()];

/// How names are ordered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// In their modules.
    #[default]
    Tree,
    /// By their full names, in the order of the model.
    List,
    /// The same, what differs most before the rest.
    Change,
}

/// The screen's state.
#[derive(Debug)]
pub struct CompareView {
    /// The reference (A) and the candidate (B).
    pub paths: [PathBuf; 2],
    /// Where to go back to.
    pub from: (Place, Pane),
    /// The sections asked for; those that fit best without.
    pub sections: Option<Sections>,
    /// What was found of the names; `None` while the files are read, and when they cannot be.
    pub data: Option<Arc<Comparison>>,
    /// Why they cannot be compared, a line each.
    pub failure: Vec<String>,
    /// What was found of the values, for each pair.
    pub values: Vec<Option<Values>>,
    /// Pairs of which something was found.
    known: usize,
    /// The names are shown as they are after the repairs.
    pub after: bool,
    /// Only what differs is shown.
    pub only_differences: bool,
    /// How the names are ordered.
    pub order: Order,
    /// The repairs have the screen.
    pub repairs: bool,
    /// Filter of the names.
    pub pattern: String,
    /// Which rows the filter lets through; all without one.
    matched: Option<FxHashSet<u32>>,
    /// Modules that are folded, by entry.
    folded: FxHashSet<u32>,
    /// Entries that are shown.
    pub visible: Vec<u32>,
    /// Names by mark, whether shown or not.
    pub counts: Counts,
    /// The same below each module, by its number.
    below: Vec<Counts>,
    /// The selected line.
    pub cursor: Cursor,
    /// Scroll position of the details.
    pub detail: Scroll,
    /// Scroll position of the repairs.
    pub repairs_scroll: Scroll,
    /// What is shown of the selected name.
    pub panel: Panel,
    /// Statistics and the picture of the pair looked at last.
    pub looked: Looked,
}

impl CompareView {
    /// Nothing known yet.
    pub fn new(paths: [PathBuf; 2], from: (Place, Pane), sections: Option<Sections>) -> Self {
        Self {
            paths,
            from,
            sections,
            data: None,
            failure: Vec::new(),
            values: Vec::new(),
            known: 0,
            after: false,
            only_differences: false,
            order: Order::default(),
            repairs: false,
            pattern: String::new(),
            matched: None,
            folded: FxHashSet::default(),
            visible: Vec::new(),
            counts: Counts::default(),
            below: Vec::new(),
            cursor: Cursor::default(),
            detail: Scroll::default(),
            repairs_scroll: Scroll::default(),
            panel: Panel::default(),
            looked: Looked::default(),
        }
    }

    /// The same files again, nothing known of them; what is shown of them stays.
    #[must_use]
    pub fn again(self) -> Self {
        Self {
            only_differences: self.only_differences,
            order: self.order,
            pattern: self.pattern,
            after: self.after,
            panel: self.panel,
            ..Self::new(self.paths, self.from, self.sections)
        }
    }

    /// Takes what the names say.
    pub fn set(&mut self, data: Arc<Comparison>) {
        self.values = vec![None; data.pairs.len()];
        self.known = 0;
        self.after &= data.repaired.is_some();
        self.data = Some(data);
        self.folded.clear();
        self.rebuild();
    }

    /// Takes what some values say.
    pub fn learn(&mut self, news: Vec<(u32, Values)>) {
        let Some(data) = self.data.clone() else { return };
        let listed = data.listed(self.after);
        for (pair, values) in news {
            let Some(slot) = self.values.get_mut(pair as usize) else { continue };
            let before = slot.replace(values);
            self.known += usize::from(before.is_none());
            let now = slot.as_ref();
            let changed = listed.of_pair(pair).filter_map(|at| Some((at, listed.rows.get(at as usize)?)));
            let marks: Vec<_> =
                changed.map(|(at, row)| (at, row.mark(before.as_ref()), row.mark(now))).collect();
            for (row, before, now) in marks {
                self.count(listed, row, before, false);
                self.count(listed, row, now, true);
            }
        }
        if self.only_differences || self.is_by_change() {
            self.refresh();
        }
    }

    /// All values were compared.
    pub fn is_complete(&self) -> bool {
        self.data.is_some() && self.known == self.values.len()
    }

    /// Pairs whose values were not compared.
    pub fn open_pairs(&self) -> Vec<u32> {
        self.values.iter().zip(0..).filter(|(known, _)| known.is_none()).map(|(_, at)| at).collect()
    }

    /// The rows that are shown, and their tree.
    pub fn listed(&self) -> Option<&Listed> {
        Some(self.data.as_deref()?.listed(self.after))
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
        let number = self.listed().and_then(|listed| listed.entries.get(entry)?.module());
        number.and_then(|number| self.below.get(number as usize)).copied().unwrap_or_default()
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

    /// The tensors of the selected row.
    pub fn ids(&self) -> Option<Ids> {
        let ids = self.data.as_ref()?.ids(self.row()?, self.after);
        ids.iter().any(Option::is_some).then_some(ids)
    }

    fn row_at(&self, entry: u32) -> Option<&Row> {
        let listed = self.listed()?;
        match listed.entries.get(entry)?.what {
            What::Key(row) => listed.rows.get(row as usize),
            What::Module { .. } => None,
        }
    }

    /// Makes the counts, the filter's matches and the lines anew.
    fn rebuild(&mut self) {
        let Some(data) = self.data.clone() else { return };
        let listed = data.listed(self.after);
        self.recount(listed);
        self.matched = matching(&self.pattern, listed);
        self.refresh();
    }

    /// Counts everything anew. What is in a module stands behind it: backwards, each is complete when it is added to the
    /// one around it.
    fn recount(&mut self, listed: &Listed) {
        let mut below = vec![Counts::default(); listed.entries.module_count()];
        let mut counts = Counts::default();
        for entry in listed.entries.all().iter().rev() {
            let own = match entry.what {
                What::Module { number, .. } => below.get(number as usize).copied().unwrap_or_default(),
                What::Key(row) => {
                    listed.rows.get(row as usize).map(|row| one(self.mark(row))).unwrap_or_default()
                }
            };
            let around = listed.entries.around(entry).and_then(|number| below.get_mut(number as usize));
            let sum = around.unwrap_or(&mut counts);
            sum.iter_mut().zip(own).for_each(|(sum, n)| *sum += n);
        }
        (self.counts, self.below) = (counts, below);
    }

    /// Counts a row in, or out, and with it the modules around it.
    fn count(&mut self, listed: &Listed, row: u32, mark: Mark, is_in: bool) {
        let change = |counts: &mut Counts| {
            if let Some(n) = counts.get_mut(mark as usize) {
                *n = if is_in { *n + 1 } else { n.saturating_sub(1) };
            }
        };
        change(&mut self.counts);
        let modules = listed.place(row).into_iter().flat_map(|entry| listed.entries.parents(entry));
        let numbers = modules.filter_map(|module| listed.entries.get(module)?.module());
        for number in numbers {
            self.below.get_mut(number as usize).map(change);
        }
    }

    /// Filters the names.
    pub fn set_pattern(&mut self, pattern: String) {
        self.pattern = pattern;
        self.matched = self.listed().and_then(|listed| matching(&self.pattern, listed));
        self.refresh();
    }

    /// The sections that are compared, among those to choose from.
    pub fn section_at(&self) -> Option<usize> {
        let data = self.data.as_ref()?;
        let now = [&data.report.reference.section, &data.report.candidate.section];
        data.sections.iter().position(|pair| pair.names.each_ref() == now)
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

/// Counts of one name.
fn one(mark: Mark) -> Counts {
    let mut counts = Counts::default();
    if let Some(n) = counts.get_mut(mark as usize) {
        *n = 1;
    }
    counts
}

fn matching(pattern: &str, listed: &Listed) -> Option<FxHashSet<u32>> {
    let all: Vec<u32> = (0..listed.rows.len() as u32).collect();
    let name = |at: u32| listed.rows.get(at as usize).map_or("", |row| &*row.key);
    let matches = filter::in_parallel(pattern, &all, name, || false)?;
    Some(matches.hits.into_iter().collect())
}
