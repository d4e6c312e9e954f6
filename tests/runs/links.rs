//! Links, hard links and copies.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use ckpt_tui::runs::group::Index;

use crate::{fixture, row, rows, scan, write_weights};

fn same_as(index: &Index, root: &Path, name: &str) -> Option<String> {
    let original = row(index, &root.join(name)).same_as.as_ref()?;
    Some(original.strip_prefix(root).unwrap().display().to_string())
}

#[test]
fn loops_end_and_are_said() {
    let dir = tempfile::tempdir().unwrap();
    write_weights(&dir.path().join("run/w.safetensors"), 1.0);
    symlink(dir.path(), dir.path().join("run/up")).unwrap();
    symlink(".", dir.path().join("run/here")).unwrap();
    symlink("b", dir.path().join("a")).unwrap();
    symlink("a", dir.path().join("b")).unwrap();
    let index = scan(dir.path());
    assert_eq!(rows(&index, dir.path()), ["run/w.safetensors"]);
    assert_eq!(index.skipped.len(), 4);
    assert!(index.skipped.iter().all(|s| s.reason.contains("symlink loop")), "{:?}", index.skipped);
}

#[test]
fn a_diamond_of_links_does_not_multiply() {
    let dir = tempfile::tempdir().unwrap();
    for at in 0..30 {
        let folder = dir.path().join(format!("d{at}"));
        fs::create_dir(&folder).unwrap();
        for side in ["left", "right"] {
            symlink(format!("../d{}", at + 1), folder.join(side)).unwrap();
        }
    }
    write_weights(&dir.path().join("d30/w.safetensors"), 1.0);
    assert_eq!(scan(dir.path()).rows(), 1);
}

#[test]
fn a_link_to_a_folder_elsewhere_is_followed_and_one_to_a_listed_folder_is_not() {
    let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_weights(&elsewhere.path().join("sub/w.safetensors"), 1.0);
    write_weights(&dir.path().join("run/w.safetensors"), 2.0);
    symlink(elsewhere.path(), dir.path().join("data")).unwrap();
    // Sorts before the folder it leads to, which is listed under its own name all the same.
    symlink("run", dir.path().join("latest")).unwrap();
    let index = scan(dir.path());
    assert_eq!(rows(&index, dir.path()), ["data/sub/w.safetensors", "run/w.safetensors"]);
    assert_eq!(index.skipped.len(), 1);
    assert!(index.skipped[0].path.ends_with("latest"));
    assert!(index.skipped[0].reason.contains("listed already"));
}

#[test]
fn links_and_hard_links_name_the_epoch_file() {
    let dir = tempfile::tempdir().unwrap();
    let epoch = dir.path().join("epoch_12.pth");
    fs::copy(fixture("train/torchvision/model_0.pth"), &epoch).unwrap();
    symlink("epoch_12.pth", dir.path().join("latest.pth")).unwrap();
    fs::hard_link(&epoch, dir.path().join("best.pth")).unwrap();
    symlink("gone.pth", dir.path().join("dangling.pth")).unwrap();
    let index = scan(dir.path());
    assert_eq!(rows(&index, dir.path()), ["epoch_12.pth", "best.pth", "latest.pth"]);
    assert_eq!(same_as(&index, dir.path(), "latest.pth").as_deref(), Some("epoch_12.pth"));
    assert_eq!(same_as(&index, dir.path(), "best.pth").as_deref(), Some("epoch_12.pth"));
    assert_eq!(same_as(&index, dir.path(), "epoch_12.pth"), None);
    assert_eq!(index.skipped.len(), 1);
    assert!(index.skipped[0].reason.contains("a link to nothing"));
}

#[test]
fn links_to_an_unreadable_file_are_the_same_too() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("epoch_1.pt"), b"no checkpoint at all").unwrap();
    fs::hard_link(dir.path().join("epoch_1.pt"), dir.path().join("last.pt")).unwrap();
    let index = scan(dir.path());
    assert_eq!(same_as(&index, dir.path(), "last.pt").as_deref(), Some("epoch_1.pt"));
}

#[test]
fn copies_are_found_by_content_with_and_without_checksums() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    for (sample, ext) in [
        ("train/imagenet/checkpoint_0001.pth.tar", "pth.tar"),
        ("legacy/legacy_sd.pt", "pt"),
        ("zip/nocrc.pt", "ckpt"),
        ("exotic/plain_pickle.pkl", "pth"),
    ] {
        fs::copy(fixture(sample), root.join(format!("epoch_7.{ext}"))).unwrap();
        fs::copy(fixture(sample), root.join(format!("last.{ext}"))).unwrap();
    }
    write_weights(&root.join("epoch_7.safetensors"), 1.0);
    write_weights(&root.join("last.safetensors"), 1.0);
    // Differs in nothing but its values.
    write_weights(&root.join("epoch_8.safetensors"), 2.0);
    let index = scan(root);
    for ext in ["pth.tar", "pt", "ckpt", "pth", "safetensors"] {
        let original = format!("epoch_7.{ext}");
        assert_eq!(same_as(&index, root, &format!("last.{ext}")), Some(original), "{ext}");
    }
    assert_eq!(same_as(&index, root, "epoch_8.safetensors"), None);
}

#[test]
fn epochs_saved_without_checksums_are_no_copies() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = fs::read(fixture("zip/nocrc.pt")).unwrap();
    fs::write(dir.path().join("epoch_1.pt"), &bytes).unwrap();
    let mut changed = bytes.clone();
    // The values lie behind the pickle, well before the directory.
    let middle = changed.len() / 3;
    changed[middle..middle + 64].iter_mut().for_each(|b| *b ^= 1);
    fs::write(dir.path().join("epoch_2.pt"), &changed).unwrap();
    let index = scan(dir.path());
    assert_eq!(same_as(&index, dir.path(), "epoch_2.pt"), None);
}

#[test]
fn one_state_saved_under_two_names_is_a_copy() {
    // Lightning's layout: saved twice, so that the archives differ in the name of their root folder alone.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/lightning_logs/version_0/checkpoints");
    let index = scan(&root);
    assert_eq!(same_as(&index, &root, "last.ckpt").as_deref(), Some("epoch=9-step=160.ckpt"));
    assert_eq!(same_as(&index, &root, "epoch=8-step=144.ckpt"), None);
}

#[test]
fn large_files_without_checksums_are_told_apart_by_samples() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, last: f32| {
        let header = br#"{"a":{"dtype":"F32","shape":[100000],"data_offsets":[0,400000]},"b":{"dtype":"F32","shape":[2],"data_offsets":[400000,400008]}}"#;
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header);
        bytes.resize(bytes.len() + 400_000, 0);
        bytes.extend([last; 2].iter().flat_map(|v| v.to_le_bytes()));
        fs::write(dir.path().join(name), bytes).unwrap();
    };
    write("epoch_1.safetensors", 1.0);
    write("epoch_2.safetensors", 2.0);
    write("best.safetensors", 2.0);
    let index = scan(dir.path());
    assert_eq!(same_as(&index, dir.path(), "epoch_2.safetensors"), None);
    assert_eq!(same_as(&index, dir.path(), "best.safetensors").as_deref(), Some("epoch_2.safetensors"));
}
