//! The comparison: marking two checkpoints, moving among their names, leaving.

use std::path::PathBuf;

use super::super::action::{CompareNews, CompareRequest, Effect};
use super::super::commands::Command;
use super::super::model::compare::CompareView;
use super::super::model::compare::stats::PairStats;
use super::super::model::document::Scroll;
use super::super::model::jobs::{TaskKind, Unit};
use super::super::model::listing::file_name;
use super::super::model::{Model, Pane, Place};
use crate::text::{shown, shown_path};

/// The checkpoint a mark would be put on.
pub(in crate::tui) fn markable(model: &Model) -> Option<PathBuf> {
    match (model.place, model.focus) {
        (Place::Checkpoint, Pane::Body | Pane::Detail) => model.opened_path().map(PathBuf::from),
        (Place::Home | Place::Checkpoint, Pane::Runs) => model.home.checkpoint().map(|row| row.path.clone()),
        _ => None,
    }
}

/// Marks a checkpoint as A; with another one marked, compares the two. On A itself the mark is taken back.
pub(super) fn mark(model: &mut Model) -> Vec<Effect> {
    let Some(path) = markable(model) else { return Vec::new() };
    match model.marked.take() {
        Some(marked) if marked == path => {
            model.say("no longer marked");
            Vec::new()
        }
        Some(marked) => begin(model, [marked, path]),
        None => {
            model.say(format!(
                "A is {}, the model's side; m on another checkpoint compares",
                shown(&file_name(&path))
            ));
            model.marked = Some(path);
            Vec::new()
        }
    }
}

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
    let (generation, work) = model.jobs.begin(TaskKind::Compare, "comparing", Unit::Bytes, model.ticks);
    vec![Effect::Compare(generation, work, Box::new(request))]
}

/// The same again: the files may have changed.
pub(super) fn again(model: &mut Model) -> Vec<Effect> {
    match model.compare.take() {
        Some(old) => {
            let mut view = CompareView::new(old.paths, old.from, old.sections);
            (view.only_differences, view.flat, view.pattern) = (old.only_differences, old.flat, old.pattern);
            (view.after, view.with_stats) = (old.after, old.with_stats);
            model.compare = Some(view);
            start(model)
        }
        None => Vec::new(),
    }
}

/// What the job found.
pub(super) fn arrived(model: &mut Model, generation: u64, news: CompareNews) -> Vec<Effect> {
    if let CompareNews::Statistics(pair, sides) = news {
        if model.jobs.finish(TaskKind::Statistics, generation)
            && let Some(stats) = model.compare.as_mut().and_then(|view| view.stats.as_mut())
            && stats.pair == pair
        {
            stats.sides = Some(sides);
        }
        return Vec::new();
    }
    if !model.jobs.is_current(TaskKind::Compare, generation) {
        return Vec::new();
    }
    let Some(view) = &mut model.compare else { return Vec::new() };
    match news {
        CompareNews::Keys(Ok(data)) => view.set(data),
        CompareNews::Keys(Err(reason)) => {
            let from = view.from;
            model.jobs.finish(TaskKind::Compare, generation);
            model.compare = None;
            if model.place == Place::Compare {
                (model.place, model.focus) = from;
            }
            model.complain(reason);
        }
        CompareNews::Values(news) => view.learn(news),
        CompareNews::Done => {
            view.is_complete = true;
            model.jobs.finish(TaskKind::Compare, generation);
        }
        CompareNews::Statistics(..) => {}
    }
    Vec::new()
}

/// Statistics of the selected pair, where they are shown and not there yet.
pub(super) fn follow(model: &mut Model) -> Vec<Effect> {
    if model.place != Place::Compare {
        return Vec::new();
    }
    let Some(view) = model.compare.as_mut().filter(|view| view.with_stats && !view.repairs) else {
        return Vec::new();
    };
    let Some(pair) = view.row().and_then(|row| row.pair) else { return Vec::new() };
    let Some(data) = view.data.clone() else { return Vec::new() };
    if view.stats.as_ref().is_some_and(|stats| stats.pair == pair) {
        return Vec::new();
    }
    view.stats = Some(PairStats { pair, sides: None });
    let (generation, work) = model.jobs.begin(TaskKind::Statistics, "statistics", Unit::Bytes, model.ticks);
    vec![Effect::PairStatistics(generation, work, data, pair)]
}

