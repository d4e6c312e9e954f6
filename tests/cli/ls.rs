//! `ls` on folders of real checkpoints.

use crate::{json, stdout};

/// Times of modification are the checkout's.
fn without_times(mut listed: serde_json::Value) -> String {
    for run in listed["runs"].as_array_mut().unwrap() {
        for row in run["checkpoints"].as_array_mut().unwrap() {
            let time = row["modified"].as_str().unwrap();
            assert!(time.len() == 20 && time.ends_with('Z'), "{time}");
            row["modified"] = "[time]".into();
        }
    }
    serde_json::to_string_pretty(&listed).unwrap()
}

#[test]
fn a_run_with_its_best() {
    insta::assert_snapshot!("ls_lightning", stdout(&["ls", "lightning"]));
    insta::assert_snapshot!("ls_lightning_json", without_times(json(&["ls", "--json", "lightning"])));
}

#[test]
fn several_runs() {
    insta::assert_snapshot!("ls_train", stdout(&["ls", "train"]));
}

#[test]
fn a_model_in_parts_is_one_row() {
    let listed = json(&["ls", "--json", "gguf_split"]);
    let rows = listed["runs"][0]["checkpoints"].as_array().unwrap();
    let names: Vec<&str> =
        rows.iter().map(|r| r["path"].as_str().unwrap().rsplit('/').next().unwrap()).collect();
    assert_eq!(names, ["m-00001-of-00003.gguf", "whole.gguf"]);
    assert_eq!(
        (rows[0]["parameters"].as_u64(), rows[0]["bytes"].as_u64()),
        (rows[1]["parameters"].as_u64(), Some(10_592))
    );
}

#[test]
fn unreadable_files_are_rows_with_a_reason() {
    let listed = json(&["ls", "--json", "cont"]);
    let rows = listed["runs"][0]["checkpoints"].as_array().unwrap();
    let row = |name: &str| rows.iter().find(|r| r["path"].as_str().unwrap().ends_with(name)).unwrap();
    assert_eq!(row("ok.safetensors")["status"], "ok");
    let truncated = row("truncated.safetensors");
    assert_eq!(truncated["status"], "truncated");
    assert!(truncated["error"].as_str().unwrap().contains("88 of 1672 bytes"));
    assert!(stdout(&["ls", "cont"]).contains("truncated: the file ends at 88 of 1672 bytes"));
}

#[test]
fn a_file_by_name() {
    let listed = json(&["ls", "--json", "zip/tutorial.pt"]);
    assert_eq!(listed["runs"][0]["checkpoints"][0]["path"], "zip/tutorial.pt");
}

#[test]
fn without_a_subcommand_a_pipe_gets_the_list() {
    assert_eq!(stdout(&["lightning"]), stdout(&["ls", "lightning"]));
    assert_eq!(stdout(&["zip/tutorial.pt"]), stdout(&["ls", "zip/tutorial.pt"]));
    assert_eq!(stdout(&["--json", "lightning"]), stdout(&["ls", "--json", "lightning"]));
    assert_eq!(stdout(&["--json", "ls", "lightning"]), stdout(&["ls", "--json", "lightning"]));
    assert_eq!(stdout(&["--color", "never", "ls", "lightning"]), stdout(&["ls", "lightning"]));
}

#[test]
fn folders_named_like_subcommands() {
    let folder = tempfile::tempdir().unwrap();
    let named = folder.path().join("ls");
    std::fs::create_dir(&named).unwrap();
    std::fs::copy(crate::fixtures().join("zip/tutorial.pt"), named.join("a.pt")).unwrap();
    let run = |args: &[&str]| crate::program().current_dir(folder.path()).args(args).output().unwrap();
    assert!(String::from_utf8(run(&["./ls"]).stdout).unwrap().contains("a.pt"));
    assert!(String::from_utf8(run(&["ls", "ls"]).stdout).unwrap().contains("a.pt"));
    assert!(String::from_utf8(run(&[".", "ls"]).stdout).unwrap().contains("a.pt"));
}

#[test]
fn nothing_to_list() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    assert_eq!(stdout(&["ls", path]), "no checkpoints found\n");
    assert_eq!(json(&["ls", "--json", path])["runs"], serde_json::json!([]));
}
