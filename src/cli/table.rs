//! Aligned columns for any number of rows: cells are made when they are needed and never kept.

use std::io::{self, Write};

use super::style::{Style, Tone};
use crate::text::fit;

/// Names longer than this are shortened even where a line has no end.
const LONGEST: usize = 200;
/// An elastic column is not made narrower than this,
const NARROWEST: usize = 16;
/// nor narrower than this before columns that can be done without are left out.
const COMFORTABLE: usize = 28;
/// Cells of the last column's text that should fit beside the others; more goes on a line of its own.
const REMARK: usize = 12;
/// Cells in front of a row.
const INDENT: usize = 2;

/// A column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    title: String,
    place: Place,
    /// Left out where the terminal is too narrow, the highest first; 0 never is.
    spare: u8,
}

/// How the text of a column is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Left,
    Right,
    /// Left, and shortened in the middle where the terminal is too narrow.
    Elastic,
    /// Left, last, never shortened.
    Remark,
}

impl Column {
    /// A column of words.
    pub(super) fn left(title: impl Into<String>) -> Self {
        Self { title: title.into(), place: Place::Left, spare: 0 }
    }

    /// A column of numbers.
    pub(super) fn right(title: impl Into<String>) -> Self {
        Self { place: Place::Right, ..Self::left(title) }
    }

    /// A column of names, which gives way where the terminal is too narrow.
    pub(super) fn elastic(title: impl Into<String>) -> Self {
        Self { place: Place::Elastic, ..Self::left(title) }
    }

    /// A last column of prose.
    pub(super) fn remark(title: impl Into<String>) -> Self {
        Self { place: Place::Remark, ..Self::left(title) }
    }

    /// The column can be done without; those of the highest rank go first.
    pub(super) fn spare(self, rank: u8) -> Self {
        Self { spare: rank, ..self }
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
        *width = (*width).max(fit::width(&column.title));
        if column.place != Place::Remark {
            *width = (*width).min(LONGEST);
        }
    }
    squeeze(style, columns, &mut widths);
    let titles = columns.iter().map(|c| Cell::toned(c.title.clone(), Tone::Dim)).collect();
    line(out, style, columns, &widths, titles)?;
    (0..count).try_for_each(|at| line(out, style, columns, &widths, row(at)))
}

/// Makes a row fit into the terminal: leaves out columns, then narrows elastic ones, the widest first.
fn squeeze(style: &Style, columns: &[Column], widths: &mut [usize]) {
    let Some(room) = style.width else { return };
    let total = |widths: &[usize], least: usize| {
        let used = widths.iter().zip(columns).filter(|(width, _)| **width > 0);
        let cells = used.map(|(width, column)| match column.place {
            Place::Elastic => 2 + (*width).min(least),
            Place::Remark => 2 + (*width).min(REMARK),
            Place::Left | Place::Right => 2 + *width,
        });
        cells.sum::<usize>()
    };
    while total(widths, COMFORTABLE) > room {
        let spare = widths.iter_mut().zip(columns).filter(|(width, column)| column.spare > 0 && **width > 0);
        let Some((width, _)) = spare.max_by_key(|(_, column)| column.spare) else { break };
        *width = 0;
    }
    let mut excess = total(widths, usize::MAX).saturating_sub(room);
    while excess > 0 {
        let elastic = widths.iter_mut().zip(columns);
        let elastic = elastic.filter(|(width, column)| column.place == Place::Elastic && **width > NARROWEST);
        let Some((widest, _)) = elastic.max_by_key(|(width, _)| **width) else { return };
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
    let (mut blank, mut at) = (INDENT, 0);
    for ((column, width), cell) in columns.iter().zip(widths).zip(cells).filter(|((_, width), _)| **width > 0)
    {
        if column.place == Place::Remark {
            remark(out, style, &cell, at, blank)?;
            break;
        }
        let text = fit::shorten(&cell.text, *width, style.ellipsis());
        let pad = width.saturating_sub(fit::width(&text));
        if text.is_empty() {
            blank += width + 2;
            continue;
        }
        let (before, after) = if column.place == Place::Right { (pad, 0) } else { (0, pad) };
        write!(out, "{:1$}{2}", "", blank + before, style.paint(cell.tone, &text))?;
        at += blank + width - after;
        blank = after + 2;
    }
    writeln!(out)
}

/// The last cell of a row, `blank` cells behind the other ones' `used` if it fits there, else below them.
fn remark(out: &mut dyn Write, style: &Style, cell: &Cell, used: usize, blank: usize) -> io::Result<()> {
    const BELOW: usize = 6;
    let fits = style.width.is_none_or(|room| used + blank + fit::width(&cell.text) <= room);
    if cell.text.is_empty() {
        return Ok(());
    }
    if fits {
        return write!(out, "{:blank$}{}", "", style.paint(cell.tone, &cell.text));
    }
    let room = style.width.unwrap_or(usize::MAX).saturating_sub(BELOW);
    for part in fit::wrap_words(&cell.text, room) {
        write!(out, "\n{:BELOW$}{}", "", style.paint(cell.tone, part))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(width: Option<usize>) -> String {
        let style = Style::plain(width);
        let columns = [
            Column::elastic("NAME"),
            Column::right("SIZE"),
            Column::right("EMPTY"),
            Column::right("SPARE").spare(1),
            Column::remark("NOTE"),
        ];
        let rows = [
            [
                "a.rather.long.name.of.a.layer.weight",
                "1",
                "",
                "12",
                "a note that is quite a lot longer than the others",
            ],
            ["short", "1000", "", "", ""],
        ];
        let mut out = Vec::new();
        let row = |at: usize| rows[at].iter().map(|text| Cell::from(*text)).collect();
        write(&mut out, &style, &columns, rows.len(), &row).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_is_shortened_where_a_line_has_no_end() {
        let want = "
  NAME                                  SIZE  SPARE  NOTE
  a.rather.long.name.of.a.layer.weight     1     12  a note that is quite a lot longer than the others
  short                                 1000
";
        assert_eq!(table(None), want.trim_start_matches('\n'));
    }

    #[test]
    fn a_narrow_terminal_shows_what_matters() {
        let want = "
  NAME                        SIZE  NOTE
  a.rather.long…layer.weight     1
      a note that is quite a lot longer than the
      others
  short                       1000
";
        assert_eq!(table(Some(48)), want.trim_start_matches('\n'));
        assert!(table(Some(20)).lines().all(|line| fit::width(line) <= 40));
    }
}
