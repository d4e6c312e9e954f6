//! Writing a page about what is on the screen, once that was agreed to.

use std::path::PathBuf;

use super::super::action::Effect;
use super::super::model::dialog::Dialog;
use super::super::model::jobs::{TaskKind, Unit};
use super::super::model::page::Page;
use super::super::model::{Mode, Model};
use crate::report::Request;

/// Asks whether to write it, once a free name is known.
pub(super) fn ask(model: &mut Model) -> Vec<Effect> {
    let generation = model.jobs.number();
    let Some(page) = Page::of(model, generation) else { return Vec::new() };
    let effect = Effect::PlanPage(generation, page.name.clone());
    model.mode = Mode::Dialog(Box::new(Dialog::Page(page)));
    vec![effect]
}

/// The file that would be written is known, or there is none.
pub(super) fn planned(model: &mut Model, generation: u64, target: Result<PathBuf, String>) -> Vec<Effect> {
    let Mode::Dialog(dialog) = &mut model.mode else { return Vec::new() };
    let Dialog::Page(page) = &mut **dialog else { return Vec::new() };
    if page.generation != generation {
        return Vec::new();
    }
    match target {
        Ok(target) => page.target = Some(target),
        Err(reason) => {
            model.mode = Mode::Normal;
            model.complain(reason);
        }
    }
    Vec::new()
}

/// Has it written.
pub(super) fn agreed(model: &mut Model, page: Page) -> Vec<Effect> {
    let Some(target) = page.target.clone() else {
        // Not known yet what would be written: the question stays.
        model.mode = Mode::Dialog(Box::new(Dialog::Page(page)));
        return Vec::new();
    };
    let Some(source) = page.source(model) else {
        model.complain("what the report was about is gone");
        return Vec::new();
    };
    let (generation, work) = model.jobs.begin(TaskKind::Write, "writing a report", Unit::Bytes, model.ticks);
    let request = Request { metric: page.metric, values: true };
    vec![Effect::Page(generation, work, Box::new(source), request, target)]
}
