//! GitHub's tables. A bar ends a cell even inside code, and a line end ends the row: both are escaped.

use std::io::{self, Write};

use super::{Column, Value, written};

/// The header, and the line below it.
pub(super) fn head(columns: &[Column], out: &mut dyn Write) -> io::Result<()> {
    let shown = || columns.iter().filter(|column| !column.detail);
    for column in shown() {
        let title = match column.title.strip_prefix("metrics.") {
            Some(name) => code(&crate::text::shown(name)),
            None => column.title.replace('_', " "),
        };
        write!(out, "| {title} ")?;
    }
    write!(out, "|\n|")?;
    for column in shown() {
        write!(out, "{}|", if column.right { "---:" } else { "---" })?;
    }
    writeln!(out)
}

/// One row.
pub(super) fn row(columns: &[Column], cells: &[Value], out: &mut dyn Write) -> io::Result<()> {
    for (_, value) in columns.iter().zip(cells).filter(|(column, _)| !column.detail) {
        let text = written(value);
        let text = match value {
            Value::Name(_) => code(&text),
            Value::Words(_) => words(&text),
            _ => text,
        };
        write!(out, "| {text}{}", if text.is_empty() { "" } else { " " })?;
    }
    writeln!(out, "|")
}

/// A name as code: nothing in it is taken for markup.
fn code(text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A space beside a backtick keeps it from joining the fence, and is not shown where one stands on both sides.
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{}{pad}{fence}", text.replace('|', "\\|"))
}

/// Words, with what Markdown or HTML would take for markup escaped.
fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
