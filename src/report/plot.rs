//! Curves as SVG, with what they show in words below. The axes, ticks and pyramids are those of the terminal.
//!
//! A column of the picture that has many points is drawn as the stretch from its lowest to its highest value, which
//! [`crate::plot::Pyramid`] knows: a million points cost as much as the picture is wide. A value that is no number is
//! a gap in the line and a mark on the axis below it.

mod pen;

use std::fmt::Write as _;

use super::html::Page;
use crate::plot::{Axis, Extent, Scale, smooth, ticks};
use crate::text::number;
use crate::training::{Mode, Points, XAxis};

/// Ratio of the largest to the smallest value from which on a logarithmic axis shows more.
const DECADES: f64 = 100.0;
/// Points up to which each is marked, so that few values are seen as such.
const DOTS: usize = 30;
/// Lines of one plot.
pub const LINES: usize = 6;

/// One curve.
#[derive(Debug, Clone)]
pub struct Line {
    /// What it is called.
    pub name: String,
    /// Its points along the x of the plot.
    pub points: Points,
    /// Which way it gets better.
    pub mode: Mode,
}

/// A plot of curves that share an x axis.
#[derive(Debug, Clone)]
pub struct Plot {
    /// What it shows, for those who do not see it.
    pub title: String,
    /// What x counts.
    pub x: XAxis,
    /// At most [`LINES`].
    pub lines: Vec<Line>,
    /// Where a line stands with the word beside it: the turn of an overfitting run.
    pub turn: Option<f64>,
    /// One of several, of half the width.
    pub is_small: bool,
}

/// Where the plot stands in the picture.
#[derive(Debug, Clone, Copy)]
struct Frame {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
    x: Axis,
    y: Axis,
}

impl Frame {
    fn of(plot: &Plot) -> Option<Self> {
        let (mut low, mut high, mut extent) = (f64::INFINITY, f64::NEG_INFINITY, Extent::EMPTY);
        for line in &plot.lines {
            extent.merge(&line.points.shape().pyramid.extent(&line.points, 0..line.points.len()));
            for (x, _) in line.points.first().into_iter().chain(line.points.last()) {
                (low, high) = (low.min(*x), high.max(*x));
            }
        }
        if extent.finite == 0 {
            return None;
        }
        // What is neither better high nor low (learning rates) often ends next to nothing: that tells nothing.
        let judged = plot.lines.iter().any(|line| line.mode != Mode::None);
        let log = judged && extent.not_positive == 0 && extent.high / extent.low_positive >= DECADES;
        let scale = if log { Scale::Log } else { Scale::Linear };
        let low_y = if log { extent.low_positive } else { extent.low };
        let (width, height) = if plot.is_small { (250.0, 120.0) } else { (930.0, 290.0) };
        let x = Axis::between(low, high, 0.5);
        Some(Self { left: 64.0, top: 14.0, width, height, x, y: Axis::around(low_y, extent.high, scale) })
    }

    fn across(&self, x: f64) -> Option<f64> {
        let share = self.x.share(x).filter(|s| (-1e-6..=1.0 + 1e-6).contains(s))?;
        Some(self.left + share * self.width)
    }

    fn down(&self, y: f64) -> Option<f64> {
        let share = self.y.share(y).filter(|s| (-1e-6..=1.0 + 1e-6).contains(s))?;
        Some(self.top + (1.0 - share) * self.height)
    }

    fn bottom(&self) -> f64 {
        self.top + self.height
    }
}

/// Draws the plot and says it in words.
pub fn figure(page: &mut Page, plot: &Plot) {
    page.raw("<figure>\n");
    match Frame::of(plot) {
        Some(frame) => picture(page, plot, &frame),
        None => {
            page.note("No finite value to draw.");
        }
    }
    page.raw("<figcaption><ul>\n");
    for (at, line) in plot.lines.iter().enumerate() {
        page.raw("<li><svg viewBox=\"0 0 26 10\" aria-hidden=\"true\"><path class=\"line l").index(at);
        page.raw("\" d=\"M1 5H25\"/></svg><span>").name(&line.name).raw(": ").text(&in_words(line, plot.x));
        page.raw("</span></li>\n");
    }
    page.raw("</ul>");
    if Frame::of(plot).is_some_and(|frame| plot.lines.iter().any(|line| is_dense(line, &frame))) {
        page.note("Faint: all values; the line is their running mean.");
    }
    page.raw("</figcaption>\n</figure>\n");
}

