//! The page as it grows. Markup is `&'static str`: it can only stand in this program's source. Everything else is text
//! or a number, and goes in through [`Page::text`] and its like, which escape it.

use std::fmt::Write as _;
use std::time::SystemTime;

use crate::text::{brief, number, shown};

/// Characters of a sentence; more is cut.
const LONGEST: usize = 4_000;
/// Bytes of a listing (Python, torch's message); more is cut.
const LISTING: usize = 40_000;

const STYLE: &str = include_str!("style.css");

/// An HTML page.
#[derive(Debug, Default)]
pub struct Page(String);

/// What stands in a cell of a table.
#[derive(Debug, Clone)]
pub enum Cell {
    /// Words.
    Text(String),
    /// The name of a thing, in the type of code.
    Name(String),
    /// Words that stay on one line: a shape, a date.
    Short(String),
    /// A number, at the right.
    Number(String),
    /// Words to be noticed: of what class, and the words.
    Marked(&'static str, String),
}

impl Cell {
    /// A number, or nothing.
    pub fn real(x: Option<f64>) -> Self {
        Self::Number(x.map(number::metric).unwrap_or_default())
    }

    /// A count in full.
    pub fn count(n: u64) -> Self {
        Self::Number(number::grouped(n))
    }

    /// A size.
    pub fn bytes(n: u64) -> Self {
        Self::Number(number::bytes(n))
    }
}

impl Page {
    /// Begins a page.
    pub fn begin(title: &str, subtitle: &str) -> Self {
        let mut page = Self::default();
        page.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        page.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
        page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.raw("<meta name=\"color-scheme\" content=\"light dark\">\n<title>")
            .text(title)
            .raw("</title>\n");
        page.raw("<style>\n").raw(STYLE).raw("</style>\n</head>\n<body>\n<header>\n<h1>").name(title);
        page.raw("</h1>\n<p class=\"dim\">").text(subtitle).raw("</p>\n</header>\n<main>\n");
        page
    }

    /// Ends the page.
    pub fn end(mut self, stamp: &super::Stamp) -> String {
        self.raw("</main>\n<footer class=\"dim\"><p>Written by ckpt-tui ").text(env!("CARGO_PKG_VERSION"));
        self.raw(" on ")
            .text(&stamp.at)
            .raw(". Nothing in a checkpoint was executed.</p></footer>\n</body>\n</html>\n");
        self.0
    }

    /// Markup.
    pub fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Words, whoever wrote them: nothing in them is markup, and nothing invisible. Backslashes stay as they are: what is
    /// said here went through [`shown`] mostly.
    pub fn text(&mut self, text: &str) -> &mut Self {
        let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(end, _)| end);
        let kept = text.get(..end).unwrap_or_default();
        for piece in kept.split_inclusive('\\') {
            match piece.strip_suffix('\\') {
                Some(plain) => {
                    escape(&mut self.0, &shown(plain));
                    self.0.push('\\');
                }
                None => escape(&mut self.0, &shown(piece)),
            }
        }
        if end < text.len() {
            self.0.push('…');
        }
        self
    }

    /// A name of any length: of very long ones the ends and the length.
    pub fn name(&mut self, name: &str) -> &mut Self {
        escape(&mut self.0, &brief(name));
        self
    }

