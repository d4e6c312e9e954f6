//! The path of a line: every point, or what a column of the picture spans; a gap where a value has no place.

use super::Frame;
use crate::plot::{Extent, Scale, trace};
use crate::report::html::Page;

/// Points in one column of the picture from which on only their extremes are drawn.
const DENSE: usize = 4;

/// The path of a line, faint or not, and where its values are no numbers.
pub(super) fn path(
    page: &mut Page,
    at: usize,
    points: trace::Points<'_>,
    frame: &Frame,
    faint: bool,
) -> Vec<f64> {
    page.raw(if faint { "<path class=\"line faint l" } else { "<path class=\"line l" })
        .index(at)
        .raw("\" d=\"");
    let columns = frame.width as usize;
    let mut pen = Pen { page, frame, is_down: false, broken: Vec::new() };
    if points.points.len() <= columns * 2 {
        points.points.iter().for_each(|point| pen.point(*point));
    } else {
        by_columns(&mut pen, points, columns);
    }
    let broken = std::mem::take(&mut pen.broken);
    page.raw("\"/>\n");
    broken
}

fn by_columns(pen: &mut Pen<'_>, points: trace::Points<'_>, columns: usize) {
    let mut start = 0;
    for column in 0..columns {
        let until = pen.frame.x.value((column + 1) as f64 / columns as f64);
        let rest = points.points.get(start..).unwrap_or_default();
        let count = if column + 1 == columns { rest.len() } else { rest.partition_point(|p| p.0 < until) };
        let end = start + count;
        if count > DENSE {
            let across = pen.frame.left + column as f64 + 0.5;
            let extent = points.pyramid.extent(points.points, start..end);
            pen.column(across, &extent);
        } else {
            points.points.get(start..end).unwrap_or_default().iter().for_each(|point| pen.point(*point));
        }
        start = end;
    }
}

/// The path of a line as it grows.
struct Pen<'a> {
    page: &'a mut Page,
    frame: &'a Frame,
    is_down: bool,
    /// Where values that are no numbers are, a few units apart at least.
    broken: Vec<f64>,
}

impl Pen<'_> {
    fn to(&mut self, x: f64, y: f64) {
        self.page.raw(if self.is_down { "L" } else { "M" }).number(x).raw(" ").number(y);
        if !self.is_down {
            // A point alone is a dot: the ends of a line are round.
            self.page.raw("h0");
        }
        self.is_down = true;
    }

    fn point(&mut self, (x, value): (f64, f64)) {
        let Some(across) = self.frame.across(x) else { return };
        match self.frame.down(value) {
            Some(down) => self.to(across, down),
            None => self.gap(across, !value.is_finite()),
        }
    }

    fn gap(&mut self, across: f64, broken: bool) {
        self.is_down = false;
        if broken && self.broken.last().is_none_or(|last| across - last >= 6.0) {
            self.broken.push(across);
        }
    }

    /// Many points in one column.
    fn column(&mut self, across: f64, extent: &Extent) {
        let low = if self.frame.y.scale == Scale::Log { extent.low_positive } else { extent.low };
        match (self.frame.down(low), self.frame.down(extent.high)) {
            (Some(low), Some(high)) => {
                self.to(across, high);
                self.to(across, low);
            }
            _ => self.gap(across, false),
        }
        if extent.broken > 0 {
            self.gap(across, true);
        }
    }
}
