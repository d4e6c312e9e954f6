//! `best`, `curves`, `clean` and `ls --sort`.

use std::path::Path;

use crate::{fixtures, json, program, run, stdout};

/// Exit code, standard output and standard error.
fn outcome(args: &[&str]) -> (Option<i32>, String, String) {
    let output = run(args);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_script_gets_the_path_alone() {
    let (code, out, err) = outcome(&["best", "lightning", "--metric", "val_loss"]);
    assert_eq!((code, out.as_str()), (Some(0), "lightning/checkpoints/epoch=0-val_loss=0.10.ckpt\n"));
    assert!(
        err.starts_with("val_loss 0.1002 at epoch 1: lower is better (as the training watched it)"),
        "{err}"
    );
}

#[test]
fn the_contract_of_best() {
    let best = json(&["best", "--json", "lightning"]);
    assert_eq!(best["path"], "lightning/checkpoints/epoch=0-val_loss=0.10.ckpt");
    assert_eq!((best["epoch"].as_f64(), best["step"].as_u64()), (Some(1.0), Some(4)));
    assert_eq!((best["metric"].as_str(), best["mode"].as_str()), (Some("val_loss"), Some("min")));
    assert_eq!(best["source"], "lightning/lightning_logs/version_0/metrics.csv");
    assert_eq!((best["candidates"].as_u64(), best["on_disk"].as_bool()), (Some(4), Some(true)));
    assert!(best["note"].is_null(), "{best}");
    let gone = json(&["best", "--json", "train/handmade"]);
    assert_eq!((gone["on_disk"].as_bool(), gone["epoch"].as_f64()), (Some(false), Some(3.0)));
    assert!(
        gone["note"].as_str().unwrap().contains("the nearest is checkpoint_epoch_4.pt (epoch 5"),
        "{gone}"
    );
}

#[test]
fn the_direction_can_be_given_and_must_be_known() {
    let (code, out, _) = outcome(&["best", "train/imagenet", "--metric", "best_acc1", "--mode", "min"]);
    assert_eq!((code, out.as_str()), (Some(0), "train/imagenet/checkpoint_0001.pth.tar\n"));
    let (code, out, err) = outcome(&["best", "lightning", "--metric", "lr-Adam"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("add --mode min or --mode max"), "{err}");
}

#[test]
fn no_such_metric_is_the_answer_no() {
    let (code, out, err) = outcome(&["best", "lightning", "--metric", "nonsense"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("nothing here has a metric called nonsense; there are lr-Adam,"), "{err}");
    assert_eq!(outcome(&["best", "train/megatron"]).0, Some(1));
    // The best epoch is known, and no checkpoint is there.
    let (code, _, err) = outcome(&["best", "fw/timm"]);
    assert_eq!(code, Some(1));
    assert!(
        err.contains("eval_loss 0.4000 at epoch 3") && err.contains("no checkpoint of epoch 3 is on disk"),
        "{err}"
    );
}

#[test]
fn the_contract_of_curves() {
    let curves = json(&["curves", "--json", "train/hf_bin"]);
    let series = &curves["runs"][0]["series"][0];
    assert_eq!(series["name"], "loss");
    assert_eq!(series["points"], serde_json::json!([[0.5, null], [1, null]]));
    assert_eq!((series["x"].as_str(), series["mode"].as_str()), (Some("epoch"), Some("min")));
    assert_eq!(series["source"], "train/hf_bin/trainer_state.json");
    let one = json(&["curves", "--json", "lightning", "--metric", "val_loss"]);
    assert_eq!(one["runs"][0]["series"].as_array().unwrap().len(), 1);
    assert_eq!(json(&["curves", "--json", "train/megatron"])["runs"], serde_json::json!([]));
}

#[test]
fn curves_are_drawn() {
    insta::assert_snapshot!(
        "curves_lightning",
        stdout(&["curves", "lightning", "--width", "70", "--height", "9"])
    );
    let ascii = stdout(&["curves", "lightning", "--ascii", "--width", "60", "--height", "8"]);
    assert!(ascii.is_ascii() && ascii.lines().all(|line| line.len() <= 120), "{ascii}");
    insta::assert_snapshot!("curves_ascii", ascii);
    let broken = stdout(&["curves", "tb", "--metric", "train/loss", "--log"]);
    assert!(broken.contains("1 not finite from step 50"), "{broken}");
    assert_eq!(outcome(&["curves", "train/megatron"]).0, Some(1));
}

#[test]
fn checkpoints_in_the_order_of_a_metric() {
    let listed = json(&["ls", "--json", "train/imagenet", "--sort", "best_acc1"]);
    let names: Vec<_> =
        listed["runs"][0]["checkpoints"].as_array().unwrap().iter().map(|r| &r["epoch"]).collect();
    assert_eq!(names, [3, 2, 1]);
    assert_eq!(outcome(&["ls", "lightning", "--sort", "nonsense"]).0, Some(2));
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_clean_up_is_a_plan_until_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("run");
    copy(&fixtures().join("train/imagenet"), &runs);
    let clean = |more: &[&str]| {
        let mut command = program();
        command
            .current_dir(folder.path())
            .env("XDG_DATA_HOME", folder.path().join("data"))
            .env("HOME", folder.path());
        command.args(["clean", "run", "--keep-best", "1"]).args(more).output().unwrap()
    };
    let planned = clean(&["--json"]);
    let plan: serde_json::Value = serde_json::from_slice(&planned.stdout).unwrap();
    let names = |list: &serde_json::Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|item| item["path"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&plan["runs"][0]["keep"]), ["run/checkpoint.pth.tar"]);
    assert_eq!(
        names(&plan["runs"][0]["remove"]),
        ["run/checkpoint_0001.pth.tar", "run/checkpoint_0002.pth.tar"]
    );
    assert!(plan["runs"][0]["moved"].is_null());
    assert_eq!(std::fs::read_dir(&runs).unwrap().count(), 3, "a plan changes nothing");
    let text = String::from_utf8(clean(&[]).stdout).unwrap();
    assert!(text.contains("would go to the trash; --yes moves them"), "{text}");
    let done = clean(&["--yes"]);
    let text = String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(0), "{text}");
    let left: Vec<_> = std::fs::read_dir(&runs).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["checkpoint.pth.tar"], "{text}");
}

