//! Marks: A, the model's side, and B. Two marked checkpoints are compared; a third takes the place of B, so that one
//! checkpoint is easily held against many. Marks stay until they are taken back, and nothing marked is ever removed.

use std::path::{Path, PathBuf};

use super::super::action::Effect;
use super::super::model::listing::file_name;
use super::super::model::{Model, Pane, Place};
use super::compare;
use crate::text::shown;

/// The checkpoint a mark would be put on.
pub(in crate::tui) fn markable(model: &Model) -> Option<PathBuf> {
    match (model.place, model.focus) {
        (Place::Checkpoint, Pane::Body | Pane::Detail) => model.opened_path().map(PathBuf::from),
        (Place::Home | Place::Checkpoint, Pane::Runs) => model.home.checkpoint().map(|row| row.path.clone()),
        (Place::Timeline, _) => model.timeline.as_ref()?.path().map(PathBuf::from),
        _ => None,
    }
}

/// Marks a checkpoint as A, or as B, which compares the two. A marked one loses its mark.
pub(super) fn mark(model: &mut Model) -> Vec<Effect> {
    let Some(path) = markable(model) else { return Vec::new() };
    if let Some(at) = model.home.marks.iter().position(|marked| *marked == path) {
        model.home.marks.remove(at);
        let left = model.home.marks.first().map(|a| name(a));
        model.say(match left {
            Some(a) => format!("no longer marked; A is {a}"),
            None => "no longer marked".to_owned(),
        });
        return Vec::new();
    }
    model.home.marks.truncate(1);
    model.home.marks.push(path);
    if let [a, b] = model.home.marks.as_slice() {
        let paths = [a.clone(), b.clone()];
        return compare::begin(model, paths);
    }
    let said = model.home.marks.first().map(|a| name(a)).unwrap_or_default();
    let key = model.keys.first(super::super::commands::Command::Mark);
    model.say(format!("A is {said}: the model to load into; {key} on another compares"));
    Vec::new()
}

/// The letter of a marked checkpoint.
pub(in crate::tui) fn letter(model: &Model, path: &Path) -> Option<&'static str> {
    let at = model.home.marks.iter().position(|marked| marked == path)?;
    ["A", "B"].get(at).copied()
}

/// What `m` does, for the footer.
pub(in crate::tui) fn label(model: &Model) -> &'static str {
    let Some(path) = markable(model) else { return "" };
    if model.home.marks.contains(&path) {
        "unmark"
    } else if model.home.marks.is_empty() {
        "mark"
    } else {
        "compare"
    }
}

fn name(path: &Path) -> String {
    shown(&file_name(path)).into_owned()
}
