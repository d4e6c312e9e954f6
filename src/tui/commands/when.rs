//! When a command does something, and what the footer calls it then.

use crate::tui::model::compare::CompareView;
use crate::tui::model::splits::Splits;
use crate::tui::model::stats::Panel;
use crate::tui::model::{HomeView, Model, Pane, Place, View};

pub(super) fn always(_: &Model) -> bool {
    true
}

pub(super) fn silent(_: &Model) -> &'static str {
    ""
}

pub(super) fn can_stop(_: &Model) -> bool {
    crate::platform::JOB_CONTROL
}

pub(super) fn home(model: &Model) -> bool {
    model.place == Place::Home
}

pub(super) fn opened(model: &Model) -> bool {
    model.place == Place::Checkpoint && model.browser.is_some()
}

pub(super) fn view_is(model: &Model, views: &[View]) -> bool {
    opened(model) && model.browser.as_ref().is_some_and(|b| views.contains(&b.view))
}

pub(super) fn filterable(model: &Model) -> bool {
    match model.focus {
        Pane::Runs => true,
        Pane::Keys | Pane::Difference => comparing(model),
        Pane::Curve | Pane::Facts | Pane::Table | Pane::Timeline => false,
        Pane::Body | Pane::Detail => view_is(model, &[View::Layers, View::Tensors]),
    }
}

pub(super) fn foldable(model: &Model) -> bool {
    match model.focus {
        Pane::Runs => true,
        Pane::Keys => compare(model).is_some_and(|v| !v.is_flat()),
        Pane::Body => view_is(model, &[View::Layers, View::Metadata, View::Parts]),
        _ => false,
    }
}

pub(super) fn sortable(model: &Model) -> bool {
    matches!(model.focus, Pane::Runs | Pane::Table)
        || model.focus == Pane::Body && view_is(model, &[View::Layers, View::Tensors])
}

pub(super) fn has_sections(model: &Model) -> bool {
    if let Some(view) = compare(model) {
        return view.data.as_ref().is_some_and(|data| data.sections.len() > 1);
    }
    filterable(model) && model.browser.as_ref().is_some_and(|b| opened(model) && b.has_sections())
}

/// The comparison that is shown.
pub(super) fn compare(model: &Model) -> Option<&CompareView> {
    model.compare.as_ref().filter(|_| model.place == Place::Compare)
}

pub(super) fn repairs_label(model: &Model) -> &'static str {
    match compare(model) {
        Some(view) if view.repairs => "back to names",
        Some(view) if view.has_repairs() => "repair",
        _ => "verdict",
    }
}

/// The names of two checkpoints are shown.
pub(super) fn comparing(model: &Model) -> bool {
    compare(model).is_some_and(|view| view.data.is_some() && !view.repairs)
}

/// The selected name has a tensor on one side at least.
pub(super) fn on_pair(model: &Model) -> bool {
    comparing(model) && compare(model).is_some_and(|view| view.ids().is_some())
}

pub(super) fn has_parts(model: &Model) -> bool {
    opened(model) && model.browser.as_ref().is_some_and(|b| !b.checkpoint().shards().is_empty())
}

pub(super) fn lists_tensors(model: &Model) -> bool {
    matches!(model.focus, Pane::Body | Pane::Detail) && view_is(model, &[View::Layers, View::Tensors])
}

pub(super) fn on_tensor(model: &Model) -> bool {
    lists_tensors(model) && model.browser.as_ref().is_some_and(|b| b.tensor().is_some())
}

pub(super) fn shows_spectrum(model: &Model) -> bool {
    on_tensor(model) && model.browser.as_ref().is_some_and(|b| b.stats.panel == Panel::Spectrum)
}

pub(super) fn shows_histogram(model: &Model) -> bool {
    on_tensor(model) && model.browser.as_ref().is_some_and(|b| b.stats.panel == Panel::Numbers)
}

pub(super) fn has_metrics(model: &Model) -> bool {
    if in_timeline(model) {
        return true;
    }
    model.home.curve.series.len() > 1
        && model.focus != Pane::Table
        && (home(model) || model.focus == Pane::Runs)
}

/// The plot has the focus and something to show.
pub(super) fn plotting(model: &Model) -> bool {
    home(model) && model.focus == Pane::Curve && !model.home.curve.lines.is_empty()
}

/// A run or a checkpoint is selected, to do something with it.
pub(super) fn acting(model: &Model) -> bool {
    home(model) && matches!(model.focus, Pane::Runs | Pane::Curve | Pane::Facts)
}

/// There is something a page could be about.
pub(super) fn reportable(model: &Model) -> bool {
    crate::tui::model::page::subject(model).is_some()
}

/// There is a plot that the command would change, and it can be seen.
pub(super) fn has_plot(model: &Model) -> bool {
    home(model) && model.home.curve.shown().is_some() && matches!(model.focus, Pane::Runs | Pane::Curve)
}

pub(super) fn full_label(model: &Model) -> &'static str {
    match (model.focus, model.home.view) {
        (Pane::Curve, HomeView::Split) => "full screen",
        (Pane::Curve, _) => "back to all",
        _ => "",
    }
}

pub(super) fn overlay_label(model: &Model) -> &'static str {
    let curve = &model.home.curve;
    match model.focus {
        Pane::Curve if model.home.index.runs.len() < 2 => "",
        Pane::Curve if curve.all_runs => "this run",
        Pane::Curve => "all runs",
        _ => "",
    }
}

pub(super) fn in_timeline(model: &Model) -> bool {
    model.place == Place::Timeline
}

pub(super) fn can_be_dense(model: &Model) -> bool {
    in_timeline(model) && model.theme.half(1).is_some()
}

/// The focused pane has a border that can be moved.
pub(super) fn can_resize(model: &Model) -> bool {
    model.layout().border_of(model.focus).is_some()
}

/// A border was moved.
pub(super) fn resized(model: &Model) -> bool {
    model.splits != Splits::default()
}

pub(super) fn has_timeline(model: &Model) -> bool {
    let is_own = in_timeline(model) || compare(model).is_some();
    !is_own && crate::tui::update::timeline_run(model).is_some_and(|run| run.checkpoints.len() > 1)
}

pub(super) fn open_label(model: &Model) -> &'static str {
    match model.focus {
        Pane::Runs => model.home.open_label(),
        Pane::Curve => "open",
        Pane::Table => "go to run",
        Pane::Body => model.browser.as_ref().map_or("", |b| b.open_label()),
        Pane::Timeline => "open",
        Pane::Keys => compare(model).map_or("", CompareView::open_label),
        Pane::Difference => "",
        Pane::Facts | Pane::Detail => "",
    }
}

pub(super) fn copy_label(model: &Model) -> &'static str {
    match model.copy_target() {
        Some((what, _)) => what,
        None => "",
    }
}
