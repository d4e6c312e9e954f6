//! No subcommand: the terminal UI, or plain text where there is no terminal to draw on.

use std::path::PathBuf;

use super::args::{Common, When};
use super::ls;
use super::output::{Failure, Out, is_terminal};
use super::style::Style;
use crate::state::Store;
use crate::tui;

/// Opens the UI on `paths`; without a terminal, or where JSON is asked for, prints what `ls` prints.
///
/// # Errors
/// What opening the terminal, or printing, finds.
pub(super) fn run(
    paths: Vec<PathBuf>,
    (no_mouse, no_state, no_hints): (bool, bool, bool),
    common: &Common,
    style: &Style,
    out: &mut Out,
) -> Result<(), Failure> {
    ls::check(&paths)?;
    if common.json || !is_terminal() {
        return ls::run(&paths, None, common.json, style, out);
    }
    let color = match common.color {
        When::Auto => tui::Color::Auto,
        When::Always => tui::Color::Always,
        When::Never => tui::Color::Never,
    };
    let options = tui::Options {
        paths,
        cache: super::config::cache(common),
        ascii: common.ascii,
        color,
        no_mouse,
        no_hints,
        state: if no_state { Store::off() } else { Store::of_user() },
    };
    tui::run(options).map_err(|error| Failure::Message(error.to_string()))
}
