//! Colours and glyphs: the one place that knows what a terminal can show.
//!
//! The default theme uses the terminal's own sixteen colours and its own foreground and background, never
//! white, black or a filled background. What is to be read has the terminal's own foreground; colour is for
//! borders, curves and marks, as no colour but red and magenta reads well on both dark and light. Nothing is
//! said by colour alone. Without colour only attributes are used, never on a cell that carries a colour.

pub mod colors;
pub mod file;
pub mod glyphs;
pub mod terminal;

use std::path::Path;

use ratatui::style::{Color, Modifier, Style};

use self::colors::{Colors, Depth, TERMINAL};
pub use self::glyphs::Glyphs;
use self::glyphs::{ASCII, UNICODE};
use crate::settings::{Background, Palette, ThemeChoice, When};

/// Styles by what they mean.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    /// None for a terminal without, or for a person who wants none.
    colors: Option<&'static Colors>,
    /// Which characters the terminal shows.
    pub glyphs: &'static Glyphs,
}

/// How a person wants it to look.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// When to use colours.
    pub color: When,
    /// How many there are.
    pub palette: Palette,
    /// The theme; the terminal's own colours without.
    pub theme: Option<ThemeChoice>,
    /// What the background is.
    pub background: Background,
    /// Plain ASCII.
    pub ascii: bool,
}

impl Theme {
    /// The theme that is wished for, on this terminal; themes of the person's own lie in `folder`. May ask the terminal for its
    /// background: to be called before anything else reads from it.
    ///
    /// # Errors
    /// In words, that there is no such theme, or what is wrong with its file.
    pub fn choose(wish: &Wish, folder: Option<&Path>) -> Result<Self, String> {
        let depth = terminal::Environment::of_process().depth(wish.color, wish.palette);
        let name = match &wish.theme {
            None => "terminal",
            Some(ThemeChoice::One(name)) => name,
            Some(ThemeChoice::ByBackground { dark, light }) => {
                // Both have to be there, or a mistake shows on the other machine only.
                file::colors(dark, folder).and(file::colors(light, folder))?;
                if depth > Depth::Ansi16 && terminal::is_light(wish.background) { light } else { dark }
            }
        };
        Ok(Self::of(&file::colors(name, folder)?, depth, wish.ascii))
    }

    /// The default theme with or without colour, in Unicode or ASCII.
    pub fn new(color: bool, ascii: bool) -> Self {
        Self { colors: color.then_some(&TERMINAL), glyphs: if ascii { &ASCII } else { &UNICODE } }
    }

    /// A theme in as many colours as the terminal shows. Lives as long as the program: call it once.
    pub fn of(colors: &Colors, depth: Depth, ascii: bool) -> Self {
        let colors: Option<&'static Colors> =
            colors.reduced(depth).map(|colors| &*Box::leak(Box::new(colors)));
        Self { colors, ..Self::new(false, ascii) }
    }

    fn tint(self, color: impl FnOnce(&Colors) -> Color, modifier: Modifier) -> Style {
        let style = Style::new().add_modifier(modifier);
        self.colors.map_or(style, |colors| style.fg(color(colors)))
    }

    /// Plain text.
    pub fn text(self) -> Style {
        Style { fg: self.colors.and_then(|colors| colors.text), ..Style::new() }
    }

    /// Text that stands back: units, separators, what is less important.
    pub fn faint(self) -> Style {
        match self.colors.and_then(|colors| colors.faint) {
            Some(color) => Style::new().fg(color),
            None => Style::new().add_modifier(Modifier::DIM),
        }
    }

    /// Headings and names.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Keys in the footer, the title of the focused pane: what is looked for first.
    pub fn accent(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What moves: the spinner, the cursor of the curve.
    pub fn lively(self) -> Style {
        self.tint(|colors| colors.lively, Modifier::BOLD)
    }

    /// The border of the focused pane.
    pub fn focus(self) -> Style {
        self.tint(|colors| colors.focus, Modifier::empty())
    }

    /// The mark of the best checkpoint and of other good news.
    pub fn good(self) -> Style {
        self.tint(|colors| colors.good, Modifier::BOLD)
    }

    /// The mark of what deserves a look.
    pub fn warning(self) -> Style {
        self.tint(|colors| colors.warning, Modifier::BOLD)
    }

    /// What is broken or dangerous.
    pub fn error(self) -> Style {
        self.tint(|colors| colors.error, Modifier::BOLD)
    }

    /// Letters that match the filter.
    pub fn matched(self) -> Style {
        self.tint(|colors| colors.matched, Modifier::BOLD.union(Modifier::UNDERLINED))
    }

    /// A cell of a heat map, from 1 to `steps`: the height of its block says the same.
    pub fn heat(self, step: u8, steps: u8) -> Style {
        let strength = usize::from(step * 3 / steps.max(1)).min(2);
        self.tint(|colors| colors.heat.get(strength).copied().unwrap_or(colors.curve), Modifier::empty())
    }

    /// The colour of a half block of a heat map, from 1 to 8; 0 for nothing. Not for themes without colour: two halves of
    /// a cell have nothing but colour to say what they are.
    pub fn half(self, step: u8) -> Option<Color> {
        let ramp = self.colors?.ramp.as_ref()?;
        ramp.get(usize::from(step)).copied().filter(|_| !self.glyphs.ascii)
    }

    /// The line of a curve.
    pub fn curve(self) -> Style {
        self.tint(|colors| colors.curve, Modifier::empty())
    }

    /// One of several lines on a plot. Letters tell them apart; colour only helps.
    pub fn line(self, number: usize) -> Style {
        self.tint(
            |colors| colors.lines.get(number % colors.lines.len()).copied().unwrap_or(colors.curve),
            Modifier::empty(),
        )
    }

    /// The selected row of the focused pane.
    pub fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The selected row of another pane.
    pub fn selected_elsewhere(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD.union(Modifier::UNDERLINED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_no_style_has_one() {
        let t = Theme::new(false, false);
        for style in [t.accent(), t.good(), t.warning(), t.error(), t.matched(), t.curve(), t.selected()] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }

    #[test]
    fn no_theme_paints_white_black_or_a_background() {
        let t = Theme::new(true, false);
        for style in
            [t.text(), t.faint(), t.strong(), t.accent(), t.good(), t.warning(), t.error(), t.focus()]
        {
            assert!(!matches!(style.fg, Some(Color::White | Color::Black | Color::Gray | Color::DarkGray)));
            assert_eq!(style.bg, None);
        }
    }
}
