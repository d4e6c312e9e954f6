//! What the samples of real frameworks say: the values a person who reads their documentation would name.

use ckpt_tui::runs::{Role, Run};
use ckpt_tui::training::{Mode, XAxis, curve};

use crate::{fixture, scan};

fn run(folder: &str) -> Run {
    let index = scan(&fixture(folder));
    assert_eq!(index.runs.len(), 1, "{folder}: {:?}", index.runs);
    index.runs.into_iter().next().unwrap()
}

type Expected<'a> = (&'a str, Option<f64>, Option<u64>, &'a [(&'a str, f64)]);

fn check(folder: &str, framework: Option<&str>, expected: &[Expected<'_>]) -> Run {
    let run = run(folder);
    assert_eq!(run.framework, framework, "{folder}");
    assert_eq!(run.checkpoints.len(), expected.len(), "{folder}");
    for (row, (name, epoch, step, metrics)) in run.checkpoints.iter().zip(expected) {
        assert_eq!(row.path.file_name().unwrap().to_str(), Some(*name), "{folder}");
        let progress = &row.training.progress;
        assert_eq!((progress.epoch, progress.step), (*epoch, *step), "{folder}/{name}");
        let found: Vec<_> = row.training.metrics.iter().map(|(n, v)| (n.as_str(), round(*v))).collect();
        assert_eq!(found, *metrics, "{folder}/{name}");
    }
    run
}

/// float32 values are not the decimal numbers they were made from.
fn round(value: f64) -> f64 {
    (value * 1e5).round() / 1e5
}

fn best(run: &Run) -> Option<(&str, &str, f64, Option<f64>)> {
    let best = run.best.as_ref()?;
    Some((best.path.file_name()?.to_str()?, best.metric.as_str(), round(best.value), best.epoch))
}

#[test]
fn imagenet_counts_completed_epochs() {
    let run = check(
        "train/imagenet",
        Some("imagenet"),
        &[
            ("checkpoint_0001.pth.tar", Some(1.0), None, &[("best_acc1", 61.0)]),
            ("checkpoint_0002.pth.tar", Some(2.0), None, &[("best_acc1", 62.0)]),
            ("checkpoint.pth.tar", Some(3.0), None, &[("best_acc1", 63.0)]),
        ],
    );
    assert_eq!(best(&run), Some(("checkpoint.pth.tar", "best_acc1", 63.0, Some(3.0))));
    let series = curve::series_of_run(&run);
    assert_eq!((series.len(), series[0].mode, series[0].x), (1, Mode::Max, XAxis::Epoch));
    assert_eq!(series[0].points, [(1.0, 61.0), (2.0, 62.0), (3.0, 63.0)]);
}

#[test]
fn torchvision_and_mae_count_from_zero() {
    let run = check(
        "train/torchvision",
        Some("torchvision"),
        &[("model_0.pth", Some(1.0), None, &[]), ("model_1.pth", Some(2.0), None, &[])],
    );
    assert_eq!(best(&run), None);
    assert_eq!(run.checkpoints[1].roles, [Role::Last]);
    let rule = run.checkpoints[0].training.progress.epoch_rule;
    assert_eq!(rule, Some("epoch index from 0: +1"));
    let hyper = &run.checkpoints[0].training.hyperparameters;
    assert!(hyper.contains(&("model".to_owned(), "resnet50".to_owned())), "{hyper:?}");
    check("train/mae", Some("mae"), &[("checkpoint-10.pth", Some(11.0), None, &[])]);
}

#[test]
fn nanogpt_counts_iterations() {
    let run = check(
        "train/nanogpt",
        Some("nanogpt"),
        &[("ckpt.pt", None, Some(2000), &[("best_val_loss", 1.4697)])],
    );
    assert_eq!(best(&run), Some(("ckpt.pt", "best_val_loss", 1.4697, None)));
}

#[test]
fn a_hand_made_checkpoint_with_histories() {
    let metrics = [
        ("best_val_loss", 0.7),
        ("train_loss", 0.35),
        ("val_loss", 0.75),
        ("train_acc", 0.7),
        ("val_acc", 0.5),
    ];
    let run = check("train/handmade", None, &[("checkpoint_epoch_4.pt", Some(5.0), None, &metrics)]);
    let series = curve::series_of_run(&run);
    let names: Vec<_> = series.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["train_losses", "val_losses", "train_acc", "val_acc", "best_val_loss"]);
    assert_eq!(series[1].points, [(1.0, 1.1), (2.0, 0.8), (3.0, 0.7), (4.0, 0.72), (5.0, 0.75)]);
    assert_eq!(ckpt_tui::training::best::of_series(&series[1]), Some((3.0, 0.7)));
}

