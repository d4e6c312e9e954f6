//! Logs of frameworks that are not among the samples, as their documentation shows them, and logs people write
//! themselves: generic rules must carry them, also when they are restarted, cut, or still growing.

use std::fs;
use std::path::Path;

use ckpt_tui::runs::Run;
use ckpt_tui::runs::scan::{ScanOptions, collect_with_logs};
use ckpt_tui::training::curve::series_of_run;
use ckpt_tui::training::verdict::verdict;
use ckpt_tui::training::{Series, XAxis};

use crate::write_weights;
use XAxis::{Epoch, Step};

fn runs(files: &[(&str, &str)]) -> (tempfile::TempDir, Vec<Run>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let runs = collect(folder.path());
    (folder, runs)
}

fn collect(folder: &Path) -> Vec<Run> {
    collect_with_logs(vec![folder.to_owned()], ScanOptions::default()).runs
}

/// The only run's series by name.
fn series(files: &[(&str, &str)]) -> Vec<Series> {
    let (_folder, runs) = runs(files);
    assert_eq!(runs.len(), 1, "{:?}", runs.iter().map(|r| &r.path).collect::<Vec<_>>());
    series_of_run(&runs[0])
}

fn points(all: &[Series], name: &str, x: XAxis) -> Vec<(f64, f64)> {
    let names: Vec<_> = all.iter().map(|s| (s.name.as_str(), s.x)).collect();
    all.iter()
        .find(|s| s.name == name && s.x == x)
        .unwrap_or_else(|| panic!("{name}: {names:?}"))
        .points
        .to_vec()
}

#[test]
fn yolov5_pads_its_headers_and_counts_from_0() {
    let all = series(&[(
        "exp/results.csv",
        "               epoch,      train/box_loss, metrics/mAP_0.5\n                   0,             0.11,              0.5\n                   1,             0.10,              0.6\n",
    )]);
    assert_eq!(points(&all, "metrics/mAP_0.5", Epoch), [(1.0, 0.5), (2.0, 0.6)]);
    assert_eq!(all.len(), 2);
}

#[test]
fn a_table_that_was_resumed_has_its_header_twice_and_steps_back() {
    let all = series(&[(
        "log.csv",
        "epoch,loss\n1,0.9\n2,0.8\n3,0.7\nepoch,loss,val_loss\n2,0.6,1.0\n3,0.5,nan\n",
    )]);
    assert_eq!(points(&all, "loss", Epoch), [(1.0, 0.9), (2.0, 0.6), (3.0, 0.5)]);
    let val = points(&all, "val_loss", Epoch);
    assert!(val[1].1.is_nan() && val[0] == (2.0, 1.0), "{val:?}");
}

#[test]
fn cut_tails_are_left_out() {
    let csv = series(&[("log.csv", "epoch,loss,val_loss\n1,0.9,1.0\n2,0.8,0.9\n3,0.")]);
    assert_eq!(points(&csv, "loss", Epoch), [(1.0, 0.9), (2.0, 0.8)]);
    let lines = series(&[(
        "log.jsonl",
        "{\"step\": 10, \"loss\": 0.5}\n{\"step\": 20, \"loss\": NaN}\n{\"step\": 30, \"lo",
    )]);
    let found = points(&lines, "loss", Step);
    assert!(found.len() == 2 && found[1].1.is_nan(), "{found:?}");
}

#[test]
fn other_separators_and_line_ends() {
    let all = series(&[("train_log.csv", "epoch;loss;val_loss\r\n1;0.5;0.6\r\n2;0.4;0.5\r\n")]);
    assert_eq!(points(&all, "val_loss", Epoch), [(1.0, 0.6), (2.0, 0.5)]);
    let tabs = series(&[("log.tsv", "\u{feff}step\tloss\n100\t0.5\n200\t0.25\n")]);
    assert_eq!(points(&tabs, "loss", Step), [(100.0, 0.5), (200.0, 0.25)]);
}

