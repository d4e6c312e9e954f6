//! The heat map as text: a row for each tensor, a character for each checkpoint.

use std::io::Write as _;

use crate::cli::output::{Failure, Out};
use crate::cli::style::{Style, Tone};
use crate::cli::table::{self, Cell, Column};
use crate::compare::timeline::ranks::Ranks;
use crate::compare::timeline::scale::{Level, Measure, Scale, largest_norm};
use crate::compare::timeline::{Point, Row, Timeline, together};
use crate::text::{number, shown, shown_path};

mod ranked;

/// Names listed at most.
const NAMES: usize = 12;

pub(super) fn write(
    timeline: &Timeline,
    measure: Measure,
    ranks: Option<&Ranks>,
    style: &Style,
    out: &mut Out,
) -> Result<(), Failure> {
    head(timeline, measure, style, out)?;
    if let Some(ranks) = ranks {
        ranked::write(timeline, ranks, style, out)?;
        return findings(timeline, style, out);
    }
    let scale = Scale::of(timeline, measure);
    let groups = groups(timeline);
    writeln!(out, "\n{}", style.paint(Tone::Title, "Types of layers"))?;
    rows(&groups, &scale, style, out)?;
    writeln!(out, "\n{}", style.paint(Tone::Title, "Tensors"))?;
    rows(&timeline.rows, &scale, style, out)?;
    legend(&scale, measure, style, out)?;
    findings(timeline, style, out)
}

fn head(timeline: &Timeline, measure: Measure, style: &Style, out: &mut Out) -> Result<(), Failure> {
    let count = timeline.checkpoints.len();
    let ends = (timeline.checkpoints.first(), timeline.checkpoints.last());
    let range = match ends {
        (Some(first), Some(last)) if count > 1 => match (first.epoch, last.epoch) {
            (Some(a), Some(b)) => {
                format!(", epoch {} to {}", number::epoch(a), number::epoch(b))
            }
            _ => String::new(),
        },
        _ => String::new(),
    };
    let title = format!("{} of {count} checkpoints{range}", measure.title());
    writeln!(out, "{}", style.paint(Tone::Title, &title))?;
    if let (Some(first), Some(last)) = ends {
        writeln!(out, "{} to {}", shown_path(&first.path), shown_path(&last.path))?;
    }
    Ok(())
}

/// The tensors of each type of layer as one row.
fn groups(timeline: &Timeline) -> Vec<Row> {
    let group = |layer_type| {
        let rows: Vec<&Row> = timeline.rows.iter().filter(|row| row.layer_type == layer_type).collect();
        let point = |at: usize| together(rows.iter().map(|row| row.points.get(at).and_then(Option::as_ref)));
        let points: Vec<Option<Point>> = (0..timeline.checkpoints.len()).map(point).collect();
        let name = layer_type.name();
        let tensors = rows.len();
        let is_parameter = rows.iter().any(|row| row.is_parameter);
        Row { key: format!("{name} ({tensors})"), layer_type, is_parameter, points }
    };
    timeline.layer_types().into_iter().map(group).collect()
}

fn rows(rows: &[Row], scale: &Scale, style: &Style, out: &mut Out) -> Result<(), Failure> {
    let columns = [
        Column::elastic("NAME"),
        Column::left("OVER TIME"),
        Column::right("LAST CHANGE"),
        Column::right("LAST NORM").spare(1),
        Column::remark("NOTE"),
    ];
    let cells = |at: usize| {
        let Some(row) = rows.get(at) else { return Vec::new() };
        let largest = largest_norm(row);
        let heat: String =
            row.points.iter().map(|p| symbol(scale.level(p.as_ref(), largest), style.ascii)).collect();
        let last = row.points.last().copied().flatten();
        let change = last.and_then(|p| p.relative_change).map(percent).unwrap_or_default();
        let norm = last.map(|p| number::metric(p.l2)).unwrap_or_default();
        let (note, tone) = note(row);
        vec![shown(&row.key).into(), heat.into(), change.into(), norm.into(), Cell::toned(note, tone)]
    };
    Ok(table::write(out, style, &columns, rows.len(), &cells)?)
}

/// A relative change in percent.
fn percent(x: f64) -> String {
    if x.is_finite() { format!("{}%", number::metric(x * 100.0)) } else { "from zero".to_owned() }
}

fn note(row: &Row) -> (String, Tone) {
    let broken: u64 = row.points.last().copied().flatten().map_or(0, |p| p.nan + p.inf);
    if broken > 0 {
        return (format!("{} elements are NaN or infinite", number::grouped(broken)), Tone::Bad);
    }
    if row.is_frozen() { ("frozen".to_owned(), Tone::Dim) } else { (String::new(), Tone::Plain) }
}

fn symbol(level: Level, ascii: bool) -> char {
    let ramp = if ascii {
        ['.', ':', '-', '=', '+', '*', '#', '@']
    } else {
        ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
    };
    match level {
        Level::Unknown => ' ',
        Level::Zero => '0',
        Level::Broken => 'N',
        Level::Step(step) => ramp.get(usize::from(step.saturating_sub(1))).copied().unwrap_or(' '),
    }
}

fn legend(scale: &Scale, measure: Measure, style: &Style, out: &mut Out) -> Result<(), Failure> {
    let value = |x: f64| if measure == Measure::Change { percent(x) } else { number::metric(x) };
    let ramp = |step| symbol(Level::Step(step), style.ascii);
    let (low, high) = (ramp(1), ramp(8));
    let line = match scale.bounds() {
        Some((least, most)) => format!("{low} {} to {high} {}, logarithmic; ", value(least), value(most)),
        None if measure == Measure::Norm => {
            format!("{low} to {high}: parts of the largest norm of the row; ")
        }
        None => String::new(),
    };
    let line = format!("\n{line}0 exactly none, N not finite, blank unknown");
    writeln!(out, "{}", style.paint(Tone::Dim, &line))?;
    Ok(())
}

fn findings(timeline: &Timeline, style: &Style, out: &mut Out) -> Result<(), Failure> {
    let path =
        |at: usize| timeline.checkpoints.get(at).map(|stop| shown_path(&stop.path)).unwrap_or_default();
    if let Some(nan) = timeline.first_nan() {
        let before = match nan.checkpoint.checked_sub(1) {
            Some(before) => format!("; the last without is {}", path(before)),
            None => "; no earlier checkpoint is there".to_owned(),
        };
        let more = if nan.tensors > 1 { format!(" and {} more", nan.tensors - 1) } else { String::new() };
        let line = format!("first NaN: {} in {}{more}{before}", path(nan.checkpoint), shown(&nan.key));
        writeln!(out, "{}", style.paint(Tone::Bad, &line))?;
    }
    let frozen: Vec<&Row> = timeline.frozen().collect();
    if !frozen.is_empty() {
        let names: Vec<_> = frozen.iter().take(NAMES).map(|row| shown(&row.key)).collect();
        let more =
            if frozen.len() > NAMES { format!(" and {} more", frozen.len() - NAMES) } else { String::new() };
        writeln!(out, "frozen: {}{more}", names.join(", "))?;
    }
    let drifts: Vec<String> =
        timeline.checkpoints.iter().filter_map(|stop| stop.ema_drift).map(percent).collect();
    if let Some(last) = drifts.last() {
        writeln!(out, "averaged weights (EMA) are {last} away from the weights at the last checkpoint")?;
    }
    for (skipped, reason) in &timeline.skipped {
        let line = format!("left out: {}: {reason}", shown_path(skipped));
        writeln!(out, "{}", style.paint(Tone::Warn, &line))?;
    }
    Ok(())
}
