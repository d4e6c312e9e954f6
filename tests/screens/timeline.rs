//! The timeline of a run.

use std::sync::Arc;

use ckpt_tui::compare::timeline::scale::Measure;
use ckpt_tui::compare::timeline::{LayerType, Point, Row, Stop, Timeline};
use ckpt_tui::tui::action::Action;
use ckpt_tui::tui::model::jobs::TaskKind;
use ckpt_tui::tui::model::timeline::Grouping;
use ckpt_tui::tui::model::{Pane, Place};
use ckpt_tui::tui::theme::Theme;

use super::build::row;
use super::ui::Ui;

const WIDE: (u16, u16) = (140, 45);

/// The demo's first run, its timeline shown.
fn demo(size: (u16, u16)) -> Ui {
    let mut ui = Ui::on("assets/demo/glyphs-cnn", size);
    ui.keys("T");
    assert_eq!((ui.model.place, ui.model.focus), (Place::Timeline, Pane::Timeline));
    ui
}

/// A run of eight checkpoints, waiting for its timeline.
fn waiting(size: (u16, u16)) -> Ui {
    let rows = (1..=8).map(|n| {
        let mut row = row(&format!("/data/r/e{n}.pt"), Some(f64::from(n)), &[("loss", 0.5)]);
        row.tensors = 2;
        row
    });
    let mut ui = Ui::with_rows(rows.collect(), size);
    ui.keys("jT");
    ui
}

/// `count` checkpoints: a layer that moves, one that is frozen, one that breaks at the fifth.
fn made(count: usize) -> Arc<Timeline> {
    let point = |change: f64, nan: u64| Point {
        change: Some(change),
        relative_change: Some(change / 4.0),
        moved: u64::from(change > 0.0),
        l2: 4.0 + change,
        nan,
        inf: 0,
    };
    let first = |l2| Point { change: None, relative_change: None, moved: 0, l2, nan: 0, inf: 0 };
    let row = |key: &str, layer_type, later: &dyn Fn(usize) -> Point| Row {
        key: key.to_owned(),
        layer_type,
        is_parameter: true,
        points: (0..count).map(|at| Some(if at == 0 { first(4.0) } else { later(at) })).collect(),
    };
    let stop = |n: usize| Stop {
        path: format!("/data/r/e{}.pt", n + 1).into(),
        epoch: Some((n + 1) as f64),
        step: None,
        ema_drift: Some(0.01),
    };
    Arc::new(Timeline {
        checkpoints: (0..count).map(stop).collect(),
        rows: vec![
            row("net.fc.weight", LayerType::Linear, &|at| point(0.5_f64.powf(at as f64), 0)),
            row("net.fc.bias", LayerType::Bias, &|at| point(0.1 / at as f64, if at >= 4 { 3 } else { 0 })),
            row("backbone.conv.weight", LayerType::Convolution, &|_| point(0.0, 0)),
        ],
        skipped: Vec::new(),
    })
}

fn feed(ui: &mut Ui, count: usize, is_complete: bool) {
    let generation = ui.model.jobs.task(TaskKind::Timeline).expect("a timeline is read").generation;
    ui.act(Action::Timeline(generation, Ok(made(count)), is_complete));
}

#[test]
fn screens() {
    insta::assert_snapshot!("timeline_140x45", demo(WIDE).screen());
    insta::assert_snapshot!("timeline_80x24", demo((80, 24)).screen());
    let mut ui = waiting((80, 24));
    feed(&mut ui, 8, true);
    insta::assert_snapshot!("timeline_nan_80x24", ui.screen());
    ui.model.theme = Theme::new(false, true);
    ui.keys("u");
    let screen = ui.screen();
    let drawn: String = screen.lines().skip(1).take(12).collect();
    assert!(drawn.is_ascii(), "{screen}");
    insta::assert_snapshot!("timeline_ascii_80x24", screen);
}

#[test]
fn it_grows_while_it_is_read_and_esc_stops_it_and_then_leaves() {
    let mut ui = waiting(WIDE);
    assert!(ui.screen().contains("Reading the checkpoints"), "{}", ui.screen());
    feed(&mut ui, 3, false);
    assert!(ui.screen().contains("3 of 8 read"), "{}", ui.screen());
    let view = ui.model.timeline.as_ref().unwrap();
    assert_eq!((view.column, view.data.checkpoints.len()), (2, 3), "the cursor goes with the newest");
    ui.keys("h");
    feed(&mut ui, 5, false);
    assert_eq!(ui.model.timeline.as_ref().unwrap().column, 1, "unless it was moved away");
    let work = ui.model.jobs.task(TaskKind::Timeline).unwrap().work.clone();
    ui.keys("<Esc>");
    assert!(work.cancel.is_cancelled() && ui.model.place == Place::Timeline);
    ui.keys("<Esc>");
    assert_eq!((ui.model.place, ui.model.focus), (Place::Home, Pane::Runs));
    assert!(ui.model.timeline.is_none());
}

