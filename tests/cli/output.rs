//! Exit codes, errors, colours, and outputs that cannot be written.

use std::process::Stdio;

use crate::{fixtures, program, run, stdout};

/// The one line an error is told in.
fn error(args: &[&str]) -> String {
    let output = run(args);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
    assert!(output.stdout.is_empty(), "{args:?}");
    assert!(stderr.starts_with("ckpt-tui: ") && stderr.ends_with('\n'), "{args:?}: {stderr}");
    assert_eq!(stderr.lines().count(), 1, "{args:?}: {stderr}");
    stderr
}

#[test]
fn errors_are_one_line() {
    let commands: &[&[&str]] = &[
        &["show", "nothing.pt"],
        &["show", "zip"],
        &["show", "expected.json"],
        &["show", "cont/huge_len.safetensors"],
        &["show"],
        &["show", "--json"],
        &["show", "a", "b"],
        &["ls", "nothing"],
        &["nothing"],
        &["--colour", "never"],
        &["--color", "sometimes"],
        &["completions", "tcsh"],
        &["show", "a\u{1b}[2Jb\nc"],
        &["\u{202e}"],
    ];
    let lines: Vec<String> =
        commands.iter().map(|args| format!("{:?}\n    {}", args.join(" "), error(args))).collect();
    insta::assert_snapshot!("errors", lines.concat());
}

#[cfg(unix)]
#[test]
fn a_pipe_or_folder_is_no_checkpoint_and_never_waits() {
    assert!(error(&["show", "/dev/zero"]).contains("not a regular file"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    if made.is_ok_and(|status| status.success()) {
        assert!(error(&["show", path.to_str().unwrap()]).contains("pipe"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let commands: &[&[&str]] = &[
        &["ls", "."],
        &["show", "zip/tutorial.pt"],
        &["show", "--json", "zip/tutorial.pt"],
        &["man"],
        &["--help"],
    ];
    for args in commands {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = program().args(*args).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains("cannot be written") && stderr.lines().count() == 1, "{args:?}: {stderr}");
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    let commands: &[&[&str]] =
        &[&["show", "--json", "exotic/modules.pt"], &["ls", "."], &["completions", "bash"], &["man"]];
    for args in commands {
        let mut child = program().args(*args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{args:?}");
    }
}

#[test]
fn colours_only_when_asked_for() {
    let escape = '\u{1b}';
    for args in [["show", "zip/tutorial.pt"], ["ls", "lightning"]] {
        assert!(!stdout(&args).contains(escape));
        let forced = [&args[..], &["--color", "always"]].concat();
        assert!(stdout(&forced).contains(escape));
        let output = program().args(&forced).env("NO_COLOR", "1").output().unwrap();
        assert!(String::from_utf8(output.stdout).unwrap().contains(escape), "a flag counts more");
    }
}

#[test]
fn ascii_is_ascii() {
    for args in [["show", "exotic/wholemodel.pt"], ["show", "exotic/sparse.pt"], ["ls", "train"]] {
        let text = stdout(&[&args[..], &["--ascii"]].concat());
        assert!(text.is_ascii(), "{args:?}: {:?}", text.lines().find(|line| !line.is_ascii()));
    }
}

#[test]
fn names_of_strangers_reach_no_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("evil\u{1b}[2J\u{202e}\".pt");
    std::fs::copy(fixtures().join("zip/tutorial.pt"), &path).unwrap();
    let path = path.to_str().unwrap();
    for args in [["show", path], ["ls", path], ["ls", folder.path().to_str().unwrap()]] {
        let text = stdout(&args);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{args:?}");
        assert!(text.contains("\\u{1b}[2J\\u{202e}"), "{args:?}");
    }
    assert!(stdout(&["show", path]).contains(r#"evil\x1b[2J\u202e\".pt""#), "a Python literal");
    let shown = crate::json(&["show", "--json", path]);
    assert_eq!(shown["path"], path);
}
