//! Bookmarks: putting them on what is selected, going to them, taking them back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::action::Effect;
use super::super::commands::Command;
use super::super::model::browser::{Browser, View};
use super::super::model::document::Scroll;
use super::super::model::memory::Bookmark;
use super::super::model::popup::{self, What};
use super::super::model::{Mode, Model, Pane, Place};
use super::{compare, jobs, timeline};
use crate::state::MOST_LISTED;

/// What a bookmark would be put on: a tensor or layer where those are listed, else a checkpoint.
pub(in crate::tui) fn target(model: &Model) -> Option<Bookmark> {
    let whole = |path: PathBuf| Bookmark { path, name: None };
    match (model.place, model.focus) {
        (Place::Home, Pane::Runs | Pane::Curve | Pane::Facts) | (Place::Checkpoint, Pane::Runs) => {
            model.home.checkpoint().map(|row| whole(row.path.clone()))
        }
        (Place::Timeline, _) => model.timeline.as_ref()?.path().map(|path| whole(path.to_owned())),
        (Place::Checkpoint, _) => {
            let browser = model.browser.as_ref()?;
            let path = browser.checkpoint().path().to_owned();
            Some(Bookmark { path, name: selected_name(browser) })
        }
        _ => None,
    }
}

fn selected_name(browser: &Browser) -> Option<String> {
    let layers = browser.layers();
    let name = match browser.view {
        View::Layers => {
            let node = layers.node(browser.tree.selected()?)?;
            node.tensor.and_then(|at| layers.entry(at)).map_or_else(|| layers.path(node), |entry| &entry.path)
        }
        View::Tensors => &layers.entry(browser.table.selected()?)?.path,
        _ => return None,
    };
    (!name.is_empty()).then(|| name.to_owned())
}

/// Names in this checkpoint that have one.
pub(in crate::tui) fn names_in<'a>(model: &'a Model, path: &Path) -> Vec<&'a str> {
    let here = model.home.bookmarks.iter().filter(|mark| mark.path == path);
    here.filter_map(|mark| mark.name.as_deref()).collect()
}

/// Puts one there, or takes it back.
pub(super) fn toggle(model: &mut Model) -> Vec<Effect> {
    let Some(target) = target(model) else { return Vec::new() };
    let name = popup::name(&target);
    let marks = &mut model.home.bookmarks;
    if let Some(at) = marks.iter().position(|mark| *mark == target) {
        marks.remove(at);
        model.say(format!("no longer bookmarked: {name}"));
    } else if marks.len() >= MOST_LISTED {
        model.complain(format!(
            "there are {MOST_LISTED} bookmarks here already; ` lists them, Delete removes"
        ));
    } else {
        marks.push(target);
        let list = model.keys.first(Command::Bookmarks);
        model.say(format!("bookmarked {name}; {list} lists bookmarks"));
    }
    Vec::new()
}

/// Takes back the one that is selected in the list.
pub(super) fn remove(model: &mut Model) {
    let Mode::Popup(popup) = &model.mode else { return };
    if popup.what != What::Bookmarks {
        return;
    }
    if let Some(at) = popup.selected(model).filter(|at| *at < model.home.bookmarks.len()) {
        model.home.bookmarks.remove(at);
    }
}

/// Goes to the one with this number.
pub(super) fn go(model: &mut Model, at: usize) -> Vec<Effect> {
    let Some(Bookmark { path, name }) = model.home.bookmarks.get(at).cloned() else { return Vec::new() };
    timeline::leave(model);
    compare::leave(model);
    if model.opened_path() == Some(&path) {
        (model.place, model.focus) = (Place::Checkpoint, Pane::Body);
        return match name {
            Some(name) => show(model, &name),
            None => Vec::new(),
        };
    }
    let effects = jobs::open(model, path);
    model.bound_for = name.map(|name| (model.jobs.generation, name));
    effects
}

/// A checkpoint was opened: if that was to go to something in it, it is selected.
pub(super) fn arrive(model: &mut Model, generation: u64) -> Vec<Effect> {
    match model.bound_for.take() {
        Some((for_this, name)) if for_this == generation => show(model, &name),
        _ => Vec::new(),
    }
}

/// Selects a tensor or layer of the opened checkpoint by its name.
fn show(model: &mut Model, name: &str) -> Vec<Effect> {
    let Some(browser) = &mut model.browser else { return Vec::new() };
    let layers = Arc::clone(browser.layers());
    let tensors = layers.checkpoint().tensors();
    let tensor = tensors.iter().position(|entry| *entry.path == *name);
    // The timeline has names within a section.
    let tensor = tensor.or_else(|| tensors.iter().position(|entry| entry.key() == name));
    let node = || layers.nodes.iter().position(|node| node.tensor.is_none() && layers.path(node) == name);
    if !browser.pattern.is_empty() || browser.section.is_some() {
        browser.pattern.clear();
        browser.section = None;
        browser.set_matches(None);
    }
    if let Some(tensor) = tensor.and_then(|at| u32::try_from(at).ok()) {
        if !matches!(browser.view, View::Layers | View::Tensors) {
            browser.change_view(View::Layers);
        }
        browser.reveal(tensor);
        browser.rebuild();
        browser.select(tensor);
    } else if let Some(node) = node().and_then(|at| u32::try_from(at).ok()) {
        browser.change_view(View::Layers);
        browser.tree.reveal(&layers, node);
        browser.rebuild();
        browser.tree.select(&layers, node);
        browser.detail = Scroll::default();
    } else {
        let name = crate::text::brief(name);
        model.complain(format!("{name} is no longer in this checkpoint"));
    }
    Vec::new()
}
