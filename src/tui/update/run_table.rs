//! Commands on the table of runs.

use super::super::action::Effect;
use super::super::commands::Command;
use super::super::model::{HomeView, Model, Pane, Place};

/// Shows the table, or goes back from it.
pub(super) fn toggle(model: &mut Model) {
    model.place = Place::Home;
    if model.home.view == HomeView::Table {
        model.home.view = HomeView::Split;
        model.focus = Pane::Runs;
        return;
    }
    model.home.view = HomeView::Table;
    model.focus = Pane::Table;
    model.home.rebuild_table();
}

pub(super) fn run(model: &mut Model, command: Command, count: Option<usize>) -> Vec<Effect> {
    let page = model.layout().rows(Pane::Table).height.into();
    let times = isize::try_from(count.unwrap_or(1)).unwrap_or(isize::MAX / 4);
    let home = &mut model.home;
    let table = &mut home.table;
    if table.cursor.moved(command, count, table.rows.len(), page) {
        home.table_moved();
        return Vec::new();
    }
    match command {
        Command::Left => table.step(-times),
        Command::Right => table.step(times),
        Command::Sort => table.sort_by_selected(&home.index.runs),
        Command::SortReverse => table.reverse(&home.index.runs),
        Command::Open => {
            home.table_moved();
            home.view = HomeView::Split;
            model.focus = Pane::Runs;
        }
        _ => {}
    }
    Vec::new()
}

/// A click on a row selects it, on the selected one it opens; on a heading it orders by it.
pub(super) fn click(model: &mut Model, x: u16, y: u16) -> Vec<Effect> {
    let layout = model.layout();
    let rows = layout.rows(Pane::Table);
    let column = super::super::view::run_table::column_at(model, x);
    let home = &mut model.home;
    if y + 1 == rows.y {
        if let Some(column) = column {
            home.table.column = column;
            home.table.sort_by_selected(&home.index.runs);
        }
        return Vec::new();
    }
    if !rows.contains((x, y).into()) {
        return Vec::new();
    }
    let at = home.table.cursor.first + usize::from(y - rows.y);
    if at >= home.table.rows.len() {
        return Vec::new();
    }
    let again = home.table.cursor.at == at && column.is_none_or(|c| c == home.table.column);
    home.table.cursor.at = at;
    home.table.column = column.unwrap_or(home.table.column);
    home.table_moved();
    if again { run(model, Command::Open, None) } else { Vec::new() }
}