/// Lowest or highest, last, and what is no number.
pub fn in_words(line: &Line, x: XAxis) -> String {
    let shape = line.points.shape();
    let place = |at: f64| match x {
        XAxis::Epoch => format!("epoch {}", number::epoch(at)),
        XAxis::Step => format!("step {}", number::grouped(at.max(0.0) as u64)),
    };
    let mut parts = Vec::new();
    let ends = match line.mode {
        Mode::Min => vec![("lowest", shape.lowest)],
        Mode::Max => vec![("highest", shape.highest)],
        Mode::None => vec![("lowest", shape.lowest), ("highest", shape.highest)],
    };
    for (word, point) in ends {
        parts.extend(point.map(|(at, value)| format!("{word} {} at {}", number::metric(value), place(at))));
    }
    if let Some((at, value)) = line.points.last() {
        parts.push(format!("last {} at {}", number::metric(*value), place(*at)));
    }
    let broken = line.points.len() - shape.finite;
    if let (Some((at, _)), 1..) = (shape.broken, broken) {
        let values = if broken == 1 { "value" } else { "values" };
        let count = number::grouped(broken as u64);
        parts.push(format!("{count} {values} not finite, the first at {}", place(at)));
    }
    parts.join(", ")
}

fn picture(page: &mut Page, plot: &Plot, frame: &Frame) {
    let (width, height) = (frame.left + frame.width + 14.0, frame.bottom() + 40.0);
    page.raw("<svg class=\"plot\" role=\"img\" viewBox=\"0 0 ").number(width).raw(" ").number(height);
    let mut label = plot.title.clone();
    for line in &plot.lines {
        let _ = write!(label, "; {}: {}", line.name, in_words(line, plot.x));
    }
    page.raw("\" aria-label=\"").text(&label).raw("\">\n<title>").name(&plot.title).raw("</title>\n");
    axes(page, plot, frame);
    if let Some(at) = plot.turn.and_then(|turn| frame.across(turn)) {
        page.raw("<path class=\"turn\" d=\"M").number(at).raw(" ").number(frame.top).raw("V");
        page.number(frame.bottom()).raw("\"/>\n");
        let end = at > frame.left + frame.width * 0.7;
        page.raw("<text class=\"mark\" y=\"").number(frame.top + 11.0).raw("\" x=\"");
        page.number(if end { at - 5.0 } else { at + 5.0 });
        page.raw(if end { "\" text-anchor=\"end\">" } else { "\">" }).raw("overfits from here</text>\n");
    }
    // The first line lies over the others.
    for (at, line) in plot.lines.iter().enumerate().rev() {
        draw(page, at, line, frame);
    }
    if let Some(line) = plot.lines.first() {
        best(page, line, frame);
    }
    page.raw("</svg>\n");
}

