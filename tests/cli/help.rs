//! Help, manual page and completions.

use crate::stdout;

/// The version changes with every release; the texts should not.
fn text(args: &[&str]) -> String {
    stdout(args).replace(env!("CARGO_PKG_VERSION"), "[version]")
}

#[test]
fn help() {
    insta::assert_snapshot!("help", text(&["--help"]));
    insta::assert_snapshot!("help_short", text(&["-h"]));
    insta::assert_snapshot!("help_ls", text(&["ls", "-h"]));
    insta::assert_snapshot!("help_show", text(&["show", "-h"]));
    insta::assert_snapshot!("help_completions", text(&["completions", "-h"]));
    assert_eq!(text(&["--version"]), "ckpt-tui [version]\n");
}

#[test]
fn man() {
    insta::assert_snapshot!("man", text(&["man"]));
}

#[test]
fn completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        insta::assert_snapshot!(format!("completions_{shell}"), text(&["completions", shell]));
    }
}
