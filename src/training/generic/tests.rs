//! Hand-made checkpoints: every shape people give progress, metrics and histories.

use serde_json::{Value as Json, json};

use crate::training::metadata::info;
use crate::training::testing::checkpoint;
use crate::training::{Series, TrainingInfo, XAxis};

fn read(mut root: Json) -> TrainingInfo {
    let weights = json!({"a.weight": {"$tensor": [1, 2, 3, 4], "shape": [4]}});
    root.as_object_mut().unwrap().insert("net".to_owned(), weights);
    info(&checkpoint(&root))
}

fn metrics(root: Json) -> Vec<(String, f64)> {
    read(root).metrics
}

fn one(name: &str, value: f64) -> Vec<(String, f64)> {
    vec![(name.to_owned(), value)]
}

#[test]
fn epochs_and_steps_by_any_of_their_names() {
    for (root, epoch, step) in [
        (json!({"epoch": 3}), Some(3.0), None),
        (json!({"current_epoch": 3, "epochs": 90}), Some(3.0), None),
        (json!({"epochs": 90}), Some(90.0), None),
        (json!({"start_epoch": 3}), Some(3.0), None),
        (json!({"global_step": 7, "step": 3}), None, Some(7)),
        (json!({"n_iter": 7}), None, Some(7)),
        (json!({"meta": {"epoch": 3, "step": 7}}), Some(3.0), Some(7)),
        (json!({"Epoch": 3.5}), Some(3.5), None),
        (json!({"epoch": {"$tensor": [3]}}), Some(3.0), None),
        (json!({"epoch": null}), None, None),
        (json!({"epoch": true}), None, None),
        (json!({"config": {"epochs": 90, "step": 3}}), None, None),
        (json!({"rng": {"step": 3}, "sampler": {"epoch": 3}}), None, None),
    ] {
        let progress = read(root.clone()).progress;
        assert_eq!((progress.epoch, progress.step), (epoch, step), "{root}");
    }
}

#[test]
fn a_history_tells_what_the_epoch_counts() {
    for (raw, want, rule) in [
        (2, Some(3.0), "history has one entry more: +1"),
        (3, Some(3.0), "history has as many entries"),
        (9, Some(9.0), "as saved: nothing says whether it counts from 0 or 1"),
    ] {
        let progress = read(json!({"epoch": raw, "val_losses": [3.0, 2.0, 1.0]})).progress;
        assert_eq!((progress.epoch, progress.epoch_rule), (want, Some(rule)));
    }
    let stepped = json!({"epoch": 4, "lr_scheduler": {"last_epoch": 5, "_step_count": 6, "_last_lr": [0.1]}});
    assert_eq!(read(stepped).progress.epoch, Some(5.0));
    let counted = json!({"epoch": 4, "lr_scheduler": {"last_epoch": 4, "_step_count": 5, "_last_lr": [0.1]}});
    assert_eq!(read(counted).progress.epoch_rule, Some("the scheduler made as many steps"));
    let by_batch =
        json!({"epoch": 4, "lr_scheduler": {"last_epoch": 4000, "_step_count": 5, "_last_lr": [0.1]}});
    assert_eq!(read(by_batch).progress.epoch, Some(4.0));
}

#[test]
fn single_values_in_any_place() {
    for (root, name, value) in [
        (json!({"loss": 0.5}), "loss", 0.5),
        (json!({"loss": {"$tensor": [0.5]}}), "loss", 0.5),
        (json!({"metrics": {"val_acc": 0.5}}), "val_acc", 0.5),
        (json!({"val_acc": {"top1": 0.5}}), "val_acc/top1", 0.5),
        (json!({"val_metrics": {"anything": 0.5}}), "val/anything", 0.5),
        (json!({"loss": {"$class": "utils.AverageMeter", "avg": 0.5, "sum": 9.0}}), "loss", 0.5),
        (json!({"lr": 0.5}), "lr", 0.5),
    ] {
        assert_eq!(metrics(root.clone()), one(name, value), "{root}");
    }
    let nan = metrics(json!({"loss": {"$float": "nan"}}));
    assert!(nan[0].1.is_nan(), "what is no number is kept");
}

#[test]
fn settings_and_states_are_no_metrics() {
    for root in [
        json!({"config": {"loss": 1, "lr": 0.1}, "args": {"$class": "argparse.Namespace", "loss": 3}}),
        json!({"optimizer": {"state": {}, "param_groups": [{"lr": 0.1}]}}),
        json!({"scaler": {"scale": 65536.0}, "is_best": true, "seed": 1}),
        json!({"something": {"lr": 0.1}}),
        json!({"loss_weight": 0.5, "best_epoch": 3, "criterion": {"reduction": "mean"}}),
    ] {
        assert_eq!(metrics(root.clone()), [], "{root}");
    }
}

