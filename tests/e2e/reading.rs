//! The terminal lent to a pager, and taken again.

use std::os::unix::fs::PermissionsExt as _;

use super::terminal::Terminal;

/// A program that shows what it was given, says what its terminal is like, and waits for a line.
fn pager(folder: &std::path::Path) -> String {
    let path = folder.join("pager");
    let script = "#!/bin/sh\necho \"given: $1 $(basename \"$2\")\"; ls -l \"$2\" | cut -c1-10\nhead -2 \"$2\"\n\
                  stty -a | grep -o ' icanon'\nread line\necho \"typed: $line\"\nread line\n";
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_pager_has_the_terminal_to_itself_and_gives_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let command = format!("{} 'an argument'", pager(folder.path()));
    let temporary = tempfile::tempdir().unwrap();
    let env = [("PAGER", command.as_str()), ("TMPDIR", temporary.path().to_str().unwrap())];
    let mut terminal = Terminal::start_with(&["assets/demo"], 100, 30, &env);
    terminal.wait_for("51 checkpoints");
    terminal.send("jj\r");
    terminal.wait_for("[Layers]");
    terminal.send("goV");
    terminal.wait_for("given: an argument ckpt-tui-");
    terminal.wait_for("-rw-------");
    terminal.wait_for("icanon");
    terminal.assert_given_back();
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 1);
    // Every key is the pager's, q as well; and Ctrl-C is for it, too: here it ends it.
    terminal.send("qqq gq j\r");
    terminal.wait_for("typed: qqq gq j");
    terminal.send("\r");
    terminal.wait_for("[Load]");
    assert!(terminal.is_taken());
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0, "the file is gone");
    terminal.send("V");
    terminal.wait_for("given: an argument ckpt-tui-");
    terminal.wait_for("icanon");
    terminal.send("\x03");
    terminal.wait_for("[Load]");
    terminal.wait_for("ended with");
    terminal.send("gl");
    terminal.wait_for("[Layers]");
    terminal.send("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_given_back();
}

#[test]
fn a_missing_pager_is_a_line_on_the_screen() {
    let env = [("PAGER", "/no/such/pager-7")];
    let mut terminal = Terminal::start_with(&["assets/demo"], 120, 30, &env);
    terminal.wait_for("51 checkpoints");
    terminal.send("jjV");
    terminal.wait_for("pager-7 is not installed; PAGER names another program");
    assert!(terminal.is_taken());
    terminal.send("q");
    assert_eq!(terminal.exit_code(), 0);
}
