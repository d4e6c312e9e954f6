//! One hint, out of the way: in the empty part of the details, else on their lower border. It never takes the place
//! of anything.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::put;
use crate::text::fit;
use crate::tui::commands::hints;
use crate::tui::layout::Layout;
use crate::tui::model::{Mode, Model, Pane};

/// Panes with room for a hint.
const DETAILS: [Pane; 3] = [Pane::Facts, Pane::Detail, Pane::Difference];

/// Draws it, after the panes.
pub(super) fn draw(model: &Model, layout: &Layout, buffer: &mut Buffer) {
    if !matches!(model.mode, Mode::Normal) {
        return;
    }
    let Some((entry, text)) = hints::next(model) else { return };
    let key = model.keys.first(entry.command);
    let mut shown = layout.panes.iter().map(|(pane, _)| *pane);
    let Some(pane) = shown.clone().find(|pane| DETAILS.contains(pane)).or_else(|| shown.next_back()) else {
        return;
    };
    let cells = (fit::width(&key) + 1 + fit::width(text)) as u16;
    let inside = layout.text(pane);
    // The line above stays free, too: a hint does not belong to the text.
    let last = Rect { y: inside.bottom().saturating_sub(2), height: 2, ..inside };
    let is_free =
        DETAILS.contains(&pane) && inside.height > 3 && cells + 2 <= inside.width && is_blank(last, buffer);
    let frame = layout.pane(pane);
    let border = Rect { x: frame.x + 2, y: frame.bottom().saturating_sub(1), width: cells + 2, height: 1 };
    let theme = model.theme;
    let at = if is_free {
        (inside.x, inside.bottom() - 1)
    } else if border.right() + 1 < frame.right() && is_border(model, border, buffer) {
        put(buffer, (border.x, border.y), &" ".repeat(usize::from(cells) + 2), cells + 2, theme.text());
        (border.x + 1, border.y)
    } else {
        return;
    };
    let used = put(buffer, at, &key, cells, theme.accent());
    put(buffer, (at.0 + used + 1, at.1), text, cells, theme.faint());
}

fn is_blank(area: Rect, buffer: &Buffer) -> bool {
    area.positions().all(|at| buffer.cell(at).is_some_and(|cell| cell.symbol() == " "))
}

/// Nothing is written on this part of a border.
fn is_border(model: &Model, area: Rect, buffer: &Buffer) -> bool {
    let glyphs = model.theme.glyphs;
    let lines = [glyphs.border.horizontal_bottom, glyphs.border_focused.horizontal_bottom];
    area.positions().all(|at| buffer.cell(at).is_some_and(|cell| lines.contains(&cell.symbol())))
}
