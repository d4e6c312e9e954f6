//! `stats` as a table: a row for each tensor.

use super::rows::{Row, Rows};
use crate::cli::args::Sheet as Form;
use crate::cli::output::{Failure, Out};
use crate::cli::sheet::{Column, Sheet, Value};
use crate::stats::{LEVELS, TensorStats};

/// Writes all rows, each as soon as it is known.
pub(super) fn write(rows: Rows<'_>, form: Form, out: &mut Out) -> Result<(), Failure> {
    let mut sheet = Sheet::begin(form, columns(), out)?;
    for row in rows {
        sheet.row(&cells(&row))?;
    }
    Ok(sheet.finish()?)
}

fn columns() -> Vec<Column> {
    let mut columns: Vec<Column> = ["path", "dtype", "shape"].map(Column::left).into();
    columns.extend([Column::right("count").detail(), Column::right("nan"), Column::right("inf")]);
    columns.extend(["zeros", "mean", "std", "min", "max"].map(Column::right));
    columns.extend([Column::right("abs_max").detail(), Column::right("l1").detail(), Column::right("l2")]);
    columns.extend(LEVELS.iter().map(|level| Column::right(format!("q{level}")).detail()));
    columns.push(Column::left("exact_quantiles").detail());
    columns.extend(["findings", "error"].map(Column::left));
    columns
}

fn cells(row: &Row<'_>) -> Vec<Value> {
    let stats = row.stats.as_ref().ok();
    let whole = |value: fn(&TensorStats) -> u64| Value::of(stats, |s| Value::Count(value(s)));
    let finite = stats.filter(|s| s.moments.count > 0);
    let real =
        |value: fn(&TensorStats) -> Option<f64>| Value::of(finite.and_then(|s| value(s)), Value::Float);
    let mut cells = vec![
        Value::name(&*row.entry.path),
        Value::words(row.meta.dtype.name()),
        Value::Shape(row.meta.shape().to_vec()),
    ];
    cells.extend([whole(|s| s.count), whole(|s| s.nan), whole(|s| s.inf), whole(|s| s.zeros)]);
    cells.extend([
        real(TensorStats::mean),
        real(TensorStats::std),
        real(TensorStats::min),
        real(TensorStats::max),
        real(|s| Some(s.moments.abs_max())),
        real(|s| Some(s.moments.l1)),
        real(|s| Some(s.moments.l2())),
    ]);
    let quantile = |at| Value::of(finite.and_then(|s| s.quantiles.get(at)).copied(), Value::Float);
    cells.extend((0..LEVELS.len()).map(quantile));
    cells.push(Value::of(stats, |s| Value::Flag(s.exact_quantiles)));
    cells.push(Value::list(row.findings.iter().map(|finding| finding.text())));
    cells.push(Value::of(row.stats.as_ref().err(), Value::words));
    cells
}
