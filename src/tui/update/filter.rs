//! The filter line: what it filters, while it is typed and after.

use std::sync::Arc;

use tui_input::Input;

use super::super::action::Effect;
use super::super::model::browser::AT_ONCE;
use super::super::model::filter::{Fuzzy, narrows};
use super::super::model::{Mode, Model, Pane};

/// Opens the line with the filter that is in force.
pub(super) fn begin(model: &mut Model) -> Vec<Effect> {
    match model.focus {
        Pane::Detail => model.focus = Pane::Body,
        Pane::Difference => model.focus = Pane::Keys,
        _ => {}
    }
    let before = pattern(model).to_owned();
    model.mode = Mode::Filter { input: Input::new(before.clone()), before };
    Vec::new()
}

/// The filter of the focused list.
fn pattern(model: &Model) -> &str {
    if let (Pane::Keys | Pane::Difference, Some(view)) = (model.focus, &model.compare) {
        return &view.pattern;
    }
    match (model.focus, &model.browser) {
        (Pane::Body | Pane::Detail, Some(browser)) => &browser.pattern,
        _ => &model.home.list.pattern,
    }
}

/// The line changed.
pub(super) fn changed(model: &mut Model) -> Vec<Effect> {
    match &model.mode {
        Mode::Filter { input, .. } => {
            let text = input.value().to_owned();
            set(model, text)
        }
        _ => Vec::new(),
    }
}

/// Lifts the filter.
pub(super) fn clear(model: &mut Model) -> Vec<Effect> {
    set(model, String::new())
}

/// Filters the focused list.
pub(super) fn set(model: &mut Model, text: String) -> Vec<Effect> {
    if pattern(model) == text {
        return Vec::new();
    }
    if let (Pane::Keys | Pane::Difference, Some(view)) = (model.focus, &mut model.compare) {
        view.set_pattern(text);
        // The first that matches, unless what was selected does.
        if !view.pattern.is_empty() && view.row().is_none() {
            view.next_key(true);
        }
        Vec::new()
    } else if let (Pane::Body | Pane::Detail, Some(_)) = (model.focus, &mut model.browser) {
        names(model, text)
    } else {
        model.home.list.pattern = text;
        model.home.rebuild();
        Vec::new()
    }
}

/// Filters the names of tensors: here when there are few, else in a worker while the screen goes on.
fn names(model: &mut Model, text: String) -> Vec<Effect> {
    let generation = model.jobs.number();
    // What is known of the pattern before only helps when it was tried to its end.
    let finished = model.jobs.filter.take().is_none();
    let Some(browser) = &mut model.browser else { return Vec::new() };
    let narrowed = finished && narrows(&browser.pattern, &text);
    browser.pattern.clone_from(&text);
    let entries = browser.checkpoint().tensors();
    let Some(mut fuzzy) = Fuzzy::new(&text) else {
        // What was selected among the matches is still to be seen when all come back.
        let tensor = browser.tensor();
        if let Some(tensor) = tensor {
            browser.reveal(tensor);
        }
        browser.set_matches(None);
        if let Some(tensor) = tensor {
            browser.select(tensor);
        }
        return Vec::new();
    };
    if entries.len() <= AT_ONCE {
        let matches = fuzzy.all((0..).zip(entries.iter().map(|e| &*e.path)), || false);
        browser.set_matches(matches);
        return Vec::new();
    }
    let all = || (0..entries.len() as u32).collect();
    let candidates = browser.matches.as_ref().filter(|_| narrowed).map_or_else(all, |m| m.hits.clone());
    model.jobs.filter = Some(generation);
    vec![Effect::Filter(generation, Arc::clone(browser.layers()), candidates, text)]
}
