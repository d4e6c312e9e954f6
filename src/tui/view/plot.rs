//! A line drawn with dots: eight to a cell in Braille, three in ASCII.
//!
//! Ratatui's own chart draws a value that is no number as a peak, and slows down with the number of points.
//! Here a line ends where a value is not finite and begins anew behind it; and of points that share a column of dots only the
//! first, lowest, highest and last are drawn, which gives the same picture however many there are.

/// Cells of the grid and the ranges they stand for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Cells across.
    pub width: u16,
    /// Cells down.
    pub height: u16,
    /// Values at the left and right edge.
    pub x: (f64, f64),
    /// Values at the lower and upper edge.
    pub y: (f64, f64),
    /// Drawn in ASCII.
    pub ascii: bool,
}

/// Which dots of which cells are set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dots {
    width: u16,
    ascii: bool,
    cells: Vec<u8>,
}

impl Frame {
    /// The frame that shows all finite points of a series.
    pub fn around(points: &[(f64, f64)], width: u16, height: u16, ascii: bool) -> Self {
        let range = |values: &mut dyn Iterator<Item = f64>| {
            values
                .filter(|v| v.is_finite())
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
        };
        let x = widened(range(&mut points.iter().map(|p| p.0)), 0.5);
        let y = range(&mut points.iter().map(|p| p.1));
        let half = if y.0.is_finite() { (y.0.abs() * 0.05).max(1e-9) } else { 0.5 };
        Self { width, height, x, y: widened(y, half), ascii }
    }

    fn sub(&self) -> (u16, u16) {
        if self.ascii { (1, 3) } else { (2, 4) }
    }

    /// The dot a point falls on, counted from the upper left; `None` when a coordinate is not finite.
    fn dot(&self, (x, y): (f64, f64)) -> Option<(i64, i64)> {
        if !x.is_finite() || !y.is_finite() {
            return None;
        }
        let (sub_x, sub_y) = self.sub();
        let along = scale(x, self.x, self.width * sub_x);
        let up = scale(y, self.y, self.height * sub_y);
        Some((along, i64::from(self.height * sub_y) - 1 - up))
    }

    /// The column of cells a value along x falls in.
    pub fn column(&self, x: f64) -> u16 {
        let dots = scale(x, self.x, self.width * self.sub().0);
        (dots.max(0) as u16 / self.sub().0).min(self.width.saturating_sub(1))
    }

    /// The row of cells a value along y falls in, from the top.
    pub fn row(&self, y: f64) -> u16 {
        let up = scale(y, self.y, self.height * self.sub().1).max(0) as u16 / self.sub().1;
        self.height.saturating_sub(1).saturating_sub(up)
    }

    /// The value along x in the middle of a column of cells.
    pub fn value_at(&self, column: u16) -> f64 {
        let share = (f64::from(column) + 0.5) / f64::from(self.width.max(1));
        self.x.0 + share * (self.x.1 - self.x.0)
    }

    /// Draws the line through `points`, which ascend in x.
    pub fn line(&self, points: &[(f64, f64)]) -> Dots {
        let mut dots = Dots {
            width: self.width,
            ascii: self.ascii,
            cells: vec![0; usize::from(self.width) * usize::from(self.height)],
        };
        let mut before: Option<(i64, i64)> = None;
        let mut column = Column::default();
        for point in points {
            match self.dot(*point) {
                Some(at) if column.x == Some(at.0) => column.add(at.1),
                Some(at) => {
                    before = self.flush(&mut dots, before, &column);
                    column = Column::starting(at);
                }
                None => {
                    self.flush(&mut dots, before, &column);
                    (before, column) = (None, Column::default());
                }
            }
        }
        self.flush(&mut dots, before, &column);
        dots
    }

    /// Draws a column of dots, and the line to it; returns the dot the next line starts from.
    fn flush(&self, dots: &mut Dots, before: Option<(i64, i64)>, column: &Column) -> Option<(i64, i64)> {
        let Some(x) = column.x else { return before };
        self.segment(dots, before.unwrap_or((x, column.first)), (x, column.first));
        self.segment(dots, (x, column.low), (x, column.high));
        Some((x, column.last))
    }

    /// Draws a straight line between two dots.
    fn segment(&self, dots: &mut Dots, from: (i64, i64), to: (i64, i64)) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let steps = dx.abs().max(dy.abs()).max(1);
        for step in 0..=steps {
            let at = (from.0 + rounded(dx * step, steps), from.1 + rounded(dy * step, steps));
            self.set(dots, at);
        }
    }

    fn set(&self, dots: &mut Dots, (x, y): (i64, i64)) {
        let (sub_x, sub_y) = (i64::from(self.sub().0), i64::from(self.sub().1));
        let (Ok(cell_x), Ok(cell_y)) = (usize::try_from(x / sub_x), usize::try_from(y / sub_y)) else {
            return;
        };
        if cell_x >= usize::from(self.width) || x < 0 || y < 0 {
            return;
        }
        let bit = if self.ascii { y % sub_y } else { (x % sub_x) * 4 + y % sub_y };
        if let Some(cell) = dots.cells.get_mut(cell_y * usize::from(self.width) + cell_x) {
            *cell |= 1 << bit;
        }
    }
}

