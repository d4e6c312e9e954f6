//! Text in a given number of cells.
//!
//! Everything here takes text that is already safe to show ([`super::shown`]) and counts cells, not
//! characters: CJK letters take two, combining marks none.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Which part of a text that is too long is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// The beginning: `layer1.conv…`.
    Start,
    /// The end: `….conv1.weight`; tensor names differ there.
    End,
}

/// Cells `text` takes.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// `text` in at most `cells` cells, with `mark` (`…`) for its middle where it is longer: names differ at
/// both ends. What does not even leave room for the mark is cut.
pub fn shorten<'a>(text: &'a str, cells: usize, mark: &str) -> Cow<'a, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    match cells.checked_sub(width(mark)) {
        None => Cow::Borrowed(head(text, cells)),
        Some(room) => Cow::Owned(format!("{}{mark}{}", head(text, room - room / 2), tail(text, room / 2))),
    }
}

/// `text` in at most `cells` cells; what was cut is marked with `mark` (one cell).
pub fn cut<'a>(text: &'a str, cells: usize, keep: Keep, mark: &str) -> Cow<'a, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    if cells == 0 {
        return Cow::Borrowed("");
    }
    let room = cells - 1;
    match keep {
        Keep::Start => Cow::Owned(format!("{}{mark}", head(text, room))),
        Keep::End => Cow::Owned(format!("{mark}{}", tail(text, room))),
    }
}

/// The longest beginning of `text` that takes at most `cells` cells.
pub fn head(text: &str, cells: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > cells {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// The longest end of `text` that takes at most `cells` cells.
pub fn tail(text: &str, cells: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices().rev() {
        used += c.width().unwrap_or(0);
        if used > cells {
            return text.get(at + c.len_utf8()..).unwrap_or_default();
        }
    }
    text
}

/// `text` cut or filled to exactly `cells` cells, at the left.
pub fn left(text: &str, cells: usize, mark: &str) -> String {
    let text = cut(text, cells, Keep::Start, mark);
    let gap = cells.saturating_sub(width(&text));
    format!("{text}{:gap$}", "")
}

/// `text` cut or filled to exactly `cells` cells, at the right.
pub fn right(text: &str, cells: usize, mark: &str) -> String {
    let text = cut(text, cells, Keep::Start, mark);
    let gap = cells.saturating_sub(width(&text));
    format!("{:gap$}{text}", "")
}

/// Lines of at most `cells` cells, broken at spaces where there are any. At least one line.
pub fn wrap(text: &str, cells: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while cells > 0 && width(rest) > cells {
        let piece = head(rest, cells);
        let at = match piece.rfind(' ') {
            Some(space) if space > 0 && !rest.get(piece.len()..).unwrap_or_default().starts_with(' ') => {
                space
            }
            // A long name: behind one of its parts, where that does not waste half the line.
            _ if piece.rfind(['.', '/', '_']).is_some_and(|at| at + 1 > piece.len() / 2) => {
                piece.rfind(['.', '/', '_']).map_or(piece.len(), |at| at + 1)
            }
            // Not even one (wide) character fits: take it all the same, or there would be no end.
            _ if piece.is_empty() => rest.chars().next().map_or(rest.len(), char::len_utf8),
            _ => piece.len(),
        };
        let (line, behind) = rest.split_at_checked(at).unwrap_or((rest, ""));
        lines.push(line);
        rest = behind.strip_prefix(' ').unwrap_or(behind);
    }
    if lines.is_empty() || !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

/// `text` in lines of at most `cells` cells, broken at spaces; a longer word has a line of its own.
pub fn wrap_words(text: &str, cells: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while width(rest) > cells {
        let at = head(rest, cells + 1).rfind(' ').or_else(|| rest.find(' '));
        let Some((line, after)) = at.and_then(|at| rest.split_at_checked(at)) else { break };
        lines.push(line);
        rest = after.trim_start();
    }
    if !rest.is_empty() || lines.is_empty() {
        lines.push(rest);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_counts_cells() {
        assert_eq!(cut("conv1", 5, Keep::Start, "…"), "conv1");
        assert_eq!(cut("layer1.conv", 7, Keep::Start, "…"), "layer1…");
        assert_eq!(cut("layer1.conv", 7, Keep::End, "…"), "…1.conv");
        assert_eq!(cut("重み行列", 5, Keep::Start, "…"), "重み…");
        assert_eq!(cut("重み行列", 4, Keep::Start, "…"), "重…");
        assert_eq!(cut("ab", 0, Keep::Start, "…"), "");
        assert_eq!(cut("ab", 1, Keep::End, "…"), "…");
    }

    #[test]
    fn filling_gives_the_exact_width() {
        assert_eq!((left("ab", 4, "…"), right("ab", 4, "…")), ("ab  ".to_owned(), "  ab".to_owned()));
        assert_eq!(width(&left("重み行列", 6, "…")), 6);
    }

    #[test]
    fn wrapping_breaks_at_spaces_and_ends() {
        assert_eq!(wrap("call model.eval() first", 12), ["call", "model.eval()", "first"]);
        assert_eq!(wrap("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(wrap("blocks.0.conv.weight", 16), ["blocks.0.conv.", "weight"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("重み", 1), ["重", "み"]);
        assert_eq!(wrap("ab", 0), ["ab"]);
    }

    #[test]
    fn lines_break_at_spaces() {
        for (text, cells, want) in [
            ("a bc def", 4, vec!["a bc", "def"]),
            ("a bc def", 8, vec!["a bc def"]),
            ("abcdef g", 3, vec!["abcdef", "g"]),
            ("abcdef", 3, vec!["abcdef"]),
            ("", 3, vec![""]),
            ("重み 重み", 5, vec!["重み", "重み"]),
        ] {
            assert_eq!(wrap_words(text, cells), want, "{text}");
        }
    }

    #[test]
    fn the_middle_goes_first() {
        for (text, cells, want) in [
            ("short", 5, "short"),
            ("layers.10.weight", 9, "laye…ight"),
            ("layers.10.weight", 8, "laye…ght"),
            ("重み重み重み", 6, "重…み"),
            ("重み重み重み", 12, "重み重み重み"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
        ] {
            assert_eq!(shorten(text, cells, "…"), want);
            assert!(width(&shorten(text, cells, "…")) <= cells);
        }
        assert_eq!(shorten("abcdefgh", 2, "..."), "ab");
    }
}
