//! Settings in a real terminal: other keys, and a theme that asks for the background.

use super::terminal::Terminal;

/// A file of settings.
fn settings(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn start(file: &tempfile::NamedTempFile) -> Terminal {
    let path = file.path().to_string_lossy().into_owned();
    let true_color = [("COLORTERM", "truecolor")];
    Terminal::start_with(&["assets/demo", "--no-state", "--config", &path], 100, 30, &true_color)
}

#[test]
fn other_keys_do_it_and_are_named_everywhere() {
    let file = settings("[keys]\nquit = \"F10\"\nhelp = \"Alt-h\"\nbest = [\"Ctrl-g\"]\n");
    let mut terminal = start(&file);
    terminal.wait_for("F10 quit");
    terminal.send("q\x07");
    terminal.wait_until("the best is selected", |screen| screen.contents().contains("Alt-h help"));
    terminal.send("\x1bh");
    terminal.wait_for("Commands: type to search");
    terminal.send("quit");
    terminal.wait_for("F10");
    terminal.send("\x1b");
    terminal.wait_until("the help is closed", |screen| !screen.contents().contains("type to search"));
    terminal.send("\x1b[21~");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_given_back();
}

/// `night` has this colour for the border of the focused pane, `day` that.
const NIGHT: &str = "38;2;125;207;255";
const DAY: &str = "38;2;0;95;135";

#[test]
fn a_theme_by_background_asks_the_terminal() {
    let file = settings("theme = { dark = \"night\", light = \"day\" }\n");
    let mut terminal = start(&file);
    terminal.wait_until_raw("the question", |raw| raw.contains("\x1b]11;?"));
    // The answer, and that to the question behind it, which every terminal knows.
    terminal.send("\x1b]11;rgb:fdfd/f6f6/e3e3\x07\x1b[?62;c");
    terminal.wait_for("quit");
    assert!(terminal.raw().contains(DAY) && !terminal.raw().contains(NIGHT), "{}", terminal.raw());
    terminal.send("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_terminal_that_does_not_answer_is_taken_for_a_dark_one() {
    let file = settings("theme = { dark = \"night\", light = \"day\" }\n");
    let mut terminal = start(&file);
    terminal.wait_for("quit");
    assert!(terminal.raw().contains(NIGHT) && !terminal.raw().contains(DAY));
    terminal.send("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn nobody_is_asked_without_need() {
    let file = settings("theme = { dark = \"night\", light = \"day\" }\nbackground = \"light\"\n");
    let mut terminal = start(&file);
    terminal.wait_for("quit");
    assert!(!terminal.raw().contains("\x1b]11;?") && terminal.raw().contains(DAY));
    terminal.send("q");
    assert_eq!(terminal.exit_code(), 0);
}
