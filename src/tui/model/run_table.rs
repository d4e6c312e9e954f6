//! Runs side by side: how far each came, its best by every metric, and its hyperparameters, those that differ
//! first.
//!
//! Columns are made when the table is shown and whenever runs change while it is; moving and sorting only
//! touch the order of rows.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cursor::Cursor;
use crate::runs::Run;
use crate::runs::table::Table;
use crate::sorting::Sort as _;
use crate::text::fit;
use crate::text::natural;
use crate::text::number;
use crate::text::shown;
use crate::training::curve::series_of_run;
use crate::training::{Mode, best, metric};

/// Columns of metrics at most.
const METRICS: usize = 8;
/// Cells of a column at most, and at least.
const WIDTH: (usize, usize) = (4, 22);

/// A column beside the names of the runs.
#[derive(Debug, Clone)]
pub struct Column {
    /// Heading.
    pub title: String,
    /// What each run has there, in the order of the runs; empty where it has nothing.
    pub cells: Vec<String>,
    /// Numbers to order by, where all cells are numbers.
    numbers: Option<Vec<f64>>,
    /// A hyperparameter, and not a result.
    pub is_setting: bool,
    /// Two runs differ in it.
    pub differs: bool,
    /// The cell most runs share, from which others stand out.
    pub usual: Option<String>,
    /// The best cell of a metric.
    pub best: Option<usize>,
    /// Cells it takes.
    pub width: u16,
}

/// A heading: a hyperparameter may be called like a result. The names of the runs have an empty one.
pub type Heading = (bool, String);

/// Best values of a run by metric, and what they were computed from.
#[derive(Debug)]
struct Bests {
    checkpoints: usize,
    record: usize,
    values: Vec<(String, Mode, f64)>,
}

/// The state of the table.
#[derive(Debug, Default)]
pub struct RunTable {
    /// Columns: progress, what runs are judged by, hyperparameters that differ, other metrics, and what is
    /// the same everywhere.
    pub columns: Vec<Column>,
    /// Runs in the order shown.
    pub rows: Vec<usize>,
    /// Selected row and window.
    pub cursor: Cursor,
    /// Selected column; 0 is that of the names.
    pub column: usize,
    /// First column shown beside the names.
    pub first: usize,
    /// The heading that orders the rows, and whether the largest comes first.
    pub order: Option<(Heading, bool)>,
    bests: HashMap<PathBuf, Bests>,
}

impl RunTable {
    /// Makes the columns again.
    pub fn rebuild(&mut self, runs: &[Run], selected: Option<&Path>) {
        self.judge(runs);
        self.columns = vec![count(runs)];
        self.columns.extend(progress(runs));
        let (leading, other) = self.metrics(runs);
        let settings = Table::of(runs).columns.into_iter().map(|c| setting(&c.name, c.values, c.differs));
        let (differing, same): (Vec<_>, Vec<_>) = settings.partition(|column| column.differs);
        // What a sweep is about stands side by side: what the runs are judged by, and what differs.
        self.columns.extend(leading.into_iter().chain(differing).chain(other).chain(same));
        self.rows = (0..runs.len()).collect();
        self.sort(runs);
        if let Some(at) = self.rows.iter().position(|r| runs.get(*r).map(|r| r.path.as_path()) == selected) {
            self.cursor.at = at;
        }
    }

    /// The best values of runs that changed since they were last judged.
    fn judge(&mut self, runs: &[Run]) {
        for run in runs {
            let record = run.record.as_ref().map_or(0, |record| Arc::as_ptr(record).addr());
            let checkpoints = run.checkpoints.len();
            let held = self.bests.get(&run.path);
            if held.is_some_and(|b| b.checkpoints == checkpoints && b.record == record) {
                continue;
            }
            let series = series_of_run(run);
            let judged = series.iter().filter(|s| s.mode != Mode::None);
            let mut values: Vec<_> =
                judged.filter_map(|s| Some((s.name.clone(), s.mode, best::of_series(s)?.1))).collect();
            // A value of the end is no best one: it has a column of its own, and says so.
            let finals = run.record.iter().flat_map(|record| &record.finals);
            let finals = finals.map(|(name, value)| (format!("final {name}"), metric::mode_of(name), *value));
            values.extend(finals.filter(|(_, mode, value)| *mode != Mode::None && value.is_finite()));
            self.bests.insert(run.path.clone(), Bests { checkpoints, record, values });
        }
    }

