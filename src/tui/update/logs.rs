//! Reading the logs beside the checkpoints: of the run that is looked at first, then of those on the plot or
//! in the table. One run at a time; what was read is kept, and read again when the files changed.

use std::path::Path;
use std::sync::Arc;

use super::super::action::Effect;
use super::super::model::jobs::{TaskKind, Unit};
use super::super::model::{HomeView, Model};
use crate::runs::Run;
use crate::text::shown;
use crate::training::logs::Record;

/// Begins to read the logs that are wanted next, unless some are being read.
pub(super) fn wanted(model: &mut Model) -> Vec<Effect> {
    let home = &model.home;
    if home.reading.is_some() {
        return Vec::new();
    }
    // While a scan runs it may still bring logs of the same run: what was read once is read again at its end.
    let wants = |run: &&Run| {
        run.wants_logs() && (home.is_complete || run.record.is_none()) && !home.given_up.contains(&run.path)
    };
    let selected = home.run().filter(wants);
    let all = home.curve.all_runs || home.view == HomeView::Table;
    let others = home.index.runs.iter().filter(|run| all || home.curve.pinned.contains(&run.path));
    let Some(run) = selected.or_else(|| others.into_iter().find(wants)) else { return Vec::new() };
    let (path, files) = (run.path.clone(), run.logs.clone());
    let title = format!("reading logs of {}", shown(&run.name));
    let (generation, work) = model.jobs.begin(TaskKind::Logs, &title, Unit::Things, model.ticks);
    model.home.reading = Some((generation, path.clone()));
    vec![Effect::ReadLogs(generation, work, path, files)]
}

/// Logs were read. They are true whatever was asked for meanwhile.
pub(super) fn read(model: &mut Model, generation: u64, path: &Path, record: Arc<Record>) -> Vec<Effect> {
    model.jobs.finish(TaskKind::Logs, generation);
    if model.home.reading.as_ref().is_some_and(|(newest, _)| *newest == generation) {
        model.home.reading = None;
    }
    model.home.attach(path, record);
    Vec::new()
}
