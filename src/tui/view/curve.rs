//! The curve of the selected run: one metric over epochs or steps, linked with the list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::plot::Frame;
use super::{pane, put, put_right, rows};
use crate::text::fit::{self, Keep};
use crate::text::number;
use crate::text::shown;
use crate::training::best::of_series as best_point;
use crate::training::{Mode, Series, XAxis};
use crate::tui::layout::Layout;
use crate::tui::model::curve::x_of;
use crate::tui::model::{Model, Pane};

/// Lines below the plot: the axis, the marks, the labels.
const BELOW: u16 = 3;
/// Cells the labels of the y axis take, the axis included.
const LABELS: u16 = 10;

/// Draws the pane.
pub(super) fn draw(model: &Model, layout: &Layout, area: Rect, buffer: &mut Buffer) {
    let curve = &model.home.curve;
    let inner = layout.inner(Pane::Curve);
    let titles = |title: String| pane::Titles::of_home(model, layout, Pane::Curve, title);
    let Some(series) = curve.shown() else {
        pane::draw(model, Pane::Curve, area, titles("Curve".to_owned()), buffer);
        rows::empty(model, inner, &nothing(model), buffer);
        return;
    };
    let mut name = shown(&series.name).into_owned();
    if curve.series.len() > 1 {
        name = format!("{name} ({} of {})", curve.at + 1, curve.series.len());
    }
    let glyphs = model.theme.glyphs;
    let room = usize::from(area.width).saturating_sub(8);
    let title = fit::cut(&format!("Curve: {name}"), room, Keep::Start, glyphs.cut).into_owned();
    let mut source = shown(&series.source).into_owned();
    // Where the title names all panes, the metric is named below.
    if layout.is_single() {
        source = format!("{name} {} {source}", glyphs.middot);
    }
    let source = fit::cut(&source, room, Keep::Start, glyphs.cut).into_owned();
    pane::draw(model, Pane::Curve, area, titles(title).below(source), buffer);
    let Some((plot, frame)) = geometry(model, inner, series) else {
        return;
    };
    read_out(model, series, Rect { height: 1, ..inner }, buffer);
    draw_line(model, series, plot, &frame, buffer);
    draw_axes(model, series, plot, &frame, buffer);
    draw_marks(model, series, plot, &frame, buffer);
}

fn nothing(model: &Model) -> Vec<String> {
    if model.home.run().is_none() {
        return vec!["Select a run to see its curves.".to_owned()];
    }
    vec![
        "No metric found in this run's checkpoints.".to_owned(),
        String::new(),
        "Values saved beside the weights, such as 'loss' or 'val_acc', become curves.".to_owned(),
    ]
}

/// The cells of the plot itself, and what they stand for.
fn geometry(model: &Model, inner: Rect, series: &Series) -> Option<(Rect, Frame)> {
    let width = inner.width.checked_sub(LABELS + 1)?;
    let height = inner.height.checked_sub(BELOW + 1)?;
    let plot = Rect { x: inner.x + LABELS, y: inner.y + 1, width, height };
    let frame = Frame::around(&series.points, width, height, model.theme.glyphs.ascii);
    (width > 1 && height > 0).then_some((plot, frame))
}

/// The value along x at a column of the screen.
pub fn x_at(model: &Model, x: u16) -> Option<f64> {
    let series = model.home.curve.shown()?;
    let (plot, frame) = geometry(model, model.layout().inner(Pane::Curve), series)?;
    (plot.x..plot.right()).contains(&x).then(|| frame.value_at(x - plot.x))
}

fn x_text(series: &Series, x: f64) -> String {
    match series.x {
        XAxis::Epoch => number::epoch(x),
        XAxis::Step => number::count(x.max(0.0) as u64),
    }
}

/// The values at the cursor, and the best, in words.
fn read_out(model: &Model, series: &Series, line: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let axis = series.x.name();
    let point = model.home.curve.point().and_then(|at| series.points.get(at));
    let mut x = line.x + 1;
    let room = |x: u16| line.right().saturating_sub(x);
    if let Some((at, value)) = point {
        let text = format!("{axis} {}: ", x_text(series, *at));
        x += put(buffer, (x, line.y), &text, room(x), theme.text());
        let style = if value.is_finite() { theme.strong() } else { theme.error() };
        x += put(buffer, (x, line.y), &format!("{}  ", number::metric(*value)), room(x), style);
    }
    let way = match series.mode {
        Mode::Min => "lowest",
        Mode::Max => "highest",
        Mode::None => return,
    };
    if let Some((at, value)) = best_point(series) {
        let value = number::metric(value);
        let text = format!("{} {way} {value} at {axis} {}", theme.glyphs.best, x_text(series, at));
        let text = if fit::width(&text) > usize::from(room(x)) {
            format!("{} {value}", theme.glyphs.best)
        } else {
            text
        };
        put(buffer, (x, line.y), &text, room(x), theme.text());
        put(buffer, (x, line.y), theme.glyphs.best, room(x).min(1), theme.good());
    }
}

