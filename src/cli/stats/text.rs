//! `stats` as text: a table, what it means in words, and the total.

use std::io::{self, Write};

use super::rows::{Row, Rows};
use crate::cli::style::{Style, Tone};
use crate::cli::table::{self, Cell, Column};
use crate::sorting::Sort as _;
use crate::stats::{LEVELS, Outcome, TensorStats};
use crate::text::{number, shown};

/// Findings listed unless more is asked for.
const FINDINGS: usize = 30;

/// What the table keeps of a tensor: numbers, without histogram and quantiles unless they are wanted.
struct Line {
    name: String,
    dtype: &'static str,
    shape: String,
    stats: Result<Numbers, String>,
}

struct Numbers {
    mean: Option<f64>,
    std: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    l2: f64,
    zeros: Option<f64>,
    nan: u64,
    inf: u64,
    quantiles: [f64; LEVELS.len()],
}

/// The table, and what was found.
pub(super) struct Table {
    lines: Vec<Line>,
    /// Serious or not, and the words.
    findings: Vec<(bool, String)>,
}

impl Table {
    /// Waits for all rows.
    pub(super) fn of(rows: Rows<'_>) -> Self {
        let mut table = Self { lines: Vec::new(), findings: Vec::new() };
        for row in rows {
            let name = shown(&row.entry.path).into_owned();
            let said = row.findings.iter().map(|f| (f.is_serious(), format!("{name}: {}", f.text())));
            table.findings.extend(said);
            table.lines.push(Line::of(&row, name));
        }
        // Serious ones first, else in the order of the file.
        table.findings.in_order_of(|(serious, _)| !serious);
        table
    }

    pub(super) fn write(&self, outcome: &Outcome, style: &Style, out: &mut dyn Write) -> io::Result<()> {
        table::write(out, style, &columns(style), self.lines.len(), &|at| {
            self.lines.get(at).map(|line| line.cells(style)).unwrap_or_default()
        })?;
        self.write_findings(style, out)?;
        total(outcome, style, out)
    }

    fn write_findings(&self, style: &Style, out: &mut dyn Write) -> io::Result<()> {
        if self.findings.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", style.paint(Tone::Title, "Findings"))?;
        let most = if style.verbose { usize::MAX } else { FINDINGS };
        for (serious, text) in self.findings.iter().take(most) {
            writeln!(out, "  {}", style.paint(if *serious { Tone::Bad } else { Tone::Warn }, text))?;
        }
        match self.findings.len().saturating_sub(most) {
            0 => Ok(()),
            more => writeln!(out, "  {} more with -v", number::grouped(more as u64)),
        }
    }
}

impl Line {
    fn of(row: &Row<'_>, name: String) -> Self {
        let numbers = |s: &TensorStats| Numbers {
            mean: s.mean(),
            std: s.std(),
            min: s.min(),
            max: s.max(),
            l2: s.moments.l2(),
            zeros: s.zero_share(),
            nan: s.nan,
            inf: s.inf,
            quantiles: s.quantiles,
        };
        Self {
            name,
            dtype: row.meta.dtype.name(),
            shape: number::shape(row.meta.shape()),
            stats: row.stats.as_ref().map(|s| numbers(s)).map_err(Clone::clone),
        }
    }

    fn cells(&self, style: &Style) -> Vec<Cell> {
        let mut cells: Vec<Cell> =
            vec![self.name.clone().into(), self.dtype.into(), self.shape.clone().into()];
        let numbers = match &self.stats {
            Ok(numbers) => numbers,
            Err(reason) => {
                cells.resize_with(columns(style).len() - 1, Cell::default);
                cells.push(Cell::toned(reason.clone(), Tone::Dim));
                return cells;
            }
        };
        let real = |x: Option<f64>| Cell::from(x.map(number::metric).unwrap_or_default());
        cells.extend([real(numbers.mean), real(numbers.std), real(numbers.min)]);
        if style.verbose {
            cells.extend(numbers.quantiles.map(|x| real(Some(x).filter(|x| x.is_finite()))));
        }
        cells.extend([real(numbers.max), real(Some(numbers.l2))]);
        cells.push(numbers.zeros.map(number::percent).unwrap_or_default().into());
        let bad = |n: u64| match n {
            0 => Cell::default(),
            n => Cell::toned(number::grouped(n), Tone::Bad),
        };
        cells.extend([bad(numbers.nan), bad(numbers.inf), Cell::default()]);
        cells
    }
}

fn columns(style: &Style) -> Vec<Column> {
    let mut columns =
        vec![Column::elastic("NAME"), Column::left("DTYPE").spare(2), Column::left("SHAPE").spare(1)];
    columns.extend([Column::right("MEAN"), Column::right("STD"), Column::right("MIN")]);
    if style.verbose {
        columns.extend(LEVELS.iter().map(|level| Column::right(format!("Q{level}")).spare(4)));
    }
    columns.extend([Column::right("MAX"), Column::right("NORM").spare(3), Column::right("ZEROS")]);
    columns.extend([Column::right("NAN"), Column::right("INF"), Column::remark("")]);
    columns
}

fn total(outcome: &Outcome, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let Outcome { total, bytes_read } = outcome;
    let mut facts = vec![format!("{} elements", number::grouped(total.count))];
    let mut fact =
        |name: &str, x: Option<f64>| facts.extend(x.map(|x| format!("{name} {}", number::metric(x))));
    fact("mean", total.mean());
    fact("std", total.std());
    fact("min", total.min());
    fact("max", total.max());
    fact("norm", (total.count > 0).then(|| total.moments.l2()));
    facts.extend(total.zero_share().map(|share| format!("{} zeros", number::percent(share))));
    if total.nan + total.inf > 0 {
        facts.push(format!("{} NaN, {} infinite", number::grouped(total.nan), number::grouped(total.inf)));
    }
    writeln!(out, "\n{}", style.paint(Tone::Title, "Total of the model"))?;
    writeln!(out, "  {}", facts.join(style.dot()))?;
    let how = if *bytes_read == 0 {
        "remembered from before".to_owned()
    } else {
        format!("{} read", number::bytes(*bytes_read))
    };
    writeln!(out, "  {}", style.paint(Tone::Dim, &how))
}
