//! Folders as other frameworks leave them, which no sample holds: written here as their sources and documentation
//! write them, with the curves, the best epoch and the file a person would name who reads them.

use std::fs;
use std::path::Path;

use ckpt_tui::runs::Run;
use ckpt_tui::runs::scan::{ScanOptions, collect_with_logs};
use ckpt_tui::training::XAxis;
use ckpt_tui::training::curve::series_of_run;
use ckpt_tui::training::verdict::verdict;

use crate::write_weights;
use XAxis::{Epoch, Step};

/// A curve: its name, what is along x, and its points.
type Curve = (&'static str, XAxis, &'static [(f64, f64)]);
/// Metric, its best value, and the end of the path of the file that is best.
type Best = (&'static str, f64, Option<&'static str>);

struct Case {
    framework: &'static str,
    /// Logs, by path and text.
    logs: &'static [(&'static str, &'static str)],
    /// Checkpoints that hold nothing but a tensor: their names are all they tell.
    files: &'static [&'static str],
    curves: &'static [Curve],
    best: Option<Best>,
}

const RESULTS_8: &str = "epoch,time,train/box_loss,metrics/mAP50(B),val/box_loss,lr/pg0\n\
    1,10.5,1.5,0.25,1.75,0.01\n2,20.5,1.25,0.5,1.5,0.01\n3,30.5,1.0,0.375,1.625,0.01\n";

