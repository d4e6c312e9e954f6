//! The state of the first screen: runs, their checkpoints, the curve of the selected run.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::curve::{Curve, checkpoint_at, is_of, x_of};
use super::document::Scroll;
use super::listing::{Listing, Row, metric_of};
use super::memory::Bookmark;
use super::run_table::RunTable;
use crate::runs::group::Index;
use crate::runs::{BestPick, CheckpointRow, Run, Skipped};
use crate::sorting::Sort as _;
use crate::training::Mode;
use crate::training::best::pick_by;
use crate::training::logs::Record;
use crate::training::metric::canonical;
use crate::training::verdict::{Verdict, verdict_of};

/// What the first screen shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HomeView {
    /// The list, the curve and the facts.
    #[default]
    Split,
    /// The curve alone.
    Curve,
    /// Runs side by side, with their hyperparameters.
    Table,
}

/// What the list shows of a run beside its checkpoints.
#[derive(Debug, Clone, Default)]
pub struct RunFacts {
    /// The metric the run is judged by.
    pub metric: Option<String>,
    /// The best checkpoint by it.
    pub best: Option<BestPick>,
    /// Its values, one for each checkpoint that has one, in order of training.
    pub values: Vec<f64>,
}

/// The state of the first screen.
#[derive(Debug, Default)]
pub struct Home {
    /// The paths that were asked for.
    pub paths: Vec<PathBuf>,
    /// The current folder, to be called by its name.
    pub here: Option<PathBuf>,
    /// Runs found so far.
    pub index: Index,
    /// What the list shows of each run.
    pub facts_of: Vec<RunFacts>,
    /// Files found so far, and rows made of them.
    pub found: usize,
    /// Files read so far.
    pub read: usize,
    /// Files the scan met, whatever they are, and folders; `None` before it went through all of them.
    pub walked: Option<(usize, usize)>,
    /// A scan came to its end.
    pub is_complete: bool,
    /// The list.
    pub list: Listing,
    /// The curve.
    pub curve: Curve,
    /// Scroll position of the facts.
    pub facts: Scroll,
    /// What is shown of all this.
    pub view: HomeView,
    /// Runs side by side.
    pub table: RunTable,
    /// The run whose logs are being read.
    pub reading: Option<(u64, PathBuf)>,
    /// Runs whose logs could not be read: they are not tried again before the next scan.
    pub given_up: HashSet<PathBuf>,
    /// Checkpoints a person marked for a comparison: A, then B.
    pub marks: Vec<PathBuf>,
    /// Places to come back to.
    pub bookmarks: Vec<Bookmark>,
    /// What is to be said of the best of the selected run.
    pub verdict: Option<Verdict>,
    is_stale: bool,
}

