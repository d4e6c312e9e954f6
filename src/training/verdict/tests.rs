use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::runs::CheckpointRow;
use crate::runs::testing::{row, run};
use crate::training::logs::Record;
use crate::training::{Series, XAxis};

fn log(points: &[(f64, f64)]) -> Arc<Record> {
    let series = Series {
        name: "val_loss".to_owned(),
        x: XAxis::Epoch,
        points: points.to_vec().into(),
        source: "run/metrics.csv".to_owned(),
        mode: Mode::Min,
    };
    Arc::new(Record { series: vec![series], ..Record::default() })
}

fn file(name: &str, epoch: f64) -> CheckpointRow {
    row(name, Some(epoch), &[])
}

#[test]
fn the_file_of_the_best_epoch() {
    let mut run = run(vec![file("e1.pt", 1.0), file("e2.pt", 2.0), file("e3.pt", 3.0)]);
    run.record = Some(log(&[(1.0, 0.5), (2.0, 0.3), (3.0, f64::NAN)]));
    let best = verdict(&run, Some("val_loss"), None).unwrap();
    assert_eq!(best.path.as_deref(), Some(Path::new("run/e2.pt")));
    assert_eq!((best.value, best.epoch, best.on_disk, best.candidates), (0.3, Some(2.0), true, 2));
    assert_eq!((best.mode, best.direction, best.note.as_deref()), (Mode::Min, Direction::Guessed, None));
    assert_eq!(best.source, "run/metrics.csv");
}

#[test]
fn a_best_epoch_whose_file_is_gone() {
    let mut run = run(vec![file("e1.pt", 1.0), file("e5.pt", 5.0)]);
    run.record = Some(log(&[(1.0, 0.35), (2.0, 0.5), (4.0, 0.3), (5.0, 0.6)]));
    run.checkpoints[0].training.logged = vec![("val_loss".to_owned(), 0.35)];
    run.checkpoints[1].training.logged = vec![("val_loss".to_owned(), 0.6)];
    let best = verdict(&run, None, None).unwrap();
    assert_eq!((best.epoch, best.on_disk), (Some(4.0), false));
    assert_eq!(best.path.as_deref(), Some(Path::new("run/e5.pt")));
    let note = best.note.unwrap();
    assert_eq!(
        note,
        "the checkpoint of epoch 4 is not on disk; the nearest is e5.pt (epoch 5, 0.6000), the best of those left e1.pt \
         (epoch 1, 0.3500)"
    );
}

#[test]
fn the_frameworks_opinion_beside_ours() {
    let mut rows =
        vec![row("e1.pt", Some(1.0), &[("val_loss", 0.3)]), row("e2.pt", Some(2.0), &[("val_loss", 0.2)])];
    let opinion = |path: &str, metric: &str| {
        Some(Arc::new(Opinion {
            who: "ModelCheckpoint",
            path: Some(format!("/data/exp/{path}")),
            metric: Some(metric.to_owned()),
            value: Some(0.25),
            ..Opinion::default()
        }))
    };
    rows[1].training.opinion = opinion("e2.pt", "val_loss");
    let agreed = verdict(&run(rows.clone()), Some("val_loss"), None).unwrap();
    assert_eq!((agreed.opinion.unwrap().agrees, agreed.note), (Some(true), None));
    rows[1].training.opinion = opinion("e1.pt", "val_loss");
    let not = verdict(&run(rows.clone()), Some("val_loss"), None).unwrap();
    assert_eq!(not.note.as_deref(), Some("ModelCheckpoint disagrees: it says e1.pt (0.2500)"));
    rows[1].training.opinion = opinion("e1.pt", "val_acc");
    let other = verdict(&run(rows), Some("val_loss"), None).unwrap();
    assert_eq!(other.note.as_deref(), Some("ModelCheckpoint goes by val_acc: e1.pt (0.2500)"));
}

#[test]
fn twins_are_named() {
    let mut copy = row("best.pt", Some(2.0), &[("val_loss", 0.2)]);
    copy.same_as = Some("run/e2.pt".into());
    let rows = vec![row("e2.pt", Some(2.0), &[("val_loss", 0.2)]), copy];
    let best = verdict(&run(rows), None, None).unwrap();
    assert_eq!((best.twins, best.note.as_deref()), (vec!["run/best.pt".into()], Some("best.pt is the same")));
}

#[test]
fn directions() {
    let rows =
        vec![row("e1.pt", Some(1.0), &[("my_number", 3.0)]), row("e2.pt", Some(2.0), &[("my_number", 4.0)])];
    let run = run(rows);
    assert_eq!(verdict(&run, Some("my_number"), None), Err(Without::Direction("my_number".to_owned())));
    assert_eq!(verdict(&run, Some("nothing"), None), Err(Without::Metric));
    assert_eq!(verdict(&run, None, None), Err(Without::Metric));
    let best = verdict(&run, Some("my_number"), Some(Mode::Max)).unwrap();
    assert_eq!((best.value, best.direction), (4.0, Direction::Given));
}

#[test]
fn a_run_of_logs_alone_has_a_best_epoch_and_no_file() {
    let mut run = run(Vec::new());
    run.record = Some(log(&[(1.0, 0.5), (2.0, 0.3)]));
    let best = verdict(&run, None, None).unwrap();
    assert_eq!((best.path, best.on_disk, best.epoch), (None, false, Some(2.0)));
}