pub(super) fn run(model: &mut Model, command: Command, count: Option<usize>) -> Vec<Effect> {
    let layout = model.layout();
    let page = usize::from(layout.rows(Pane::Keys).height);
    let text = usize::from(layout.text(Pane::Difference).height);
    let focus = model.focus;
    let Some(view) = &mut model.compare else { return Vec::new() };
    match command {
        Command::NextDifference | Command::PreviousDifference => {
            to_difference(model, command == Command::NextDifference, count);
            return Vec::new();
        }
        Command::ComputeStatistics => {
            view.with_stats = !view.with_stats;
            if view.with_stats && view.row().is_none_or(|row| row.pair.is_none()) {
                model.say("statistics of both sides are shown for names that go together");
            }
            return Vec::new();
        }
        Command::Repairs => {
            view.repairs = !view.repairs;
            view.repairs_scroll = Scroll::default();
            model.focus = if view.repairs { Pane::Difference } else { Pane::Keys };
            return Vec::new();
        }
        Command::SwapSides => {
            let [a, b] = view.paths.clone();
            let sections = view.sections.take().map(|[a, b]| [b, a]);
            view.paths = [b, a];
            view.sections = sections;
            return again(model);
        }
        Command::Section => {
            view.sections = view.next_sections();
            let said = view.sections.as_ref().map(|names| {
                names
                    .each_ref()
                    .map(|n| if n.is_empty() { "the whole file".to_owned() } else { shown(n).into_owned() })
            });
            let effects = again(model);
            if let Some([a, b]) = said {
                model.say(format!("sections: A {a}, B {b}"));
            }
            return effects;
        }
        _ => {}
    }
    if view.repairs {
        view.repairs_scroll.moved(command, count, text);
        return Vec::new();
    }
    if focus == Pane::Difference && view.detail.moved(command, count, text) {
        return Vec::new();
    }
    let before = view.selected();
    if !view.cursor.moved(command, count, view.visible.len(), page) && in_list(view, command, count) {
        model.focus = Pane::Difference;
    } else if view.selected() != before {
        view.detail = Scroll::default();
    }
    Vec::new()
}

/// To a name that differs, so many further.
fn to_difference(model: &mut Model, forward: bool, count: Option<usize>) {
    let Some(view) = &mut model.compare else { return };
    let times = count.unwrap_or(1).min(view.visible.len().max(1));
    let found = (0..times).all(|_| view.next_difference(forward));
    view.detail = Scroll::default();
    if !found {
        let so_far = if view.is_complete { "" } else { " so far" };
        model.say(format!("nothing differs{so_far}"));
    }
}

/// Commands on the list; true when the details are wanted.
fn in_list(view: &mut CompareView, command: Command, count: Option<usize>) -> bool {
    let times = count.unwrap_or(1).min(view.visible.len().max(1));
    match command {
        Command::NextMatch | Command::PreviousMatch => {
            (0..times).for_each(|_| view.next_key(command == Command::NextMatch));
        }
        Command::OnlyDifferences => {
            view.only_differences = !view.only_differences;
            view.rebuild();
        }
        Command::FlatKeys => {
            view.flat = !view.flat;
            view.rebuild();
        }
        Command::AfterRepair => view.toggle_after(),
        Command::Open if view.row().is_some() => return true,
        Command::Open | Command::Fold if view.pattern.is_empty() => {
            view.toggle();
        }
        Command::FoldAll | Command::UnfoldAll => view.fold_all(command == Command::FoldAll),
        Command::Left => view.go_left(),
        Command::Right => view.go_right(),
        _ => {}
    }
    false
}

/// One level out, inside the comparison; false where there is none.
pub(super) fn back(model: &mut Model) -> bool {
    let Some(view) = model.compare.as_mut().filter(|_| model.place == Place::Compare) else { return false };
    if view.repairs {
        view.repairs = false;
        model.focus = Pane::Keys;
        return true;
    }
    if model.focus == Pane::Difference {
        model.focus = Pane::Keys;
        return true;
    }
    false
}

/// Back to where one came from. What is still being read is stopped; what was read stays, for `g v`.
pub(super) fn leave(model: &mut Model) {
    model.jobs.stop(TaskKind::Compare);
    if let Some(view) = model.compare.as_ref().filter(|_| model.place == Place::Compare) {
        (model.place, model.focus) = view.from;
    }
}

/// Back to the last comparison.
pub(super) fn reopen(model: &mut Model) -> Vec<Effect> {
    let here = (model.place, model.focus);
    let Some(view) = &mut model.compare else { return Vec::new() };
    view.from = here;
    let is_there = view.data.is_some() && view.is_complete;
    (model.place, model.focus) = (Place::Compare, Pane::Keys);
    if is_there { Vec::new() } else { again(model) }
}

/// Filters the names.
pub(super) fn set_pattern(view: &mut CompareView, pattern: String) {
    view.pattern = pattern;
    view.rebuild();
    // The first that matches, unless what was selected does.
    if !view.pattern.is_empty() && view.row().is_none() {
        view.next_key(true);
    }
}

/// A click on a line selects it, and once more opens it.
pub(super) fn click(model: &mut Model, row: usize, had_focus: bool) -> Vec<Effect> {
    let Some(view) = &mut model.compare else { return Vec::new() };
    let at = view.cursor.first + row;
    if at >= view.visible.len() {
        return Vec::new();
    }
    let again = had_focus && view.cursor.at == at;
    view.cursor.at = at;
    view.detail = Scroll::default();
    if again { run(model, Command::Open, None) } else { Vec::new() }
}

/// What `y` copies.
pub(in crate::tui) fn copied(view: &CompareView) -> Option<(&'static str, String)> {
    if view.repairs {
        let data = view.data.as_ref()?;
        return (!data.script.is_empty()).then(|| ("copy snippet", data.script.clone()));
    }
    let listed = view.listed()?;
    let entry = listed.entries.get(view.selected()?)?;
    Some(("copy name", shown(entry.path(&listed.rows)).into_owned()))
}

/// How the two are called: by their files, and by their folders too where those have one name.
pub(in crate::tui) fn titles(view: &CompareView) -> [String; 2] {
    let [a, b] = view.paths.each_ref();
    if a.file_name() == b.file_name() {
        [shown_path(a), shown_path(b)]
    } else {
        [a, b].map(|p| shown(&file_name(p)).into_owned())
    }
}