const CASES: &[Case] = &[
    Case {
        framework: "Ultralytics",
        logs: &[
            ("runs/detect/train/results.csv", RESULTS_8),
            ("runs/detect/train/args.yaml", "task: detect\nlr0: 0.01\n"),
        ],
        files: &["runs/detect/train/weights/epoch1.pt", "runs/detect/train/weights/epoch2.pt"],
        curves: &[
            ("metrics/mAP50(B)", Epoch, &[(1.0, 0.25), (2.0, 0.5), (3.0, 0.375)]),
            ("val/box_loss", Epoch, &[(1.0, 1.75), (2.0, 1.5), (3.0, 1.625)]),
        ],
        best: Some(("metrics/mAP50(B)", 0.5, Some("weights/epoch2.pt"))),
    },
    Case {
        // IterBasedRunner: evaluations stand in the epoch and at a number of batches of their own.
        framework: "mmcv by iterations",
        logs: &[(
            "work/20240101_120000.log.json",
            "{\"env_info\": \"x\", \"seed\": 0}\n\
             {\"mode\": \"train\", \"epoch\": 1, \"iter\": 50, \"lr\": 0.01, \"loss\": 2.0}\n\
             {\"mode\": \"train\", \"epoch\": 1, \"iter\": 100, \"lr\": 0.01, \"loss\": 1.5}\n\
             {\"mode\": \"val\", \"epoch\": 1, \"iter\": 20, \"mIoU\": 0.25}\n\
             {\"mode\": \"train\", \"epoch\": 1, \"iter\": 150, \"lr\": 0.01, \"loss\": 1.25}\n\
             {\"mode\": \"train\", \"epoch\": 1, \"iter\": 200, \"lr\": 0.01, \"loss\": 1.0}\n\
             {\"mode\": \"val\", \"epoch\": 1, \"iter\": 20, \"mIoU\": 0.5}\n",
        )],
        files: &["work/iter_100.pth", "work/iter_200.pth"],
        curves: &[
            ("val/mIoU", Step, &[(100.0, 0.25), (200.0, 0.5)]),
            ("train/loss", Step, &[(50.0, 2.0), (100.0, 1.5), (150.0, 1.25), (200.0, 1.0)]),
        ],
        best: Some(("val/mIoU", 0.5, Some("iter_200.pth"))),
    },
    Case {
        framework: "mmengine by iterations",
        logs: &[(
            "work/20240101_120000/vis_data/scalars.json",
            "{\"lr\": 0.01, \"loss\": 2.0, \"time\": 0.5, \"iter\": 50, \"memory\": 900, \"step\": 50}\n\
             {\"mIoU\": 25.0, \"data_time\": 0.01, \"step\": 50}\n\
             {\"lr\": 0.01, \"loss\": 1.0, \"time\": 0.5, \"iter\": 100, \"memory\": 900, \"step\": 100}\n\
             {\"mIoU\": 50.0, \"data_time\": 0.01, \"step\": 100}\n",
        )],
        files: &["work/iter_50.pth", "work/iter_100.pth"],
        curves: &[
            ("mIoU", Step, &[(50.0, 25.0), (100.0, 50.0)]),
            ("loss", Step, &[(50.0, 2.0), (100.0, 1.0)]),
        ],
        best: Some(("mIoU", 50.0, Some("iter_100.pth"))),
    },
    Case {
        framework: "fairseq",
        logs: &[(
            "ckpt/train.log",
            "2024-01-01 12:00:00 | INFO | fairseq_cli.train | {'_name': None, 'common': {}}\n\
             2024-01-01 12:00:01 | INFO | train_inner | {\"epoch\": 1, \"update\": 0.5, \"loss\": \"9.5\", \"ppl\": \"724\", \"num_updates\": \"100\", \"lr\": \"0.001\"}\n\
             2024-01-01 12:00:02 | INFO | train | {\"epoch\": 1, \"train_loss\": \"9.25\", \"train_ppl\": \"600\", \"train_num_updates\": \"200\"}\n\
             2024-01-01 12:00:03 | INFO | valid | {\"epoch\": 1, \"valid_loss\": \"8.5\", \"valid_ppl\": \"362\", \"valid_num_updates\": \"200\"}\n\
             2024-01-01 12:00:04 | INFO | train_inner | {\"epoch\": 2, \"update\": 1.5, \"loss\": \"8.0\", \"ppl\": \"256\", \"num_updates\": \"300\", \"lr\": \"0.001\"}\n\
             2024-01-01 12:00:05 | INFO | train | {\"epoch\": 2, \"train_loss\": \"8.0\", \"train_ppl\": \"256\", \"train_num_updates\": \"400\"}\n\
             2024-01-01 12:00:06 | INFO | valid | {\"epoch\": 2, \"valid_loss\": \"7.5\", \"valid_ppl\": \"181\", \"valid_num_updates\": \"400\", \"valid_best_loss\": \"7.5\"}\n",
        )],
        files: &["ckpt/checkpoint1.pt", "ckpt/checkpoint2.pt"],
        curves: &[
            ("valid_loss", Epoch, &[(1.0, 8.5), (2.0, 7.5)]),
            ("train_loss", Epoch, &[(1.0, 9.25), (2.0, 8.0)]),
        ],
        best: Some(("valid_loss", 7.5, Some("checkpoint2.pt"))),
    },
    Case {
        framework: "detectron2",
        logs: &[(
            "output/metrics.json",
            "{\"data_time\": 0.01, \"eta_seconds\": 100.5, \"fast_rcnn/cls_accuracy\": 0.75, \"iteration\": 19, \"lr\": 0.001, \"total_loss\": 2.0}\n\
             {\"bbox/AP\": 25.0, \"data_time\": 0.01, \"iteration\": 39, \"lr\": 0.001, \"total_loss\": 1.0}\n\
             {\"bbox/AP\": NaN, \"data_time\": 0.01, \"iteration\": 59, \"lr\": 0.001, \"total_loss\": 0.5}\n",
        )],
        files: &["output/model_0000039.pth", "output/model_final.pth"],
        curves: &[("total_loss", Step, &[(19.0, 2.0), (39.0, 1.0), (59.0, 0.5)])],
        best: Some(("bbox/AP", 25.0, Some("model_0000039.pth"))),
    },
    Case {
        framework: "DETR",
        logs: &[(
            "out/log.txt",
            "{\"train_lr\": 0.0001, \"train_class_error\": 90.5, \"train_loss\": 30.0, \"test_loss\": 25.0, \"test_coco_eval_bbox\": [0.125, 0.25, 0.1, 0.0, 0.1, 0.2, 0.1, 0.2, 0.3, 0.1, 0.2, 0.3], \"epoch\": 0, \"n_parameters\": 41302368}\n\
             {\"train_lr\": 0.0001, \"train_class_error\": 60.5, \"train_loss\": 20.0, \"test_loss\": 15.0, \"test_coco_eval_bbox\": [0.25, 0.5, 0.2, 0.0, 0.1, 0.2, 0.1, 0.2, 0.3, 0.1, 0.2, 0.3], \"epoch\": 1, \"n_parameters\": 41302368}\n",
        )],
        files: &["out/checkpoint0000.pth", "out/checkpoint0001.pth"],
        curves: &[
            ("test_coco_eval_bbox/AP", Epoch, &[(1.0, 0.125), (2.0, 0.25)]),
            ("test_coco_eval_bbox/AP50", Epoch, &[(1.0, 0.25), (2.0, 0.5)]),
            ("train_loss", Epoch, &[(1.0, 30.0), (2.0, 20.0)]),
        ],
        best: Some(("test_coco_eval_bbox/AP", 0.25, Some("checkpoint0001.pth"))),
    },
    Case {
        framework: "DINO",
        logs: &[(
            "out/log.txt",
            "{\"train_loss\": 10.5, \"train_lr\": 0.0001, \"train_wd\": 0.04, \"epoch\": 0}\n\
             {\"train_loss\": 9.5, \"train_lr\": 0.0002, \"train_wd\": 0.04, \"epoch\": 1}\n",
        )],
        files: &["out/checkpoint0000.pth", "out/checkpoint.pth"],
        curves: &[("train_loss", Epoch, &[(1.0, 10.5), (2.0, 9.5)])],
        best: None,
    },
    Case {
        framework: "Keras",
        logs: &[(
            "run/log.csv",
            "epoch,accuracy,loss,val_accuracy,val_loss\n0,0.5,1.0,0.5,1.25\n1,0.75,0.5,0.625,1.0\n2,0.875,0.25,0.6,1.5\n",
        )],
        files: &["run/model.01-1.25.keras.safetensors", "run/model.02-1.00.keras.safetensors"],
        curves: &[("val_loss", Epoch, &[(1.0, 1.25), (2.0, 1.0), (3.0, 1.5)])],
        best: Some(("val_loss", 1.0, Some("model.02-1.00.keras.safetensors"))),
    },
    Case {
        framework: "fastai",
        logs: &[(
            "exp/history.csv",
            "epoch,train_loss,valid_loss,accuracy,time\n0,1.0,0.75,0.5,00:05\n1,0.5,0.625,0.75,00:05\n",
        )],
        files: &["exp/models/model_0.pth", "exp/models/model_1.pth"],
        curves: &[
            ("valid_loss", Epoch, &[(1.0, 0.75), (2.0, 0.625)]),
            ("accuracy", Epoch, &[(1.0, 0.5), (2.0, 0.75)]),
        ],
        best: Some(("valid_loss", 0.625, Some("model_1.pth"))),
    },
    Case {
        framework: "a table pandas wrote of a history, with and without its index",
        logs: &[("run/history.csv", ",loss,val_loss\n0,1.0,1.25\n1,0.5,1.0\n")],
        files: &["run/epoch_1.pt", "run/epoch_2.pt"],
        curves: &[("val_loss", Epoch, &[(1.0, 1.25), (2.0, 1.0)])],
        best: Some(("val_loss", 1.0, Some("epoch_2.pt"))),
    },
    Case {
        framework: "a table of losses alone",
        logs: &[("run/losses.csv", "train_loss,val_loss\n1.0,1.25\n0.5,1.0\n0.25,1.5\n")],
        files: &[],
        curves: &[("val_loss", Epoch, &[(1.0, 1.25), (2.0, 1.0), (3.0, 1.5)])],
        best: Some(("val_loss", 1.0, None)),
    },
    Case {
        framework: "tables of each split",
        logs: &[
            ("run/train.csv", "epoch,loss,accuracy\n1,1.0,0.5\n2,0.5,0.75\n"),
            ("run/valid.csv", "epoch,loss,accuracy\n1,1.25,0.25\n2,1.5,0.5\n"),
        ],
        files: &["run/epoch_1.pt", "run/epoch_2.pt"],
        curves: &[
            ("train/loss", Epoch, &[(1.0, 1.0), (2.0, 0.5)]),
            ("val/loss", Epoch, &[(1.0, 1.25), (2.0, 1.5)]),
        ],
        best: Some(("val/loss", 1.25, Some("epoch_1.pt"))),
    },
    Case {
        framework: "flair",
        logs: &[(
            "resources/loss.tsv",
            "EPOCH\tTIMESTAMP\tBAD_EPOCHS\tLEARNING_RATE\tTRAIN_LOSS\tDEV_LOSS\tDEV_F1\n1\t12:00:00\t0\t0.1\t0.5\t0.75\t0.5\n2\t12:01:00\t0\t0.1\t0.25\t0.5\t0.625\n",
        )],
        files: &["resources/best-model.pt", "resources/final-model.pt"],
        curves: &[
            ("DEV_F1", Epoch, &[(1.0, 0.5), (2.0, 0.625)]),
            ("TRAIN_LOSS", Epoch, &[(1.0, 0.5), (2.0, 0.25)]),
        ],
        best: Some(("DEV_LOSS", 0.5, Some("best-model.pt"))),
    },
    Case {
        framework: "ignite",
        logs: &[],
        files: &[
            "out/best_model_1_val_acc=0.5000.pt",
            "out/best_model_4_val_acc=0.7500.pt",
            "out/best_model_3_val_acc=0.6250.pt",
        ],
        curves: &[("val_acc", Epoch, &[(1.0, 0.5), (3.0, 0.625), (4.0, 0.75)])],
        best: Some(("val_acc", 0.75, Some("best_model_4_val_acc=0.7500.pt"))),
    },
    Case {
        framework: "NeMo",
        logs: &[],
        files: &[
            "nemo/checkpoints/megatron_gpt--val_loss=2.50-step=1000-consumed_samples=8000.0.ckpt",
            "nemo/checkpoints/megatron_gpt--val_loss=2.25-step=2000-consumed_samples=16000.0.ckpt",
        ],
        curves: &[("val_loss", Step, &[(1000.0, 2.5), (2000.0, 2.25)])],
        best: Some(("val_loss", 2.25, Some("val_loss=2.25-step=2000-consumed_samples=16000.0.ckpt"))),
    },
    Case {
        framework: "nanoGPT, from its screen",
        logs: &[(
            "out/train.log",
            "number of parameters: 10.65M\nstep 0: train loss 4.25, val loss 4.5\niter 0: loss 4.25, time 100.00ms, mfu -100.00%\niter 10: loss 3.5, time 10.00ms, mfu 2.50%\n\
             step 250: train loss 2.0, val loss 2.25\nsaving checkpoint to out\niter 250: loss 2.125, time 100.00ms, mfu 2.40%\n",
        )],
        files: &["out/ckpt.pt"],
        curves: &[
            ("train_loss", Step, &[(0.0, 4.25), (250.0, 2.0)]),
            ("val_loss", Step, &[(0.0, 4.5), (250.0, 2.25)]),
            ("loss", Step, &[(0.0, 4.25), (10.0, 3.5), (250.0, 2.125)]),
        ],
        best: None,
    },
    Case {
        framework: "torchtune",
        logs: &[(
            "out/logs/log_1700000000.txt",
            "Step 1 | loss:2.5 lr:0.001 tokens_per_second_per_gpu:900.5 \nStep 2 | loss:2.25 lr:0.001 tokens_per_second_per_gpu:900.5 \n",
        )],
        files: &["out/epoch_0/model.safetensors"],
        curves: &[("loss", Step, &[(1.0, 2.5), (2.0, 2.25)])],
        best: None,
    },
    Case {
        framework: "SpeechBrain",
        logs: &[(
            "results/train_log.txt",
            "epoch: 1, lr: 1.00e+00 - train loss: 2.50 - valid loss: 2.25, valid CER: 40.50, valid WER: 80.25\n\
             epoch: 2, lr: 8.00e-01 - train loss: 2.00 - valid loss: 1.75, valid CER: 20.50, valid WER: 40.25\n",
        )],
        files: &["results/save/epoch_1.ckpt", "results/save/epoch_2.ckpt"],
        curves: &[
            ("valid_wer", Epoch, &[(1.0, 80.25), (2.0, 40.25)]),
            ("train_loss", Epoch, &[(1.0, 2.5), (2.0, 2.0)]),
        ],
        best: Some(("valid_loss", 1.75, Some("epoch_2.ckpt"))),
    },
    Case {
        framework: "stable-baselines3",
        logs: &[(
            "logs/progress.csv",
            "rollout/ep_len_mean,rollout/ep_rew_mean,time/fps,time/iterations,time/time_elapsed,time/total_timesteps,train/loss\n\
             20.0,20.5,900,1,2,2048,\n40.0,40.5,900,2,4,4096,0.5\n",
        )],
        files: &["rl_model_2048_steps.pt", "rl_model_4096_steps.pt"],
        curves: &[("rollout/ep_rew_mean", Step, &[(2048.0, 20.5), (4096.0, 40.5)])],
        best: Some(("rollout/ep_rew_mean", 40.5, Some("rl_model_4096_steps.pt"))),
    },
    Case {
        framework: "RLlib",
        logs: &[
            (
                "PPO_CartPole/progress.csv",
                "episode_reward_max,episode_reward_mean,timesteps_total,training_iteration,time_total_s,info/learner/default_policy/learner_stats/total_loss\n50.0,20.5,4000,1,5.5,9.5\n90.0,40.5,8000,2,9.5,8.5\n",
            ),
            (
                "PPO_CartPole/result.json",
                "{\"episode_reward_mean\": 20.5, \"training_iteration\": 1, \"timesteps_total\": 4000, \"config\": {\"lr\": 0.1}, \"info\": {\"learner\": {\"default_policy\": {\"learner_stats\": {\"kl\": 0.25}}}}}\n",
            ),
            ("PPO_CartPole/params.json", "{\"lr\": 0.1}"),
        ],
        files: &[],
        curves: &[
            ("episode_reward_mean", Step, &[(1.0, 20.5), (2.0, 40.5)]),
            ("info/learner/default_policy/learner_stats/kl", Step, &[(1.0, 0.25)]),
        ],
        best: Some(("episode_reward_mean", 40.5, None)),
    },
    Case {
        framework: "Sentence Transformers",
        logs: &[(
            "out/eval/similarity_evaluation_results.csv",
            "epoch,steps,cosine_pearson,cosine_spearman\n0.5,100,0.5,0.25\n1.0,200,0.625,0.5\n1.5,300,0.75,0.375\n",
        )],
        files: &["out/checkpoint-100/model.safetensors", "out/checkpoint-200/model.safetensors"],
        curves: &[("cosine_spearman", Step, &[(100.0, 0.25), (200.0, 0.5), (300.0, 0.375)])],
        best: Some(("cosine_spearman", 0.5, Some("checkpoint-200/model.safetensors"))),
    },
    Case {
        framework: "Sacred",
        logs: &[(
            "runs/1/metrics.json",
            "{\"training.loss\": {\"steps\": [10, 20], \"timestamps\": [\"2024-01-01T12:00:00\", \"2024-01-01T12:01:00\"], \"values\": [1.0, 0.5]}}",
        )],
        files: &[],
        curves: &[("training.loss", Step, &[(10.0, 1.0), (20.0, 0.5)])],
        best: Some(("training.loss", 0.5, None)),
    },
    Case {
        framework: "DVCLive",
        logs: &[
            ("exp/dvclive/plots/metrics/train/loss.tsv", "step\tloss\n0\t1.0\n1\t0.5\n"),
            ("exp/dvclive/plots/metrics/val/loss.tsv", "step\tloss\n0\t1.25\n1\t0.75\n"),
        ],
        files: &[],
        curves: &[
            ("train/loss", Step, &[(0.0, 1.0), (1.0, 0.5)]),
            ("val/loss", Step, &[(0.0, 1.25), (1.0, 0.75)]),
        ],
        best: Some(("val/loss", 0.75, None)),
    },
    Case {
        framework: "a table TensorBoard exported",
        logs: &[(
            "run/run-.-tag-Loss_train.csv",
            "Wall time,Step,Value\n1700000000.5,0,1.0\n1700000001.5,10,0.5\n",
        )],
        files: &[],
        curves: &[("Loss_train", Step, &[(0.0, 1.0), (10.0, 0.5)])],
        best: Some(("Loss_train", 0.5, None)),
    },
    Case {
        framework: "AllenNLP",
        logs: &[
            (
                "out/metrics_epoch_0.json",
                "{\"epoch\": 0, \"training_loss\": 1.0, \"validation_loss\": 1.25, \"best_epoch\": 0, \"best_validation_loss\": 1.25}",
            ),
            (
                "out/metrics_epoch_1.json",
                "{\"epoch\": 1, \"training_loss\": 0.5, \"validation_loss\": 1.0, \"best_epoch\": 1, \"best_validation_loss\": 1.0}",
            ),
            (
                "out/metrics.json",
                "{\"best_epoch\": 1, \"best_validation_loss\": 1.0, \"training_epochs\": 1}",
            ),
        ],
        files: &["out/model_state_epoch_0.th", "out/model_state_epoch_1.th", "out/best.th"],
        curves: &[("validation_loss", Epoch, &[(1.0, 1.25), (2.0, 1.0)])],
        best: Some(("validation_loss", 1.0, Some("model_state_epoch_1.th"))),
    },
    Case {
        framework: "OpenCLIP",
        logs: &[
            (
                "logs/run/checkpoints/results.jsonl",
                "{\"imagenet-zeroshot-val-top1\": 0.25, \"clip_val_loss\": 3.5, \"epoch\": 1, \"num_samples\": 1000}\n{\"imagenet-zeroshot-val-top1\": 0.5, \"clip_val_loss\": 3.0, \"epoch\": 2, \"num_samples\": 1000}\n",
            ),
            ("logs/run/params.txt", "batch_size: 64\nlr: 0.0005\n"),
        ],
        files: &["logs/run/checkpoints/epoch_1.pt", "logs/run/checkpoints/epoch_2.pt"],
        curves: &[("imagenet-zeroshot-val-top1", Epoch, &[(1.0, 0.25), (2.0, 0.5)])],
        best: Some(("imagenet-zeroshot-val-top1", 0.5, Some("epoch_2.pt"))),
    },
    Case {
        framework: "Hugging Face's run_glue, its lone results",
        logs: &[
            (
                "out/all_results.json",
                "{\"epoch\": 3.0, \"eval_accuracy\": 0.875, \"eval_loss\": 0.5, \"eval_runtime\": 1.5, \"train_loss\": 0.25}",
            ),
            ("out/eval_results.json", "{\"epoch\": 3.0, \"eval_accuracy\": 0.875, \"eval_loss\": 0.5}"),
        ],
        files: &["out/model.safetensors"],
        curves: &[],
        best: None,
    },
];

