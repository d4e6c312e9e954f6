//! Draws a document: headings, facts in two columns, items, code.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{put, rows};
use crate::text::fit::{self, Keep};
use crate::tui::model::Model;
use crate::tui::model::document::{Document, Line, Mark, Scroll, names};
use crate::tui::theme::Theme;

/// Draws the part of a document that is in the window.
pub(super) fn draw(model: &Model, document: &Document, scroll: Scroll, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let mut skip = scroll.first;
    let mut y = area.y;
    let cells = usize::from(area.width);
    let mut total = 0;
    for line in document {
        let pieces = line.pieces(cells);
        total += pieces.len();
        for (i, (indent, piece)) in pieces.into_iter().enumerate() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            if y >= area.bottom() {
                break;
            }
            if i == 0 {
                lead(theme, line, (area.x, y), cells, buffer);
            }
            let indent = indent as u16;
            let room = area.width.saturating_sub(indent);
            let shown =
                if matches!(line, Line::Keys(_)) { model.keys.spell(&piece) } else { (&*piece).into() };
            put(buffer, (area.x + indent, y), &shown, room, style(theme, line));
            y += 1;
        }
    }
    let bar = Rect { width: area.width + 1, ..area };
    rows::scroll_bar(model, bar, scroll.first, total, buffer);
}

/// What stands before the text of a line: the name of a fact, the mark of an item.
fn lead(theme: Theme, line: &Line, at: (u16, u16), cells: usize, buffer: &mut Buffer) {
    let glyphs = theme.glyphs;
    match line {
        Line::Fact(name, _) => {
            let room = names(cells).saturating_sub(1);
            put(buffer, at, &fit::cut(name, room, Keep::Start, glyphs.cut), room as u16, theme.faint());
        }
        Line::Named(name, _, indent) => {
            let room = (*indent).min(cells / 2).saturating_sub(1);
            put(buffer, at, &fit::cut(name, room, Keep::Start, glyphs.cut), room as u16, theme.faint());
        }
        Line::Item(mark, _) => {
            let (glyph, style) = match mark {
                Mark::Dot => (glyphs.dot, theme.faint()),
                Mark::Good => (glyphs.best, theme.good()),
                Mark::Warning => ("!", theme.warning()),
                Mark::Error => (glyphs.broken, theme.error()),
            };
            put(buffer, at, glyph, 1, style);
        }
        _ => {}
    }
}

fn style(theme: Theme, line: &Line) -> Style {
    match line {
        Line::Heading(_) => theme.strong(),
        Line::Hint(_) | Line::Keys(_) => theme.faint(),
        _ => theme.text(),
    }
}
