//! Rows into runs, while they arrive.
//!
//! [`Index::insert`] only puts a row into its run; [`Index::settle`] then orders the runs that were touched,
//! finds copies, says what each checkpoint is, and picks the best. A screen settles once per frame, a
//! command once at the end: 10,000 rows never mean 10,000 sorts.

mod finish;
mod twins;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::{CheckpointRow, Run, Skipped, layout, order};

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
                self.runs.insert(at, empty(folder.clone()));
                self.renamed = true;
                at
            }
        };
        if let Some(run) = self.runs.get_mut(at) {
            run.checkpoints.push(row);
        }
        self.touched.insert(folder);
    }

    /// Adds something that was not read.
    pub fn insert_skipped(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }

    /// Orders and judges what was touched since the last call. Cheap when nothing was.
    pub fn settle(&mut self) {
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

fn empty(path: PathBuf) -> Run {
    Run { path, name: String::new(), framework: None, best: None, checkpoints: Vec::new() }
}

#[cfg(test)]
mod tests;
