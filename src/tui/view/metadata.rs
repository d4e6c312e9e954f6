//! The metadata tree.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{put, rows};
use crate::text::fit::{self, Keep};
use crate::text::number;
use crate::text::shown;
use crate::tui::commands::Command;
use crate::tui::doc::value;
use crate::tui::layout::Layout;
use crate::tui::model::browser::Browser;
use crate::tui::model::metadata::{Row, What, is_container};
use crate::tui::model::{Model, Pane};
use crate::value::view as values;

/// Draws the tree; returns the cell of the selected row.
pub(super) fn draw(
    model: &Model,
    browser: &Browser,
    layout: &Layout,
    buffer: &mut Buffer,
) -> Option<(u16, u16)> {
    let area = layout.rows(Pane::Body);
    let inner = layout.inner(Pane::Body);
    let metadata = &browser.metadata;
    if metadata.rows.is_empty() {
        let words = [
            "This file carries no metadata.".to_owned(),
            model.keys.spell("{layers} shows its layers.").into_owned(),
        ];
        rows::empty(model, inner, &words, buffer);
        return None;
    }
    put(buffer, (inner.x + 3, inner.y), "name: value", inner.width.saturating_sub(3), model.theme.faint());
    rows::draw(model, Pane::Body, area, metadata.cursor, metadata.rows.len(), buffer, |at, line, buffer| {
        if let Some(row) = metadata.rows.get(at) {
            draw_row(model, browser, *row, line, buffer);
        }
    })
}

fn draw_row(model: &Model, browser: &Browser, row: Row, line: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let checkpoint = browser.checkpoint();
    let indent = (row.depth * 2).min(line.width / 2);
    let x = line.x + 1 + indent;
    let room = line.width.saturating_sub(indent + 4);
    let (label, value) = match row.what {
        What::Value(label, value) => (label, value),
        What::More { of, listed } => {
            let left = values::child_count(checkpoint.tree(), of).saturating_sub(listed);
            let text = format!(
                "{} more; {} lists the next",
                number::grouped(left as u64),
                model.keys.first(Command::Open)
            );
            put(buffer, (x + 2, line.y), &text, room, theme.faint());
            return;
        }
    };
    let container = is_container(checkpoint, value);
    let fold = match (container, row.open) {
        (true, true) => theme.glyphs.open,
        (true, false) => theme.glyphs.closed,
        (false, _) => " ",
    };
    put(buffer, (x, line.y), fold, 1, theme.faint());
    let name = label.text(checkpoint.tree());
    let name = shown(&name);
    let name = fit::cut(&name, usize::from(room) * 2 / 3, Keep::End, theme.glyphs.cut);
    let used = put(buffer, (x + 2, line.y), &name, room, theme.strong());
    let used = used + put(buffer, (x + 2 + used, line.y), ": ", room.saturating_sub(used), theme.faint());
    let left = room.saturating_sub(used);
    let text = value::short(checkpoint, value);
    let text = fit::cut(&text, usize::from(left), Keep::Start, theme.glyphs.cut);
    let style = if container { theme.faint() } else { theme.text() };
    put(buffer, (x + 2 + used, line.y), &text, left, style);
}
