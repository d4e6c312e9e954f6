//! A grid of characters with dots in them: eight to a cell in Braille, three in ASCII.
//!
//! Two lines that cross in a cell share it: their dots are joined, and the cell takes the colour of the line
//! drawn last. A line drawn faintly gives way to any other.

/// Who draws, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pen {
    /// Number of the line.
    pub line: u8,
    /// Stands back behind everything that does not.
    pub faint: bool,
}

/// The dots of a plot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canvas {
    width: u16,
    height: u16,
    ascii: bool,
    cells: Vec<Cell>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Cell {
    dots: u8,
    pen: Option<Pen>,
}

impl Canvas {
    /// An empty grid of so many cells.
    pub fn new(width: u16, height: u16, ascii: bool) -> Self {
        let cells = vec![Cell::default(); usize::from(width) * usize::from(height)];
        Self { width, height, ascii, cells }
    }

    /// Dots across and down.
    pub fn dots(&self) -> (u32, u32) {
        let (x, y) = self.sub();
        (u32::from(self.width) * x, u32::from(self.height) * y)
    }

    /// Dots of a cell across and down.
    pub fn dots_per_cell(&self) -> (u16, u16) {
        if self.ascii { (1, 3) } else { (2, 4) }
    }

    fn sub(&self) -> (u32, u32) {
        let (x, y) = self.dots_per_cell();
        (x.into(), y.into())
    }

    /// Sets the dot at these coordinates, counted from the upper left; outside there is nothing to set.
    pub fn dot(&mut self, pen: Pen, (x, y): (f64, f64)) {
        let (across, down) = self.dots();
        let (x, y) = (x.round(), y.round());
        if !(x >= 0.0 && x < f64::from(across) && y >= 0.0 && y < f64::from(down)) {
            return;
        }
        let (x, y) = (x as u32, y as u32);
        let (sub_x, sub_y) = self.sub();
        let at = (y / sub_y) as usize * usize::from(self.width) + (x / sub_x) as usize;
        let bit = (x % sub_x) * sub_y + y % sub_y;
        let Some(cell) = self.cells.get_mut(at) else { return };
        match cell.pen {
            Some(there) if pen.faint && !there.faint => return,
            Some(there) if there.faint && !pen.faint => cell.dots = 0,
            _ => {}
        }
        cell.dots |= 1 << bit;
        cell.pen = Some(pen);
    }

    /// Draws a straight line between two places, of which the part on the grid is drawn.
    pub fn segment(&mut self, pen: Pen, from: (f64, f64), to: (f64, f64)) {
        let (across, down) = self.dots();
        let edge = (f64::from(across) - 0.5, f64::from(down) - 0.5);
        let Some((from, to)) = clipped(from, to, edge) else { return };
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        // One dot for each step along the longer side, at whole coordinates there.
        let flat = dx.abs() >= dy.abs();
        let (start, end, whole) = if flat { (from.0, to.0, dx) } else { (from.1, to.1, dy) };
        let (first, last) = (start.min(end).round() as i64, start.max(end).round() as i64);
        for step in first..=last {
            let share = if whole == 0.0 { 0.0 } else { ((step as f64 - start) / whole).clamp(0.0, 1.0) };
            let at = (from.0 + dx * share, from.1 + dy * share);
            self.dot(pen, if flat { (step as f64, at.1) } else { (at.0, step as f64) });
        }
    }

    /// What a cell shows and whose it is; `None` when no dot is set in it.
    pub fn glyph(&self, column: u16, row: u16) -> Option<(char, Pen)> {
        if column >= self.width {
            return None;
        }
        let cell = self.cells.get(usize::from(row) * usize::from(self.width) + usize::from(column))?;
        Some((if self.ascii { ascii(cell.dots) } else { braille(cell.dots) }, cell.pen?))
    }

    /// The rows of a column where a line has dots of its own.
    pub fn rows_of(&self, line: u8, column: u16) -> impl Iterator<Item = u16> {
        let is_its = move |row: &u16| self.glyph(column, *row).is_some_and(|(_, pen)| pen.line == line);
        (0..self.height).filter(is_its)
    }
}

