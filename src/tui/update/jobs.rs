//! Jobs: starting them, and what they bring. What an older job brings is dropped.

use std::path::PathBuf;

use super::super::action::{Effect, ScanNews};
use super::super::model::browser::{Browser, Opened};
use super::super::model::dialog::Dialog;
use super::super::model::filter::Matches;
use super::super::model::{Mode, Model, Pane, Place, memory};
use super::{bookmarks, parts};
use crate::text::shown_path;

/// Scans the paths again.
pub(super) fn rescan(model: &mut Model) -> Vec<Effect> {
    let generation = model.jobs.number();
    model.jobs.scan = Some(generation);
    model.jobs.scan_began = model.ticks;
    model.home.restart();
    vec![Effect::Scan(generation, model.home.paths.clone())]
}

/// Opens a checkpoint.
pub(super) fn open(model: &mut Model, path: PathBuf) -> Vec<Effect> {
    let generation = model.jobs.number();
    model.jobs.open = Some((generation, path.clone()));
    vec![Effect::Open(generation, path)]
}

/// News from a scan.
pub(super) fn scan(model: &mut Model, generation: u64, news: Vec<ScanNews>) -> Vec<Effect> {
    if model.jobs.scan != Some(generation) {
        return Vec::new();
    }
    for one in news {
        match one {
            ScanNews::Found(total) => model.home.found = model.home.found.max(total),
            ScanNews::Row(row) => model.home.add(*row),
            ScanNews::Log(log) => model.home.log(log),
            ScanNews::Skipped(skipped) => model.home.skip(skipped),
            ScanNews::Walked(files, folders) => model.home.walked = Some((files, folders)),
            ScanNews::Done => {
                model.jobs.scan = None;
                model.home.is_complete = true;
                model.home.refresh();
                memory::found_all(model);
            }
        }
    }
    Vec::new()
}

/// A checkpoint was opened, or could not be.
pub(super) fn opened(model: &mut Model, generation: u64, result: Result<Box<Opened>, String>) -> Vec<Effect> {
    if model.jobs.open.as_ref().is_none_or(|(newest, _)| *newest != generation) {
        return Vec::new();
    }
    let path = model.jobs.open.take().map(|(_, path)| path).unwrap_or_default();
    match result {
        Ok(opened) => {
            // Epochs of one run have the same layers: keep to the view one was in.
            let before = model.browser.as_ref();
            let view = before.map(|b| b.view).or(model.memory.view());
            let orders = before.map_or(model.memory.orders(), |b| (b.tree.order, b.table.order));
            let mut browser = Browser::new(opened);
            browser.order_by(orders.0, orders.1);
            browser.part_of = parts::part_of(model, &path);
            if let Some(view) = view.filter(|_| !browser.checkpoint().tensors().is_empty()) {
                browser.change_view(view);
            }
            parts::returned(model, &mut browser, &path);
            model.browser = Some(browser);
            model.place = Place::Checkpoint;
            model.focus = Pane::Body;
            model.home.select(&path);
            return bookmarks::arrive(model, generation);
        }
        Err(reason) => model.complain(format!("{}: {reason}", shown_path(&path))),
    }
    Vec::new()
}

/// A filter is done.
pub(super) fn filtered(model: &mut Model, generation: u64, matches: Matches) -> Vec<Effect> {
    if model.jobs.filter == Some(generation) {
        model.jobs.filter = None;
        if let Some(browser) = &mut model.browser {
            browser.set_matches(Some(matches));
        }
    }
    Vec::new()
}

/// A worker panicked. The program goes on without what it would have brought.
pub(super) fn failed(model: &mut Model, generation: u64, message: String) -> Vec<Effect> {
    let jobs = &mut model.jobs;
    if jobs.scan == Some(generation) {
        jobs.scan = None;
        model.home.is_complete = true;
    }
    jobs.remove(generation);
    if model.home.reading.as_ref().is_some_and(|(newest, _)| *newest == generation)
        && let Some((_, path)) = model.home.reading.take()
    {
        model.home.given_up.insert(path);
    }
    model.home.curve.preparing.take_if(|newest| *newest == generation);
    let planning = |dialog: &Dialog| match dialog {
        Dialog::Clean(clean) => clean.generation == generation,
        Dialog::Export(export) => export.generation == generation,
        Dialog::Page(page) => page.generation == generation,
        Dialog::Link(_) | Dialog::Quit { .. } => false,
    };
    if matches!(&model.mode, Mode::Dialog(dialog) if planning(dialog)) {
        model.mode = Mode::Normal;
    }
    model.complain(message);
    Vec::new()
}
