//! Settings: where they are, what a mistake in them does, and that flags count more.

use std::path::{Path, PathBuf};
use std::process::Output;

/// A folder of settings with this text.
fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("ckpt-tui")).unwrap();
    std::fs::write(file(folder.path()), text).unwrap();
    folder
}

fn file(folder: &Path) -> PathBuf {
    folder.join("ckpt-tui/config.toml")
}

fn run(folder: &Path, args: &[&str]) -> Output {
    crate::program().env("XDG_CONFIG_HOME", folder).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Written anew by `UPDATE_DOCS=1 cargo test --test cli config`.
#[test]
fn the_template_is_the_one_that_is_shipped_and_changes_nothing() {
    let template = crate::stdout(&["config", "--template"]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/config.toml");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &template).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap_or_default(),
        template,
        "assets/config.toml is out of date"
    );
    let folder = folder(&template);
    assert_eq!(run(folder.path(), &["--print-keys"]).stdout, crate::run(&["--print-keys"]).stdout);
}

#[test]
fn settings_hold_and_flags_count_more() {
    let folder = folder("ascii = true\ncolor = \"always\"\n");
    let ls = |args: &[&str]| text(&run(folder.path(), args).stdout).to_owned();
    assert!(ls(&["ls", "train"]).contains('\u{1b}'), "colour also into a pipe");
    assert!(!ls(&["ls", "train", "--color", "never"]).contains('\u{1b}'));
    let plain = "# none\n";
    let other = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(other.path(), plain).unwrap();
    assert!(!ls(&["ls", "train", "--config", other.path().to_str().unwrap()]).contains('\u{1b}'));
}

#[test]
fn a_mistake_is_one_line_with_its_place_and_what_was_meant() {
    let folder = folder("# mine\ncolour = \"never\"\n[keys]\nqiut = \"x\"\n");
    let shown = file(folder.path()).display().to_string();
    for args in [&["ls", "train"][..], &["--print-keys"], &["show", "safetensors/ok.safetensors"]] {
        let output = run(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = text(&output.stderr);
        assert_eq!(said.lines().count(), 1, "{said}");
        let start = format!("ckpt-tui: {shown}:2:1: there is no setting \"colour\"; did you mean \"color\"?");
        assert!(said.starts_with(&start), "{said}");
    }
    let output = run(folder.path(), &["config"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("line 2, column 1: there is no setting \"colour\""), "{output:?}");
    // What has to help works all the same.
    for args in [&["--help"][..], &["man"], &["completions", "bash"], &["config", "--template"]] {
        assert_eq!(run(folder.path(), args).status.code(), Some(0), "{args:?}");
    }
}

#[test]
fn keys_that_mean_two_things_are_told_with_their_line() {
    let folder = folder("[keys]\nbest = [\"F2\"]\nrescan = \"q\"\n");
    let output = run(folder.path(), &["--print-keys"]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains(":3:1: the key \"q\" is already that of \"quit\""), "{said}");
    let json = run(folder.path(), &["config", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["settings"]["problems"][0]["line"], 3);
    assert_eq!(json["settings"]["exists"], true);
}

#[test]
fn keys_are_printed_as_they_are_set() {
    let folder = folder("[keys]\nbest = [\"F2\", \"g b\"]\nmouse = []\n");
    let json = run(folder.path(), &["--print-keys", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let keys = |id: &str| {
        let all = json["keys"].as_array().unwrap();
        all.iter().find(|row| row["command"] == id).unwrap()["keys"].clone()
    };
    assert_eq!(keys("best"), serde_json::json!(["F2", "g b"]));
    assert_eq!(keys("mouse"), serde_json::json!([]));
    assert_eq!(keys("quit"), serde_json::json!(["q"]));
    assert_eq!(keys("quit-now"), serde_json::json!(["Ctrl-c"]));
    insta::assert_snapshot!("print_keys", crate::stdout(&["--print-keys"]));
}

#[test]
fn a_named_file_has_to_be_there_and_to_be_text() {
    let output = crate::run(&["ls", "train", "--config", "nowhere.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("nowhere.toml: no such file; ckpt-tui config --template"));
    let binary = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(binary.path(), b"color = \xff").unwrap();
    let output = crate::run(&["ls", "train", "--config", binary.path().to_str().unwrap()]);
    assert!(text(&output.stderr).contains("is not UTF-8 (byte 8)"), "{output:?}");
}
