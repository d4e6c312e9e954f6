//! The curve pane and its link with the list.

use ckpt_tui::tui::model::Pane;

use super::build::row;
use super::ui::Ui;

const WIDE: (u16, u16) = (140, 45);

fn run() -> Ui {
    let rows = [(1.0, 0.9), (2.0, 0.5), (3.0, 0.3), (4.0, f64::NAN), (5.0, f64::NAN), (6.0, 0.6), (7.0, 0.7)];
    let rows = rows.iter().map(|(e, loss)| {
        row(&format!("/data/r/e{e}.pt"), Some(*e), &[("val_loss", *loss), ("acc", 1.0 / loss)])
    });
    Ui::with_rows(rows.collect(), WIDE)
}

/// The lines of the curve pane, without its frame.
fn pane(ui: &Ui) -> Vec<String> {
    let lines = ui.screen();
    let inner = ui.model.layout().inner(Pane::Curve);
    let cut =
        |line: &str| line.trim_matches('"').chars().skip(inner.x.into()).take(inner.width.into()).collect();
    lines.lines().skip(inner.y.into()).take(inner.height.into()).map(cut).collect()
}

#[test]
fn the_best_epoch_is_marked_and_named() {
    let ui = run();
    let pane = pane(&ui);
    assert!(pane[0].contains("★ lowest 0.3000 at epoch 3"), "{pane:#?}");
    let marks = pane.iter().rev().nth(1).unwrap();
    assert_eq!(marks.matches('★').count(), 1, "{pane:#?}");
}

#[test]
fn a_value_that_is_no_number_is_a_gap_with_a_mark() {
    let mut ui = run();
    ui.keys("4j");
    let pane = pane(&ui);
    let marks = pane.iter().rev().nth(1).unwrap();
    assert_eq!(marks.matches('✗').count(), 2, "{pane:#?}");
    let first: Vec<usize> =
        marks.char_indices().filter(|(_, c)| *c == '✗').map(|(at, _)| marks[..at].chars().count()).collect();
    // Between the neighbours of the gap, no dot of the line.
    for line in &pane[1..pane.len() - 3] {
        let cells: Vec<char> = line.chars().collect();
        for cell in &cells[first[0]..=first[1]] {
            assert!(!('\u{2801}'..='\u{28ff}').contains(cell), "{pane:#?}");
        }
    }
    assert!(pane[0].contains("epoch 4: NaN"), "{pane:#?}");
}

#[test]
fn moving_in_the_list_moves_in_the_curve_and_the_reverse() {
    let mut ui = run();
    ui.keys("2j");
    assert_eq!(ui.model.home.curve.x, Some(2.0));
    ui.keys("<Tab>");
    assert_eq!(ui.model.focus, Pane::Curve);
    ui.keys("l");
    assert_eq!((ui.selected().as_str(), ui.model.home.curve.x), ("e3.pt", Some(3.0)));
    ui.keys("3l");
    assert_eq!(ui.selected(), "e6.pt", "over the gap");
    ui.keys("0h<Home>");
    assert_eq!(ui.selected(), "e1.pt");
    ui.keys("<End>");
    assert_eq!(ui.selected(), "e7.pt");
    ui.keys("<Enter>");
    assert!(ui.model.jobs.open.is_some(), "Enter opens the checkpoint at the cursor");
}

#[test]
fn metrics_are_gone_through_and_the_list_shows_the_same() {
    let mut ui = run();
    assert_eq!(ui.model.home.curve.shown().unwrap().name, "val_loss");
    ui.keys("c");
    assert_eq!(ui.model.home.curve.shown().unwrap().name, "acc");
    assert!(ui.screen().contains("Curve: acc (2 of 2)"), "{}", ui.screen());
    assert_eq!(ui.model.home.facts_of[0].metric.as_deref(), Some("acc"));
    ui.keys("C");
    assert_eq!(ui.model.home.curve.shown().unwrap().name, "val_loss");
}

#[test]
fn a_run_without_metrics_says_so() {
    let ui = Ui::with_rows(vec![row("/data/r/weights.pt", None, &[])], WIDE);
    assert!(ui.screen().contains("No metric found"), "{}", ui.screen());
}

#[test]
fn histories_inside_a_checkpoint_are_full_curves() {
    let mut ui = Ui::on("assets/demo/glyphs-cnn", WIDE);
    let series = ui.model.home.curve.series.clone();
    let history = series.iter().find(|s| s.points.len() == 16).expect("a history of all epochs");
    assert!(history.points.len() > ui.model.home.checkpoints());
    while ui.model.home.curve.shown().unwrap().name != history.name {
        ui.keys("c");
    }
    ui.keys("<Tab><Home>");
    let before = ui.selected();
    ui.keys("l");
    assert_eq!(ui.selected(), "checkpoint_002.pt", "epoch 2 is on disk");
    ui.keys("l");
    assert_eq!(ui.model.home.curve.x, Some(3.0));
    assert_eq!(ui.selected(), "checkpoint_002.pt", "epoch 3 is not: {before}");
}
