//! Every folder of training among the samples: the curves, the best epoch and the file a person would name who
//! reads the files with the framework's documentation beside them.

use ckpt_tui::runs::Run;
use ckpt_tui::runs::scan::{ScanOptions, collect_with_logs};
use ckpt_tui::training::curve::series_of_run;
use ckpt_tui::training::verdict::{Without, verdict};
use ckpt_tui::training::{Mode, XAxis};

use crate::fixture;

/// A curve: name, what x counts, points, the end of the source's path.
type Curve = (&'static str, XAxis, &'static [(f64, f64)], &'static str);

struct Case {
    folder: &'static str,
    framework: Option<&'static str>,
    /// Some of the curves.
    curves: &'static [Curve],
    best: Option<Best>,
}

/// The best by the leading metric: name, mode, value, epoch, step, a part of the file's path, and whether that
/// file is the one of the best epoch.
type Best = (&'static str, Mode, f64, Option<f64>, Option<u64>, Option<&'static str>, bool);

const NAN: f64 = f64::NAN;
const PER_CHECKPOINT: &str = "one value per checkpoint";
use XAxis::{Epoch, Step};

const CASES: &[Case] = &[
    Case {
        folder: "train/handmade",
        framework: None,
        curves: &[
            (
                "val_losses",
                Epoch,
                &[(1.0, 1.1), (2.0, 0.8), (3.0, 0.7), (4.0, 0.72), (5.0, 0.75)],
                "checkpoint_epoch_4.pt",
            ),
            (
                "val_acc",
                Epoch,
                &[(1.0, 0.3), (2.0, 0.45), (3.0, 0.5), (4.0, 0.5), (5.0, 0.5)],
                "checkpoint_epoch_4.pt",
            ),
        ],
        best: Some(("val_losses", Mode::Min, 0.7, Some(3.0), None, Some("checkpoint_epoch_4.pt"), false)),
    },
    Case {
        folder: "train/imagenet",
        framework: Some("imagenet"),
        curves: &[("best_acc1", Epoch, &[(1.0, 61.0), (2.0, 62.0), (3.0, 63.0)], PER_CHECKPOINT)],
        best: Some(("best_acc1", Mode::Max, 63.0, Some(3.0), None, Some("checkpoint.pth.tar"), true)),
    },
    Case { folder: "train/torchvision", framework: Some("torchvision"), curves: &[], best: None },
    Case {
        folder: "train/nanogpt",
        framework: Some("nanogpt"),
        curves: &[("best_val_loss", Step, &[(2000.0, 1.4697)], PER_CHECKPOINT)],
        best: Some(("best_val_loss", Mode::Min, 1.4697, None, Some(2000), Some("ckpt.pt"), true)),
    },
    Case {
        folder: "train/fairseq",
        framework: Some("fairseq"),
        curves: &[("val_loss", Epoch, &[(3.0, 3.3)], PER_CHECKPOINT)],
        best: Some(("val_loss", Mode::Min, 3.3, Some(3.0), Some(1200), Some("checkpoint_best.pt"), true)),
    },
    Case {
        folder: "train/mae",
        framework: Some("mae"),
        curves: &[
            ("test_loss", Epoch, &[(1.0, 1.2), (2.0, 0.6), (3.0, 0.4), (4.0, 0.3), (5.0, 0.24)], "log.txt"),
            (
                "test_acc1",
                Epoch,
                &[(1.0, 50.0), (2.0, 51.0), (3.0, 52.0), (4.0, 53.0), (5.0, 54.0)],
                "log.txt",
            ),
        ],
        best: Some(("test_loss", Mode::Min, 0.24, Some(5.0), None, Some("checkpoint-10.pth"), false)),
    },
    Case {
        folder: "train/detectron2",
        framework: Some("detectron2"),
        curves: &[(
            "total_loss",
            Step,
            &[(19.0, 2.0), (39.0, 1.0), (59.0, 2.0 / 3.0), (79.0, 0.5)],
            "metrics.json",
        )],
        best: Some(("total_loss", Mode::Min, 0.5, None, Some(79), Some("model_0004999.pth"), false)),
    },
    Case {
        folder: "train/deepspeed_z2",
        framework: Some("deepspeed"),
        curves: &[("loss", Epoch, &[(3.0, 0.25)], PER_CHECKPOINT)],
        best: Some(("loss", Mode::Min, 0.25, Some(3.0), Some(500), Some("global_step500"), true)),
    },
    Case { folder: "train/megatron", framework: Some("megatron"), curves: &[], best: None },
    Case {
        // The history inside goes before results.csv, which ends an epoch earlier.
        folder: "train/ultralytics",
        framework: Some("ultralytics"),
        curves: &[
            ("metrics/mAP50(B)", Epoch, &[(1.0, 0.2), (2.0, 0.5), (3.0, 0.6)], "last.pt"),
            ("val/box_loss", Epoch, &[(1.0, 2.1), (2.0, 1.4), (3.0, 1.1)], "last.pt"),
        ],
        best: Some(("fitness", Mode::Max, 0.51, Some(3.0), Some(300), Some("last.pt"), true)),
    },
    Case {
        folder: "train/hf_bin",
        framework: Some("transformers"),
        curves: &[("loss", Epoch, &[(0.5, NAN), (1.0, f64::INFINITY)], "trainer_state.json")],
        best: None,
    },
    Case {
        folder: "hf/run",
        framework: Some("transformers"),
        curves: &[
            (
                "eval_loss",
                Epoch,
                &[(1.0, 3.03958), (2.0, 3.03846), (3.0, 3.03805)],
                "trainer_state.json",
            ),
            (
                "loss",
                Epoch,
                &[
                    (0.5, 3.03098),
                    (1.0, 3.0374),
                    (1.5, 3.04065),
                    (2.0, 3.02947),
                    (2.5, 3.03202),
                    (3.0, 3.02715),
                ],
                "trainer_state.json",
            ),
        ],
        best: Some(("eval_loss", Mode::Min, 3.03805, Some(3.0), Some(12), Some("checkpoint-12"), true)),
    },
    Case {
        // metrics.csv of version_0 and the events of version_1 are of one run; the table goes first.
        folder: "lightning",
        framework: Some("lightning"),
        curves: &[
            (
                "val_loss",
                Epoch,
                &[(1.0, 0.10021), (2.0, 0.12855), (3.0, 0.15912), (4.0, 0.18868)],
                "version_0/metrics.csv",
            ),
            (
                "train_loss_epoch",
                Epoch,
                &[(1.0, 0.34062), (2.0, 0.31797), (3.0, 0.31587), (4.0, 0.31567)],
                "version_0/metrics.csv",
            ),
            (
                "lr-Adam",
                Step,
                &[(0.0, 0.001), (4.0, 0.0001), (8.0, 1e-5), (12.0, 0.0)],
                "version_0/metrics.csv",
            ),
        ],
        best: Some((
            "val_loss",
            Mode::Min,
            0.10021,
            Some(1.0),
            Some(4),
            Some("epoch=0-val_loss=0.10.ckpt"),
            true,
        )),
    },
    Case {
        folder: "fw/skorch",
        framework: None,
        curves: &[
            (
                "train_loss",
                Epoch,
                &[(1.0, 0.37529), (2.0, 0.35288), (3.0, 0.33215)],
                "fw/skorch/history.json",
            ),
            (
                "valid_loss",
                Epoch,
                &[(1.0, 0.27894), (2.0, 0.26646), (3.0, 0.25521)],
                "fw/skorch/history.json",
            ),
        ],
        best: Some(("valid_loss", Mode::Min, 0.25521, Some(3.0), None, Some("params.pt"), true)),
    },
    Case {
        folder: "fw/timm",
        framework: None,
        curves: &[
            ("eval_loss", Epoch, &[(1.0, 1.2), (2.0, 0.6), (3.0, 0.4)], "summary.csv"),
            ("eval_top1", Epoch, &[(1.0, 50.0), (2.0, 51.0), (3.0, 52.0)], "summary.csv"),
        ],
        best: Some(("eval_loss", Mode::Min, 0.4, Some(3.0), None, None, false)),
    },
    Case {
        folder: "fw/keras",
        framework: None,
        curves: &[("val_loss", Epoch, &[(1.0, 0.3563), (2.0, 0.35103)], "training.log")],
        best: Some(("val_loss", Mode::Min, 0.35103, Some(2.0), None, None, false)),
    },
    Case {
        // A restart from 0, whose last record is cut: the value logged at 20 after the rewind is lost with it.
        folder: "tb",
        framework: None,
        curves: &[
            (
                "train/loss",
                Step,
                &[(0.0, 1.0), (10.0, 0.5), (20.0, 0.33333), (30.0, 0.25), (40.0, 0.2), (50.0, NAN)],
                "events.out.tfevents.1700000001.host.2.0",
            ),
            ("val/loss", Step, &[(50.0, 0.125)], "events.out.tfevents.1700000001.host.2.0"),
        ],
        best: Some(("val/loss", Mode::Min, 0.125, None, Some(50), None, false)),
    },
];

fn run_of(folder: &str) -> Run {
    let index = collect_with_logs(vec![fixture(folder)], ScanOptions::default());
    assert_eq!(index.runs.len(), 1, "{folder}: {:?}", index.runs.iter().map(|r| &r.path).collect::<Vec<_>>());
    index.runs.into_iter().next().unwrap()
}

/// float32 values are not the decimal numbers they were made from.
fn same(a: f64, b: f64) -> bool {
    a.total_cmp(&b).is_eq() || (a - b).abs() < 1e-5
}

#[test]
fn curves_of_every_training_folder() {
    for case in CASES {
        let run = run_of(case.folder);
        assert_eq!(run.framework, case.framework, "{}", case.folder);
        let all = series_of_run(&run);
        let names: Vec<_> = all.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(all.is_empty(), case.curves.is_empty(), "{}: {names:?}", case.folder);
        for (name, x, points, source) in case.curves {
            let place = format!("{} {name}", case.folder);
            let series = all.iter().find(|s| s.name == *name).unwrap_or_else(|| panic!("{place}: {names:?}"));
            assert_eq!(series.x, *x, "{place}");
            let found = &series.points;
            let agree = found.len() == points.len()
                && found.iter().zip(*points).all(|(a, b)| same(a.0, b.0) && same(a.1, b.1));
            assert!(agree, "{place}: {found:?}");
            assert!(series.source.ends_with(source), "{place}: {}", series.source);
        }
    }
}

#[test]
fn the_best_of_every_training_folder() {
    for case in CASES {
        let run = run_of(case.folder);
        let found = verdict(&run, None, None);
        let Some((metric, mode, value, epoch, step, file, on_disk)) = case.best else {
            assert_eq!(found, Err(Without::Metric), "{}", case.folder);
            continue;
        };
        let found = found.unwrap_or_else(|e| panic!("{}: {e:?}", case.folder));
        assert_eq!((found.metric.as_str(), found.mode), (metric, mode), "{}", case.folder);
        assert!(same(found.value, value), "{}: {}", case.folder, found.value);
        assert_eq!((found.epoch, found.step, found.on_disk), (epoch, step, on_disk), "{}", case.folder);
        let path = found.path.as_deref().map(|path| path.display().to_string());
        assert_eq!(path.is_some(), file.is_some(), "{}: {path:?}", case.folder);
        assert!(path.is_none_or(|path| path.contains(file.unwrap())), "{}", case.folder);
    }
}

#[test]
fn the_framework_s_opinion_agrees_in_the_samples() {
    for (folder, who) in [("lightning", "ModelCheckpoint"), ("hf/run", "best_model_checkpoint")] {
        let found = verdict(&run_of(folder), None, None).unwrap();
        let opinion = found.opinion.unwrap();
        assert_eq!((opinion.opinion.who, opinion.agrees), (who, Some(true)), "{folder}");
    }
}

#[test]
fn checkpoints_take_epochs_and_values_from_the_log() {
    let run = run_of("hf/run");
    let row = run.checkpoints.iter().find(|r| r.path.to_string_lossy().contains("checkpoint-8")).unwrap();
    assert_eq!(row.training.progress.epoch, Some(2.0));
    assert_eq!(row.training.progress.epoch_rule, Some("count of completed epochs"));
    assert!(same(row.training.value("eval_loss").unwrap(), 3.03846));
}

#[test]
fn hyperparameters_come_from_the_checkpoint_and_from_files_beside_it() {
    let run = run_of("lightning");
    let value = |name: &str| run.hyperparameters.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    assert_eq!((value("lr"), value("width"), value("name")), (Some("0.001"), Some("8"), Some("x")));
}
