//! A series of points as a line on the canvas.

use std::ops::Range;

use super::{Axis, Canvas, Pen, Pyramid, Scale};

/// Points in one column of dots from which on only their extremes are drawn.
const DENSE: usize = 48;

/// Points by ascending x, with their pyramid.
#[derive(Debug, Clone, Copy)]
pub struct Points<'a> {
    /// The points.
    pub points: &'a [(f64, f64)],
    /// Their extents.
    pub pyramid: &'a Pyramid,
}

impl Points<'_> {
    /// The points from `low` up to `high`, both included.
    pub fn between(&self, low: f64, high: f64) -> Range<usize> {
        let start = self.points.partition_point(|p| p.0 < low);
        let rest = self.points.get(start..).unwrap_or_default();
        start..start + rest.partition_point(|p| p.0 <= high)
    }
}

/// Draws the line through the points. It comes from the last point before the axis and goes on to the first
/// behind it; it has a gap wherever a value has no place on the axis.
pub fn line(canvas: &mut Canvas, pen: Pen, points: Points<'_>, x: Axis, y: Axis) {
    let (across, down) = canvas.dots();
    let Some((last_x, last_y)) = across.checked_sub(1).zip(down.checked_sub(1)) else { return };
    let mut trace = Trace { canvas, pen, x, y, last: (f64::from(last_x), f64::from(last_y)), before: None };
    let visible = points.between(x.low, x.high);
    if let Some(point) = visible.start.checked_sub(1).and_then(|at| points.points.get(at)) {
        trace.before = trace.place(*point);
    }
    let mut start = visible.start;
    for column in 0..across {
        let until = x.value((f64::from(column) + 0.5) / f64::from(last_x.max(1)));
        let rest = points.points.get(start..visible.end).unwrap_or_default();
        let end = if column == last_x { visible.end } else { start + rest.partition_point(|p| p.0 < until) };
        if end - start > DENSE {
            trace.column(f64::from(column), points, start..end);
        } else {
            points.points.get(start..end).unwrap_or_default().iter().for_each(|p| trace.point(*p));
        }
        start = end;
    }
    if let (Some(before), Some(point)) = (trace.before, points.points.get(visible.end))
        && let Some(place) = trace.place(*point)
    {
        trace.canvas.segment(pen, before, place);
    }
}

struct Trace<'a> {
    canvas: &'a mut Canvas,
    pen: Pen,
    x: Axis,
    y: Axis,
    /// The last dot across and down.
    last: (f64, f64),
    /// The place the next segment starts from.
    before: Option<(f64, f64)>,
}

