//! The help: every command with its keys, searched while one types.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Borders, Clear, Widget as _};

use super::{put, rows};
use crate::text::fit::{self, Keep};
use crate::tui::help::Row;
use crate::tui::layout::Layout;
use crate::tui::model::{Mode, Model};

/// Cells for the keys.
const KEYS: u16 = 20;

/// Draws the help; returns the cell where text is typed.
pub(super) fn draw(model: &Model, layout: &Layout, buffer: &mut Buffer) -> (u16, u16) {
    let theme = model.theme;
    let area = layout.help();
    let Mode::Help { only_here, input, cursor } = &model.mode else { return (area.x, area.y) };
    let title = if *only_here {
        " What can be done here: type to search, Enter does it, Esc closes "
    } else {
        " Commands: type to search, Enter runs one, Esc closes "
    };
    Clear.render(area, buffer);
    Block::new()
        .borders(Borders::ALL)
        .border_set(theme.glyphs.border_focused)
        .border_style(theme.focus())
        .title(title)
        .title_style(theme.accent())
        .title_bottom(
            ratatui::text::Line::from(" other keys: ckpt-tui config --template ")
                .style(theme.accent())
                .right_aligned(),
        )
        .render(area, buffer);
    let inner = Rect { x: area.x + 2, y: area.y + 1, width: area.width.saturating_sub(4), height: 1 };
    let used = put(buffer, (inner.x, inner.y), if *only_here { ": " } else { "? " }, 2, theme.accent());
    let typed = crate::text::shown(input.value());
    let room = inner.width.saturating_sub(used);
    put(buffer, (inner.x + used, inner.y), fit::head(&typed, usize::from(room)), room, theme.strong());
    let found = model.listed_commands();
    let list = Rect {
        x: area.x + 1,
        y: area.y + 3,
        width: area.width.saturating_sub(2),
        height: layout.help_rows() as u16,
    };
    for (y, at) in (list.y..list.bottom()).zip(cursor.window(found.len(), list.height.into())) {
        let line = Rect { y, height: 1, ..list };
        if let Some(row) = found.get(at) {
            draw_row(model, *row, line, buffer);
        }
        if at == cursor.at && matches!(found.get(at), Some(Row::Command(_))) {
            buffer.set_style(line, ratatui::style::Style::reset());
            buffer.set_style(line, theme.selected());
        }
    }
    if found.is_empty() {
        put(buffer, (inner.x, list.y), "no command matches", inner.width, theme.faint());
    }
    rows::scroll_bar(model, list, cursor.first, found.len(), buffer);
    (inner.x + used + (input.visual_cursor() as u16).min(room), inner.y)
}

fn draw_row(model: &Model, row: Row, line: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    match row {
        Row::Heading(group) => {
            put(buffer, (line.x + 1, line.y), group.title(), line.width, theme.strong());
        }
        Row::Command(entry) => {
            // What means nothing here stands back.
            let enabled = (entry.enabled)(model);
            let (keys, title) =
                if enabled { (theme.accent(), theme.text()) } else { (theme.faint(), theme.faint()) };
            let text: Vec<String> = model.keys.of(entry.command).iter().map(|k| k.replace(' ', "")).collect();
            put(buffer, (line.x + 2, line.y), &text.join("  "), KEYS, keys);
            let room = line.width.saturating_sub(KEYS + 3);
            let shown = fit::cut(entry.title, usize::from(room), Keep::Start, theme.glyphs.cut);
            put(buffer, (line.x + 2 + KEYS, line.y), &shown, room, title);
        }
    }
}
