//! `show`: what is in one checkpoint, as text, as JSON, or its tensors as a table.

mod json;
mod place;
mod sheet;
mod text;
mod tree;

use std::path::Path;

use super::args::Form;
use super::output::{Failure, Out};
use super::style::Style;
use crate::checkpoint::Checkpoint;
use crate::format;
use crate::limits::Limits;

/// Shows one file.
pub(super) fn run(file: &Path, form: Form, style: &Style, out: &mut Out) -> Result<(), Failure> {
    let checkpoint = open(file)?;
    match form {
        Form::Text => Ok(text::write(&checkpoint, style, out)?),
        Form::Json => out.json(&json::Document(&checkpoint)),
        Form::Sheet(form) => sheet::write(&checkpoint, form, out),
    }
}

/// Opens the one file a command is about.
pub(super) fn open(file: &Path) -> Result<Checkpoint, Failure> {
    if file.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Err(Failure::at(file, "no such file; `ckpt-tui ls` lists the checkpoints in a folder"));
    }
    Ok(format::open(file, &Limits::default())?)
}
