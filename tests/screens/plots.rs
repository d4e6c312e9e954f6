//! What can be done on the plot: several metrics and runs, zoom, pan, smoothing, log axis, the mouse.

use ckpt_tui::plot::Scale;
use ckpt_tui::runs::CheckpointRow;
use ckpt_tui::training::{Mode, Series, XAxis};
use ckpt_tui::tui::action::{Action, Effect};
use ckpt_tui::tui::commands::Command;
use ckpt_tui::tui::event::Event;
use ckpt_tui::tui::model::{HomeView, Pane};
use ckpt_tui::tui::theme::Theme;
use ckpt_tui::tui::update::update;
use ckpt_tui::tui::view::curve::geometry::Geometry;

use super::build::row;
use super::ui::Ui;

const WIDE: (u16, u16) = (140, 45);

/// Two runs of 40 epochs, of which every fourth is on disk; the first overfits.
fn rows() -> Vec<CheckpointRow> {
    let mut rows = Vec::new();
    for run in ["a", "b"] {
        for epoch in (4..=40).step_by(4) {
            let x = f64::from(epoch);
            let turn = if run == "a" { (x - 16.0).abs() * 0.01 } else { 1.0 / x };
            let metrics = [("val_loss", 0.2 + turn), ("train_loss", 1.0 / x), ("val_acc", 90.0 + x / 10.0)];
            let mut row = row(&format!("/data/{run}/e{epoch}.pt"), Some(x), &metrics);
            row.training.progress.step = Some(epoch as u64 * 100);
            rows.push(row);
        }
    }
    rows
}

fn ui() -> Ui {
    let mut ui = Ui::with_rows(rows(), WIDE);
    ui.keys("jj<Tab>");
    ui
}

/// A history of so many points inside the newest checkpoint.
fn history(count: usize, value: impl Fn(usize) -> f64) -> Vec<CheckpointRow> {
    let mut last = row("/data/long/last.pt", None, &[]);
    last.training.progress.step = Some(count as u64);
    let points = (0..count).map(|i| (i as f64, value(i))).collect();
    let source = "/data/long/last.pt".to_owned();
    let name = "loss".to_owned();
    last.training.histories = vec![Series { name, x: XAxis::Step, points, source, mode: Mode::Min }];
    vec![last]
}

#[test]
fn a_long_curve_is_smoothed_on_a_worker_and_drawn_as_it_was_meanwhile() {
    let mut ui = Ui::with_rows(history(30_000, |x| 1.0 / (x as f64 + 1.0)), WIDE);
    ui.keys("j<Tab>");
    assert_eq!(ui.model.home.curve.lines.len(), 1);
    let press = |ui: &mut Ui, command| update(&mut ui.model, Action::Run(command, None));
    let effects = press(&mut ui, Command::Smoother);
    let Some(Effect::PrepareLines(generation, wanted)) = effects.into_iter().next() else {
        panic!("a worker smooths");
    };
    assert!(ui.model.home.curve.lines[0].data.smoothed().is_none(), "drawn as it was");
    // A wish made meanwhile waits, and the newest counts.
    assert!(press(&mut ui, Command::Smoother).is_empty());
    let weight = ui.model.home.curve.weight();
    ui.act(Action::LinesPrepared(generation, ckpt_tui::tui::runner::prepared(wanted)));
    assert!(ui.model.home.curve.lines[0].data.weight().total_cmp(&weight).is_eq());
    // A worker that failed is asked again by the next key.
    let effects = press(&mut ui, Command::Smoother);
    let Some(Effect::PrepareLines(generation, _)) = effects.into_iter().next() else {
        panic!("a worker smooths")
    };
    ui.act(Action::JobFailed(generation, "it broke".to_owned()));
    ui.keys("e");
    let curve = &ui.model.home.curve;
    assert!(curve.lines[0].data.weight().total_cmp(&curve.weight()).is_eq());
}

