//! The list of sections that can be compared with each other.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Borders, Clear, Widget as _};

use super::super::{put, put_right, rows};
use super::section_label;
use crate::text::fit::{self, Keep};
use crate::text::number;
use crate::tui::layout::Layout;
use crate::tui::model::compare::SectionPair;
use crate::tui::model::{Mode, Model};

/// Draws the list; returns the cell of the selected row.
pub(in crate::tui::view) fn draw(model: &Model, layout: &Layout, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let theme = model.theme;
    let (Mode::Sections(cursor), Some(view)) = (&model.mode, &model.compare) else { return None };
    let (area, list) = (layout.section_list(), layout.sections());
    Clear.render(area, buffer);
    Block::new()
        .borders(Borders::ALL)
        .border_set(theme.glyphs.border_focused)
        .border_style(theme.focus())
        .title(" Sections to compare: Enter compares, Esc closes ")
        .title_style(theme.accent())
        .render(area, buffer);
    let heading = Rect { y: list.y.saturating_sub(1), height: 1, ..list };
    row(
        model,
        ["A (model)", "B"].map(str::to_owned),
        ["tensors", "tensors"].map(str::to_owned),
        heading,
        buffer,
    );
    let data = view.data.as_ref()?;
    let now = view.section_at();
    let mut selected = None;
    for (y, at) in (list.y..list.bottom()).zip(cursor.window(data.sections.len(), list.height.into())) {
        let line = Rect { y, height: 1, ..list };
        if let Some(SectionPair { names, tensors }) = data.sections.get(at) {
            let names = names.each_ref().map(|name| section_label(name));
            row(model, names, tensors.map(|n| number::grouped(n as u64)), line, buffer);
        }
        if now == Some(at) {
            put(buffer, (line.x, line.y), theme.glyphs.focus, 1, theme.text());
        }
        if at == cursor.at {
            buffer.set_style(line, ratatui::style::Style::reset());
            buffer.set_style(line, theme.selected());
            selected = Some((line.x, line.y));
        }
    }
    rows::scroll_bar(model, list, cursor.first, data.sections.len(), buffer);
    selected
}

/// A name and a number for each side.
fn row(model: &Model, names: [String; 2], numbers: [String; 2], line: Rect, buffer: &mut Buffer) {
    const NUMBER: u16 = 9;
    let theme = model.theme;
    let half = line.width.saturating_sub(2) / 2;
    for ((x, name), number) in (line.x + 2..).step_by(half.max(1).into()).zip(names).zip(numbers) {
        let room = half.saturating_sub(NUMBER + 2);
        let name = fit::cut(&name, room.into(), Keep::End, theme.glyphs.cut);
        put(buffer, (x, line.y), &name, room, theme.text());
        let right = Rect { x: x + room, width: NUMBER, ..line };
        put_right(buffer, right, &number, theme.faint());
    }
}
