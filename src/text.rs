//! Text from files, made safe to show.
//!
//! Names, metadata and paths come from strangers. Nothing of them reaches a terminal, a log or a message
//! but through [`shown`], which escapes (and never strips: two keys that differ must look different) what
//! could move a cursor, reorder text, hide, or be taken for something else.

pub mod fit;
pub mod likeness;
pub mod natural;
pub mod number;
pub mod python;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Most combining marks in a row that are drawn; more pile up over neighbouring lines.
const COMBINING_MARKS: usize = 4;

/// `text` with everything escaped that is not plainly visible, in Rust's own reversible form
/// (`\n`, `\u{1b}`, `\\`). Borrows when nothing needed escaping, which is nearly always.
pub fn shown(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| matches!(b, 0x20..=0x7e) && b != b'\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut marks = 0;
    for c in text.chars() {
        marks = if is_combining(c) { marks + 1 } else { 0 };
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if must_escape(c) || marks > COMBINING_MARKS => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Text of several lines, made safe to read in a pager: each line is [`shown`], its tabs kept. Lines with nothing to
/// escape but backslashes stay as they are: code is to be read, and copied, as it is.
pub fn lines_shown(text: &str) -> String {
    let piece = |text: &str| {
        let escaped = shown(text);
        if escaped.replace("\\\\", "\\") == text { text.to_owned() } else { escaped.into_owned() }
    };
    let line = |line: &str| line.split('\t').map(piece).collect::<Vec<_>>().join("\t");
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Characters of a name shown in a sentence.
const BRIEF: usize = 200;

/// [`shown`], with the middle of a very long text left out: its length is told instead.
pub fn brief(text: &str) -> String {
    let all = shown(text);
    let count = all.chars().count();
    if count <= BRIEF {
        return all.into_owned();
    }
    let head: String = all.chars().take(BRIEF / 2).collect();
    let tail: String = all.chars().skip(count - BRIEF / 4).collect();
    format!("{head}… {tail} ({} bytes)", text.len())
}

/// [`shown`] for a path; bytes that are not UTF-8 appear as `\xff`.
pub fn shown_path(path: &Path) -> String {
    shown_bytes(path.as_os_str().as_encoded_bytes())
}

/// The last component of a path as it is; for `.` and the like that of the whole path.
pub fn last_component(path: &Path) -> String {
    let whole = || std::path::absolute(path).ok()?.components().next_back().map(|c| c.as_os_str().to_owned());
    let name = path.file_name().map(std::ffi::OsStr::to_owned).or_else(whole);
    name.unwrap_or_else(|| path.as_os_str().to_owned()).to_string_lossy().into_owned()
}

/// [`shown`] for bytes that should be UTF-8; those that are not appear as `\xff`.
pub fn shown_bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(&shown(chunk.valid()));
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

fn is_combining(c: char) -> bool {
    use GeneralCategory::{EnclosingMark, NonspacingMark, SpacingMark};
    !c.is_ascii() && matches!(c.general_category(), NonspacingMark | EnclosingMark | SpacingMark)
}

/// Characters that are invisible, move the cursor, or change the direction of what follows.
fn must_escape(c: char) -> bool {
    use GeneralCategory as G;
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    if matches!(u32::from(c),
        0x034F | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x2800 | 0x3164 | 0xFFA0
        | 0x180B..=0x180F | 0xFE00..=0xFE0F | 0xE0100..=0xE01EF)
    {
        return true;
    }
    matches!(
        c.general_category(),
        G::Control
            | G::Format
            | G::PrivateUse
            | G::Unassigned
            | G::Surrogate
            | G::LineSeparator
            | G::ParagraphSeparator
            | G::SpaceSeparator
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_borrowed() {
        assert!(matches!(shown("layers.0.weight"), Cow::Borrowed(_)));
        assert_eq!(shown("épaisseur.重み"), "épaisseur.重み");
    }

    #[test]
    fn what_could_act_on_a_terminal_is_escaped() {
        assert_eq!(shown("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(shown("a\nb\tc\\"), "a\\nb\\tc\\\\");
        assert_eq!(shown("x\u{202e}y\u{200b}z\u{2028}"), "x\\u{202e}y\\u{200b}z\\u{2028}");
        assert_eq!(shown("no\u{a0}break"), "no\\u{a0}break");
    }

    #[test]
    fn marks_do_not_pile_up() {
        let text = format!("a{}", "\u{301}".repeat(6));
        assert_eq!(shown(&text), format!("a{}\\u{{301}}\\u{{301}}", "\u{301}".repeat(4)));
    }

    #[test]
    fn long_names_are_told_by_their_ends_and_length() {
        assert_eq!(brief("a.b"), "a.b");
        let text = brief(&"k".repeat(1 << 20));
        assert!(text.len() < 200 && text.ends_with("(1048576 bytes)"), "{text}");
    }

    #[test]
    fn different_names_stay_different() {
        assert_ne!(shown("a\u{1b}"), shown("a\\u{1b}"));
        assert_ne!(shown_bytes(b"\xff"), shown_bytes(b"\\xff"));
    }
}
