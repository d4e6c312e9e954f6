//! Reads what a page is about: the only part of the report that opens files.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::tensors::Statistics;
use super::{Report, Stamp, checkpoint, comparison, overview};
use crate::cache::Cache;
use crate::checkpoint::Checkpoint;
use crate::compare::report::{Match, Report as Keys};
use crate::compare::timeline::{self, Timeline};
use crate::compare::values::{self, Options, ValueDiff};
use crate::error::{Error, ErrorKind, Result};
use crate::export::repair_script;
use crate::export::snippet::{self, Load};
use crate::limits::Limits;
use crate::runs::{CheckpointRow, Run, Skipped};
use crate::stats::{Plan, Survey, default_threads, findings};
use crate::text::last_component;
use crate::training::curve::series_of_run;
use crate::training::overfit::{self, Turn};
use crate::training::verdict::{Verdict, Without, verdict_of};
use crate::training::{Series, align, choose, siblings};
use crate::work::Work;

/// Runs that are told in full; more have a row of the table.
pub const RUNS: usize = 40;
/// Checkpoints of a run whose weights are compared for the map of its layers.
const STOPS: usize = 48;
/// Cells of all maps of a page together: what is left bounds how many checkpoints each run gives.
const MAP: usize = 48 * 16;

/// What a page is about.
#[derive(Debug)]
pub enum Source {
    /// Runs, as a scan found them and with their logs read; and what was not looked into.
    Runs(Vec<Run>, Vec<Skipped>),
    /// One checkpoint.
    Checkpoint(PathBuf),
    /// Two checkpoints: the model's side, and what is to be loaded into it.
    Comparison(PathBuf, PathBuf),
}

impl Source {
    /// What a page about it is called.
    pub fn name(&self) -> String {
        match self {
            Self::Runs(runs, _) => match runs.as_slice() {
                [run] => run.name.clone(),
                _ => "runs".to_owned(),
            },
            Self::Checkpoint(path) => last_component(path),
            Self::Comparison(a, b) => format!("{}-{}", last_component(a), last_component(b)),
        }
    }
}

/// Bytes of a page about a run, more or less, without reading anything.
pub fn guess_of_run(run: &Run) -> u64 {
    let files = run.checkpoints.len();
    let logged = run.record.iter().flat_map(|record| &record.series);
    let histories = run.checkpoints.iter().flat_map(|row| &row.training.histories);
    let points: usize = logged.chain(histories).take(24).map(|s| s.points.len().min(1_900)).sum();
    let map = if files > 1 { files.min(STOPS) * 60 * 18 / 2 } else { 0 };
    (14_000 + files.min(150) * 260 + points * 16 + map) as u64
}

/// Bytes of the checkpoints a page about a run reads to compare their weights.
pub fn read_for_run(run: &Run) -> u64 {
    let stops = stops(run, STOPS);
    if stops.len() > 1 {
        stops.iter().map(|(_, bytes)| bytes).fold(0, |sum, n| sum.saturating_add(*n))
    } else {
        0
    }
}

/// The same for a checkpoint of so many tensors.
pub fn guess_of_tensors(tensors: usize) -> u64 {
    14_000 + tensors.min(250) as u64 * 1_100
}

/// The same for a comparison of so many keys.
pub fn guess_of_pairs(keys: usize) -> u64 {
    10_000 + keys.min(700) as u64 * 300
}

/// How a page is made.
#[derive(Debug, Clone)]
pub struct Request {
    /// The metric runs are judged by; each run's own without.
    pub metric: Option<String>,
    /// Read the elements of tensors: statistics, changed values, the map of layers.
    pub values: bool,
}

/// What is known of one run.
pub(super) struct Told {
    pub(super) run: Run,
    pub(super) series: Vec<Series>,
    pub(super) verdict: std::result::Result<Verdict, Without>,
    pub(super) turn: Option<Turn>,
    pub(super) places: align::Places,
    /// The map of its layers, and how many checkpoints there are for it.
    pub(super) timeline: Option<(Timeline, usize)>,
    /// How the best file is loaded.
    pub(super) load: Option<(PathBuf, Load)>,
}