fn draw_line(model: &Model, series: &Series, plot: Rect, frame: &Frame, buffer: &mut Buffer) {
    let theme = model.theme;
    if let Some(x) = model.home.curve.x {
        let column = plot.x + frame.column(x);
        for y in plot.y..plot.bottom() {
            put(buffer, (column, y), theme.glyphs.vertical, 1, theme.faint());
        }
    }
    let dots = frame.line(&series.points);
    let mut utf8 = [0; 4];
    for row in 0..plot.height {
        for column in 0..plot.width {
            if let Some(glyph) = dots.glyph(column, row) {
                put(buffer, (plot.x + column, plot.y + row), glyph.encode_utf8(&mut utf8), 1, theme.curve());
            }
        }
    }
    if let Some((x, y)) = best_point(series) {
        let at = (plot.x + frame.column(x), plot.y + frame.row(y));
        put(buffer, at, theme.glyphs.best, 1, theme.good());
    }
}

fn draw_axes(model: &Model, series: &Series, plot: Rect, frame: &Frame, buffer: &mut Buffer) {
    let theme = model.theme;
    let glyphs = theme.glyphs;
    let axis = plot.x - 1;
    for y in plot.y..plot.bottom() {
        put(buffer, (axis, y), glyphs.vertical, 1, theme.faint());
    }
    let has_values = series.points.iter().any(|p| p.1.is_finite());
    let rows = [(0, frame.y.1), (plot.height - 1, frame.y.0)];
    for (row, value) in rows.into_iter().filter(|_| has_values).take(usize::from(plot.height)) {
        let label = Rect { x: plot.x - LABELS, y: plot.y + row, width: LABELS - 1, height: 1 };
        put_right(buffer, label, &number::metric(value), theme.text());
        put(buffer, (axis, plot.y + row), glyphs.tick_left, 1, theme.faint());
    }
    put(buffer, (axis, plot.bottom()), glyphs.corner, 1, theme.faint());
    for x in plot.x..plot.right() {
        put(buffer, (x, plot.bottom()), glyphs.horizontal, 1, theme.faint());
    }
    let labels = Rect { x: plot.x, y: plot.bottom() + 2, width: plot.width, height: 1 };
    let (first, last) = match (series.points.first(), series.points.last()) {
        (Some(first), Some(last)) => (first.0, last.0),
        _ => return,
    };
    if first < last {
        put(buffer, (labels.x, labels.y), &x_text(series, first), labels.width, theme.text());
    }
    let last_label = x_text(series, last);
    put_right(buffer, labels, &last_label, theme.text());
    let name = series.x.name();
    if usize::from(labels.width) > name.len() + 2 * last_label.len() + 4 {
        let middle = labels.x + (labels.width - name.len() as u16) / 2;
        put(buffer, (middle, labels.y), name, labels.width, theme.faint());
    }
}

/// Marks along the axis: checkpoints on disk, the best, values that are no numbers, the cursor.
fn draw_marks(model: &Model, series: &Series, plot: Rect, frame: &Frame, buffer: &mut Buffer) {
    let theme = model.theme;
    let glyphs = theme.glyphs;
    let y = plot.bottom() + 1;
    let mut mark = |x: f64, glyph: &str, style| {
        put(buffer, (plot.x + frame.column(x), y), glyph, 1, style);
    };
    for row in model.home.run().map(|run| run.checkpoints.as_slice()).unwrap_or_default() {
        if let Some(x) = x_of(row, series.x).filter(|x| (frame.x.0..=frame.x.1).contains(x)) {
            mark(x, glyphs.dot, theme.faint());
        }
    }
    if let Some((x, _)) = best_point(series) {
        mark(x, glyphs.best, theme.good());
    }
    for (x, _) in series.points.iter().filter(|p| !p.1.is_finite() && p.0.is_finite()) {
        mark(*x, glyphs.broken, theme.error());
    }
    if let Some(x) = model.home.curve.x {
        let at = (plot.x + frame.column(x), y);
        let free = buffer.cell(at).is_none_or(|cell| cell.symbol() == " " || cell.symbol() == glyphs.dot);
        if free {
            put(buffer, at, glyphs.pointer, 1, theme.lively());
        } else if let Some(cell) = buffer.cell_mut(at) {
            cell.set_style(cell.style().add_modifier(Modifier::REVERSED));
        }
    }
}
