//! Choosing from a list: the metrics on the plot, searched while one types, and the sections that are compared.

use super::super::commands::Command;
use super::super::model::{Mode, Model};

/// Enter: the selected metric comes onto the plot, or goes.
pub(super) fn accept(model: &mut Model) {
    let Mode::Metrics { input, cursor } = &model.mode else { return };
    let found = model.home.curve.search(input.value());
    let Some(at) = found.get(cursor.at).copied() else { return };
    let curve = &mut model.home.curve;
    if at == curve.at {
        model.say("this one leads: c lets another metric lead");
        return;
    }
    let Some(name) = curve.series.get(at).map(|s| s.name.clone()) else { return };
    curve.toggle_metric(&name);
    model.home.redraw();
}

/// Moves in the list while its line has the keys.
pub(super) fn moved(model: &mut Model, command: Command) {
    let layout = model.layout();
    let rows = usize::from(layout.picker().height).saturating_sub(4);
    if let Mode::Sections(cursor) = &mut model.mode {
        let sections = model.compare.as_ref().and_then(|view| Some(view.data.as_ref()?.sections.len()));
        cursor.moved(command, None, sections.unwrap_or(0), layout.sections().height.into());
    }
    if let Mode::Metrics { input, cursor } = &mut model.mode {
        let found = model.home.curve.search(input.value()).len();
        cursor.moved(command, None, found, rows);
    }
}
