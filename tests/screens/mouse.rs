//! Clicks and the wheel.

use ckpt_tui::tui::event::Event;
use ckpt_tui::tui::model::browser::View;
use ckpt_tui::tui::model::table::Column;
use ckpt_tui::tui::model::{Pane, Place};

use super::build::{Build, row};
use super::ui::Ui;

/// The cell `text` begins in.
fn cell(ui: &Ui, text: &str) -> (u16, u16) {
    for (y, line) in ui.screen().lines().enumerate() {
        let line = line.trim_matches('"');
        if let Some(at) = line.find(text) {
            return (line[..at].chars().count() as u16, y as u16);
        }
    }
    panic!("{text:?} is not on the screen:\n{}", ui.screen());
}

fn click(ui: &mut Ui, text: &str) {
    let (x, y) = cell(ui, text);
    ui.event(Event::Click(x, y));
}

#[test]
fn a_click_selects_and_a_second_one_opens() {
    let mut ui = Ui::on("assets/demo", (140, 45));
    click(&mut ui, "checkpoint_006.pt");
    assert_eq!(ui.selected(), "checkpoint_006.pt");
    click(&mut ui, "checkpoint_006.pt");
    assert_eq!(ui.model.place, Place::Checkpoint);
    click(&mut ui, "Metadata");
    assert_eq!(ui.model.view(), Some(View::Metadata));
    click(&mut ui, "Diagnostics");
    assert_eq!(ui.model.view(), Some(View::Diagnostics));
    click(&mut ui, "ckpt-tui");
    assert_eq!(ui.model.place, Place::Home);
}

#[test]
fn headings_sort() {
    let mut ui = Ui::with_checkpoint(Build::state_dict(&["a", "b"]), (140, 45));
    ui.keys("t");
    click(&mut ui, "bytes");
    assert_eq!(ui.model.browser.as_ref().unwrap().table.order.column, Some(Column::Bytes));
    let before = ui.model.browser.as_ref().unwrap().table.order.descending;
    click(&mut ui, "bytes");
    assert_ne!(ui.model.browser.as_ref().unwrap().table.order.descending, before);
}

#[test]
fn the_footer_can_be_clicked() {
    let mut ui = Ui::on("assets/demo", (140, 45));
    click(&mut ui, "? help");
    assert!(ui.screen().contains("type to search"));
}

#[test]
fn a_click_on_the_curve_selects_the_checkpoint_there() {
    let mut ui = Ui::on("assets/demo/spirals-overfit", (140, 45));
    let inner = ui.model.layout().inner(Pane::Curve);
    ui.event(Event::Click(inner.right() - 2, inner.y + 4));
    assert_eq!(ui.selected(), "epoch_24.pt");
}

#[test]
fn the_wheel_scrolls_what_is_under_it() {
    let rows = (0..200).map(|n| row(&format!("/data/r/e{n}.pt"), Some(f64::from(n)), &[])).collect();
    let mut ui = Ui::with_rows(rows, (140, 45));
    ui.event(Event::Wheel(5, 10, 30));
    assert_eq!(ui.model.home.list.cursor.first, 30);
    ui.event(Event::Wheel(5, 10, -300));
    assert_eq!(ui.model.home.list.cursor.first, 0);
    ui.keys("M");
    assert!(!ui.model.mouse, "M leaves the mouse to the terminal");
}