    /// Columns of the metrics that runs are judged by, and of others, those most runs have first.
    fn metrics(&self, runs: &[Run]) -> (Vec<Column>, Vec<Column>) {
        let mut found: Vec<(String, String, Mode, usize, bool)> = Vec::new();
        for run in runs {
            let lead = run.best.as_ref().map(|b| metric::canonical(&b.metric));
            for (name, mode, _) in self.bests.get(&run.path).map(|b| b.values.as_slice()).unwrap_or_default()
            {
                let same = metric::canonical(name);
                let leads = lead.as_ref() == Some(&same);
                match found.iter_mut().find(|f| f.0 == same) {
                    Some(f) => (f.3, f.4) = (f.3 + 1, f.4 || leads),
                    None => found.push((same, name.clone(), *mode, 1, leads)),
                }
            }
        }
        found.in_order_of(|f| (!f.4, std::cmp::Reverse(f.3)));
        found.truncate(METRICS);
        let (leading, other): (Vec<_>, Vec<_>) = found.into_iter().partition(|f| f.4);
        let column = |f: &(String, String, Mode, usize, bool)| self.metric(runs, &f.0, &f.1, f.2);
        (leading.iter().map(column).collect(), other.iter().map(column).collect())
    }

    fn metric(&self, runs: &[Run], same: &str, name: &str, mode: Mode) -> Column {
        let value = |run: &Run| {
            let values = &self.bests.get(&run.path)?.values;
            values.iter().find(|(n, ..)| metric::canonical(n) == same).map(|(.., value)| *value)
        };
        let values: Vec<Option<f64>> = runs.iter().map(value).collect();
        let known = values.iter().enumerate().filter_map(|(at, v)| Some((at, (*v)?)));
        let best = known.reduce(|a, b| {
            let better = if mode == Mode::Max { b.1 > a.1 } else { b.1 < a.1 };
            if better { b } else { a }
        });
        let cells = values.iter().map(|v| v.map(number::metric).unwrap_or_default()).collect();
        // Of all its checkpoints, and so not that of the last epoch.
        let title = if name.starts_with("final ") {
            shown(name).into_owned()
        } else {
            format!("best {}", shown(name))
        };
        let mut column = Column::of(&title, cells, false);
        let known = values.iter().flatten().count();
        column.best = best.map(|(at, _)| at).filter(|_| known > 1);
        column.numbers = Some(values.into_iter().map(|v| v.unwrap_or(f64::NAN)).collect());
        column
    }

    /// Orders the rows by the chosen column.
    pub fn sort(&mut self, runs: &[Run]) {
        self.rows.sort_unstable();
        let Some((heading, descending)) = &self.order else { return };
        let mut rows = std::mem::take(&mut self.rows);
        let column = self.columns.iter().find(|column| column.is(heading));
        rows.in_order(|a, b| {
            if let Some(column) = column {
                return column.compare(*a, *b, *descending);
            }
            let name = |at: usize| runs.get(at).map_or("", |run| run.name.as_str());
            let order = natural::compare(name(*a), name(*b));
            if *descending { order.reverse() } else { order }
        });
        self.rows = rows;
    }

    /// Orders by the selected column; once more turns the order round.
    pub fn sort_by_selected(&mut self, runs: &[Run]) {
        let selected = self.selected_run();
        let column = self.column.checked_sub(1).and_then(|at| self.columns.get(at));
        let heading = column.map(|c| (c.is_setting, c.title.clone())).unwrap_or_default();
        self.order = match self.order.take() {
            Some((held, descending)) if held == heading => Some((heading, !descending)),
            _ => Some((heading, false)),
        };
        self.sort(runs);
        self.select(selected);
    }

    /// Turns the order round.
    pub fn reverse(&mut self, runs: &[Run]) {
        let selected = self.selected_run();
        let (heading, descending) = self.order.take().unwrap_or_default();
        self.order = Some((heading, !descending));
        self.sort(runs);
        self.select(selected);
    }

    fn select(&mut self, run: Option<usize>) {
        if let Some(at) = self.rows.iter().position(|r| Some(*r) == run) {
            self.cursor.at = at;
        }
    }

    /// The selected run.
    pub fn selected_run(&self) -> Option<usize> {
        self.rows.get(self.cursor.at).copied()
    }

