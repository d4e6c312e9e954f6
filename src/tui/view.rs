//! Drawing: from the model to a frame, without changing the model.
//!
//! Only the rows in the window are built, whatever the length of the list.

pub mod columns;
pub mod compare;
pub mod curve;
mod dialog;
pub mod footer;
pub mod header;
mod help;
mod hints;
pub mod layers;
mod metadata;
mod page;
mod pane;
mod parts;
mod picker;
mod popup;
mod rows;
pub mod run_table;
mod runs;
mod spectrum;
mod stats;
pub mod tabs;
pub mod tensors;
mod text;
pub mod timeline;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::layout::{Layout, SMALLEST};
use super::model::{Mode, Model, Pane, View};
use crate::text::fit;

/// Where the real cursor belongs: on what is selected, or where text is typed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CursorAt {
    /// The cell.
    pub position: Option<(u16, u16)>,
    /// Text is typed there.
    pub visible: bool,
}

/// Draws everything and says where the real cursor belongs.
pub fn draw(model: &Model, frame: &mut Frame<'_>) -> CursorAt {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    let layout = model.layout();
    // The screen may have become smaller since the model heard of it.
    if layout.is_too_small() || area.width < layout.screen.width || area.height < layout.screen.height {
        too_small(area, buffer);
        return CursorAt::default();
    }
    header::draw(model, layout.header, buffer);
    let mut cursor = CursorAt::default();
    for (pane, area) in &layout.panes {
        let at = draw_pane(model, &layout, *pane, *area, buffer);
        if *pane == model.focus {
            cursor.position = at;
        }
    }
    hints::draw(model, &layout, buffer);
    let typed = footer::draw(model, layout.footer, buffer);
    let typed = match model.mode {
        Mode::Help { .. } => Some(help::draw(model, &layout, buffer)),
        Mode::Dialog(_) => {
            dialog::draw(model, &layout, buffer);
            None
        }
        Mode::Metrics { .. } => Some(picker::draw(model, &layout, buffer)),
        Mode::Popup(_) => Some(popup::draw(model, &layout, buffer)),
        Mode::Sections(_) => {
            cursor.position = compare::draw_sections(model, &layout, buffer);
            None
        }
        Mode::Normal | Mode::Filter { .. } => typed,
    };
    match typed {
        Some(position) => CursorAt { position: Some(position), visible: true },
        None => cursor,
    }
}

/// Draws a pane; returns the cell of what is selected in it.
fn draw_pane(
    model: &Model,
    layout: &Layout,
    pane: Pane,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<(u16, u16)> {
    match pane {
        Pane::Runs => runs::draw(model, layout, area, buffer),
        Pane::Curve => curve::draw(model, layout, area, buffer),
        Pane::Facts => {
            pane::draw(model, pane, area, pane::Titles::of_home(model, layout, pane, "Details"), buffer);
            let document = super::doc::facts::document(model);
            text::draw(model, &document, model.home.facts, layout.text(pane), buffer);
            None
        }
        Pane::Table => run_table::draw(model, layout, area, buffer),
        Pane::Body => draw_body(model, layout, area, buffer),
        Pane::Timeline => timeline::draw(model, layout, area, buffer),
        Pane::Keys => compare::draw(model, layout, area, buffer),
        Pane::Difference => {
            compare::draw_difference(model, layout, area, buffer);
            None
        }
        Pane::Detail => {
            let browser = model.browser.as_ref()?;
            pane::draw(model, pane, area, pane::Titles::new(stats::title(browser)), buffer);
            if stats::draw(model, browser, layout.text(pane), buffer) {
                return None;
            }
            let document = super::doc::detail::document(browser);
            text::draw(model, &document, browser.detail, layout.text(pane), buffer);
            None
        }
    }
}

fn draw_body(model: &Model, layout: &Layout, area: Rect, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let browser = model.browser.as_ref()?;
    let below = tabs::below(model, browser);
    pane::draw(
        model,
        Pane::Body,
        area,
        pane::Titles { title: tabs::line(model, browser, area), below },
        buffer,
    );
    let text = layout.text(Pane::Body);
    match browser.view {
        View::Layers => layers::draw(model, browser, layout, buffer),
        View::Tensors => tensors::draw(model, browser, layout, buffer),
        View::Metadata => metadata::draw(model, browser, layout, buffer),
        View::Parts => parts::draw(model, browser, layout, buffer),
        View::Load => {
            text::draw(model, &browser.load_text, browser.load, text, buffer);
            None
        }
        View::Diagnostics => {
            text::draw(model, &browser.diagnostics_text, browser.diagnostics, text, buffer);
            None
        }
    }
}

fn too_small(area: Rect, buffer: &mut Buffer) {
    let (width, height) = SMALLEST;
    let lines = [
        "too small".to_owned(),
        format!("need {width}x{height}"),
        format!("have {}x{}", area.width, area.height),
        "q quits".to_owned(),
    ];
    let first = area.height.saturating_sub(lines.len() as u16) / 2;
    for (y, line) in (first..area.height).zip(&lines) {
        let x = area.width.saturating_sub(line.len() as u16) / 2;
        put(buffer, (x, y), line, area.width - x, Style::new());
    }
}

/// Writes text that is safe to show, in at most `cells` cells; returns the cells it took.
fn put(buffer: &mut Buffer, at: (u16, u16), text: &str, cells: u16, style: Style) -> u16 {
    if !buffer.area.contains(at.into()) {
        return 0;
    }
    let (end, _) = buffer.set_stringn(at.0, at.1, text, usize::from(cells), style);
    end - at.0
}

/// Writes text at the right end of an area of one line.
fn put_right(buffer: &mut Buffer, area: Rect, text: &str, style: Style) {
    let cells = (fit::width(text) as u16).min(area.width);
    put(buffer, (area.x + area.width - cells, area.y), text, cells, style);
}