#[test]
fn a_clean_up_leaves_bookmarked_checkpoints() {
    use ckpt_tui::state::{Bookmark, Folder, Store};
    let folder = tempfile::tempdir().unwrap();
    let state = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    std::fs::create_dir(&run).unwrap();
    for entry in std::fs::read_dir(fixtures().join("../../assets/demo/spirals-overfit")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, run.join(path.file_name().unwrap())).unwrap();
    }
    let clean = || {
        let mut command = program();
        command.current_dir(folder.path()).env("XDG_STATE_HOME", state.path());
        let output = command.args(["clean", "run", "--keep-best", "1", "--json"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let goes = |text: &str| -> Vec<String> {
        let plan: serde_json::Value = serde_json::from_str(text).unwrap();
        let items = plan["runs"][0]["remove"].as_array().unwrap_or_else(|| panic!("{plan}"));
        items.iter().map(|item| item["path"].as_str().unwrap().to_owned()).collect()
    };
    let name = "run/epoch_03.pt".to_owned();
    assert!(goes(&clean()).contains(&name));
    // Put from the screens, which were started in another place.
    let path = std::fs::canonicalize(&run).unwrap().join("epoch_03.pt");
    let bookmark = Bookmark { path: path.to_str().unwrap().to_owned(), name: None };
    let kept = Folder { bookmarks: vec![bookmark], ..Folder::default() };
    Store::in_folder(state.path().join("ckpt-tui")).keep_place(&["/elsewhere".into()], &kept);
    let text = clean();
    assert!(!goes(&text).contains(&name), "{text}");
}
