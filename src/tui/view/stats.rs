//! The panels of a tensor beside its facts: statistics with a histogram, elements, heat map.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::{put, put_right, text};
use crate::stats::TensorStats;
use crate::stats::preview::HeatMap;
use crate::text::fit::{self, Keep};
use crate::text::number;
use crate::tui::doc;
use crate::tui::layout::VALUE;
use crate::tui::model::browser::Browser;
use crate::tui::model::document::{Scroll, height};
use crate::tui::model::stats::{Panel, Preview};
use crate::tui::model::{Model, Pane};

/// Rows of the histogram at least and at most, its two lines of labels included.
const LOWEST: u16 = 6;
const HIGHEST: u16 = 14;
/// From the lowest numbers to the highest: blue over grey to red, of the 256 colours all terminals share.
const RAMP: [u8; 11] = [25, 32, 74, 110, 152, 252, 223, 216, 209, 203, 160];
/// Magnitudes without colour.
const SHADES: [&str; 5] = [" ", "░", "▒", "▓", "█"];
const ASCII_SHADES: [&str; 5] = [" ", ".", "+", "*", "@"];

/// Draws the panel that is chosen; false where that is the facts, which are drawn elsewhere.
pub(super) fn draw(model: &Model, browser: &Browser, area: Rect, buffer: &mut Buffer) -> bool {
    let Some(tensor) = browser.tensor() else { return false };
    match browser.stats.panel {
        Panel::Facts => return false,
        Panel::Numbers => numbers(model, browser, tensor, area, buffer),
        Panel::Values => with_preview(model, browser, tensor, area, buffer, values),
        Panel::HeatMap => with_preview(model, browser, tensor, area, buffer, heat_map),
        Panel::Spectrum => super::spectrum::draw(model, browser, tensor, area, buffer),
    }
    true
}

/// The title of the detail pane.
pub(super) fn title(browser: &Browser) -> &'static str {
    if browser.tensor().is_some() { browser.stats.panel.title() } else { Panel::Facts.title() }
}

fn numbers(model: &Model, browser: &Browser, tensor: u32, area: Rect, buffer: &mut Buffer) {
    let document = doc::stats::numbers(browser, &model.jobs, tensor);
    let used = height(&document, usize::from(area.width)) as u16;
    let Some(stats) = browser.stats.stats(tensor).filter(|stats| stats.moments.count > 1) else {
        text::draw(model, &document, browser.detail, area, buffer);
        return;
    };
    // The histogram gives way to the numbers, down to a few rows, and they scroll.
    let room = area.height.saturating_sub(used).clamp(LOWEST, HIGHEST).min(area.height / 2);
    let above = Rect { height: area.height.saturating_sub(room).min(used + 1), ..area };
    text::draw(model, &document, browser.detail, Rect { height: area.height - room, ..above }, buffer);
    let below = Rect { y: area.y + above.height, height: room, ..area };
    histogram(model, stats, browser.stats.log, below, buffer);
}

