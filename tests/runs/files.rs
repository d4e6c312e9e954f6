//! Which files make a row, and what state they are in.

use std::fs;
use std::path::Path;

use ckpt_tui::runs::Status;

use crate::{age, fixture, row, rows, scan, write_weights};

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
    age(path);
}

#[test]
fn content_decides_and_not_the_name() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    fs::copy(fixture("zip/noext"), root.join("weights")).unwrap();
    fs::copy(fixture("zip/plain_sd.pt"), root.join("model.dat")).unwrap();
    fs::copy(fixture("legacy/legacy_sd.pt"), root.join("old.bak")).unwrap();
    fs::copy(fixture("exotic/plain_pickle.pkl"), root.join("plain.pkl")).unwrap();
    fs::copy(fixture("cont/ok.safetensors"), root.join("renamed.bin")).unwrap();
    let mut found = rows(&scan(root), root);
    found.sort();
    assert_eq!(found, ["model.dat", "old.bak", "plain.pkl", "renamed.bin", "weights"]);
}

#[test]
fn other_files_are_passed_over_in_silence() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    write(&root.join("notes.txt"), b"hello");
    write(&root.join("train.bin"), &[7; 4096]);
    write(&root.join("page.html"), b"<!DOCTYPE html>");
    write(&root.join("log.json"), b"{\"loss\": 1}");
    write(&root.join("empty"), b"");
    // A dict of two numbers, as `pickle.dump({'a': 1})` writes it.
    write(&root.join("meta.pkl"), b"\x80\x04\x95\x0c\0\0\0\0\0\0\0}\x94\x8c\x01a\x94K\x01s.");
    // An empty zip, as of a document.
    write(&root.join("paper.docx"), b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    let index = scan(root);
    assert_eq!((index.rows(), index.skipped.len()), (0, 0), "{:?} {:?}", index.runs, index.skipped);
    // Asked for by name each is a row.
    for name in ["notes.txt", "meta.pkl", "paper.docx"] {
        assert_eq!(scan(&root.join(name)).rows(), 1, "{name}");
    }
}

#[test]
fn a_promising_name_makes_a_row_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let whole = fs::read(fixture("zip/plain_sd.pt")).unwrap();
    for (name, bytes, status, words) in [
        ("empty.pt", &b""[..], Status::Truncated, "empty"),
        ("page.pth", b"<!DOCTYPE html><html>", Status::Broken, "HTML"),
        ("text.ckpt", b"hello", Status::Broken, "no known checkpoint format"),
        ("text.bin", b"hello", Status::Broken, "no known checkpoint format"),
        (
            "pointer.safetensors",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 42\n",
            Status::Broken,
            "git-LFS",
        ),
        ("cut.pt", &whole[..whole.len() / 2], Status::Truncated, ""),
        ("cut.pth.tar", &whole[..whole.len() - 10], Status::Truncated, ""),
        ("whole.pt", &whole, Status::Ok, ""),
    ] {
        write(&root.join(name), bytes);
        let index = scan(root);
        let row = row(&index, &root.join(name));
        assert_eq!(row.status, status, "{name}: {:?}", row.error);
        let error = row.error.clone().unwrap_or_default();
        assert!(error.contains(words), "{name}: {error}");
        assert_eq!(row.bytes, bytes.len() as u64);
    }
}

#[test]
fn a_file_cut_short_a_moment_ago_is_still_growing() {
    let dir = tempfile::tempdir().unwrap();
    let whole = fs::read(fixture("zip/plain_sd.pt")).unwrap();
    for name in ["epoch_1.pt", "epoch_2.pt.tmp"] {
        fs::write(dir.path().join(name), &whole[..whole.len() / 2]).unwrap();
    }
    fs::write(dir.path().join("empty.pt"), b"").unwrap();
    let index = scan(dir.path());
    for name in ["epoch_1.pt", "epoch_2.pt.tmp", "empty.pt"] {
        assert_eq!(row(&index, &dir.path().join(name)).status, Status::Growing, "{name}");
    }
    assert_eq!(row(&index, &dir.path().join("epoch_1.pt")).training.progress.epoch, Some(1.0));
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_never_opened() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("model.pt");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("socket.pt")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", dir.path().join("zero.pt")).unwrap();
    write_weights(&dir.path().join("w.safetensors"), 1.0);
    let index = scan(dir.path());
    assert_eq!(index.rows(), 1);
    let expected = if made.is_ok_and(|s| s.success()) { 3 } else { 2 };
    assert_eq!(index.skipped.len(), expected);
    assert!(index.skipped.iter().all(|s| s.reason.starts_with("not a regular file")), "{:?}", index.skipped);
    if expected == 3 {
        assert_eq!(scan(&pipe).skipped.len(), 1);
    }
}

#[test]
fn a_file_that_would_run_code_says_so() {
    let dir = tempfile::tempdir().unwrap();
    // `os.system('true')`, in a pickle that also pretends to be a state dict.
    let bytes = b"\x80\x02}q\0(X\x01\0\0\0acos\nsystem\nq\x01X\x04\0\0\0trueq\x02\x85q\x03Rq\x04u.";
    write(&dir.path().join("evil.pt"), bytes);
    let index = scan(dir.path());
    let row = row(&index, &dir.path().join("evil.pt"));
    assert_eq!(row.status, Status::RunsCode, "{:?}", row.error);
    assert!(row.error.as_deref().unwrap().contains("system"), "{:?}", row.error);
}
