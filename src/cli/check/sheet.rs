//! `check` as a table: a row for each finding, and one for each file without any.

use crate::check::{Finding, Report};
use crate::checkpoint::Format;
use crate::cli::args::Sheet as Form;
use crate::cli::output::{Failure, Out};
use crate::cli::sheet::{self, Column, Value};

/// Writes what was found in all files.
pub(super) fn write<'a>(
    reports: impl Iterator<Item = &'a Report>,
    form: Form,
    out: &mut Out,
) -> Result<(), Failure> {
    let columns = vec![
        Column::left("path"),
        Column::left("status"),
        Column::left("format"),
        Column::right("bytes"),
        Column::right("tensors"),
        Column::left("weights_only"),
        Column::left("severity"),
        Column::left("code"),
        Column::left("where"),
        Column::left("message"),
    ];
    let rows = reports.flat_map(|report| {
        let nothing = report.findings.is_empty().then_some(None);
        nothing.into_iter().chain(report.findings.iter().map(Some)).map(move |found| cells(report, found))
    });
    Ok(sheet::write(form, columns, rows, out)?)
}

fn cells(report: &Report, found: Option<&Finding>) -> Vec<Value> {
    vec![
        Value::path(&report.path),
        Value::words(report.verdict.name()),
        Value::of(report.format, |format| Value::words(Format::name(format))),
        Value::Bytes(report.bytes),
        Value::Count(report.tensors as u64),
        Value::Flag(report.weights_only),
        Value::of(found, |found| Value::words(found.severity.name())),
        Value::of(found, |found| Value::words(found.code)),
        Value::of(found.filter(|found| !found.place.is_empty()), |found| Value::words(found.place.as_str())),
        Value::of(found, |found| Value::words(found.message.as_str())),
    ]
}
