//! `curves`: the series of every run, drawn in the terminal or as JSON.

mod json;
mod plot;
mod sheet;

use std::io::Write;

use super::args::{Curves, Form};
use super::best;
use super::ls;
use super::output::{Failure, Out};
use super::style::{Style, Tone};
use super::table::{self, Cell, Column};
use crate::runs::Run;
use crate::runs::scan::{self, ScanOptions};
use crate::text::{number, shown, shown_path};
use crate::training::best::{leading, of_series};
use crate::training::curve::series_of_run;
use crate::training::{Mode, Series, XAxis, metric};

/// Lines of one plot at most.
const LINES: usize = 6;

/// The series of one run that were asked for.
struct Shown<'a> {
    run: &'a Run,
    series: Vec<Series>,
}

/// Draws or prints the curves in `options.paths`.
pub(super) fn run(options: &Curves, as_json: bool, style: &Style, out: &mut Out) -> Result<(), Failure> {
    let paths = ls::or_here(options.paths.clone());
    ls::check(&paths)?;
    let index = scan::collect_with_logs(paths, ScanOptions::default());
    let wanted: Vec<String> = options.metric.iter().map(|name| metric::canonical(name)).collect();
    let asked = |series: &Series| wanted.is_empty() || wanted.contains(&metric::canonical(&series.name));
    let all = index
        .runs
        .iter()
        .map(|run| Shown { run, series: series_of_run(run).into_iter().filter(asked).collect() });
    let finals = |run: &Run| wanted.is_empty() && finals(run).next().is_some();
    let shown: Vec<Shown<'_>> = all.filter(|shown| !shown.series.is_empty() || finals(shown.run)).collect();
    match options.table.form(as_json) {
        Form::Text => {}
        Form::Json => return out.json(&json::Document(&shown)),
        Form::Sheet(form) => return sheet::write(&shown, form, out),
    }
    if shown.is_empty() {
        return Err(best::nothing(&index, options.metric.first().map(String::as_str)));
    }
    // One metric of several runs is what people want to see in one picture.
    if let ([_], [_, _, ..]) = (wanted.as_slice(), shown.as_slice()) {
        overlay(&shown, options, style, out)?;
    } else {
        for shown in &shown {
            one(shown, options, style, out)?;
        }
    }
    Ok(())
}

fn one(shown_run: &Shown<'_>, options: &Curves, style: &Style, out: &mut Out) -> std::io::Result<()> {
    let Shown { run, series } = shown_run;
    let framework = run.framework.map(|name| format!(" ({name})")).unwrap_or_default();
    writeln!(out, "{}{framework}", style.paint(Tone::Title, &shown_path(&run.path)))?;
    let lines = if options.metric.is_empty() { leads(run, series) } else { together(series) };
    let named: Vec<(String, &Series)> =
        lines.into_iter().map(|series| (shown(&series.name).into_owned(), series)).collect();
    if !series.is_empty() {
        plot::draw(&named, options, style, out)?;
        writeln!(out)?;
        list(series, style, out)?;
    }
    for (name, value) in finals(run).filter(|_| options.metric.is_empty()) {
        writeln!(out, "final {} {}", shown(name), number::metric(*value))?;
    }
    writeln!(out)
}

/// Values of the end of training that no curve has.
fn finals(run: &Run) -> impl Iterator<Item = &(String, f64)> {
    run.record.iter().flat_map(|record| &record.finals)
}

/// One metric of several runs, in as many plots as there are kinds of x.
fn overlay(all: &[Shown<'_>], options: &Curves, style: &Style, out: &mut Out) -> std::io::Result<()> {
    for axis in [XAxis::Epoch, XAxis::Step] {
        let lines =
            all.iter().filter_map(|shown| Some((shown.run, shown.series.iter().find(|s| s.x == axis)?)));
        let named: Vec<(String, &Series)> =
            lines.map(|(run, series)| (shown(&run.name).into_owned(), series)).collect();
        let Some((_, first)) = named.first() else { continue };
        writeln!(out, "{}", style.paint(Tone::Title, &shown(&first.name)))?;
        for chunk in named.chunks(LINES) {
            plot::draw(chunk, options, style, out)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The metric the run is judged by, and the same one on training data.
fn leads<'a>(run: &Run, series: &'a [Series]) -> Vec<&'a Series> {
    let lead = leading(run).map(|(name, _)| metric::canonical(&name));
    let first = series.iter().find(|s| Some(metric::canonical(&s.name)) == lead);
    let first = first.or_else(|| series.iter().find(|s| s.mode != Mode::None)).or(series.first());
    let Some(first) = first else { return Vec::new() };
    // The metric whatever it was taken on, and wherever its name says so: `val_loss`, `loss/val`.
    let bare = |series: &Series| {
        let name = metric::canonical(&series.name);
        let words = name.split('_').filter(|word| !matches!(*word, "train" | "val" | "test"));
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    let twin = |s: &&Series| s.x == first.x && s.name != first.name && bare(s) == bare(first);
    std::iter::once(first).chain(series.iter().filter(twin).take(LINES - 1)).collect()
}

/// Series that share an axis with the first.
fn together(series: &[Series]) -> Vec<&Series> {
    let axis = series.first().map(|s| s.x);
    series.iter().filter(|s| Some(s.x) == axis).take(LINES).collect()
}

/// All series in words.
fn list(series: &[Series], style: &Style, out: &mut dyn Write) -> std::io::Result<()> {
    let columns = [
        Column::elastic("METRIC"),
        Column::left("X").spare(3),
        Column::right("POINTS").spare(2),
        Column::right("LAST"),
        Column::right("BEST"),
        Column::right("AT"),
        Column::left("BETTER"),
        Column::elastic("SOURCE").spare(1),
    ];
    table::write(out, style, &columns, series.len(), &|at| series.get(at).map(cells).unwrap_or_default())
}

fn cells(series: &Series) -> Vec<Cell> {
    let best = of_series(series);
    let x = |x: f64| if series.x == XAxis::Epoch { number::epoch(x) } else { format!("{x:.0}") };
    let better = match series.mode {
        Mode::Min => "lower",
        Mode::Max => "higher",
        Mode::None => "",
    };
    vec![
        shown(&series.name).into_owned().into(),
        series.x.name().into(),
        number::grouped(series.points.len() as u64).into(),
        series.points.last().map(|p| number::metric(p.1)).unwrap_or_default().into(),
        best.map(|p| number::metric(p.1)).unwrap_or_default().into(),
        best.map(|p| x(p.0)).unwrap_or_default().into(),
        better.into(),
        shown(&series.source).into_owned().into(),
    ]
}
