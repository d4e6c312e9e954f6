//! The page of one run, or of several: a table by the leading metric, their curves over each other, then each run.

use std::cmp::Ordering;

use super::gather::{RUNS, Told};
use super::html::{Cell, Page, of};
use super::plot::{self, Line, Plot};
use super::{Report, Stamp, run};
use crate::runs::{Skipped, table};
use crate::sorting::Sort as _;
use crate::text::{number, shown_path};
use crate::training::{Mode, XAxis, metric};

/// Runs in the table.
const ROWS: usize = 1_000;
/// Hyperparameters with a column.
const SETTINGS: usize = 6;
/// Things not looked into that are named.
const SKIPPED: usize = 50;

/// The best first: those judged by the metric most are judged by, then the others by name.
pub(super) fn order(all: &mut [Told]) {
    let Some(lead) = lead(all) else { return };
    let value = |told: &Told| {
        let best = told.verdict.as_ref().ok()?;
        (metric::canonical(&best.metric) == lead).then_some((best.value, best.mode))
    };
    all.in_order(|a, b| match (value(a), value(b)) {
        (Some((a, Mode::Max)), Some((b, _))) => b.total_cmp(&a),
        (Some((a, _)), Some((b, _))) => a.total_cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => crate::text::natural::compare(&a.run.name, &b.run.name),
    });
}

/// The metric most runs are judged by, in its canonical form.
fn lead(all: &[Told]) -> Option<String> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for best in all.iter().filter_map(|told| told.verdict.as_ref().ok()) {
        let name = metric::canonical(&best.metric);
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(name, _)| name)
}

pub(super) fn page(all: &[Told], skipped: &[Skipped], stamp: &Stamp) -> Report {
    if let [only] = all {
        let title = only.run.name.clone();
        let mut page = Page::begin(&title, &run::folder(&only.run));
        page.raw("<section>\n");
        run::write(&mut page, only);
        page.close();
        left_out(&mut page, skipped);
        return Report { title, html: page.end(stamp) };
    }
    let title = of(all.len() as u64, "run");
    let files = all.iter().map(|told| told.run.checkpoints.len() as u64).sum();
    let mut page = Page::begin(&title, &of(files, "checkpoint"));
    page.section("The runs compared");
    compared(&mut page, all);
    overlay(&mut page, all);
    page.close();
    for told in all.iter().take(RUNS) {
        page.section(&told.run.name);
        run::write(&mut page, told);
        page.close();
    }
    if all.len() > RUNS {
        let more = number::grouped((all.len() - RUNS) as u64);
        page.note(&format!(
            "{more} more runs stand in the table only; name their folders for pages of their own."
        ));
    }
    left_out(&mut page, skipped);
    Report { title, html: page.end(stamp) }
}

fn compared(page: &mut Page, all: &[Told]) {
    let same = {
        let names: Vec<&str> = all
            .iter()
            .filter_map(|told| told.verdict.as_ref().ok())
            .map(|best| best.metric.as_str())
            .collect();
        names
            .first()
            .copied()
            .filter(|first| names.iter().all(|name| metric::canonical(name) == metric::canonical(first)))
    };
    let settings = table::Table::of(all.iter().map(|told| &told.run));
    let settings: Vec<&table::Column> = settings.differing().take(SETTINGS).collect();
    let mut headers = vec![("rank", true), ("run", false)];
    match same {
        Some(name) => headers.push((name, true)),
        None => headers.extend([("metric", false), ("best", true)]),
    }
    headers.extend([("at", true), ("checkpoints", true), ("note", false)]);
    headers.extend(settings.iter().map(|column| (column.name.as_str(), false)));
    page.table("The best of each run, the best of them first", &headers);
    for (at, told) in all.iter().take(ROWS).enumerate() {
        let mut cells = vec![Cell::count(at as u64 + 1), Cell::Name(told.run.name.clone())];
        let best = told.verdict.as_ref().ok();
        if same.is_none() {
            cells.push(best.map_or(Cell::Text(String::new()), |best| Cell::Name(best.metric.clone())));
        }
        cells.push(Cell::real(best.map(|best| best.value)));
        cells.push(Cell::Number(best.map(|best| run::place(best.epoch, best.step)).unwrap_or_default()));
        cells.push(Cell::count(told.run.checkpoints.len() as u64));
        cells.push(note(told));
        let of_run = |column: &&table::Column| column.values.get(at).cloned().flatten().unwrap_or_default();
        cells.extend(settings.iter().map(|column| Cell::Text(of_run(column).chars().take(80).collect())));
        page.row(&cells);
    }
    page.table_end();
    if all.len() > ROWS {
        page.note(&format!("{} more runs are not shown.", number::grouped((all.len() - ROWS) as u64)));
    }
}

fn note(told: &Told) -> Cell {
    let broken = told.series.iter().any(|s| s.mode != Mode::None && s.points.shape().broken.is_some());
    match (&told.turn, broken) {
        (_, true) => Cell::Marked("bad", "NaN".to_owned()),
        (Some(turn), _) if turn.x == XAxis::Epoch => {
            Cell::Marked("warn", format!("overfits from epoch {}", number::epoch(turn.at)))
        }
        (Some(_), _) => Cell::Marked("warn", "overfits".to_owned()),
        _ => Cell::Text(told.run.framework.unwrap_or_default().to_owned()),
    }
}

/// The leading metric of the best runs in one plot.
fn overlay(page: &mut Page, all: &[Told]) {
    let Some(lead) = lead(all) else { return };
    let named = |told: &Told| told.series.iter().position(|s| metric::canonical(&s.name) == lead);
    let with: Vec<(&Told, usize)> = all.iter().filter_map(|told| Some((told, named(told)?))).collect();
    for x in [XAxis::Epoch, XAxis::Step] {
        let line = |(told, at): &(&Told, usize)| {
            let series = told.series.get(*at)?;
            // Steps only where epochs are not told.
            let fits = series.x == x || x == XAxis::Epoch;
            let points = fits.then(|| run::along(told, series, x)).flatten()?;
            Some(Line { name: told.run.name.clone(), points, mode: series.mode })
        };
        let lines: Vec<Line> = with.iter().filter_map(line).collect();
        let count = lines.len();
        if count < 2 {
            continue;
        }
        let name = with.first().and_then(|(told, at)| told.series.get(*at)).map_or("", |s| s.name.as_str());
        page.heading(name);
        let title = format!("{name} of the runs");
        let lines = lines.into_iter().take(plot::LINES).collect();
        plot::figure(page, &Plot { title, x, lines, turn: None, is_small: false });
        if count > plot::LINES {
            page.note(&format!("The best {} of {count} runs.", plot::LINES));
        }
        return;
    }
}

fn left_out(page: &mut Page, skipped: &[Skipped]) {
    if skipped.is_empty() {
        return;
    }
    page.section("Not looked into").raw("<ul class=\"plain\">\n");
    for skipped in skipped.iter().take(SKIPPED) {
        page.raw("<li><code>")
            .text(&shown_path(&skipped.path))
            .raw("</code>: ")
            .text(&skipped.reason)
            .raw("</li>\n");
    }
    page.raw("</ul>\n");
    if skipped.len() > SKIPPED {
        page.note(&format!("{} more are not shown.", skipped.len() - SKIPPED));
    }
    page.close();
}
