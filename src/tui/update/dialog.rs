//! Questions before something is written, and what their answers do.

use super::super::action::Effect;
use super::super::commands::Command;
use super::super::model::dialog::{Answer, Clean, Contents, Dialog, Export, Link, PlanRequest, target};
use super::super::model::jobs::{TaskKind, Unit};
use super::super::model::{Mode, Model};
use super::jobs;
use crate::runs::act::Plan;

/// Quits, or asks whether to while something is written or computed.
pub(super) fn quit(model: &mut Model) -> Vec<Effect> {
    let jobs = model.jobs.at_work().count() as u16;
    if jobs == 0 {
        return vec![Effect::Quit];
    }
    model.mode = Mode::Dialog(Box::new(Dialog::Quit { jobs }));
    Vec::new()
}

/// Asks whether to make the link.
pub(super) fn link(model: &mut Model) -> Vec<Effect> {
    let Some(path) = target(&model.home).map(|row| row.path.clone()) else { return Vec::new() };
    // A copy or link stands for its original.
    let original = model.home.index.row(&path).and_then(|row| row.same_as.clone());
    let original = original.filter(|o| o.parent() == path.parent());
    let link = Link::to(&model.home, original.as_deref().unwrap_or(&path));
    model.mode = Mode::Dialog(Box::new(Dialog::Link(link)));
    Vec::new()
}

/// Asks what to keep of the run.
pub(super) fn clean(model: &mut Model) -> Vec<Effect> {
    let generation = model.jobs.number();
    let Some(run) = model.home.run() else { return Vec::new() };
    let clean = Clean::of(run, model.home.curve.chosen(), generation);
    let effects = plan(model, &clean);
    model.mode = Mode::Dialog(Box::new(Dialog::Clean(clean)));
    effects
}

/// Asks whether to write the weights of the checkpoint, once it is known what they are.
pub(super) fn export(model: &mut Model) -> Vec<Effect> {
    let Some(path) = target(&model.home).map(|row| row.path.clone()) else { return Vec::new() };
    let generation = model.jobs.number();
    let export = Export::of(&path, generation);
    let effect = Effect::PlanExport(generation, export.source.clone(), export.target.clone());
    model.mode = Mode::Dialog(Box::new(Dialog::Export(export)));
    vec![effect]
}

/// What would be written is known, or cannot be written.
pub(super) fn export_planned(
    model: &mut Model,
    generation: u64,
    contents: Result<Contents, String>,
) -> Vec<Effect> {
    let Mode::Dialog(dialog) = &mut model.mode else { return Vec::new() };
    let Dialog::Export(export) = &mut **dialog else { return Vec::new() };
    if export.generation != generation {
        return Vec::new();
    }
    match contents {
        Ok(contents) => export.contents = Some(contents),
        Err(reason) => {
            model.mode = Mode::Normal;
            model.complain(reason);
        }
    }
    Vec::new()
}

fn plan(model: &Model, clean: &Clean) -> Vec<Effect> {
    let run = model.home.index.runs.iter().find(|run| run.path == clean.run);
    let Some(run) = run.cloned() else { return Vec::new() };
    let request =
        PlanRequest { run, keep: clean.keep, metric: clean.metric.clone(), marked: model.home.marked() };
    vec![Effect::PlanCleanUp(clean.generation, Box::new(request))]
}

/// A plan is made, or there is none.
pub(super) fn planned(model: &mut Model, generation: u64, plan: Result<Box<Plan>, String>) -> Vec<Effect> {
    let Mode::Dialog(dialog) = &mut model.mode else { return Vec::new() };
    let Dialog::Clean(clean) = &mut **dialog else { return Vec::new() };
    if clean.generation != generation {
        return Vec::new();
    }
    match plan {
        Ok(plan) => clean.plan = Some(*plan),
        Err(reason) => {
            model.mode = Mode::Normal;
            model.complain(reason);
        }
    }
    Vec::new()
}

/// What was asked for is done, or was not possible. The folders are looked at again either way.
pub(super) fn acted(model: &mut Model, generation: u64, result: Result<String, String>) -> Vec<Effect> {
    model.jobs.finish(TaskKind::Write, generation);
    let effects = jobs::rescan(model);
    match result {
        Ok(text) => model.say(text),
        Err(reason) => model.complain(reason),
    }
    effects
}

/// An answer to the question shown.
pub(super) fn answer(model: &mut Model, answer: Answer) -> Vec<Effect> {
    let Mode::Dialog(dialog) = std::mem::take(&mut model.mode) else { return Vec::new() };
    match (answer, *dialog) {
        (Answer::No, Dialog::Quit { .. }) => Vec::new(),
        (Answer::No, _) => {
            model.say("nothing was changed");
            Vec::new()
        }
        (Answer::Yes, dialog) => agreed(model, dialog),
        (Answer::More | Answer::Fewer, Dialog::Clean(mut clean)) => {
            // The best one always stays.
            let keep =
                if answer == Answer::More { clean.keep + 1 } else { clean.keep.saturating_sub(1).max(1) };
            clean.keep = keep.min(100_000);
            clean.generation = model.jobs.number();
            let effects = plan(model, &clean);
            model.mode = Mode::Dialog(Box::new(Dialog::Clean(clean)));
            effects
        }
        (_, other) => {
            model.mode = Mode::Dialog(Box::new(other));
            Vec::new()
        }
    }
}

fn agreed(model: &mut Model, dialog: Dialog) -> Vec<Effect> {
    match dialog {
        Dialog::Quit { .. } => vec![Effect::Quit],
        Dialog::Link(link) => match link.obstacle() {
            Some(reason) => {
                model.complain(reason);
                Vec::new()
            }
            None => vec![Effect::LinkBest(model.jobs.number(), link.target)],
        },
        Dialog::Export(export) => match &export.contents {
            Some(contents) if contents.exists => {
                model.complain("that file exists and is not replaced");
                Vec::new()
            }
            Some(_) => {
                let title = "writing weights";
                let (generation, work) = model.jobs.begin(TaskKind::Write, title, Unit::Bytes, model.ticks);
                vec![Effect::Export(generation, work, export.source, export.target)]
            }
            None => {
                model.mode = Mode::Dialog(Box::new(Dialog::Export(export)));
                Vec::new()
            }
        },
        Dialog::Page(page) => super::page::agreed(model, page),
        Dialog::Clean(clean) => match clean.plan {
            Some(plan) if plan.remove.is_empty() => {
                model.say("there is nothing to clean up");
                Vec::new()
            }
            Some(plan) => {
                let title = "moving to the trash";
                let (generation, work) = model.jobs.begin(TaskKind::Write, title, Unit::Things, model.ticks);
                vec![Effect::CleanUp(generation, work, Box::new(plan))]
            }
            // Not known yet what would be done: the question stays.
            None => {
                model.mode = Mode::Dialog(Box::new(Dialog::Clean(clean)));
                Vec::new()
            }
        },
    }
}

/// Moves in the list of the question.
pub(super) fn moved(model: &mut Model, command: Command) {
    let page = usize::from(model.layout().dialog_rows().height);
    if let Mode::Dialog(dialog) = &mut model.mode {
        let rows = dialog.rows();
        if let Some(cursor) = dialog.cursor() {
            cursor.moved(command, None, rows, page);
        }
    }
}
