//! The list of runs and their checkpoints as rows, while a scan may still be adding to it.
//!
//! Rows are indices into the runs. What is selected is remembered by its path, so that rows streaming in
//! above it do not move the selection to something else.

mod order;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::cursor::Cursor;
use super::filter::Fuzzy;
use super::home::RunFacts;
use crate::runs::group::Index;
use crate::runs::{CheckpointRow, Run};
use crate::training::metric::canonical;
pub use order::Order;

/// A row of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// A run.
    Run(usize),
    /// A checkpoint of a run.
    Checkpoint(usize, usize),
    /// The heading of what was not read.
    SkippedHeading,
    /// A path that was not read.
    Skipped(usize),
}

/// What is selected, whatever row it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selected {
    /// The run in this folder.
    Run(PathBuf),
    /// The checkpoint at this path.
    Checkpoint(PathBuf),
    /// Something among what was not read.
    Skipped,
}

/// The state of the list.
#[derive(Debug, Default)]
pub struct Listing {
    /// Rows that can be seen.
    pub rows: Vec<Row>,
    /// Selected row and window.
    pub cursor: Cursor,
    /// Folders of runs that are folded.
    pub folded: HashSet<PathBuf>,
    /// What was not read is listed.
    pub skipped_open: bool,
    /// The filter; empty for none.
    pub pattern: String,
    /// Checkpoints the filter let through.
    pub hits: usize,
    /// Order within each run.
    pub order: Order,
    /// Largest first.
    pub descending: bool,
    /// The person has moved; until then the cursor stays on top while rows stream in.
    pub touched: bool,
    selected: Option<Selected>,
}

impl Listing {
    /// Makes the rows again and finds the selected one among them. `metrics` has the one shown of each run.
    pub fn rebuild(&mut self, index: &Index, metrics: &[RunFacts]) {
        self.rows.clear();
        self.hits = 0;
        let mut fuzzy = Fuzzy::new(&self.pattern);
        for (at, run) in index.runs.iter().enumerate() {
            let rows = self.rows.len();
            self.rows.push(Row::Run(at));
            let metric = metrics.get(at).and_then(|facts| facts.metric.as_deref());
            self.push_checkpoints(at, run, fuzzy.as_mut(), metric);
            // A run none of whose checkpoints match is left out.
            if fuzzy.is_some() && self.rows.len() == rows + 1 {
                self.rows.pop();
            }
        }
        if !index.skipped.is_empty() && fuzzy.is_none() {
            self.rows.push(Row::SkippedHeading);
            if self.skipped_open {
                self.rows.extend((0..index.skipped.len()).map(Row::Skipped));
            }
        }
        self.restore(index);
    }

    fn push_checkpoints(&mut self, at: usize, run: &Run, fuzzy: Option<&mut Fuzzy>, metric: Option<&str>) {
        let start = self.rows.len();
        match fuzzy {
            None if self.folded.contains(&run.path) => return,
            None => self.rows.extend((0..run.checkpoints.len()).map(|i| Row::Checkpoint(at, i))),
            Some(fuzzy) => {
                for (i, row) in run.checkpoints.iter().enumerate() {
                    if fuzzy.score(&label(run, row)).is_some() {
                        self.rows.push(Row::Checkpoint(at, i));
                    }
                }
                self.hits += self.rows.len() - start;
            }
        }
        let (order, descending) = (self.order, self.descending);
        let rows = self.rows.get_mut(start..).unwrap_or_default();
        order.sort(rows, run, metric);
        if descending {
            rows.reverse();
        }
    }

    fn restore(&mut self, index: &Index) {
        if !self.touched {
            self.cursor = Cursor::default();
        } else if let Some(selected) = &self.selected {
            let found = self.rows.iter().position(|row| is(index, *row, selected));
            // Folded or filtered away: its run stands for it.
            let run = || match selected {
                Selected::Checkpoint(path) => self.rows.iter().position(|row| {
                    matches!(row, Row::Run(r)
                        if index.runs.get(*r).is_some_and(|r| r.checkpoints.iter().any(|c| c.path == *path)))
                }),
                _ => None,
            };
            if let Some(at) = found.or_else(run) {
                self.cursor.at = at;
            }
        }
        self.cursor.at = self.cursor.at.min(self.rows.len().saturating_sub(1));
    }

