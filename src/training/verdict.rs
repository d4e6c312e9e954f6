//! Which epoch of a run is best by a metric, which file that is, and what the framework thinks of it.
//!
//! The epoch is the best point of the metric's curve, whatever its source; the file is the checkpoint saved
//! there, or the nearest one where that is gone. [`super::best`] judges files alone.

mod find;
mod note;

use std::path::PathBuf;

use super::best::{leading, readable};
use super::curve::series_of_run;
use super::{Mode, Opinion, Series, metric};
use crate::runs::Run;
use find::{has, of_curve, of_files, series_named};
use note::{complete, file_name};

pub use note::opinion;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Without {
    /// Nothing in the run has the metric, or no finite value of it.
    Metric,
    /// Nothing tells whether the metric gets better by falling or by rising. Holds its name.
    Direction(String),
}

/// The best epoch of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The metric, as the run calls it.
    pub metric: String,
    /// Which way is better.
    pub mode: Mode,
    /// How the direction is known: given, named by the framework, or guessed from the metric's name.
    pub direction: Direction,
    /// The best value.
    pub value: f64,
    /// Completed epochs there.
    pub epoch: Option<f64>,
    /// Steps there.
    pub step: Option<u64>,
    /// Where the value is from: a file, or one value per checkpoint.
    pub source: String,
    /// Finite values it was chosen from.
    pub candidates: usize,
    /// The checkpoint saved there, or the nearest where it is gone. `None` when the run has none.
    pub path: Option<PathBuf>,
    /// `path` is the checkpoint of the best epoch itself.
    pub on_disk: bool,
    /// Other names and copies of `path` (`best.pt`).
    pub twins: Vec<PathBuf>,
    /// The framework's own opinion, and whether it is the same.
    pub opinion: Option<Comparison>,
    /// What else there is to say, in one line; safe to print once [`crate::text::shown`].
    pub note: Option<String>,
}

impl Verdict {
    /// Adds files that hold the same weights without being copies ([`crate::runs::weights::weight_twins`]).
    pub fn hold_the_same(&mut self, run: &Run, files: Vec<PathBuf>) {
        if files.is_empty() {
            return;
        }
        let names: Vec<String> = files.iter().map(|path| file_name(path, run)).collect();
        let verb = if names.len() == 1 { "holds" } else { "hold" };
        let note = format!("{} {verb} the same weights", names.join(", "));
        self.note = Some(self.note.take().map_or(note.clone(), |held| format!("{held}; {note}")));
        self.twins.extend(files);
    }
}

/// How a direction is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Whoever asked said so.
    Given,
    /// The framework watched the metric this way.
    Watched,
    /// The name of the metric.
    Guessed,
}

impl Direction {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Given => "as given",
            Self::Watched => "as the training watched it",
            Self::Guessed => "guessed from its name",
        }
    }
}

/// The framework's opinion beside ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What it says.
    pub opinion: Opinion,
    /// The checkpoint it means, where that is on disk.
    pub path: Option<PathBuf>,
    /// Whether it means the same checkpoint; `None` where it goes by another metric or cannot be compared.
    pub agrees: Option<bool>,
}

/// Judges a run by `metric`, however the name is written, or by its leading one.
///
/// # Errors
/// [`Without`] says why there is no answer.
pub fn verdict(run: &Run, metric: Option<&str>, mode: Option<Mode>) -> Result<Verdict, Without> {
    verdict_of(run, &series_of_run(run), metric, mode)
}

/// The same for whoever has the series of the run already: they may hold millions of points.
///
/// # Errors
/// [`Without`] says why there is no answer.
pub fn verdict_of(
    run: &Run,
    all: &[Series],
    metric: Option<&str>,
    mode: Option<Mode>,
) -> Result<Verdict, Without> {
    let lead = leading(run);
    let wanted = match metric {
        Some(name) => name.to_owned(),
        None => lead.as_ref().ok_or(Without::Metric)?.0.clone(),
    };
    let series = series_named(all, &wanted);
    let name = series.map_or(wanted.as_str(), |s| s.name.as_str());
    let (mode, direction) = direction(run, name, mode, lead.as_ref());
    if series.is_none() && !readable(run).any(|row| has(row, &wanted)) {
        return Err(Without::Metric);
    }
    if mode == Mode::None {
        return Err(Without::Direction(name.to_owned()));
    }
    let from_curve = series.and_then(|s| of_curve(run, s, mode));
    let mut verdict = match from_curve {
        Some(verdict) => verdict,
        None => of_files(run, &wanted, mode).ok_or(Without::Metric)?,
    };
    verdict.direction = direction;
    complete(run, &mut verdict);
    Ok(verdict)
}

fn direction(run: &Run, name: &str, given: Option<Mode>, lead: Option<&(String, Mode)>) -> (Mode, Direction) {
    if let Some(mode) = given {
        return (mode, Direction::Given);
    }
    let same = metric::canonical(name);
    let watched = run.checkpoints.iter().flat_map(|row| &row.training.monitored);
    if let Some((_, mode)) = watched.into_iter().find(|(n, _)| metric::canonical(n) == same) {
        return (*mode, Direction::Watched);
    }
    match (metric::mode_of(name), lead) {
        (Mode::None, Some((n, mode))) if metric::canonical(n) == same => (*mode, Direction::Guessed),
        (mode, _) => (mode, Direction::Guessed),
    }
}

#[cfg(test)]
mod tests;
