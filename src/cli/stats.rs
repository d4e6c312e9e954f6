//! `stats`: statistics of every tensor, as text, as JSON, CSV or Markdown, each tensor as soon as those before it are
//! known: nothing grows with the number of tensors but the table.

mod json;
mod rows;
mod sheet;
mod text;

use std::thread;

use super::args::{Common, Form, Stats};
use super::config;
use super::output::{Failure, Out};
use super::show;
use super::style::Style;
use crate::checkpoint::{Checkpoint, TensorEntry};
use crate::stats::{Outcome, Plan, Survey, default_threads};
use crate::text::shown;
use crate::work::Work;
use rows::Rows;

/// Computes and writes the statistics of one file.
pub(super) fn run(options: &Stats, common: &Common, style: &Style, out: &mut Out) -> Result<(), Failure> {
    let checkpoint = show::open(&options.file)?;
    let filter = Filter::of(&options.filter)?;
    let plan = Plan::of(&checkpoint, |_, entry| filter.admits(entry));
    if plan.is_empty() && !checkpoint.tensors().is_empty() {
        let wanted = shown(&options.filter.join(", ")).into_owned();
        let reason = format!("no tensor has a name like {wanted}; `ckpt-tui show` lists them");
        return Err(Failure::at(&options.file, &reason));
    }
    let cache = config::cache(common);
    let threads = options.threads.map_or_else(default_threads, usize::from);
    let work = Work::default();
    let survey = Survey { checkpoint: &checkpoint, plan: &plan, cache: &cache, threads, work: &work };
    thread::scope(|scope| {
        // Bounded: what cannot be printed yet need not be computed.
        let (sender, receiver) = crossbeam_channel::bounded(256);
        let worker = scope.spawn(move || {
            survey.run(&|index, stats| {
                let _ = sender.send((index, stats));
            })
        });
        let rows = Rows::new(&checkpoint, &plan, receiver, &work);
        let finish = || match worker.join() {
            Ok(outcome) => outcome.map_err(Failure::from),
            Err(_) => Err(Failure::Message("statistics: the program failed; please report it".to_owned())),
        };
        let written = write(options, common, &checkpoint, rows, finish, style, out);
        // Whoever reads may have read enough.
        work.cancel.cancel();
        written
    })
}

fn write(
    options: &Stats,
    common: &Common,
    checkpoint: &Checkpoint,
    rows: Rows<'_>,
    finish: impl FnOnce() -> Result<Outcome, Failure>,
    style: &Style,
    out: &mut Out,
) -> Result<(), Failure> {
    match options.table.form(common.json) {
        Form::Sheet(form) => {
            sheet::write(rows, form, out)?;
            finish().map(|_| ())
        }
        Form::Json => json::write(checkpoint, rows, finish, out),
        Form::Text => {
            let table = text::Table::of(rows);
            Ok(table.write(&finish()?, style, out)?)
        }
    }
}

/// Which tensors are wanted.
struct Filter(Vec<glob::Pattern>);

impl Filter {
    fn of(patterns: &[String]) -> Result<Self, Failure> {
        let pattern = |text: &String| {
            glob::Pattern::new(text).map_err(|error| {
                Failure::Message(format!(
                    "--filter {}: {} (at character {})",
                    shown(text),
                    error.msg,
                    error.pos
                ))
            })
        };
        Ok(Self(patterns.iter().map(pattern).collect::<Result<_, _>>()?))
    }

    /// A pattern may be for the path, or for the name inside the section.
    fn admits(&self, entry: &TensorEntry) -> bool {
        let fits = |pattern: &glob::Pattern| pattern.matches(&entry.path) || pattern.matches(entry.key());
        self.0.is_empty() || self.0.iter().any(fits)
    }
}
