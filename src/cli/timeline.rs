//! `timeline`: every layer over the checkpoints of a run, as a heat map or as JSON.

mod json;
mod sheet;
mod text;

use std::path::PathBuf;

use super::args::{Common, Form, Timeline as Args};
use super::config;
use super::output::{Failure, Out};
use super::progress;
use super::style::Style;
use crate::cache::Cache;
use crate::compare::timeline::ranks::{self, Ranks};
use crate::compare::timeline::scale::Measure;
use crate::compare::timeline::{self, Source, Timeline};
use crate::runs::CheckpointRow;
use crate::runs::scan::{self, ScanOptions};
use crate::sorting::Sort as _;
use crate::training::choose;

/// Shows the timeline of what is in the paths.
pub(super) fn run(args: &Args, common: &Common, style: &Style, out: &mut Out) -> Result<(), Failure> {
    super::ls::check(&args.paths)?;
    let sources = sources(&args.paths)?;
    let cache = config::cache(common);
    let timeline = progress::run("timeline", |work| timeline::build(&sources, &cache, work, &mut |_| {}))?;
    if let ([], Some((path, reason))) = (timeline.checkpoints.as_slice(), timeline.skipped.first()) {
        return Err(Failure::at(path, reason));
    }
    let measure = args.measure.measure();
    let ranks = if measure == Measure::Rank { Some(ranks(&timeline, &cache)?) } else { None };
    match args.table.form(common.json) {
        Form::Text => text::write(&timeline, measure, ranks.as_ref(), style, out),
        Form::Json => out.json(&json::Document(&timeline, ranks.as_ref())),
        Form::Sheet(form) => sheet::write(&timeline, ranks.as_ref(), form, out),
    }
}

/// Effective ranks of all matrices at all checkpoints.
fn ranks(timeline: &Timeline, cache: &Cache) -> Result<Ranks, Failure> {
    progress::run("effective ranks", |work| {
        let mut ranks = Ranks::default();
        let paths = timeline.checkpoints.iter().map(|stop| &stop.path);
        ranks::of_all(paths, cache, work, &mut |path, found| {
            ranks.checkpoints.insert(path.to_owned(), found);
        })?;
        Ok(ranks)
    })
}

/// The checkpoints in the order of training: those of the one run there is, or the files named.
fn sources(paths: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    let source = |row: &CheckpointRow| {
        let progress = &row.training.progress;
        Source { path: row.path.clone(), epoch: progress.epoch, step: progress.step }
    };
    if paths.iter().any(|path| path.is_dir()) {
        let run = super::export::one_run(paths)?;
        let sources: Vec<Source> = choose::series(&run).into_iter().map(source).collect();
        return if sources.is_empty() {
            Err(Failure::at(&run.path, "no weights are there"))
        } else {
            Ok(sources)
        };
    }
    let index = scan::collect(paths.to_vec(), ScanOptions::default());
    let rows: Vec<&CheckpointRow> = index.runs.iter().flat_map(|run| &run.checkpoints).collect();
    let named = paths.iter().filter_map(|path| rows.iter().find(|row| row.path == *path));
    let mut sources: Vec<Source> = named.map(|row| source(row)).collect();
    // By epoch, or by step, where all of them say it; else as they were named.
    if sources.iter().all(|source| source.epoch.is_some()) {
        sources.in_order(|a, b| a.epoch.unwrap_or(0.0).total_cmp(&b.epoch.unwrap_or(0.0)));
    } else if sources.iter().all(|source| source.step.is_some()) {
        sources.in_order_of(|source| source.step);
    }
    Ok(sources)
}
