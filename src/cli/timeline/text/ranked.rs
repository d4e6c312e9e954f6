//! The heat map of effective ranks: a row for each matrix.

use std::io::Write as _;

use super::symbol;
use crate::cli::output::{Failure, Out};
use crate::cli::style::{Style, Tone};
use crate::cli::table::{self, Column};
use crate::compare::timeline::Timeline;
use crate::compare::timeline::ranks::{Ranks, bounds};
use crate::compare::timeline::scale::{Level, STEPS, between};
use crate::text::{number, shown};

pub(super) fn write(timeline: &Timeline, ranks: &Ranks, style: &Style, out: &mut Out) -> Result<(), Failure> {
    let series = |key: &str| ranks.series(timeline, key);
    let rows: Vec<(&str, Vec<Option<f64>>)> = timeline
        .rows
        .iter()
        .map(|row| (row.key.as_str(), series(&row.key)))
        .filter(|(_, ranks)| ranks.iter().any(Option::is_some))
        .collect();
    if rows.is_empty() {
        writeln!(out, "\nno weight matrix with all its singular values: no effective ranks")?;
        return Ok(());
    }
    writeln!(out)?;
    let columns = [
        Column::elastic("NAME"),
        Column::left("OVER TIME"),
        Column::right("LEAST"),
        Column::right("MOST"),
        Column::right("LAST"),
    ];
    let cells = |at: usize| {
        let Some((key, ranks)) = rows.get(at) else { return Vec::new() };
        let (least, most) = bounds(ranks).unwrap_or_default();
        let level = |rank: &Option<f64>| rank.map_or(Level::Unknown, |rank| between(rank, least, most));
        let heat: String = ranks.iter().map(|rank| symbol(level(rank), style.ascii)).collect();
        let last = ranks.last().copied().flatten().map(number::metric).unwrap_or_default();
        vec![
            shown(key).into(),
            heat.into(),
            number::metric(least).into(),
            number::metric(most).into(),
            last.into(),
        ]
    };
    table::write(out, style, &columns, rows.len(), &cells)?;
    let ramp = |step| symbol(Level::Step(step), style.ascii);
    let by = ranks.backend().map(|name| format!("; computed by {}", shown(name))).unwrap_or_default();
    let line = format!("\n{} least to {} most of the row, blank unknown{by}", ramp(1), ramp(STEPS));
    writeln!(out, "{}", style.paint(Tone::Dim, &line))?;
    Ok(())
}
