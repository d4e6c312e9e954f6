//! Commands of the comparison: moving among its names, what is shown of them, its repairs and sections.

use super::super::super::action::Effect;
use super::super::super::commands::Command;
use super::super::super::model::compare::CompareView;
use super::super::super::model::compare::stats::Panel;
use super::super::super::model::cursor::Cursor;
use super::super::super::model::document::Scroll;
use super::super::super::model::{Mode, Model, Pane, Place};
use super::{again, values};

/// Runs a command of the comparison.
pub(in crate::tui::update) fn run(model: &mut Model, command: Command, count: Option<usize>) -> Vec<Effect> {
    let Some(view) = &mut model.compare else { return Vec::new() };
    match command {
        Command::CompareValues => return values(model),
        Command::SwapSides => {
            let [a, b] = view.paths.clone();
            view.paths = [b, a];
            view.sections = view.sections.take().map(|[a, b]| [b, a]);
            return again(model);
        }
        Command::NextDifference | Command::PreviousDifference => {
            to_difference(model, command == Command::NextDifference, count);
        }
        Command::ComputeStatistics | Command::Statistics | Command::NextPanel => panel(view, command),
        Command::Repairs => repairs(model),
        Command::AfterRepair => {
            if view.repairs {
                repairs(model);
            }
            model.compare.iter_mut().for_each(CompareView::toggle_after);
        }
        Command::Section => {
            let at = view.section_at().unwrap_or(0);
            model.mode = Mode::Sections(Cursor { at, first: 0 });
        }
        _ => moved(model, command, count),
    }
    Vec::new()
}

fn panel(view: &mut CompareView, command: Command) {
    view.panel = match command {
        Command::NextPanel => view.panel.next(),
        _ if command == Command::ComputeStatistics && view.panel == Panel::Numbers => Panel::Facts,
        _ => Panel::Numbers,
    };
    view.looked.asked = None;
    view.detail = Scroll::default();
}

fn repairs(model: &mut Model) {
    let Some(view) = &mut model.compare else { return };
    view.repairs = !view.repairs;
    view.repairs_scroll = Scroll::default();
    model.focus = if view.repairs { Pane::Difference } else { Pane::Keys };
}

/// Motions in whatever has the focus, and commands on the list.
fn moved(model: &mut Model, command: Command, count: Option<usize>) {
    let layout = model.layout();
    let page = usize::from(layout.rows(Pane::Keys).height);
    let text = usize::from(layout.text(Pane::Difference).height);
    let focus = model.focus;
    let Some(view) = &mut model.compare else { return };
    if view.repairs {
        view.repairs_scroll.moved(command, count, text);
        return;
    }
    if focus == Pane::Difference && view.detail.moved(command, count, text) {
        return;
    }
    let before = view.selected();
    if !view.cursor.moved(command, count, view.visible.len(), page) && in_list(view, command, count) {
        model.focus = Pane::Difference;
    } else if view.selected() != before {
        view.detail = Scroll::default();
    }
}

/// To a name that differs, so many further.
fn to_difference(model: &mut Model, forward: bool, count: Option<usize>) {
    let Some(view) = &mut model.compare else { return };
    let times = count.unwrap_or(1).min(view.visible.len().max(1));
    let before = view.selected();
    let found = (0..times).all(|_| view.next_difference(forward));
    view.detail = Scroll::default();
    let so_far = if view.is_complete() { "" } else { " so far" };
    if !found {
        model.say(format!("nothing differs{so_far}"));
    } else if view.selected() == before {
        model.say(format!("nothing else differs{so_far}"));
    }
}

/// Commands on the list; true when the details are wanted.
fn in_list(view: &mut CompareView, command: Command, count: Option<usize>) -> bool {
    let times = count.unwrap_or(1).min(view.visible.len().max(1));
    match command {
        Command::NextMatch | Command::PreviousMatch => {
            (0..times).for_each(|_| view.next_key(command == Command::NextMatch));
        }
        Command::OnlyDifferences => view.toggle_only_differences(),
        Command::FlatKeys => view.toggle_flat(),
        Command::Sort => view.toggle_order(),
        Command::Open if view.row().is_some() => return true,
        Command::Open | Command::Fold if view.pattern.is_empty() => view.toggle(),
        Command::FoldAll | Command::UnfoldAll => view.fold_all(command == Command::FoldAll),
        Command::Left => view.go_left(),
        Command::Right => view.go_right(),
        _ => {}
    }
    false
}

/// The sections that are selected in the list are compared.
pub(in crate::tui::update) fn choose(model: &mut Model, at: usize) -> Vec<Effect> {
    let Some(view) = &mut model.compare else { return Vec::new() };
    let Some(pair) = view.data.as_ref().and_then(|data| data.sections.get(at)) else { return Vec::new() };
    if view.section_at() == Some(at) {
        return Vec::new();
    }
    view.sections = Some(pair.names.clone());
    again(model)
}

/// One level out, inside the comparison; false where there is none.
pub(in crate::tui::update) fn back(model: &mut Model) -> bool {
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

/// A click on a line selects it, and once more opens it.
pub(in crate::tui::update) fn click(model: &mut Model, row: usize, had_focus: bool) -> Vec<Effect> {
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