    /// Lines of a listing, that keep their line ends and backslashes.
    pub fn listing(&mut self, text: &str) -> &mut Self {
        let end =
            text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= LISTING).last();
        let kept = text.get(..end.unwrap_or(0)).unwrap_or_default();
        for piece in kept.split_inclusive(['\n', '\\', '\t']) {
            let (plain, last) = match piece.char_indices().next_back() {
                Some((at, c @ ('\n' | '\\' | '\t'))) => (piece.get(..at).unwrap_or_default(), Some(c)),
                _ => (piece, None),
            };
            escape(&mut self.0, &shown(plain));
            self.0.extend(last);
        }
        if kept.len() < text.len() {
            self.0.push_str("\n…");
        }
        self
    }

    /// A coordinate: with a tenth, and never anything but a number.
    pub fn number(&mut self, x: f64) -> &mut Self {
        let x = if x.is_finite() { x.clamp(-1e6, 1e6) } else { 0.0 };
        let tenths = (x * 10.0).round() as i64;
        if tenths < 0 {
            self.0.push('-');
        }
        let tenths = tenths.abs();
        let _ = write!(self.0, "{}", tenths / 10);
        if tenths % 10 != 0 {
            let _ = write!(self.0, ".{}", tenths % 10);
        }
        self
    }

    /// A whole number, as of a class (`l0`).
    pub fn index(&mut self, n: usize) -> &mut Self {
        let _ = write!(self.0, "{n}");
        self
    }

    /// A heading of the second level, and the section it begins. [`Page::close`] ends that.
    pub fn section(&mut self, title: &str) -> &mut Self {
        self.raw("<section>\n<h2>").name(title).raw("</h2>\n")
    }

    /// Ends a section.
    pub fn close(&mut self) -> &mut Self {
        self.raw("</section>\n")
    }

    /// A heading of the third level.
    pub fn heading(&mut self, title: &str) -> &mut Self {
        self.raw("<h3>").text(title).raw("</h3>\n")
    }

    /// Words in which what stands between backticks is code.
    pub fn prose(&mut self, text: &str) -> &mut Self {
        let pieces = text.split('`').count();
        for (at, piece) in text.split('`').enumerate() {
            if at % 2 == 0 {
                self.text(piece);
            } else if at + 1 < pieces {
                self.raw("<code>").text(piece).raw("</code>");
            } else {
                // The last backtick stands alone.
                self.raw("`").text(piece);
            }
        }
        self
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: &str) -> &mut Self {
        self.raw("<p>").text(text).raw("</p>\n")
    }

    /// A paragraph of less weight.
    pub fn note(&mut self, text: &str) -> &mut Self {
        self.raw("<p class=\"dim\">").text(text).raw("</p>\n")
    }

    /// A listing of code.
    pub fn code(&mut self, text: &str) -> &mut Self {
        self.raw("<pre><code>").listing(text.trim_end()).raw("</code></pre>\n")
    }

    /// A message of long lines.
    pub fn message(&mut self, text: &str) -> &mut Self {
        self.raw("<pre class=\"wrap\">").listing(text.trim_end()).raw("</pre>\n")
    }

    /// Facts by name.
    pub fn facts(&mut self, facts: &[(&str, Cell)]) -> &mut Self {
        self.raw("<dl>\n");
        for (name, value) in facts {
            self.raw("<dt>").text(name).raw("</dt><dd>").value(value).raw("</dd>\n");
        }
        self.raw("</dl>\n")
    }

    /// Begins a table with these headers; a `true` is a column of numbers.
    pub fn table(&mut self, caption: &str, headers: &[(&str, bool)]) -> &mut Self {
        self.raw("<div class=\"wide\"><table>\n<caption>").text(caption).raw("</caption>\n<thead><tr>");
        for (title, number) in headers {
            self.raw(if *number { "<th scope=\"col\" class=\"n\">" } else { "<th scope=\"col\">" });
            self.text(title).raw("</th>");
        }
        self.raw("</tr></thead>\n<tbody>\n")
    }

    /// A row of the table; the first cell heads it.
    pub fn row(&mut self, cells: &[Cell]) -> &mut Self {
        self.raw("<tr>").cells(cells).raw("</tr>\n")
    }

    /// Cells of a row that is begun and ended by whoever calls.
    pub fn cells(&mut self, cells: &[Cell]) -> &mut Self {
        for (at, cell) in cells.iter().enumerate() {
            self.raw(match (at, cell) {
                (0, Cell::Number(_)) => "<th scope=\"row\" class=\"n\">",
                (0, _) => "<th scope=\"row\">",
                (_, Cell::Number(_)) => "<td class=\"n\">",
                (_, Cell::Short(_)) => "<td class=\"s\">",
                _ => "<td>",
            });
            self.value(cell).raw(if at == 0 { "</th>" } else { "</td>" });
        }
        self
    }

    /// Ends the table.
    pub fn table_end(&mut self) -> &mut Self {
        self.raw("</tbody>\n</table></div>\n")
    }

    fn value(&mut self, cell: &Cell) -> &mut Self {
        match cell {
            Cell::Text(text) | Cell::Short(text) | Cell::Number(text) => self.text(text),
            Cell::Name(name) => self.raw("<code>").name(name).raw("</code>"),
            Cell::Marked(class, text) => {
                self.raw("<strong class=\"").raw(class).raw("\">").text(text).raw("</strong>")
            }
        }
    }

    /// What there is so far.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The one place where text becomes markup.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

/// A time in UTC, to the minute.
pub fn date(time: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time);
    time.map(|time| time.strftime("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default()
}

/// `1 tensor`, `122 tensors`.
pub(super) fn of(n: u64, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {what}{s}", number::grouped(n))
}

#[cfg(test)]
mod tests;
