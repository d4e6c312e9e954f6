//! One run: its verdict, its curves, its checkpoints, its layers, and how its best file is loaded.

mod curves;

use std::path::Path;

use super::gather::Told;
use super::html::{Cell, Page, date, of};
use super::{checkpoint, heat, metadata};
use crate::runs::{CheckpointRow, Role, Run, Status};
use crate::sorting::Sort as _;
use crate::text::{last_component, number, shown, shown_path};
use crate::training::verdict::Without;
use crate::training::{Mode, XAxis, metric};

pub(super) use curves::along;

/// Checkpoints in the table.
const ROWS: usize = 150;
/// Metrics with a column of the table.
const COLUMNS: usize = 3;

/// Writes everything about the run; its heading stands already.
pub(super) fn write(page: &mut Page, told: &Told) {
    verdict(page, told);
    facts(page, told);
    curves::write(page, told);
    checkpoints(page, told);
    if let Some((timeline, all)) = &told.timeline {
        heat::write(page, timeline, *all);
    }
    if !told.run.hyperparameters.is_empty() {
        page.heading("Settings");
        metadata::settings(page, &told.run.hyperparameters);
    }
    if let Some((path, load)) = &told.load {
        page.heading("How to load the best file");
        page.raw("<p><code>").name(&file(&told.run, path)).raw("</code></p>\n");
        checkpoint::snippet(page, load);
    }
}

/// A path from its run's folder on.
pub(super) fn file(run: &Run, path: &Path) -> String {
    match path.strip_prefix(&run.path) {
        Ok(rest) if !rest.as_os_str().is_empty() => rest.to_string_lossy().into_owned(),
        Ok(_) => last_component(path),
        Err(_) => path.to_string_lossy().into_owned(),
    }
}

/// `epoch 16`, `step 400`.
pub(super) fn place(epoch: Option<f64>, step: Option<u64>) -> String {
    match (epoch, step) {
        (Some(epoch), _) => format!("epoch {}", number::epoch(epoch)),
        (None, Some(step)) => format!("step {}", number::grouped(step)),
        (None, None) => "an unknown epoch".to_owned(),
    }
}

fn verdict(page: &mut Page, told: &Told) {
    let broken = told.series.iter().filter(|s| s.mode != Mode::None).find_map(|s| {
        let (at, _) = s.points.shape().broken?;
        Some((s, at))
    });
    let is_odd = told.turn.is_some() || broken.is_some();
    page.raw(if is_odd { "<div class=\"box warn\">\n" } else { "<div class=\"box good\">\n" });
    match &told.verdict {
        Ok(best) => {
            let way = if best.mode == Mode::Max { "highest" } else { "lowest" };
            page.raw("<p class=\"big\">Best at ").text(&place(best.epoch, best.step)).raw(": ").text(way);
            page.raw(" <code>")
                .name(&best.metric)
                .raw("</code> ")
                .text(&number::metric(best.value))
                .raw("</p>\n");
            if let Some(path) = &best.path {
                page.raw(if best.on_disk { "<p>File: <code>" } else { "<p>Nearest file: <code>" });
                page.name(&file(&told.run, path)).raw("</code></p>\n");
            }
            let way = if best.mode == Mode::Max { "Higher" } else { "Lower" };
            let values = of(best.candidates as u64, "value");
            let text = format!("{way} is better ({}); the best of {values}: ", best.direction.name());
            page.raw("<p class=\"dim\">").text(&text).name(&best.source).raw("</p>\n");
            if let Some(note) = &best.note {
                page.raw("<p>").text(note).raw("</p>\n");
            }
        }
        Err(Without::Metric) => {
            page.raw("<p class=\"big\">Nothing in this run says how good it is.</p>\n");
        }
        Err(Without::Direction(name)) => {
            page.raw("<p class=\"big\">Nothing says whether lower or higher <code>").name(name);
            page.raw("</code> is better.</p>\n");
        }
    }
    if let Some(turn) = &told.turn {
        page.raw("<p><strong class=\"warn\">It overfits</strong> from ");
        page.text(&of_x(told, turn.x, turn.at)).raw(" on: <code>").name(&turn.validation);
        page.raw("</code> rises while <code>").name(&turn.training).raw("</code> goes on falling.</p>\n");
    }
    if let Some((series, at)) = broken {
        page.raw("<p><strong class=\"bad\">It broke:</strong> <code>").name(&series.name);
        page.raw("</code> is no number at ").text(&of_x(told, series.x, at)).raw(".</p>\n");
    }
    page.raw("</div>\n");
}

/// A place of a curve as the best one is told: in epochs, where that is known.
fn of_x(told: &Told, x: XAxis, at: f64) -> String {
    let epoch = if x == XAxis::Epoch { Some(at) } else { told.places.convert(at, XAxis::Epoch) };
    match epoch {
        Some(epoch) => place(Some(epoch), None),
        None => place(None, Some(at.max(0.0) as u64)),
    }
}