impl Trace<'_> {
    fn place(&self, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        let place = (self.x.share(x)? * self.last.0, (1.0 - self.y.share(y)?) * self.last.1);
        // Lines go from dot to dot: what is drawn of a point does not depend on its neighbours.
        Some((place.0.round(), place.1.round()))
    }

    fn point(&mut self, point: (f64, f64)) {
        let place = self.place(point);
        if let Some(place) = place {
            self.canvas.segment(self.pen, self.before.unwrap_or(place), place);
        }
        self.before = place;
    }

    /// Many points in one column: the way in, the extremes, and the way out.
    fn column(&mut self, column: f64, points: Points<'_>, range: Range<usize>) {
        let stretch = points.points.get(range.clone()).unwrap_or_default();
        if let (Some(before), Some(first)) = (self.before, stretch.first().and_then(|p| self.place(*p))) {
            self.canvas.segment(self.pen, before, first);
        }
        let extent = points.pyramid.extent(points.points, range);
        let low = if self.y.scale == Scale::Log { extent.low_positive } else { extent.low };
        if let (Some(low), Some(high)) = (self.y.share(low), self.y.share(extent.high)) {
            let down = |share: f64| (1.0 - share) * self.last.1;
            self.canvas.segment(self.pen, (column, down(high)), (column, down(low)));
        }
        self.before = stretch.last().and_then(|p| self.place(*p));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PEN: Pen = Pen { line: 0, faint: false };

    fn drawn(
        points: &[(f64, f64)],
        (x, y): (Axis, Axis),
        (width, height): (u16, u16),
        ascii: bool,
    ) -> Canvas {
        let pyramid = Pyramid::of(points);
        let mut canvas = Canvas::new(width, height, ascii);
        line(&mut canvas, PEN, Points { points, pyramid: &pyramid }, x, y);
        canvas
    }

    fn tight(points: &[(f64, f64)]) -> (Axis, Axis) {
        let extent = Pyramid::of(points).extent(points, 0..points.len());
        let x = |at: Option<&(f64, f64)>| at.map_or(f64::NAN, |p| p.0);
        (Axis::between(x(points.first()), x(points.last()), 0.5), Axis::between(extent.low, extent.high, 0.5))
    }

    fn picture(points: &[(f64, f64)], width: u16, height: u16, ascii: bool) -> Vec<String> {
        rows(&drawn(points, tight(points), (width, height), ascii), width, height)
    }

    fn rows(canvas: &Canvas, width: u16, height: u16) -> Vec<String> {
        let cell = |c, r| canvas.glyph(c, r).map_or(' ', |(glyph, _)| glyph);
        (0..height).map(|r| (0..width).map(|c| cell(c, r)).collect()).collect()
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
    fn a_gap_among_many_points_is_a_gap() {
        let value = |i: i32| if (38_000..62_000).contains(&i) { f64::NAN } else { 1.0 };
        let points: Vec<(f64, f64)> = (0..100_000).map(|i| (f64::from(i), value(i))).collect();
        let rows = picture(&points, 10, 1, true);
        assert_eq!(rows, ["----  ----"]);
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
    fn a_window_shows_the_line_that_passes_through_it() {
        let points = [(0.0, 0.0), (10.0, 10.0)];
        let window = (Axis::between(4.0, 6.0, 0.5), Axis::between(4.0, 6.0, 0.5));
        assert_eq!(rows(&drawn(&points, window, (6, 2), true), 6, 2), ["   .-'", ".-'   "]);
    }

    #[test]
    fn a_log_axis_makes_a_decay_straight_and_leaves_out_what_has_no_place() {
        let points = [(0.0, 100.0), (1.0, 10.0), (2.0, 1.0), (3.0, 0.0), (4.0, -1.0)];
        let log = Axis { low: 1.0, high: 100.0, scale: Scale::Log };
        let canvas = drawn(&points, (Axis::between(0.0, 2.0, 0.5), log), (6, 2), true);
        assert_eq!(rows(&canvas, 6, 2), ["'-.   ", "   '-."]);
        let canvas = drawn(&points, (Axis::between(2.0, 4.0, 0.5), log), (5, 1), true);
        assert_eq!(rows(&canvas, 5, 1), [".    "]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// However many points share a column, each finite one lies between the dots drawn there.
        #[test]
        fn every_point_lies_on_what_is_drawn(
            values in prop::collection::vec(prop_oneof![9 => -5.0_f64..5.0, 1 => Just(f64::NAN)], 1..1_500),
            log in any::<bool>(),
        ) {
            let points: Vec<_> = values.iter().enumerate().map(|(x, y)| (x as f64, *y)).collect();
            let (x, mut y) = tight(&points);
            if log {
                y = Axis::around(0.01, 5.0, Scale::Log);
            }
            let canvas = drawn(&points, (x, y), (12, 6), true);
            for point in &points {
                let Some((across, up)) = x.share(point.0).zip(y.share(point.1)) else { continue };
                if !(0.0..=1.0).contains(&up) {
                    continue;
                }
                let column = (across * 11.0).round() as u16;
                let row = (((1.0 - up) * 17.0).round() as u16) / 3;
                prop_assert!(canvas.glyph(column, row).is_some(), "{point:?} at {column},{row}");
            }
        }
    }
}
