//! The real process, killed at many points of an export.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{load, names, program, write_floats};

const POINTS: u32 = 16;

fn export(source: &Path, out: &Path) -> Command {
    let mut command = program();
    command.arg("export").arg(source).arg("-o").arg(out).arg("--force");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[test]
fn a_killed_export_leaves_no_file_or_the_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.safetensors");
    let values: Vec<f32> = (0..4 << 20).map(|n| n as f32).collect();
    write_floats(&source, &[("a", &values), ("b", &values[..1 << 20]), ("c", &[1.0])]);
    let want = load(&source);
    let outputs = folder.path().join("out");
    std::fs::create_dir(&outputs).unwrap();
    let out = outputs.join("a.safetensors");
    let started = Instant::now();
    assert!(export(&source, &out).status().unwrap().success());
    let whole = started.elapsed();
    std::fs::remove_file(&out).unwrap();
    let (mut none, mut all) = (0, 0);
    for point in 0..POINTS {
        let started = Instant::now();
        let mut process = export(&source, &out).spawn().unwrap();
        // From at once until somewhat after a whole export.
        let after = whole * point / (POINTS * 4 / 5);
        while started.elapsed() < after && process.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let _ = process.kill();
        process.wait().unwrap();
        if out.exists() {
            assert_eq!(load(&out), want, "killed after {after:?}");
            all += 1;
            // Half of the time the next one replaces it.
            if point % 2 == 0 {
                std::fs::remove_file(&out).unwrap();
            }
        } else {
            none += 1;
        }
        if cfg!(target_os = "linux") {
            let left = names(&outputs);
            assert!(left.is_empty() || left == ["a.safetensors"], "{left:?} is left, killed after {after:?}");
        }
    }
    assert!(none > 0, "never killed before it was done: {none} without, {all} with a file");
    assert!(whole < Duration::from_secs(60));
}
