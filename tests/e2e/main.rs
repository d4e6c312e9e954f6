//! The program in a real (pseudo-)terminal: what it writes there, and how it leaves it behind.

// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod memory;
mod reading;
mod terminal;

use std::time::Duration;

use terminal::Terminal;

const DEMO: &str = "assets/demo";

#[test]
fn a_folder_streams_in_a_checkpoint_opens_and_quitting_restores_the_screen() {
    let mut terminal = Terminal::start(&[DEMO], 120, 36);
    terminal.wait_for("51 checkpoints in 5 runs");
    assert!(terminal.is_taken());
    terminal.send("/overfit\r");
    terminal.wait_for("24 of 51");
    terminal.send("b\r");
    terminal.wait_for("[Layers]");
    terminal.wait_for("epoch_10.pt");
    terminal.send("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_given_back();
}

#[test]
fn a_resize_draws_anew() {
    let mut terminal = Terminal::start(&[DEMO], 120, 36);
    terminal.wait_for("51 checkpoints");
    terminal.resize(30, 8);
    terminal.wait_for("too small");
    terminal.resize(80, 24);
    terminal.wait_for("51 checkpoints");
    terminal.send("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_given_back();
}

/// The terminal gets its size while the program starts: the news may come before anyone listens.
#[test]
fn a_size_that_comes_late_is_seen() {
    for _ in 0..5 {
        let mut terminal = Terminal::start(&["assets/demo"], 1, 1);
        terminal.resize(100, 30);
        terminal.wait_for("glyphs-cnn");
        terminal.send("q");
        assert_eq!(terminal.exit_code(), 0);
    }
}

#[test]
fn ctrl_c_quits_from_everywhere() {
    for keys in ["", "/x", "?x", "g", "\t"] {
        let mut terminal = Terminal::start(&[DEMO], 100, 30);
        terminal.wait_for("51 checkpoints");
        terminal.send(keys);
        terminal.send("\x03");
        assert_eq!(terminal.exit_code(), 0, "after {keys:?}");
        terminal.assert_given_back();
    }
}

#[test]
fn without_colour_the_selection_is_seen() {
    let mut terminal = Terminal::start_with(&[DEMO], 100, 30, &[("NO_COLOR", "1")]);
    terminal.wait_for("51 checkpoints");
    terminal.send("jj");
    terminal.wait_until("the third row is reversed", |screen| {
        (0..30).any(|y| screen.cell(y, 10).is_some_and(vt100::Cell::inverse))
    });
    let screen = terminal.screen();
    for y in 0..30 {
        for x in 0..100 {
            let cell = screen.cell(y, x).expect("a cell");
            assert_eq!((cell.fgcolor(), cell.bgcolor()), (vt100::Color::Default, vt100::Color::Default));
        }
    }
    terminal.send("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_signal_gives_the_terminal_back() {
    for signal in ["TERM", "HUP"] {
        let mut terminal = Terminal::start(&[DEMO], 100, 30);
        terminal.wait_for("51 checkpoints");
        terminal.signal(signal);
        assert_ne!(terminal.exit_code(), 0, "whoever sent the signal is told");
        terminal.assert_given_back();
    }
}

#[test]
fn what_is_copied_goes_through_the_terminal() {
    let mut terminal = Terminal::start(&["assets/demo/glyphs-cnn/best.pt"], 100, 30);
    terminal.wait_for("[Layers]");
    terminal.send("goy");
    terminal.wait_for("copied");
    // "import torch", as OSC 52 carries it.
    assert!(terminal.raw().contains("\x1b]52;c;aW1wb3J0IHRvcmNo"), "no OSC 52");
    terminal.send("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn idle_it_does_nothing() {
    let mut terminal = Terminal::start(&[DEMO], 100, 30);
    terminal.wait_for("51 checkpoints");
    // Nothing is written while nothing happens: wait for a silence, as long as three spinner pictures.
    terminal.wait_for_silence(Duration::from_millis(300));
    terminal.send("q");
    assert_eq!(terminal.exit_code(), 0);
}

/// Run in a terminal by the tests below.
#[test]
#[ignore = "a part of other tests"]
fn child_ui_thread_panics() {
    let mut term = ckpt_tui::tui::term::Term::enter(true).expect("a terminal");
    term.draw(|_| ckpt_tui::tui::view::CursorAt::default()).expect("a frame");
    panic!("the screen broke");
}

#[test]
fn a_panic_gives_the_terminal_back_and_is_told() {
    let mut terminal = Terminal::start_test("child_ui_thread_panics");
    assert_ne!(terminal.exit_code(), 0);
    terminal.wait_for("the screen broke");
    terminal.assert_given_back();
}

/// Run in a terminal by the test below.
#[test]
#[ignore = "a part of other tests"]
fn child_worker_panics() {
    let term = ckpt_tui::tui::term::Term::enter(true).expect("a terminal");
    let worker = std::thread::spawn(|| panic!("a worker broke"));
    assert!(worker.join().is_err());
    print!("still here");
    std::io::Write::flush(&mut std::io::stdout()).expect("a terminal");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("a line");
    drop(term);
}

#[test]
fn a_panic_in_a_worker_leaves_the_screen_alone() {
    let mut terminal = Terminal::start_test("child_worker_panics");
    terminal.wait_for("still here");
    assert!(terminal.is_taken(), "the screen is still ours");
    assert!(!terminal.raw().contains("a worker broke"), "and nothing was written over it");
    terminal.send("\r\n");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_given_back();
}

#[cfg(target_os = "linux")]
mod settings;
mod statistics;
mod suspend;