    /// The selected row.
    pub fn row(&self) -> Option<Row> {
        self.rows.get(self.cursor.at).copied()
    }

    /// Remembers what the cursor is on.
    pub fn remember(&mut self, index: &Index) {
        self.touched = true;
        self.selected = self.row().and_then(|row| selected(index, row));
    }

    /// Selects the checkpoint at `path`, unfolding its run. One that a scan has yet to find is selected when
    /// it appears.
    pub fn select(&mut self, index: &Index, path: &Path, metrics: &[RunFacts]) {
        self.touched = true;
        self.selected = Some(Selected::Checkpoint(path.to_owned()));
        let run = index.runs.iter().find(|r| r.checkpoints.iter().any(|c| c.path == path));
        if run.is_some_and(|run| self.folded.remove(&run.path)) {
            self.rebuild(index, metrics);
        } else {
            self.restore(index);
        }
    }

    /// What is selected, or will be once the scan finds it.
    pub fn selected(&self) -> Option<&Selected> {
        self.selected.as_ref()
    }

    /// Selects this once a scan finds it, unless the person moves before.
    pub fn expect(&mut self, selected: Option<Selected>) {
        self.touched |= selected.is_some();
        self.selected = selected.or(self.selected.take());
    }

    /// Selects the run in this folder.
    pub fn select_run(&mut self, index: &Index, path: &Path) {
        self.touched = true;
        self.selected = Some(Selected::Run(path.to_owned()));
        self.restore(index);
    }

    /// Folds or unfolds the run at the cursor; false when there is none.
    pub fn toggle(&mut self, index: &Index) -> bool {
        match self.row() {
            Some(Row::Run(at)) => {
                let Some(run) = index.runs.get(at) else { return false };
                if !self.folded.remove(&run.path) {
                    self.folded.insert(run.path.clone());
                }
                true
            }
            Some(Row::SkippedHeading) => {
                self.skipped_open = !self.skipped_open;
                true
            }
            _ => false,
        }
    }
}

/// What the filter is matched against.
pub fn label(run: &Run, row: &CheckpointRow) -> String {
    format!("{}/{}", run.name, file_name(&row.path))
}

/// The last part of a path, unescaped but for what is not UTF-8.
pub fn file_name(path: &Path) -> String {
    crate::text::last_component(path)
}

fn selected(index: &Index, row: Row) -> Option<Selected> {
    Some(match row {
        Row::Run(run) => Selected::Run(index.runs.get(run)?.path.clone()),
        Row::Checkpoint(run, at) => {
            Selected::Checkpoint(index.runs.get(run)?.checkpoints.get(at)?.path.clone())
        }
        Row::SkippedHeading | Row::Skipped(_) => Selected::Skipped,
    })
}

fn is(index: &Index, row: Row, selected: &Selected) -> bool {
    match (row, selected) {
        (Row::Run(run), Selected::Run(path)) => index.runs.get(run).is_some_and(|r| r.path == *path),
        (Row::Checkpoint(run, at), Selected::Checkpoint(path)) => {
            let row = index.runs.get(run).and_then(|r| r.checkpoints.get(at));
            row.is_some_and(|c| c.path == *path)
        }
        (Row::SkippedHeading, Selected::Skipped) => true,
        _ => false,
    }
}

/// A metric of a checkpoint, however its name is written there (`val_loss`, `val/loss`).
pub fn metric_of(row: &CheckpointRow, name: &str) -> Option<f64> {
    let values = || row.training.values();
    let same = || {
        // Rows without values are many: the name is not taken apart for them.
        let wanted = values().next().map(|_| canonical(name))?;
        values().find(|(n, _)| canonical(n) == wanted).map(|(_, value)| value)
    };
    row.training.value(name).or_else(same)
}