#[test]
fn metrics_are_put_on_the_plot_from_a_list_that_is_searched() {
    let mut ui = ui();
    ui.keys("a");
    assert!(ui.screen().contains("(leads) val_loss"), "{}", ui.screen());
    ui.keys("train<Enter>");
    assert!(ui.screen().contains("[x]     train_loss"), "{}", ui.screen());
    ui.keys("<Esc>");
    let lines = &ui.model.home.curve.lines;
    assert_eq!(lines.iter().map(|l| l.metric.as_str()).collect::<Vec<_>>(), ["val_loss", "train_loss"]);
    assert!(lines.iter().all(|l| !l.right), "losses share an axis");
    let screen = ui.screen();
    assert!(screen.contains("A val_loss 0.2800") && screen.contains("B train_loss 0.1250"), "{screen}");
    ui.keys("atrain<Enter><Esc>");
    assert_eq!(ui.model.home.curve.lines.len(), 1, "and taken off again");
}

#[test]
fn metrics_of_another_kind_have_an_axis_of_their_own() {
    let mut ui = ui();
    ui.keys("aacc<Enter><Esc>");
    assert!(ui.model.home.curve.lines[1].right);
    let geometry = Geometry::of(&ui.model).unwrap();
    let right = geometry.right.unwrap();
    assert!(geometry.left.high < 1.0 && right.low > 80.0 && right.high > 94.0, "{geometry:?}");
    assert!(ui.screen().contains("val_acc (right)"), "{}", ui.screen());
}

#[test]
fn all_runs_are_overlaid_and_one_can_be_kept() {
    let mut ui = ui();
    ui.keys("O");
    let runs = |ui: &Ui| ui.model.home.curve.lines.iter().map(|l| l.run_name.clone()).collect::<Vec<_>>();
    assert_eq!(runs(&ui), ["a", "b"]);
    assert!(ui.screen().contains("A a ") && ui.screen().contains("B b "), "{}", ui.screen());
    ui.keys("O");
    assert_eq!(runs(&ui), ["a"]);
    // Kept from the list, whatever is selected then.
    ui.keys("<Esc>O");
    assert!(ui.screen().contains("a stays on the plot"), "{}", ui.screen());
    ui.keys("G");
    assert_eq!(runs(&ui), ["b", "a"], "the selected run leads");
}

#[test]
fn the_turn_is_marked_and_said() {
    let ui = ui();
    assert!(ui.screen().contains("overfits from epoch 16"), "{}", ui.screen());
    assert_eq!(ui.model.home.curve.turn.as_ref().map(|t| t.at), Some(16.0));
}

#[test]
fn zooming_keeps_the_cursor_in_place_and_panning_stays_within() {
    let mut ui = ui();
    ui.keys("4l");
    let x = ui.model.home.curve.x.unwrap();
    let column = Geometry::of(&ui.model).unwrap().column(x).unwrap();
    ui.keys("+");
    let (low, high) = ui.model.home.curve.visible().unwrap();
    assert!((high - low - 18.0).abs() < 1e-9, "half of 4 to 40");
    let after = Geometry::of(&ui.model).unwrap().column(x).unwrap();
    assert!(column.abs_diff(after) <= 1, "{column} {after}");
    assert!(ui.screen().contains("epoch 14"), "the part shown is named: {}", ui.screen());
    ui.keys("<lt><lt><lt><lt><lt><lt><lt><lt>");
    assert!((ui.model.home.curve.visible().unwrap().0 - 4.0).abs() < 1e-9);
    ui.keys(">>>>>>>>>>");
    assert!((ui.model.home.curve.visible().unwrap().1 - 40.0).abs() < 1e-9);
    // The cursor takes the window along.
    ui.keys("<Home>");
    assert!((ui.model.home.curve.visible().unwrap().0 - 4.0).abs() < 1e-9);
    ui.keys("0");
    assert_eq!(ui.model.home.curve.window, None);
    ui.keys("++++++++++++++++++++++++");
    let (low, high) = ui.model.home.curve.visible().unwrap();
    assert!(high - low >= 1.0, "never less than one epoch");
    ui.keys("--------------------------");
    assert_eq!(ui.model.home.curve.window, None);
}

