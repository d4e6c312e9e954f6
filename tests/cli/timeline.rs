//! `timeline` on the demo's run, and on files made to freeze, to break, and to be damaged.

use std::path::Path;

use crate::{json, program, stdout};

const RUN: &str = "../../assets/demo/glyphs-cnn";

/// A state dict as safetensors.
fn write(path: &Path, tensors: &[(&str, &[f32])]) {
    let bytes: Vec<Vec<u8>> =
        tensors.iter().map(|(_, values)| values.iter().flat_map(|x| x.to_le_bytes()).collect()).collect();
    let views = tensors.iter().zip(&bytes).map(|((name, values), bytes)| {
        let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![values.len()], bytes);
        (*name, view.unwrap())
    });
    std::fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

#[test]
fn the_demo() {
    insta::assert_snapshot!("timeline_demo", stdout(&["timeline", "--no-cache", RUN]));
    insta::assert_snapshot!(
        "timeline_ascii",
        stdout(&["timeline", "--no-cache", "--ascii", "--measure", "norm", RUN])
    );
    let timeline = json(&["timeline", "--no-cache", "--json", RUN]);
    let stops = timeline["checkpoints"].as_array().unwrap();
    assert_eq!(stops.len(), 8, "copies count once");
    assert_eq!((&stops[0]["epoch"], &stops[7]["epoch"]), (&2.into(), &16.into()));
    for tensor in timeline["tensors"].as_array().unwrap() {
        for field in ["relative_change", "l2", "nan"] {
            assert_eq!(tensor[field].as_array().unwrap().len(), 8, "{tensor}");
        }
        assert!(tensor["relative_change"][0].is_null() && tensor["l2"][0].as_f64().is_some());
        assert_eq!(tensor["frozen"], false);
    }
    assert!(timeline["first_nan"].is_null());
}

#[test]
fn effective_ranks_over_the_run() {
    insta::assert_snapshot!("timeline_rank", stdout(&["timeline", "--no-cache", "--measure", "rank", RUN]));
    let timeline = json(&["timeline", "--no-cache", "--json", "--measure", "rank", RUN]);
    let of = |name: &str| {
        let tensors = timeline["tensors"].as_array().unwrap();
        tensors.iter().find(|tensor| tensor["key"] == name).unwrap()["effective_rank"]
            .as_array()
            .unwrap()
            .clone()
    };
    let spectra =
        json(&["spectra", "--json", "--filter", "*.fc.weight", "../../assets/demo/glyphs-cnn/best.pt"]);
    let alone = spectra["tensors"][0]["effective_rank"].as_f64().unwrap();
    let ranks = of("fc.weight");
    assert_eq!(ranks.len(), 8);
    let near = |rank: &serde_json::Value| (rank.as_f64().unwrap() - alone).abs() < 1e-12;
    assert!(ranks.iter().any(near), "best.pt is a copy of one of them: {alone} {ranks:?}");
    assert!(of("fc.bias").iter().all(serde_json::Value::is_null));
    let plain = json(&["timeline", "--no-cache", "--json", RUN]);
    assert!(plain["tensors"][0].get("effective_rank").is_none(), "not computed unless it is asked for");
}

#[test]
fn frozen_broken_and_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    write(&path("epoch_1.safetensors"), &[("a.weight", &[3.0, 4.0]), ("b.weight", &[1.0, 1.0])]);
    write(&path("epoch_2.safetensors"), &[("a.weight", &[3.0, 4.5]), ("b.weight", &[1.0, 1.0])]);
    std::fs::write(path("epoch_3.safetensors"), [9; 20]).unwrap();
    write(&path("epoch_4.safetensors"), &[("a.weight", &[3.0, f32::NAN]), ("b.weight", &[1.0, 1.0])]);
    let name = |n: u32| path(&format!("epoch_{n}.safetensors")).to_str().unwrap().to_owned();
    let files = [name(4), name(1), name(3), name(2)];
    let args = [&["timeline", "--no-cache", "--json"], &files.each_ref().map(String::as_str)[..]].concat();
    let timeline = json(&args);
    let tensor = |at: usize| &timeline["tensors"][at];
    assert_eq!(tensor(0)["relative_change"][1], 0.1);
    assert_eq!(tensor(0)["nan"], serde_json::json!([0, 0, 1]));
    assert_eq!((tensor(0)["frozen"].as_bool(), tensor(1)["frozen"].as_bool()), (Some(false), Some(true)));
    let nan = &timeline["first_nan"];
    assert_eq!((nan["key"].as_str(), nan["before"].as_str()), (Some("a.weight"), Some(&*name(2))));
    assert_eq!(timeline["skipped"][0]["path"], name(3));
    let text = stdout(&[&["timeline", "--no-cache"], &args[3..]].concat());
    assert!(
        text.contains("first NaN: ") && text.contains("frozen: b.weight") && text.contains("left out: "),
        "{text}"
    );
}

#[test]
fn what_was_read_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    for (name, value) in [("epoch_1.safetensors", 1.0), ("epoch_2.safetensors", 2.0)] {
        write(&path(name), &[("w", &[value])]);
        std::fs::File::options().append(true).open(path(name)).unwrap().set_modified(long_ago).unwrap();
    }
    let run = || {
        let mut command = program();
        command
            .args(["timeline", "--json"])
            .arg(path("epoch_1.safetensors"))
            .arg(path("epoch_2.safetensors"));
        command.env("XDG_CACHE_HOME", path("cache"));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let first = run();
    let kept = std::fs::read_dir(path("cache/ckpt-tui")).unwrap().count();
    assert_eq!(kept, 2, "one for each checkpoint");
    assert_eq!(run(), first);
    // A file that became another one is read again.
    write(&path("epoch_2.safetensors"), &[("w", &[5.0])]);
    let again: serde_json::Value = serde_json::from_slice(&run()).unwrap();
    assert_eq!(again["tensors"][0]["relative_change"][1], 4.0);
}

#[test]
fn several_runs_are_not_one() {
    let output = program().args(["timeline", "../../assets/demo"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("runs are there") && error.contains("name one"), "{error}");
}
