//! Commands on the parts of a folder, and going from the whole to one of them and back.

use std::path::{Path, PathBuf};

use super::super::action::Effect;
use super::super::commands::Command;
use super::super::model::Model;
use super::super::model::browser::{Browser, View};
use super::super::model::document::Scroll;
use super::super::model::parts::Row;
use super::jobs;
use crate::checkpoint::ShardStatus;
use crate::text::shown_path;

/// A command while the parts are shown.
pub(super) fn run(model: &mut Model, command: Command, count: Option<usize>, page: usize) -> Vec<Effect> {
    let Some(browser) = &mut model.browser else { return Vec::new() };
    let shards = browser.checkpoint().shards().len();
    let parts = &mut browser.parts;
    let before = parts.cursor.at;
    if !parts.cursor.moved(command, count, parts.rows.len(), page) {
        match command {
            Command::Open if !parts.toggle(shards) => return open(model),
            Command::Fold => {
                parts.toggle(shards);
            }
            Command::Left | Command::Right => towards(browser, command, shards),
            Command::FoldAll | Command::UnfoldAll => parts.set_all(command == Command::UnfoldAll, shards),
            _ => {}
        }
    }
    if let Some(browser) = &mut model.browser
        && browser.parts.cursor.at != before
    {
        browser.detail = Scroll::default();
    }
    Vec::new()
}

/// Left closes a folder or goes to it from inside; Right opens it or goes into it.
fn towards(browser: &mut Browser, command: Command, shards: usize) {
    let parts = &mut browser.parts;
    match (parts.row(), command) {
        (Some(Row::Group(at)), Command::Left) if parts.is_open(at) => {
            parts.toggle(shards);
        }
        (Some(Row::Group(at)), Command::Right) if !parts.is_open(at) => {
            parts.toggle(shards);
        }
        (Some(Row::Group(_)), Command::Right) => {
            parts.cursor.at = (parts.cursor.at + 1).min(parts.rows.len().saturating_sub(1));
        }
        (Some(Row::File(_, true)), Command::Left) => {
            let above = parts.rows.get(..parts.cursor.at).unwrap_or_default();
            let above = above.iter().rposition(|row| matches!(row, Row::Group(_)));
            parts.cursor.at = above.unwrap_or(parts.cursor.at);
        }
        _ => {}
    }
}

/// Opens the selected file by itself.
fn open(model: &mut Model) -> Vec<Effect> {
    let Some(browser) = &model.browser else { return Vec::new() };
    let Some(shard) = browser.parts.selected(browser.checkpoint()) else { return Vec::new() };
    if shard.status == ShardStatus::Missing {
        let text = format!("{} is not there", shown_path(&shard.path));
        model.complain(text);
        return Vec::new();
    }
    let path = shard.path.clone();
    jobs::open(model, path)
}

/// The folder checkpoint that `path` is a part of, when it was the one opened before.
pub(super) fn part_of(model: &Model, path: &Path) -> Option<PathBuf> {
    let before = model.browser.as_ref()?;
    let whole = before.checkpoint();
    if whole.shards().iter().any(|shard| shard.path == path) {
        return Some(whole.path().to_owned());
    }
    // The same part, read again.
    before.part_of.clone().filter(|_| whole.path() == path)
}

/// The folder checkpoint the opened one is a part of.
pub(super) fn whole(model: &Model) -> Option<&Path> {
    model.browser.as_ref()?.part_of.as_deref()
}

/// Back from a part to the whole.
pub(super) fn back(model: &mut Model) -> Vec<Effect> {
    let Some(path) = whole(model).map(Path::to_owned) else { return Vec::new() };
    jobs::open(model, path)
}

/// Coming back from a part, the parts are shown, and that one is selected.
pub(super) fn returned(model: &Model, browser: &mut Browser, path: &Path) {
    if whole(model) != Some(path) {
        return;
    }
    let part = model.opened_path().map(Path::to_owned);
    browser.change_view(View::Parts);
    if let Some(part) = part {
        let Browser { parts, opened, .. } = browser;
        parts.select(opened.layers.checkpoint(), &part);
    }
}
