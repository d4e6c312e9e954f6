//! `ls` as a table: a row for each checkpoint, whatever its run; a column for each metric.

use std::collections::{BTreeMap, BTreeSet};

use crate::checkpoint::{Format, Kind};
use crate::cli::args::Sheet as Form;
use crate::cli::json::timestamp;
use crate::cli::output::{self, Failure, Out};
use crate::cli::sheet::{self, Column, Value};
use crate::runs::group::Index;
use crate::runs::{CheckpointRow, Role, Run};

/// Metrics with a column: a file may name as many as it likes, and each is a field of every row.
const METRICS: usize = 200;

/// Writes all runs.
pub(super) fn write(index: &Index, form: Form, out: &mut Out) -> Result<(), Failure> {
    let metrics = metrics(index);
    let mut columns: Vec<Column> = ["run", "path"].map(Column::left).into();
    columns.extend([Column::right("epoch"), Column::right("step")]);
    columns.extend(metrics.iter().map(|name| Column::right(format!("metrics.{name}"))));
    columns.extend(["bytes", "parameters", "tensors"].map(Column::right));
    columns.extend(["kind", "format", "modified", "roles", "same_as", "status", "error"].map(Column::left));
    let rows = index.runs.iter().flat_map(|run| run.checkpoints.iter().map(move |row| (run, row)));
    sheet::write(form, columns, rows.map(|(run, row)| cells(run, row, &metrics)), out)?;
    Ok(())
}

/// Names of metrics in the order files have them.
fn metrics(index: &Index) -> Vec<&str> {
    let (mut seen, mut names) = (BTreeSet::new(), Vec::new());
    let rows = index.runs.iter().flat_map(|run| &run.checkpoints);
    names
        .extend(rows.flat_map(|row| row.training.values()).map(|(name, _)| name).filter(|n| seen.insert(*n)));
    if names.len() > METRICS {
        output::remark(&format!("{} metrics are left out; --json has them", names.len() - METRICS));
        names.truncate(METRICS);
    }
    names
}

fn cells(run: &Run, row: &CheckpointRow, metrics: &[&str]) -> Vec<Value> {
    let progress = &row.training.progress;
    let mut cells = vec![
        Value::path(&run.path),
        Value::path(&row.path),
        Value::of(progress.epoch, Value::Epoch),
        Value::of(progress.step, Value::Count),
    ];
    // The first value of a name counts, as everywhere.
    let mut values = BTreeMap::new();
    row.training.values().for_each(|(name, value)| {
        values.entry(name).or_insert(value);
    });
    cells.extend(metrics.iter().map(|name| Value::of(values.get(name).copied(), Value::Float)));
    cells.extend([
        Value::Bytes(row.bytes),
        Value::Count(row.parameters),
        Value::Count(row.tensors as u64),
        Value::of(row.kind, |kind| Value::words(Kind::name(kind))),
        Value::of(row.format, |format| Value::words(Format::name(format))),
        Value::of(timestamp(row.modified), Value::words),
        Value::list(row.roles.iter().map(|role| Role::name(*role))),
        Value::of(row.same_as.as_deref(), Value::path),
        Value::words(row.status.name()),
        Value::of(row.error.as_ref(), Value::words),
    ]);
    cells
}
