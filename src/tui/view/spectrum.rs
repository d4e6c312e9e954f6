//! The singular values of a tensor: their numbers, and the values over their ranks on two logarithmic axes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{put, put_right, text};
use crate::plot::ticks::{self, Tick};
use crate::plot::trace::{self, Points};
use crate::plot::{Axis, Canvas, Pen, Pyramid, Scale};
use crate::spectra::Portrait;
use crate::spectra::power_law::Fit;
use crate::text::fit::{self, Keep};
use crate::text::number;
use crate::tui::doc;
use crate::tui::model::Model;
use crate::tui::model::browser::Browser;
use crate::tui::model::document::height;

/// Rows of the plot at least and at most, its title and its labels included.
const LOWEST: u16 = 8;
const HIGHEST: u16 = 20;
/// Rows of the plot that are no part of its grid: the title, the axis, the labels.
const AROUND: u16 = 3;
/// Cells of the widest label of an axis.
const LABEL: usize = 9;
/// What is drawn.
const WITH_FIT: &str = "Singular values, dim: the fit";
const ALONE: &str = "Singular values, log-log";
const VALUES: Pen = Pen { line: 0, faint: false };
const FIT: Pen = Pen { line: 1, faint: true };

/// Draws the panel.
pub(super) fn draw(model: &Model, browser: &Browser, tensor: u32, area: Rect, buffer: &mut Buffer) {
    let document = doc::spectrum::document(model, browser, tensor);
    let used = height(&document, usize::from(area.width)) as u16;
    let portrait = browser.stats.spectra.portrait(tensor).filter(|one| one.summary.spectral_norm > 0.0);
    let Some(portrait) = portrait.filter(|one| one.points.len() > 1) else {
        text::draw(model, &document, browser.detail, area, buffer);
        return;
    };
    // The plot gives way to the numbers, down to a few rows, and they scroll.
    let room = area.height.saturating_sub(used + 1).clamp(LOWEST, HIGHEST).min(area.height / 2);
    let above = area.height.saturating_sub(room).min(used + 1);
    text::draw(model, &document, browser.detail, Rect { height: area.height - room, ..area }, buffer);
    plot(model, portrait, Rect { y: area.y + above, height: room, ..area }, buffer);
}

/// Where the parts of the plot are.
struct Geometry {
    /// The cells of the grid.
    grid: Rect,
    x: Axis,
    y: Axis,
    y_ticks: Vec<Tick>,
}

fn plot(model: &Model, portrait: &Portrait, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let room = usize::from(area.width);
    let tail = portrait.summary.tail;
    let fit_too = tail.filter(|_| room >= WITH_FIT.len());
    let title =
        fit::cut(if fit_too.is_some() { WITH_FIT } else { ALONE }, room, Keep::Start, theme.glyphs.cut);
    put(buffer, (area.x, area.y), &title, area.width, theme.strong());
    let points = drawn(portrait);
    let Some(geometry) = geometry(&points, area) else { return };
    let grid = geometry.grid;
    axes(model, &geometry, buffer);
    let mut canvas = Canvas::new(grid.width, grid.height, theme.glyphs.ascii);
    if let Some(tail) = tail {
        line(&mut canvas, FIT, &fitted(&tail, geometry.x.high), &geometry);
    }
    line(&mut canvas, VALUES, &points, &geometry);
    let mut utf8 = [0; 4];
    for row in 0..grid.height {
        for column in 0..grid.width {
            let Some((glyph, pen)) = canvas.glyph(column, row) else { continue };
            let style = if pen.faint { theme.faint() } else { theme.curve() };
            put(buffer, (grid.x + column, grid.y + row), glyph.encode_utf8(&mut utf8), 1, style);
        }
    }
}

/// Ranks and values; what is zero up to rounding has no place on the axis.
fn drawn(portrait: &Portrait) -> Vec<(f64, f64)> {
    let longest = portrait.matrix.0.max(portrait.matrix.1) as f64;
    let negligible = portrait.summary.spectral_norm * longest * f64::EPSILON;
    let place =
        |(rank, value): &(u32, f64)| (f64::from(*rank), if *value > negligible { *value } else { f64::NAN });
    portrait.points.iter().map(place).collect()
}