#[test]
fn up_and_down_go_from_checkpoint_to_checkpoint() {
    let mut ui = Ui::on("assets/demo/glyphs-cnn", WIDE);
    ui.keys("j<Tab><Home>j");
    assert_eq!(ui.selected(), "checkpoint_002.pt");
    ui.keys("2j");
    assert_eq!((ui.selected().as_str(), ui.model.home.curve.x), ("checkpoint_006.pt", Some(6.0)));
    ui.keys("k");
    assert_eq!(ui.selected(), "checkpoint_004.pt");
    ui.keys("99j");
    assert_eq!(ui.selected(), "checkpoint_016.pt");
}

#[test]
fn smoothing_shows_both_values_and_says_so() {
    let mut ui = ui();
    ui.keys("ee");
    assert!(ui.screen().contains("smoothed with weight 0.6"), "{}", ui.screen());
    ui.keys("2l");
    let screen = ui.screen();
    assert!(screen.contains("smoothed 0.6") && screen.contains(" ~0."), "{screen}");
    ui.keys("EE");
    assert!(!ui.screen().contains(" ~0."), "{}", ui.screen());
}

#[test]
fn a_log_axis_has_its_own_ticks_and_says_what_it_cannot_show() {
    let mut ui = Ui::with_rows(
        history(1_000, |i| if i == 500 { -1.0 } else { 10.0_f64.powf(-((i / 250) as f64)) }),
        WIDE,
    );
    ui.keys("j<Tab>x");
    assert_eq!(ui.model.home.curve.scale, Scale::Log);
    let screen = ui.screen();
    assert!(screen.contains("0.01┤") && screen.contains("0.1┤"), "{screen}");
    assert!(screen.contains("1 at or below 0 not drawn"), "{screen}");
    ui.keys("x");
    assert_eq!(ui.model.home.curve.scale, Scale::Linear);
}

#[test]
fn the_cursor_moves_by_a_column_where_points_are_dense() {
    let mut ui = Ui::with_rows(history(100_000, |i| 1.0 / (i as f64 + 1.0)), WIDE);
    ui.keys("j<Tab><Home>l");
    let x = ui.model.home.curve.x.unwrap();
    let width = Geometry::of(&ui.model).unwrap().column_width();
    assert!((x - width).abs() <= 1.0, "{x} {width}");
    ui.keys("<End>h");
    assert!(ui.model.home.curve.x.unwrap() < 100_000.0 - width);
}

#[test]
fn a_training_loss_by_step_and_a_validation_loss_by_epoch_share_the_plot() {
    let mut rows = rows();
    let points = (1..=4_000).map(|i| (f64::from(i), 1.0 / f64::from(i))).collect();
    let name = "step_loss".to_owned();
    let source = "x".to_owned();
    rows[9].training.histories = vec![Series { name, x: XAxis::Step, points, source, mode: Mode::Min }];
    let mut ui = Ui::with_rows(rows, WIDE);
    ui.keys("jj<Tab>astep<Enter><Esc>");
    let line = &ui.model.home.curve.lines[1];
    assert_eq!((line.data.x(), line.data.span().unwrap()), (XAxis::Epoch, (0.01, 40.0)));
}

#[test]
fn what_cannot_be_told_along_the_axis_is_said_and_left_out() {
    let mut rows = rows();
    for row in &mut rows {
        row.training.progress.step = None;
    }
    let points = (1..=40).map(|i| (f64::from(i), 1.0)).collect();
    let (name, source) = ("step_loss".to_owned(), "x".to_owned());
    rows[9].training.histories = vec![Series { name, x: XAxis::Step, points, source, mode: Mode::Min }];
    let mut ui = Ui::with_rows(rows, WIDE);
    ui.keys("jj<Tab>astep<Enter><Esc>");
    assert_eq!(ui.model.home.curve.lines.len(), 1);
    assert!(ui.screen().contains("step_loss is by step"), "{}", ui.screen());
}

