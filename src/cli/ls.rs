//! `ls`: runs and their checkpoints, as text or as JSON, in the order the terminal UI has them.

mod json;
mod text;

use std::path::{Path, PathBuf};

use super::output::{Failure, Out};
use super::style::Style;
use crate::runs::scan::{self, ScanOptions};

/// Lists what is in `paths`.
pub(super) fn run(paths: &[PathBuf], as_json: bool, style: &Style, out: &mut Out) -> Result<(), Failure> {
    let paths = if paths.is_empty() { vec![PathBuf::from(".")] } else { paths.to_vec() };
    check(&paths)?;
    let index = scan::collect(paths.clone(), ScanOptions::default());
    if as_json {
        out.json(&json::Document(&index))?;
    } else {
        text::write(&index, style, out)?;
    }
    // A folder named on the command line that cannot be looked into is an error, though the others were.
    match index.skipped.iter().find(|skipped| paths.contains(&skipped.path) && skipped.path.is_dir()) {
        Some(skipped) => Err(Failure::at(&skipped.path, &skipped.reason)),
        None => Ok(()),
    }
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
