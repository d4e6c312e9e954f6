//! The frame of a pane. The focused one is thick and has a mark before its title: seen without colour, too.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Widget as _};

use crate::tui::layout::Layout;
use crate::tui::model::{Model, Pane, Place};

/// What is written on the frame.
pub(super) struct Titles {
    /// On the upper border.
    pub(super) title: Vec<Span<'static>>,
    /// On the lower border, at the right.
    pub(super) below: String,
}

impl Titles {
    pub(super) fn new(title: impl Into<String>) -> Self {
        Self { title: vec![Span::raw(title.into())], below: String::new() }
    }

    /// The name of a pane of the first screen; where one pane fills the screen, the names of all of them.
    pub(super) fn of_home(model: &Model, layout: &Layout, pane: Pane, title: impl Into<String>) -> Self {
        if !layout.is_single() || model.place != Place::Home {
            return Self::new(title);
        }
        let names = [(Pane::Runs, "Runs"), (Pane::Curve, "Curve"), (Pane::Facts, "Details")];
        let name = |(which, name)| if which == pane { format!("[{name}]") } else { format!(" {name} ") };
        Self::new(names.map(name).concat())
    }

    pub(super) fn below(self, below: impl Into<String>) -> Self {
        Self { below: below.into(), ..self }
    }
}

/// Draws the frame.
pub(super) fn draw(model: &Model, pane: Pane, area: Rect, titles: Titles, buffer: &mut Buffer) {
    let theme = model.theme;
    let focused = model.focus == pane;
    let (set, border, title) = if focused {
        (theme.glyphs.border_focused, theme.focus(), theme.accent())
    } else {
        (theme.glyphs.border, theme.faint(), theme.text())
    };
    // Titles are read: they keep the terminal's own foreground on a coloured border.
    let title = title.fg(Color::Reset);
    let mut spans =
        vec![Span::raw(if focused { format!(" {} ", theme.glyphs.focus) } else { " ".to_owned() })];
    spans.extend(titles.title);
    spans.push(Span::raw(" "));
    let mut block = Block::new()
        .borders(Borders::ALL)
        .border_set(set)
        .border_style(border)
        .title(Line::from(spans).style(title));
    if !titles.below.is_empty() {
        let below = Line::from(format!(" {} ", titles.below)).style(title).right_aligned();
        block = block.title_bottom(below);
    }
    block.render(area, buffer);
}
