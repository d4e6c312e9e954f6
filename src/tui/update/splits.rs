//! Moving the borders between panes, by key and by mouse.

use super::super::action::Effect;
use super::super::commands::Command;
use super::super::model::Model;
use super::super::model::splits::{Grip, Splits};

/// Cells a key moves a border by.
const STEP: i32 = 4;

/// Makes the focused pane larger or smaller, by a step or by so many cells.
pub(super) fn resize(model: &mut Model, command: Command, count: Option<usize>) -> Vec<Effect> {
    let by = count.map_or(STEP, |n| i32::try_from(n).unwrap_or(i32::MAX));
    let Some((border, is_before)) = model.layout().border_of(model.focus) else { return Vec::new() };
    let grows = command == Command::Wider;
    let share = border.moved(if grows == is_before { by } else { -by });
    model.splits.set(border.split, Some(share));
    Vec::new()
}

/// All borders where they are by themselves.
pub(super) fn reset(model: &mut Model) -> Vec<Effect> {
    model.splits = Splits::default();
    model.say("all panes as they are by themselves");
    Vec::new()
}

/// Takes hold of the border at a cell; false where there is none.
pub(super) fn grab(model: &mut Model, x: u16, y: u16) -> bool {
    model.grip = model.layout().border_at(x, y).map(|(border, off)| Grip { split: border.split, off });
    model.grip.is_some()
}

/// The border goes where the pointer does; false when none is held.
pub(super) fn drag(model: &mut Model, x: u16, y: u16) -> bool {
    let Some(grip) = model.grip else { return false };
    if let Some(border) = model.layout().border(grip.split) {
        model.splits.set(grip.split, Some(border.dragged(x, y, grip.off)));
    }
    true
}
