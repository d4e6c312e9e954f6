//! Every screen at every size: nothing panics, and small ones say so.

use ckpt_tui::tui::action::Action;

use super::build::{Build, broken, row};
use super::ui::Ui;

/// Every screen, by the keys that lead to it.
pub(crate) const SCREENS: [(&str, &str); 16] = [
    ("list", "jj"),
    ("curve", "jj<Tab>"),
    ("facts", "jj<Tab><Tab>"),
    ("layers", "jj<Enter>"),
    ("tensors", "jj<Enter>gtj"),
    ("statistics", "jj<Enter>i"),
    ("tensor_statistics", "jj<Enter>gtigs"),
    ("tensor_magnitudes", "jj<Enter>gtgsx"),
    ("tensor_values", "jj<Enter>gtjjjjjjjjjjjjgsvjj"),
    ("tensor_heat_map", "jj<Enter>gtjjjjjjjjjjjjgsvv"),
    ("metadata", "jj<Enter>gmjjj"),
    ("load", "jj<Enter>go"),
    ("diagnostics", "jj<Enter>gd"),
    ("timeline", "jjT"),
    ("help", "?"),
    ("filter", "jj<Enter>/w"),
];

/// Screens that have pictures of their own elsewhere.
const MORE: [(&str, &str); 13] = [
    ("full curve", "jj<Tab>f"),
    ("overlay", "jj<Tab>Oeexf"),
    ("metrics", "jj<Tab>a"),
    ("run table", "p"),
    ("clean-up", "GD"),
    ("link", "GB"),
    ("spectrum", "jj<Enter>gtjjjjjjjjjjjjgeI"),
    ("timeline of ranks", "jjTC"),
    ("comparison", "jjmjm]i"),
    ("comparison, difference", "jjmjm]<Tab>"),
    ("repairs", "jjmjmR"),
    ("bookmarks", "jj'`"),
    ("messages", "jj'gn"),
];

#[test]
fn every_screen_survives_every_size() {
    let parts = ("parts", "P");
    for (name, keys) in SCREENS.into_iter().chain(MORE).chain([parts]) {
        let folder =
            if name == "parts" { "tests/fixtures/train/megatron/iter_0001000" } else { "assets/demo" };
        let mut ui = Ui::on(folder, (140, 45));
        ui.keys(keys);
        for width in [0, 1, 2, 3, 20, 39, 40, 41, 79, 80, 81, 119, 120, 121, 200, 400] {
            for height in [0, 1, 2, 5, 9, 10, 11, 24, 60] {
                ui.act(Action::Resize(width, height));
                let screen = ui.screen();
                if (width < 40 || height < 10) && width > 12 && height > 3 {
                    assert!(screen.contains("too small"), "{name} {width}x{height}\n{screen}");
                }
                ui.keys("j");
            }
        }
    }
}

#[test]
fn the_state_survives_a_screen_that_is_too_small() {
    let mut ui = Ui::on("assets/demo", (140, 45));
    ui.keys("/overfit<Enter>b");
    ui.act(Action::Resize(5, 2));
    ui.act(Action::Resize(140, 45));
    assert_eq!(ui.selected(), "epoch_10.pt");
}

#[test]
fn below_80_columns_the_focused_pane_has_the_screen() {
    let mut ui = Ui::on("assets/demo", (60, 20));
    assert_eq!(ui.model.layout().panes.len(), 1);
    ui.keys("jj<Tab>");
    assert!(ui.screen().contains("[Curve]") && ui.screen().contains("val_loss (2 of 2)"), "{}", ui.screen());
    ui.keys("<Tab><Tab><Enter>");
    assert!(ui.screen().contains("[Layers]"));
    ui.keys("<Tab>");
    assert!(ui.screen().contains("Details"));
}

#[test]
fn names_of_any_length_and_width_fit() {
    let long = "x".repeat(5_000);
    let wide = "重み".repeat(100);
    let rows = vec![
        row(&format!("/data/r/{wide}.pt"), Some(1.0), &[(&long, 0.5)]),
        broken(&format!("/data/{wide}/{wide}.pt")),
    ];
    for size in [(40, 10), (80, 24), (140, 45)] {
        let mut ui = Ui::with_rows(rows.clone(), size);
        ui.keys("j");
        ui.screen();
        let mut ui = Ui::with_checkpoint(Build::training(&[&long, &wide, "a\u{1b}[2J\nb", ""]), size);
        for keys in ["", "j", "jjj", "gt", "jj", "gm", "jjjj", "<Tab>", "/重", "x<Enter>"] {
            ui.keys(keys);
            assert!(!ui.screen().contains('\u{1b}'));
        }
    }
}
