//! Hints for those who have just begun: one at a time, out of the way, gone once the command was used.

use ckpt_tui::state::{Folder, Global};
use ckpt_tui::tui::commands::hints;
use ckpt_tui::tui::theme::Theme;
use insta::assert_snapshot;

use super::ui::Ui;

const DEMO: &str = "assets/demo";

fn with_hints(size: (u16, u16)) -> Ui {
    let mut ui = Ui::on(DEMO, size);
    ui.model.hints.is_on = true;
    ui
}

fn taught(ui: &Ui) -> String {
    hints::next(&ui.model)
        .map(|(entry, text)| format!("{} {text}", ui.model.keys.first(entry.command)))
        .unwrap_or_default()
}

#[test]
fn each_place_teaches_the_next_useful_thing_until_it_was_used() {
    let mut ui = with_hints((140, 45));
    assert_eq!(taught(&ui), "b goes to the best checkpoint");
    ui.keys("jj");
    assert_eq!(taught(&ui), "Enter opens it");
    ui.keys("<Enter>");
    assert_eq!(taught(&ui), "i computes statistics");
    ui.keys("i");
    assert_ne!(taught(&ui), "i computes statistics");
    ui.keys("<Esc>");
    assert_eq!(taught(&ui), "b goes to the best checkpoint", "what was opened once is known");
    ui.keys("b");
    assert_eq!(taught(&ui), "m marks it, and on another compares");
    ui.keys("mjmR");
    assert!(!taught(&ui).starts_with("R "));
    assert!(ui.model.hints.used.len() >= 5);
    ui.keys("j?");
    assert!(!ui.screen().contains("goes to the next difference"), "not over the help");
}

#[test]
fn a_hint_takes_the_place_of_nothing() {
    for size in [(40, 10), (60, 20), (80, 24), (120, 30), (140, 45), (200, 60)] {
        for keys in
            ["", "jj", "jj<Tab>", "jj<Enter>", "jj<Enter>gt", "jj<Enter>go", "jjT", "jjmjm", "jjmjmR", "p"]
        {
            let mut ui = with_hints(size);
            ui.keys(keys);
            let with = ui.screen();
            ui.model.hints.is_on = false;
            let without = ui.screen();
            for (y, (with, without)) in with.lines().zip(without.lines()).enumerate() {
                for (with, without) in with.chars().zip(without.chars()).filter(|(a, b)| a != b) {
                    assert!(" ─━".contains(without), "{size:?} {keys} line {y}: {with} over {without}");
                }
            }
        }
    }
}

#[test]
fn hints_look_like_this() {
    for size in [(40, 10), (80, 24), (140, 45)] {
        let mut ui = with_hints(size);
        ui.keys("jj");
        assert_snapshot!(format!("hint_home_{}", size.0), ui.screen());
        ui.keys("<Enter>");
        assert_snapshot!(format!("hint_layers_{}", size.0), ui.screen());
    }
    let mut ui = with_hints((80, 24));
    ui.model.theme = Theme::new(false, true);
    ui.keys("jj");
    assert_snapshot!("hint_ascii", ui.screen());
    assert!(ui.screen().contains("Enter opens it"), "{}", ui.screen());
}

#[test]
fn what_was_used_is_remembered() {
    let mut ui = super::memory::again(DEMO, (Global::default(), Folder::default()), true);
    ui.keys("b");
    let (global, _) = ckpt_tui::tui::model::memory::kept(&ui.model);
    assert!(global.used.contains("best"));
    let mut ui = super::memory::again(DEMO, (global, Folder::default()), true);
    ui.model.hints.is_on = true;
    assert_ne!(taught(&ui), "b goes to the best checkpoint");
}
