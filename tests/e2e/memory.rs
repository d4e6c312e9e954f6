//! What is remembered, on a real disk.

use super::terminal::Terminal;

fn start(state: &std::path::Path, args: &[&str]) -> Terminal {
    let env = [("XDG_STATE_HOME", state.to_str().unwrap())];
    let terminal = Terminal::start_with(args, 120, 36, &env);
    terminal.wait_for("51 checkpoints");
    terminal
}

#[test]
fn the_next_start_is_where_the_last_one_ended() {
    let state = tempfile::tempdir().unwrap();
    let mut terminal = start(state.path(), &["assets/demo"]);
    terminal.send("/overfit\r");
    terminal.wait_for("24 of 51");
    terminal.send("b");
    terminal.wait_for("│ epoch_10.pt");
    terminal.send("q");
    assert_eq!(terminal.exit_code(), 0);
    // By another name it is the same place.
    let mut terminal = start(state.path(), &["./assets/../assets/demo/."]);
    terminal.wait_for("│ epoch_10.pt");
    terminal.send("q");
    assert_eq!(terminal.exit_code(), 0);
    let mut terminal = start(state.path(), &[concat!(env!("CARGO_MANIFEST_DIR"), "/assets/demo")]);
    terminal.wait_for("│ epoch_10.pt");
    terminal.send("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_signal_keeps_it_too_and_no_state_keeps_nothing() {
    let state = tempfile::tempdir().unwrap();
    let mut terminal = start(state.path(), &["--no-state", "assets/demo"]);
    terminal.send("jj'");
    terminal.wait_for("bookmarked");
    terminal.send("q");
    assert_eq!(terminal.exit_code(), 0);
    assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 0, "--no-state writes nothing");
    let mut terminal = start(state.path(), &["assets/demo"]);
    terminal.send("jj'");
    terminal.wait_for("bookmarked");
    terminal.signal("TERM");
    assert_ne!(terminal.exit_code(), 0);
    let mut terminal = start(state.path(), &["assets/demo"]);
    terminal.send("`");
    terminal.wait_for("glyphs_model.pth");
    terminal.wait_for("Bookmarks: Enter goes there");
    terminal.send("\x1b");
    terminal.wait_until("the list is closed", |screen| !screen.contents().contains("Bookmarks: Enter"));
    terminal.send("q");
    assert_eq!(terminal.exit_code(), 0);
}
