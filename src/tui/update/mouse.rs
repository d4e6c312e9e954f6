//! Clicks and the wheel.

use super::super::action::Effect;
use super::super::commands::Command;
use super::super::model::browser::View;
use super::super::model::document::Scroll;
use super::super::model::table::Order;
use super::super::model::{Mode, Model, Pane, Place};
use super::super::view::{footer, header, layers, tabs, tensors};
use super::{browse, curve, home, run, run_table, splits};

/// A click: gives the focus, selects the row; on the row that is selected already it opens.
pub(super) fn click(model: &mut Model, x: u16, y: u16) -> Vec<Effect> {
    model.grip = None;
    if !matches!(model.mode, Mode::Normal) {
        return Vec::new();
    }
    let layout = model.layout();
    if layout.footer.contains((x, y).into()) {
        return footer::at(model, x).map(|command| run(model, command, None)).unwrap_or_default();
    }
    if y == layout.header.y && x < layout.header.width {
        return header::at(model, x).map(|level| go_to(model, level)).unwrap_or_default();
    }
    model.toast = None;
    model.home.curve.grabbed = None;
    if splits::grab(model, x, y) {
        return Vec::new();
    }
    let Some(pane) = layout.at(x, y) else { return Vec::new() };
    let had_focus = model.focus == pane;
    model.focus = pane;
    if pane == Pane::Body && y == layout.pane(pane).y {
        if let Some(browser) = &mut model.browser
            && let Some(view) = tabs::at(layout.pane(pane), x, &browser.views(), browser.view, had_focus)
        {
            browser.change_view(view);
        }
        return Vec::new();
    }
    let rows = layout.rows(pane);
    match pane {
        Pane::Timeline => {
            super::timeline::click(model, x, y);
            Vec::new()
        }
        Pane::Runs | Pane::Body if rows.contains((x, y).into()) => {
            click_row(model, pane, usize::from(y - rows.y), had_focus)
        }
        Pane::Body if y + 1 == rows.y => {
            click_heading(model, x);
            Vec::new()
        }
        Pane::Keys if rows.contains((x, y).into()) => {
            super::compare::click(model, usize::from(y - rows.y), had_focus)
        }
        Pane::Table => run_table::click(model, x, y),
        Pane::Curve => {
            curve::click(model, x);
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// A click on a crumb goes to that level; on what is going on, stops it.
fn go_to(model: &mut Model, level: header::Level) -> Vec<Effect> {
    match level {
        header::Level::Runs => run(model, Command::Runs, None),
        header::Level::Run(path) => {
            let effects = run(model, Command::Runs, None);
            model.home.select_run(&path);
            effects
        }
        header::Level::Checkpoint => {
            model.focus = Pane::Body;
            Vec::new()
        }
        header::Level::Here => Vec::new(),
        header::Level::Job => run(model, Command::Back, None),
    }
}

fn click_row(model: &mut Model, pane: Pane, row: usize, had_focus: bool) -> Vec<Effect> {
    if pane == Pane::Runs {
        let list = &mut model.home.list;
        let at = list.cursor.first + row;
        if at >= list.rows.len() {
            return Vec::new();
        }
        let again = had_focus && list.cursor.at == at;
        list.cursor.at = at;
        model.home.moved();
        return if again { home::open(model) } else { Vec::new() };
    }
    let Some(browser) = &mut model.browser else { return Vec::new() };
    let (cursor, len) = match browser.view {
        View::Layers => (&mut browser.tree.cursor, browser.tree.visible.len()),
        View::Tensors => (&mut browser.table.cursor, browser.table.rows.len()),
        View::Metadata => (&mut browser.metadata.cursor, browser.metadata.rows.len()),
        View::Parts => (&mut browser.parts.cursor, browser.parts.rows.len()),
        View::Load | View::Diagnostics => return Vec::new(),
    };
    let at = cursor.first + row;
    if at >= len {
        return Vec::new();
    }
    let again = had_focus && cursor.at == at;
    cursor.at = at;
    browser.detail = Scroll::default();
    if again { browse::run(model, Command::Open, None) } else { Vec::new() }
}

/// A click on a heading sorts by it, and once more turns the order round.
fn click_heading(model: &mut Model, x: u16) {
    let column = match model.view() {
        Some(View::Layers) => layers::column_at(model, x),
        Some(View::Tensors) => tensors::column_at(model, x),
        _ => None,
    };
    let (Some(browser), Some(column)) = (&mut model.browser, column) else { return };
    let order = if browser.view == View::Layers { &mut browser.tree.order } else { &mut browser.table.order };
    *order = if order.column == Some(column) {
        Order { descending: !order.descending, ..*order }
    } else {
        Order::by(column)
    };
    browser.rebuild();
}

/// The mouse moves with its button down, wherever that went down.
pub(super) fn drag(model: &mut Model, x: u16, y: u16) -> Vec<Effect> {
    if !matches!(model.mode, Mode::Normal) || splits::drag(model, x, y) {
        return Vec::new();
    }
    if model.focus == Pane::Curve {
        curve::drag(model, x);
    }
    Vec::new()
}

/// The wheel scrolls what is under the pointer, whatever has the focus.
pub(super) fn wheel(model: &mut Model, x: u16, y: u16, by: isize) -> Vec<Effect> {
    if !matches!(model.mode, Mode::Normal | Mode::Filter { .. }) {
        super::moved_in_popup(model, if by > 0 { Command::Down } else { Command::Up });
        return Vec::new();
    }
    let layout = model.layout();
    let lines = model.heat_lines();
    if let (Place::Timeline, Some(view)) = (model.place, &mut model.timeline) {
        view.cursor.scrolled(by, view.lines.len(), lines);
        return Vec::new();
    }
    let Some(pane) = layout.at(x, y) else { return Vec::new() };
    let height = usize::from(layout.rows(pane).height);
    if compare_wheel(model, pane, by, height) {
        return Vec::new();
    }
    let scroll = |scroll: &mut Scroll| scroll.first = scroll.first.saturating_add_signed(by);
    match (pane, &mut model.browser) {
        (Pane::Runs, _) => {
            let list = &mut model.home.list;
            let before = list.cursor.at;
            list.cursor.scrolled(by, list.rows.len(), height);
            if list.cursor.at != before {
                model.home.moved();
            }
        }
        (Pane::Table, _) => {
            let table = &mut model.home.table;
            let before = table.cursor.at;
            table.cursor.scrolled(by, table.rows.len(), height);
            if table.cursor.at != before {
                model.home.table_moved();
            }
        }
        (Pane::Facts, _) => scroll(&mut model.home.facts),
        (Pane::Curve, _) => curve::wheel(model, x, by),
        (Pane::Detail, Some(browser)) => scroll(&mut browser.detail),
        (Pane::Body, Some(browser)) => match browser.view {
            View::Layers => browser.tree.cursor.scrolled(by, browser.tree.visible.len(), height),
            View::Tensors => browser.table.cursor.scrolled(by, browser.table.rows.len(), height),
            View::Metadata => browser.metadata.cursor.scrolled(by, browser.metadata.rows.len(), height),
            View::Parts => browser.parts.cursor.scrolled(by, browser.parts.rows.len(), height),
            View::Load => scroll(&mut browser.load),
            View::Diagnostics => scroll(&mut browser.diagnostics),
        },
        _ => {}
    }
    Vec::new()
}

/// The wheel over a comparison; false elsewhere.
fn compare_wheel(model: &mut Model, pane: Pane, by: isize, height: usize) -> bool {
    let Some(view) = &mut model.compare else { return false };
    match pane {
        Pane::Keys => view.cursor.scrolled(by, view.visible.len(), height),
        Pane::Difference => {
            let scroll = if view.repairs { &mut view.repairs_scroll } else { &mut view.detail };
            scroll.first = scroll.first.saturating_add_signed(by);
        }
        _ => return false,
    }
    true
}