#[test]
fn the_plot_takes_the_screen_and_gives_it_back() {
    let mut ui = ui();
    ui.keys("f");
    assert_eq!((ui.model.home.view, ui.model.focus), (HomeView::Curve, Pane::Curve));
    let screen = ui.screen();
    assert!(screen.contains("lowest 0.2000 at 16") && !screen.contains("Details"), "{screen}");
    ui.keys("<Enter>");
    assert!(ui.model.jobs.open.is_some(), "Enter opens the checkpoint at the cursor");
    ui.keys("<Esc><Esc>");
    assert_eq!((ui.model.home.view, ui.model.focus), (HomeView::Split, Pane::Curve));
    ui.keys("<Esc>");
    assert_eq!(ui.model.focus, Pane::Runs);
}

#[test]
fn the_wheel_zooms_and_a_drag_pans() {
    let mut ui = ui();
    let plot = Geometry::of(&ui.model).unwrap().plot;
    let at = (plot.x + plot.width / 4, plot.y + 2);
    let x = |ui: &Ui, column| Geometry::of(&ui.model).unwrap().x_at(column).unwrap();
    let under = x(&ui, at.0);
    ui.event(Event::Wheel(at.0, at.1, -3));
    ui.event(Event::Wheel(at.0, at.1, -3));
    assert!(ui.model.home.curve.window.is_some());
    assert!((x(&ui, at.0) - under).abs() < 0.6, "what is under the pointer stays there");
    let before = ui.model.home.curve.visible().unwrap();
    ui.event(Event::Click(at.0 + 5, at.1));
    ui.event(Event::Drag(at.0, at.1));
    let after = ui.model.home.curve.visible().unwrap();
    assert!(
        after.0 > before.0 && (after.1 - after.0 - (before.1 - before.0)).abs() < 1e-9,
        "{before:?} {after:?}"
    );
    for _ in 0..9 {
        ui.event(Event::Wheel(at.0, at.1, 3));
    }
    assert_eq!(ui.model.home.curve.window, None);
    // On the whole range the cursor follows the mouse.
    ui.event(Event::Click(plot.x + 1, at.1));
    ui.event(Event::Drag(plot.right() + 9, at.1 + 30));
    assert_eq!(ui.model.home.curve.x, Some(40.0));
    assert_eq!(ui.selected(), "e40.pt");
}

#[test]
fn plots_in_pictures() {
    for (name, size) in [("80x24", (80, 24)), ("140x45", (140, 45))] {
        let mut ui = Ui::with_rows(rows(), size);
        ui.keys("jjjj<Tab>atrain<Enter><Esc>aacc<Enter><Esc>");
        insta::assert_snapshot!(format!("plot_metrics_{name}"), ui.screen());
        ui.keys("f");
        insta::assert_snapshot!(format!("plot_full_{name}"), ui.screen());
        let mut ui = Ui::on("assets/demo", size);
        ui.keys("G<Tab>Oxf");
        insta::assert_snapshot!(format!("plot_runs_{name}"), ui.screen());
        ui.keys("a");
        insta::assert_snapshot!(format!("plot_picker_{name}"), ui.screen());
        let noise = |i: usize| 2.0 / (1.0 + i as f64 / 4_000.0) + ((i * 7_919) % 101) as f64 / 200.0;
        let mut ui = Ui::with_rows(history(20_000, noise), size);
        ui.keys("j<Tab>eeeeeee<End>l");
        insta::assert_snapshot!(format!("plot_smoothed_{name}"), ui.screen());
    }
}

#[test]
fn plots_read_in_ascii_and_without_colour() {
    let mut ui = Ui::with_rows(rows(), (100, 30));
    ui.model.theme = Theme::new(false, true);
    ui.keys("jjjj<Tab>Oatrain<Enter><Esc>f");
    let screen = ui.screen();
    assert!(screen.is_ascii(), "{screen}");
    insta::assert_snapshot!("plot_ascii", screen);
    for (name, color) in [("colour", true), ("no_colour", false)] {
        let mut ui = Ui::with_rows(rows(), (80, 24));
        ui.model.theme = Theme::new(color, false);
        ui.keys("jjjj<Tab>Oef");
        insta::assert_debug_snapshot!(format!("plot_styles_{name}"), ui.buffer());
    }
}
