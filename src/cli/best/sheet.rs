//! `best` as a table: the best of every run that has the metric, the best of all first.

use std::cmp::Ordering;

use crate::cli::args::Sheet as Form;
use crate::cli::output::{Failure, Out};
use crate::cli::sheet::{self, Column, Value};
use crate::runs::Run;
use crate::sorting::Sort as _;
use crate::training::Mode;
use crate::training::verdict::Verdict;

/// Writes the verdicts.
pub(super) fn write(mut all: Vec<(&Run, Verdict)>, form: Form, out: &mut Out) -> Result<(), Failure> {
    all.in_order(|(_, a), (_, b)| order(a, b));
    let columns = vec![
        Column::left("run"),
        Column::left("path"),
        Column::right("epoch"),
        Column::right("step"),
        Column::left("metric"),
        Column::right("value"),
        Column::left("mode"),
        Column::left("direction").detail(),
        Column::left("source").detail(),
        Column::right("candidates").detail(),
        Column::left("on_disk"),
        Column::left("twins").detail(),
        Column::left("note"),
    ];
    Ok(sheet::write(form, columns, all.iter().map(|(run, best)| cells(run, best)), out)?)
}

/// Values that get better by rising come highest first.
pub(super) fn order(a: &Verdict, b: &Verdict) -> Ordering {
    if a.mode == Mode::Max { b.value.total_cmp(&a.value) } else { a.value.total_cmp(&b.value) }
}

fn cells(run: &Run, best: &Verdict) -> Vec<Value> {
    vec![
        Value::path(&run.path),
        Value::of(best.path.as_deref(), Value::path),
        Value::of(best.epoch, Value::Epoch),
        Value::of(best.step, Value::Count),
        Value::name(best.metric.as_str()),
        Value::Float(best.value),
        Value::words(best.mode.name()),
        Value::words(best.direction.name()),
        Value::name(best.source.as_str()),
        Value::Count(best.candidates as u64),
        Value::Flag(best.on_disk),
        Value::list(best.twins.iter().map(|path| path.to_string_lossy().into_owned())),
        Value::of(best.note.as_deref(), Value::words),
    ]
}
