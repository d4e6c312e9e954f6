//! The table of runs: names at the left, then results and hyperparameters.
//!
//! What differs between runs stands out: its heading is bold, and so is a cell unlike those of most runs.
//! What is the same everywhere stands back, at the right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::columns::GAP;
use super::{pane, put, put_right, rows};
use crate::text::fit::{self, Keep};
use crate::text::shown;
use crate::tui::doc::of;
use crate::tui::layout::Layout;
use crate::tui::model::run_table::{Column, RunTable};
use crate::tui::model::{Model, Pane};

/// Cells of the widest name of a run.
const NAME: usize = 36;

/// Draws the table; returns the cell of the selected row.
pub(super) fn draw(model: &Model, layout: &Layout, area: Rect, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let table = &model.home.table;
    let title = format!("Runs: {}", of(table.rows.len() as u64, "run"));
    let titles = pane::Titles::new(title).below(below(model, area));
    pane::draw(model, Pane::Table, area, titles, buffer);
    let inner = layout.inner(Pane::Table);
    let list = layout.rows(Pane::Table);
    if table.rows.is_empty() {
        rows::empty(model, inner, &nothing(model), buffer);
        return None;
    }
    let name = name_width(model, inner.width);
    let places = placed(table, inner, name);
    headings(model, Rect { height: 1, ..inner }, name, &places, buffer);
    let selected =
        rows::draw(model, Pane::Table, list, table.cursor, table.rows.len(), buffer, |at, line, buffer| {
            let Some(run) = table.rows.get(at).copied() else { return };
            row(model, run, line, (name, &places), buffer);
        });
    if let (Some((_, y)), Some(at)) = (selected, table.column.checked_sub(1))
        && let Some((x, _, column)) = places.iter().find(|(_, number, _)| *number == at)
    {
        // The selected cell within the selected row.
        let cell = Rect { x: *x, y, width: column.width, height: 1 };
        buffer.set_style(
            cell,
            Style::new()
                .remove_modifier(Modifier::REVERSED)
                .add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        );
    }
    selected
}

/// Cells for the names: as many as the longest needs, within bounds.
fn name_width(model: &Model, width: u16) -> u16 {
    let longest =
        model.home.index.runs.iter().map(|run| fit::width(&shown(&run.name)) + 2).max().unwrap_or(0);
    (longest.clamp(8, NAME) as u16).min(width * 2 / 5)
}

/// Columns on the screen: first cell, number, column.
fn placed(table: &RunTable, inner: Rect, name: u16) -> Vec<(u16, usize, &Column)> {
    let mut x = inner.x + name;
    let mut placed = Vec::new();
    for at in table.visible(inner.width.saturating_sub(name + 1)) {
        let Some(column) = table.columns.get(at) else { break };
        placed.push((x + GAP, at, column));
        x += GAP + column.width;
    }
    placed
}

/// Cells beside the names, for the model to keep the selected column among them.
pub fn columns_width(model: &Model) -> u16 {
    let inner = model.layout().inner(Pane::Table);
    inner.width.saturating_sub(name_width(model, inner.width) + 1)
}

/// The column at a cell of the screen; 0 is that of the names.
pub fn column_at(model: &Model, x: u16) -> Option<usize> {
    let inner = model.layout().inner(Pane::Table);
    let name = name_width(model, inner.width);
    if (inner.x..inner.x + name).contains(&x) {
        return Some(0);
    }
    let places = placed(&model.home.table, inner, name);
    places.iter().find(|(start, _, c)| (*start..*start + c.width).contains(&x)).map(|(_, at, _)| at + 1)
}

