//! Which folders are entered, and how a scan runs.

use std::fs;
use std::path::PathBuf;

use ckpt_tui::runs::scan::{ScanEvent, ScanOptions, collect, start};

use crate::{rows, scan, write_weights};

#[test]
fn any_depth_in_natural_order() {
    let dir = tempfile::tempdir().unwrap();
    let deep: PathBuf = (0..40).map(|at| format!("d{at}")).collect();
    let mut wanted = vec![
        "run2/epoch_9.safetensors".to_owned(),
        "run2/epoch_10.safetensors".to_owned(),
        "run10/checkpoints/epoch_1.safetensors".to_owned(),
        deep.join("w.safetensors").display().to_string(),
    ];
    for (at, path) in wanted.iter().enumerate() {
        write_weights(&dir.path().join(path), at as f32);
    }
    let index = scan(dir.path());
    // `d0` sorts before the runs.
    wanted.rotate_right(1);
    assert_eq!(rows(&index, dir.path()), wanted);
    let names: Vec<_> = index.runs.iter().map(|run| run.name.as_str()).collect();
    assert_eq!(names, ["d39", "run2", "run10"]);
    assert!(index.skipped.is_empty(), "{:?}", index.skipped);
}

#[test]
fn too_deep_is_said_and_not_entered() {
    let dir = tempfile::tempdir().unwrap();
    let deep: PathBuf = (0..70).map(|_| "d").collect();
    write_weights(&dir.path().join(deep).join("w.safetensors"), 1.0);
    let index = scan(dir.path());
    assert_eq!(index.rows(), 0);
    assert_eq!(index.skipped.len(), 1);
    assert!(index.skipped[0].reason.contains("deeper than 64"), "{:?}", index.skipped);
}

#[test]
fn folders_that_hold_no_runs_are_not_entered() {
    let dir = tempfile::tempdir().unwrap();
    for folder in [
        ".git",
        "node_modules",
        "__pycache__",
        "venv",
        ".venv",
        "lib/site-packages",
        ".cache",
        "wandb/run-1/files/media",
    ] {
        write_weights(&dir.path().join(folder).join("w.safetensors"), 1.0);
    }
    for folder in ["media", "wandb/run-1/files", "cache", ".hidden"] {
        write_weights(&dir.path().join(folder).join("w.safetensors"), 2.0);
    }
    let mut found = rows(&scan(dir.path()), dir.path());
    found.sort();
    let wanted = ["media", "wandb/run-1/files", "cache", ".hidden"].map(|f| format!("{f}/w.safetensors"));
    let mut wanted = wanted.to_vec();
    wanted.sort();
    assert_eq!(found, wanted);
    // Given by name it is entered.
    assert_eq!(scan(&dir.path().join(".cache")).rows(), 1);
}

#[cfg(unix)]
#[test]
fn an_unreadable_folder_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let closed = dir.path().join("closed");
    write_weights(&closed.join("w.safetensors"), 1.0);
    write_weights(&dir.path().join("open/w.safetensors"), 1.0);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let readable = fs::read_dir(&closed).is_ok();
    let index = scan(dir.path());
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    if readable {
        return; // root reads everything
    }
    assert_eq!(rows(&index, dir.path()), ["open/w.safetensors"]);
    assert_eq!(index.skipped.len(), 1);
    assert!(index.skipped[0].reason.contains("ermission denied"), "{:?}", index.skipped);
}

#[test]
fn what_is_not_there_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let index = scan(&dir.path().join("nowhere"));
    assert_eq!((index.rows(), index.skipped.len()), (0, 1));
}

#[test]
fn one_folder_given_twice_is_listed_once() {
    let dir = tempfile::tempdir().unwrap();
    write_weights(&dir.path().join("a/w.safetensors"), 1.0);
    let paths = vec![dir.path().to_owned(), dir.path().join("a"), dir.path().join("a/w.safetensors")];
    let index = collect(paths, ScanOptions::default());
    assert_eq!((index.rows(), index.skipped.len()), (1, 0));
}

#[test]
fn two_thousand_files_of_which_a_few_are_checkpoints() {
    let dir = tempfile::tempdir().unwrap();
    for at in 0..1_900_u32 {
        let folder = dir.path().join(format!("images/{}", at % 19));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{at}.png")), b"\x89PNG\r\n\x1a\n and more").unwrap();
    }
    for at in 0..100_u16 {
        write_weights(&dir.path().join(format!("run{}/epoch_{}.safetensors", at % 5, at / 5)), f32::from(at));
    }
    let index = scan(dir.path());
    assert_eq!((index.rows(), index.runs.len(), index.skipped.len()), (100, 5, 0));
    let epochs: Vec<_> = index.runs[0].checkpoints.iter().map(|r| r.training.progress.epoch).collect();
    assert_eq!(epochs, (1..=20).map(|e| Some(f64::from(e))).collect::<Vec<_>>());
    assert!(index.runs[0].checkpoints.iter().all(|r| r.same_as.is_none() && r.training.progress.from_name));
}

#[test]
fn events_stream_and_end() {
    let dir = tempfile::tempdir().unwrap();
    for at in 0..300_u16 {
        write_weights(&dir.path().join(format!("epoch_{at}.safetensors")), f32::from(at));
    }
    for threads in [1, 2, 7] {
        let options = ScanOptions { threads: Some(threads), ..ScanOptions::default() };
        let scan = start(vec![dir.path().to_owned()], options);
        let (mut rows, mut last_total, mut done) = (0, 0, 0);
        for event in scan.events() {
            assert_eq!(done, 0, "nothing comes after the end");
            match event {
                ScanEvent::Found { total } => last_total = total,
                ScanEvent::Row(_) => rows += 1,
                ScanEvent::Log(log) => panic!("{log:?}"),
                ScanEvent::Skipped(skipped) => panic!("{skipped:?}"),
                ScanEvent::Walked { files, folders } => assert_eq!((files, folders), (300, 1)),
                ScanEvent::Done => done += 1,
            }
        }
        assert_eq!((rows, last_total, done), (300, 300, 1));
    }
}

#[test]
fn a_dropped_scan_ends() {
    let dir = tempfile::tempdir().unwrap();
    for at in 0..1_000_u16 {
        write_weights(&dir.path().join(format!("epoch_{at}.safetensors")), f32::from(at));
    }
    let scan = start(vec![dir.path().to_owned()], ScanOptions::default());
    let events = scan.events().clone();
    assert!(events.recv().is_ok());
    drop(scan);
    // What was waiting is still there; after that the channel closes although most files were not read.
    let left = events.iter().filter(|e| matches!(e, ScanEvent::Row(_))).count();
    assert!(left < 900, "{left} rows came after the scan was dropped");
}
