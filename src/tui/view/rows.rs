//! What the lists have in common: headings, the selected row, the scroll bar, words for an empty list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::put;
use crate::text::fit;
use crate::tui::model::cursor::Cursor;
use crate::tui::model::{Model, Pane};

/// Draws the rows of the window with `row`, marks the selected one, and returns its first cell.
pub(super) fn draw(
    model: &Model,
    pane: Pane,
    area: Rect,
    cursor: Cursor,
    len: usize,
    buffer: &mut Buffer,
    mut row: impl FnMut(usize, Rect, &mut Buffer),
) -> Option<(u16, u16)> {
    let mut selected = None;
    for (y, at) in (area.y..area.bottom()).zip(cursor.window(len, area.height.into())) {
        let line = Rect { y, height: 1, ..area };
        row(at, line, buffer);
        if at == cursor.at {
            mark(model, pane, line, buffer);
            selected = Some((line.x, line.y));
        }
    }
    scroll_bar(model, area, cursor.first, len, buffer);
    selected
}

/// Marks the selected row: reversed where the focus is, else bold and underlined. The colours of the row go,
/// so that it reads as one.
fn mark(model: &Model, pane: Pane, line: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let style = if model.focus == pane { theme.selected() } else { theme.selected_elsewhere() };
    buffer.set_style(line, Style::reset());
    buffer.set_style(line, style);
}

/// A thumb on the right border when there is more than fits.
pub(super) fn scroll_bar(model: &Model, area: Rect, first: usize, len: usize, buffer: &mut Buffer) {
    let height = usize::from(area.height);
    if len <= height || height < 2 {
        return;
    }
    let size = (height * height / len).clamp(1, height - 1);
    let top = (height - size) * first.min(len - height) / (len - height);
    let x = area.right();
    for y in top..top + size {
        let theme = model.theme;
        put(buffer, (x, area.y + y as u16), theme.glyphs.thumb, 1, theme.accent());
    }
}

/// Says in the middle of an empty pane what is going on and what to do.
pub(super) fn empty(model: &Model, area: Rect, lines: &[String], buffer: &mut Buffer) {
    let width = usize::from(area.width.saturating_sub(2));
    let wrapped: Vec<&str> = lines.iter().flat_map(|line| fit::wrap(line, width)).collect();
    let top = area.y + area.height.saturating_sub(wrapped.len() as u16) / 3;
    for (y, line) in (top..area.bottom()).zip(wrapped) {
        put(buffer, (area.x + 1, y), line, width as u16, model.theme.text());
    }
}

/// What a bookmark is shown as.
pub(super) fn bookmark(model: &Model) -> &'static str {
    if model.theme.glyphs.ascii { "'" } else { "⚑" }
}