fn headings(model: &Model, line: Rect, name: u16, places: &[(u16, usize, &Column)], buffer: &mut Buffer) {
    let theme = model.theme;
    let table = &model.home.table;
    let order = table.order.as_ref();
    let arrow = |column: Option<&Column>| match order {
        Some((held, down)) if column.map_or(held.1.is_empty(), |c| c.is(held)) => {
            format!("{} ", if *down { theme.glyphs.down } else { theme.glyphs.up })
        }
        _ => String::new(),
    };
    put(buffer, (line.x + 1, line.y), &format!("{}run", arrow(None)), name, theme.faint());
    for (x, at, column) in places {
        let text = format!("{}{}", arrow(Some(column)), column.title);
        let text = fit::cut(&text, usize::from(column.width), Keep::End, theme.glyphs.cut);
        let style = if column.differs { theme.strong() } else { theme.faint() };
        let style = if table.column == at + 1 { style.add_modifier(Modifier::UNDERLINED) } else { style };
        put_right(buffer, Rect { x: *x, width: column.width, ..line }, &text, style);
    }
    borders(model, line, places, buffer);
}

fn row(
    model: &Model,
    run: usize,
    line: Rect,
    (name, places): (u16, &[(u16, usize, &Column)]),
    buffer: &mut Buffer,
) {
    let theme = model.theme;
    let Some(label) = model.home.index.runs.get(run).map(|run| shown(&run.name)) else { return };
    let room = name.saturating_sub(1);
    let label = fit::cut(&label, usize::from(room), Keep::End, theme.glyphs.cut);
    put(buffer, (line.x + 1, line.y), &label, room, theme.text());
    for (x, _, column) in places {
        let area = Rect { x: *x, width: column.width, ..line };
        let cell = column.cells.get(run).map_or("", String::as_str);
        if cell.is_empty() {
            put_right(buffer, area, "-", theme.faint());
            continue;
        }
        let is_best = column.best == Some(run);
        let style = match () {
            () if is_best => theme.strong(),
            () if column.is_setting && !column.differs => theme.faint(),
            () if column.differs && column.usual.as_deref() != Some(cell) => theme.strong(),
            () => theme.text(),
        };
        let text = fit::cut(cell, usize::from(column.width), Keep::Start, theme.glyphs.cut);
        put_right(buffer, area, &text, style);
        if is_best && usize::from(column.width) > fit::width(&text) {
            let mark = area.right().saturating_sub(fit::width(&text) as u16 + 1);
            put(buffer, (mark, line.y), theme.glyphs.best, 1, theme.good());
        }
    }
    borders(model, line, places, buffer);
}

/// A line wherever results and hyperparameters meet.
fn borders(model: &Model, line: Rect, places: &[(u16, usize, &Column)], buffer: &mut Buffer) {
    let theme = model.theme;
    for pair in places.windows(2) {
        if let [(_, _, before), (x, _, column)] = pair
            && before.is_setting != column.is_setting
        {
            put(buffer, (x.saturating_sub(GAP), line.y), theme.glyphs.vertical, 1, theme.faint());
        }
    }
}

/// The selected cell in full, or how much there is to the right.
fn below(model: &Model, area: Rect) -> String {
    let table = &model.home.table;
    let room = usize::from(area.width).saturating_sub(8);
    let text = match table.selected_cell() {
        Some((title, cell)) if !cell.is_empty() => format!("{title} = {cell}"),
        Some((title, _)) => format!("{title} is not known of this run"),
        None => {
            let differ = table.columns.iter().filter(|c| c.differs).count() as u64;
            let same = table.columns.iter().filter(|c| c.is_setting && !c.differs).count();
            format!("{} differ, {same} the same in all", of(differ, "hyperparameter"))
        }
    };
    fit::cut(&text, room, Keep::Start, model.theme.glyphs.cut).into_owned()
}

/// Words for an empty table.
fn nothing(model: &Model) -> Vec<String> {
    let words = if model.jobs.scan.is_some() {
        "No runs found yet; the scan goes on."
    } else {
        "No runs found. {rescan} looks again, {run-table} goes back."
    };
    vec![model.keys.spell(words).into_owned()]
}