/// Makes the page. The meter of `work` counts bytes.
///
/// # Errors
/// When a file cannot be read, nothing in the runs has the metric, or the work was cancelled.
pub fn make(source: Source, options: &Request, cache: &Cache, stamp: &Stamp, work: &Work) -> Result<Report> {
    match source {
        Source::Runs(runs, skipped) => of_runs(runs, &skipped, options, cache, stamp, work),
        Source::Checkpoint(path) => of_checkpoint(&path, options, cache, stamp, work),
        Source::Comparison(reference, candidate) => of_pair(&reference, &candidate, options, stamp, work),
    }
}

fn of_runs(
    runs: Vec<Run>,
    skipped: &[Skipped],
    options: &Request,
    cache: &Cache,
    stamp: &Stamp,
    work: &Work,
) -> Result<Report> {
    if runs.is_empty() {
        return Err(Error::new(ErrorKind::NotACheckpoint, "no runs or checkpoints are there"));
    }
    let mut told: Vec<Told> = runs.into_iter().map(|run| judge(run, options.metric.as_deref())).collect();
    if let Some(metric) = &options.metric
        && told.iter().all(|told| told.verdict.is_err())
    {
        let name = crate::text::shown(metric);
        let text = format!("nothing here has a metric called {name} that gets better one way");
        return Err(Error::new(ErrorKind::NotACheckpoint, text).advise("ckpt-tui curves lists the metrics"));
    }
    overview::order(&mut told);
    let chosen: Vec<Vec<Stop>> = if options.values {
        let each = (MAP / told.len().clamp(1, RUNS)).clamp(8, STOPS);
        told.iter().take(RUNS).map(|told| stops(&told.run, each)).collect()
    } else {
        Vec::new()
    };
    work.meter.expect(chosen.iter().flatten().fold(0, |sum: u64, (_, bytes)| sum.saturating_add(*bytes)));
    for (told, chosen) in told.iter_mut().zip(&chosen) {
        if chosen.len() > 1 {
            let (sources, sizes): (Vec<timeline::Source>, Vec<u64>) = chosen.iter().cloned().unzip();
            told.timeline = Some((layers(&sources, &sizes, cache, work)?, choose::series(&told.run).len()));
        }
    }
    for told in told.iter_mut().take(RUNS) {
        work.cancel.check()?;
        told.load = loading(told);
    }
    Ok(overview::page(&told, skipped, stamp))
}

fn judge(run: Run, metric: Option<&str>) -> Told {
    let series = series_of_run(&run);
    let places = align::Places::of(&run);
    Told {
        verdict: verdict_of(&run, &series, metric, None),
        turn: overfit::turn(&series, &places),
        places,
        series,
        timeline: None,
        load: None,
        run,
    }
}

/// A checkpoint whose weights are compared, and its size.
type Stop = (timeline::Source, u64);

/// At most `most` checkpoints in the order of training, evenly spread, the first and the last among them.
fn stops(run: &Run, most: usize) -> Vec<Stop> {
    let rows: Vec<&CheckpointRow> = choose::series(run);
    let stop = |row: &&CheckpointRow| {
        let progress = &row.training.progress;
        let source = timeline::Source { path: row.path.clone(), epoch: progress.epoch, step: progress.step };
        (source, row.bytes)
    };
    if rows.len() <= most {
        return rows.iter().map(stop).collect();
    }
    let place = |at: usize| at * (rows.len() - 1) / (most - 1).max(1);
    (0..most).filter_map(|at| rows.get(place(at))).map(stop).collect()
}

fn layers(sources: &[timeline::Source], sizes: &[u64], cache: &Cache, work: &Work) -> Result<Timeline> {
    // The meter of a timeline counts checkpoints; ours counts their bytes.
    let own = Work { cancel: work.cancel.clone(), ..Work::default() };
    let mut sizes = sizes.iter();
    timeline::build(sources, cache, &own, &mut |_| work.meter.advance(sizes.next().copied().unwrap_or(0)))
}

/// The lines that load the best file, or the newest where nothing says which is best.
fn loading(told: &Told) -> Option<(PathBuf, Load)> {
    let best = told.verdict.as_ref().ok().and_then(|verdict| verdict.path.clone());
    let path = best.or_else(|| choose::series(&told.run).last().map(|row| row.path.clone()))?;
    let checkpoint = crate::format::open(&path, &Limits::default()).ok()?;
    let load = snippet::of(&checkpoint);
    Some((path, load))
}

