//! The timeline as a map: a row for each tensor or module, a column for each checkpoint.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::html::{Cell, Page, of};
use crate::compare::timeline::scale::{Level, Measure, STEPS, Scale, largest_norm};
use crate::compare::timeline::{Point, Row, Timeline, together};
use crate::sorting::Sort as _;
use crate::text::{fit, number, shown};

/// Rows of the map; more tensors are summed up by module.
const ROWS: usize = 60;
/// Names of frozen layers listed.
const NAMES: usize = 12;
/// Cells for a name.
const NAME: usize = 40;
const LEFT: f64 = 290.0;
const WIDTH: f64 = 690.0;
const TALL: f64 = 15.0;

/// Draws the relative change of every layer. `all` are the checkpoints there are, of which some were read.
pub(super) fn write(page: &mut Page, timeline: &Timeline, all: usize) {
    if timeline.checkpoints.len() < 2 {
        return;
    }
    page.heading("How the layers changed");
    let (rows, grouped) = rows(timeline);
    let scale = Scale::of(timeline, Measure::Change);
    let mut text =
        "Each row is a layer, each column a checkpoint: the darker, the more the weights moved since the \
                    checkpoint before, relative to their size."
            .to_owned();
    if let Some((least, most)) = scale.bounds() {
        let _ = write!(text, " From {} to {}, on a logarithmic scale.", percent(least), percent(most));
    }
    text.push_str(" An empty frame did not move at all; red holds NaN or infinity.");
    page.paragraph(&text);
    let mut notes = Vec::new();
    if all > timeline.checkpoints.len() {
        let read = timeline.checkpoints.len() as u64;
        notes.push(format!(
            "{} of {} were read, evenly spread",
            number::grouped(read),
            of(all as u64, "checkpoint")
        ));
    }
    if grouped {
        notes.push(format!("{} are summed up by module", of(timeline.rows.len() as u64, "tensor")));
    }
    if !notes.is_empty() {
        page.note(&format!("{}.", notes.join("; ")));
    }
    picture(page, timeline, &rows, &scale);
    words(page, timeline, &rows);
}

fn percent(x: f64) -> String {
    if x.is_finite() { format!("{}%", number::metric(x * 100.0)) } else { "from zero".to_owned() }
}

/// The rows to draw, and whether tensors were summed up.
fn rows(timeline: &Timeline) -> (Vec<Row>, bool) {
    if timeline.rows.len() <= ROWS {
        return (timeline.rows.clone(), false);
    }
    let prefix = |key: &str, depth: usize| key.split('.').take(depth).collect::<Vec<_>>().join(".");
    let groups = |depth: usize| {
        let mut order: Vec<String> = Vec::new();
        let mut index: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
        for row in &timeline.rows {
            let name = prefix(&row.key, depth);
            if !index.contains_key(&name) {
                order.push(name.clone());
            }
            index.entry(name).or_default().push(row);
        }
        (order, index)
    };
    let deepest = timeline.rows.iter().map(|row| row.key.split('.').count()).max().unwrap_or(1).min(12);
    let fits = (1..deepest).rev().find(|depth| groups(*depth).0.len() <= ROWS);
    let (order, index) = groups(fits.unwrap_or(1));
    let sum = |name: String| {
        let rows = index.get(&name)?;
        let first = rows.first()?;
        let point = |at: usize| together(rows.iter().map(|row| row.points.get(at).and_then(Option::as_ref)));
        let points: Vec<Option<Point>> = (0..timeline.checkpoints.len()).map(point).collect();
        let is_parameter = rows.iter().any(|row| row.is_parameter);
        Some(Row { key: name, layer_type: first.layer_type, is_parameter, points })
    };
    (order.into_iter().take(ROWS).filter_map(sum).collect(), true)
}

fn picture(page: &mut Page, timeline: &Timeline, rows: &[Row], scale: &Scale) {
    let columns = timeline.checkpoints.len();
    let wide = (WIDTH / columns as f64).min(60.0);
    let (width, height) = (LEFT + WIDTH, TALL * rows.len() as f64 + 34.0);
    page.raw("<figure>\n<svg class=\"map\" role=\"img\" viewBox=\"0 0 ")
        .number(width)
        .raw(" ")
        .number(height);
    page.raw("\" aria-label=\"relative change of ").text(&of(rows.len() as u64, "layer")).raw(" over ");
    page.text(&of(columns as u64, "checkpoint")).raw("; the table below has it in words\">\n");
    page.raw("<title>relative change of the layers</title>\n");
    for (at, row) in rows.iter().enumerate() {
        let name = fit::shorten(&shown(&row.key), NAME, "…").into_owned();
        page.raw("<text text-anchor=\"end\" x=\"").number(LEFT - 8.0).raw("\" y=\"");
        // Escaped a second time it would not read as what it is.
        page.number(TALL * at as f64 + 11.5).raw("\">").listing(&name).raw("</text>\n");
    }
    for (level, class) in classes() {
        let mut any = false;
        for (at, row) in rows.iter().enumerate() {
            let largest = largest_norm(row);
            for (column, point) in row.points.iter().enumerate() {
                if scale.level(point.as_ref(), largest) != level {
                    continue;
                }
                if !any {
                    page.raw("<path class=\"").raw(class).raw("\" d=\"");
                    any = true;
                }
                let inset = if level == Level::Zero { 1.0 } else { 0.5 };
                page.raw("M").number(LEFT + wide * column as f64 + inset).raw(" ");
                page.number(TALL * at as f64 + inset).raw("h").number(wide - 2.0 * inset).raw("v");
                page.number(TALL - 2.0 * inset).raw("h").number(2.0 * inset - wide).raw("z");
            }
        }
        if any {
            page.raw("\"/>\n");
        }
    }
    labels(page, timeline, wide, TALL * rows.len() as f64);
    page.raw("</svg>\n</figure>\n");
}

