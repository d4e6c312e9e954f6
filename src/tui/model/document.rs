//! Text panes: what the detail, load and diagnostics panes say, before it is drawn.
//!
//! A document knows nothing of widths and colours. The view lays it out; the model needs only the height
//! that gives, to keep the scroll position inside.

use crate::text::fit;

/// What a line says, which decides how it looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A heading, with room above it.
    Heading(String),
    /// A name and its value, aligned with its neighbours.
    Fact(&'static str, String),
    /// A name from the file and its value, which begins after so many cells.
    Named(String, String, usize),
    /// Running text.
    Text(String),
    /// One of several.
    Item(Mark, String),
    /// A line of code, never wrapped at spaces.
    Code(String),
    /// Something still to be done, or missing: stands back.
    Hint(String),
    /// The same, of ours, with names of commands in braces for their keys. One row.
    Keys(&'static str),
    /// Nothing.
    Blank,
}

/// What stands before an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Nothing special.
    Dot,
    /// Good.
    Good,
    /// Deserves a look.
    Warning,
    /// Bad.
    Error,
}

/// Lines of a text pane.
pub type Document = Vec<Line>;

/// Cells the names of facts take, the gap behind them included.
pub const NAMES: usize = 15;

impl Line {
    /// The line in pieces of at most `cells` cells each, with the cells each piece is indented by.
    pub fn pieces(&self, cells: usize) -> Vec<(usize, String)> {
        let (first, rest, text, room) = match self {
            Self::Blank => return vec![(0, String::new())],
            Self::Keys(text) => return vec![(0, (*text).to_owned())],
            Self::Heading(text) | Self::Text(text) | Self::Hint(text) => (0, 0, text, cells),
            Self::Item(_, text) => (2, 2, text, cells.saturating_sub(2)),
            Self::Code(text) => return code(text, cells),
            Self::Fact(_, text) => {
                let indent = names(cells);
                (indent, indent, text, cells.saturating_sub(indent))
            }
            Self::Named(_, text, indent) => {
                let indent = (*indent).min(cells / 2);
                (indent, indent, text, cells.saturating_sub(indent))
            }
        };
        let lines = fit::wrap(text, room.max(1)).into_iter().enumerate();
        lines.map(|(i, line)| (if i == 0 { first } else { rest }, line.to_owned())).collect()
    }
}

/// Cells for the names of facts: fewer in a narrow pane.
pub fn names(cells: usize) -> usize {
    NAMES.min(cells / 2)
}

fn code(text: &str, cells: usize) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() || out.is_empty() {
        let indent = if out.is_empty() { 0 } else { 2.min(cells.saturating_sub(1)) };
        let piece = fit::head(rest, cells.saturating_sub(indent).max(1));
        // A wide character in one cell: take it all the same.
        let len = if piece.is_empty() { rest.chars().next().map_or(0, char::len_utf8) } else { piece.len() };
        let (line, behind) = rest.split_at_checked(len).unwrap_or((rest, ""));
        out.push((indent, line.to_owned()));
        rest = behind;
    }
    out
}

/// A heading, with a line of air above it unless it is the first.
pub fn heading(document: &mut Document, text: impl Into<String>) {
    if !document.is_empty() {
        document.push(Line::Blank);
    }
    document.push(Line::Heading(text.into()));
}

/// Names and values, the values aligned with each other.
pub fn named(document: &mut Document, pairs: Vec<(String, String)>) {
    let widest = pairs.iter().map(|(name, _)| fit::width(name) + 2).max().unwrap_or(0).max(NAMES);
    document.extend(pairs.into_iter().map(|(name, text)| Line::Named(name, text, widest)));
}

/// Rows a document takes at a width.
pub fn height(document: &Document, cells: usize) -> usize {
    document.iter().map(|line| line.pieces(cells).len()).sum()
}

/// How far a text pane is scrolled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scroll {
    /// Rows above the window.
    pub first: usize,
}

impl Scroll {
    /// Moves by a motion command; the end is found when the pane settles.
    pub fn moved(
        &mut self,
        command: super::super::commands::Command,
        count: Option<usize>,
        page: usize,
    ) -> bool {
        let mut cursor = super::cursor::Cursor { at: self.first, first: 0 };
        let moved = cursor.moved(command, count, usize::MAX, page);
        self.first = cursor.at;
        moved
    }

    /// Keeps the window inside the text.
    pub fn settle(&mut self, rows: usize, height: usize) {
        self.first = self.first.min(rows.saturating_sub(height));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_fits_and_keeps_its_text() {
        let lines: Document = vec![
            Line::Fact("shape", "[64, 3, 7, 7] and a good deal more text".to_owned()),
            Line::Code("state = torch.load(\"重み.pt\", weights_only=True)".to_owned()),
            Line::Item(Mark::Dot, "one of several, and long".to_owned()),
            Line::Blank,
        ];
        for cells in 0..60 {
            for (indent, piece) in lines.iter().flat_map(|l| l.pieces(cells)) {
                assert!(indent + fit::width(&piece) <= cells.max(4), "{cells}: {indent} {piece:?}");
            }
            assert_eq!(height(&lines, cells), lines.iter().map(|l| l.pieces(cells).len()).sum::<usize>());
        }
    }
}
