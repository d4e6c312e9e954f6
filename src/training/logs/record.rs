//! All logs of one run, put together.
//!
//! Files that continue each other (a restart begins a new one) are one source, read in their order. A
//! metric that several sources have is taken from one of them, never mixed: the framework's own record
//! before tables and JSON, these before TensorBoard's events, which often hold the same once more.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::rows::points;
use super::{Log, LogFile, LogKind, SERIES, read};
use crate::sorting::Sort as _;
use crate::text::natural;
use crate::training::{Opinion, Series, metric};

/// Hyperparameters of one run at most.
const SETTINGS: usize = 256;

/// What was read for a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The log.
    pub path: PathBuf,
    /// How its epochs were read, in words.
    pub rule: Option<&'static str>,
    /// Why it could not be read, or not in whole.
    pub problem: Option<String>,
}

/// What the logs of a run say.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Curves, each with the log it is from as its source.
    pub series: Vec<Series>,
    /// Values of the end of training that no curve has.
    pub finals: Vec<(String, f64)>,
    /// Hyperparameters as (name, shown value).
    pub hyperparameters: Vec<(String, String)>,
    /// Completed epochs at steps, ascending.
    pub places: Vec<(u64, f64)>,
    /// Completed epochs when skorch last saved its parameters, beside this log.
    pub saved: Vec<(PathBuf, f64)>,
    /// Which checkpoint the framework thinks best.
    pub opinion: Option<Opinion>,
    /// What was read.
    pub sources: Vec<Source>,
    /// The files this was read from, as they were then.
    pub files: Vec<LogFile>,
}

impl Record {
    /// The completed epochs at a step, where the logs say.
    pub fn epoch_at(&self, step: u64) -> Option<f64> {
        let at = self.places.binary_search_by_key(&step, |place| place.0).ok()?;
        self.places.get(at).map(|place| place.1)
    }
}

/// Reads the logs of a run. To be called on a worker thread: it takes as long as the logs are.
pub fn record(files: &[LogFile]) -> Record {
    let mut record = Record { files: files.to_vec(), ..Record::default() };
    let mut families: Vec<(LogKind, Log)> = Vec::new();
    for family in families_of(files) {
        let mut together: Option<Log> = None;
        let kind = family.first().map_or(LogKind::Summary, |file| file.kind);
        for file in family {
            let mut source = Source { path: file.path.clone(), rule: None, problem: None };
            let log = read(&file.path, file.kind);
            match &log {
                Ok(log) => (source.rule, source.problem) = (log.rule, log.problem.clone()),
                Err(error) => source.problem = Some(error.reason()),
            }
            if let Ok(Some(epoch)) = log.as_ref().map(|log| log.saved) {
                record.saved.push((file.path.clone(), epoch));
            }
            record.sources.push(source);
            let Ok(mut log) = log else { continue };
            match file.kind {
                LogKind::Events => name_after_folder(&file.path, &mut log),
                LogKind::Csv | LogKind::Lines => {
                    if let Some(split) = split_of_file(&file.path, files) {
                        name_after(split, &mut log);
                    }
                }
                _ => {}
            }
            match &mut together {
                Some(first) => join(first, log, kind),
                None => together = Some(log),
            }
        }
        families.extend(together.map(|log| (kind, log)));
    }
    // Of one kind the log with most to say comes first.
    let most = |log: &Log| log.series.iter().map(|s| s.points.len()).max().unwrap_or(0);
    families.in_order_of(|(kind, log)| (*kind, std::cmp::Reverse(most(log))));
    for (kind, log) in families {
        merge(&mut record, kind, log);
    }
    // What a plot asks of them is made here, by the thread that has the time.
    for series in &record.series {
        series.points.shape();
    }
    record
}

/// Files that continue each other, in the order they were written.
fn families_of(files: &[LogFile]) -> Vec<Vec<&LogFile>> {
    let mut families: BTreeMap<(LogKind, String), Vec<&LogFile>> = BTreeMap::new();
    let scalars: BTreeSet<&Path> =
        files.iter().filter(|f| f.path.ends_with("scalars.json")).filter_map(|f| f.path.parent()).collect();
    // mmengine writes the same once more under the time of the start.
    let twice = |file: &&LogFile| {
        let name = file.path.file_stem().and_then(|s| s.to_str());
        name.is_some_and(is_time) && file.path.parent().is_some_and(|folder| scalars.contains(folder))
    };
    for file in files.iter().filter(|file| !twice(file)) {
        let key = match file.kind {
            // Names of event files hold the time, the host and the process.
            LogKind::Events => file.path.parent().unwrap_or(Path::new("")).to_string_lossy().into_owned(),
            LogKind::TrainerState => String::new(),
            _ if continues(&file.path) => {
                file.path.to_string_lossy().replace(|c: char| c.is_ascii_digit(), "")
            }
            _ => file.path.to_string_lossy().into_owned(),
        };
        families.entry((file.kind, key)).or_default().push(file);
    }
    let mut families: Vec<Vec<&LogFile>> = families.into_values().collect();
    for family in &mut families {
        family.in_order(|a, b| natural::compare(&a.path.to_string_lossy(), &b.path.to_string_lossy()));
        if family.first().is_some_and(|file| file.kind == LogKind::TrainerState) {
            *family = latest_states(family);
        }
    }
    families
}

/// One of a row of files that continue each other: `metrics_epoch_3.json`, and what is called after the time
/// it was begun (`20240101_120000/vis_data/scalars.json`). Folds and parallel environments are numbered too, and
/// do not.
fn continues(path: &Path) -> bool {
    let epoch = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("metrics_epoch_"));
    let timed = |part: std::path::Component<'_>| {
        let name = part.as_os_str().to_string_lossy();
        name.split('.').next().is_some_and(is_time)
    };
    epoch || path.components().any(timed)
}