#[test]
fn mmengine_begins_a_folder_for_each_start() {
    let first = "{\"lr\": 0.1, \"loss\": 1.0, \"epoch\": 1, \"iter\": 10, \"time\": 0.1, \"step\": 10}\n\
                 {\"accuracy/top1\": 50.0, \"data_time\": 0.1, \"step\": 1}\n\
                 {\"lr\": 0.1, \"loss\": 0.8, \"epoch\": 2, \"iter\": 20, \"step\": 20}\n\
                 {\"accuracy/top1\": 60.0, \"step\": 2}\n";
    let second = "{\"lr\": 0.1, \"loss\": 0.7, \"epoch\": 2, \"iter\": 20, \"step\": 20}\n\
                  {\"accuracy/top1\": 65.0, \"step\": 2}\n";
    let all = series(&[
        ("work/20240101_120000/vis_data/scalars.json", first),
        ("work/20240101_120000/vis_data/20240101_120000.json", first),
        ("work/20240102_120000/vis_data/scalars.json", second),
    ]);
    assert_eq!(points(&all, "accuracy/top1", Epoch), [(1.0, 50.0), (2.0, 65.0)]);
    let loss: Vec<f64> = all.iter().find(|s| s.name == "loss").unwrap().points.iter().map(|p| p.1).collect();
    assert_eq!(loss, [1.0, 0.7]);
}

#[test]
fn mmcv_names_the_mode_of_each_row() {
    let all = series(&[(
        "work/20240101_120000.log.json",
        "{\"env_info\": \"sys.platform: linux\", \"seed\": null}\n\
         {\"mode\": \"train\", \"epoch\": 1, \"iter\": 50, \"lr\": 0.1, \"loss\": 1.0}\n\
         {\"mode\": \"train\", \"epoch\": 1, \"iter\": 100, \"lr\": 0.1, \"loss\": 0.9}\n\
         {\"mode\": \"val\", \"epoch\": 1, \"iter\": 20, \"bbox_mAP\": 0.3}\n\
         {\"mode\": \"train\", \"epoch\": 2, \"iter\": 50, \"lr\": 0.1, \"loss\": 0.8}\n\
         {\"mode\": \"train\", \"epoch\": 2, \"iter\": 100, \"lr\": 0.1, \"loss\": 0.7}\n\
         {\"mode\": \"val\", \"epoch\": 2, \"iter\": 20, \"bbox_mAP\": 0.4}\n",
    )]);
    assert_eq!(points(&all, "val/bbox_mAP", Epoch), [(1.0, 0.3), (2.0, 0.4)]);
    assert_eq!(points(&all, "train/loss", Epoch), [(0.5, 1.0), (1.0, 0.9), (1.5, 0.8), (2.0, 0.7)]);
}

#[test]
fn allennlp_writes_a_file_for_each_epoch() {
    let text = |loss: f64| {
        format!("{{\"epoch\": 9, \"training_loss\": {loss}, \"validation_loss\": {}}}", loss + 0.1)
    };
    let files: Vec<(String, String)> = [0.9, 0.7, 0.5]
        .iter()
        .enumerate()
        .map(|(at, l)| (format!("out/metrics_epoch_{at}.json"), text(*l)))
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    // The file's own number counts: `epoch` in it is the same in all here.
    let all = series(&files);
    let found = points(&all, "validation_loss", Epoch);
    let values: Vec<f64> = found.iter().map(|p| p.1).collect();
    assert!(values == [1.0, 0.799_999_999_999_999_9, 0.6], "{found:?}");
    assert_eq!(found.iter().map(|p| p.0).collect::<Vec<_>>(), [1.0, 2.0, 3.0]);
}