fn of_checkpoint(
    path: &Path,
    options: &Request,
    cache: &Cache,
    stamp: &Stamp,
    work: &Work,
) -> Result<Report> {
    let checkpoint = crate::format::open(path, &Limits::default())?;
    let statistics = if options.values { Some(statistics(&checkpoint, cache, work)?) } else { None };
    work.cancel.check()?;
    let training = siblings::info(&checkpoint);
    let load = snippet::of(&checkpoint);
    Ok(checkpoint::page(&checkpoint, &training, statistics.as_ref(), &load, stamp))
}

/// Statistics of all tensors, of which those are kept that the page shows.
fn statistics(checkpoint: &Checkpoint, cache: &Cache, work: &Work) -> Result<Statistics> {
    let plan = Plan::of(checkpoint, |_, _| true);
    let kept = Mutex::new(Statistics::of(checkpoint, &plan));
    let survey = Survey { checkpoint, plan: &plan, cache, threads: default_threads(), work };
    let outcome = survey.run(&|index, stats| {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        match stats {
            Ok(stats) => {
                let entry = kept.entry(index).and_then(|at| checkpoint.tensors().get(at));
                let said = entry.map(|entry| findings(checkpoint, entry, &stats)).unwrap_or_default();
                kept.add(index, &Arc::clone(&stats), said);
            }
            Err(error) => kept.fail(index, error.reason()),
        }
    })?;
    let mut kept = kept.into_inner().unwrap_or_else(PoisonError::into_inner);
    kept.total = Some(outcome.total);
    Ok(kept)
}

/// What these paths are for a page: one checkpoint; two of them, to be compared; else the runs in `index`, which is
/// the scan of them with logs read.
pub fn source(paths: &[PathBuf], index: crate::runs::group::Index) -> Source {
    let is_checkpoint = |path: &PathBuf| index.row(path).is_some() || !path.is_dir() && index.runs.is_empty();
    match paths {
        [one] if is_checkpoint(one) => Source::Checkpoint(one.clone()),
        [a, b] if is_checkpoint(a) && is_checkpoint(b) => Source::Comparison(a.clone(), b.clone()),
        _ => Source::Runs(index.runs, index.skipped),
    }
}

/// Two checkpoints compared.
pub(super) struct Compared<'a> {
    pub(super) reference: &'a Checkpoint,
    pub(super) candidate: &'a Checkpoint,
    pub(super) keys: Keys,
    /// Tensors that go together, with the difference of their values where it was computed.
    pub(super) rows: Vec<(Match, Option<std::result::Result<ValueDiff, String>>)>,
    /// Python that repairs and loads; empty without repairs.
    pub(super) script: String,
}

fn of_pair(
    reference: &Path,
    candidate: &Path,
    options: &Request,
    stamp: &Stamp,
    work: &Work,
) -> Result<Report> {
    let limits = Limits::default();
    let reference = crate::format::open(reference, &limits)?;
    let candidate = crate::format::open(candidate, &limits)?;
    let keys = Keys::of(&reference, &candidate, (None, None))?;
    let matches: Vec<Match> = keys.matches().collect();
    let rows = if options.values {
        let pairs: Vec<_> = matches.iter().filter_map(|row| row.ids).collect();
        work.meter.expect(values::bytes(&reference, &candidate, &pairs));
        let found = values::compare(&reference, &candidate, &pairs, &Options::default(), work)?;
        let mut found = found.into_iter().map(|diff| diff.map_err(|error| error.reason()));
        let row = |row: Match| {
            let diff = if row.ids.is_some() { found.next() } else { None };
            (row, diff)
        };
        matches.into_iter().map(row).collect()
    } else {
        matches.into_iter().map(|row| (row, None)).collect()
    };
    let script = match keys.found.applied().next() {
        Some(_) => repair_script::script(&candidate, &keys.candidate.section, &keys.found),
        None => String::new(),
    };
    let compared = Compared { reference: &reference, candidate: &candidate, keys, rows, script };
    Ok(comparison::page(&compared, stamp))
}
