//! The characters screens are drawn with: Unicode, or ASCII for fonts and ears that have no more.

use ratatui::symbols::border;

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

pub(super) static UNICODE: Glyphs = Glyphs {
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

pub(super) static ASCII: Glyphs = Glyphs {
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
}
