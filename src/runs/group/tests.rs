//! Runs from rows in any order.

use super::*;
use crate::runs::testing::{row, row_at};
use crate::runs::{Role, Status};
use crate::training::epoch::Base;
use crate::training::{Mode, Series, XAxis};

fn index(rows: Vec<CheckpointRow>) -> Index {
    let mut index = Index::default();
    for row in rows {
        index.insert(row);
    }
    index.settle();
    index
}

fn files(run: &Run) -> Vec<&str> {
    run.checkpoints.iter().map(|r| r.path.file_name().unwrap().to_str().unwrap()).collect()
}

fn copy_of(mut row: CheckpointRow, content: u64) -> CheckpointRow {
    row.identity.fingerprint = Some(content);
    row.identity.size = 1;
    row
}

#[test]
fn runs_are_folders_in_natural_order_with_short_names() {
    let index = index(vec![
        row_at("exp/run10/e1.pt", Some(1.0), &[]),
        row_at("exp/run2/e1.pt", Some(1.0), &[]),
        row_at("exp/run2/checkpoints/e2.pt", Some(2.0), &[]),
    ]);
    let names: Vec<_> = index.runs.iter().map(|r| (r.name.as_str(), r.checkpoints.len())).collect();
    assert_eq!(names, [("run2", 2), ("run10", 1)]);
}

#[test]
fn checkpoints_are_in_order_of_training_with_best_and_last_behind() {
    let mut index = index(vec![
        row("last.pt", Some(10.0), &[]),
        row("epoch_10.pt", Some(10.0), &[]),
        row("epoch_9.pt", Some(9.0), &[]),
        row("best.pt", Some(9.0), &[]),
        row("init.pt", None, &[]),
        row("notes.pt", None, &[]),
    ]);
    let want = ["init.pt", "epoch_9.pt", "epoch_10.pt", "notes.pt", "best.pt", "last.pt"];
    assert_eq!(files(&index.runs[0]), want);
    // Arriving later changes nothing about the order.
    index.insert(row("epoch_2.pt", Some(2.0), &[]));
    index.settle();
    assert_eq!(files(&index.runs[0])[1], "epoch_2.pt");
}

#[test]
fn steps_order_where_epochs_are_not_known() {
    let mut rows: Vec<_> = ["a.pt", "b.pt", "c.pt"].map(|n| row(n, None, &[])).into();
    for (row, step) in rows.iter_mut().zip([300, 20, 100]) {
        row.training.progress.step = Some(step);
    }
    assert_eq!(files(&index(rows).runs[0]), ["b.pt", "c.pt", "a.pt"]);
}

#[test]
fn roles_by_name_and_by_judgement() {
    let index = index(vec![
        row("epoch_1.pt", Some(1.0), &[("val_loss", 0.2)]),
        row("epoch_2.pt", Some(2.0), &[("val_loss", 0.3)]),
        row("last.pt", Some(2.0), &[("val_loss", 0.3)]),
        row("ema.pt", None, &[]),
    ]);
    let run = &index.runs[0];
    let roles = |name: &str| run.checkpoints.iter().find(|r| r.path.ends_with(name)).unwrap().roles.clone();
    assert_eq!(roles("epoch_1.pt"), [Role::Best]);
    assert_eq!(roles("epoch_2.pt"), [Role::Last]);
    assert_eq!(roles("last.pt"), [Role::Last]);
    assert_eq!(roles("ema.pt"), [Role::Ema]);
    assert_eq!(run.best.as_ref().map(|b| b.value), Some(0.2));
}

#[test]
fn copies_point_to_the_epoch_file_of_their_own_run() {
    let index = index(vec![
        copy_of(row("best.pt", Some(2.0), &[]), 7),
        copy_of(row("epoch_2.pt", Some(2.0), &[]), 7),
        copy_of(row("last.pt", Some(2.0), &[]), 7),
        copy_of(row_at("other/init.pt", None, &[]), 7),
        copy_of(row("epoch_1.pt", Some(1.0), &[]), 8),
    ]);
    let same = |path: &str| index.row(Path::new(path)).unwrap().same_as.as_deref().and_then(Path::to_str);
    assert_eq!(same("run/best.pt"), Some("run/epoch_2.pt"));
    assert_eq!(same("run/last.pt"), Some("run/epoch_2.pt"));
    assert_eq!(same("run/epoch_2.pt"), None);
    assert_eq!(same("other/init.pt"), Some("run/epoch_2.pt"));
    assert_eq!(same("run/epoch_1.pt"), None);
}

