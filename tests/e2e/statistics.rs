//! Statistics of a file of 100 GB: the progress moves, and stopping stops. The file is zeros that take no room on the disk.

use std::io::Write as _;

use super::terminal::Terminal;

/// A safetensors file of one tensor; `None` where the file system has no files of this size.
fn huge(folder: &tempfile::TempDir) -> Option<String> {
    let elements = 25_u64 << 30;
    let header =
        format!(r#"{{"w":{{"dtype":"F32","shape":[{elements}],"data_offsets":[0,{}]}}}}"#, elements * 4);
    let path = folder.path().join("huge.safetensors");
    let mut file = std::fs::File::create(&path).expect("a file");
    file.write_all(&(header.len() as u64).to_le_bytes()).expect("a header");
    file.write_all(header.as_bytes()).expect("a header");
    file.set_len(8 + header.len() as u64 + elements * 4).ok()?;
    Some(path.to_str().expect("a path").to_owned())
}

/// The percentage before "% of 100 GiB".
fn progress(screen: &vt100::Screen) -> Option<f64> {
    let text = screen.contents();
    let (before, _) = text.split_once("% of 100 GiB")?;
    before.rsplit(|c: char| !c.is_ascii_digit() && c != '.').next()?.parse().ok()
}

fn moves(terminal: &Terminal) {
    terminal.wait_until("progress", |screen| progress(screen).is_some());
    let first = progress(&terminal.screen()).expect("progress");
    terminal.wait_until("more of it", |screen| progress(screen).is_some_and(|now| now > first));
}

#[test]
fn in_the_ui_progress_moves_and_esc_stops_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(path) = huge(&folder) else { return };
    let cache = folder.path().to_str().expect("a path");
    let mut terminal = Terminal::start_with(&[&path], 140, 45, &[("XDG_CACHE_HOME", cache)]);
    terminal.wait_for("[Layers]");
    terminal.send("i");
    moves(&terminal);
    terminal.send("\x1b");
    terminal.wait_until("an end", |screen| progress(screen).is_none());
    // Nothing is read any more: what is counted in a silence is not even a block.
    terminal.wait_for_silence(std::time::Duration::from_millis(300));
    let before = terminal.bytes_read();
    terminal.send("j");
    terminal.send("?");
    terminal.wait_for("type to search");
    terminal.send("statistics");
    terminal.wait_for("Statistics of everything");
    assert!(terminal.bytes_read() - before < 256 << 10, "it reads on");
    terminal.send("\x03");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn on_the_command_line_progress_moves_and_ctrl_c_ends_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(path) = huge(&folder) else { return };
    let mut terminal = Terminal::start(&["stats", "--no-cache", &path], 100, 30);
    moves(&terminal);
    terminal.send("\x03");
    assert_ne!(terminal.exit_code(), 0);
}