#[test]
fn lists_by_metric_and_lists_of_epochs() {
    let keras = series(&[(
        "history.json",
        "{\"loss\": [1.0, 0.5, NaN], \"val_loss\": [1.5, 1.0, 0.75], \"lr\": [0.1, 0.1, 0.1]}",
    )]);
    assert_eq!(points(&keras, "val_loss", Epoch), [(1.0, 1.5), (2.0, 1.0), (3.0, 0.75)]);
    let columns = series(&[(
        "metrics.json",
        "{\"train\": {\"epoch\": [0, 1], \"loss\": [2.0, 1.0]}, \"note\": \"x\"}",
    )]);
    assert_eq!(columns[0].points, [(1.0, 2.0), (2.0, 1.0)]);
    let storage = series(&[(
        "logs/model.storage.json",
        "[{\"logpath\": \"logs/model.1.pth\", \"metric\": 0.5}, {\"logpath\": \"logs/model.2.pth\", \"metric\": 0.4}]",
    )]);
    assert_eq!(points(&storage, "metric", Epoch), [(1.0, 0.5), (2.0, 0.4)]);
}

#[test]
fn reinforcement_learning_counts_steps_of_the_environment() {
    let all = series(&[
        (
            "exp/progress.csv",
            "rollout/ep_rew_mean,time/fps,time/total_timesteps,train/loss\n10.0,900,2048,\n20.0,900,4096,0.5\n",
        ),
        (
            "exp/0.monitor.csv",
            "#{\"t_start\": 1.0, \"env_id\": \"CartPole-v1\"}\nr,l,t\n5.0,5,0.1\n9.0,9,0.2\n",
        ),
    ]);
    assert_eq!(points(&all, "rollout/ep_rew_mean", Step), [(2048.0, 10.0), (4096.0, 20.0)]);
    assert_eq!(points(&all, "train/loss", Step), [(4096.0, 0.5)]);
    assert_eq!(points(&all, "episode_reward", Step), [(5.0, 5.0), (14.0, 9.0)]);
}

#[test]
fn mlflow_keeps_a_file_for_each_metric() {
    let (_folder, runs) = runs(&[
        ("mlruns/0/abc/meta.yaml", "run_id: abc\n"),
        ("mlruns/0/abc/metrics/val/loss", "1700000000000 0.5 1\n1700000001000 0.4 2\n1700000002000 nan 3\n"),
        ("mlruns/0/abc/params/lr", "0.1"),
        ("mlruns/0/def/meta.yaml", "run_id: def\n"),
        ("mlruns/0/def/metrics/val/loss", "1700000000000 0.3 1\n"),
        ("mlruns/0/def/params/lr", "0.2"),
    ]);
    assert_eq!(runs.len(), 2);
    assert_eq!(points(&series_of_run(&runs[0]), "val/loss", Step)[..2], [(1.0, 0.5), (2.0, 0.4)]);
    assert_eq!(*runs[1].hyperparameters, [("lr".to_owned(), "0.2".to_owned())]);
    let table = ckpt_tui::runs::table::Table::of(&runs);
    assert_eq!(table.differing().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["lr"]);
}

#[test]
fn lines_of_json_of_large_models() {
    let llama = series(&[(
        "trainer_log.jsonl",
        "{\"current_steps\": 10, \"total_steps\": 100, \"loss\": 2.0, \"lr\": 1e-5, \"epoch\": 0.1, \"percentage\": 10.0, \"elapsed_time\": \"0:00:10\"}\n\
         {\"current_steps\": 20, \"total_steps\": 100, \"loss\": 1.5, \"lr\": 1e-5, \"epoch\": 0.2, \"percentage\": 20.0, \"elapsed_time\": \"0:00:20\"}\n",
    )]);
    assert_eq!(points(&llama, "loss", Step), [(10.0, 2.0), (20.0, 1.5)]);
    let clip = series(&[(
        "checkpoints/results.jsonl",
        "{\"imagenet-zeroshot-val-top1\": 0.1, \"epoch\": 1}\n{\"imagenet-zeroshot-val-top1\": 0.2, \"epoch\": 2}\n",
    )]);
    assert_eq!(points(&clip, "imagenet-zeroshot-val-top1", Epoch), [(1.0, 0.1), (2.0, 0.2)]);
}

