//! How text looks: colours, characters, width. Meaning is never in a colour alone.

use std::borrow::Cow;

use super::args::Common;
use super::output;
use crate::settings::When;

/// What a piece of text is, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Tone {
    /// Ordinary.
    #[default]
    Plain,
    /// A heading.
    Title,
    /// Less important.
    Dim,
    /// The best of its kind.
    Good,
    /// Worth a look.
    Warn,
    /// Broken.
    Bad,
}

/// How text output is written.
#[derive(Debug, Clone)]
pub(super) struct Style {
    colour: bool,
    /// ASCII only.
    pub(super) ascii: bool,
    /// More detail.
    pub(super) verbose: bool,
    /// Cells of a line on a terminal; none in a file or pipe, where nothing is shortened to fit.
    pub(super) width: Option<usize>,
}

impl Style {
    /// The style the options and the environment ask for.
    pub(super) fn of(common: &Common) -> Self {
        let width = if output::is_terminal() { crossterm::terminal::size().ok() } else { None };
        Self {
            colour: wants_colour(common.when()),
            ascii: common.ascii,
            verbose: common.verbose,
            width: width.map(|(columns, _)| usize::from(columns).max(40)),
        }
    }

    /// No colours; `width` cells in a line.
    #[cfg(test)]
    pub(super) fn plain(width: Option<usize>) -> Self {
        Self { colour: false, ascii: false, verbose: false, width }
    }

    /// `text` in the colour of `tone`.
    pub(super) fn paint<'a>(&self, tone: Tone, text: &'a str) -> Cow<'a, str> {
        let code = match tone {
            Tone::Plain => return Cow::Borrowed(text),
            Tone::Title => "1",
            Tone::Dim => "2",
            Tone::Good => "1;32",
            Tone::Warn => "33",
            Tone::Bad => "31",
        };
        if self.colour && !text.is_empty() {
            Cow::Owned(format!("\u{1b}[{code}m{text}\u{1b}[0m"))
        } else {
            Cow::Borrowed(text)
        }
    }

    /// Stands for what was left out.
    pub(super) fn ellipsis(&self) -> &'static str {
        if self.ascii { "..." } else { "…" }
    }

    /// Stands between things of one line.
    pub(super) fn dot(&self) -> &'static str {
        if self.ascii { " - " } else { " · " }
    }
}

/// True when colours are to be used: a flag counts more than the environment (no-color.org).
pub(super) fn wants_colour(when: When) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
            let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            output::is_terminal() && !set("NO_COLOR") && !dumb && crate::platform::escapes_work()
        }
    }
}
