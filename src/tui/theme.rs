//! Colours and glyphs: the one place that knows what a terminal can show.
//!
//! The default theme uses the terminal's own sixteen colours and its own foreground and background, never
//! white, black or a filled background. What is to be read has the terminal's own foreground; colour is for
//! borders, curves and marks, as no colour but red and magenta reads well on both dark and light. Nothing is
//! said by colour alone. Without colour only attributes are used, never on a cell that carries a colour.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

/// Styles by what they mean.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    color: bool,
    /// Which characters the terminal shows.
    pub glyphs: &'static Glyphs,
}

impl Theme {
    /// A theme with or without colour, in Unicode or ASCII.
    pub fn new(color: bool, ascii: bool) -> Self {
        Self { color, glyphs: if ascii { &ASCII } else { &UNICODE } }
    }

    fn tint(self, color: Color, modifier: Modifier) -> Style {
        let style = Style::new().add_modifier(modifier);
        if self.color { style.fg(color) } else { style }
    }

    /// Plain text.
    pub fn text(self) -> Style {
        Style::new()
    }

    /// Text that stands back: units, separators, what is less important.
    pub fn faint(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
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
        self.tint(Color::Magenta, Modifier::BOLD)
    }

    /// The border of the focused pane.
    pub fn focus(self) -> Style {
        self.tint(Color::Cyan, Modifier::empty())
    }

    /// The mark of the best checkpoint and of other good news.
    pub fn good(self) -> Style {
        self.tint(Color::Green, Modifier::BOLD)
    }

    /// The mark of what deserves a look.
    pub fn warning(self) -> Style {
        self.tint(Color::Magenta, Modifier::BOLD)
    }

    /// What is broken or dangerous.
    pub fn error(self) -> Style {
        self.tint(Color::Red, Modifier::BOLD)
    }

    /// Letters that match the filter.
    pub fn matched(self) -> Style {
        self.tint(Color::Magenta, Modifier::BOLD.union(Modifier::UNDERLINED))
    }

    /// A cell of a heat map, from 1 to `steps`: the height of its block says the same.
    pub fn heat(self, step: u8, steps: u8) -> Style {
        match step * 3 / steps.max(1) {
            0 => self.tint(Color::Blue, Modifier::empty()),
            1 => self.tint(Color::Cyan, Modifier::empty()),
            _ => self.tint(Color::Magenta, Modifier::empty()),
        }
    }

    /// The colour of a half block of a heat map, from 1 to 8; 0 for nothing. Not for themes without colour: two halves of
    /// a cell have nothing but colour to say what they are.
    pub fn half(self, step: u8) -> Option<Color> {
        // Dark to light in equal steps, told apart by any eye; the terminal's 256 colours.
        const RAMP: [u8; 9] = [236, 54, 60, 31, 30, 36, 71, 149, 227];
        let index = RAMP.get(usize::from(step)).copied()?;
        (self.color && !self.glyphs.ascii).then_some(Color::Indexed(index))
    }

    /// The line of a curve.
    pub fn curve(self) -> Style {
        self.tint(Color::Magenta, Modifier::empty())
    }

    /// One of several lines on a plot. Letters tell them apart; colour only helps.
    pub fn line(self, number: usize) -> Style {
        const COLORS: [Color; 5] = [Color::Magenta, Color::Cyan, Color::Green, Color::Blue, Color::Yellow];
        let color = COLORS.get(number % COLORS.len()).copied().unwrap_or(Color::Magenta);
        self.tint(color, Modifier::empty())
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

/// The characters screens are drawn with.
#[derive(Debug)]
pub struct Glyphs {
    /// Plain ASCII: the plot uses other means, too.
    pub ascii: bool,
    /// Marks text that was cut, in one cell.
    pub cut: &'static str,
    /// Before the title of the focused pane, and before the selected row of the others.
    pub focus: &'static str,
    /// A closed node.
    pub closed: &'static str,
    /// An open node.
    pub open: &'static str,
    /// The best checkpoint.
    pub best: &'static str,
    /// A value that is not a number.
    pub broken: &'static str,
    /// A checkpoint on the axis of a curve.
    pub dot: &'static str,
    /// Where the cursor stands on the axis of a curve.
    pub pointer: &'static str,
    /// Where a curve turned for the worse.
    pub turn: &'static str,
    /// A vertical line that stands back: the turn on the plot.
    pub vertical_faint: &'static str,
    /// A tick on the y axis at the right.
    pub tick_right: &'static str,
    /// The right corner of the axes.
    pub corner_right: &'static str,
    /// Sorted ascending.
    pub up: &'static str,
    /// Sorted descending.
    pub down: &'static str,
    /// Between the parts of a breadcrumb.
    pub crumb: &'static str,
    /// Between facts on one line.
    pub middot: &'static str,
    /// A vertical line.
    pub vertical: &'static str,
    /// A horizontal line.
    pub horizontal: &'static str,
    /// A tick on the y axis.
    pub tick_left: &'static str,
    /// A tick on the x axis.
    pub tick_below: &'static str,
    /// The corner of the axes.
    pub corner: &'static str,
    /// Heights of a sparkline, lowest first.
    pub spark: [&'static str; 8],
    /// Pictures of the spinner.
    pub spinner: &'static [&'static str],
    /// The part of a scroll bar that shows where one is.
    pub thumb: &'static str,
    /// Border of a pane.
    pub border: border::Set<'static>,
    /// Border of the focused pane.
    pub border_focused: border::Set<'static>,
}

static UNICODE: Glyphs = Glyphs {
    ascii: false,
    cut: "…",
    focus: "▸",
    closed: "▸",
    open: "▾",
    best: "★",
    broken: "✗",
    dot: "•",
    pointer: "▲",
    turn: "◆",
    vertical_faint: "┊",
    tick_right: "├",
    corner_right: "┘",
    up: "↑",
    down: "↓",
    crumb: "›",
    middot: "·",
    vertical: "│",
    horizontal: "─",
    tick_left: "┤",
    tick_below: "┬",
    corner: "└",
    spark: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    spinner: &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
    thumb: "█",
    border: border::PLAIN,
    border_focused: border::THICK,
};

static ASCII: Glyphs = Glyphs {
    ascii: true,
    cut: "~",
    focus: ">",
    closed: "+",
    open: "-",
    best: "*",
    broken: "x",
    dot: "o",
    pointer: "^",
    turn: "v",
    vertical_faint: ":",
    tick_right: "+",
    corner_right: "+",
    up: "^",
    down: "v",
    crumb: ">",
    middot: "-",
    vertical: "|",
    horizontal: "-",
    tick_left: "+",
    tick_below: "+",
    corner: "+",
    spark: ["_", "_", ".", "-", "-", "=", "^", "^"],
    spinner: &["|", "/", "-", "\\"],
    thumb: "@",
    border: border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    },
    border_focused: border::Set {
        top_left: "#",
        top_right: "#",
        bottom_left: "#",
        bottom_right: "#",
        vertical_left: "#",
        vertical_right: "#",
        horizontal_top: "=",
        horizontal_bottom: "=",
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ascii_glyphs_are_ascii_and_one_cell_wide() {
        let g = &ASCII;
        let single = [g.cut, g.focus, g.closed, g.open, g.best, g.broken, g.dot, g.up, g.down, g.vertical];
        assert!(single.iter().chain(&g.spark).chain(g.spinner).all(|s| s.is_ascii() && s.len() == 1));
    }

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