fn classes() -> impl Iterator<Item = (Level, &'static str)> {
    let steps = ["h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8"];
    let steps = (1..=STEPS).zip(steps).map(|(step, class)| (Level::Step(step), class));
    [(Level::Zero, "h0"), (Level::Broken, "hb")].into_iter().chain(steps)
}

/// Epochs, else steps, else places, below as many columns as there is room for.
fn labels(page: &mut Page, timeline: &Timeline, wide: f64, top: f64) {
    let every = (44.0 / wide).ceil().max(1.0) as usize;
    let mut unit = "checkpoint";
    for (at, stop) in timeline.checkpoints.iter().enumerate() {
        let label = match (stop.epoch, stop.step) {
            (Some(epoch), _) => {
                unit = "epoch";
                number::epoch(epoch)
            }
            (None, Some(step)) => {
                unit = "step";
                number::count(step)
            }
            _ => (at + 1).to_string(),
        };
        if at % every == 0 {
            page.raw("<text text-anchor=\"middle\" x=\"")
                .number(LEFT + wide * (at as f64 + 0.5))
                .raw("\" y=\"");
            page.number(top + 16.0).raw("\">").text(&label).raw("</text>");
        }
    }
    page.raw("\n<text text-anchor=\"end\" x=\"")
        .number(LEFT - 8.0)
        .raw("\" y=\"")
        .number(top + 16.0)
        .raw("\">");
    page.text(unit).raw("</text>\n");
}

/// What the map shows, for those who do not see it: the layers that moved most, what is frozen, the first NaN.
fn words(page: &mut Page, timeline: &Timeline, rows: &[Row]) {
    let path = |at: usize| {
        let stop = timeline.checkpoints.get(at);
        stop.map(|stop| crate::text::last_component(&stop.path)).unwrap_or_default()
    };
    if let Some(nan) = timeline.first_nan() {
        page.raw("<p class=\"bad\">The first NaN is in <code>")
            .name(&path(nan.checkpoint))
            .raw("</code>, in <code>");
        page.name(&nan.key).raw("</code>");
        if nan.tensors > 1 {
            page.text(&format!(" and {}", of(nan.tensors as u64 - 1, "other tensor")));
        }
        if let Some(before) = nan.checkpoint.checked_sub(1) {
            page.raw("; the last one without is <code>").name(&path(before)).raw("</code>");
        }
        page.raw(".</p>\n");
    }
    let frozen: Vec<&Row> = timeline.frozen().collect();
    if !frozen.is_empty() {
        page.raw("<p>Never changed: ");
        for (at, row) in frozen.iter().take(NAMES).enumerate() {
            page.raw(if at > 0 { ", <code>" } else { "<code>" }).name(&row.key).raw("</code>");
        }
        if frozen.len() > NAMES {
            page.text(&format!(" and {} more", frozen.len() - NAMES));
        }
        page.raw(".</p>\n");
    }
    let whole = |row: &Row| row.points.last().copied().flatten().filter(|point| point.nan + point.inf == 0);
    let last = |row: &Row| whole(row).and_then(|point| point.relative_change);
    let mut moved: Vec<(&Row, f64)> = rows.iter().filter_map(|row| Some((row, last(row)?))).collect();
    moved.retain(|(row, x)| x.is_finite() && row.is_parameter);
    moved.in_order(|a, b| b.1.total_cmp(&a.1));
    if moved.is_empty() {
        return;
    }
    let headers = [("layer", false), ("last change", true), ("largest change", true), ("norm", true)];
    page.table("The layers that moved most at the last checkpoint", &headers);
    for (row, change) in moved.iter().take(8) {
        let changes = row.points.iter().flatten().filter_map(|point| point.relative_change);
        let largest = changes.filter(|x| x.is_finite()).fold(0.0, f64::max);
        let norm = row.points.last().copied().flatten().map(|point| point.l2);
        page.row(&[
            Cell::Name(row.key.clone()),
            Cell::Number(percent(*change)),
            Cell::Number(percent(largest)),
            Cell::real(norm),
        ]);
    }
    page.table_end();
}