    /// The selected cell: its heading and what it says in full.
    pub fn selected_cell(&self) -> Option<(&str, &str)> {
        let column = self.columns.get(self.column.checked_sub(1)?)?;
        Some((&column.title, column.cells.get(self.selected_run()?)?))
    }

    /// Moves to another column.
    pub fn step(&mut self, by: isize) {
        self.column = self.column.saturating_add_signed(by).min(self.columns.len());
    }

    /// The columns that fit into `width` cells, from the first one shown.
    pub fn visible(&self, width: u16) -> std::ops::Range<usize> {
        let mut left = width;
        let mut end = self.first;
        for column in self.columns.iter().skip(self.first) {
            let Some(rest) = left.checked_sub(column.width + super::super::view::columns::GAP) else { break };
            left = rest;
            end += 1;
        }
        self.first..end
    }

    /// Keeps cursor and selected column in the table and on the screen.
    pub fn settle(&mut self, height: usize, width: u16) {
        self.cursor.settle(self.rows.len(), height);
        self.column = self.column.min(self.columns.len());
        self.first = self.first.min(self.columns.len().saturating_sub(1));
        let Some(at) = self.column.checked_sub(1) else {
            self.first = 0;
            return;
        };
        self.first = self.first.min(at);
        while self.first < at && !self.visible(width).contains(&at) {
            self.first += 1;
        }
    }
}

impl Column {
    fn of(title: &str, cells: Vec<String>, is_setting: bool) -> Self {
        let widest =
            cells.iter().map(|cell| fit::width(cell)).chain([fit::width(title) + 2]).max().unwrap_or(0);
        let width = widest.clamp(WIDTH.0, WIDTH.1) as u16;
        let number = |cell: &String| if cell.is_empty() { Some(f64::NAN) } else { cell.parse().ok() };
        let numbers = cells.iter().map(number).collect();
        let title = title.to_owned();
        Self { title, cells, numbers, is_setting, differs: false, usual: None, best: None, width }
    }

    /// True when this is its heading.
    pub fn is(&self, heading: &Heading) -> bool {
        (self.is_setting, &self.title) == (heading.0, &heading.1)
    }

    /// What has nothing comes last, whichever way the order runs.
    fn compare(&self, a: usize, b: usize, descending: bool) -> Ordering {
        let turned = |order: Ordering| if descending { order.reverse() } else { order };
        if let Some(numbers) = &self.numbers {
            let value = |at: usize| numbers.get(at).copied().unwrap_or(f64::NAN);
            let (a, b) = (value(a), value(b));
            return a.is_nan().cmp(&b.is_nan()).then_with(|| turned(a.total_cmp(&b)));
        }
        let text = |at: usize| self.cells.get(at).map_or("", String::as_str);
        let (a, b) = (text(a), text(b));
        a.is_empty().cmp(&b.is_empty()).then_with(|| turned(natural::compare(a, b)))
    }
}

fn count(runs: &[Run]) -> Column {
    Column::of("files", runs.iter().map(|run| run.checkpoints.len().to_string()).collect(), false)
}

/// How far each run came.
fn progress(runs: &[Run]) -> Option<Column> {
    let epoch = |run: &Run| {
        let epochs = run.checkpoints.iter().filter_map(|row| row.training.progress.epoch);
        let logged = run.record.iter().flat_map(|record| &record.places).map(|place| place.1);
        epochs.chain(logged).filter(|e| e.is_finite()).reduce(f64::max)
    };
    let epochs: Vec<Option<f64>> = runs.iter().map(epoch).collect();
    let cells = epochs.iter().map(|e| e.map(number::epoch).unwrap_or_default()).collect();
    epochs.iter().any(Option::is_some).then(|| Column::of("last epoch", cells, false))
}

fn setting(name: &str, values: Vec<Option<String>>, differs: bool) -> Column {
    let cells: Vec<String> =
        values.into_iter().map(|v| v.map(|v| shown(&v).into_owned()).unwrap_or_default()).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for cell in &cells {
        *counts.entry(cell).or_default() += 1;
    }
    // Of equally frequent values none is the usual one.
    let most = counts.values().copied().max().unwrap_or(0);
    let mut usual = counts.iter().filter(|(_, n)| **n == most).map(|(cell, _)| (*cell).to_owned());
    let only = (usual.next(), usual.next());
    let usual = if let (Some(usual), None) = only { Some(usual) } else { None };
    Column { differs, usual: usual.filter(|_| most > 1), ..Column::of(&shown(name), cells, true) }
}
