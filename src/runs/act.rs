//! Acting on a pick: a `best` link, and a clean-up that keeps the best. The only places where the reading half
//! writes into an experiment folder, and only when asked to.
//!
//! [`plan`] says what a clean-up would do and changes nothing; [`carry_out`] moves what the plan names to the
//! desktop's trash, from where it can be put back. What is best, last, named so, marked, linked to, unreadable,
//! still written, or without a value of the metric is never touched.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{CheckpointRow, Role, Run, Status, layout};
use crate::error::{Error, ErrorKind, Result};
use crate::platform;
use crate::sorting::Sort as _;
use crate::text::shown_path;
use crate::training::name::Part;
use crate::training::verdict::{Without, opinion, verdict};
use crate::training::{Mode, metric};

/// One checkpoint of a clean-up: a file, or the folder that holds nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The file or folder.
    pub path: PathBuf,
    /// Bytes on disk; 0 for a link.
    pub bytes: u64,
    /// Completed epochs.
    pub epoch: Option<f64>,
    /// Its value of the metric.
    pub value: Option<f64>,
    /// Why it stays; empty for what would go.
    pub reasons: Vec<&'static str>,
}

/// What a clean-up would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The metric checkpoints are kept by.
    pub metric: String,
    /// Which way is better.
    pub mode: Mode,
    /// What stays, in the run's order, each with its reasons.
    pub keep: Vec<Item>,
    /// What goes to the trash, in the run's order.
    pub remove: Vec<Item>,
}

impl Plan {
    /// Bytes that would be free once the trash is emptied.
    pub fn freed(&self) -> u64 {
        self.remove.iter().map(|item| item.bytes).sum()
    }
}

/// Checkpoints of a run among these absolute paths, as the run has them.
pub fn marked_by(run: &Run, absolute: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    if absolute.is_empty() {
        return BTreeSet::new();
    }
    let is_marked = |path: &&PathBuf| {
        let names = [std::path::absolute(path).ok(), crate::state::of_file(path)];
        names.into_iter().flatten().any(|name| absolute.contains(&name))
    };
    run.checkpoints.iter().map(|row| &row.path).filter(is_marked).cloned().collect()
}

/// Plans to keep the best `keep` checkpoints of a run. `metric` is its leading one unless given; `marked` are
/// paths a person marked.
///
/// # Errors
/// [`Without`] when nothing tells which checkpoints are best.
pub fn plan(
    run: &Run,
    keep: usize,
    metric: Option<&str>,
    mode: Option<Mode>,
    marked: &BTreeSet<PathBuf>,
) -> Result<Plan, Without> {
    let best = verdict(run, metric, mode)?;
    let same = metric::canonical(&best.metric);
    let units = units(run);
    let value = |rows: &[&CheckpointRow]| {
        let mut values = rows.iter().flat_map(|row| row.training.values());
        values.find(|(name, value)| value.is_finite() && metric::canonical(name) == same).map(|(_, v)| v)
    };
    let mut ranked: Vec<(&PathBuf, f64)> = units
        .iter()
        .filter(|(_, rows)| rows.iter().any(|row| row.same_as.is_none()))
        .filter_map(|(path, rows)| Some((path, value(rows)?)))
        .collect();
    ranked.in_order(|a, b| if best.mode == Mode::Max { b.1.total_cmp(&a.1) } else { a.1.total_cmp(&b.1) });
    let top: BTreeSet<&PathBuf> = ranked.iter().take(keep).map(|(path, _)| *path).collect();
    let protected = Protected::of(run, best.path.as_deref());
    let mut plan = Plan { metric: best.metric, mode: best.mode, keep: Vec::new(), remove: Vec::new() };
    for (path, rows) in ordered(run, &units) {
        let value = value(rows);
        let mut reasons = protected.reasons(path, rows, marked);
        if top.contains(path) {
            reasons.insert(0, "among the best");
        }
        if value.is_none() {
            reasons.push("has no value of the metric");
        }
        let epoch = rows.iter().find_map(|row| row.training.progress.epoch);
        let item = Item { path: path.clone(), bytes: bytes(path, rows), epoch, value, reasons };
        if item.reasons.is_empty() { plan.remove.push(item) } else { plan.keep.push(item) }
    }
    Ok(plan)
}

/// Checkpoints by what would be removed: a file, or a folder that holds one checkpoint (`checkpoint-500`).
fn units(run: &Run) -> BTreeMap<PathBuf, Vec<&CheckpointRow>> {
    let mut units: BTreeMap<PathBuf, Vec<&CheckpointRow>> = BTreeMap::new();
    for row in &run.checkpoints {
        let folder = layout::checkpoint_folder(&row.path).filter(|folder| folder.starts_with(&run.path));
        units.entry(folder.unwrap_or_else(|| row.path.clone())).or_default().push(row);
    }
    units
}

/// Units in the run's order.
fn ordered<'a, 'r>(
    run: &'r Run,
    units: &'a BTreeMap<PathBuf, Vec<&'r CheckpointRow>>,
) -> Vec<(&'a PathBuf, &'a [&'r CheckpointRow])> {
    let place: BTreeMap<&Path, usize> =
        run.checkpoints.iter().enumerate().map(|(at, row)| (row.path.as_path(), at)).collect();
    let mut all: Vec<_> = units.iter().map(|(path, rows)| (path, rows.as_slice())).collect();
    all.in_order_of(|(_, rows)| rows.first().and_then(|row| place.get(row.path.as_path())).copied());
    all
}

/// Bytes of a unit: those of its rows, or everything in the folder.
fn bytes(path: &Path, rows: &[&CheckpointRow]) -> u64 {
    if !path.is_dir() {
        let link = rows.iter().any(|row| row.identity.is_link);
        return if link { 0 } else { rows.iter().map(|row| row.bytes).sum() };
    }
    let files = walkdir::WalkDir::new(path).into_iter().filter_map(|entry| entry.ok()?.metadata().ok());
    files.filter(std::fs::Metadata::is_file).map(|m| m.len()).sum()
}

/// What must stay, whatever the ranking says.
struct Protected<'a> {
    best: Option<&'a Path>,
    picked: Option<&'a Path>,
    opinion: Option<String>,
    /// Files that something marked as best or last is a link to or a copy of.
    originals: BTreeSet<&'a Path>,
}

