//! Text in a given number of terminal cells.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Cells `text` takes. `text` must have passed [`super::shown`].
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { UnicodeWidthStr::width(text) }
}

/// `text` in at most `cells` cells, with `mark` (`…`) for its middle where it is longer: names differ at
/// both ends. What does not even leave room for the mark is cut.
pub fn shorten<'a>(text: &'a str, cells: usize, mark: &str) -> Cow<'a, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    let Some(room) = cells.checked_sub(width(mark)) else {
        return Cow::Borrowed(text.get(..prefix(text.chars(), cells)).unwrap_or_default());
    };
    let tail = room / 2;
    let head = prefix(text.chars(), room - tail);
    let tail = text.len() - prefix(text.chars().rev(), tail);
    let part = |range: Option<&'a str>| range.unwrap_or_default();
    Cow::Owned(format!("{}{mark}{}", part(text.get(..head)), part(text.get(tail..))))
}

/// Bytes of the first of `chars` that fit into `cells` cells.
fn prefix(chars: impl Iterator<Item = char>, cells: usize) -> usize {
    let (mut used, mut bytes) = (0, 0);
    for c in chars {
        used += c.width().unwrap_or(0);
        if used > cells {
            break;
        }
        bytes += c.len_utf8();
    }
    bytes
}

/// `text` in lines of at most `cells` cells, broken at spaces; a longer word has a line of its own.
pub fn wrap(text: &str, cells: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while width(rest) > cells {
        let fits = prefix(rest.chars(), cells + 1);
        let at = rest.get(..fits).and_then(|t| t.rfind(' ')).or_else(|| rest.find(' '));
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
    fn lines_break_at_spaces() {
        for (text, cells, want) in [
            ("a bc def", 4, vec!["a bc", "def"]),
            ("a bc def", 8, vec!["a bc def"]),
            ("abcdef g", 3, vec!["abcdef", "g"]),
            ("abcdef", 3, vec!["abcdef"]),
            ("", 3, vec![""]),
            ("重み 重み", 5, vec!["重み", "重み"]),
        ] {
            assert_eq!(wrap(text, cells), want, "{text}");
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