/// Bars of eighths of a cell, with the ends of the axis below them.
fn histogram(model: &Model, stats: &TensorStats, log: bool, area: Rect, buffer: &mut Buffer) {
    let (theme, width) = (model.theme, usize::from(area.width));
    if area.height < 4 || width < 10 {
        return;
    }
    let bars = if log { stats.histogram.by_magnitude() } else { stats.histogram.linear(width) };
    let most = bars.counts.iter().copied().max().unwrap_or(0);
    let (Some(first), Some(last)) = (bars.edges.first(), bars.edges.last()) else { return };
    let kind = if log { "by magnitude, log counts" } else { "linear" };
    let title = format!("Histogram {} {kind}", theme.glyphs.middot);
    put(
        buffer,
        (area.x, area.y),
        &fit::cut(&title, width, Keep::Start, theme.glyphs.cut),
        area.width,
        theme.strong(),
    );
    put_right(buffer, Rect { height: 1, ..area }, &number::count(most), theme.faint());
    // Few bars become wide ones, many share a column.
    let column = |x: usize| {
        let count = bars.counts.len();
        let (from, end) = (x * count / width, ((x + 1) * count).div_ceil(width).max(x * count / width + 1));
        bars.counts.get(from..end.min(count)).into_iter().flatten().copied().max().unwrap_or(0)
    };
    let part = |n: u64| match (log, n, most) {
        (_, 0, _) | (_, _, 0) => 0.0,
        (true, n, most) => ((n as f64).ln() + 1.0) / ((most as f64).ln() + 1.0),
        (false, n, most) => n as f64 / most as f64,
    };
    let rows = area.height - 2;
    for (x, cell) in (0..width).zip(area.x..area.right()) {
        // Whatever is there is seen.
        let eighths = (part(column(x)) * f64::from(rows) * 8.0).ceil() as u16;
        for row in 0..rows {
            let filled = eighths.saturating_sub(row * 8).min(8);
            let glyph = match filled {
                0 => continue,
                n if theme.glyphs.ascii => {
                    if n > 4 {
                        "#"
                    } else {
                        "."
                    }
                }
                n => theme.glyphs.spark.get(usize::from(n) - 1).copied().unwrap_or("#"),
            };
            put(buffer, (cell, area.y + rows - row), glyph, 1, theme.curve());
        }
    }
    let line = area.y + area.height - 1;
    put(buffer, (area.x, line), &number::metric(*first), area.width, theme.faint());
    put_right(buffer, Rect { y: line, height: 1, ..area }, &number::metric(*last), theme.faint());
}

type Draw = fn(&Model, &Browser, &Preview, Rect, &mut Buffer);

/// Draws what was read of the tensor, or says why there is nothing yet.
fn with_preview(model: &Model, browser: &Browser, tensor: u32, area: Rect, buffer: &mut Buffer, draw: Draw) {
    let theme = model.theme;
    let Some(entry) = browser.layers().entry(tensor) else { return };
    let name = doc::stats::name(entry);
    let name = fit::cut(&name, usize::from(area.width), Keep::End, theme.glyphs.cut);
    put(buffer, (area.x, area.y), &name, area.width, theme.strong());
    let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let say = |words: &str, buffer: &mut Buffer| {
        let document = vec![crate::tui::model::document::Line::Hint(words.to_owned())];
        text::draw(model, &document, Scroll::default(), rest, buffer);
    };
    match browser.stats.preview.as_ref().filter(|preview| preview.tensor == tensor) {
        None => say("reading ...", buffer),
        Some(Preview { error: Some(reason), .. }) => say(reason, buffer),
        Some(Preview { total: 0, .. }) => say("no elements", buffer),
        Some(preview) => draw(model, browser, preview, rest, buffer),
    }
}

fn values(model: &Model, browser: &Browser, preview: &Preview, area: Rect, buffer: &mut Buffer) {
    let Some(entry) = browser.layers().entry(preview.tensor) else { return };
    let (theme, per) = (model.theme, model.layout().values_per_row());
    let rows = area.height.saturating_sub(1);
    let first = browser.stats.row.first as u64;
    let lines = doc::stats::values(browser.checkpoint(), entry, preview, first, per, usize::from(rows));
    for ((y, row), (place, numbers)) in (area.y..).zip(first..).zip(&lines) {
        let here = model.focus == Pane::Detail && row == browser.stats.row.at as u64;
        let style = if here { theme.selected() } else { theme.faint() };
        put(buffer, (area.x, y), place, area.width, style);
        let left = area.width.saturating_sub(VALUE * numbers.len() as u16);
        for (x, number) in (area.x + left..).step_by(usize::from(VALUE)).zip(numbers) {
            put_right(buffer, Rect { x, y, width: VALUE, height: 1 }, number, theme.text());
        }
    }
    let below =
        format!("{} elements; g g first, G last, a number and G any row", number::grouped(preview.total));
    let line = area.y + area.height.saturating_sub(1);
    let below = fit::cut(&below, usize::from(area.width), Keep::Start, theme.glyphs.cut);
    put(buffer, (area.x, line), &below, area.width, theme.faint());
}

