//! Lists over the rest of the screen that are searched while one types: bookmarks, and what was said.

use tui_input::Input;

use super::cursor::Cursor;
use super::filter::Fuzzy;
use super::listing::file_name;
use super::memory::Bookmark;
use super::{Model, Toast};
use crate::text::shown;

/// Lines that are kept of what was said.
const MOST_SAID: usize = 200;

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Places to come back to.
    Bookmarks,
    /// What the line at the bottom said, newest first.
    Messages,
}

/// A list, the line it is searched with, and where one is in it.
#[derive(Debug, Clone)]
pub struct Popup {
    /// What is listed.
    pub what: What,
    /// The line.
    pub input: Input,
    /// Selected row and window.
    pub cursor: Cursor,
}

impl Popup {
    /// A list at its beginning.
    pub fn of(what: What) -> Self {
        Self { what, input: Input::default(), cursor: Cursor::default() }
    }

    /// Numbers of what matches the line, best first; of all of it without one.
    pub fn found(&self, model: &Model) -> Vec<usize> {
        let texts: Vec<String> = match self.what {
            What::Bookmarks => model.home.bookmarks.iter().map(name).collect(),
            What::Messages => model.said.iter().rev().map(|toast| toast.text.clone()).collect(),
        };
        let Some(mut fuzzy) = Fuzzy::new(self.input.value()) else { return (0..texts.len()).collect() };
        let mut found: Vec<(u32, usize)> =
            texts.iter().enumerate().filter_map(|(at, text)| Some((fuzzy.score(text)?, at))).collect();
        found.sort_by_key(|(score, at)| (std::cmp::Reverse(*score), *at));
        found.into_iter().map(|(_, at)| at).collect()
    }

    /// The number of what is selected.
    pub fn selected(&self, model: &Model) -> Option<usize> {
        self.found(model).get(self.cursor.at).copied()
    }
}

/// A bookmark in words: the run's folder and the file, and what is marked in it.
pub fn name(bookmark: &Bookmark) -> String {
    let folder = bookmark.path.parent().map(file_name).filter(|name| !name.is_empty());
    let folder = folder.map(|name| format!("{}/", shown(&name))).unwrap_or_default();
    let inside = bookmark.name.as_ref().map(|name| format!("  {}", shown(name))).unwrap_or_default();
    format!("{folder}{}{inside}", shown(&file_name(&bookmark.path)))
}

/// Keeps a line that is said, to be read again.
pub(super) fn keep(model: &mut Model, toast: &Toast) {
    if model.said.back() != Some(toast) {
        model.said.push_back(toast.clone());
    }
    if model.said.len() > MOST_SAID {
        model.said.pop_front();
    }
}
