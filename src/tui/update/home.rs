//! Commands on the first screen: the list, the curve, the facts.

use super::super::action::Effect;
use super::super::commands::Command;
use super::super::model::listing::Row;
use super::super::model::{Model, Pane};
use super::{curve, jobs};
use crate::runs::Status;

pub(super) fn run(model: &mut Model, command: Command, count: Option<usize>) -> Vec<Effect> {
    if command == Command::Best {
        if let Some(path) = model.home.best().map(|best| best.path.clone()) {
            model.home.select(&path);
            model.home.moved();
        }
        return Vec::new();
    }
    match model.focus {
        Pane::Curve => curve::run(model, command, count),
        Pane::Facts => {
            let page = model.layout().text(Pane::Facts).height.into();
            model.home.facts.moved(command, count, page);
            Vec::new()
        }
        _ => in_list(model, command, count),
    }
}

fn in_list(model: &mut Model, command: Command, count: Option<usize>) -> Vec<Effect> {
    let page = model.layout().rows(Pane::Runs).height.into();
    let home = &mut model.home;
    if home.list.cursor.moved(command, count, home.list.rows.len(), page) {
        home.moved();
        return Vec::new();
    }
    match command {
        Command::NextMatch | Command::PreviousMatch => next_match(model, command),
        Command::Open => return open(model),
        Command::Fold => fold(model),
        Command::Left | Command::Right => fold_towards(model, command),
        Command::FoldAll | Command::UnfoldAll => {
            home.list.folded.clear();
            if command == Command::FoldAll {
                home.list.folded.extend(home.index.runs.iter().map(|r| r.path.clone()));
            }
            home.rebuild();
        }
        Command::Sort => {
            home.list.order = home.list.order.next();
            home.list.descending = false;
            home.rebuild();
            let order = model.home.list.order.title();
            model.say(format!("sorted by {order}"));
        }
        Command::SortReverse => {
            home.list.descending = !home.list.descending;
            home.rebuild();
        }
        _ => {}
    }
    Vec::new()
}

/// Opens the selected checkpoint, or folds the selected run.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    if let Some(Row::Checkpoint(..)) = model.home.list.row() {
        let Some(row) = model.home.checkpoint() else { return Vec::new() };
        if let (Status::Broken | Status::Truncated, None, Some(reason)) =
            (row.status, row.format, row.error.clone())
        {
            model.complain(format!("cannot be opened: {reason}"));
            return Vec::new();
        }
        let path = row.path.clone();
        jobs::open(model, path)
    } else {
        fold(model);
        Vec::new()
    }
}

fn fold(model: &mut Model) {
    let home = &mut model.home;
    if let Some(Row::Checkpoint(run, _)) = home.list.row() {
        // Folding from inside a run folds that run.
        if let Some(at) = home.list.rows.iter().position(|r| *r == Row::Run(run)) {
            home.list.cursor.at = at;
        }
    }
    if home.list.toggle(&home.index) {
        home.moved();
        home.rebuild();
    }
}

/// Left closes the run, or goes to it from inside; Right opens it, or goes into it.
fn fold_towards(model: &mut Model, command: Command) {
    let home = &mut model.home;
    let is_open = match home.list.row() {
        Some(Row::Run(_)) => home.run().is_some_and(|r| !home.list.folded.contains(&r.path)),
        Some(Row::SkippedHeading) => home.list.skipped_open,
        Some(Row::Checkpoint(run, _)) => {
            if let (Command::Left, Some(at)) =
                (command, home.list.rows.iter().position(|r| *r == Row::Run(run)))
            {
                home.list.cursor.at = at;
                home.moved();
            }
            return;
        }
        Some(Row::Skipped(_)) | None => return,
    };
    match (command, is_open) {
        (Command::Left, true) | (Command::Right, false) => fold(model),
        (Command::Right, true) => {
            home.list.cursor.at = (home.list.cursor.at + 1).min(home.list.rows.len().saturating_sub(1));
            home.moved();
        }
        _ => {}
    }
}

/// The next checkpoint, passing over runs: with a filter, every checkpoint listed is a match.
fn next_match(model: &mut Model, command: Command) {
    let home = &mut model.home;
    let len = home.list.rows.len();
    let mut at = home.list.cursor.at;
    for _ in 0..len {
        at = if command == Command::NextMatch { (at + 1) % len } else { (at + len - 1) % len };
        if matches!(home.list.rows.get(at), Some(Row::Checkpoint(..))) {
            home.list.cursor.at = at;
            home.moved();
            return;
        }
    }
}
