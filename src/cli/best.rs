//! `best`: the path of the best checkpoint, alone on standard output, so that scripts can use it. What makes it
//! the best, and what else there is to know, goes to standard error.

mod sheet;

use std::io::Write as _;
use std::path::Path;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::args::{Best, Form};
use super::json::Count;
use super::ls;
use super::output::{self, Failure, Out};
use crate::limits::Limits;
use crate::runs::Run;
use crate::runs::group::Index;
use crate::runs::scan::{self, ScanOptions};
use crate::runs::weights::weight_twins;
use crate::text::{number, shown};
use crate::training::Mode;
use crate::training::best::leading;
use crate::training::curve::series_of_run;
use crate::training::verdict::{Comparison, Verdict, Without, verdict};
use crate::work::Cancel;

/// Metrics named when the one asked for is not there.
const NAMED: usize = 12;

/// Names the best checkpoint in `options.paths`.
pub(super) fn run(options: Best, as_json: bool, out: &mut Out) -> Result<(), Failure> {
    let paths = ls::or_here(options.paths);
    ls::check(&paths)?;
    let index = scan::collect_with_logs(paths, ScanOptions::default());
    let all = verdicts(&index, options.metric.as_deref(), options.mode.map(Mode::from))?;
    if let Form::Sheet(form) = options.table.form(as_json) {
        return sheet::write(all, form, out);
    }
    let runs = all.len();
    let Some((run, mut best)) = all.into_iter().min_by(|(_, a), (_, b)| sheet::order(a, b)) else {
        return Err(nothing(&index, options.metric.as_deref()));
    };
    if let Some(path) = best.path.clone() {
        // Weights saved alone, as `best.pt` mostly is, are found by what is in them.
        let twins = weight_twins(run, &path, &Limits::default(), &Cancel::default());
        best.hold_the_same(run, twins);
    }
    if as_json {
        out.json(&Document { run, best: &best })?;
    }
    let Some(path) = &best.path else {
        return Err(Failure::No(format!("{}; {}", summary(&best), note(&best))));
    };
    if as_json {
        return Ok(());
    }
    out.path(path)?;
    out.flush()?;
    let of = if runs > 1 { format!(", the best of {runs} runs") } else { String::new() };
    output::remark(&format!("{}{of}", summary(&best)));
    if best.note.is_some() {
        output::remark(&note(&best));
    }
    Ok(())
}

/// The verdicts of the runs that have the metric; at least one.
fn verdicts<'a>(
    index: &'a Index,
    metric: Option<&str>,
    mode: Option<Mode>,
) -> Result<Vec<(&'a Run, Verdict)>, Failure> {
    let metric = metric.map(str::to_owned).or_else(|| most_judge_by(index));
    let mut found: Vec<(&Run, Verdict)> = Vec::new();
    let mut undirected = None;
    for run in &index.runs {
        match verdict(run, metric.as_deref(), mode) {
            Ok(best) => found.push((run, best)),
            Err(Without::Metric) => {}
            Err(Without::Direction(name)) => {
                undirected.get_or_insert(name);
            }
        }
    }
    match undirected {
        _ if !found.is_empty() => Ok(found),
        Some(name) => Err(undirected_metric(&name)),
        None => Err(nothing(index, metric.as_deref())),
    }
}

/// Nobody knows which way the metric gets better.
pub(super) fn undirected_metric(name: &str) -> Failure {
    let text = "does not say whether lower or higher is better; add --mode min or --mode max";
    Failure::Message(format!("the name {} {text}", shown(name)))
}

/// The metric most runs are judged by.
fn most_judge_by(index: &Index) -> Option<String> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for (name, _) in index.runs.iter().filter_map(leading) {
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(name, _)| name)
}

/// Says that nothing has the metric, and what there is.
pub(super) fn nothing(index: &Index, metric: Option<&str>) -> Failure {
    let mut names: Vec<String> = Vec::new();
    for series in index.runs.iter().flat_map(series_of_run) {
        if names.len() <= NAMED && !names.contains(&series.name) {
            names.push(series.name);
        }
    }
    let what = match metric {
        Some(metric) => format!("nothing here has a metric called {}", shown(metric)),
        None => "nothing here has a metric to judge by".to_owned(),
    };
    if names.is_empty() {
        return Failure::No(what);
    }
    let more = if names.len() > NAMED { ", ..." } else { "" };
    let names: Vec<_> = names.iter().take(NAMED).map(|name| shown(name)).collect();
    Failure::No(format!("{what}; there are {}{more}", names.join(", ")))
}

fn summary(best: &Verdict) -> String {
    let way = if best.mode == Mode::Max { "higher" } else { "lower" };
    let place = match (best.epoch, best.step) {
        (Some(epoch), _) => format!(" at epoch {}", number::epoch(epoch)),
        (None, Some(step)) => format!(" at step {step}"),
        (None, None) => String::new(),
    };
    let values = if best.candidates == 1 { "value" } else { "values" };
    format!(
        "{} {}{place}: {way} is better ({}), best of {} {values} from {}",
        shown(&best.metric),
        number::metric(best.value),
        best.direction.name(),
        number::grouped(best.candidates as u64),
        shown(&best.source)
    )
}

fn note(best: &Verdict) -> String {
    shown(best.note.as_deref().unwrap_or_default()).into_owned()
}

struct Document<'a> {
    run: &'a Run,
    best: &'a Verdict,
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let best = self.best;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &best.path.as_deref().map(text))?;
        map.serialize_entry("epoch", &best.epoch.map(Count))?;
        map.serialize_entry("step", &best.step)?;
        map.serialize_entry("metric", &best.metric)?;
        map.serialize_entry("value", &best.value)?;
        map.serialize_entry("source", &best.source)?;
        map.serialize_entry("candidates", &best.candidates)?;
        map.serialize_entry("on_disk", &best.on_disk)?;
        map.serialize_entry("note", &best.note)?;
        map.serialize_entry("mode", best.mode.name())?;
        map.serialize_entry("direction", best.direction.name())?;
        map.serialize_entry("run", &text(&self.run.path))?;
        map.serialize_entry("twins", &best.twins.iter().map(|path| text(path)).collect::<Vec<_>>())?;
        map.serialize_entry("opinion", &best.opinion.as_ref().map(OpinionJson))?;
        map.end()
    }
}

struct OpinionJson<'a>(&'a Comparison);

impl Serialize for OpinionJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Comparison { opinion, path, agrees } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("by", opinion.who)?;
        map.serialize_entry("says", &opinion.path)?;
        map.serialize_entry("path", &path.as_deref().map(text))?;
        map.serialize_entry("metric", &opinion.metric)?;
        map.serialize_entry("value", &opinion.value)?;
        map.serialize_entry("epoch", &opinion.epoch.map(Count))?;
        map.serialize_entry("step", &opinion.step)?;
        map.serialize_entry("agrees", agrees)?;
        map.end()
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