#[test]
fn every_epoch_has_its_label_wherever_the_cursor_is() {
    let mut ui = waiting(WIDE);
    feed(&mut ui, 8, true);
    ui.keys("99h");
    let labels = |screen: &str| -> Vec<String> {
        let line = screen.lines().find(|line| line.contains(" epoch ")).unwrap().to_owned();
        let behind = line.split_once(" epoch ").unwrap().1.to_owned();
        behind.split_whitespace().filter(|word| word.parse::<u32>().is_ok()).map(str::to_owned).collect()
    };
    let first = labels(&ui.screen());
    assert_eq!(first.len(), 8, "{first:?}");
    for _ in 1..8 {
        ui.keys("l");
        assert_eq!(labels(&ui.screen()), first);
    }
}

#[test]
fn the_cursor_reads_out_what_it_stands_on() {
    let mut ui = waiting(WIDE);
    feed(&mut ui, 8, true);
    ui.keys("j7h2l");
    let screen = ui.screen();
    assert!(screen.contains("changed by 1.250%") && screen.contains("net.fc.bias"), "{screen}");
    assert!(screen.contains("/data/r/e3.pt") && screen.contains("EMA 1.000% away"), "{screen}");
    ui.keys("5l");
    assert!(ui.screen().contains("3 NaN"), "{}", ui.screen());
    assert!(ui.screen().contains("first NaN: net.fc.bias in e5.pt, last without: e4.pt"));
    ui.keys("j");
    assert!(ui.screen().contains("unchanged"), "{}", ui.screen());
}

#[test]
fn measures_and_groupings_are_gone_through() {
    let mut ui = waiting(WIDE);
    feed(&mut ui, 8, true);
    ui.keys("c");
    assert_eq!(ui.model.timeline.as_ref().unwrap().measure, Measure::Norm);
    ui.keys("C");
    assert_eq!(ui.model.timeline.as_ref().unwrap().measure, Measure::Change);
    ui.keys("u");
    let view = ui.model.timeline.as_ref().unwrap();
    assert_eq!(view.grouping, Grouping::Modules);
    let names: Vec<&str> = view.lines.iter().map(|line| line.name.as_str()).collect();
    assert_eq!(names, ["net.fc", "backbone.conv"]);
    ui.keys("u");
    let view = ui.model.timeline.as_ref().unwrap();
    assert_eq!((view.grouping, view.lines.len()), (Grouping::Types, 3));
}

#[test]
fn enter_opens_the_checkpoint_and_esc_comes_back() {
    let mut ui = demo(WIDE);
    let path = ui.model.timeline.as_ref().unwrap().path().unwrap().clone();
    ui.keys("<Enter>");
    assert_eq!((ui.model.place, ui.model.opened_path()), (Place::Checkpoint, Some(&*path)));
    ui.keys("<Esc>");
    assert_eq!(ui.model.place, Place::Timeline);
    ui.keys("<Esc>");
    assert_eq!(ui.model.place, Place::Home);
    ui.keys("<Enter>T");
    assert_eq!(ui.model.place, Place::Timeline, "from an opened checkpoint, too");
    ui.keys("<Esc>");
    assert_eq!(ui.model.place, Place::Checkpoint);
}

#[test]
fn more_checkpoints_than_cells_are_scrolled() {
    let mut ui = waiting((60, 20));
    feed(&mut ui, 300, true);
    let view = ui.model.timeline.as_ref().unwrap();
    assert_eq!(view.column, 299);
    assert!(view.first_column > 200);
    ui.keys("999h");
    assert_eq!(ui.model.timeline.as_ref().unwrap().first_column, 0);
}

#[test]
fn a_click_selects_a_cell() {
    let mut ui = waiting(WIDE);
    feed(&mut ui, 8, true);
    let inner = ui.model.layout().inner(Pane::Timeline);
    let columns = ckpt_tui::tui::view::timeline::columns(inner.width, ui.model.timeline.as_ref().unwrap());
    ui.act(Action::Click(inner.x + columns.names + 1 + columns.cell * 3, inner.y + 2));
    let view = ui.model.timeline.as_ref().unwrap();
    assert_eq!((view.cursor.at, view.column), (1, 3));
    assert_eq!(ui.copied.len(), 0);
    ui.keys("y");
    assert_eq!(ui.copied, ["/data/r/e4.pt"]);
}

#[test]
fn two_lines_share_a_row_of_half_blocks_where_there_are_colours() {
    let mut ui = waiting((80, 24));
    feed(&mut ui, 8, true);
    ui.keys("U");
    let screen = ui.screen();
    assert!(screen.contains('\u{2580}') && screen.contains('\u{25b2}'), "{screen}");
    insta::assert_snapshot!("timeline_dense_80x24", screen);
    ui.keys("j");
    assert!(ui.screen().contains('\u{25bc}'), "{}", ui.screen());
    ui.model.theme = Theme::new(false, false);
    let plain = ui.screen();
    assert!(!plain.contains('\u{2580}'), "without colours each has its own row: {plain}");
}
