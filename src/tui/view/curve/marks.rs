//! Marks along the axis: checkpoints on disk, the best, values that are no numbers, the turn, the cursor.

use ratatui::buffer::Buffer;
use ratatui::style::{Modifier, Style};

use super::super::put;
use super::geometry::Geometry;
use crate::tui::model::Model;
use crate::tui::model::curve::{Line, x_of};

/// Draws the line of marks.
pub(super) fn draw(model: &Model, geometry: &Geometry, buffer: &mut Buffer) {
    let theme = model.theme;
    let glyphs = theme.glyphs;
    let curve = &model.home.curve;
    let Some(axis) = curve.shown().map(|s| s.x) else { return };
    let y = geometry.plot.bottom() + 1;
    let mut mark = |x: f64, glyph: &str, style: Style| {
        if let Some(column) = geometry.column(x) {
            put(buffer, (column, y), glyph, 1, style);
        }
    };
    for row in model.home.run().map(|run| run.checkpoints.as_slice()).unwrap_or_default() {
        if let Some(x) = x_of(row, axis) {
            mark(x, glyphs.dot, theme.faint());
        }
    }
    if let Some(turn) = curve.turn.as_ref().filter(|turn| turn.x == axis) {
        mark(turn.at, glyphs.turn, theme.warning());
    }
    // Other runs have other checkpoints: their best points are marked on their lines alone.
    let own = |line: &&Line| curve.lines.first().is_some_and(|lead| lead.run == line.run);
    for line in curve.lines.iter().rev().filter(own) {
        if let Some((x, _)) = line.data.best() {
            mark(x, glyphs.best, theme.good());
        }
    }
    broken(model, geometry, buffer);
    pointer(model, geometry, buffer);
}

/// Columns that hold values which are no numbers.
fn broken(model: &Model, geometry: &Geometry, buffer: &mut Buffer) {
    let plot = geometry.plot;
    let theme = model.theme;
    let lines = model.home.curve.lines.iter();
    let hurt: Vec<_> = lines.filter(|line| line.data.broken().is_some()).collect();
    if hurt.is_empty() {
        return;
    }
    for column in plot.x..plot.right() {
        let (low, high) = geometry.column_span(column);
        if hurt.iter().any(|line| line.data.extent(low, high.next_down()).broken > 0) {
            put(buffer, (column, plot.bottom() + 1), theme.glyphs.broken, 1, theme.error());
        }
    }
}

fn pointer(model: &Model, geometry: &Geometry, buffer: &mut Buffer) {
    let theme = model.theme;
    let glyphs = theme.glyphs;
    let Some(column) = model.home.curve.x.and_then(|x| geometry.column(x)) else { return };
    let at = (column, geometry.plot.bottom() + 1);
    let free = buffer.cell(at).is_none_or(|cell| cell.symbol() == " " || cell.symbol() == glyphs.dot);
    if free {
        put(buffer, at, glyphs.pointer, 1, theme.lively());
    } else if let Some(cell) = buffer.cell_mut(at) {
        cell.set_style(cell.style().add_modifier(Modifier::REVERSED));
    }
}
