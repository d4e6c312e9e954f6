//! `curves` as a table: a row for each point.

use super::Shown;
use crate::cli::args::Sheet as Form;
use crate::cli::output::{Failure, Out};
use crate::cli::sheet::{Column, Sheet, Value};
use crate::training::XAxis;

/// Writes all points of all series, in the order of the JSON.
pub(super) fn write(runs: &[Shown<'_>], form: Form, out: &mut Out) -> Result<(), Failure> {
    let columns = vec![
        Column::left("run"),
        Column::left("name"),
        Column::left("x"),
        Column::right("at"),
        Column::right("value"),
        Column::left("mode").detail(),
        Column::left("source").detail(),
    ];
    let mut sheet = Sheet::begin(form, columns, out)?;
    for Shown { run, series } in runs {
        for series in series {
            for (x, value) in series.points.iter() {
                sheet.row(&[
                    Value::path(&run.path),
                    Value::name(series.name.as_str()),
                    Value::words(series.x.name()),
                    if series.x == XAxis::Epoch { Value::Epoch(*x) } else { Value::Count(*x as u64) },
                    Value::Float(*value),
                    Value::words(series.mode.name()),
                    Value::name(series.source.as_str()),
                ])?;
            }
        }
    }
    Ok(sheet.finish()?)
}
