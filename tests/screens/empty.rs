//! Screens with nothing on them say what to do next.

use std::sync::Arc;

use ckpt_tui::compare::timeline::Timeline;
use ckpt_tui::tui::action::{Action, ScanNews};
use ckpt_tui::tui::model::Place;
use ckpt_tui::tui::model::jobs::TaskKind;
use insta::assert_snapshot;

use super::build::{Build, row};
use super::ui::Ui;

const SIZES: [(u16, u16); 2] = [(80, 24), (140, 45)];

/// Draws it at both sizes, in ASCII, and at sizes no sentence fits.
fn pictures(name: &str, make: impl Fn((u16, u16)) -> Ui) {
    for size in SIZES {
        assert_snapshot!(format!("empty_{name}_{}", size.0), make(size).screen());
    }
    for size in [(1, 1), (40, 10), (41, 11), (79, 12)] {
        make(size).screen();
    }
    let mut ui = make((80, 24));
    ui.model.theme = ckpt_tui::tui::theme::Theme::new(false, true);
    assert!(ui.screen().is_ascii(), "{}", ui.screen());
}

#[test]
fn no_checkpoints() {
    let found_nothing = |size| {
        let mut ui = Ui::waiting(size);
        ui.model.home.here = Some("/home/kim".into());
        ui.news(vec![ScanNews::Walked(1_234, 56)]);
        ui.done();
        ui
    };
    pictures("no_checkpoints", found_nothing);
    let screen = found_nothing((140, 45)).screen();
    for said in ["/home/kim/experiments", "1,234 files in 56 folders", "ckpt-tui PATH", "r looks again"] {
        assert!(screen.contains(said), "{said}: {screen}");
    }
    pictures("scanning", Ui::waiting);
}

#[test]
fn a_real_empty_folder_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("inside")).unwrap();
    for name in ["notes.txt", "inside/train.py", "inside/more.txt"] {
        std::fs::write(folder.path().join(name), "nothing to see").unwrap();
    }
    let ui = Ui::on(folder.path().to_str().unwrap(), (140, 45));
    assert!(ui.screen().contains("3 files in 2 folders"), "{}", ui.screen());
}

#[test]
fn a_filter_without_hits() {
    let filtered = |keys: &'static str| {
        move |size| {
            let mut ui = Ui::on("assets/demo", size);
            ui.keys(keys);
            ui
        }
    };
    pictures("filter_runs", filtered("/zzzz<Enter>"));
    pictures("filter_tensors", filtered("jj<Enter>gt/zzzz<Enter>"));
    let mut ui = filtered("/zzzz<Enter>")((80, 24));
    ui.keys("<Esc>");
    assert!(!ui.model.home.list.rows.is_empty(), "and Esc does what it says");
}

#[test]
fn no_metrics_in_this_run() {
    pictures("no_metrics", |size| {
        let rows = (1..4).map(|n| row(&format!("/data/run/e{n}.pt"), Some(f64::from(n)), &[])).collect();
        Ui::with_rows(rows, size)
    });
}

#[test]
fn no_tensors_and_no_modules() {
    pictures("no_tensors", |size| {
        let mut ui = Ui::with_checkpoint(Build::training(&[]), size);
        ui.keys("gl");
        ui
    });
}

#[test]
fn no_history() {
    pictures("no_history", |size| {
        let rows = (1..4).map(|n| row(&format!("/data/run/e{n}.pt"), Some(f64::from(n)), &[])).collect();
        let mut ui = Ui::with_rows(rows, size);
        ui.keys("jT");
        assert_eq!(ui.model.place, Place::Timeline);
        let generation = ui.model.jobs.task(TaskKind::Timeline).map_or(0, |task| task.generation);
        ui.act(Action::Timeline(generation, Ok(Arc::new(Timeline::default())), true));
        ui
    });
}

#[test]
fn no_bookmarks_and_nothing_said() {
    pictures("no_bookmarks", |size| {
        let mut ui = Ui::on("assets/demo", size);
        ui.keys("`");
        ui
    });
    pictures("no_messages", |size| {
        let mut ui = Ui::on("assets/demo", size);
        ui.keys("gn");
        ui
    });
}

#[test]
fn no_statistics_yet() {
    let mut ui = Ui::on("assets/demo", (140, 45));
    ui.model.hints.is_on = true;
    ui.keys("jj<Enter>gt");
    assert!(ui.screen().contains("i computes statistics"), "{}", ui.screen());
}
