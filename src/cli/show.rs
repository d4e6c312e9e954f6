//! `show`: what is in one checkpoint, as text or as JSON.

mod json;
mod text;
mod tree;

use std::path::Path;

use super::output::{Failure, Out};
use super::style::Style;
use crate::checkpoint::Checkpoint;
use crate::format;
use crate::limits::Limits;

/// Shows one file.
pub(super) fn run(file: &Path, as_json: bool, style: &Style, out: &mut Out) -> Result<(), Failure> {
    let checkpoint = open(file)?;
    if as_json { out.json(&json::Document(&checkpoint)) } else { Ok(text::write(&checkpoint, style, out)?) }
}

/// Opens the one file a command is about.
pub(super) fn open(file: &Path) -> Result<Checkpoint, Failure> {
    if file.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Err(Failure::at(file, "no such file; `ckpt-tui ls` lists the checkpoints in a folder"));
    }
    Ok(format::open(file, &Limits::default())?)
}
