//! The timeline: asking for it, moving in it, leaving it.

use std::path::Path;
use std::sync::Arc;

use super::super::action::Effect;
use super::super::commands::Command;
use super::super::model::jobs::{TaskKind, Unit};
use super::super::model::timeline::{Grouping, TimelineView};
use super::super::model::{Model, Pane, Place};
use super::jobs;
use crate::compare::timeline::{Source, Timeline};
use crate::runs::Run;
use crate::training::choose;

/// Has the timeline of the run one is in worked out.
pub(super) fn begin(model: &mut Model) -> Vec<Effect> {
    let Some(run) = run_of(model) else { return Vec::new() };
    let source = |row: &crate::runs::CheckpointRow| {
        let progress = &row.training.progress;
        Source { path: row.path.clone(), epoch: progress.epoch, step: progress.step }
    };
    let sources: Vec<Source> = choose::series(run).into_iter().map(source).collect();
    let name = run.name.clone();
    if sources.is_empty() {
        model.complain("no checkpoint of this run holds weights that can be read");
        return Vec::new();
    }
    let from = (model.place, model.focus);
    model.timeline = Some(TimelineView::new(name, sources.len(), from));
    model.place = Place::Timeline;
    model.focus = Pane::Timeline;
    let (generation, work) = model.jobs.begin(TaskKind::Timeline, "timeline", Unit::Things, model.ticks);
    vec![Effect::Timeline(generation, work, sources)]
}

/// The run of what is selected or open.
pub(in crate::tui) fn run_of(model: &Model) -> Option<&Run> {
    match (model.place, model.opened_path()) {
        (Place::Checkpoint, Some(path)) => containing(model, path),
        _ => model.home.run(),
    }
}

fn containing<'a>(model: &'a Model, path: &Path) -> Option<&'a Run> {
    model.home.index.runs.iter().find(|run| run.checkpoints.iter().any(|row| row.path == path))
}

/// What has been read by now.
pub(super) fn arrived(
    model: &mut Model,
    generation: u64,
    timeline: Result<Arc<Timeline>, String>,
    is_complete: bool,
) -> Vec<Effect> {
    if !model.jobs.is_current(TaskKind::Timeline, generation) {
        return Vec::new();
    }
    if is_complete {
        model.jobs.finish(TaskKind::Timeline, generation);
    }
    match (timeline, &mut model.timeline) {
        (Ok(data), Some(view)) => {
            view.set(data, is_complete);
            if let (true, [], Some((path, reason))) =
                (is_complete, view.data.checkpoints.as_slice(), view.data.skipped.first())
            {
                let text = format!("{}: {reason}", crate::text::shown_path(path));
                model.complain(text);
            }
        }
        (Err(reason), _) => model.complain(reason),
        (Ok(_), None) => {}
    }
    Vec::new()
}

pub(super) fn run(model: &mut Model, command: Command, count: Option<usize>) -> Vec<Effect> {
    let page = model.heat_lines();
    let Some(view) = &mut model.timeline else { return Vec::new() };
    if view.cursor.moved(command, count, view.lines.len(), page) {
        return Vec::new();
    }
    let times = isize::try_from(count.unwrap_or(1)).unwrap_or(isize::MAX / 4);
    match command {
        Command::Left => view.step(-times),
        Command::Right => view.step(times),
        Command::Dense => view.is_dense = !view.is_dense,
        Command::Group => {
            view.grouping = view.grouping.next();
            view.rebuild();
            let title = view.grouping.title();
            model.say(format!("lines are {title}"));
        }
        Command::Metric | Command::PreviousMetric => {
            let steps = if command == Command::Metric { 1 } else { 3 };
            for _ in 0..steps {
                view.measure = view.measure.next();
            }
            // What was stopped is asked for again by who comes back to it.
            view.ranks_asked = view.ranks.checkpoints.len();
            view.rebuild();
        }
        Command::Open => {
            let (path, name) = (
                view.path().cloned(),
                view.line().filter(|_| view.grouping == Grouping::Tensors).map(|line| line.name.clone()),
            );
            let Some(path) = path else { return Vec::new() };
            let effects = jobs::open(model, path);
            // The line is what one wants to see of it.
            model.bound_for = name.map(|name| (model.jobs.generation, name));
            return effects;
        }
        _ => {}
    }
    Vec::new()
}

/// Back to where one came from. What is still being read is stopped.
pub(super) fn leave(model: &mut Model) {
    model.jobs.stop(TaskKind::Timeline);
    model.jobs.stop(TaskKind::Ranks);
    if let Some(view) = model.timeline.take() {
        (model.place, model.focus) = view.from;
    }
}

/// A click on a cell selects its line and its checkpoint.
pub(super) fn click(model: &mut Model, x: u16, y: u16) {
    let layout = model.layout();
    let lines = model.heat_lines();
    let inner = layout.inner(Pane::Timeline);
    let Some(view) = &mut model.timeline else { return };
    let columns = super::super::view::timeline::columns(inner.width, view);
    let per_row = lines / usize::from(layout.heat_rows()).max(1);
    let row = usize::from(y.saturating_sub(inner.y + 1)) * per_row;
    if y > inner.y && row < lines && view.cursor.first + row < view.lines.len() {
        view.cursor.at = view.cursor.first + row;
    }
    let left = inner.x + columns.names + 1;
    if x >= left {
        let column = view.first_column + usize::from((x - left) / columns.cell.max(1));
        if column < view.data.checkpoints.len() {
            view.column = column;
        }
    }
}
