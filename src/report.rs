//! A page for people who have no terminal: one HTML file of a run, a checkpoint or a comparison.
//!
//! The page needs nothing but itself: no script, no network, no font of its own; its policy forbids all of them. What
//! is drawn is SVG in the page, and said in words beside it. [`gather`] reads what a page is about, the modules below
//! turn that into text and know neither files nor terminals; all text passes through [`html::Page`], whose markup
//! can only come from this program's source.

mod checkpoint;
mod comparison;
pub mod gather;
mod heat;
pub mod html;
mod metadata;
mod overview;
pub mod plot;
mod run;
mod svg;
mod tensors;
#[cfg(test)]
mod tests;

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::export::disk::Medium;
use crate::text::shown_path;

pub use gather::{Request, Source, make};

/// When a page was made, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// In UTC, to the minute.
    pub at: String,
}

impl Stamp {
    /// Now.
    pub fn now() -> Self {
        Self { at: html::date(std::time::SystemTime::now()) }
    }
}

/// The file a report about something of this name is called: plain characters, so that it can be mailed.
pub fn file_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '=' | '+');
    let name: String = name.chars().take(80).map(|c| if plain(c) { c } else { '_' }).collect();
    let name = name.trim_matches(['.', '-', '_']);
    format!("{}-report.html", if name.is_empty() { "run" } else { name })
}

/// A page, whole.
#[derive(Debug, Clone)]
pub struct Report {
    /// What it is about, in a few words.
    pub title: String,
    /// The file.
    pub html: String,
}

impl Report {
    /// Writes the page into `target`, which appears whole or not at all.
    ///
    /// # Errors
    /// [`ErrorKind::Exists`] where there is such a file and it is not to be replaced, and what the system finds.
    pub fn write(&self, target: &Path, replace: bool, medium: &dyn Medium) -> Result<()> {
        let failed = |error: std::io::Error| {
            if error.kind() == std::io::ErrorKind::AlreadyExists {
                let text = format!("{} exists", shown_path(target));
                return Error::new(ErrorKind::Exists, text)
                    .advise("replace it with --force, or name another");
            }
            Error::io(error).in_file(target)
        };
        let staged = medium.begin(target, replace).map_err(failed)?;
        staged.write_at(self.html.as_bytes(), 0).map_err(failed)?;
        staged.sync().map_err(failed)?;
        staged.publish().map_err(failed)
    }
}
