//! The table of formats.md §11.2, one checkpoint of each shape.

mod inside;

use serde_json::{Value as Json, json};

use crate::training::TrainingInfo;
use crate::training::metadata::info;
use crate::training::testing::checkpoint;

/// A state dict, an optimizer, a scheduler: what stands beside the keys that matter here.
fn weights() -> Json {
    json!({"a.weight": {"$tensor": [1, 2, 3, 4], "shape": [4]}})
}

fn optimizer() -> Json {
    json!({"state": {"$ints": {"0": {"step": {"$tensor": [99]}}}}, "param_groups": [{"lr": 0.1, "params": [0]}]})
}

fn read(root: &Json) -> TrainingInfo {
    info(&checkpoint(root))
}

fn namespace(state: &Json) -> Json {
    let mut object = json!({"$class": "argparse.Namespace"});
    object.as_object_mut().unwrap().extend(state.as_object().unwrap().clone());
    object
}

struct Case {
    name: Option<&'static str>,
    root: Json,
    epoch: Option<f64>,
    step: Option<u64>,
    metrics: &'static [(&'static str, f64)],
}

fn case(
    name: &'static str,
    root: Json,
    epoch: Option<f64>,
    step: Option<u64>,
    metrics: &'static [(&'static str, f64)],
) -> Case {
    Case { name: Some(name).filter(|n| !n.is_empty()), root, epoch, step, metrics }
}

fn check(cases: Vec<Case>) {
    for Case { name, root, epoch, step, metrics } in cases {
        let info = read(&root);
        let found: Vec<_> = info.metrics.iter().map(|(n, v)| (n.as_str(), *v)).collect();
        let got = (info.framework, info.progress.epoch, info.progress.step);
        assert_eq!(got, (name, epoch, step), "{root}");
        assert_eq!(found, metrics, "{name:?}");
    }
}

#[test]
fn vision() {
    let (w, o) = (weights(), optimizer());
    check(vec![
        case(
            "imagenet",
            json!({"epoch": 3, "arch": "resnet18", "state_dict": w, "best_acc1": {"$tensor": [63]}, "optimizer": o}),
            Some(3.0),
            None,
            &[("best_acc1", 63.0)],
        ),
        case(
            "imagenet",
            json!({"epoch": 3, "arch": "resnet18", "state_dict": w, "best_prec1": 63.0}),
            Some(3.0),
            None,
            &[("best_prec1", 63.0)],
        ),
        case(
            "torchvision",
            json!({"model": w, "optimizer": o, "lr_scheduler": {"last_epoch": 1, "_step_count": 2}, "epoch": 0,
                   "args": namespace(&json!({"output_dir": ".", "lr": 0.1}))}),
            Some(1.0),
            None,
            &[],
        ),
        case(
            "mae",
            json!({"model": w, "optimizer": o, "epoch": 10, "scaler": {}, "args": namespace(&json!({"output_dir": "."}))}),
            Some(11.0),
            None,
            &[],
        ),
        // The same keys without that folder are anybody's.
        case(
            "",
            json!({"model": w, "optimizer": o, "epoch": 10, "args": namespace(&json!({"lr": 1}))}),
            Some(11.0),
            None,
            &[],
        ),
        case(
            "timm",
            json!({"epoch": 2, "arch": "resnet10t", "version": 2, "state_dict": w, "optimizer": o, "metric": 52.0,
                   "args": namespace(&json!({"eval_metric": "top1"})), "saver": {"best_epoch": 1, "best_metric": 53.0}}),
            Some(3.0),
            None,
            &[("top1", 52.0), ("best_top1", 53.0)],
        ),
        case(
            "timm",
            json!({"epoch": 2, "arch": "x", "version": 1, "state_dict": w, "metric": 52.0}),
            Some(2.0),
            None,
            &[("metric", 52.0)],
        ),
    ]);
}

#[test]
fn detectors_and_encoders() {
    let (w, o) = (weights(), optimizer());
    check(vec![
        case(
            "yolov5",
            json!({"epoch": 4, "best_fitness": {"$tensor": [0.5], "shape": [1]}, "model": w, "opt": {"lr0": 0.01}}),
            Some(5.0),
            None,
            &[("best_fitness", 0.5)],
        ),
        case("dino", json!({"student": w, "teacher": w, "epoch": 10, "optimizer": o}), Some(10.0), None, &[]),
        case("open_clip", json!({"epoch": 2, "name": "run", "state_dict": w}), Some(2.0), None, &[]),
        case("detectron2", json!({"model": w, "optimizer": o, "iteration": 4999}), None, Some(5000), &[]),
    ]);
}

#[test]
fn large_models() {
    let (w, o) = (weights(), optimizer());
    check(vec![
        case(
            "nanogpt",
            json!({"model": w, "optimizer": o, "model_args": {"n_layer": 4}, "iter_num": 2000,
                   "best_val_loss": {"$tensor": [1.5]}, "config": {"learning_rate": 0.001}}),
            None,
            Some(2000),
            &[("best_val_loss", 1.5)],
        ),
        case(
            "deepspeed",
            json!({"module": w, "global_steps": 500, "ds_version": "0.19", "epoch": 3, "loss": 0.25}),
            Some(3.0),
            Some(500),
            &[("loss", 0.25)],
        ),
        case(
            "megatron",
            json!({"args": namespace(&json!({"lr": 1})), "checkpoint_version": 3.0, "iteration": 1000, "model": w}),
            None,
            Some(1000),
            &[],
        ),
        case(
            "composer",
            json!({"state": {"model": w, "timestamp": {"epoch": 1, "batch": 100},
                   "eval_metrics": {"eval": {"MulticlassAccuracy": {"$class": "torchmetrics.A", "_computed": {"$tensor": [0.75]}}}}},
                   "rng": []}),
            Some(1.0),
            Some(100),
            &[("eval/MulticlassAccuracy", 0.75)],
        ),
    ]);
}

