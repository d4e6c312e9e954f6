//! Aligned columns for any number of rows: cells are made when they are needed and never kept.

use std::io::{self, Write};

use super::style::{Style, Tone};
use crate::text::fit;

/// Names longer than this are shortened even where a line has no end.
const LONGEST: usize = 200;
/// An elastic column is not made narrower than this.
const NARROWEST: usize = 16;
/// Cells in front of a row.
const INDENT: usize = 2;

/// A column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    title: String,
    right: bool,
    elastic: bool,
}

impl Column {
    /// A column of text.
    pub(super) fn left(title: impl Into<String>) -> Self {
        Self { title: title.into(), right: false, elastic: false }
    }

    /// A column of numbers.
    pub(super) fn right(title: impl Into<String>) -> Self {
        Self { right: true, ..Self::left(title) }
    }

    /// A column of names, which gives way where the terminal is too narrow.
    pub(super) fn elastic(title: impl Into<String>) -> Self {
        Self { elastic: true, ..Self::left(title) }
    }
}

/// What stands in a column. The text is safe to print.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// A cell in a tone.
    pub(super) fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::toned(text, Tone::Plain)
    }
}

/// Writes `count` rows under the titles of `columns`. `row` makes the cells of a row, and is asked twice
/// for each: once for the widths. Columns without any text are left out.
pub(super) fn write(
    out: &mut dyn Write,
    style: &Style,
    columns: &[Column],
    count: usize,
    row: &dyn Fn(usize) -> Vec<Cell>,
) -> io::Result<()> {
    let mut widths = vec![0; columns.len()];
    for at in 0..count {
        for (width, cell) in widths.iter_mut().zip(row(at)) {
            *width = (*width).max(fit::width(&cell.text));
        }
    }
    for (width, column) in widths.iter_mut().zip(columns).filter(|(width, _)| **width > 0) {
        *width = (*width).max(fit::width(&column.title)).min(LONGEST);
    }
    squeeze(style, columns, &mut widths);
    let titles = columns.iter().map(|c| Cell::toned(c.title.clone(), Tone::Dim)).collect();
    line(out, style, columns, &widths, titles)?;
    (0..count).try_for_each(|at| line(out, style, columns, &widths, row(at)))
}

/// Narrows elastic columns, the widest first, until a row fits into the terminal.
fn squeeze(style: &Style, columns: &[Column], widths: &mut [usize]) {
    let Some(room) = style.width else { return };
    let gaps = INDENT + 2 * widths.iter().filter(|w| **w > 0).count().saturating_sub(1);
    let mut excess = (gaps + widths.iter().sum::<usize>()).saturating_sub(room);
    while excess > 0 {
        let elastic = widths.iter_mut().zip(columns).filter(|(w, c)| c.elastic && **w > NARROWEST);
        let Some((widest, _)) = elastic.max_by_key(|(w, _)| **w) else { return };
        let step = excess.min(8).min(*widest - NARROWEST);
        *widest -= step;
        excess -= step;
    }
}

fn line(
    out: &mut dyn Write,
    style: &Style,
    columns: &[Column],
    widths: &[usize],
    cells: Vec<Cell>,
) -> io::Result<()> {
    let shown = columns.iter().zip(widths).zip(cells).filter(|((_, width), _)| **width > 0);
    let mut blank = INDENT;
    for ((column, width), cell) in shown {
        let last =
            columns.last().is_some_and(|c| std::ptr::eq(c, column)) && !column.right && !column.elastic;
        let text =
            if last { cell.text.as_str().into() } else { fit::shorten(&cell.text, *width, style.ellipsis()) };
        let pad = width.saturating_sub(fit::width(&text));
        let (before, after) = if column.right { (pad, 0) } else { (0, pad) };
        if text.is_empty() {
            blank += width + 2;
            continue;
        }
        write!(out, "{:1$}{2}", "", blank + before, style.paint(cell.tone, &text))?;
        blank = after + 2;
    }
    writeln!(out)
}
