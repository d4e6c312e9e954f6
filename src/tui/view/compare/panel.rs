//! What there is to know of the selected name: in words, as histograms laid over each other, as a picture of where a
//! matrix differs; and the repairs, which have the screen to themselves.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::super::{pane, put, put_right, stats, text};
use crate::stats::TensorStats;
use crate::stats::preview::HeatMap;
use crate::text::fit::{self, Keep};
use crate::text::number;
use crate::tui::doc;
use crate::tui::layout::Layout;
use crate::tui::model::compare::CompareView;
use crate::tui::model::compare::stats::{Bars, Panel};
use crate::tui::model::document::{self, Document, Line};
use crate::tui::model::{Model, Pane};

/// Rows of the histogram at least and at most, with its heading and its axis.
const LOWEST: u16 = 5;
const HIGHEST: u16 = 16;
/// Steps of the colours of a picture.
const STEPS: f64 = 8.0;

/// Draws the pane.
pub(in crate::tui::view) fn draw(model: &Model, layout: &Layout, area: Rect, buffer: &mut Buffer) {
    let Some(view) = &model.compare else { return };
    let on_pair = view.ids().is_some();
    let title = match () {
        () if view.repairs && view.has_repairs() => "Repair",
        () if view.repairs => "Verdict",
        () if on_pair => view.panel.title(),
        () => Panel::Facts.title(),
    };
    pane::draw(model, Pane::Difference, area, pane::Titles::new(title), buffer);
    let inner = layout.text(Pane::Difference);
    if let Some(data) = view.data.as_ref().filter(|_| view.repairs) {
        return text::draw(model, &data.text, view.repairs_scroll, inner, buffer);
    }
    let document = doc::compare::panel(view, inner.width.into(), model.theme.glyphs.ascii);
    let used = document::height(&document, inner.width.into()).min(inner.height.into()) as u16;
    let free = (inner.height - used).saturating_sub(1);
    // Numbers go before pictures: where both have no room, the terminal is to be made larger.
    text::draw(model, &document, view.detail, inner, buffer);
    tint_mark(model, view, &document, inner, buffer);
    let below = Rect { y: inner.y + used + 1, height: free, ..inner };
    match view.panel {
        Panel::Facts => {}
        Panel::Numbers => {
            if let Some(bars) = histograms(view, below) {
                histogram(model, &bars, Rect { height: below.height.min(HIGHEST), ..below }, buffer);
            }
        }
        Panel::HeatMap if on_pair => heat_map(model, view, below, buffer),
        Panel::HeatMap => {}
    }
}

/// The letter of the mark as it looks in the list.
fn tint_mark(model: &Model, view: &CompareView, document: &Document, area: Rect, buffer: &mut Buffer) {
    let heading = document.first().map_or(0, |line| line.pieces(area.width.into()).len());
    let Some(y) = heading.checked_sub(view.detail.first).map(|y| area.y + y as u16) else { return };
    if let Some(row) = view.row().filter(|_| y < area.bottom()) {
        let (letter, style) = super::glyph(model, view.mark(row));
        put(buffer, (area.x, y), letter, 1, style);
    }
}

fn histograms(view: &CompareView, area: Rect) -> Option<Bars> {
    if area.height < LOWEST || area.width < 10 {
        return None;
    }
    let sides = view.looked.stats(view.ids()?)?;
    let stats = sides.each_ref().map(|side| side.as_ref().and_then(|side| side.as_deref().ok()));
    let drawn = |stats: &&TensorStats| stats.moments.count > 1;
    let stats = stats.map(|stats| stats.filter(drawn));
    Bars::of(stats, columns(&stats, area.width).into())
}

/// So many columns as so many elements fill (the rule of Rice), and not more than there is room for.
fn columns(sides: &[Option<&TensorStats>; 2], width: u16) -> u16 {
    let elements = sides.iter().flatten().map(|stats| stats.moments.count).max().unwrap_or(0);
    let columns = (2.0 * (elements as f64).cbrt()).ceil();
    if columns >= f64::from(width) { width } else { (columns as u16).max(1) }
}

