//! `timeline` as a table: a row for each tensor at each checkpoint.

use crate::cli::args::Sheet as Form;
use crate::cli::output::{Failure, Out};
use crate::cli::sheet::{Column, Sheet, Value};
use crate::compare::timeline::ranks::Ranks;
use crate::compare::timeline::{Point, Timeline};

/// Writes all points, tensor by tensor, and effective ranks where they were asked for.
pub(super) fn write(
    timeline: &Timeline,
    ranks: Option<&Ranks>,
    form: Form,
    out: &mut Out,
) -> Result<(), Failure> {
    let mut columns = vec![
        Column::left("key"),
        Column::left("type"),
        Column::left("path"),
        Column::right("epoch"),
        Column::right("step"),
        Column::right("relative_change"),
        Column::right("l2"),
        Column::right("nan"),
        Column::right("inf"),
        Column::left("frozen"),
    ];
    columns.extend(ranks.map(|_| Column::right("effective_rank")));
    let mut sheet = Sheet::begin(form, columns, out)?;
    for row in &timeline.rows {
        let series = ranks.map(|ranks| ranks.series(timeline, &row.key));
        for (at, (stop, point)) in timeline.checkpoints.iter().zip(&row.points).enumerate() {
            let point = point.as_ref();
            let count = |value: fn(&Point) -> u64| Value::of(point, |p| Value::Count(value(p)));
            let mut cells = vec![
                Value::name(row.key.as_str()),
                Value::words(row.layer_type.name()),
                Value::path(&stop.path),
                Value::of(stop.epoch, Value::Epoch),
                Value::of(stop.step, Value::Count),
                Value::of(point.and_then(|p| p.relative_change), Value::Float),
                Value::of(point, |p| Value::Float(p.l2)),
                count(|p| p.nan),
                count(|p| p.inf),
                Value::Flag(row.is_frozen()),
            ];
            if let Some(series) = &series {
                cells.push(Value::of(series.get(at).copied().flatten(), Value::Float));
            }
            sheet.row(&cells)?;
        }
    }
    Ok(sheet.finish()?)
}
