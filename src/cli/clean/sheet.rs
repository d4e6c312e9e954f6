//! `clean` as a table: a row for each checkpoint, and what the plan says of it.

use super::Done;
use crate::cli::args::Sheet as Form;
use crate::cli::output::{Failure, Out};
use crate::cli::sheet::{self, Column, Value};
use crate::runs::act::Item;

/// Writes what stays and what goes, run by run.
pub(super) fn write(done: &[Done<'_>], form: Form, out: &mut Out) -> Result<(), Failure> {
    let columns = vec![
        Column::left("run"),
        Column::left("path"),
        Column::right("epoch"),
        Column::left("metric"),
        Column::right("value"),
        Column::right("bytes"),
        Column::left("plan"),
        Column::left("reasons"),
        Column::left("moved").detail(),
    ];
    let rows = done.iter().flat_map(|done| {
        let (keep, remove) = (done.plan.keep.iter(), done.plan.remove.iter());
        let rows = keep.map(|item| (item, "keep")).chain(remove.map(|item| (item, "trash")));
        rows.map(move |(item, plan)| cells(done, item, plan))
    });
    Ok(sheet::write(form, columns, rows, out)?)
}

fn cells(done: &Done<'_>, item: &Item, plan: &str) -> Vec<Value> {
    let moved = done.outcome.as_ref().map(|outcome| outcome.moved.contains(&item.path));
    vec![
        Value::path(&done.run.path),
        Value::path(&item.path),
        Value::of(item.epoch, Value::Epoch),
        Value::name(done.plan.metric.as_str()),
        Value::of(item.value, Value::Float),
        Value::Bytes(item.bytes),
        Value::words(plan),
        Value::list(&item.reasons),
        Value::of(moved, Value::Flag),
    ]
}
