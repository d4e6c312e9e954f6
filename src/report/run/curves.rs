//! The curves of a run: a metric on training and on validation data in one plot, the leading one large.

use crate::report::gather::Told;
use crate::report::html::{Cell, Page};
use crate::report::plot::{self, Line, Plot};
use crate::sorting::Sort as _;
use crate::text::shown;
use crate::training::{Mode, Points, Series, XAxis, metric};

/// Small plots of one run.
const SMALL: usize = 18;
/// Metrics in the table.
const METRICS: usize = 80;

/// The words of a metric whatever it was taken on: `val_loss` and `train_loss` are one.
fn stem(name: &str) -> Vec<String> {
    let mut words = metric::words(name);
    words.retain(|w| {
        !matches!(w.as_str(), "train" | "val" | "test" | "epoch" | "step" | "history" | "avg" | "mean")
    });
    words.in_order(String::cmp);
    words
}

/// Series of one metric, the one the run is judged by (else on validation data) first.
struct Together<'a> {
    stem: Vec<String>,
    series: Vec<&'a Series>,
}

fn together<'a>(told: &'a Told) -> Vec<Together<'a>> {
    let mut groups: Vec<Together<'a>> = Vec::new();
    for series in told.series.iter().filter(|s| !metric::is_running_best(&s.name) && !s.points.is_empty()) {
        let stem = stem(&series.name);
        match groups.iter_mut().find(|group| group.stem == stem) {
            Some(group) => group.series.push(series),
            None => groups.push(Together { stem, series: vec![series] }),
        }
    }
    let lead = lead(told).map(|name| metric::canonical(&name));
    let leads = |series: &Series| Some(metric::canonical(&series.name)) == lead;
    for group in &mut groups {
        group.series.in_order_of(|s| (!leads(s), metric::split_of(&s.name) != metric::Split::Validation));
    }
    groups.in_order_of(|group| {
        let first = group.series.first();
        let leads = first.is_some_and(|s| leads(s));
        let loss = first.is_some_and(|s| metric::is_loss(&s.name) && group.stem.len() == 1);
        let aside = first.is_some_and(|s| s.mode == Mode::None);
        (!leads, !loss, aside)
    });
    groups
}

pub(super) fn lead(told: &Told) -> Option<String> {
    told.verdict.as_ref().ok().map(|best| best.metric.clone())
}

/// The points of a series along the axis of the first of its plot.
pub(in crate::report) fn along(told: &Told, series: &Series, x: XAxis) -> Option<Points> {
    if series.x == x { Some(series.points.clone()) } else { told.places.points(series, x) }
}

/// Writes the plots, and a table of what they show.
pub(super) fn write(page: &mut Page, told: &Told) {
    let groups = together(told);
    if groups.is_empty() {
        return;
    }
    page.heading("Curves");
    let is_large = |at: usize, group: &Together<'_>| {
        at == 0
            || at == 1
                && group.stem.len() == 1
                && group.series.first().is_some_and(|s| metric::is_loss(&s.name))
    };
    let mut small = Vec::new();
    for (at, group) in groups.iter().enumerate() {
        if is_large(at, group) {
            for plot in plots(told, group, false) {
                plot::figure(page, &plot);
            }
        } else {
            small.push(group);
        }
    }
    if !small.is_empty() {
        page.raw("<div class=\"grid\">\n");
        for plot in small.iter().flat_map(|group| plots(told, group, true)).take(SMALL) {
            page.raw("<div><h4>").name(&plot.title).raw("</h4>\n");
            plot::figure(page, &plot);
            page.raw("</div>\n");
        }
        page.raw("</div>\n");
    }
    metrics(page, told);
}

/// The plots of one metric: one, unless some series cannot be put on its axis.
fn plots(told: &Told, group: &Together<'_>, is_small: bool) -> Vec<Plot> {
    let mut plots: Vec<Plot> = Vec::new();
    for series in &group.series {
        let line = |points| Line { name: series.name.clone(), points, mode: series.mode };
        let fits = plots.iter_mut().filter(|plot| plot.lines.len() < plot::LINES);
        let mut found = fits.filter_map(|plot| Some((along(told, series, plot.x)?, plot)));
        if let Some((points, plot)) = found.next() {
            plot.lines.push(line(points));
            continue;
        }
        drop(found);
        let turn = told.turn.as_ref().filter(|turn| turn.validation == series.name && turn.x == series.x);
        plots.push(Plot {
            title: series.name.clone(),
            x: series.x,
            lines: vec![line(series.points.clone())],
            turn: turn.map(|turn| turn.at),
            is_small,
        });
    }
    for plot in &mut plots {
        let names: Vec<&str> = plot.lines.iter().map(|line| line.name.as_str()).collect();
        plot.title = names.join(", ");
    }
    plots
}

fn metrics(page: &mut Page, told: &Told) {
    let headers = [
        ("metric", false),
        ("points", true),
        ("lowest", true),
        ("highest", true),
        ("last", true),
        ("from", false),
    ];
    page.table("All metrics", &headers);
    let value = |point: Option<(f64, f64)>| Cell::real(point.map(|(_, value)| value));
    for series in told.series.iter().take(METRICS) {
        let shape = series.points.shape();
        page.row(&[
            Cell::Name(series.name.clone()),
            Cell::count(series.points.len() as u64),
            value(shape.lowest),
            value(shape.highest),
            value(series.points.last().copied()),
            Cell::Text(shown(&series.source).into_owned()),
        ]);
    }
    page.table_end();
    if told.series.len() > METRICS {
        page.note(&format!("{} more are not shown.", told.series.len() - METRICS));
    }
}