#[test]
fn fairseq_stands_at_its_next_epoch() {
    let metrics = [("val_loss", 3.3), ("best_loss", 3.2)];
    let run =
        check("train/fairseq", Some("fairseq"), &[("checkpoint_best.pt", Some(3.0), Some(1200), &metrics)]);
    assert_eq!(best(&run), Some(("checkpoint_best.pt", "val_loss", 3.3, Some(3.0))));
}

#[test]
fn detectron2_stores_the_index_of_its_last_iteration() {
    check("train/detectron2", Some("detectron2"), &[("model_0004999.pth", None, Some(5000), &[])]);
}

#[test]
fn deepspeed_and_megatron_count_steps() {
    let index = scan(&fixture("train/deepspeed_z2"));
    assert_eq!(index.rows(), 1);
    let state = &index.runs[0].checkpoints[0];
    assert!(state.path.ends_with("global_step500"));
    assert_eq!((state.training.progress.step, state.training.progress.epoch), (Some(500), Some(3.0)));
    assert_eq!(state.training.metrics, [("loss".to_owned(), 0.25)]);
    let index = scan(&fixture("train/megatron"));
    assert_eq!((index.runs.len(), index.runs[0].name.as_str()), (1, "megatron"));
    assert!(index.runs[0].checkpoints.iter().all(|r| r.training.progress.step == Some(1000)));
}

#[test]
fn ultralytics_keeps_its_results_inside() {
    let run = run("train/ultralytics");
    let row = |name: &str| run.checkpoints.iter().find(|r| r.path.ends_with(name)).unwrap();
    assert_eq!(row("last.pt").training.progress.epoch, Some(3.0));
    assert_eq!(row("best.pt").training.progress.epoch, Some(1.0), "stripped: counted by its results");
    assert_eq!(best(&run), Some(("last.pt", "fitness", 0.51, Some(3.0))));
    let series = curve::series_of_run(&run);
    let map = series.iter().find(|s| s.name == "metrics/mAP50(B)").unwrap();
    assert_eq!((map.points.as_slice(), map.mode), (&[(1.0, 0.2), (2.0, 0.5), (3.0, 0.6)][..], Mode::Max));
}

#[test]
fn lightning_names_the_metric_it_monitors() {
    let run = check(
        "lightning",
        Some("lightning"),
        &[
            (
                "epoch=0-val_loss=0.10.ckpt",
                Some(1.0),
                Some(4),
                &[("val_loss", 0.10021), ("best_val_loss", 0.10021)],
            ),
            (
                "epoch=1-val_loss=0.13.ckpt",
                Some(2.0),
                Some(8),
                &[("val_loss", 0.12855), ("best_val_loss", 0.10021)],
            ),
            ("last.ckpt", Some(2.0), Some(8), &[("val_loss", 0.12855), ("best_val_loss", 0.10021)]),
        ],
    );
    assert_eq!(best(&run), Some(("epoch=0-val_loss=0.10.ckpt", "val_loss", 0.10021, Some(1.0))));
    assert_eq!(run.name, "lightning");
    let roles: Vec<_> = run.checkpoints.iter().map(|r| r.roles.as_slice()).collect();
    assert_eq!(roles, [&[Role::Best][..], &[Role::Last], &[Role::Last]]);
    assert_eq!(run.checkpoints[2].same_as, Some(run.checkpoints[1].path.clone()));
}

#[test]
fn the_tutorial_stores_the_index_of_its_loop() {
    let index = scan(&fixture("zip/tutorial.pt"));
    let row = &index.runs[0].checkpoints[0];
    assert_eq!((row.training.progress.raw_epoch, row.training.progress.epoch), (Some(7.0), Some(8.0)));
    let metrics: Vec<_> = row.training.metrics.iter().map(|(n, v)| (n.as_str(), *v)).collect();
    assert_eq!(metrics, [("loss", 0.25), ("loss_float", 0.25), ("val_acc/top1", 71.5), ("train_loss", 0.25)]);
}

#[test]
fn hugging_face_folders_of_one_output_are_one_run() {
    let run = run("hf/run");
    assert_eq!(run.framework, Some("transformers"));
    let rows: Vec<_> = run
        .checkpoints
        .iter()
        .map(|r| (r.path.file_name().unwrap().to_str().unwrap(), r.training.progress.step))
        .collect();
    let want = [
        ("checkpoint-4", Some(4)),
        ("checkpoint-8", Some(8)),
        ("checkpoint-12", Some(12)),
        ("model.safetensors", None),
        ("training_args.bin", None),
    ];
    assert_eq!(rows, want);
    let series = curve::series_of_run(&run);
    let eval = series.iter().find(|s| s.name == "eval_loss").unwrap();
    assert_eq!((eval.points.len(), eval.x), (3, XAxis::Epoch));
}
