//! The question before a page is written: about what, into which file, how large about.

use std::path::PathBuf;

use super::{Model, Place};
use crate::report::{self, Source};
use crate::runs::Run;
use crate::text::last_component;

/// What a page would be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The run in this folder.
    Run(PathBuf),
    /// A checkpoint.
    Checkpoint(PathBuf),
    /// A comparison: the model's side first.
    Pair([PathBuf; 2]),
}

/// A page to write.
#[derive(Debug, Clone)]
pub struct Page {
    /// What it is about.
    pub subject: Subject,
    /// Its name.
    pub name: String,
    /// The metric the run is judged by on the screen.
    pub metric: Option<String>,
    /// Bytes it will have, more or less.
    pub guess: u64,
    /// Bytes that are read for it at most; 0 where that is not known. What is remembered is not read again.
    pub reads: u64,
    /// The file that would be written; `None` until a free name is found.
    pub target: Option<PathBuf>,
    /// Of the newest request.
    pub generation: u64,
}

impl Page {
    /// A page about what is on the screen, if anything is.
    pub fn of(model: &Model, generation: u64) -> Option<Self> {
        let subject = subject(model)?;
        let listed = |path: &PathBuf| model.home.index.row(path);
        let (name, guess, reads) = match &subject {
            Subject::Run(path) => {
                let run = run(model, path)?;
                (run.name.clone(), report::gather::guess_of_run(run), report::gather::read_for_run(run))
            }
            Subject::Checkpoint(path) => {
                let opened = model.browser.as_ref().filter(|b| b.checkpoint().path() == path);
                let (tensors, bytes) = match opened {
                    Some(browser) => (browser.checkpoint().tensors().len(), browser.checkpoint().bytes()),
                    None => listed(path).map_or((0, 0), |row| (row.tensors, row.bytes)),
                };
                (last_component(path), report::gather::guess_of_tensors(tensors), bytes)
            }
            Subject::Pair([a, b]) => {
                let keys = model.compare.as_ref().map_or(0, |view| view.values.len());
                let name = format!("{}-{}", last_component(a), last_component(b));
                let bytes = [a, b].map(|path| listed(path).map_or(0, |row| row.bytes));
                (
                    name,
                    report::gather::guess_of_pairs(keys),
                    bytes.iter().fold(0, |sum: u64, n| sum.saturating_add(*n)),
                )
            }
        };
        let metric = model.home.verdict.as_ref().map(|verdict| verdict.metric.clone());
        let metric = metric.filter(|_| matches!(subject, Subject::Run(_)));
        Some(Self { subject, name, metric, guess, reads, target: None, generation })
    }

    /// What a worker reads; `None` when it went away meanwhile.
    pub fn source(&self, model: &Model) -> Option<Source> {
        Some(match &self.subject {
            Subject::Run(path) => Source::Runs(vec![run(model, path)?.clone()], Vec::new()),
            Subject::Checkpoint(path) => Source::Checkpoint(path.clone()),
            Subject::Pair([a, b]) => Source::Comparison(a.clone(), b.clone()),
        })
    }
}

fn run<'a>(model: &'a Model, path: &std::path::Path) -> Option<&'a Run> {
    model.home.index.runs.iter().find(|run| run.path == path)
}

/// What a page would be about now.
pub fn subject(model: &Model) -> Option<Subject> {
    match model.place {
        Place::Compare => {
            let view = model.compare.as_ref().filter(|view| view.data.is_some())?;
            Some(Subject::Pair(view.paths.clone()))
        }
        Place::Checkpoint => {
            model.browser.as_ref().map(|b| Subject::Checkpoint(b.checkpoint().path().to_owned()))
        }
        Place::Timeline => crate::tui::update::timeline_run(model).map(|run| Subject::Run(run.path.clone())),
        Place::Home => match model.home.checkpoint().filter(|_| model.focus != super::Pane::Curve) {
            Some(row) => Some(Subject::Checkpoint(row.path.clone())),
            None => model.home.run().map(|run| Subject::Run(run.path.clone())),
        },
    }
}
