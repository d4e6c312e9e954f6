//! The lines themselves: raw ones faint behind smoothed ones, the leading one in front, each with its letter.

use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

use super::super::put;
use super::geometry::Geometry;
use crate::plot::{Canvas, Pen, trace};
use crate::tui::model::Model;
use crate::tui::model::curve::{Line, nearest};

/// The letter of a line.
pub(super) fn letter(number: usize) -> char {
    char::from(b'A'.saturating_add(u8::try_from(number).unwrap_or(25).min(25)))
}

/// Draws the lines, the cursor behind them and their best points.
pub(super) fn draw(model: &Model, geometry: &Geometry, buffer: &mut Buffer) {
    upright(model, geometry, buffer);
    let canvas = canvas(model, geometry);
    let theme = model.theme;
    let plot = geometry.plot;
    let mut utf8 = [0; 4];
    for row in 0..plot.height {
        for column in 0..plot.width {
            let Some((glyph, pen)) = canvas.glyph(column, row) else { continue };
            let style = theme.line(usize::from(pen.line));
            let style = if pen.faint { theme.faint() } else { style };
            put(buffer, (plot.x + column, plot.y + row), glyph.encode_utf8(&mut utf8), 1, style);
        }
    }
    let lines = &model.home.curve.lines;
    if lines.len() > 1 {
        letters(model, geometry, &canvas, buffer);
    }
    for line in lines {
        best(model, geometry, line, buffer);
    }
    cursor(model, geometry, buffer);
}

/// The vertical lines behind everything: where a run turned, and the cursor.
fn upright(model: &Model, geometry: &Geometry, buffer: &mut Buffer) {
    let theme = model.theme;
    let curve = &model.home.curve;
    let turn = curve.turn.as_ref().filter(|turn| curve.shown().is_some_and(|s| s.x == turn.x)).map(|t| t.at);
    for (x, glyph) in [(turn, theme.glyphs.vertical_faint), (curve.x, theme.glyphs.vertical)] {
        let Some(column) = x.and_then(|x| geometry.column(x)) else { continue };
        for y in geometry.plot.y..geometry.plot.bottom() {
            put(buffer, (column, y), glyph, 1, theme.faint());
        }
    }
}

fn canvas(model: &Model, geometry: &Geometry) -> Canvas {
    let plot = geometry.plot;
    let mut canvas = Canvas::new(plot.width, plot.height, model.theme.glyphs.ascii);
    let lines = &model.home.curve.lines;
    for (number, line) in lines.iter().enumerate().rev() {
        let pen = |faint| Pen { line: number as u8, faint };
        let y = geometry.y_of(line);
        match line.data.smoothed() {
            Some(smoothed) => {
                trace::line(&mut canvas, pen(true), line.data.raw(), geometry.x, y);
                trace::line(&mut canvas, pen(false), smoothed, geometry.x, y);
            }
            None => trace::line(&mut canvas, pen(false), line.data.raw(), geometry.x, y),
        }
    }
    canvas
}

/// A letter on each line twice over its length, those of several lines not in one column.
fn letters(model: &Model, geometry: &Geometry, canvas: &Canvas, buffer: &mut Buffer) {
    let plot = geometry.plot;
    let lines = &model.home.curve.lines;
    let spread = (lines.len() * 2) as u16;
    let mut utf8 = [0; 4];
    for number in 0..lines.len() {
        for half in 0..2_u16 {
            let slot = number as u16 + half * lines.len() as u16;
            let from = (u32::from(plot.width) * (2 * u32::from(slot) + 1) / (2 * u32::from(spread))) as u16;
            let until = (from + plot.width / spread).min(plot.width);
            // A gap here: the next place where the line is.
            let place = (from..until).find_map(|c| Some((c, canvas.rows_of(number as u8, c).next()?)));
            if let Some((column, row)) = place {
                let style = model.theme.line(number).add_modifier(Modifier::BOLD);
                let text = letter(number).encode_utf8(&mut utf8);
                put(buffer, (plot.x + column, plot.y + row), text, 1, style);
            }
        }
    }
}

fn best(model: &Model, geometry: &Geometry, line: &Line, buffer: &mut Buffer) {
    let Some((x, y)) = line.data.best() else { return };
    let at = geometry.column(x).zip(geometry.row(y, geometry.y_of(line)));
    if let Some(at) = at {
        put(buffer, at, model.theme.glyphs.best, 1, model.theme.good());
    }
}

/// The point of each line under the cursor, reversed: seen without colour.
fn cursor(model: &Model, geometry: &Geometry, buffer: &mut Buffer) {
    let Some(x) = model.home.curve.x else { return };
    for line in &model.home.curve.lines {
        let points = line.data.smoothed().unwrap_or_else(|| line.data.raw()).points;
        let point = nearest(points, x).and_then(|at| points.get(at).copied());
        let Some((px, py)) = point else { continue };
        let (Some(column), Some(row)) = (geometry.column(px), geometry.row(py, geometry.y_of(line))) else {
            continue;
        };
        if geometry.column(x) == Some(column)
            && let Some(cell) = buffer.cell_mut((column, row))
        {
            cell.set_style(cell.style().add_modifier(Modifier::REVERSED));
        }
    }
}