fn run_of(case: &Case) -> (tempfile::TempDir, Vec<Run>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in case.logs {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    for (at, name) in case.files.iter().enumerate() {
        write_weights(&folder.path().join(name), at as f32 + 1.0);
    }
    let runs = collect_with_logs(vec![folder.path().to_owned()], ScanOptions::default()).runs;
    (folder, runs)
}

#[test]
fn curves_and_the_best_of_folders_of_other_frameworks() {
    let mut wrong = Vec::new();
    for case in CASES {
        let (folder, runs) = run_of(case);
        let [run] = runs.as_slice() else {
            let paths: Vec<&Path> =
                runs.iter().map(|r| r.path.strip_prefix(folder.path()).unwrap()).collect();
            wrong.push(format!("{}: runs {paths:?}", case.framework));
            continue;
        };
        let all = series_of_run(run);
        for (name, x, points) in case.curves {
            let found = all.iter().find(|s| s.name == *name && s.x == *x);
            if found.is_none_or(|s| s.points != *points) {
                let all: Vec<_> = all.iter().map(|s| (&s.name, s.x.name(), &s.points)).collect();
                wrong.push(format!("{}: {name} {points:?} in {all:?}", case.framework));
            }
        }
        let Some((metric, value, file)) = case.best else { continue };
        let found = verdict(run, Some(metric), None);
        let path = found.as_ref().ok().and_then(|v| v.path.clone().filter(|_| v.on_disk));
        let file_agrees = match file {
            Some(file) => {
                path.as_ref().is_some_and(|p| p.ends_with(file) || p.to_string_lossy().ends_with(file))
            }
            None => path.is_none(),
        };
        if found.as_ref().ok().map(|v| v.value) != Some(value) || !file_agrees {
            wrong.push(format!("{}: best {metric}: {found:?}", case.framework));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
