//! Lists over the rest: bookmarks, and what was said. Below the list stands all of what is selected.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Borders, Clear, Widget as _};

use super::{put, put_right, rows};
use crate::text::fit::{self, Keep};
use crate::text::{shown, shown_path};
use crate::tui::layout::Layout;
use crate::tui::model::popup::{Popup, What, name};
use crate::tui::model::{Mode, Model};

/// Draws the list; returns the cell where text is typed.
pub(super) fn draw(model: &Model, layout: &Layout, buffer: &mut Buffer) -> (u16, u16) {
    let theme = model.theme;
    let area = layout.list();
    let Mode::Popup(popup) = &model.mode else { return (area.x, area.y) };
    Clear.render(area, buffer);
    let title = match popup.what {
        What::Bookmarks => " Bookmarks: Enter goes there, Delete removes, Esc closes ",
        What::Messages => " What was said, newest first: Enter copies, Esc closes ",
    };
    Block::new()
        .borders(Borders::ALL)
        .border_set(theme.glyphs.border_focused)
        .border_style(theme.focus())
        .title(fit::cut(title, usize::from(area.width).saturating_sub(2), Keep::Start, theme.glyphs.cut))
        .title_style(theme.accent())
        .render(area, buffer);
    let inner = Rect { x: area.x + 2, y: area.y + 1, width: area.width.saturating_sub(4), height: 1 };
    let used = put(buffer, (inner.x, inner.y), "/ ", 2, theme.accent());
    let room = inner.width.saturating_sub(used);
    let typed = shown(popup.input.value());
    put(buffer, (inner.x + used, inner.y), fit::head(&typed, usize::from(room)), room, theme.strong());
    let found = popup.found(model);
    let list = layout.list_rows();
    for (y, at) in (list.y..list.bottom()).zip(popup.cursor.window(found.len(), list.height.into())) {
        let line = Rect { y, height: 1, ..list };
        if let Some(number) = found.get(at) {
            row(model, popup, *number, line, buffer);
        }
        if at == popup.cursor.at {
            buffer.set_style(line, ratatui::style::Style::reset());
            buffer.set_style(line, theme.selected());
        }
    }
    rows::scroll_bar(model, list, popup.cursor.first, found.len(), buffer);
    let below = layout.list_detail();
    match found.get(popup.cursor.at) {
        Some(number) => detail(model, popup, *number, below, buffer),
        None => rows::empty(model, list, &nothing(model, popup), buffer),
    }
    (inner.x + used + (popup.input.visual_cursor() as u16).min(room), inner.y)
}

fn row(model: &Model, popup: &Popup, at: usize, line: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    match popup.what {
        What::Bookmarks => {
            let Some(bookmark) = model.home.bookmarks.get(at) else { return };
            let gone = model.home.is_complete && model.home.index.row(&bookmark.path).is_none();
            let remark = if gone { "not found here " } else { "" };
            put_right(buffer, line, remark, theme.warning());
            let room = line.width.saturating_sub(4 + remark.len() as u16);
            put(buffer, (line.x + 1, line.y), rows::bookmark(model), 1, theme.warning());
            let text = name(bookmark);
            let text = fit::cut(&text, usize::from(room), Keep::End, theme.glyphs.cut);
            put(buffer, (line.x + 3, line.y), &text, room, theme.text());
        }
        What::Messages => {
            let Some(toast) = model.said.iter().rev().nth(at) else { return };
            let (mark, style) = if toast.is_error {
                (theme.glyphs.broken, theme.error())
            } else {
                (theme.glyphs.middot, theme.text())
            };
            put(buffer, (line.x + 1, line.y), mark, 1, style);
            let room = line.width.saturating_sub(4);
            let text = fit::cut(&toast.text, usize::from(room), Keep::Start, theme.glyphs.cut);
            put(buffer, (line.x + 3, line.y), &text, room, style);
        }
    }
}

/// All of what is selected, as far as there is room.
fn detail(model: &Model, popup: &Popup, at: usize, area: Rect, buffer: &mut Buffer) {
    let text = match popup.what {
        What::Bookmarks => match model.home.bookmarks.get(at) {
            Some(mark) => {
                let inside = mark.name.as_ref().map(|name| format!("  {}", shown(name))).unwrap_or_default();
                format!("{}{inside}", shown_path(&mark.path))
            }
            None => return,
        },
        What::Messages => match model.said.iter().rev().nth(at) {
            Some(toast) => toast.text.clone(),
            None => return,
        },
    };
    let lines = fit::wrap(&text, usize::from(area.width).max(1));
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        put(buffer, (area.x, y), line, area.width, model.theme.faint());
    }
}

fn nothing(model: &Model, popup: &Popup) -> Vec<String> {
    let line = match popup.what {
        _ if !popup.input.value().is_empty() => "Nothing matches.",
        What::Bookmarks => "No bookmarks here yet: {bookmark} puts one on what is selected.",
        What::Messages => "Nothing was said yet.",
    };
    vec![model.keys.spell(line).into_owned()]
}
