//! What the terminal shows: how many colours, and on which background.
//!
//! A flag counts more than a setting, a setting more than the environment, and there `NO_COLOR` more than `COLORTERM`, that
//! more than `TERM`. Nothing asks the terminal but [`is_light`], and that only where a theme needs to know.

use std::time::Duration;

use super::colors::Depth;
use crate::settings::{Background, Palette, When};

/// A terminal that does not say what its background is within this says nothing. Slow lines take a few tenths.
const PATIENCE: Duration = Duration::from_millis(600);

/// What of the environment matters.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `NO_COLOR` is set, to anything.
    pub no_color: bool,
    /// `COLORTERM`.
    pub colorterm: String,
    /// `TERM`.
    pub term: String,
    /// `TERM_PROGRAM`.
    pub program: String,
}

impl Environment {
    /// That of the process.
    pub fn of_process() -> Self {
        let text = |name| std::env::var_os(name).unwrap_or_default().to_string_lossy().into_owned();
        Self {
            no_color: !text("NO_COLOR").is_empty(),
            colorterm: text("COLORTERM"),
            term: text("TERM"),
            program: text("TERM_PROGRAM"),
        }
    }

    /// How many colours to use.
    pub fn depth(&self, when: When, palette: Palette) -> Depth {
        let dumb = self.term == "dumb";
        match (when, palette) {
            (When::Never, _) | (_, Palette::Off) => Depth::Off,
            (When::Auto, Palette::Auto) if self.no_color || dumb => Depth::Off,
            (_, Palette::Ansi16) => Depth::Ansi16,
            (_, Palette::Ansi256) => Depth::Ansi256,
            (_, Palette::Rgb) => Depth::Rgb,
            (_, Palette::Auto) => self.colors(),
        }
    }

    fn colors(&self) -> Depth {
        // Terminal.app may announce colours it garbles.
        let garbles = self.program == "Apple_Terminal";
        if !garbles && matches!(self.colorterm.as_str(), "truecolor" | "24bit") {
            return Depth::Rgb;
        }
        let many = self.term.contains("256color") || self.term.ends_with("-direct");
        // Windows' own terminals name nothing and show everything.
        if many || (crate::platform::CONSOLE && self.term.is_empty()) {
            Depth::Ansi256
        } else {
            Depth::Ansi16
        }
    }
}

/// Whether the background is light. Asks the terminal, unless it was said: its answer is awaited for a moment, and read to
/// its end, so that none of it is taken for keys. Dark where nobody knows.
pub fn is_light(background: Background) -> bool {
    use terminal_colorsaurus::{QueryOptions, background_color};
    match background {
        Background::Dark => false,
        Background::Light => true,
        Background::Auto => {
            let mut options = QueryOptions::default();
            options.timeout = PATIENCE;
            background_color(options).is_ok_and(|color| color.perceived_lightness() > 0.5)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal(term: &str, colorterm: &str) -> Environment {
        Environment { term: term.to_owned(), colorterm: colorterm.to_owned(), ..Environment::default() }
    }

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        let depth = |term, colorterm| terminal(term, colorterm).depth(When::Auto, Palette::Auto);
        assert_eq!(depth("xterm", ""), Depth::Ansi16);
        assert_eq!(depth("screen-256color", ""), Depth::Ansi256);
        assert_eq!(depth("xterm-256color", "truecolor"), Depth::Rgb);
        assert_eq!(depth("xterm", "24bit"), Depth::Rgb);
        assert_eq!(depth("dumb", "truecolor"), Depth::Off);
        let apple =
            Environment { program: "Apple_Terminal".into(), ..terminal("xterm-256color", "truecolor") };
        assert_eq!(apple.depth(When::Auto, Palette::Auto), Depth::Ansi256);
    }

    #[test]
    fn what_was_said_counts_more() {
        let quiet = Environment { no_color: true, ..terminal("xterm-256color", "truecolor") };
        assert_eq!(quiet.depth(When::Auto, Palette::Auto), Depth::Off);
        assert_eq!(quiet.depth(When::Always, Palette::Auto), Depth::Rgb);
        assert_eq!(quiet.depth(When::Auto, Palette::Ansi16), Depth::Ansi16);
        assert_eq!(quiet.depth(When::Always, Palette::Off), Depth::Off);
        assert_eq!(terminal("xterm", "truecolor").depth(When::Never, Palette::Rgb), Depth::Off);
    }

    #[test]
    fn a_background_that_was_said_is_not_asked_for() {
        assert!(is_light(Background::Light));
        assert!(!is_light(Background::Dark));
    }
}
