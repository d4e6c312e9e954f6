//! `clean`: what a clean-up that keeps the best would free; with `--yes` it moves that to the trash.

mod sheet;

use std::io::Write;
use std::path::Path;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::args::{Clean, Form};
use super::best;
use super::json::Count;
use super::ls;
use super::output::{Failure, Out};
use super::style::{Style, Tone};
use super::table::{self, Cell, Column};
use crate::runs::Run;
use crate::runs::act::{self, Item, Outcome, Plan};
use crate::runs::scan::{self, ScanOptions};
use crate::state::Store;
use crate::text::{number, shown, shown_path};
use crate::training::Mode;
use crate::training::verdict::Without;

struct Done<'a> {
    run: &'a Run,
    plan: Plan,
    outcome: Option<Outcome>,
}

/// Plans, and carries out what was asked for.
pub(super) fn run(options: Clean, as_json: bool, style: &Style, out: &mut Out) -> Result<(), Failure> {
    let paths = ls::or_here(options.paths);
    ls::check(&paths)?;
    let index = scan::collect_with_logs(paths, ScanOptions::default());
    let mode = options.mode.map(Mode::from);
    let bookmarked = Store::of_user().bookmarked();
    let mut done = Vec::new();
    let mut undirected = None;
    for run in index.runs.iter().filter(|run| !run.checkpoints.is_empty()) {
        let marked = act::marked_by(run, &bookmarked);
        match act::plan(run, options.keep_best, options.metric.as_deref(), mode, &marked) {
            Ok(plan) => done.push(Done { run, plan, outcome: None }),
            Err(Without::Direction(name)) => undirected = Some(name),
            Err(Without::Metric) => {}
        }
    }
    if done.is_empty() {
        return Err(match undirected {
            Some(name) => best::undirected_metric(&name),
            None => best::nothing(&index, options.metric.as_deref()),
        });
    }
    if options.yes {
        for done in &mut done {
            done.outcome = Some(act::carry_out(&done.plan));
        }
    }
    match options.table.form(as_json) {
        Form::Json => out.json(&Document(&done))?,
        Form::Sheet(form) => sheet::write(&done, form, out)?,
        Form::Text => {
            for done in &done {
                write(done, style, out)?;
            }
            summary(&done, options.yes, out)?;
        }
    }
    let failed = done.iter().filter_map(|d| d.outcome.as_ref()).flat_map(|o| &o.failed).next();
    match failed {
        Some((path, reason)) => Err(Failure::at(path, &format!("not moved: {reason}"))),
        None => Ok(()),
    }
}

fn write(done: &Done<'_>, style: &Style, out: &mut dyn Write) -> std::io::Result<()> {
    let Done { run, plan, .. } = done;
    let way = if plan.mode == Mode::Max { "higher" } else { "lower" };
    writeln!(out, "{}", style.paint(Tone::Title, &shown_path(&run.path)))?;
    let columns = [
        Column::elastic("FILE"),
        Column::right("EPOCH"),
        Column::right(format!("{} ({way} is better)", shown(&plan.metric))),
        Column::right("SIZE"),
        Column::remark("PLAN"),
    ];
    let items: Vec<&Item> = plan.keep.iter().chain(&plan.remove).collect();
    table::write(out, style, &columns, items.len(), &|at| {
        items.get(at).map(|item| cells(run, item)).unwrap_or_default()
    })?;
    writeln!(out)
}

fn cells(run: &Run, item: &Item) -> Vec<Cell> {
    let name = shown_path(item.path.strip_prefix(&run.path).unwrap_or(&item.path));
    let (plan, tone) = match item.reasons.as_slice() {
        [] => ("to the trash".to_owned(), Tone::Warn),
        reasons => (format!("kept: {}", reasons.join(", ")), Tone::Plain),
    };
    vec![
        Cell::toned(name, tone),
        item.epoch.map(number::epoch).unwrap_or_default().into(),
        item.value.map(number::metric).unwrap_or_default().into(),
        number::bytes(item.bytes).into(),
        Cell::toned(plan, tone),
    ]
}

fn summary(done: &[Done<'_>], yes: bool, out: &mut dyn Write) -> std::io::Result<()> {
    let count: usize = done.iter().map(|d| d.plan.remove.len()).sum();
    let freed = number::bytes(done.iter().map(|d| d.plan.freed()).sum());
    let what = format!("{} checkpoint{}", number::grouped(count as u64), if count == 1 { "" } else { "s" });
    match count {
        0 => writeln!(out, "nothing to remove"),
        _ if yes => {
            let moved: usize = done.iter().filter_map(|d| d.outcome.as_ref()).map(|o| o.moved.len()).sum();
            writeln!(out, "moved {moved} of {what} to the trash; emptying it frees {freed}")
        }
        _ => writeln!(out, "{what}, {freed}, would go to the trash; --yes moves them"),
    }
}

struct Document<'a>(&'a [Done<'a>]);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("runs", &self.0.iter().map(RunJson).collect::<Vec<_>>())?;
        map.end()
    }
}

struct RunJson<'a>(&'a Done<'a>);

impl Serialize for RunJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Done { run, plan, outcome } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &text(&run.path))?;
        map.serialize_entry("metric", &plan.metric)?;
        map.serialize_entry("mode", plan.mode.name())?;
        map.serialize_entry("keep", &plan.keep.iter().map(ItemJson).collect::<Vec<_>>())?;
        map.serialize_entry("remove", &plan.remove.iter().map(ItemJson).collect::<Vec<_>>())?;
        map.serialize_entry("freed", &plan.freed())?;
        let moved = outcome.as_ref().map(|o| o.moved.iter().map(|path| text(path)).collect::<Vec<_>>());
        map.serialize_entry("moved", &moved)?;
        map.end()
    }
}

struct ItemJson<'a>(&'a Item);

impl Serialize for ItemJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &text(&self.0.path))?;
        map.serialize_entry("bytes", &self.0.bytes)?;
        map.serialize_entry("epoch", &self.0.epoch.map(Count))?;
        map.serialize_entry("value", &self.0.value)?;
        map.serialize_entry("reasons", &self.0.reasons)?;
        map.end()
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