impl Home {
    /// Nothing found yet under these paths.
    pub fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths, ..Self::default() }
    }

    /// Forgets what was found, for a new scan; selection, filter and folds stay.
    pub fn restart(&mut self) {
        self.index = Index::default();
        self.given_up.clear();
        self.reading = None;
        (self.found, self.read, self.is_complete, self.walked) = (0, 0, false, None);
        self.is_stale = true;
    }

    /// Takes a checkpoint in.
    pub fn add(&mut self, row: CheckpointRow) {
        self.read += 1;
        self.index.insert(row);
        self.is_stale = true;
    }

    /// Adds a log, to be read when its run is looked at.
    pub fn log(&mut self, log: crate::training::logs::LogFile) {
        self.index.insert_log(log);
        self.is_stale = true;
    }

    /// Takes in what the logs of a run say.
    pub fn attach(&mut self, run: &Path, record: Arc<Record>) {
        self.index.attach(run, record);
        self.is_stale = true;
    }

    /// A checkpoint is no longer there.
    pub fn remove(&mut self, path: &std::path::Path) {
        if self.index.row(path).is_some() {
            self.read = self.read.saturating_sub(1);
        }
        self.index.remove(path);
        self.is_stale = true;
    }

    /// Takes in a checkpoint that is new, or another than before, whether or not a scan runs.
    pub fn update(&mut self, row: CheckpointRow) {
        if self.index.row(&row.path).is_none() {
            self.read += 1;
            self.found = self.found.max(self.read);
        }
        self.index.insert(row);
        self.is_stale = true;
    }

    /// Takes in what was not read.
    pub fn skip(&mut self, skipped: Skipped) {
        self.index.insert_skipped(skipped);
        self.is_stale = true;
    }

    /// The filter, order or folds changed: the rows are to be made again.
    pub fn rebuild(&mut self) {
        self.list.rebuild(&self.index, &self.facts_of);
    }

    /// Something arrived that is not put in order yet.
    pub fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// Makes what is derived from the runs again if they changed, and lets the curve follow the selection.
    pub fn refresh(&mut self) {
        let was_stale = std::mem::take(&mut self.is_stale);
        if was_stale {
            self.curve.forget();
            self.index.settle();
            let wished: Vec<&str> = self.curve.wished().collect();
            self.facts_of = self.index.runs.iter().map(|run| facts_of(run, &wished)).collect();
            self.rebuild();
            if self.view == HomeView::Table {
                self.rebuild_table();
            }
        }
        let Some(run) = self.run_at().and_then(|at| self.index.runs.get(at)) else {
            self.curve.show_nothing();
            self.verdict = None;
            return;
        };
        if was_stale || !is_of(&self.curve, &run.path) {
            let moved = !is_of(&self.curve, &run.path);
            self.curve.show(run);
            draw(&mut self.curve, &self.index, &self.facts_of);
            self.judge();
            let Some(run) = self.run_at().and_then(|at| self.index.runs.get(at)) else { return };
            // On the run itself the cursor is on its best, also while the scan still finds better ones.
            if moved || self.checkpoint().is_none() {
                let best = run.best.as_ref().and_then(|b| run.checkpoints.iter().find(|c| c.path == b.path));
                let shown = self.checkpoint().cloned().or_else(|| best.cloned());
                self.curve.x = None;
                if let Some(row) = shown {
                    self.curve.follow(&row);
                }
            }
        }
    }

    /// The metric shown was changed: its column and sparklines with it.
    pub fn metric_changed(&mut self) {
        let wished: Vec<&str> = self.curve.wished().collect();
        self.facts_of = self.index.runs.iter().map(|run| facts_of(run, &wished)).collect();
        self.redraw();
        self.judge();
        if let Some(row) = self.checkpoint().cloned() {
            self.curve.follow(&row);
        }
        self.rebuild();
    }

    /// Which epoch of the selected run is best by the metric that leads.
    fn judge(&mut self) {
        let wished: Vec<String> = self.curve.wished().map(str::to_owned).collect();
        self.verdict = self.run().and_then(|run| {
            let series = &self.curve.series;
            let by = |name: Option<&str>| verdict_of(run, series, name, None).ok();
            wished.iter().find_map(|name| by(Some(name))).or_else(|| by(None))
        });
    }

    /// What is to be on the plot changed.
    pub fn redraw(&mut self) {
        draw(&mut self.curve, &self.index, &self.facts_of);
    }

    /// The list's cursor moved: remember what it is on, and let the curve follow.
    pub fn moved(&mut self) {
        self.list.remember(&self.index);
        self.facts = Scroll::default();
        self.refresh();
        if let Some(row) = self.checkpoint().cloned() {
            self.curve.follow(&row);
        }
    }

    /// Moves the curve's cursor `by` points, and by `column` along x at least; the list follows when a
    /// checkpoint is there.
    pub fn step_curve(&mut self, by: isize, column: f64) {
        let Some(x) = self.curve.step(by, column) else { return };
        self.curve.reveal();
        self.select_at(x, column / 2.0);
    }

    /// Moves the curve's cursor to the `by`th checkpoint from where it is.
    pub fn step_checkpoint(&mut self, by: isize) {
        let run = self.run_at().and_then(|at| self.index.runs.get(at));
        let Some((run, series)) = run.zip(self.curve.shown()) else { return };
        let originals = run.checkpoints.iter().filter(|row| !row.is_copy_within(run));
        let mut places: Vec<f64> = originals.filter_map(|row| x_of(row, series.x)).collect();
        places.in_order(f64::total_cmp);
        places.dedup();
        let Some(last) = places.len().checked_sub(1) else { return };
        let at = match self.curve.x {
            Some(x) if by > 0 => places.partition_point(|p| *p <= x + 1e-9).saturating_add_signed(by - 1),
            Some(x) => places.partition_point(|p| *p < x - 1e-9).saturating_add_signed(by),
            None if by < 0 => last,
            None => 0,
        };
        let Some(x) = places.get(at.min(last)).copied() else { return };
        self.curve.x = Some(x);
        self.curve.reveal();
        self.select_at(x, 0.0);
    }

    /// Selects the checkpoint within `room` of `x` on the plot, if there is one.
    fn select_at(&mut self, x: f64, room: f64) {
        let run = self.run_at().and_then(|at| self.index.runs.get(at));
        let Some((run, series)) = run.zip(self.curve.shown()) else { return };
        let path = checkpoint_at(run, series.x, x, room).map(|row| row.path.clone());
        if let Some(path) = path {
            self.select(&path);
        }
    }

    /// Puts the cursor of the curve on its point closest to `x`; `column` is the width of a cell along x.
    pub fn go_to_point(&mut self, x: f64, column: f64) {
        self.curve.x = Some(x);
        self.step_curve(0, column);
    }

    /// Makes the table of runs again.
    pub fn rebuild_table(&mut self) {
        let selected = self.run().map(|run| run.path.clone());
        self.table.rebuild(&self.index.runs, selected.as_deref());
    }

    /// The table's cursor moved: the list selects the same run.
    pub fn table_moved(&mut self) {
        let run = self.table.selected_run().and_then(|at| self.index.runs.get(at));
        if let Some(path) = run.map(|run| run.path.clone()) {
            self.select_run(&path);
        }
    }

    /// Selects a run in the list.
    pub fn select_run(&mut self, path: &Path) {
        self.list.select_run(&self.index, path);
        self.facts = Scroll::default();
        self.refresh();
    }

    /// Selects a checkpoint in the list.
    pub fn select(&mut self, path: &Path) {
        self.facts = Scroll::default();
        self.list.select(&self.index, path, &self.facts_of);
    }

    /// The run the selection is in.
    pub fn run_at(&self) -> Option<usize> {
        match self.list.row()? {
            Row::Run(run) | Row::Checkpoint(run, _) => Some(run),
            Row::SkippedHeading | Row::Skipped(_) => None,
        }
    }

    /// The run the selection is in.
    pub fn run(&self) -> Option<&Run> {
        self.index.runs.get(self.run_at()?)
    }

    /// The selected checkpoint.
    pub fn checkpoint(&self) -> Option<&CheckpointRow> {
        match self.list.row()? {
            Row::Checkpoint(run, at) => self.index.runs.get(run)?.checkpoints.get(at),
            _ => None,
        }
    }

    /// Paths a person marked, for a comparison or to come back to: nothing may remove them.
    pub fn marked(&self) -> BTreeSet<PathBuf> {
        self.marks.iter().chain(self.bookmarks.iter().map(|mark| &mark.path)).cloned().collect()
    }

    /// The selected row among those that were not read.
    pub fn skipped(&self) -> Option<&Skipped> {
        match self.list.row()? {
            Row::Skipped(at) => self.index.skipped.get(at),
            _ => None,
        }
    }

    /// The path of what is selected.
    pub fn selected_path(&self) -> Option<PathBuf> {
        match self.list.row()? {
            Row::Run(_) => Some(self.run()?.path.clone()),
            Row::Checkpoint(..) => Some(self.checkpoint()?.path.clone()),
            Row::SkippedHeading => None,
            Row::Skipped(_) => Some(self.skipped()?.path.clone()),
        }
    }

    /// What Enter does on the selected row, for the footer.
    pub fn open_label(&self) -> &'static str {
        match self.list.row() {
            Some(Row::Checkpoint(..)) => "open",
            Some(Row::Run(_)) if self.run().is_some_and(|r| self.list.folded.contains(&r.path)) => "unfold",
            Some(Row::SkippedHeading) if !self.list.skipped_open => "unfold",
            Some(Row::Run(_) | Row::SkippedHeading) => "fold",
            Some(Row::Skipped(_)) | None => "",
        }
    }

    /// The best checkpoint of the run the selection is in, by the metric shown.
    pub fn best(&self) -> Option<&BestPick> {
        self.facts_of.get(self.run_at()?)?.best.as_ref()
    }

    /// Checkpoints found.
    pub fn checkpoints(&self) -> usize {
        self.index.runs.iter().map(|run| run.checkpoints.len()).sum()
    }
}

