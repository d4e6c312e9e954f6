//! Frameworks that keep scores and histories in places of their own.

use serde_json::{Value as Json, json};

use super::{optimizer, read, weights};
use crate::training::metadata::info;
use crate::training::testing::checkpoint_with;
use crate::training::{Mode, Series, TrainingInfo, XAxis};

fn lightning(last_batch: bool) -> Json {
    json!({
        "epoch": 1, "global_step": 8, "pytorch-lightning_version": "2.6.6", "state_dict": weights(),
        "loops": {"fit_loop": {
            "epoch_progress": {"current": {"ready": 2, "processed": 1, "completed": 1}},
            "epoch_loop.batch_progress": {"is_last_batch": last_batch,
                "current": {"processed": 2, "completed": 1}, "total": {"processed": 6, "completed": 5}},
        }},
        "callbacks": {
            "EarlyStopping{'monitor': 'val/acc', 'mode': 'max'}": {"best_score": {"$tensor": [0.75]}, "wait_count": 1},
            "ModelCheckpoint{'monitor': 'val_loss', 'mode': 'min', 'every_n_epochs': 1}": {
                "monitor": "val_loss", "best_model_score": {"$tensor": [0.125]}, "current_score": {"$tensor": [0.25]},
                "best_k_models": {"/x/epoch=0.ckpt": {"$tensor": [0.125]}}},
        },
        "optimizer_states": [optimizer()], "lr_schedulers": [{"last_epoch": 2, "_step_count": 3}],
        "hyper_parameters": {"lr": 0.001, "width": 8}, "best_val_f1": 0.5,
    })
}

#[test]
fn lightning_names_its_scores_after_what_it_monitors() {
    let info = read(&lightning(true));
    assert_eq!(info.framework, Some("lightning"));
    assert_eq!((info.progress.epoch, info.progress.step), (Some(2.0), Some(8)));
    let want = [("val_loss", 0.25), ("best_val_loss", 0.125), ("best_val/acc", 0.75), ("best_val_f1", 0.5)];
    assert_eq!(info.metrics, want.map(|(n, v)| (n.to_owned(), v)));
    assert_eq!(info.monitored, [("val_loss".to_owned(), Mode::Min), ("val/acc".to_owned(), Mode::Max)]);
    assert!(info.hyperparameters.contains(&("width".to_owned(), "8".to_owned())));
}

#[test]
fn a_lightning_checkpoint_saved_within_an_epoch_counts_it_in_part() {
    let progress = read(&lightning(false)).progress;
    assert_eq!(progress.epoch, Some(1.5));
    assert_eq!(progress.epoch_rule, Some("index of the epoch it was saved in the middle of"));
}

fn series<'a>(info: &'a TrainingInfo, name: &str) -> &'a Series {
    info.histories.iter().find(|s| s.name == name).unwrap()
}

#[test]
fn ultralytics_keeps_its_results_inside() {
    let results = json!({"epoch": [1, 2, 3], "time": [1, 2, 3], "train/box_loss": [2.0, 1.5, 1.25],
        "metrics/mAP50(B)": [0.25, 0.5, 0.625], "lr/pg0": [0.01, 0.01, 0.009]});
    let live = read(
        &json!({"epoch": 2, "best_fitness": 0.5, "model": null, "ema": weights(), "updates": 300,
        "train_args": {"lr0": 0.01}, "train_metrics": {"metrics/mAP50(B)": 0.625, "fitness": 0.5}, "train_results": results}),
    );
    assert_eq!(
        (live.framework, live.progress.epoch, live.progress.step),
        (Some("ultralytics"), Some(3.0), Some(300))
    );
    assert_eq!(live.monitored, [("fitness".to_owned(), Mode::Max)]);
    let names: Vec<_> = live.histories.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["train/box_loss", "metrics/mAP50(B)", "lr/pg0"]);
    assert_eq!(series(&live, "metrics/mAP50(B)").points, [(1.0, 0.25), (2.0, 0.5), (3.0, 0.625)]);
    // Stripped after training.
    let results = json!({"epoch": [1, 2], "train/box_loss": [2.0, 1.5]});
    let stripped = read(
        &json!({"epoch": -1, "best_fitness": null, "model": weights(), "train_args": {}, "train_results": results}),
    );
    assert_eq!(stripped.progress.epoch, Some(2.0));
}

#[test]
fn mmengine_keeps_every_value_in_its_message_hub() {
    let buffer = |values: Json| json!({"$class": "mmengine.logging.history_buffer.HistoryBuffer", "_log_history": values});
    let info = read(&json!({"state_dict": weights(), "meta": {"epoch": 4, "iter": 16, "cfg": "text"},
        "message_hub": {"runtime_info": {"best_score": 0.75, "max_epochs": 4},
            "log_scalars": {"train/loss": buffer(json!([4.0, 3.0, 2.0, 1.0])), "train/time": buffer(json!([1.0])),
                            "val/acc": buffer(json!([0.5, 0.75]))}}}));
    assert_eq!(
        (info.framework, info.progress.epoch, info.progress.step),
        (Some("mmengine"), Some(4.0), Some(16))
    );
    let train = series(&info, "train/loss");
    assert_eq!((train.x, train.points[0], train.points[3]), (XAxis::Step, (13.0, 4.0), (16.0, 1.0)));
    let val = series(&info, "val/acc");
    assert_eq!((val.x, val.points.as_slice()), (XAxis::Epoch, &[(2.0, 0.5), (4.0, 0.75)][..]));
    assert!(info.metrics.contains(&("val/acc".to_owned(), 0.75)));
    assert_eq!(info.histories.len(), 2);
}

#[test]
fn espnet_keeps_its_report_by_epoch() {
    let info = read(
        &json!({"model": weights(), "optimizers": [optimizer()], "reporter": {"epoch": 2, "stats": {"$ints": {
        "1": {"train": {"loss": 2.0, "time": 9.0}, "valid": {"loss": 2.5}},
        "2": {"train": {"loss": 1.0}, "valid": {"loss": 1.5}}}}}}),
    );
    assert_eq!((info.framework, info.progress.epoch), (Some("espnet"), Some(2.0)));
    assert_eq!(series(&info, "valid/loss").points, [(1.0, 2.5), (2.0, 1.5)]);
    assert_eq!(info.metrics, [("train/loss".to_owned(), 1.0), ("valid/loss".to_owned(), 1.5)]);
}

#[test]
fn arguments_of_hugging_face_are_settings_throughout() {
    let root = json!({"$class": "transformers.training_args.TrainingArguments", "learning_rate": 5e-5, "max_grad_norm": 1.0});
    let info = read(&root);
    assert_eq!((info.framework, info.metrics.len()), (Some("transformers"), 0));
    assert!(info.hyperparameters.contains(&("learning_rate".to_owned(), "5e-05".to_owned())));
}

#[test]
fn metadata_of_safetensors_is_text() {
    let metadata = json!({"format": "pt", "epoch": "16", "val_loss": "0.25", "ss_output_name": "x"});
    let info = info(&checkpoint_with(&weights(), Some(&metadata)));
    assert_eq!((info.progress.epoch, info.metrics), (Some(16.0), vec![("val_loss".to_owned(), 0.25)]));
    let kohya = json!({"ss_epoch": "3", "ss_steps": "900", "ss_network_module": "networks.lora"});
    let info = crate::training::metadata::info(&checkpoint_with(&weights(), Some(&kohya)));
    let got = (info.framework, info.progress.epoch, info.progress.step);
    assert_eq!(got, (Some("kohya"), Some(3.0), Some(900)));
}