/// `20240131_120000` and `20240131-1200`: mmengine and torchtitan begin a folder for each start.
pub fn is_time(name: &str) -> bool {
    matches!(name.split_once(['_', '-']), Some((day, time)) if day.len() == 8 && matches!(time.len(), 4 | 6)
        && day.bytes().chain(time.bytes()).all(|b| b.is_ascii_digit()))
}

/// Each checkpoint of Hugging Face holds the state up to itself: the one at the top is the last, if it is
/// there, and else that of the checkpoint with the highest number. Both are read, for training may have gone
/// on since the first was written.
fn latest_states<'a>(family: &[&'a LogFile]) -> Vec<&'a LogFile> {
    let depth = |file: &LogFile| file.path.components().count();
    let top = family.iter().min_by_key(|file| depth(file));
    let last =
        family.iter().max_by(|a, b| natural::compare(&a.path.to_string_lossy(), &b.path.to_string_lossy()));
    let mut states: Vec<&LogFile> = last.into_iter().chain(top).copied().collect();
    states.dedup();
    states
}

/// Folders that tell the split of what is in them.
const SPLITS: [&str; 8] = ["train", "training", "validation", "val", "valid", "dev", "test", "eval"];

/// Keras and others write training and validation into folders of these names, with equal tags. `add_scalars` makes
/// a folder of the tag and of the name of each of its values.
fn name_after_folder(path: &Path, log: &mut Log) {
    let folder = path.parent().and_then(Path::file_name).map(|n| n.to_string_lossy().into_owned());
    let Some(folder) = folder else { return };
    for series in &mut log.series {
        let tag = series.name.replace('/', "_");
        if let Some(part) = folder.strip_prefix(&tag).and_then(|rest| rest.strip_prefix('_')) {
            series.name = format!("{}/{part}", series.name);
        }
    }
    if SPLITS.contains(&folder.as_str()) {
        name_after(&folder, log);
    }
}

fn name_after(split: &str, log: &mut Log) {
    for series in log.series.iter_mut().filter(|s| metric::split_of(&s.name) == metric::Split::Unsaid) {
        series.name = format!("{split}/{}", series.name);
    }
}

/// `train.csv` beside `valid.csv`: the split a table is of, where another has the same columns of another split.
fn split_of_file(path: &Path, files: &[LogFile]) -> Option<&'static str> {
    let split = |path: &Path| metric::split_of(&path.file_stem().unwrap_or_default().to_string_lossy());
    let own = split(path);
    let beside = |other: &LogFile| {
        other.path.parent() == path.parent()
            && other.path.extension() == path.extension()
            && !matches!(split(&other.path), metric::Split::Unsaid)
            && split(&other.path) != own
    };
    let name = match own {
        metric::Split::Train => "train",
        metric::Split::Validation => "val",
        metric::Split::Test => "test",
        metric::Split::Unsaid => return None,
    };
    files.iter().filter(|file| file.kind.has_curves()).any(beside).then_some(name)
}

/// Continues `first` by what a later file of its family says.
fn join(first: &mut Log, later: Log, kind: LogKind) {
    if kind == LogKind::TrainerState {
        // Both hold everything from the beginning.
        let end = |log: &Log| log.places.last().map_or(0, |place| place.0);
        if end(&later) >= end(first) {
            *first = later;
        }
        return;
    }
    for mut series in later.series {
        let held = first.series.iter_mut().find(|s| s.name == series.name && s.x == series.x);
        if let Some(held) = held {
            let before = std::mem::take(&mut held.points).into_vec();
            held.points = points(before.into_iter().chain(series.points.into_vec())).into();
            held.source = std::mem::take(&mut series.source);
        } else if first.series.len() < SERIES {
            first.series.push(series);
        }
    }
    let places: BTreeMap<u64, f64> = first.places.iter().copied().chain(later.places).collect();
    first.places = places.into_iter().collect();
    for (name, value) in later.finals {
        first.finals.retain(|(n, _)| *n != name);
        first.finals.push((name, value));
    }
    settings(&mut first.hyperparameters, later.hyperparameters);
    first.opinion = later.opinion.or(first.opinion.take());
    first.rule = first.rule.or(later.rule);
}

fn settings(held: &mut Vec<(String, String)>, more: Vec<(String, String)>) {
    for (name, value) in more {
        if held.len() < SETTINGS && !held.iter().any(|(n, _)| *n == name) {
            held.push((name, value));
        }
    }
}

/// Adds what a source says that none before it said.
fn merge(record: &mut Record, kind: LogKind, log: Log) {
    let known: BTreeSet<String> = record.series.iter().map(|s| metric::canonical(&s.name)).collect();
    for series in log.series {
        let same = metric::canonical(&series.name);
        // The Trainer logs `loss`, and TensorBoard has it as `train/loss`.
        let bare = same.strip_prefix("train_").filter(|_| kind == LogKind::Events);
        let is_known = known.contains(&same) || bare.is_some_and(|bare| known.contains(bare));
        if !is_known && record.series.len() < SERIES {
            record.series.push(series);
        }
    }
    for (name, value) in log.finals {
        let same = metric::canonical(&name);
        if !record.finals.iter().any(|(n, _)| *n == name) && !known.contains(&same) {
            record.finals.push((name, value));
        }
    }
    settings(&mut record.hyperparameters, log.hyperparameters);
    if record.places.is_empty() {
        record.places = log.places;
    }
    record.opinion = record.opinion.take().or(log.opinion);
}
