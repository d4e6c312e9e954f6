//! The colours of a theme, and fewer of them where the terminal shows fewer.

use ratatui::style::Color;

/// Colours by what they mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Colors {
    /// Text; the terminal's own without.
    pub text: Option<Color>,
    /// Text that stands back; the terminal's own, dimmed, without.
    pub faint: Option<Color>,
    /// The border of the focused pane.
    pub focus: Color,
    /// What moves.
    pub lively: Color,
    /// Good news.
    pub good: Color,
    /// What deserves a look.
    pub warning: Color,
    /// What is broken or dangerous.
    pub error: Color,
    /// Letters that match.
    pub matched: Color,
    /// The line of a curve that is alone.
    pub curve: Color,
    /// Lines of a plot with several.
    pub lines: [Color; 5],
    /// Cells of a heat map: weak, middling, strong.
    pub heat: [Color; 3],
    /// Half blocks of a heat map: nothing, then eight steps. They are told apart by colour alone, so there are none of
    /// them on terminals that show sixteen.
    pub ramp: Option<[Color; 9]>,
}

/// How many colours a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None.
    Off,
    /// The terminal's own sixteen.
    Ansi16,
    /// 256.
    Ansi256,
    /// All.
    Rgb,
}

/// The default: the terminal's own colours, which its owner chose to be read on its background.
pub static TERMINAL: Colors = Colors {
    text: None,
    faint: None,
    focus: Color::Cyan,
    lively: Color::Magenta,
    good: Color::Green,
    warning: Color::Magenta,
    error: Color::Red,
    matched: Color::Magenta,
    curve: Color::Magenta,
    lines: [Color::Magenta, Color::Cyan, Color::Green, Color::Blue, Color::Yellow],
    heat: [Color::Blue, Color::Cyan, Color::Magenta],
    // Dark to light in equal steps, told apart by any eye; of the terminal's 256 colours.
    ramp: Some([
        Color::Indexed(236),
        Color::Indexed(54),
        Color::Indexed(60),
        Color::Indexed(31),
        Color::Indexed(30),
        Color::Indexed(36),
        Color::Indexed(71),
        Color::Indexed(149),
        Color::Indexed(227),
    ]),
};

impl Colors {
    /// These colours on a terminal that shows so many; `None` where it shows none. On sixteen the terminal's own are used
    /// instead: what is nearest to a colour there is whatever its owner made of it.
    pub fn reduced(&self, depth: Depth) -> Option<Self> {
        match depth {
            Depth::Off => None,
            Depth::Ansi16 => Some(Self { ramp: None, ..TERMINAL }),
            Depth::Ansi256 => Some(self.map(nearest)),
            Depth::Rgb => Some(*self),
        }
    }

    fn map(&self, change: impl Fn(Color) -> Color + Copy) -> Self {
        Self {
            text: self.text.map(change),
            faint: self.faint.map(change),
            focus: change(self.focus),
            lively: change(self.lively),
            good: change(self.good),
            warning: change(self.warning),
            error: change(self.error),
            matched: change(self.matched),
            curve: change(self.curve),
            lines: self.lines.map(change),
            heat: self.heat.map(change),
            ramp: self.ramp.map(|ramp| ramp.map(change)),
        }
    }
}

/// The steps of a channel in the cube of the 256 colours.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The nearest of the 240 colours that are the same in every terminal.
fn nearest(color: Color) -> Color {
    let Color::Rgb(r, g, b) = color else { return color };
    let distance = |[x, y, z]: [u8; 3]| {
        let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        square(x, r) + square(y, g) + square(z, b)
    };
    let cube = (16..=231_u8).map(|at| {
        let at = usize::from(at - 16);
        [at / 36, at / 6 % 6, at % 6].map(|step| STEPS.get(step).copied().unwrap_or(0))
    });
    let grey = (0..24_u8).map(|at| [8 + 10 * at; 3]);
    let all = (16..=255_u8).zip(cube.chain(grey));
    let best = all.min_by_key(|(_, color)| distance(*color));
    best.map_or(color, |(index, _)| Color::Indexed(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_of_256() {
        let index = |r, g, b| nearest(Color::Rgb(r, g, b));
        assert_eq!(index(0, 0, 0), Color::Indexed(16));
        assert_eq!(index(255, 255, 255), Color::Indexed(231));
        assert_eq!(index(255, 0, 0), Color::Indexed(196));
        assert_eq!(index(128, 128, 128), Color::Indexed(244));
        assert_eq!(nearest(Color::Cyan), Color::Cyan);
    }
}
