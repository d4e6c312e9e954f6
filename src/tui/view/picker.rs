//! The list of metrics to put on the plot.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Borders, Clear, Widget as _};

use super::{put, put_right, rows};
use crate::text::fit::{self, Keep};
use crate::text::number;
use crate::text::shown;
use crate::training::Series;
use crate::tui::layout::Layout;
use crate::tui::model::{Mode, Model};

/// Draws the list; returns the cell where text is typed.
pub(super) fn draw(model: &Model, layout: &Layout, buffer: &mut Buffer) -> (u16, u16) {
    let theme = model.theme;
    let area = layout.picker();
    let Mode::Metrics { input, cursor } = &model.mode else { return (area.x, area.y) };
    Clear.render(area, buffer);
    Block::new()
        .borders(Borders::ALL)
        .border_set(theme.glyphs.border_focused)
        .border_style(theme.focus())
        .title(" Metrics on the plot: Enter adds or removes, Esc closes ")
        .title_style(theme.accent())
        .render(area, buffer);
    let inner = Rect { x: area.x + 2, y: area.y + 1, width: area.width.saturating_sub(4), height: 1 };
    let used = put(buffer, (inner.x, inner.y), "/ ", 2, theme.accent());
    let typed = shown(input.value());
    let room = inner.width.saturating_sub(used);
    put(buffer, (inner.x + used, inner.y), fit::head(&typed, usize::from(room)), room, theme.strong());
    let curve = &model.home.curve;
    let found = curve.search(input.value());
    let height = area.height.saturating_sub(4);
    let list = Rect { x: area.x + 1, y: area.y + 3, width: area.width.saturating_sub(2), height };
    for (y, at) in (list.y..list.bottom()).zip(cursor.window(found.len(), height.into())) {
        let line = Rect { y, height: 1, ..list };
        if let Some((number, series)) = found.get(at).and_then(|n| Some((*n, curve.series.get(*n)?))) {
            row(model, number, series, line, buffer);
        }
        if at == cursor.at {
            buffer.set_style(line, ratatui::style::Style::reset());
            buffer.set_style(line, theme.selected());
        }
    }
    if found.is_empty() {
        put(buffer, (inner.x, list.y), "no metric matches", inner.width, theme.faint());
    }
    rows::scroll_bar(model, list, cursor.first, found.len(), buffer);
    (inner.x + used + (input.visual_cursor() as u16).min(room), inner.y)
}

fn row(model: &Model, number: usize, series: &Series, line: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let curve = &model.home.curve;
    let mark = match () {
        () if number == curve.at => "(leads)",
        () if curve.has_metric(number) => "[x]",
        () => "[ ]",
    };
    put(buffer, (line.x + 1, line.y), mark, 8, theme.text());
    let points = format!("{} by {} ", number::grouped(series.points.len() as u64), series.x.name());
    put_right(buffer, line, &points, theme.faint());
    let room = usize::from(line.width).saturating_sub(10 + fit::width(&points));
    let name = shown(&series.name);
    let name = fit::cut(&name, room, Keep::End, theme.glyphs.cut);
    put(buffer, (line.x + 9, line.y), &name, room as u16, theme.text());
}