#[test]
fn weights_and_biases_leaves_its_last_values_and_settings() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("wandb/run-20240101_120000-ab12/files");
    fs::create_dir_all(&files).unwrap();
    fs::write(
        files.join("wandb-summary.json"),
        "{\"val_loss\": 0.5, \"_step\": 90, \"_runtime\": 12.5, \"epoch\": 9}",
    )
    .unwrap();
    fs::write(files.join("config.yaml"), "wandb_version: 1\nlr:\n  desc: null\n  value: 0.1\n").unwrap();
    write_weights(&folder.path().join("epoch_9.safetensors"), 1.0);
    let runs = collect(folder.path());
    assert_eq!(runs.len(), 1);
    let record = runs[0].record.as_ref().unwrap();
    assert_eq!(record.finals, [("val_loss".to_owned(), 0.5)]);
    assert_eq!(*runs[0].hyperparameters, [("lr".to_owned(), "0.1".to_owned())]);
}

#[test]
fn an_offline_run_of_weights_and_biases_is_read_from_its_binary_log() {
    let runs = collect(&crate::fixture("wandb"));
    assert_eq!(runs.len(), 1);
    let all = series_of_run(&runs[0]);
    let loss = points(&all, "train/loss", Step);
    assert_eq!((loss.len(), loss[0], loss[23]), (24, (0.0, 1.0), (23.0, 1.0 / 24.0)));
    assert!(loss[10].1.is_nan());
    assert_eq!(points(&all, "val/loss", Step), [(7.0, 0.25), (15.0, 0.125), (23.0, 2.0 / 24.0)]);
    assert_eq!(points(&all, "nested/acc", Step)[0], (7.0, 7.0 / 32.0));
    let record = runs[0].record.as_ref().unwrap();
    assert_eq!(record.finals, [("best_acc".to_owned(), 0.875)]);
    assert_eq!(record.epoch_at(15), Some(2.0));
    let settings: Vec<_> = runs[0].hyperparameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(settings, [("lr", "0.1"), ("model.width", "8")]);
    let found = verdict(&runs[0], None, None).unwrap();
    assert_eq!((found.metric.as_str(), found.value, found.step), ("val/loss", 2.0 / 24.0, Some(23)));
}

#[test]
fn a_file_named_best_is_taken_for_the_best_epoch_when_it_tells_none() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("log.csv"), "epoch,val_acc\n1,0.5\n2,0.8\n3,0.7\n").unwrap();
    write_weights(&folder.path().join("best.safetensors"), 1.0);
    write_weights(&folder.path().join("last.safetensors"), 2.0);
    let runs = collect(folder.path());
    let found = verdict(&runs[0], Some("val_acc"), None).unwrap();
    assert!(found.path.unwrap().ends_with("best.safetensors"));
    assert_eq!((found.value, found.epoch), (0.8, Some(2.0)));
    assert!(found.note.unwrap().contains("named best"));
}

#[test]
fn datasets_and_settings_are_no_runs() {
    let (_folder, runs) = runs(&[
        ("data/prices.csv", "date,open,close\n2024-01-01,1,2\n"),
        ("data/train.jsonl", "{\"text\": \"a\", \"label\": 1}\n"),
        ("configs/config.yaml", "lr: 0.1\n"),
        ("package.json", "{\"name\": \"x\"}"),
        ("notes.txt", "epoch 3 was best\n"),
    ]);
    assert!(runs.is_empty(), "{runs:?}");
}

#[test]
fn a_log_given_by_name_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("anything.csv");
    fs::write(&path, "epoch,loss\n1,0.5\n2,0.25\n").unwrap();
    let runs = collect_with_logs(vec![path], ScanOptions::default()).runs;
    assert_eq!(series_of_run(&runs[0])[0].points, [(1.0, 0.5), (2.0, 0.25)]);
}

