//! Folders that are one checkpoint are one row.

use std::path::{Path, PathBuf};

use ckpt_tui::checkpoint::Format;
use ckpt_tui::runs::Status;

use crate::{rows, scan};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn one_row_for_each_logical_checkpoint() {
    let root = fixture("folders");
    let index = scan(&root);
    let found: Vec<String> =
        rows(&index, &root).into_iter().filter(|row| !row.starts_with("expected/")).collect();
    let want = [
        "accelerate/checkpoints/checkpoint_3",
        "dcp_grid",
        "dcp_safetensors",
        "dcp_transposed",
        "lightning_fsdp",
        "megatron_zarr",
        "nemo",
        "pipeline/global_step500",
        "torch_dist",
        "universal/global_step500_universal",
        "unzipped",
        "zero1/global_step500",
        "zero2/global_step500",
        "zero2_padded/global_step500",
        "zero3/global_step500",
    ];
    assert_eq!(found, want);
    let all = index.runs.iter().flat_map(|run| &run.checkpoints);
    assert!(
        all.clone().all(|row| row.status == Status::Ok),
        "{:?}",
        all.map(|r| (&r.path, &r.error)).collect::<Vec<_>>()
    );
    let row = |name: &str| index.row(&root.join(name)).unwrap();
    let zero = row("zero3/global_step500");
    assert_eq!((zero.training.progress.step, zero.training.framework), (Some(500), Some("deepspeed")));
    let grid = row("dcp_grid");
    assert_eq!((grid.format, grid.training.progress.step), (Some(Format::Dcp), Some(7)));
    let lightning = row("lightning_fsdp");
    assert_eq!(
        (lightning.training.framework, lightning.training.progress.epoch),
        (Some("lightning"), Some(4.0))
    );
    let state = row("accelerate/checkpoints/checkpoint_3");
    assert_eq!((state.training.progress.step, state.training.progress.raw_epoch), (Some(12), Some(2.0)));
    assert_eq!(
        index.runs.iter().find(|r| r.checkpoints.iter().any(|c| c.path == state.path)).unwrap().path,
        root.join("accelerate")
    );
}

#[test]
fn a_run_of_folders_is_a_run() {
    let index = scan(&fixture("hf/run"));
    assert_eq!(index.runs.len(), 1);
    let run = &index.runs[0];
    let steps: Vec<_> = run.checkpoints.iter().filter_map(|row| row.training.progress.step).collect();
    assert_eq!((run.framework, steps), (Some("transformers"), vec![4, 8, 12]));
    assert_eq!(run.best.as_ref().map(|best| best.metric.as_str()), Some("eval_loss"));
    assert!(run.checkpoints.iter().all(|row| row.same_as.is_none()));
}

#[test]
fn what_does_not_belong_to_a_folder_is_a_row_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    copy(&fixture("hf/sharded"), &dir.path().join("model"));
    copy(&fixture("hf/run/checkpoint-4"), &dir.path().join("model/checkpoint-4"));
    std::fs::copy(fixture("hf/run/model.safetensors"), dir.path().join("model/consolidated.safetensors"))
        .unwrap();
    let mut found = rows(&scan(dir.path()), dir.path());
    found.sort();
    // Beside numbered checkpoints the folder is that of a run, and the index stands for the shards in it.
    let want = ["model/checkpoint-4", "model/consolidated.safetensors", "model/model.safetensors.index.json"];
    assert_eq!(found, want);
}

#[test]
fn a_save_that_goes_on_is_growing_and_one_given_up_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run/step-5");
    copy(&fixture("folders/dcp_grid"), &folder);
    std::fs::remove_file(folder.join(".metadata")).unwrap();
    let status = || {
        let index = scan(dir.path());
        let row = index.row(&folder).unwrap();
        (row.status, row.error.clone().unwrap_or_default(), row.bytes > 1000)
    };
    let (now, reason, counted) = status();
    assert!(now == Status::Growing && reason.contains("not finished") && counted, "{reason}");
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    for entry in std::fs::read_dir(&folder).unwrap() {
        std::fs::File::options().append(true).open(entry.unwrap().path()).unwrap().set_modified(old).unwrap();
    }
    let folder_time = std::fs::File::open(&folder).unwrap();
    folder_time.set_modified(old).unwrap();
    assert_eq!(status().0, Status::Truncated);
}

#[test]
fn a_copied_folder_is_known_as_a_copy() {
    let dir = tempfile::tempdir().unwrap();
    copy(&fixture("hf/run/checkpoint-4"), &dir.path().join("checkpoint-4"));
    copy(&fixture("hf/run/checkpoint-4"), &dir.path().join("best"));
    copy(&fixture("hf/run/checkpoint-8"), &dir.path().join("checkpoint-8"));
    let index = scan(dir.path());
    let same: Vec<_> = index.runs[0].checkpoints.iter().map(|r| r.same_as.is_some()).collect();
    assert_eq!(same.iter().filter(|s| **s).count(), 1, "{:?}", index.runs);
    assert_eq!(index.row(&dir.path().join("best")).unwrap().same_as, Some(dir.path().join("checkpoint-4")));
}
