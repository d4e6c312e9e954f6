//! Scanning folders and reading what checkpoints say about training.

// A test that meets a surprise should stop at it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods
)]

mod files;
mod folders;
mod frameworks;
mod links;
mod logs;
mod other_logs;
mod training;
mod whole;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ckpt_tui::runs::CheckpointRow;
use ckpt_tui::runs::group::Index;
use ckpt_tui::runs::scan::{ScanOptions, collect};

/// A file of the fixtures torch and the frameworks wrote.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn scan(path: &Path) -> Index {
    collect(vec![path.to_owned()], ScanOptions::default())
}

/// Paths of all rows under `root`, run by run in the order shown.
fn rows(index: &Index, root: &Path) -> Vec<String> {
    let rows = index.runs.iter().flat_map(|run| &run.checkpoints);
    rows.map(|row| row.path.strip_prefix(root).unwrap_or(&row.path).display().to_string()).collect()
}

fn row<'a>(index: &'a Index, path: &Path) -> &'a CheckpointRow {
    index.row(path).unwrap_or_else(|| panic!("no row for {}", path.display()))
}

/// A small safetensors file with one tensor of eight values.
fn write_weights(path: &Path, value: f32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let header = br#"{"w":{"dtype":"F32","shape":[8],"data_offsets":[0,32]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header);
    bytes.extend([value; 8].iter().flat_map(|v| v.to_le_bytes()));
    fs::write(path, bytes).unwrap();
}

/// Makes a file look as if nobody had touched it for an hour.
fn age(path: &Path) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
}
