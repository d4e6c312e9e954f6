//! Statistics in the terminal: what is asked for, what is shown, and what stops it.

use ckpt_tui::tui::model::Pane;
use ckpt_tui::tui::model::stats::{Known, Panel};
use ckpt_tui::tui::model::table::Column;

use super::ui::Ui;

const WIDE: (u16, u16) = (180, 45);
const KINDS: &str = "tests/fixtures/stats/kinds.pt";

#[test]
fn i_fills_the_columns_and_sorts_by_them() {
    let mut ui = Ui::on(KINDS, WIDE);
    ui.keys("gt");
    assert!(!ui.screen().contains("zeros"), "no column of what is not known");
    ui.keys("i");
    let screen = ui.screen();
    assert!(screen.contains("zeros") && screen.contains("|w|"), "{screen}");
    assert!(
        ui.model.toast.as_ref().is_some_and(|t| t.is_error && t.text.contains("NaN")),
        "{:?}",
        ui.model.toast
    );
    let order = |ui: &Ui| ui.model.browser.as_ref().unwrap().table.order.column;
    while order(&ui) != Some(Column::Nan) {
        ui.keys("s");
    }
    ui.keys("gg");
    assert!(ui.tensor().starts_with("broken"), "most of what is not finite comes first: {}", ui.tensor());
    ui.keys("i");
    assert!(ui.model.toast.as_ref().is_some_and(|t| t.text.contains("are there")), "nothing is read twice");
}

#[test]
fn modules_add_up_what_is_below_them() {
    let mut ui = Ui::on("assets/demo", WIDE);
    ui.keys("/glyphs-cnn<Enter>jj<Enter>i");
    let browser = ui.model.browser.as_ref().unwrap();
    let root = browser.stats.below(0).unwrap();
    let layers = browser.layers();
    let below = layers.siblings(1, layers.node(0).unwrap().end);
    let squares: f64 = below.iter().filter_map(|at| browser.stats.below(*at)).map(|r| r.squares).sum();
    assert_eq!(root.known, layers.node(0).unwrap().tensors);
    assert!((root.squares - squares).abs() < 1e-9 * squares, "{} {squares}", root.squares);
    assert!(ui.screen().contains("norm"));
}

#[test]
fn integers_have_no_norm() {
    let mut ui = Ui::on(KINDS, WIDE);
    ui.keys("i");
    let browser = ui.model.browser.as_ref().unwrap();
    let layers = browser.layers();
    let norm = |name: &str| {
        let entries = layers.checkpoint().tensors();
        let at = entries.iter().position(|entry| entry.path.ends_with(name)).unwrap();
        browser.stats.below(layers.node_of[at]).unwrap().norm()
    };
    assert_eq!((norm("int8"), norm("empty")), (None, None));
    assert!(norm("bfloat16") > Some(1.0));
}

#[test]
fn the_panels_of_a_tensor() {
    let mut ui = Ui::on(KINDS, WIDE);
    ui.keys("gtgs");
    let panel = |ui: &Ui| ui.model.browser.as_ref().unwrap().stats.panel;
    assert_eq!((panel(&ui), ui.model.focus), (Panel::Numbers, Pane::Detail));
    let first = ui.model.browser.as_ref().unwrap().tensor().unwrap();
    let known =
        |ui: &Ui, at| matches!(ui.model.browser.as_ref().unwrap().stats.of(at), Some(Known::Stats(..)));
    assert!(known(&ui, first), "what is looked at is read");
    assert!(ui.screen().contains("Quantiles") && ui.screen().contains("Histogram"));
    ui.keys("x");
    assert!(ui.screen().contains("by magnitude"));
    ui.keys("<Esc>j");
    let second = ui.model.browser.as_ref().unwrap().tensor().unwrap();
    assert!(second != first && known(&ui, second), "and so is the next one");
    ui.keys("<Tab>v");
    assert_eq!(panel(&ui), Panel::Values);
    assert!(ui.screen().contains("[0, 0]"), "{}", ui.screen());
    ui.keys("G");
    let last = ui.model.browser.as_ref().unwrap().stats.preview.clone().unwrap();
    assert_eq!(last.start + last.values.len() as u64, last.total, "G reads the end");
    ui.keys("v");
    assert_eq!(panel(&ui), Panel::HeatMap);
    assert!(ui.screen().contains("67 rows down, 71 columns across"), "{}", ui.screen());
    ui.keys("vv");
    assert_eq!(panel(&ui), Panel::Facts);
}