/// Puts the lines on the plot that belong there: those of the selected run, of pinned ones, and of all others
/// if they are asked for, best first.
fn draw(curve: &mut Curve, index: &Index, facts: &[RunFacts]) {
    let selected = index.runs.iter().find(|run| is_of(curve, &run.path));
    let mut runs: Vec<&Run> = selected.into_iter().collect();
    let others = || index.runs.iter().zip(facts).filter(|(run, _)| !is_of(curve, &run.path));
    runs.extend(others().map(|(run, _)| run).filter(|run| curve.pinned.contains(&run.path)));
    if curve.all_runs {
        let lead = curve.shown().map(|s| canonical(&s.name));
        let mut rest: Vec<_> = others().filter(|(run, _)| !curve.pinned.contains(&run.path)).collect();
        rest.in_order(|a, b| rank(a.1, lead.as_deref()).total_cmp(&rank(b.1, lead.as_deref())));
        runs.extend(rest.into_iter().map(|(run, _)| run));
    }
    curve.draw(&runs);
}

/// Runs with a better best come first, those that are judged by something else last.
fn rank(facts: &RunFacts, lead: Option<&str>) -> f64 {
    match &facts.best {
        Some(best) if lead == Some(canonical(&best.metric).as_str()) => match best.mode {
            Mode::Max => -best.value,
            Mode::Min | Mode::None => best.value,
        },
        _ => f64::INFINITY,
    }
}

/// The metric a run is judged by: the first a person chose or set down that the run has, else the one its best was
/// picked by, else the first it has.
fn facts_of(run: &Run, wished: &[&str]) -> RunFacts {
    let has = |name: &&str| run.checkpoints.iter().any(|row| metric_of(row, name).is_some());
    let best = run.best.as_ref().map(|b| b.metric.as_str());
    let first = || run.checkpoints.iter().flat_map(|row| row.training.values()).map(|(name, _)| name).next();
    let metric = wished.iter().copied().find(has).or(best).or_else(first);
    let originals = run.checkpoints.iter().filter(|row| !row.is_copy_within(run));
    let values = metric.map(|m| originals.filter_map(|row| metric_of(row, m)).collect()).unwrap_or_default();
    let best = match metric {
        Some(metric) if best != Some(metric) => pick_by(run, metric, None),
        _ => run.best.clone(),
    };
    RunFacts { metric: metric.map(str::to_owned), best, values }
}