impl<'a> Protected<'a> {
    fn of(run: &'a Run, best: Option<&'a Path>) -> Self {
        let named = |row: &&CheckpointRow| {
            row.identity.is_link
                || [Part::Best, Part::Last].iter().any(|part| row.identity.name.parts.has(*part))
        };
        let originals =
            run.checkpoints.iter().filter(named).filter_map(|row| row.same_as.as_deref()).collect();
        let name = |path: String| path.trim_end_matches('/').rsplit(['/', '\\']).next().map(str::to_owned);
        let opinion = opinion(run).and_then(|opinion| name(opinion.path?)).filter(|n| !n.is_empty());
        Self { best, picked: run.best.as_ref().map(|b| b.path.as_path()), opinion, originals }
    }

    fn reasons(&self, unit: &Path, rows: &[&CheckpointRow], marked: &BTreeSet<PathBuf>) -> Vec<&'static str> {
        let any = |test: &dyn Fn(&CheckpointRow) -> bool| rows.iter().any(|row| test(row));
        let is = |path: Option<&Path>| path.is_some_and(|p| rows.iter().any(|row| row.path == p));
        let opinion = self.opinion.as_deref().is_some_and(|name| {
            let named = |path: &Path| path.file_name().is_some_and(|n| n == name);
            named(unit) || rows.iter().any(|row| named(&row.path))
        });
        let checks = [
            (is(self.best) || is(self.picked), "best"),
            (any(&|row| row.roles.contains(&Role::Best)) && !is(self.picked), "named best"),
            (opinion, "best in the framework's opinion"),
            (any(&|row| row.roles.contains(&Role::Last)), "last"),
            (any(&|row| row.roles.contains(&Role::Ema) || row.roles.contains(&Role::Init)), "named apart"),
            (marked.contains(unit) || any(&|row| marked.contains(&row.path)), "marked"),
            (any(&|row| self.originals.contains(row.path.as_path())), "best or last leads to it"),
            (any(&|row| row.identity.is_link), "a link"),
            (any(&|row| !matches!(row.status, Status::Ok | Status::RunsCode)), "cannot be judged"),
        ];
        checks.into_iter().filter(|(held, _)| *held).map(|(_, reason)| reason).collect()
    }
}

/// What became of a clean-up.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What is in the trash now.
    pub moved: Vec<PathBuf>,
    /// What is where it was, and why.
    pub failed: Vec<(PathBuf, String)>,
}

/// Moves what `plan` removes to the trash. What changed since the plan was made, or cannot be moved, stays.
pub fn carry_out(plan: &Plan) -> Outcome {
    carry_out_with(plan, |path| trash::delete(path).map_err(|error| error.to_string()))
}

/// The same with another way to remove.
fn carry_out_with(plan: &Plan, remove: impl Fn(&Path) -> std::result::Result<(), String>) -> Outcome {
    let mut outcome = Outcome::default();
    for item in &plan.remove {
        let now = std::fs::symlink_metadata(&item.path);
        let result = match now {
            Ok(metadata) if metadata.is_file() && metadata.len() != item.bytes => {
                Err("it changed since the plan was made".to_owned())
            }
            Ok(_) => remove(&item.path),
            Err(error) => Err(error.to_string()),
        };
        match result {
            Ok(()) => outcome.moved.push(item.path.clone()),
            Err(reason) => outcome.failed.push((item.path.clone(), reason)),
        }
    }
    outcome
}

/// Makes `best` (with the checkpoint's extension) beside `target` a link to it, or moves it there. Returns the
/// link.
///
/// # Errors
/// [`ErrorKind::Unsupported`] when something that is no link has the name, or the system has no links;
/// [`ErrorKind::Io`] when the folder cannot be written.
pub fn link_best(target: &Path) -> Result<PathBuf> {
    let folder = target.parent().unwrap_or(Path::new(""));
    let name = target
        .file_name()
        .ok_or_else(|| Error::new(ErrorKind::Unsupported, "this path has no name to link to"))?;
    let mut link_name = OsString::from("best");
    if let Some(extension) = target.extension().filter(|_| !target.is_dir()) {
        link_name.push(".");
        link_name.push(extension);
    }
    let link = folder.join(&link_name);
    if link == target {
        return Err(Error::new(ErrorKind::Unsupported, "it is called best already").in_file(target));
    }
    if std::fs::symlink_metadata(&link).is_ok_and(|m| !m.file_type().is_symlink()) {
        let reason = format!("{} is a file of its own; rename it first", shown_path(&link));
        return Err(Error::new(ErrorKind::Unsupported, reason));
    }
    // Made beside and renamed over the old one: at no time is there no link.
    let made = folder.join(format!(".best-{}", std::process::id()));
    platform::symlink(Path::new(name), &made).map_err(|e| Error::io(e).in_file(&link))?;
    std::fs::rename(&made, &link).map_err(|e| {
        let _ = std::fs::remove_file(&made);
        Error::io(e).in_file(&link)
    })?;
    Ok(link)
}

#[cfg(test)]
mod tests;
