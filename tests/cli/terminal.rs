//! Whatever a name holds, a terminal that prints it stays where it is: every code point through an emulator.

use std::num::NonZero;

use ckpt_tui::text::{shown, shown_bytes};
use unicode_width::UnicodeWidthStr;

/// Cells of a line of the emulator.
const WIDTH: u16 = 250;

/// Takes nothing from a name: every request of the terminal fails the test.
struct Nothing;

impl vt100::Callbacks for Nothing {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        panic!("a bell")
    }

    fn set_window_icon_name(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        panic!("an icon name")
    }

    fn set_window_title(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        panic!("a title")
    }

    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], _: &[u8]) {
        panic!("the clipboard")
    }

    fn paste_from_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        panic!("the clipboard")
    }

    fn unhandled_control(&mut self, _: &mut vt100::Screen, byte: u8) {
        panic!("control {byte:#04x}")
    }

    fn unhandled_escape(&mut self, _: &mut vt100::Screen, _: Option<u8>, _: Option<u8>, byte: u8) {
        panic!("escape {byte:#04x}")
    }

    fn unhandled_csi(&mut self, _: &mut vt100::Screen, _: Option<u8>, _: Option<u8>, _: &[&[u16]], c: char) {
        panic!("CSI {c:?}")
    }

    fn unhandled_osc(&mut self, _: &mut vt100::Screen, _: &[&[u8]]) {
        panic!("OSC")
    }
}

type Parser = vt100::Parser<Nothing>;

fn terminal() -> Parser {
    let (rows, columns) = (NonZero::new(3).unwrap(), NonZero::new(WIDTH).unwrap());
    Parser::new_with_callbacks(rows, columns, 0, Nothing)
}

/// Prints `text` between two marks, and asserts that nothing but `text` is between them, on one line.
fn print(parser: &mut Parser, text: &str) {
    parser.process(b"\x1b[H\x1b[2J<");
    parser.process(text.as_bytes());
    parser.process(b">");
    let screen = parser.screen();
    let (row, column) = screen.cursor_position();
    assert_eq!(row, 0, "{text:?} broke out of its line");
    // The emulator's table of widths is of another version of Unicode than ours for a few code points.
    let off = i32::from(column) - i32::try_from(text.width()).unwrap() - 2;
    assert!(off.abs() <= 4, "{off} cells off: {}", text.escape_unicode());
    let line = screen.contents();
    assert!(line.starts_with('<') && line.trim_end().ends_with('>') && line.lines().count() == 1, "{line:?}");
    assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.application_cursor());
}

#[test]
fn no_code_point_acts_on_the_terminal() {
    let mut parser = terminal();
    let mut batch = String::new();
    for c in (0..=0x10_FFFF).filter_map(char::from_u32) {
        let text = shown(c.encode_utf8(&mut [0; 4])).into_owned();
        assert!(!text.chars().any(char::is_control), "U+{:04X}", u32::from(c));
        // A letter between keeps marks from piling up; what is escaped is plain ASCII and proves nothing new.
        if text.starts_with('\\') {
            continue;
        }
        batch.push('a');
        batch.push_str(&text);
        if batch.width() > usize::from(WIDTH) - 16 {
            print(&mut parser, &batch);
            batch.clear();
        }
    }
    print(&mut parser, &batch);
}

#[test]
fn sequences_in_names_are_printed_and_not_obeyed() {
    let mut parser = terminal();
    for name in [
        "a\u{1b}[2J\u{1b}[H",
        "\u{1b}]0;owned\u{7}w",
        "\u{1b}]52;c;eA==\u{7}",
        "\u{1b}[?1049l\u{1b}[?25l",
        "\u{9b}2J",
        "real\rfake",
        "a\nb",
        "\u{8}\u{8}\u{8}",
        "weight\u{202e}x",
        "we\u{200b}ight",
    ] {
        print(&mut parser, &shown(name));
    }
    print(&mut parser, &shown_bytes(b"w\x9b2J\xff\xed\xa0\x80"));
}
