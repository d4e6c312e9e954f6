//! Snapshots of every screen at two sizes, of the plain and the ASCII looks, and of the styles that matter.

use std::path::PathBuf;

use ckpt_tui::runs::{CheckpointRow, Role, Status};
use ckpt_tui::tui::theme::Theme;

use super::build::{Build, broken, row};
use super::sizes::SCREENS;
use super::ui::Ui;

const SIZES: [(u16, u16); 3] = [(80, 24), (140, 45), (200, 60)];

#[test]
fn every_screen() {
    for (name, keys) in SCREENS {
        for (width, height) in SIZES {
            let mut ui = Ui::on("assets/demo", (width, height));
            // The training checkpoint with everything in it.
            ui.keys("/glyphs-cnn<Enter>").keys(keys);
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), ui.screen());
        }
    }
}

#[test]
fn every_screen_in_ascii() {
    for (name, keys) in SCREENS {
        let mut ui = Ui::on("assets/demo", (80, 24));
        ui.model.theme = Theme::new(false, true);
        ui.keys("/glyphs-cnn<Enter>").keys(keys);
        let screen = ui.screen();
        assert!(
            screen.is_ascii(),
            "{name}: {:?}",
            screen.chars().filter(|c| !c.is_ascii()).collect::<String>()
        );
        insta::assert_snapshot!(format!("{name}_ascii"), screen);
    }
}

/// A run with everything that can be said about a row.
fn rows() -> Vec<CheckpointRow> {
    let mut best = row("/data/resnet/epoch_03.pt", Some(3.0), &[("val_loss", 0.3123), ("val_acc", 0.91)]);
    best.training.progress.step = Some(1_200_000);
    let mut last = row("/data/resnet/last.pt", Some(5.0), &[("val_loss", f64::NAN)]);
    last.same_as = Some(PathBuf::from("/data/resnet/epoch_05.pt"));
    last.roles = vec![Role::Last];
    let mut growing = row("/data/resnet/epoch_06.pt", None, &[]);
    growing.status = Status::Growing;
    let mut hostile = row("/data/resnet/\u{202e}evil\n.pt", None, &[]);
    hostile.status = Status::RunsCode;
    hostile.error = Some("names os.system".to_owned());
    vec![
        row("/data/resnet/epoch_01.pt", Some(1.0), &[("val_loss", 0.9), ("val_acc", 0.5)]),
        row("/data/resnet/epoch_02.pt", Some(2.0), &[("val_loss", 0.5), ("val_acc", 0.8)]),
        best,
        row("/data/resnet/epoch_05.pt", Some(5.0), &[("val_loss", f64::NAN), ("val_acc", 0.1)]),
        last,
        growing,
        hostile,
        broken("/data/resnet/epoch_07.pt"),
        row("/data/swin/model.safetensors", None, &[]),
    ]
}

#[test]
fn every_kind_of_row() {
    for size in SIZES {
        let mut ui = Ui::with_rows(rows(), size);
        ui.keys("3j");
        insta::assert_snapshot!(format!("rows_{}x{}", size.0, size.1), ui.screen());
    }
}

#[test]
fn a_scan_on_its_way() {
    let mut ui = Ui::waiting((80, 24));
    ui.news(vec![ckpt_tui::tui::action::ScanNews::Found(1_000)]);
    ui.found(rows());
    insta::assert_snapshot!("scanning", ui.screen());
}

#[test]
fn a_whole_model() {
    let mut ui = Ui::on("assets/demo/exports/glyphs_model.pth", (140, 45));
    ui.keys("jj");
    insta::assert_snapshot!("whole_model", ui.screen());
}

#[test]
fn a_file_that_would_run_code() {
    let mut ui = Ui::with_checkpoint(Build::training(&["fc.weight"]), (100, 40));
    ui.keys("go");
    insta::assert_snapshot!("load_runs_code", ui.screen());
    ui.keys("gd");
    insta::assert_snapshot!("diagnostics_runs_code", ui.screen());
}

/// The looks a person can choose: colours of the terminal, themes for dark and light, no colours.
#[test]
fn every_look_of_a_screen() {
    use ckpt_tui::tui::theme::colors::Depth;
    use ckpt_tui::tui::theme::file::colors;
    let theme = |name, depth| Theme::of(&colors(name, None).unwrap(), depth, false);
    let looks = [
        ("terminal", theme("terminal", Depth::Ansi16)),
        ("night", theme("night", Depth::Rgb)),
        ("day", theme("day", Depth::Rgb)),
        ("day_256", theme("day", Depth::Ansi256)),
        ("none", theme("day", Depth::Off)),
    ];
    for (name, keys) in SCREENS.iter().filter(|(name, _)| ["curve", "layers", "timeline"].contains(name)) {
        for (look, theme) in looks {
            let mut ui = Ui::on("assets/demo", (80, 24));
            ui.model.theme = theme;
            ui.keys("/glyphs-cnn<Enter>").keys(keys);
            insta::assert_debug_snapshot!(format!("look_{name}_{look}"), ui.buffer());
        }
    }
}

/// Text alone does not show which row is selected: styles are compared, too.
#[test]
fn the_selection_is_seen_with_and_without_colour() {
    for (name, color) in [("colour", true), ("no_colour", false)] {
        let mut ui = Ui::with_rows(rows(), (80, 12));
        ui.model.theme = Theme::new(color, false);
        ui.keys("3j");
        insta::assert_debug_snapshot!(format!("styles_{name}"), ui.buffer());
    }
}