fn heat_map(model: &Model, _: &Browser, preview: &Preview, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let Some(map) = &preview.map else {
        let words = if preview.values.is_empty() { "a heat map needs two dimensions" } else { "reading ..." };
        put(buffer, (area.x, area.y), words, area.width, theme.faint());
        return;
    };
    let largest = map.largest();
    let above = Rect { height: area.height.saturating_sub(2), ..area };
    let colour = picture(model, map, above, &|x| tint(x, largest), buffer);
    legend(model, map, Rect { y: area.y + area.height.saturating_sub(2), height: 2, ..area }, colour, buffer);
}

/// Draws the cells of a picture, in colours of `tint` where the theme has colours, two in a cell; else in shades
/// of their magnitudes. True if in colours.
pub(super) fn picture(
    model: &Model,
    map: &HeatMap,
    area: Rect,
    tint: &dyn Fn(f64) -> Color,
    buffer: &mut Buffer,
) -> bool {
    let theme = model.theme;
    // No more cells than the matrix has.
    let width = area.width.min(map.of.1.min(1_000) as u16);
    let half_rows = (area.height * 2).min(map.of.0.min(1_000) as u16).max(1);
    let colour = theme.curve().fg.is_some() && !theme.glyphs.ascii;
    let largest = map.largest();
    for row in 0..if colour { half_rows.div_ceil(2) } else { half_rows.min(area.height) } {
        for column in 0..width {
            let across = f64::from(column) / f64::from(width);
            let at = (area.x + column, area.y + row);
            if colour {
                let down = |half: u16| f64::from(row * 2 + half) / f64::from(half_rows);
                let lower = (row * 2 + 1 < half_rows).then(|| tint(map.at(down(1), across)));
                let style = Style::new().fg(tint(map.at(down(0), across)));
                put(buffer, at, "▀", 1, lower.map_or(style, |lower| style.bg(lower)));
            } else {
                let down = f64::from(row) / f64::from(half_rows.min(area.height));
                let shades = if theme.glyphs.ascii { &ASCII_SHADES } else { &SHADES };
                put(buffer, at, shade(map.at(down, across), largest, shades), 1, theme.text());
            }
        }
    }
    colour
}

fn tint(x: f64, largest: f64) -> Color {
    if !x.is_finite() {
        return Color::Indexed(201);
    }
    let middle = (RAMP.len() / 2) as f64;
    let part = if largest > 0.0 { x / largest } else { 0.0 };
    let at = (middle + part * middle).round() as usize;
    Color::Indexed(RAMP.get(at).copied().unwrap_or(252))
}

fn shade(x: f64, largest: f64, shades: &[&'static str; 5]) -> &'static str {
    if !x.is_finite() {
        return "x";
    }
    let part = if largest > 0.0 { x.abs() / largest } else { 0.0 };
    shades.get((part * 4.0).round() as usize).copied().unwrap_or(" ")
}

fn legend(model: &Model, map: &HeatMap, area: Rect, colour: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let (rows, columns) = map.of;
    let sampled = if map.sampled { ", some rows" } else { "" };
    let size =
        format!("{} rows down, {} columns across{sampled}", number::grouped(rows), number::grouped(columns));
    let scale = number::metric(map.largest());
    let scale = if colour {
        format!("means, blue -{scale} to red {scale}")
    } else {
        format!("magnitudes of means, 0 to {scale}")
    };
    for (y, line) in (area.y..area.bottom()).zip([size, scale]) {
        let line = fit::cut(&line, usize::from(area.width), Keep::Start, theme.glyphs.cut);
        put(buffer, (area.x, y), &line, area.width, theme.faint());
    }
}

/// A bar of so many cells at most for a part from 0 to 1, in eighths of a cell.
pub(super) fn bar(part: f64, cells: u16, ascii: bool) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (part.clamp(0.0, 1.0) * f64::from(cells) * 8.0).round() as usize;
    if ascii {
        return "#".repeat(eighths.div_ceil(8));
    }
    let end = EIGHTHS.get(eighths % 8).copied().unwrap_or_default();
    "█".repeat(eighths / 8) + end
}