fn axes(page: &mut Page, plot: &Plot, frame: &Frame) {
    let bottom = frame.bottom();
    let right = frame.left + frame.width;
    let rows = if plot.is_small { 4 } else { 8 };
    for tick in ticks::values(&frame.y, rows) {
        let Some(y) = frame.down(tick.value) else { continue };
        page.raw("<path class=\"rule\" d=\"M").number(frame.left).raw(" ").number(y).raw("H").number(right);
        page.raw("\"/><text text-anchor=\"end\" x=\"")
            .number(frame.left - 7.0)
            .raw("\" y=\"")
            .number(y + 4.0);
        page.raw("\">").text(&tick.label).raw("</text>\n");
    }
    let columns = if plot.is_small { 5 } else { 12 };
    for tick in ticks::counts(&frame.x, columns, true) {
        let Some(x) = frame.across(tick.value) else { continue };
        page.raw("<path class=\"rule\" d=\"M")
            .number(x)
            .raw(" ")
            .number(frame.top)
            .raw("V")
            .number(bottom + 4.0);
        page.raw("\"/><text text-anchor=\"middle\" x=\"").number(x).raw("\" y=\"").number(bottom + 18.0);
        page.raw("\">").text(&tick.label).raw("</text>\n");
    }
    page.raw("<path class=\"frame\" d=\"M")
        .number(frame.left)
        .raw(" ")
        .number(frame.top)
        .raw("V")
        .number(bottom);
    page.raw("H").number(right).raw("\"/>\n<text text-anchor=\"end\" x=\"").number(right).raw("\" y=\"");
    page.number(bottom + 35.0).raw("\">").text(plot.x.name()).raw("</text>");
    if frame.y.scale == Scale::Log {
        page.raw("<text x=\"").number(frame.left).raw("\" y=\"").number(bottom + 35.0);
        page.raw("\">logarithmic</text>");
    }
    page.raw("\n");
}

/// True for a curve of more points than the picture has room for: its range is drawn faintly below its running mean.
fn is_dense(line: &Line, frame: &Frame) -> bool {
    line.points.len() > frame.width as usize * 2
}

fn draw(page: &mut Page, at: usize, line: &Line, frame: &Frame) {
    let dense = is_dense(line, frame);
    let broken = pen::path(page, at, line.points.traced(), frame, dense);
    if dense {
        // Over half a percent of the curve.
        let weight = (-200.0 / line.points.len() as f64).exp();
        let mean: Points = smooth::ema(&line.points, weight).into();
        pen::path(page, at, mean.traced(), frame, false);
    }
    if line.points.len() <= DOTS {
        for (x, y) in line.points.iter().filter_map(|(x, y)| Some((frame.across(*x)?, frame.down(*y)?))) {
            page.raw("<circle r=\"2.4\" class=\"d")
                .index(at)
                .raw("\" cx=\"")
                .number(x)
                .raw("\" cy=\"")
                .number(y);
            page.raw("\"/>");
        }
        page.raw("\n");
    }
    for x in &broken {
        page.raw("<path class=\"nan\" d=\"M").number(*x).raw(" ").number(frame.bottom() - 9.0);
        page.raw("l4.5 9h-9z\"/>");
    }
    if let Some(first) = broken.first() {
        let x = first.max(frame.left + 16.0);
        page.raw("<text class=\"mark\" text-anchor=\"middle\" x=\"").number(x).raw("\" y=\"");
        page.number(frame.bottom() - 13.0).raw("\">NaN</text>\n");
    }
}

/// The best point of the first line, with its value.
fn best(page: &mut Page, line: &Line, frame: &Frame) {
    let Some((at, value)) = line.points.best(line.mode) else { return };
    let (Some(x), Some(y)) = (frame.across(at), frame.down(value)) else { return };
    page.raw("<circle class=\"ring l0\" r=\"4.5\" cx=\"").number(x).raw("\" cy=\"").number(y).raw("\"/>");
    let (left, right) = (x < frame.left + 50.0, x > frame.left + frame.width - 50.0);
    let anchor = match (left, right) {
        (_, true) => "\" text-anchor=\"end\">",
        (true, _) => "\" text-anchor=\"start\">",
        _ => "\" text-anchor=\"middle\">",
    };
    // Outside the curve: below a minimum, above a maximum, where there is room.
    let room = if line.mode == Mode::Max { y - frame.top > 22.0 } else { frame.bottom() - y < 24.0 };
    let above = room && y - frame.top > 22.0;
    let x = if left { x + 8.0 } else { x };
    page.raw("<text class=\"mark\" x=\"").number(x).raw("\" y=\"");
    page.number(if above { y - 10.0 } else { y + 20.0 }).raw(anchor);
    page.raw("best ").text(&number::metric(value)).raw("</text>\n");
}

#[cfg(test)]
mod tests;