fn facts(page: &mut Page, told: &Told) {
    let run = &told.run;
    let mut facts = vec![("folder", Cell::Name(run.path.to_string_lossy().into_owned()))];
    facts.extend(run.framework.map(|name| ("framework", Cell::Text(name.to_owned()))));
    let bytes = run.checkpoints.iter().map(|row| row.bytes).fold(0, u64::saturating_add);
    if !run.checkpoints.is_empty() {
        let count = of(run.checkpoints.len() as u64, "checkpoint");
        facts.push(("checkpoints", Cell::Text(format!("{count}, {}", number::bytes(bytes)))));
    }
    let times = || run.checkpoints.iter().map(|row| row.modified);
    if let (Some(first), Some(last)) = (times().min(), times().max()) {
        let (first, last) = (date(first), date(last));
        let text = if first == last { first } else { format!("{first} to {last}") };
        facts.push(("written", Cell::Text(text)));
    }
    let parameters = run.checkpoints.iter().map(|row| row.parameters).max().filter(|n| *n > 0);
    facts.extend(
        parameters
            .map(|n| ("parameters", Cell::Text(format!("{} ({})", number::count(n), number::grouped(n))))),
    );
    if !run.logs.is_empty() {
        let names: Vec<String> = run.logs.iter().take(4).map(|log| file(run, &log.path)).collect();
        let more = run.logs.len().saturating_sub(4);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        facts.push(("logs", Cell::Text(format!("{}{more}", shown(&names.join(", "))))));
    }
    let unread = run.checkpoints.iter().filter(|row| row.status != Status::Ok).count();
    if unread > 0 {
        facts.push(("not in order", Cell::Marked("bad", of(unread as u64, "file"))));
    }
    page.facts(&facts);
}

/// Metrics with a column: the one the run is judged by, then those most checkpoints have.
fn columns(told: &Told) -> Vec<&str> {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for (name, _) in told.run.checkpoints.iter().flat_map(|row| row.training.values()) {
        let room = counted.len() < 200;
        match counted.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None if room => counted.push((name, 1)),
            None => {}
        }
    }
    let lead = curves::lead(told).map(|name| metric::canonical(&name));
    counted.in_order_of(|(name, count)| {
        let aside = metric::mode_of(name) == Mode::None;
        (Some(metric::canonical(name)) != lead, aside, std::cmp::Reverse(*count))
    });
    counted.into_iter().take(COLUMNS).map(|(name, _)| name).collect()
}

fn checkpoints(page: &mut Page, told: &Told) {
    let run = &told.run;
    let all = &run.checkpoints;
    if all.is_empty() {
        return;
    }
    page.heading("Checkpoints");
    let best = told.verdict.as_ref().ok().and_then(|verdict| verdict.path.as_deref());
    let is_best = |row: &CheckpointRow| Some(row.path.as_path()) == best;
    let every = all.len().div_ceil(ROWS * 2 / 3).max(1);
    let mut told_apart = 0;
    let mut keep = |at: usize, row: &CheckpointRow| {
        let special = is_best(row) || !row.roles.is_empty() || row.status != Status::Ok;
        told_apart += usize::from(special);
        all.len() <= ROWS
            || at.is_multiple_of(every)
            || at + 1 == all.len()
            || special && told_apart <= ROWS / 3
    };
    let rows: Vec<&CheckpointRow> =
        all.iter().enumerate().filter(|(at, row)| keep(*at, row)).map(|(_, row)| row).collect();
    let caption = if rows.len() < all.len() {
        let shown = number::grouped(rows.len() as u64);
        format!(
            "{shown} of {}: the first, the last, the best and every {every}th",
            of(all.len() as u64, "checkpoint")
        )
    } else {
        of(all.len() as u64, "checkpoint")
    };
    let columns = columns(told);
    let steps = rows.iter().any(|row| row.training.progress.step.is_some());
    let mut headers = vec![("file", false), ("epoch", true)];
    headers.extend(steps.then_some(("step", true)));
    headers.extend(columns.iter().map(|name| (*name, true)));
    headers.extend([("size", true), ("written", false), ("note", false)]);
    page.table(&caption, &headers);
    for row in rows {
        page.raw(if is_best(row) { "<tr class=\"best\">" } else { "<tr>" });
        page.cells(&cells(run, row, (&columns, steps), is_best(row))).raw("</tr>\n");
    }
    page.table_end();
}

fn cells(run: &Run, row: &CheckpointRow, (columns, steps): (&[&str], bool), is_best: bool) -> Vec<Cell> {
    let progress = &row.training.progress;
    let mut cells = vec![
        Cell::Name(file(run, &row.path)),
        Cell::Number(progress.epoch.map(number::epoch).unwrap_or_default()),
    ];
    if steps {
        cells.push(Cell::Number(progress.step.map(number::grouped).unwrap_or_default()));
    }
    cells.extend(columns.iter().map(|name| Cell::real(row.training.value(name))));
    cells.extend([Cell::bytes(row.bytes), Cell::Short(date(row.modified))]);
    let mut notes: Vec<String> = Vec::new();
    if is_best {
        notes.push("the best".to_owned());
    }
    notes.extend(
        row.roles.iter().filter(|role| !is_best || **role != Role::Best).map(|role| role.name().to_owned()),
    );
    notes.extend(row.same_as.as_ref().map(|path| format!("same as {}", shown(&file(run, path)))));
    if row.status == Status::Ok {
        notes.extend(row.error.clone());
        cells.push(Cell::Text(notes.join(", ")));
    } else {
        let error = row.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        notes.push(format!("{}{error}", row.status.name().replace('_', " ")));
        cells.push(Cell::Marked("bad", notes.join(", ")));
    }
    cells
}

/// The folder as people read it.
pub(super) fn folder(run: &Run) -> String {
    shown_path(&run.path)
}
