//! Logs beside the checkpoints, read when their run is looked at, and what is said of the best.

use std::sync::Arc;

use ckpt_tui::training::Opinion;
use ckpt_tui::training::logs::Record;
use ckpt_tui::training::{Mode, Series, XAxis};
use ckpt_tui::tui::action::{Action, ScanNews};
use ckpt_tui::tui::model::jobs::TaskKind;

use super::build::row;
use super::ui::Ui;

const WIDE: (u16, u16) = (140, 45);

fn log() -> ckpt_tui::training::logs::LogFile {
    ckpt_tui::training::logs::LogFile {
        path: "/data/r/metrics.csv".into(),
        kind: ckpt_tui::training::logs::LogKind::Csv,
        bytes: 100,
        modified: std::time::SystemTime::UNIX_EPOCH,
    }
}

/// A run of two checkpoints with a log of ten epochs, whose best is epoch 3.
fn record() -> Record {
    let points = (1..=10).map(|e| (f64::from(e), (f64::from(e) - 3.0).abs() + 0.1)).collect();
    let name = "val_loss".to_owned();
    let source = "/data/r/metrics.csv".to_owned();
    Record {
        series: vec![Series { name, x: XAxis::Epoch, points, source, mode: Mode::Min }],
        hyperparameters: vec![("lr".to_owned(), "0.01".to_owned())],
        opinion: Some(Opinion {
            who: "ModelCheckpoint",
            path: Some("/somewhere/else/e8.pt".to_owned()),
            metric: Some("val_loss".to_owned()),
            value: Some(5.1),
            epoch: Some(8.0),
            step: None,
        }),
        files: vec![log()],
        ..Record::default()
    }
}

fn scanned() -> Ui {
    let mut ui = Ui::waiting(WIDE);
    ui.found(vec![row("/data/r/e4.pt", Some(4.0), &[]), row("/data/r/e8.pt", Some(8.0), &[])]);
    ui.news(vec![ScanNews::Log(log()), ScanNews::Done]);
    ui
}

#[test]
fn the_logs_of_the_selected_run_are_read_once() {
    let mut ui = scanned();
    assert!(ui.screen().contains("reading logs of r"), "{}", ui.screen());
    let (generation, run) = ui.model.home.reading.clone().expect("a worker reads them");
    ui.act(Action::LogsRead(generation, run, Arc::new(record())));
    assert!(ui.model.jobs.task(TaskKind::Logs).is_none() && ui.model.home.reading.is_none());
    assert_eq!(ui.model.home.curve.shown().unwrap().points.len(), 10);
    ui.keys("jjk");
    assert!(ui.model.home.reading.is_none(), "what was read is kept");
    assert!(ui.screen().contains("metrics.csv"), "the source is named: {}", ui.screen());
}

#[test]
fn a_best_epoch_that_is_gone_is_said_and_the_frameworks_opinion_stands_beside_ours() {
    let mut ui = scanned();
    let (generation, run) = ui.model.home.reading.clone().unwrap();
    ui.act(Action::LogsRead(generation, run, Arc::new(record())));
    let verdict = ui.model.home.verdict.clone().unwrap();
    assert_eq!((verdict.epoch, verdict.on_disk), (Some(3.0), false));
    let screen = ui.screen();
    let words = screen
        .split_whitespace()
        .filter(|w| !matches!(*w, "│" | "││" | "┃│" | "│\"" | "\"┃"))
        .collect::<Vec<_>>();
    let said = words.join(" ");
    assert!(screen.contains("best: no longer on disk"), "{screen}");
    assert!(said.contains("ModelCheckpoint disagrees"), "{screen}");
    ui.keys("jb");
    assert_eq!(ui.selected(), "e4.pt", "b goes to the best that is there");
}

#[test]
fn a_panic_while_reading_logs_is_a_message_and_not_a_loop() {
    let mut ui = scanned();
    let (generation, _) = ui.model.home.reading.clone().unwrap();
    ui.act(Action::JobFailed(generation, "reading logs failed".to_owned()));
    assert!(ui.model.home.reading.is_none() && !ui.model.jobs.is_busy());
    ui.keys("jk");
    assert!(ui.model.home.reading.is_none(), "it is not tried again before the next scan");
}

#[test]
fn real_logs_are_curves() {
    let mut ui = Ui::on("tests/fixtures/lightning", WIDE);
    let shown = ui.model.home.curve.shown().expect("a curve").clone();
    assert!(shown.source.ends_with("metrics.csv"), "{}", shown.source);
    assert!(ui.screen().contains("ModelCheckpoint agrees"), "{}", ui.screen());
    ui.keys("p");
    assert!(ui.model.home.table.columns.iter().any(|c| c.is_setting), "hyperparameters of the logs");
}

#[test]
fn a_run_of_logs_alone_begins_with_what_it_is_judged_by() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("log.csv"), "epoch,acc,val_loss\n1,0.5,1.5\n2,0.75,1.0\n").unwrap();
    let ui = Ui::on(folder.path().to_str().unwrap(), (140, 45));
    assert_eq!(ui.model.home.curve.shown().unwrap().name, "val_loss");
}

#[test]
fn values_of_the_end_alone_are_shown_as_such() {
    let folder = tempfile::tempdir().unwrap();
    for (run, loss, lr) in [("a", 0.5, 0.1), ("b", 0.25, 0.2)] {
        let files = folder.path().join(format!("wandb/run-20240101_120000-{run}/files"));
        std::fs::create_dir_all(&files).unwrap();
        let text = format!("{{\"val_loss\": {loss}, \"_step\": 90, \"epoch\": 9}}");
        std::fs::write(files.join("wandb-summary.json"), text).unwrap();
        std::fs::write(files.join("config.yaml"), format!("lr:\n  desc: null\n  value: {lr}\n")).unwrap();
    }
    let mut ui = Ui::on(folder.path().to_str().unwrap(), (140, 45));
    let screen = ui.screen();
    assert!(screen.contains("values of the end alone") && screen.contains("val_loss 0.5000"), "{screen}");
    assert!(screen.contains("Final values"), "{screen}");
    ui.keys("p");
    let screen = ui.screen();
    assert!(screen.contains("final val_loss") && screen.contains("0.2500"), "{screen}");
    let differs: Vec<_> =
        ui.model.home.table.columns.iter().filter(|c| c.differs).map(|c| c.title.as_str()).collect();
    assert_eq!(differs, ["lr"]);
}
