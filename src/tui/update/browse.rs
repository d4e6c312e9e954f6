//! Commands on an opened checkpoint.

use std::sync::Arc;

use super::super::action::Effect;
use super::super::commands::Command;
use super::super::model::browser::{Browser, View};
use super::super::model::cursor::stepped;
use super::super::model::document::Scroll;
use super::super::model::table::Order;
use super::super::model::{Model, Pane, Place, tree};
use super::parts;

pub(super) fn run(model: &mut Model, command: Command, count: Option<usize>) -> Vec<Effect> {
    let layout = model.layout();
    let rows = usize::from(layout.rows(Pane::Body).height);
    let (text, detail) = (layout.text(Pane::Body).height.into(), layout.text(Pane::Detail).height.into());
    let Some(browser) = &mut model.browser else { return Vec::new() };
    if let Some(view) = view_for(command, browser) {
        browser.change_view(view);
        model.place = Place::Checkpoint;
        model.focus = Pane::Body;
        return Vec::new();
    }
    if model.focus == Pane::Detail {
        if super::stats::moved(model, command, count) {
            return Vec::new();
        }
        let Some(browser) = &mut model.browser else { return Vec::new() };
        browser.detail.moved(command, count, detail);
        return Vec::new();
    }
    match (browser.view, command) {
        (View::Layers | View::Tensors, Command::Section) => {
            browser.cycle_section();
            browser.detail = Scroll::default();
        }
        (View::Layers, _) => {
            if in_layers(browser, command, count, rows) {
                model.focus = Pane::Detail;
            }
        }
        (View::Tensors, _) => {
            if in_tensors(browser, command, count, rows) {
                model.focus = Pane::Detail;
            }
        }
        (View::Metadata, _) => {
            if in_metadata(browser, command, count, rows) {
                model.focus = Pane::Detail;
            }
        }
        (View::Parts, _) => return parts::run(model, command, count, rows),
        (View::Load, _) => {
            browser.load.moved(command, count, text);
        }
        (View::Diagnostics, _) => {
            browser.diagnostics.moved(command, count, text);
        }
    }
    Vec::new()
}

fn view_for(command: Command, browser: &Browser) -> Option<View> {
    let now = browser.view;
    Some(match command {
        Command::Layers => View::Layers,
        Command::Tensors => View::Tensors,
        Command::Metadata => View::Metadata,
        Command::Load => View::Load,
        Command::Diagnostics => View::Diagnostics,
        Command::Parts => View::Parts,
        Command::NextView => now.cycled(1, &browser.views()),
        Command::PreviousView => now.cycled(-1, &browser.views()),
        _ => return None,
    })
}

/// Commands in the tree; true when the details are wanted.
fn in_layers(browser: &mut Browser, command: Command, count: Option<usize>, page: usize) -> bool {
    let layers = Arc::clone(browser.layers());
    let tree = &mut browser.tree;
    let before = tree.selected();
    let filtered = browser.matches.is_some();
    let mut changed = false;
    if !tree.cursor.moved(command, count, tree.visible.len(), page) {
        match command {
            Command::NextMatch => next_tensor(browser, 1),
            Command::PreviousMatch => next_tensor(browser, -1),
            // Filtered, everything is open.
            Command::Open if filtered => return true,
            Command::Open => {
                changed = tree.toggle(&layers);
                if !changed {
                    return before.is_some();
                }
            }
            Command::Fold if !filtered => changed = tree.toggle(&layers),
            Command::Left if filtered => {
                if let Some(parent) = before.and_then(|at| layers.node(at)).and_then(|n| n.parent) {
                    tree.select(&layers, parent);
                }
            }
            Command::Right if filtered => {
                tree.cursor.at += usize::from(before.is_some_and(|at| tree::has_children(&layers, at)));
            }
            Command::Left => changed = tree.go_left(&layers),
            Command::Right => changed = tree.go_right(&layers),
            Command::FoldAll | Command::UnfoldAll => {
                tree.set_all(command == Command::UnfoldAll);
                changed = true;
            }
            Command::Sort => {
                tree.next_order();
                changed = true;
            }
            Command::SortReverse => {
                tree.order.descending = !tree.order.descending;
                changed = true;
            }
            _ => {}
        }
    }
    if changed {
        browser.tree.rebuild(&layers, browser.matches.as_ref(), browser.section);
    }
    if browser.tree.selected() != before {
        browser.detail = Scroll::default();
    }
    false
}

/// The next row of the tree that is a tensor: with a filter, the next match.
fn next_tensor(browser: &mut Browser, by: isize) {
    let len = browser.tree.visible.len();
    let mut at = browser.tree.cursor.at;
    for _ in 0..len {
        at = stepped(at, by, len);
        let node = browser.tree.visible.get(at).and_then(|n| browser.opened.layers.node(*n));
        if node.is_some_and(|n| n.tensor.is_some()) {
            browser.tree.cursor.at = at;
            return;
        }
    }
}

/// Commands in the table; true when the details are wanted.
fn in_tensors(browser: &mut Browser, command: Command, count: Option<usize>, page: usize) -> bool {
    let before = browser.table.selected();
    let len = browser.table.rows.len();
    if !browser.table.cursor.moved(command, count, len, page) {
        match command {
            Command::NextMatch if len > 0 => browser.table.cursor.at = (browser.table.cursor.at + 1) % len,
            Command::PreviousMatch if len > 0 => {
                browser.table.cursor.at = (browser.table.cursor.at + len - 1) % len;
            }
            Command::Open => return before.is_some(),
            Command::Sort | Command::SortReverse => sort(browser, command),
            _ => {}
        }
    }
    if browser.table.selected() != before {
        browser.detail = Scroll::default();
    }
    false
}

fn sort(browser: &mut Browser, command: Command) {
    let order = browser.table.order;
    let turned = Order { descending: !order.descending, ..order };
    let (statistics, spectra) = (browser.stats.count > 0, browser.stats.spectra.count() > 0);
    browser.table.order = if command == Command::Sort { order.next(statistics, spectra) } else { turned };
    let layers = Arc::clone(browser.layers());
    browser.table.rebuild(&layers, browser.matches.as_ref(), browser.section, &browser.stats);
}

/// Commands in the metadata; true when the details are wanted.
fn in_metadata(browser: &mut Browser, command: Command, count: Option<usize>, page: usize) -> bool {
    let before = browser.metadata.cursor.at;
    let len = browser.metadata.rows.len();
    let layers = Arc::clone(browser.layers());
    let metadata = &mut browser.metadata;
    if !metadata.cursor.moved(command, count, len, page) {
        if command == Command::Open {
            return !metadata.toggle(layers.checkpoint(), before) && len > 0;
        }
        metadata.fold(layers.checkpoint(), command);
    }
    if browser.metadata.cursor.at != before {
        browser.detail = Scroll::default();
    }
    false
}