/// The part of a segment within -0.5 to `edge` in both directions (Liang and Barsky).
fn clipped(from: (f64, f64), to: (f64, f64), edge: (f64, f64)) -> Option<((f64, f64), (f64, f64))> {
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for (start, end, high) in [(from.0, to.0, edge.0), (from.1, to.1, edge.1)] {
        let delta = end - start;
        let (to_low, to_high) = (-0.5 - start, high - start);
        if delta == 0.0 {
            if to_low > 0.0 || to_high < 0.0 {
                return None;
            }
            continue;
        }
        let (first, second) = (to_low / delta, to_high / delta);
        enter = enter.max(first.min(second));
        leave = leave.min(first.max(second));
    }
    // Also false for what is not a number.
    if !(enter <= leave && (to.0 - from.0).is_finite() && (to.1 - from.1).is_finite()) {
        return None;
    }
    let at = |share: f64| (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
    Some((at(enter), at(leave)))
}

/// Bits are column by column; Unicode numbers the lowest row of dots last.
fn braille(dots: u8) -> char {
    const BITS: [u32; 8] = [0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80];
    let dots =
        BITS.iter().enumerate().filter(|(at, _)| dots & (1 << at) != 0).map(|(_, bit)| bit).sum::<u32>();
    char::from_u32(0x2800 + dots).unwrap_or(' ')
}

fn ascii(dots: u8) -> char {
    match dots {
        1 => '\'',
        2 => '-',
        4 => '.',
        3 => '"',
        6 => ',',
        5 => ':',
        _ => '|',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PEN: Pen = Pen { line: 0, faint: false };

    fn picture(canvas: &Canvas) -> Vec<String> {
        let cell = |c, r| canvas.glyph(c, r).map_or(' ', |(glyph, _)| glyph);
        (0..canvas.height).map(|r| (0..canvas.width).map(|c| cell(c, r)).collect()).collect()
    }

    #[test]
    fn a_segment_is_cut_at_the_edges_at_its_true_slope() {
        let mut canvas = Canvas::new(3, 2, false);
        canvas.segment(PEN, (-6.0, 13.0), (12.0, -5.0));
        assert_eq!(picture(&canvas), ["  ⡠", "⡠⠊ "]);
        canvas = Canvas::new(3, 2, false);
        canvas.segment(PEN, (0.0, -9.0), (5.0, -1.0));
        canvas.segment(PEN, (f64::NAN, 1.0), (5.0, 1.0));
        assert_eq!(picture(&canvas), ["   ", "   "]);
    }

    #[test]
    fn what_is_faint_gives_way() {
        let faint = Pen { line: 0, faint: true };
        let front = Pen { line: 0, faint: false };
        for order in [[faint, front], [front, faint]] {
            let mut canvas = Canvas::new(1, 1, false);
            for pen in order {
                canvas.dot(pen, (f64::from(u8::from(pen.faint)), 0.0));
            }
            assert_eq!(canvas.glyph(0, 0), Some(('⠁', front)), "{order:?}");
        }
    }

    #[test]
    fn lines_that_cross_share_a_cell() {
        let mut canvas = Canvas::new(1, 1, true);
        canvas.dot(Pen { line: 0, faint: false }, (0.0, 0.0));
        let second = Pen { line: 1, faint: false };
        canvas.dot(second, (0.0, 2.0));
        assert_eq!(canvas.glyph(0, 0), Some((':', second)));
    }

    proptest! {
        #[test]
        fn any_segment_is_drawn_within_bounds_and_time(
            a in (any::<f64>(), any::<f64>()), b in (any::<f64>(), any::<f64>()), ascii in any::<bool>(),
        ) {
            let mut canvas = Canvas::new(5, 3, ascii);
            canvas.segment(PEN, a, b);
            prop_assert!(picture(&canvas).iter().all(|row| row.chars().count() == 5));
        }
    }
}
