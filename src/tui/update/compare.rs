//! The comparison: asking for it, what its jobs bring, leaving it and coming back.

mod commands;

use std::ffi::OsStr;
use std::path::PathBuf;

use super::super::action::{CompareNews, CompareRequest, Effect};
use super::super::model::compare::CompareView;
use super::super::model::compare::stats::Panel;
use super::super::model::jobs::{TaskKind, Unit};
use super::super::model::{Mode, Model, Pane, Place};
use crate::text::{number, shown, shown_path};

pub(super) use commands::{back, choose, click, run};

/// Values of so many bytes are compared without being asked for: a disk reads them in seconds.
const UNASKED: u64 = 8 << 30;

/// Compares two checkpoints: the first is the model's side.
pub(super) fn begin(model: &mut Model, paths: [PathBuf; 2]) -> Vec<Effect> {
    let from = match (model.place, &model.compare) {
        (Place::Compare, Some(view)) => view.from,
        _ => (model.place, model.focus),
    };
    model.compare = Some(CompareView::new(paths, from, None));
    start(model)
}

/// Reads what the view is to show.
fn start(model: &mut Model) -> Vec<Effect> {
    let Some(view) = &model.compare else { return Vec::new() };
    let request = CompareRequest { paths: view.paths.clone(), sections: view.sections.clone() };
    (model.place, model.focus) = (Place::Compare, Pane::Keys);
    let (generation, _) = model.jobs.begin(TaskKind::Compare, "comparing", Unit::Bytes, model.ticks);
    vec![Effect::Compare(generation, Box::new(request))]
}

/// The same again: the files may have changed.
pub(super) fn again(model: &mut Model) -> Vec<Effect> {
    model.compare = model.compare.take().map(CompareView::again);
    start(model)
}

/// Compares the values that were not compared.
pub(super) fn values(model: &mut Model) -> Vec<Effect> {
    let Some(view) = &model.compare else { return Vec::new() };
    let Some(data) = view.data.clone() else { return Vec::new() };
    let pairs = view.open_pairs();
    if pairs.is_empty() {
        model.say("all values are compared");
        return Vec::new();
    }
    if model.jobs.task(TaskKind::Compare).is_some() {
        return Vec::new();
    }
    let (generation, work) =
        model.jobs.begin(TaskKind::Compare, "comparing values", Unit::Bytes, model.ticks);
    vec![Effect::CompareValues(generation, work, data, pairs)]
}

/// What a job found.
pub(super) fn arrived(model: &mut Model, generation: u64, news: CompareNews) -> Vec<Effect> {
    let kind = match news {
        CompareNews::Statistics(..) | CompareNews::Picture(..) => TaskKind::Pair,
        CompareNews::Keys(_) | CompareNews::Values(_) | CompareNews::Done => TaskKind::Compare,
    };
    if !model.jobs.is_current(kind, generation) {
        return Vec::new();
    }
    if !matches!(news, CompareNews::Values(_)) {
        model.jobs.finish(kind, generation);
    }
    let Some(view) = &mut model.compare else { return Vec::new() };
    match news {
        CompareNews::Keys(Ok(data)) => {
            let is_unasked = data.bytes <= UNASKED;
            view.set(data);
            if is_unasked && !view.is_complete() {
                return values(model);
            }
        }
        CompareNews::Keys(Err(reasons)) => view.failure = reasons,
        CompareNews::Values(news) => view.learn(news),
        CompareNews::Statistics(ids, stats) => view.looked.set_stats(ids, stats),
        CompareNews::Picture(ids, picture) => view.looked.set_picture(ids, picture),
        CompareNews::Done => {}
    }
    Vec::new()
}

/// What the panel that is shown needs of the selected name, and was not asked for.
pub(super) fn follow(model: &mut Model) -> Vec<Effect> {
    if model.place != Place::Compare {
        return Vec::new();
    }
    let Some(view) = model.compare.as_mut().filter(|view| !view.repairs) else { return Vec::new() };
    let (Some(ids), Some(data)) = (view.ids(), view.data.clone()) else { return Vec::new() };
    let panel = view.panel;
    let is_there = match panel {
        Panel::Facts => true,
        Panel::Numbers => view.looked.stats(ids).is_some(),
        Panel::HeatMap => view.looked.picture(ids).is_some(),
    };
    if is_there || view.looked.asked == Some((ids, panel)) {
        return Vec::new();
    }
    view.looked.asked = Some((ids, panel));
    let (generation, work) = model.jobs.begin(TaskKind::Pair, "reading both", Unit::Bytes, model.ticks);
    vec![Effect::LookAtPair(generation, work, data, ids, panel)]
}

/// Back to where one came from. What is still being read is stopped; what was read stays, for `g v`.
pub(super) fn leave(model: &mut Model) {
    if model.place != Place::Compare {
        return;
    }
    model.jobs.stop(TaskKind::Compare);
    model.jobs.stop(TaskKind::Pair);
    model.mode = Mode::Normal;
    if let Some(view) = &mut model.compare {
        view.looked.asked = None;
        (model.place, model.focus) = view.from;
    }
}

/// Back to the last comparison.
pub(super) fn reopen(model: &mut Model) -> Vec<Effect> {
    let here = (model.place, model.focus);
    let Some(view) = &mut model.compare else { return Vec::new() };
    view.from = here;
    view.repairs = false;
    (model.place, model.focus) = (Place::Compare, Pane::Keys);
    if view.data.is_none() { again(model) } else { Vec::new() }
}

/// What `y` copies.
pub(in crate::tui) fn copied(view: &CompareView) -> Option<(&'static str, String)> {
    let data = view.data.as_ref()?;
    if view.repairs {
        return Some(if data.script.is_empty() {
            ("copy message", data.report.message(None, true))
        } else {
            ("copy snippet", data.script.clone())
        });
    }
    let listed = view.listed()?;
    let entry = listed.entries.get(view.selected()?)?;
    Some(("copy name", shown(entry.path(&listed.rows)).into_owned()))
}

/// How the two are called: by their files, and by as many of the folders they are in as it takes to tell them apart.
pub(in crate::tui) fn titles(view: &CompareView) -> [String; 2] {
    let [a, b] = view.paths.each_ref().map(|path| path.iter().collect::<Vec<_>>());
    let tail = |path: &[&OsStr], n: usize| {
        let from = path.len().saturating_sub(n);
        let names = path.get(from..).unwrap_or_default();
        shown_path(&names.iter().collect::<PathBuf>())
    };
    let differ = (1..=a.len().max(b.len())).find(|n| tail(&a, *n) != tail(&b, *n));
    let names = differ.unwrap_or(1);
    [tail(&a, names), tail(&b, names)]
}

/// What is to be said of values that were not compared; nothing where all were, or are being compared.
pub(in crate::tui) fn missing_values(model: &Model) -> Option<String> {
    let view = model.compare.as_ref()?;
    let data = view.data.as_ref().filter(|_| !view.is_complete())?;
    if model.jobs.task(TaskKind::Compare).is_some() {
        return None;
    }
    let size = number::bytes(data.bytes);
    Some(if view.values.iter().all(Option::is_none) {
        format!(
            "values not compared: {} reads {size}",
            model.keys.first(crate::tui::commands::Command::CompareValues)
        )
    } else {
        model.keys.spell("values compared in part: {compare-values} goes on").into_owned()
    })
}
