//! A table as CSV or as Markdown. A command says once what its columns are and makes rows of typed cells; the form they
//! are written in is decided here. Rows are written as they come: nothing grows with their number.
//!
//! CSV is for programs: numbers with every digit and without units, `true` and `false`, an empty field where there is
//! nothing or a number that is not finite (as `null` in the JSON). Markdown is for people: numbers as the screens have
//! them, names as code, and without the columns only programs want.
//!
//! Names come from strangers. They pass through [`shown`] in both forms. A spreadsheet takes a field that begins with
//! `=`, `+`, `-` or `@` (or one of their full-width twins) for a formula: such text, and text that begins with an
//! apostrophe, gets an apostrophe in front, which is what spreadsheets themselves use, and which taking one away undoes.

use std::io::{self, Write};

use super::args::Sheet as Kind;
use crate::text::{number, shown, shown_path};

mod markdown;

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Nothing: unknown, or it does not apply.
    None,
    /// The name of a thing, as a file has it: a key, a path, a metric.
    Name(String),
    /// Words: of ours, or about what a file holds.
    Words(String),
    /// How many.
    Count(u64),
    /// A size in bytes.
    Bytes(u64),
    /// A measured number.
    Float(f64),
    /// Completed epochs.
    Epoch(f64),
    /// Yes or no.
    Flag(bool),
    /// Sizes of dimensions.
    Shape(Vec<u64>),
}

impl Value {
    /// A name as a file has it.
    pub(super) fn name(name: impl Into<String>) -> Self {
        Self::Name(name.into())
    }

    /// A path. Bytes that are not UTF-8 are shown as such.
    pub(super) fn path(path: &std::path::Path) -> Self {
        match path.to_str() {
            Some(text) => Self::Name(text.to_owned()),
            // Escaped already; `shown` doubles the backslashes, so that it cannot be another path's name.
            None => Self::Name(shown_path(path)),
        }
    }

    /// Words.
    pub(super) fn words(words: impl Into<String>) -> Self {
        Self::Words(words.into())
    }

    /// Several words as one cell.
    pub(super) fn list<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> Self {
        let words: Vec<String> = words.into_iter().map(|word| word.as_ref().to_owned()).collect();
        if words.is_empty() { Self::None } else { Self::Words(words.join("; ")) }
    }

    /// `value` made of what is there, or nothing.
    pub(super) fn of<T>(there: Option<T>, value: impl FnOnce(T) -> Self) -> Self {
        there.map_or(Self::None, value)
    }
}

/// A column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Header in CSV: snake case, the name the JSON has for it where it has one. Part of the contract.
    title: String,
    /// Numbers stand at the right in Markdown.
    right: bool,
    /// Of use to programs only.
    detail: bool,
}

impl Column {
    /// A column of words.
    pub(super) fn left(title: impl Into<String>) -> Self {
        Self { title: title.into(), right: false, detail: false }
    }

    /// A column of numbers.
    pub(super) fn right(title: impl Into<String>) -> Self {
        Self { right: true, ..Self::left(title) }
    }

    /// Left out where people read.
    pub(super) fn detail(self) -> Self {
        Self { detail: true, ..self }
    }
}

/// A table that is being written.
pub(super) struct Sheet<'a> {
    columns: Vec<Column>,
    sink: Sink<'a>,
}