#[test]
fn trainers_in_pieces() {
    let (w, o) = (weights(), optimizer());
    check(vec![
        case(
            "torchtune",
            json!({"epochs_run": 2, "total_epochs": 5, "seed": 1, "optimizer": o}),
            Some(2.0),
            None,
            &[],
        ),
        case(
            "torchtitan",
            json!({"model": w, "train_state": {"step": 40, "ntokens_seen": 9}}),
            None,
            Some(40),
            &[],
        ),
        case(
            "accelerate",
            json!({"step": 7, "random_state": [], "numpy_random_seed": [], "torch_manual_seed": {"$tensor": [1, 2], "shape": [2]}}),
            None,
            Some(7),
            &[],
        ),
        case(
            "litgpt",
            json!({"model": w, "iter_num": 40, "step_count": 10, "hparams": {}}),
            None,
            Some(40),
            &[],
        ),
    ]);
}

#[test]
fn speech_and_others() {
    let (w, o) = (weights(), optimizer());
    check(vec![
        case(
            "fairseq",
            json!({"model": w, "cfg": {"checkpoint": {"best_checkpoint_metric": "bleu"}},
                   "optimizer_history": [{"num_updates": 600}, {"num_updates": 1200, "lr_scheduler_state": {"best": 3.2}}],
                   "extra_state": {"train_iterator": {"epoch": 4, "iterations_in_epoch": 0}, "val_loss": 3.3, "best": 27.5,
                       "metrics": {"train": [[0, "loss", "AverageMeter", {"sum": 8.0, "count": 4}]]}}}),
            Some(3.0),
            Some(1200),
            &[("val_loss", 3.3), ("best_bleu", 27.5), ("train/loss", 2.0)],
        ),
        case(
            "ignite",
            json!({"model": w, "trainer": {"epoch_length": 4, "max_epochs": 9, "iteration": 8}}),
            Some(2.0),
            Some(8),
            &[],
        ),
        case(
            "icefall",
            json!({"model": w, "batch_idx_train": 900, "best_valid_loss": 0.5, "best_valid_epoch": 2}),
            None,
            Some(900),
            &[("best_valid_loss", 0.5)],
        ),
        case(
            "catalyst",
            json!({"model_state_dict": w, "criterion_state_dict": {}, "valid_metrics": {"loss": 0.5}}),
            None,
            None,
            &[("valid/loss", 0.5)],
        ),
        case(
            "coqui",
            json!({"model": w, "step": 10, "epoch": 1, "model_loss": {"train_loss": 0.5, "eval_loss": 0.25}}),
            Some(1.0),
            Some(10),
            &[("model_loss/train_loss", 0.5), ("model_loss/eval_loss", 0.25)],
        ),
        case(
            "mmcv",
            json!({"state_dict": w, "optimizer": o,
                "meta": {"epoch": 12, "iter": 600, "mmcv_version": "1.7", "hook_msgs": {"best_score": 0.5}}}),
            Some(12.0),
            Some(600),
            &[("best_score", 0.5)],
        ),
    ]);
}

/// Dictionaries of scripts and tools that have no row of their own: the generic rules carry them.
#[test]
fn dictionaries_without_a_row_in_the_table() {
    let (w, o) = (weights(), optimizer());
    check(vec![
        // nnU-Net v2: `current_epoch` is the next one, as many as its lists are long.
        case(
            "",
            json!({
                "network_weights": w, "optimizer_state": o, "grad_scaler_state": null, "_best_ema": 0.5,
                "logging": {"mean_fg_dice": [0.25, 0.5], "train_losses": [0.5, 0.25], "val_losses": [0.75, 0.5],
                            "lrs": [0.01, 0.01], "epoch_start_timestamps": [1.7e9, 1.8e9]},
                "current_epoch": 2, "trainer_name": "nnUNetTrainer",
            }),
            Some(2.0),
            None,
            &[("mean_fg_dice", 0.5), ("train_loss", 0.25), ("val_loss", 0.5), ("lr", 0.01)],
        ),
        case(
            "",
            json!({"start_epoch": 3, "model": w, "optimizer": o, "best_ap": 0.5, "curr_ap": 0.25}),
            Some(3.0),
            None,
            &[("best_ap", 0.5), ("curr_ap", 0.25)],
        ),
        case(
            "yolov5",
            json!({"epoch": 4, "best_fitness": {"$tensor": [0.5]}, "model": w, "ema": null, "updates": 500,
                   "optimizer": null, "opt": {"epochs": 10}, "git": {}, "date": "2024-01-01"}),
            Some(5.0),
            Some(500),
            &[("best_fitness", 0.5)],
        ),
        case(
            "",
            json!({"model": w, "optimizer": o, "lr_scheduler": {"last_epoch": 7}, "max_accuracy": 81.5, "scaler": {},
                   "epoch": 7, "config": {"a": 1}}),
            Some(7.0),
            None,
            &[("max_accuracy", 81.5)],
        ),
        case(
            "",
            json!({"epoch": 3, "model_state_dict": w, "optimizer_state_dict": o, "metrics": {"val": {"loss": 0.5, "acc": 0.75}}}),
            Some(4.0),
            None,
            &[("val/loss", 0.5), ("val/acc", 0.75)],
        ),
    ]);
}