/// What is drawn of the points that share a column of dots.
#[derive(Debug, Default)]
struct Column {
    x: Option<i64>,
    first: i64,
    low: i64,
    high: i64,
    last: i64,
}

impl Column {
    fn starting((x, y): (i64, i64)) -> Self {
        Self { x: Some(x), first: y, low: y, high: y, last: y }
    }

    fn add(&mut self, y: i64) {
        self.low = self.low.min(y);
        self.high = self.high.max(y);
        self.last = y;
    }
}

impl Dots {
    /// What a cell shows; `None` when no dot is set in it.
    pub fn glyph(&self, column: u16, row: u16) -> Option<char> {
        let cell = *self.cells.get(usize::from(row) * usize::from(self.width) + usize::from(column))?;
        if cell == 0 || column >= self.width {
            return None;
        }
        Some(if self.ascii { ascii(cell) } else { braille(cell) })
    }
}

/// Bits are column by column; Unicode numbers the lowest row of dots last.
fn braille(cell: u8) -> char {
    const BITS: [u32; 8] = [0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80];
    let dots =
        BITS.iter().enumerate().filter(|(at, _)| cell & (1 << at) != 0).map(|(_, bit)| bit).sum::<u32>();
    char::from_u32(0x2800 + dots).unwrap_or(' ')
}

fn ascii(cell: u8) -> char {
    match cell {
        1 => '\'',
        2 => '-',
        4 => '.',
        3 => '"',
        6 => ',',
        5 => ':',
        _ => '|',
    }
}

fn scale(value: f64, (low, high): (f64, f64), dots: u16) -> i64 {
    let last = f64::from(dots.max(1) - 1);
    ((value - low) / (high - low) * last).round().clamp(0.0, last) as i64
}

fn rounded(part: i64, whole: i64) -> i64 {
    (part as f64 / whole as f64).round() as i64
}

/// A range of no width is made one, so that its only value lies in the middle.
fn widened((low, high): (f64, f64), half: f64) -> (f64, f64) {
    match (low.is_finite() && high.is_finite(), high > low) {
        (true, true) => (low, high),
        (true, false) => (low - half, high + half),
        (false, _) => (0.0, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(points: &[(f64, f64)], width: u16, height: u16, ascii: bool) -> Vec<String> {
        let frame = Frame::around(points, width, height, ascii);
        let dots = frame.line(points);
        let row = |row| (0..width).map(|column| dots.glyph(column, row).unwrap_or(' ')).collect();
        (0..height).map(row).collect()
    }

    #[test]
    fn a_rising_line() {
        assert_eq!(picture(&[(0.0, 0.0), (1.0, 1.0)], 4, 2, false), ["  ⡠⠊", "⡠⠊  "]);
        assert_eq!(picture(&[(0.0, 0.0), (1.0, 1.0)], 6, 2, true), ["   .-'", ".-'   "]);
    }

    #[test]
    fn a_value_that_is_no_number_is_a_gap_and_never_a_peak() {
        let points = [(0.0, 1.0), (1.0, 2.0), (2.0, f64::NAN), (3.0, 2.0), (4.0, 1.0)];
        let rows = picture(&points, 10, 3, false);
        let columns: Vec<bool> =
            (0..10).map(|c| rows.iter().all(|row| row.chars().nth(c) == Some(' '))).collect();
        assert_eq!(columns.iter().filter(|empty| **empty).count(), 4, "{rows:#?}");
        for infinite in [f64::INFINITY, f64::NEG_INFINITY] {
            let mut points = points;
            points[2].1 = infinite;
            assert_eq!(picture(&points, 10, 3, false), rows);
        }
    }

    #[test]
    fn a_lone_point_and_a_flat_line_lie_in_the_middle() {
        assert_eq!(picture(&[(3.0, 5.0)], 3, 3, true), ["   ", " - ", "   "]);
        assert_eq!(picture(&[(0.0, 0.0), (1.0, 0.0)], 3, 3, true), ["   ", "---", "   "]);
    }

    #[test]
    fn nothing_to_draw_draws_nothing() {
        assert_eq!(picture(&[], 3, 1, false), ["   "]);
        assert_eq!(picture(&[(0.0, f64::NAN)], 3, 1, false), ["   "]);
        assert_eq!(picture(&[(0.0, 1.0)], 0, 0, false), [""; 0]);
    }

    #[test]
    fn many_points_keep_their_extremes() {
        let mut points: Vec<(f64, f64)> = (0..100_000).map(|i| (f64::from(i), 0.5)).collect();
        points[77_777].1 = 9.0;
        let rows = picture(&points, 40, 4, false);
        assert!(rows[0].chars().any(|c| c != ' '), "{rows:#?}");
    }
}
