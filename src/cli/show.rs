//! `show`: what is in one checkpoint, as text or as JSON.

mod json;
mod text;
mod tree;

use super::args;
use super::output::{Failure, Out};
use super::style::Style;
use crate::format;
use crate::limits::Limits;

/// Shows one file.
pub(super) fn run(args: &args::Show, style: &Style, out: &mut Out) -> Result<(), Failure> {
    if args.file.is_dir() {
        return Err(Failure::at(
            &args.file,
            "a folder, not a checkpoint; list what is in it with `ckpt-tui ls`",
        ));
    }
    if args.file.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Err(Failure::at(&args.file, "no such file; `ckpt-tui ls` lists the checkpoints in a folder"));
    }
    let checkpoint = format::open(&args.file, &Limits::default())?;
    if args.json { out.json(&json::Document(&checkpoint)) } else { Ok(text::write(&checkpoint, style, out)?) }
}
