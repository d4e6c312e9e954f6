//! The lists over the rest of the screen: moving in them, and what Enter does.

use super::super::action::Effect;
use super::super::commands::Command;
use super::super::model::popup::{Popup, What};
use super::super::model::{Mode, Model};
use super::bookmarks;

/// Shows one.
pub(super) fn show(model: &mut Model, what: What) -> Vec<Effect> {
    model.mode = Mode::Popup(Popup::of(what));
    Vec::new()
}

/// Moves in it while its line has the keys.
pub(super) fn moved(model: &mut Model, command: Command) {
    let Mode::Popup(popup) = &model.mode else { return };
    let rows = popup.found(model).len();
    let page = usize::from(model.layout().list_rows().height);
    if let Mode::Popup(popup) = &mut model.mode {
        popup.cursor.moved(command, None, rows, page);
    }
}

/// Enter: goes to the bookmark, or copies what was said.
pub(super) fn accept(model: &mut Model, popup: &Popup) -> Vec<Effect> {
    let Some(at) = popup.selected(model) else { return Vec::new() };
    match popup.what {
        What::Bookmarks => bookmarks::go(model, at),
        What::Messages => {
            let said = model.said.iter().rev().nth(at).map(|toast| toast.text.clone());
            said.map(Effect::Copy).into_iter().collect()
        }
    }
}