/// A in bars, B as a line over them: told apart by their forms, colour only helps.
fn histogram(model: &Model, bars: &Bars, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let (full, outline) = if theme.glyphs.ascii { ("#", "o") } else { ("█", "━") };
    let mut x = area.x;
    x += put(buffer, (x, area.y), "Histograms ", area.right() - x, theme.strong());
    for (letter, sign, style) in [("A ", full, theme.line(0)), ("B ", outline, theme.line(1))] {
        x += put(buffer, (x + 1, area.y), letter, area.right().saturating_sub(x + 1), theme.text());
        x += put(buffer, (x + 1, area.y), sign, area.right().saturating_sub(x + 1), style) + 1;
    }
    let most = bars.most();
    let rows = area.height.saturating_sub(2);
    let [a, b] = &bars.shares;
    for (x, at) in (area.x..area.right()).zip(0_usize..) {
        let column = at * a.len() / usize::from(area.width);
        let (Some(a), Some(b)) = (a.get(column), b.get(column)) else { continue };
        let height = |share: &f64| if most > 0.0 { share / most * f64::from(rows) } else { 0.0 };
        bar(model, (x, area.y + rows), height(a), buffer);
        line(model, (x, area.y + rows), height(a), height(b), rows, buffer);
    }
    let axis = Rect { y: area.y + area.height - 1, height: 1, ..area };
    put(buffer, (axis.x, axis.y), &number::metric(bars.range.0), axis.width, theme.faint());
    put_right(buffer, axis, &number::metric(bars.range.1), theme.faint());
}

/// A bar of so many rows, in eighths, above its lowest cell.
fn bar(model: &Model, (x, bottom): (u16, u16), height: f64, buffer: &mut Buffer) {
    let glyphs = model.theme.glyphs;
    let eighths = (height * 8.0).ceil() as u16;
    for row in 0..eighths.div_ceil(8) {
        let filled = (eighths - row * 8).min(8);
        let glyph = match filled {
            n if glyphs.ascii && n > 4 => "#",
            _ if glyphs.ascii => ".",
            n => glyphs.spark.get(usize::from(n).saturating_sub(1)).copied().unwrap_or("#"),
        };
        put(buffer, (x, bottom - row), glyph, 1, model.theme.line(0));
    }
}

/// The top of a bar as a line, at one of three heights in its cell; inside a bar of the other side, cut out of it.
fn line(model: &Model, (x, bottom): (u16, u16), other: f64, height: f64, rows: u16, buffer: &mut Buffer) {
    if height <= 0.0 {
        return;
    }
    let theme = model.theme;
    let row = (height as u16).min(rows.saturating_sub(1));
    let part = height - f64::from(row);
    let glyph = match () {
        () if theme.glyphs.ascii => "o",
        () if part > 2.0 / 3.0 => "▔",
        () if part > 1.0 / 3.0 => "━",
        () => "▁",
    };
    let inside = other >= f64::from(row) + 1.0 && !theme.glyphs.ascii;
    let style = if inside { theme.line(1).add_modifier(Modifier::REVERSED) } else { theme.line(1) };
    put(buffer, (x, bottom - row), " ", 1, Style::reset());
    put(buffer, (x, bottom - row), glyph, 1, style);
}

/// Where the two differ.
fn heat_map(model: &Model, view: &CompareView, area: Rect, buffer: &mut Buffer) {
    let say = |words: &str, buffer: &mut Buffer| {
        let document = vec![Line::Hint(words.to_owned())];
        text::draw(model, &document, document::Scroll::default(), area, buffer);
    };
    match view.ids().and_then(|ids| view.looked.picture(ids)) {
        None => say("reading ...", buffer),
        Some(Err(reason)) => say(reason, buffer),
        Some(Ok(None)) => say("a picture needs two matrices of one shape", buffer),
        Some(Ok(Some(map))) if map.largest() <= 0.0 => say("no finite element differs", buffer),
        Some(Ok(Some(map))) if area.height > 3 => picture(model, map, area, buffer),
        Some(Ok(Some(_))) => {}
    }
}

fn picture(model: &Model, map: &HeatMap, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let largest = map.largest();
    let tint = |x: f64| {
        let step = if x.is_finite() { (x / largest * STEPS).ceil() as u8 } else { 0 };
        theme.half(step).filter(|_| x.is_finite()).unwrap_or(Color::Indexed(201))
    };
    let above = Rect { height: area.height - 2, ..area };
    stats::picture(model, map, above, &tint, buffer);
    let rows = map.of.0.min(u64::from(above.height) * 2);
    let drawn = if theme.half(1).is_some() { rows.div_ceil(2) } else { rows.min(above.height.into()) };
    let sampled = if map.sampled { ", some rows" } else { "" };
    let (down, across) = (number::grouped(map.of.0), number::grouped(map.of.1));
    let lines = [
        format!("{down} rows down, {across} columns across{sampled}"),
        format!("mean |B - A|, 0 to {}", number::metric(largest)),
    ];
    for (y, line) in (above.y + drawn as u16..area.bottom()).zip(lines) {
        let line = fit::cut(&line, area.width.into(), Keep::Start, theme.glyphs.cut);
        put(buffer, (area.x, y), &line, area.width, theme.faint());
    }
}
