//! `spectra` as a table: a row for each matrix. The singular values themselves are in the JSON.

use crate::cli::args::Sheet as Form;
use crate::cli::output::{Failure, Out};
use crate::cli::sheet::{self, Column, Value};
use crate::spectra::Summary;
use crate::spectra::file::Row;

/// Writes all matrices.
pub(super) fn write(rows: &[Row], form: Form, out: &mut Out) -> Result<(), Failure> {
    let columns = vec![
        Column::left("path"),
        Column::right("rows"),
        Column::right("columns"),
        Column::right("spectral_norm"),
        Column::right("condition_number"),
        Column::right("stable_rank"),
        Column::right("effective_rank"),
        Column::right("alpha"),
        Column::right("alpha_distance").detail(),
        Column::right("alpha_count").detail(),
        Column::right("frobenius_norm").detail(),
        Column::right("rank"),
        Column::left("complete"),
        Column::right("error_bound").detail(),
        Column::left("error"),
    ];
    Ok(sheet::write(form, columns, rows.iter().map(cells), out)?)
}

fn cells(row: &Row) -> Vec<Value> {
    let found = row.found.as_ref().ok();
    let summary = found.map(|(_, summary)| summary);
    let spectrum = found.map(|(spectrum, _)| spectrum);
    let real = |value: fn(&Summary) -> Option<f64>| Value::of(summary.and_then(value), Value::Float);
    let tail = summary.and_then(|s| s.tail);
    vec![
        Value::name(row.path.as_str()),
        Value::Count(row.matrix.0),
        Value::Count(row.matrix.1),
        real(|s| Some(s.spectral_norm)),
        real(|s| s.condition_number),
        real(|s| s.stable_rank),
        real(|s| s.effective_rank),
        real(Summary::alpha),
        Value::of(tail, |fit| Value::Float(fit.distance)),
        Value::of(tail, |fit| Value::Count(fit.count as u64)),
        real(|s| Some(s.frobenius_norm)),
        Value::of(summary.and_then(|s| s.rank), |rank| Value::Count(rank as u64)),
        Value::Flag(spectrum.is_some_and(|s| s.is_complete)),
        Value::of(spectrum, |s| Value::Float(s.error_bound)),
        Value::of(row.found.as_ref().err(), Value::words),
    ]
}
