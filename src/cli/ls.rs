//! `ls`: runs and their checkpoints, as text or as JSON, in the order the terminal UI has them.

mod json;
mod sheet;
mod sort;
mod text;

use std::path::{Path, PathBuf};

use super::args::Form;
use super::output::{Failure, Out};
use super::style::Style;
use crate::runs::scan::{self, ScanOptions};

/// Lists what is in `paths`.
pub(super) fn run(
    paths: &[PathBuf],
    sort: Option<&str>,
    form: Form,
    style: &Style,
    out: &mut Out,
) -> Result<(), Failure> {
    let paths = or_here(paths.to_vec());
    check(&paths)?;
    let mut index = scan::collect_with_logs(paths.clone(), ScanOptions::default());
    if let Some(sort) = sort {
        sort::by(&mut index, sort)?;
    }
    match form {
        Form::Text => text::write(&index, sort, style, out)?,
        Form::Json => out.json(&json::Document(&index))?,
        Form::Sheet(form) => sheet::write(&index, form, out)?,
    }
    // A folder named on the command line that cannot be looked into is an error, though the others were.
    match index.skipped.iter().find(|skipped| paths.contains(&skipped.path) && skipped.path.is_dir()) {
        Some(skipped) => Err(Failure::at(&skipped.path, &skipped.reason)),
        None => Ok(()),
    }
}

/// The current folder where no path was given.
pub(super) fn or_here(paths: Vec<PathBuf>) -> Vec<PathBuf> {
    if paths.is_empty() { vec![PathBuf::from(".")] } else { paths }
}

/// Paths given by name must be there; what else is wrong with them is told in a row.
pub(super) fn check(paths: &[PathBuf]) -> Result<(), Failure> {
    match paths.iter().find(|path| !exists(path)) {
        Some(missing) => {
            Err(Failure::at(missing, "no such file or folder; see ckpt-tui --help for the commands"))
        }
        None => Ok(()),
    }
}

/// True for a broken link too: that is a row with a reason.
fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
