//! The state of the first screen: runs, their checkpoints, the curve of the selected run.

use std::path::PathBuf;

use super::curve::{Curve, checkpoint_at, is_of};
use super::document::Scroll;
use super::listing::{Listing, Row, metric_of};
use crate::runs::group::Index;
use crate::runs::{BestPick, CheckpointRow, Run, Skipped};
use crate::training::best::pick_by;

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
    /// A scan came to its end.
    pub is_complete: bool,
    /// The list.
    pub list: Listing,
    /// The curve.
    pub curve: Curve,
    /// Scroll position of the facts.
    pub facts: Scroll,
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
        (self.found, self.read, self.is_complete) = (0, 0, false);
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

    /// Takes in what was not read.
    pub fn skip(&mut self, skipped: Skipped) {
        self.index.insert_skipped(skipped);
        self.is_stale = true;
    }

    /// The filter, order or folds changed: the rows are to be made again.
    pub fn rebuild(&mut self) {
        let metric = self.curve.chosen().map(str::to_owned);
        self.list.rebuild(&self.index, metric.as_deref());
    }

    /// Makes what is derived from the runs again if they changed, and lets the curve follow the selection.
    pub fn refresh(&mut self) {
        let was_stale = std::mem::take(&mut self.is_stale);
        if was_stale {
            self.index.settle();
            self.facts_of = self.index.runs.iter().map(|run| facts_of(run, self.curve.chosen())).collect();
            self.rebuild();
        }
        let Some(run) = self.run_at().and_then(|at| self.index.runs.get(at)) else {
            self.curve.series = std::sync::Arc::default();
            self.curve.run = None;
            return;
        };
        if was_stale || !is_of(&self.curve, &run.path) {
            let moved = !is_of(&self.curve, &run.path);
            self.curve.show(run);
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
        self.facts_of = self.index.runs.iter().map(|run| facts_of(run, self.curve.chosen())).collect();
        if let Some(row) = self.checkpoint().cloned() {
            self.curve.follow(&row);
        }
        self.rebuild();
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

    /// Moves the curve's cursor `by` points; the list follows when a checkpoint is there.
    pub fn step_curve(&mut self, by: isize) {
        let Some(x) = self.curve.step(by) else { return };
        self.select_at(x);
    }

    /// Selects the checkpoint at `x` of the curve shown, if there is one.
    fn select_at(&mut self, x: f64) {
        let run = self.run_at().and_then(|at| self.index.runs.get(at));
        let Some((run, series)) = run.zip(self.curve.shown()) else { return };
        let path = checkpoint_at(run, series.x, x).map(|row| row.path.clone());
        if let Some(path) = path {
            self.select(&path);
        }
    }

    /// Puts the cursor of the curve on its point closest to `x`.
    pub fn go_to_point(&mut self, x: f64) {
        self.curve.x = Some(x);
        self.step_curve(0);
    }

    /// Selects a checkpoint in the list.
    pub fn select(&mut self, path: &std::path::Path) {
        let metric = self.curve.chosen().map(str::to_owned);
        self.facts = Scroll::default();
        self.list.select(&self.index, path, metric.as_deref());
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

/// The metric a run is judged by: the one a person chose if the run has it, else the one its best was
/// picked by, else the first it has.
fn facts_of(run: &Run, chosen: Option<&str>) -> RunFacts {
    let has = |name: &&str| run.checkpoints.iter().any(|row| metric_of(row, name).is_some());
    let best = run.best.as_ref().map(|b| b.metric.as_str());
    let first =
        || run.checkpoints.iter().flat_map(|row| &row.training.metrics).map(|(name, _)| name.as_str()).next();
    let metric = chosen.filter(has).or(best).or_else(first);
    let originals = run.checkpoints.iter().filter(|row| !row.is_copy_within(run));
    let values = metric.map(|m| originals.filter_map(|row| metric_of(row, m)).collect()).unwrap_or_default();
    let best = match metric {
        Some(metric) if best != Some(metric) => pick_by(run, metric, None),
        _ => run.best.clone(),
    };
    RunFacts { metric: metric.map(str::to_owned), best, values }
}
