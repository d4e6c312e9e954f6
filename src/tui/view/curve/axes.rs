//! The axes with their ticks and labels.

use ratatui::buffer::Buffer;

use super::super::put;
use super::geometry::Geometry;
use crate::plot::Axis;
use crate::plot::ticks::Tick;
use crate::tui::model::Model;

/// Draws both y axes and the x axis with its labels.
pub(super) fn draw(model: &Model, geometry: &Geometry, buffer: &mut Buffer) {
    let theme = model.theme;
    let glyphs = theme.glyphs;
    let plot = geometry.plot;
    let left = plot.x - 1;
    upright(model, geometry, left, (geometry.left, &geometry.left_ticks, glyphs.tick_left), buffer);
    put(buffer, (left, plot.bottom()), glyphs.corner, 1, theme.faint());
    for x in plot.x..plot.right() {
        put(buffer, (x, plot.bottom()), glyphs.horizontal, 1, theme.faint());
    }
    if let Some(axis) = geometry.right {
        upright(model, geometry, plot.right(), (axis, &geometry.right_ticks, glyphs.tick_right), buffer);
        put(buffer, (plot.right(), plot.bottom()), glyphs.corner_right, 1, theme.faint());
    }
    along(model, geometry, buffer);
}

fn upright(
    model: &Model,
    geometry: &Geometry,
    column: u16,
    (axis, ticks, glyph): (Axis, &[Tick], &str),
    buffer: &mut Buffer,
) {
    let theme = model.theme;
    let plot = geometry.plot;
    for y in plot.y..plot.bottom() {
        put(buffer, (column, y), theme.glyphs.vertical, 1, theme.faint());
    }
    let mut taken = None;
    for tick in ticks {
        let Some(y) = geometry.row(tick.value, axis).filter(|y| taken != Some(*y)) else { continue };
        taken = Some(y);
        put(buffer, (column, y), glyph, 1, theme.faint());
        let cells = tick.label.len() as u16;
        let start = if column < plot.x { column.saturating_sub(cells) } else { column + 1 };
        put(buffer, (start, y), &tick.label, cells, theme.text());
    }
}

/// Labels below the marks, centred under their ticks, none over another.
fn along(model: &Model, geometry: &Geometry, buffer: &mut Buffer) {
    let theme = model.theme;
    let curve = &model.home.curve;
    let Some(series) = curve.shown() else { return };
    let plot = geometry.plot;
    let whole = curve.lines.iter().all(|line| line.data.is_whole());
    let y = plot.bottom() + 2;
    let name = series.x.name();
    let mut free = plot.x.saturating_sub(1);
    let mut end = free;
    for tick in geometry.x_ticks(series.x, whole) {
        let Some(column) = geometry.column(tick.value) else { continue };
        put(buffer, (column, plot.bottom()), theme.glyphs.tick_below, 1, theme.faint());
        let cells = tick.label.len() as u16;
        let start = (column.saturating_sub(cells / 2)).max(free).min(plot.right().saturating_sub(cells));
        if start < free {
            continue;
        }
        put(buffer, (start, y), &tick.label, cells, theme.text());
        end = start + cells;
        free = end + 2;
    }
    // What is counted stands at the end of the labels, or between the last two.
    let cells = name.len() as u16;
    let right = plot.right().saturating_sub(cells);
    if right > end {
        put(buffer, (right, y), name, cells, theme.faint());
    }
}