#[test]
fn unreadable_links_to_one_file_are_the_same() {
    let broken = |name: &str, link: bool| {
        let mut row = row(name, None, &[]);
        row.status = Status::Broken;
        (row.identity.device, row.identity.inode, row.identity.is_link) = (1, 5, link);
        row
    };
    let index = index(vec![broken("a.pt", true), broken("b.pt", false)]);
    assert_eq!(index.row(Path::new("run/a.pt")).unwrap().same_as.as_deref(), Some(Path::new("run/b.pt")));
}

#[test]
fn a_run_decides_what_its_epochs_count() {
    let open = |name: &str, raw: f64| {
        let mut row = row(name, None, &[("loss", 1.0)]);
        row.training.progress.set_epoch(raw, Base::LikelyIndex);
        row
    };
    let mut index = index(vec![open("a.pt", 1.0), open("b.pt", 2.0)]);
    let epochs = |index: &Index| {
        index.runs[0].checkpoints.iter().map(|r| r.training.progress.epoch.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(epochs(&index), [1.0, 2.0]);
    index.insert(open("z.pt", 0.0));
    index.settle();
    assert_eq!(epochs(&index), [1.0, 2.0, 3.0]);
}

#[test]
fn only_the_newest_history_is_kept() {
    let with_history = |name: &str, epoch: f64| {
        let mut row = row(name, Some(epoch), &[]);
        row.training.histories = vec![Series {
            name: "loss".to_owned(),
            x: XAxis::Epoch,
            points: vec![(1.0, epoch)].into(),
            source: name.to_owned(),
            mode: Mode::Min,
        }];
        row
    };
    let index =
        index(vec![with_history("e2.pt", 2.0), with_history("e1.pt", 1.0), with_history("last.pt", 2.0)]);
    let kept: Vec<_> = index.runs[0].checkpoints.iter().map(|r| r.training.histories.len()).collect();
    assert_eq!(kept, [0, 1, 0]);
}

#[test]
fn equal_settings_are_held_once() {
    let with = |name: &str, epoch: f64, lr: &str| {
        let mut row = row(name, Some(epoch), &[]);
        row.training.hyperparameters = vec![("lr".to_owned(), lr.to_owned())].into();
        row
    };
    let index = index(vec![with("e1.pt", 1.0, "0.1"), with("e2.pt", 2.0, "0.1"), with("e3.pt", 3.0, "0.2")]);
    let [a, b, c] = [0, 1, 2].map(|at| &index.runs[0].checkpoints[at].training.hyperparameters);
    assert!(std::sync::Arc::ptr_eq(a, b) && !std::sync::Arc::ptr_eq(b, c));
}

#[test]
fn a_row_that_comes_again_replaces_the_old_one() {
    let mut index = index(vec![row("e1.pt", Some(1.0), &[])]);
    index.insert(row("e1.pt", Some(5.0), &[]));
    index.settle();
    assert_eq!((index.rows(), index.runs[0].checkpoints.len()), (1, 1));
    assert_eq!(index.row(Path::new("run/e1.pt")).unwrap().training.progress.epoch, Some(5.0));
}

#[test]
fn ten_thousand_rows_settle_quickly() {
    let mut index = Index::default();
    let started = std::time::Instant::now();
    for at in 0..10_000_u32 {
        let path = format!("exp/run{}/epoch_{}.pt", at % 100, at / 100);
        index.insert(row_at(&path, Some(f64::from(at / 100)), &[("loss", 1.0)]));
        if at % 500 == 0 {
            index.settle();
        }
    }
    index.settle();
    assert_eq!((index.runs.len(), index.rows()), (100, 10_000));
    assert!(started.elapsed().as_secs() < 20, "took {:?}", started.elapsed());
}
