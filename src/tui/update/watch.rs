//! Files that change while they are shown.
//!
//! The list follows by itself. An opened checkpoint that is replaced is read again; one that is cut off,
//! broken or gone stays as it was read, and says so: what is shown is never a mixture of two saves.

use super::super::action::Effect;
use super::super::model::{Model, Place};
use super::jobs;
use crate::runs::watch::Change;
use crate::runs::{CheckpointRow, Status};
use crate::text::shown_path;

/// Takes in what happened on disk.
pub(super) fn changed(model: &mut Model, changes: Vec<Change>) -> Vec<Effect> {
    let mut effects = Vec::new();
    let open = match model.place {
        Place::Checkpoint => model.browser.as_ref().map(|b| b.checkpoint().path().to_owned()),
        _ => None,
    };
    for change in changes {
        match change {
            Change::Row(row) => {
                if open.as_ref() == Some(&row.path) {
                    effects.extend(shown_changed(model, &row));
                }
                model.home.update(*row);
            }
            Change::Log(log) => model.home.log(log),
            Change::Gone(path) => {
                if open.as_ref() == Some(&path) {
                    let name = shown_path(&path);
                    model.complain(format!("{name} is no longer there; what is shown was read before"));
                }
                model.home.remove(&path);
            }
        }
    }
    effects
}

/// The checkpoint on the screen has changed on disk.
fn shown_changed(model: &mut Model, row: &CheckpointRow) -> Vec<Effect> {
    let held = model.browser.as_ref().and_then(|b| b.checkpoint().identity());
    if held.is_some_and(|held| held.size == row.bytes && held.modified() == row.modified) {
        return Vec::new();
    }
    let name = shown_path(&row.path);
    match row.status {
        Status::Ok | Status::RunsCode => {
            model.say(format!("{name} was saved again; read anew"));
            jobs::open(model, row.path.clone())
        }
        Status::Growing => {
            model.say(format!("{name} is being written; it is read again once it is whole"));
            Vec::new()
        }
        Status::Truncated | Status::Broken => {
            let reason = row.error.as_deref().unwrap_or("it cannot be read any more");
            model.complain(format!("{name} changed on disk: {reason}; what is shown was read before"));
            Vec::new()
        }
    }
}