#[test]
fn weights_saved_alone_are_the_twin_of_the_epoch_they_are_from() {
    use ckpt_tui::limits::Limits;
    use ckpt_tui::runs::weights::weight_twins;
    use ckpt_tui::work::Cancel;

    let folder = tempfile::tempdir().unwrap();
    // The same tensor; one file has an epoch beside it, in the metadata safetensors allow.
    let with_epoch = |name: &str, value: f32, epoch: u32| {
        let header = format!(
            "{{\"__metadata__\":{{\"epoch\":\"{epoch}\",\"val_loss\":\"{value}\"}},\"w\":{{\"dtype\":\"F32\",\"shape\":[8],\"data_offsets\":[0,32]}}}}"
        );
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend([value; 8].iter().flat_map(|v| v.to_le_bytes()));
        fs::write(folder.path().join(name), bytes).unwrap();
    };
    with_epoch("epoch_1.safetensors", 0.5, 1);
    with_epoch("epoch_2.safetensors", 0.25, 2);
    write_weights(&folder.path().join("best.safetensors"), 0.25);
    let runs = collect(folder.path());
    let best = verdict(&runs[0], Some("val_loss"), None).unwrap().path.unwrap();
    assert!(best.ends_with("epoch_2.safetensors"), "{best:?}");
    let twins = weight_twins(&runs[0], &best, &Limits::default(), &Cancel::default());
    assert_eq!(twins, [folder.path().join("best.safetensors")]);
    let other = folder.path().join("epoch_1.safetensors");
    assert!(weight_twins(&runs[0], &other, &Limits::default(), &Cancel::default()).is_empty());
}

mod any_bytes {
    use std::path::Path;

    use ckpt_tui::training::logs::{LogKind, read_bytes};
    use proptest::prelude::*;

    /// Pieces of real logs, so that more than the first check is reached.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        let words: [&[u8]; 22] = [
            b":W&B\xe1\xbe\x00",
            b"Epoch 3: loss ",
            b"epoch,loss\n",
            b"1,0.5\n",
            b"-3,nan\n",
            b"{\"epoch\": ",
            b"NaN",
            b"Infinity",
            b"}\n",
            b"[",
            b"]",
            b", ",
            b"\"loss\": ",
            b"1e400",
            b"- ",
            b"a: !!x &y *y\n",
            b"  b: [1, {c: 2}]\n",
            b"#{}\nr,l,t\n",
            b"1700000000000 0.5 3\n",
            b"\x1a\x00\x00\x00\x00\x00\x00\x00",
            b"\xff\xfe",
            b"{\"log_history\": [",
        ];
        prop_oneof![
            proptest::sample::select(words.to_vec()).prop_map(<[u8]>::to_vec),
            proptest::collection::vec(any::<u8>(), 0..8),
        ]
    }

    proptest! {
        #[test]
        fn are_read_to_an_end_and_in_order(pieces in proptest::collection::vec(piece(), 0..24)) {
            let bytes = pieces.concat();
            for (kind, name) in [
                (LogKind::TrainerState, "trainer_state.json"),
                (LogKind::Csv, "metrics.csv"),
                (LogKind::Lines, "log.txt"),
                (LogKind::Document, "history.json"),
                (LogKind::Summary, "wandb-summary.json"),
                (LogKind::MlflowMetric, "metrics/loss"),
                (LogKind::Events, "events.out.tfevents.1"),
                (LogKind::Wandb, "run-ab.wandb"),
                (LogKind::Text, "train.log"),
                (LogKind::Settings, "hparams.yaml"),
                (LogKind::Evaluations, "evaluations.npz"),
            ] {
                let log = read_bytes(&bytes, Path::new(name), kind);
                for series in &log.series {
                    prop_assert!(series.points.windows(2).all(|w| w[0].0 < w[1].0), "{name}: {:?}", series.points);
                }
                prop_assert!(log.places.windows(2).all(|w| w[0].0 < w[1].0), "{name}: {:?}", log.places);
            }
        }
    }
}