/// The fitted tail as ranks and values. `p(λ) ~ λ^-alpha` puts `count · (λ / from)^(1 - alpha)` eigenvalues λ = σ²
/// above λ: a straight line here.
fn fitted(tail: &Fit, last: f64) -> Vec<(f64, f64)> {
    let count = tail.count as f64;
    let value = |rank: f64| (tail.from * (rank / count).powf(1.0 / (1.0 - tail.alpha))).sqrt();
    [1.0, count.min(last)].into_iter().map(|rank| (rank, value(rank))).collect()
}

fn line(canvas: &mut Canvas, pen: Pen, points: &[(f64, f64)], geometry: &Geometry) {
    let pyramid = Pyramid::of(points);
    trace::line(canvas, pen, Points { points, pyramid: &pyramid }, geometry.x, geometry.y);
}

fn geometry(points: &[(f64, f64)], area: Rect) -> Option<Geometry> {
    let height = area.height.checked_sub(AROUND).filter(|height| *height > 1)?;
    let values = points.iter().map(|point| point.1).filter(|value| value.is_finite());
    let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), x| (low.min(x), high.max(x)));
    let y = Axis::around(low, high, Scale::Log);
    let y_ticks = ticks::values(&y, usize::from((height / 2).clamp(2, 9)));
    let labels = y_ticks.iter().map(|tick| tick.label.len()).max().unwrap_or(0).min(LABEL) as u16;
    let width = area.width.checked_sub(labels + 1).filter(|width| *width > 4)?;
    let last = points.last()?.0.max(2.0);
    let x = Axis { low: 1.0, high: last, scale: Scale::Log };
    let grid = Rect { x: area.x + labels + 1, y: area.y + 1, width, height };
    Some(Geometry { grid, x, y, y_ticks })
}

fn axes(model: &Model, geometry: &Geometry, buffer: &mut Buffer) {
    let theme = model.theme;
    let Geometry { grid, x, y, y_ticks } = geometry;
    let sub = if theme.glyphs.ascii { (1, 3) } else { (2, 4) };
    let left = grid.x.saturating_sub(1);
    for row in grid.y..grid.bottom() {
        put(buffer, (left, row), theme.glyphs.vertical, 1, theme.faint());
    }
    put(buffer, (left, grid.bottom()), theme.glyphs.corner, 1, theme.faint());
    for column in grid.x..grid.right() {
        put(buffer, (column, grid.bottom()), theme.glyphs.horizontal, 1, theme.faint());
    }
    for tick in y_ticks {
        let Some(row) = y.cell_from_end(tick.value, grid.height, sub.1).map(|row| grid.y + row) else {
            continue;
        };
        let label = tick.label.as_str();
        let cells = (label.len() as u16).min(left);
        put(buffer, (left - cells, row), label, cells, theme.faint());
        put(buffer, (left, row), theme.glyphs.tick_left, 1, theme.faint());
    }
    // Both ends always: the last rank says how many values there are.
    let below = Rect { x: left, y: grid.bottom() + 1, width: grid.width + 1, height: 1 };
    let last = number::grouped(x.high as u64);
    put_right(buffer, below, &last, theme.faint());
    let mut free = left;
    let end = below.right().saturating_sub(last.len() as u16 + 1);
    let ranks = (0..).map_while(|power| 10_u64.checked_pow(power)).flat_map(|ten| [ten, 2 * ten, 5 * ten]);
    for rank in ranks.take_while(|rank| (*rank as f64) < x.high) {
        let Some(column) = x.cell(rank as f64, grid.width, sub.0).map(|column| grid.x + column) else {
            continue;
        };
        put(buffer, (column, grid.bottom()), theme.glyphs.tick_below, 1, theme.faint());
        let label = number::count(rank);
        let cells = label.len() as u16;
        let start = column.saturating_sub(cells / 2).max(left);
        if start >= free && start + cells <= end {
            put(buffer, (start, below.y), &label, cells, theme.faint());
            free = start + cells + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fit_passes_through_the_threshold_of_its_tail() {
        // 100 eigenvalues λ = (k / 100)^-1, k = 1 .. 100: alpha is 2, and the line is the spectrum itself.
        let tail = Fit { alpha: 2.0, from: 1.0, distance: 0.0, count: 100 };
        let line = fitted(&tail, 500.0);
        assert!((line[0].1 - 10.0).abs() < 1e-12, "{line:?}");
        assert!((line[1].0 - 100.0).abs() < 1e-12 && (line[1].1 - 1.0).abs() < 1e-12, "{line:?}");
    }
}
