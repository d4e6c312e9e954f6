//! Where the parts of the plot are, and what its cells stand for: a pure function of the model.

use ratatui::layout::Rect;

use super::legend;
use crate::plot::ticks::{self, Tick};
use crate::plot::{Axis, Extent, Scale};
use crate::training::XAxis;
use crate::tui::model::curve::Line;
use crate::tui::model::{HomeView, Model, Pane};

/// Lines below the plot: the axis, the marks, the labels.
const BELOW: u16 = 3;
/// Fewest cells of a pane that has its legend at the side.
const WIDE: u16 = 110;
/// Cells of a legend at the side.
const SIDE: u16 = 40;
/// Cells of the widest label of an axis.
const LABEL: usize = 9;

/// Where everything is.
#[derive(Debug, Clone)]
pub struct Geometry {
    /// The legend: rows above the plot, or a column beside it.
    pub legend: Rect,
    /// The legend is a column.
    pub is_side: bool,
    /// The cells lines are drawn in.
    pub plot: Rect,
    /// Dots of a cell across and down.
    sub: (u16, u16),
    /// Along x.
    pub x: Axis,
    /// Along y, for the leading metric and those of its kind.
    pub left: Axis,
    /// Along y, for metrics of another kind.
    pub right: Option<Axis>,
    /// Round values on the left.
    pub left_ticks: Vec<Tick>,
    /// Round values on the right.
    pub right_ticks: Vec<Tick>,
}

impl Geometry {
    /// The geometry of the model's plot; `None` where there is none, or no room for it.
    pub fn of(model: &Model) -> Option<Self> {
        let curve = &model.home.curve;
        let inner = model.layout().inner(Pane::Curve);
        let (low, high) = curve.visible()?;
        let x = Axis::between(low, high, 0.5);
        let is_side = model.home.view == HomeView::Curve && inner.width >= WIDE;
        let (area, legend) = if is_side { beside(inner) } else { above(model, inner) };
        let height = area.height.checked_sub(BELOW).filter(|h| *h > 0)?;
        let scale = curve.scale;
        let (left, left_ticks) = measure(&curve.lines, false, (low, high), scale, height);
        let (right, right_ticks) = measure(&curve.lines, true, (low, high), scale, height);
        let right = curve.lines.iter().any(|l| l.right).then_some(right);
        let labels =
            |ticks: &[Tick]| ticks.iter().map(|t| t.label.len()).max().map_or(0, |n| n.min(LABEL)) as u16;
        // A cell of air, the labels, the axis.
        let (before, behind) = (labels(&left_ticks) + 2, right.map_or(1, |_| labels(&right_ticks) + 2));
        let width = area.width.checked_sub(before + behind).filter(|w| *w > 1)?;
        let plot = Rect { x: area.x + before, y: area.y, width, height };
        let sub = if model.theme.glyphs.ascii { (1, 3) } else { (2, 4) };
        Some(Self { legend, is_side, plot, sub, x, left, right, left_ticks, right_ticks })
    }

    /// The axis of a line.
    pub fn y_of(&self, line: &Line) -> Axis {
        self.right.filter(|_| line.right).unwrap_or(self.left)
    }

    /// The value along x in the middle of a column of the screen.
    pub fn x_at(&self, column: u16) -> Option<f64> {
        let within = (self.plot.x..self.plot.right()).contains(&column);
        let (low, high) = self.column_span(column);
        within.then(|| f64::midpoint(low, high))
    }

    /// The column of the screen a value along x falls in.
    pub fn column(&self, x: f64) -> Option<u16> {
        self.x.cell(x, self.plot.width, self.sub.0).map(|cell| self.plot.x + cell)
    }

    /// The row of the screen a value falls in.
    pub fn row(&self, y: f64, axis: Axis) -> Option<u16> {
        axis.cell_from_end(y, self.plot.height, self.sub.1).map(|cell| self.plot.y + cell)
    }

    /// The width of a column along x.
    pub fn column_width(&self) -> f64 {
        (self.x.high - self.x.low) / f64::from(self.plot.width.max(1))
    }

    /// What a column of the screen spans along x.
    pub fn column_span(&self, column: u16) -> (f64, f64) {
        self.x.span(column.saturating_sub(self.plot.x), self.plot.width, self.sub.0)
    }

    /// Ticks along x, as many as their labels leave room for.
    pub fn x_ticks(&self, axis: XAxis, whole: bool) -> Vec<Tick> {
        let most = usize::from(self.plot.width / 9).max(1);
        ticks::counts(&self.x, most, whole || axis == XAxis::Step)
    }
}

fn beside(inner: Rect) -> (Rect, Rect) {
    let plot = Rect { width: inner.width - SIDE, ..inner };
    let legend = Rect { x: plot.right() + 1, width: SIDE - 2, height: inner.height, ..inner };
    (plot, legend)
}

fn above(model: &Model, inner: Rect) -> (Rect, Rect) {
    let share = match model.home.view {
        HomeView::Curve => 3,
        // Lines that are not named are of no use.
        _ if model.home.curve.lines.len() > 1 => 4,
        _ => 5,
    };
    let most = (inner.height / share).max(1);
    let room = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let rows = legend::rows(model, room.width, most).min(inner.height);
    let plot = Rect { y: inner.y + rows, height: inner.height - rows, ..inner };
    (plot, Rect { height: rows, ..room })
}

/// The axis that holds the lines of one side within the part of x that is shown.
fn measure(
    lines: &[Line],
    right: bool,
    (low, high): (f64, f64),
    scale: Scale,
    height: u16,
) -> (Axis, Vec<Tick>) {
    let mut extent = Extent::EMPTY;
    for line in lines.iter().filter(|line| line.right == right) {
        extent.merge(&line.data.extent(low, high));
    }
    let low = if scale == Scale::Log { extent.low_positive } else { extent.low };
    let axis = Axis::around(low, extent.high, scale);
    let has_values = low.is_finite() && extent.high.is_finite() && low <= extent.high;
    // A tick every two to three rows; on a low plot at least its ends.
    let most = usize::from((height / 3).clamp(2, 9));
    let ticks = if has_values { ticks::values(&axis, most) } else { Vec::new() };
    (axis, ticks)
}
