//! The command line as a user has it: the binary is run on real files, and what it prints is compared with
//! what was looked at once and found good (`snapshots/`; `cargo insta review` shows what changed).

// A test that meets a surprise should stop at it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::disallowed_methods)]

mod best;
mod check;
mod config;
mod diff;
mod docs;
mod help;
mod load;
mod ls;
mod output;
mod report;
mod show;
mod spectra;
mod stats;
mod tables;
mod terminal;
mod timeline;

use std::path::PathBuf;
use std::process::{Command, Output};

/// Real files, and the folder every command is run in: paths in outputs are relative to it.
fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The program, ready for arguments.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ckpt-tui"));
    command.current_dir(fixtures()).env_remove("NO_COLOR").env("TERM", "xterm-256color");
    // Nobody's own bookmarks.
    command.env("XDG_STATE_HOME", "/nonexistent");
    // Nobody's own settings.
    command.env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

fn run(args: &[&str]) -> Output {
    program().args(args).output().unwrap()
}

/// Standard output of a command that must succeed and say nothing on standard error.
fn stdout(args: &[&str]) -> String {
    let output = run(args);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""), "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// JSON of a command, laid out for reading.
fn json(args: &[&str]) -> serde_json::Value {
    let text = stdout(args);
    assert!(text.is_ascii() && text.lines().count() == 1, "{args:?}");
    serde_json::from_str(&text).unwrap()
}
