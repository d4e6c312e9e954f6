//! Effective ranks of a timeline: computed once they are to be shown.

use std::path::PathBuf;

use super::super::action::Effect;
use super::super::model::jobs::{TaskKind, Unit};
use super::super::model::{Model, Place};
use crate::compare::timeline::ranks::OfCheckpoint;
use crate::compare::timeline::scale::Measure;

/// What the timeline that is shown needs and was not asked for yet.
pub(super) fn follow(model: &mut Model) -> Vec<Effect> {
    let is_busy = model.jobs.task(TaskKind::Ranks).is_some();
    let Some(view) = model.timeline.as_mut().filter(|_| model.place == Place::Timeline) else {
        return Vec::new();
    };
    let all = view.data.checkpoints.len();
    if view.measure != Measure::Rank || !view.is_complete || is_busy || view.ranks_asked == all {
        return Vec::new();
    }
    view.ranks_asked = all;
    let paths = view.data.checkpoints.iter().map(|stop| stop.path.clone());
    let missing: Vec<PathBuf> = paths.filter(|path| !view.ranks.checkpoints.contains_key(path)).collect();
    let (generation, work) = model.jobs.begin(TaskKind::Ranks, "effective ranks", Unit::Things, model.ticks);
    vec![Effect::Ranks(generation, work, missing)]
}

/// The effective ranks of a file are there.
pub(super) fn learned(
    model: &mut Model,
    generation: u64,
    news: Option<(PathBuf, OfCheckpoint)>,
) -> Vec<Effect> {
    if !model.jobs.is_current(TaskKind::Ranks, generation) {
        return Vec::new();
    }
    let Some((path, found)) = news else {
        model.jobs.finish(TaskKind::Ranks, generation);
        return Vec::new();
    };
    if let Some(view) = &mut model.timeline {
        if !found.backend.is_empty() {
            let title = format!("effective ranks by {}", crate::text::shown(&found.backend));
            model.jobs.retitle(TaskKind::Ranks, title);
        }
        view.ranks.checkpoints.insert(path, found);
        view.rebuild();
    }
    Vec::new()
}
