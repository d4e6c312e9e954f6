//! The line at the bottom: what can be done here, or the line being typed, or what there is to say.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::put;
use crate::text::fit::{self, Keep};
use crate::tui::commands::{self, Command};
use crate::tui::model::{Mode, Model, Pane};

/// Draws the line; returns the cell where text is typed.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let theme = model.theme;
    if let Mode::Filter { input, .. } = &model.mode {
        return Some(filter(model, input, area, buffer));
    }
    if let Some(toast) = &model.toast {
        let (mark, style) = if toast.is_error {
            (theme.glyphs.broken, theme.error())
        } else {
            (theme.glyphs.middot, theme.text())
        };
        let room = usize::from(area.width.saturating_sub(4));
        put(buffer, (area.x + 1, area.y), mark, 1, style);
        let text = fit::cut(&toast.text, room, Keep::Start, theme.glyphs.cut);
        put(buffer, (area.x + 3, area.y), &text, room as u16, style);
        return None;
    }
    if !model.pending.keys.is_empty() || model.pending.count.is_some() {
        pending(model, area, buffer);
        return None;
    }
    for (x, key, label, _) in items(model) {
        let used = put(buffer, (area.x + x, area.y), &key, area.width, theme.accent());
        put(buffer, (area.x + x + used + 1, area.y), label, area.width, theme.text());
    }
    None
}

/// Keys and labels that fit, each with its first cell.
fn items(model: &Model) -> Vec<(u16, String, &'static str, Command)> {
    let width = model.size.0;
    let offered = commands::footer(model).map(|(e, label)| (model.keys.first(e.command), label, e.command));
    // A command without a key is found in the palette.
    let mut found: Vec<_> = offered.filter(|(key, ..)| !key.is_empty()).collect();
    // Help and quit are never crowded out by what is less needed.
    let cells = |items: &[(String, &str, Command)]| -> usize {
        items.iter().map(|(key, label, _)| fit::width(key) + fit::width(label) + 3).sum()
    };
    while cells(&found) > usize::from(width) && found.len() > 2 {
        found.remove(found.len() - 3);
    }
    let mut x = 1;
    let mut items = Vec::new();
    for (key, label, command) in found {
        let cells = (fit::width(&key) + fit::width(label) + 3) as u16;
        items.push((x, key, label, command));
        x += cells;
    }
    items
}

/// The command a click on the line means.
pub fn at(model: &Model, x: u16) -> Option<Command> {
    if !matches!(model.mode, Mode::Normal) || model.toast.is_some() || !model.pending.keys.is_empty() {
        return None;
    }
    let hit = |(start, key, label, _): &(u16, String, &str, Command)| {
        (*start..start + (fit::width(key) + fit::width(label) + 1) as u16).contains(&x)
    };
    items(model).into_iter().find(hit).map(|item| item.3)
}

/// Keys that may follow those typed.
fn pending(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let typed: Vec<String> = model.pending.keys.iter().map(ToString::to_string).collect();
    let count = model.pending.count.map(|n| n.to_string()).unwrap_or_default();
    let mut spans = vec![Span::styled(format!(" {count}{} ", typed.concat()), theme.accent())];
    for (keys, entry) in model.keys.continuations(&model.pending.keys, |entry| (entry.enabled)(model)) {
        spans.push(Span::styled(format!(" {keys} "), theme.accent()));
        spans.push(Span::raw(entry.id));
    }
    if model.pending.keys.is_empty() {
        spans.push(Span::styled("times ...", theme.faint()));
    }
    buffer.set_line(area.x, area.y, &Line::from(spans), area.width);
}

fn filter(model: &Model, input: &tui_input::Input, area: Rect, buffer: &mut Buffer) -> (u16, u16) {
    let theme = model.theme;
    let hint = format!("{}  Enter keeps  Esc undoes ", matched(model));
    let hint_cells = (fit::width(&hint) as u16).min(area.width / 2);
    let room = area.width.saturating_sub(hint_cells + 3);
    put(buffer, (area.x + 1, area.y), "/", 1, theme.accent());
    let scroll = input.visual_scroll(usize::from(room).max(1));
    let typed = crate::text::shown(input.value());
    let visible = fit::tail(&typed, fit::width(&typed).saturating_sub(scroll));
    put(buffer, (area.x + 2, area.y), visible, room, theme.strong());
    let hint_at = (area.x + area.width - hint_cells, area.y);
    put(buffer, hint_at, &hint, hint_cells, theme.faint());
    let cursor = input.visual_cursor().saturating_sub(scroll) as u16;
    (area.x + 2 + cursor.min(room), area.y)
}

/// How much the filter of the focused list lets through.
fn matched(model: &Model) -> String {
    if let (Pane::Body | Pane::Detail, Some(browser)) = (model.focus, &model.browser) {
        let all = browser.checkpoint().tensors().len();
        let hits = if browser.pattern.is_empty() { all } else { browser.shown };
        format!("{hits} of {all}")
    } else {
        let all = model.home.checkpoints();
        let hits = if model.home.list.pattern.is_empty() { all } else { model.home.list.hits };
        format!("{hits} of {all}")
    }
}