#[test]
fn a_plateau_scheduler_keeps_the_best_value() {
    let scheduler = |best: Json| json!({"scheduler": {"best": best, "num_bad_epochs": 1, "last_epoch": 3, "_last_lr": [0.1], "mode": "min"}});
    assert_eq!(metrics(scheduler(json!(0.5))), one("scheduler.best", 0.5));
    assert_eq!(metrics(scheduler(json!({"$float": "inf"}))), []);
}

fn series(root: &Json) -> Series {
    let info = read(root.clone());
    assert_eq!(info.histories.len(), 1, "{root}");
    info.histories.into_iter().next().unwrap()
}

#[test]
fn histories_in_every_shape() {
    let want = [(1.0, 0.75), (2.0, 0.5), (3.0, 0.25)];
    let ema = json!({"a.weight": {"$tensor": [1, 2, 3, 4], "shape": [4]}});
    for (root, name) in [
        (json!({"train_losses": [0.75, 0.5, 0.25]}), "train_losses"),
        (json!({"history": {"train_loss": [0.75, 0.5, 0.25]}}), "train_loss"),
        (json!({"history": {"epoch": [1, 2, 3], "loss": [0.75, 0.5, 0.25]}}), "loss"),
        (json!({"history": {"epoch": [0, 1, 2], "loss": [0.75, 0.5, 0.25]}}), "loss"),
        (json!({"history": {"train": {"loss": [0.75, 0.5, 0.25]}}}), "train/loss"),
        (json!({"loss_history": [[1, 0.75], [2, 0.5], [3, 0.25]]}), "loss_history"),
        (json!({"losses": {"$ints": {"1": 0.75, "2": 0.5, "3": 0.25}}}), "losses"),
        (json!({"losses": [{"$tensor": [0.75]}, {"$tensor": [0.5]}, {"$tensor": [0.25]}]}), "losses"),
        (json!({"losses": {"$tensor": [0.75, 0.5, 0.25], "shape": [3]}, "ema": ema}), "losses"),
        (
            json!({"log": [{"epoch": 1, "loss": 0.75}, {"epoch": 2, "loss": 0.5}, {"epoch": 3, "loss": 0.25}]}),
            "loss",
        ),
        (json!({"history": [{"loss": 0.75, "note": "x"}, {"loss": 0.5}, {"loss": 0.25}]}), "loss"),
    ] {
        let got = series(&root);
        assert_eq!((got.name.as_str(), got.x), (name, XAxis::Epoch), "{root}");
        assert_eq!(got.points, want, "{root}");
    }
}

#[test]
fn the_last_value_of_a_history_is_this_checkpoints() {
    let info = read(json!({"epoch": 3, "val_losses": [0.75, 0.5, 0.625], "best_val_loss": 0.5}));
    assert_eq!(info.metrics, [("best_val_loss".to_owned(), 0.5), ("val_loss".to_owned(), 0.625)]);
    let known = read(json!({"epoch": 3, "val_losses": [0.75, 0.5, 0.625], "val_loss": 0.625}));
    assert_eq!(known.metrics.len(), 1);
}

#[test]
fn a_value_for_every_step_is_a_curve_by_step() {
    let many: Vec<f64> = (0..40).map(f64::from).collect();
    let got = series(&json!({"epoch": 4, "losses": many}));
    assert_eq!((got.x, got.points.len(), got.points[39]), (XAxis::Step, 40, (40.0, 39.0)));
    let every_other = series(&json!({"epoch": 4, "val_losses": [0.75, 0.5]}));
    assert_eq!((every_other.x, every_other.points[1]), (XAxis::Epoch, (4.0, 0.5)));
    let spread = series(&json!({"step": 200, "val_losses": [0.75, 0.5]}));
    assert_eq!((spread.x, spread.points[0]), (XAxis::Step, (100.0, 0.75)));
}

#[test]
fn what_is_no_history_makes_none() {
    for root in [
        json!({"losses": ["a", "b"]}),
        json!({"losses": []}),
        json!({"losses": [1.0, "b"]}),
        json!({"scores": {"$tensor": [1, 2, 3, 4], "shape": [2, 2]}}),
        json!({"names": [1, 2, 3]}),
        json!({"config": {"losses": [1.0, 2.0]}}),
    ] {
        assert!(read(root.clone()).histories.is_empty(), "{root}");
    }
}

#[test]
fn a_bare_state_dict_may_carry_an_epoch_and_costs_no_reads() {
    let mut root = json!({"epoch": 3, "loss": {"$tensor": [0.5]}});
    for at in 0..100 {
        let name = format!("layers.{at}.weight");
        root.as_object_mut().unwrap().insert(name, json!({"$tensor": [1, 2], "shape": [2]}));
    }
    let info = info(&checkpoint(&root));
    assert_eq!((info.progress.epoch, info.metrics.len()), (Some(3.0), 0));
}

#[test]
fn a_search_is_bounded() {
    let wide: serde_json::Map<String, Json> =
        (0..20_000).map(|at| (format!("loss_{at}"), json!(0.5))).collect();
    let info = read(json!({"epoch": 1, "metrics": wide}));
    assert_eq!((info.progress.epoch, info.metrics.len()), (Some(1.0), 256));
}