enum Sink<'a> {
    Csv(Box<csv::Writer<&'a mut dyn Write>>),
    Markdown(&'a mut dyn Write),
}

impl<'a> Sheet<'a> {
    /// Writes the headers.
    pub(super) fn begin(kind: Kind, columns: Vec<Column>, out: &'a mut dyn Write) -> io::Result<Self> {
        let sink = match kind {
            Kind::Csv => {
                let mut writer = csv::Writer::from_writer(out);
                let titles = columns.iter().map(|column| guarded(&column.title));
                writer.write_record(titles).map_err(failure)?;
                Sink::Csv(Box::new(writer))
            }
            Kind::Markdown => {
                markdown::head(&columns, out)?;
                Sink::Markdown(out)
            }
        };
        Ok(Self { columns, sink })
    }

    /// Writes one row, of as many cells as there are columns.
    pub(super) fn row(&mut self, cells: &[Value]) -> io::Result<()> {
        debug_assert_eq!(cells.len(), self.columns.len(), "a cell for each column");
        match &mut self.sink {
            Sink::Csv(writer) => writer.write_record(cells.iter().map(field)).map_err(failure),
            Sink::Markdown(out) => markdown::row(&self.columns, cells, *out),
        }
    }

    /// Writes what is left.
    pub(super) fn finish(self) -> io::Result<()> {
        match self.sink {
            Sink::Csv(mut writer) => writer.flush(),
            Sink::Markdown(_) => Ok(()),
        }
    }
}

/// Writes a whole table.
pub(super) fn write(
    kind: Kind,
    columns: Vec<Column>,
    rows: impl Iterator<Item = Vec<Value>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut sheet = Sheet::begin(kind, columns, out)?;
    for row in rows {
        sheet.row(&row)?;
    }
    sheet.finish()
}

/// The error of the output as it was: a closed pipe is told from a full disk by its kind.
fn failure(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// A cell as CSV has it.
fn field(value: &Value) -> String {
    match value {
        Value::None => String::new(),
        Value::Name(text) | Value::Words(text) => guarded(text),
        Value::Count(n) | Value::Bytes(n) => n.to_string(),
        Value::Float(x) if x.is_finite() => format!("{x:?}"),
        Value::Epoch(x) if x.is_finite() => format!("{x}"),
        Value::Float(_) | Value::Epoch(_) => String::new(),
        Value::Flag(yes) => yes.to_string(),
        Value::Shape(sizes) => joined(sizes),
    }
}

fn joined(sizes: &[u64]) -> String {
    sizes.iter().map(u64::to_string).collect::<Vec<_>>().join("x")
}

/// Text in a field: nothing a terminal acts on, and nothing a spreadsheet takes for a formula.
fn guarded(raw: &str) -> String {
    let shown = shown(raw);
    let active = ['=', '+', '-', '@', '\'', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    if shown.starts_with(active) { format!("'{shown}") } else { shown.into_owned() }
}

/// A cell as people read it, before any form's escapes; [`shown`].
fn written(value: &Value) -> String {
    match value {
        Value::None => String::new(),
        Value::Name(text) | Value::Words(text) => shown(text).into_owned(),
        Value::Count(n) => number::grouped(*n),
        Value::Bytes(n) => number::bytes(*n),
        Value::Float(x) => number::metric(*x),
        Value::Epoch(x) => number::epoch(*x),
        Value::Flag(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Shape(sizes) => number::shape(sizes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(kind: Kind, cells: &[Value]) -> String {
        let columns = vec![Column::left("a"), Column::right("b"), Column::left("c").detail()];
        let mut out = Vec::new();
        write(kind, columns, std::iter::once(cells.to_vec()), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_is_neither_a_formula_nor_a_command() {
        for (raw, want) in [
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("-x", "'-x"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("'quoted", "''quoted"),
            ("\u{ff1d}1+1", "'\u{ff1d}1+1"),
            ("\t=1", "\\t=1"),
            ("a\u{1b}[2J", "a\\u{1b}[2J"),
            ("conv1.weight", "conv1.weight"),
        ] {
            assert_eq!(guarded(raw), want);
        }
        assert_eq!(field(&Value::Float(-0.1)), "-0.1", "numbers are no text");
    }

    #[test]
    fn one_row_in_both_forms() {
        let cells = [Value::name("a|b\n`c`"), Value::Bytes(2048), Value::Flag(true)];
        assert_eq!(table(Kind::Csv, &cells), "a,b,c\na|b\\n`c`,2048,true\n");
        assert_eq!(
            table(Kind::Markdown, &cells),
            "| a | b |\n|---|---:|\n| `` a\\|b\\n`c` `` | 2.00 KiB |\n"
        );
        let cells = [Value::words("*no* <b> | _x_"), Value::Float(f64::NAN), Value::None];
        assert_eq!(table(Kind::Csv, &cells), "a,b,c\n*no* <b> | _x_,,\n");
        assert_eq!(
            table(Kind::Markdown, &cells),
            "| a | b |\n|---|---:|\n| \\*no\\* \\<b\\> \\| \\_x\\_ | NaN |\n"
        );
    }

    #[test]
    fn every_digit_is_kept() {
        let x = 0.1 + 0.2;
        assert_eq!(field(&Value::Float(x)).parse::<f64>().unwrap().to_bits(), x.to_bits());
        assert_eq!(field(&Value::Count(u64::MAX)), "18446744073709551615");
        assert_eq!(field(&Value::Shape(vec![64, 3, 7])), "64x3x7");
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_name_is_it_stays_one_field_and_one_cell(name in proptest::prelude::any::<String>()) {
            let cells = [Value::name(name.as_str()), Value::words(name.as_str()), Value::None];
            let text = table(Kind::Csv, &cells);
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let record = reader.records().next().unwrap().unwrap();
            let bare = |field: &str| field.strip_prefix('\'').unwrap_or(field).to_owned();
            proptest::prop_assert_eq!(bare(&record[0]), shown(&name).into_owned());
            let text = table(Kind::Markdown, &cells);
            proptest::prop_assert_eq!(text.lines().count(), 3);
            let row = text.lines().nth(2).unwrap();
            let bars = row.char_indices().filter(|(at, c)| *c == '|' && !row[..*at].ends_with('\\')).count();
            proptest::prop_assert_eq!(bars, 3, "{}", row);
        }
    }
}
