//! Two lines in each row: half blocks, the upper one in the foreground's colour, the lower in the background's.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::{Columns, cell_x};
use crate::compare::timeline::scale::Level;
use crate::text::fit::{self, Keep};
use crate::text::shown;
use crate::tui::model::Model;
use crate::tui::model::timeline::{Line, TimelineView};
use crate::tui::view::{put, rows};

pub(super) fn draw(
    model: &Model,
    view: &TimelineView,
    heat: Rect,
    columns: Columns,
    buffer: &mut Buffer,
) -> Option<(u16, u16)> {
    let window = view.cursor.window(view.lines.len(), usize::from(heat.height) * 2);
    let lines = view.lines.get(window.clone()).unwrap_or_default();
    let mut selected = None;
    for ((y, pair), first) in (heat.y..heat.bottom()).zip(lines.chunks(2)).zip(window.step_by(2)) {
        let is_here = (first..first + pair.len()).contains(&view.cursor.at);
        let named = if is_here { view.line() } else { pair.first() };
        name(
            model,
            named,
            is_here,
            Rect { y, height: 1, width: columns.names.min(heat.width), ..heat },
            buffer,
        );
        let last = (view.first_column + columns.visible).min(view.data.checkpoints.len());
        for column in view.first_column..last {
            let color = |line: Option<&Line>| line.and_then(|line| color(model, view, line, column));
            let (text, style) = match (color(pair.first()), color(pair.get(1))) {
                (None, None) => (" ", Style::new()),
                (Some(upper), None) => ("\u{2580}", Style::new().fg(upper)),
                (None, Some(lower)) => ("\u{2584}", Style::new().fg(lower)),
                (Some(upper), Some(lower)) => ("\u{2580}", Style::new().fg(upper).bg(lower)),
            };
            let x = cell_x(view, heat, columns, column);
            for x in x..(x + columns.cell).min(heat.right()) {
                put(buffer, (x, y), text, 1, style);
            }
            if is_here && column == view.column {
                let upper = view.cursor.at == first;
                // The half under the cursor is pointed at: colours alone would not show where it is.
                let mark = if upper { "\u{25b2}" } else { "\u{25bc}" };
                let style = Style::new().fg(Color::Reset).bg(color(view.line()).unwrap_or(Color::Reset));
                put(buffer, (x, y), mark, 1, style);
                selected = Some((x, y));
            }
        }
    }
    rows::scroll_bar(model, heat, view.cursor.first / 2, view.lines.len().div_ceil(2), buffer);
    selected
}

fn name(model: &Model, line: Option<&Line>, is_here: bool, area: Rect, buffer: &mut Buffer) {
    let Some(line) = line else { return };
    let text = shown(&line.name);
    let text = fit::cut(&text, area.width.into(), Keep::End, model.theme.glyphs.cut);
    put(buffer, (area.x, area.y), &text, area.width, model.theme.text());
    if is_here {
        buffer.set_style(area, model.theme.selected());
    }
}

/// `None` where nothing is known.
fn color(model: &Model, view: &TimelineView, line: &Line, column: usize) -> Option<Color> {
    match view.level(line, column) {
        Level::Unknown => None,
        Level::Broken => Some(Color::Red),
        Level::Zero => model.theme.half(0),
        Level::Step(step) => model.theme.half(step),
    }
}
