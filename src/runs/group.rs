//! Rows into runs, while they arrive.
//!
//! [`Index::insert`] only puts a row into its run; [`Index::settle`] then orders the runs that were touched,
//! finds copies, says what each checkpoint is, and picks the best. A screen settles once per frame, a
//! command once at the end: 10,000 rows never mean 10,000 sorts.

mod finish;
mod logged;
mod twins;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{CheckpointRow, Run, Skipped, companions, layout, order};
use crate::training::logs::{LogFile, Record};

/// What a scan has found.
#[derive(Debug, Clone, Default)]
pub struct Index {
    /// Runs in natural order of their folders.
    pub runs: Vec<Run>,
    /// What was not read, in the order it was met.
    pub skipped: Vec<Skipped>,
    /// Run folder of every row's path.
    known: HashMap<PathBuf, PathBuf>,
    /// Runs with rows that arrived since they were last settled.
    touched: HashSet<PathBuf>,
    /// Runs were added since they were last named.
    renamed: bool,
    /// Every log found, by its path.
    logs: BTreeMap<PathBuf, LogFile>,
    /// Logs or runs were added since logs were last put to runs.
    unassigned: bool,
}

impl Index {
    /// Adds a row, or replaces the one of the same path. Call [`Index::settle`] before showing the runs.
    pub fn insert(&mut self, row: CheckpointRow) {
        let folder = row.run_folder();
        if self.known.insert(row.path.clone(), folder.clone()).is_some() {
            self.take_out(&folder, &row.path);
        }
        let at = match self.position(&folder) {
            Ok(at) => at,
            Err(at) => {
                self.runs.insert(at, Run { path: folder.clone(), ..Run::default() });
                self.renamed = true;
                self.unassigned = true;
                at
            }
        };
        if let Some(run) = self.runs.get_mut(at) {
            run.checkpoints.push(row);
        }
        self.touched.insert(folder);
    }

    /// Takes the row of `path` out. Call [`Index::settle`] before showing the runs.
    pub fn remove(&mut self, path: &Path) {
        self.unassigned |= self.logs.remove(path).is_some();
        let Some(folder) = self.known.remove(path) else { return };
        self.take_out(&folder, path);
        if let Ok(at) = self.position(&folder)
            && self.runs.get(at).is_some_and(|run| run.checkpoints.is_empty())
        {
            self.runs.remove(at);
            // Its logs are a run of their own now.
            (self.renamed, self.unassigned) = (true, true);
        }
        self.touched.insert(folder);
    }

    /// Adds something that was not read.
    pub fn insert_skipped(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }

    /// Adds a log, or replaces the one of the same path. It is not read: see [`Run::wants_logs`].
    pub fn insert_log(&mut self, log: LogFile) {
        self.logs.insert(log.path.clone(), log);
        self.unassigned = true;
    }

    /// Adds what the logs of the run at `path` say. Call [`Index::settle`] before showing the runs: epochs,
    /// values, curves and the best of the run follow from it.
    pub fn attach(&mut self, path: &Path, record: Arc<Record>) {
        if let Ok(at) = self.position(path)
            && let Some(run) = self.runs.get_mut(at)
        {
            run.record = Some(record);
            self.touched.insert(path.to_owned());
        }
    }

    /// Puts logs to runs; a run of logs alone comes and goes with them.
    fn assign(&mut self) {
        let with: Vec<&Path> = self
            .runs
            .iter()
            .filter(|run| !run.checkpoints.is_empty())
            .map(|run| run.path.as_path())
            .collect();
        let mut found = companions::assign(&with, &self.logs);
        for run in &mut self.runs {
            let logs = found.remove(&run.path).unwrap_or_default();
            if run.logs != logs {
                run.logs = logs;
                self.touched.insert(run.path.clone());
            }
        }
        let before = self.runs.len();
        self.runs.retain(|run| !run.checkpoints.is_empty() || !run.logs.is_empty());
        self.renamed |= before != self.runs.len() || !found.is_empty();
        for (path, logs) in found {
            if let Err(at) = self.position(&path) {
                self.touched.insert(path.clone());
                self.runs.insert(at, Run { path, logs, ..Run::default() });
            }
        }
    }

    /// Orders and judges what was touched since the last call. Cheap when nothing was.
    pub fn settle(&mut self) {
        if std::mem::take(&mut self.unassigned) {
            self.assign();
        }
        if self.touched.is_empty() {
            return;
        }
        let mut touched = std::mem::take(&mut self.touched);
        touched.extend(twins::mark(&mut self.runs));
        for run in self.runs.iter_mut().filter(|run| touched.contains(&run.path)) {
            finish::finish(run);
        }
        if std::mem::take(&mut self.renamed) {
            let paths: Vec<&Path> = self.runs.iter().map(|run| run.path.as_path()).collect();
            let names = layout::names(&paths);
            for (run, name) in self.runs.iter_mut().zip(names) {
                run.name = name;
            }
        }
    }

    /// Rows in all runs.
    pub fn rows(&self) -> usize {
        self.known.len()
    }

    /// The row of a path.
    pub fn row(&self, path: &Path) -> Option<&CheckpointRow> {
        let run = self.runs.get(self.position(self.known.get(path)?).ok()?)?;
        run.checkpoints.iter().find(|row| row.path == path)
    }

    fn position(&self, folder: &Path) -> Result<usize, usize> {
        self.runs.binary_search_by(|run| order::paths(&run.path, folder))
    }

    fn take_out(&mut self, folder: &Path, path: &Path) {
        if let Ok(at) = self.position(folder)
            && let Some(run) = self.runs.get_mut(at)
        {
            run.checkpoints.retain(|row| row.path != path);
        }
    }
}

#[cfg(test)]
mod tests;
