//! The flat table of tensors.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::columns::{self, placed};
use super::{layers, put, put_right, rows};
use crate::stats::TensorStats;
use crate::text::fit::{self, Keep};
use crate::text::number;
use crate::text::shown;
use crate::tui::layout::Layout;
use crate::tui::model::browser::Browser;
use crate::tui::model::filter::Fuzzy;
use crate::tui::model::stats::mean_magnitude;
use crate::tui::model::table::Column as What;
use crate::tui::model::{Model, Pane};
use crate::tui::update::bookmarked_names;

type Column = columns::Column<What>;

const COLUMNS: [Column; 5] = [
    Column { what: What::DType, width: 8, rank: 2 },
    Column { what: What::Shape, width: 15, rank: 0 },
    Column { what: What::Parameters, width: 8, rank: 3 },
    Column { what: What::Bytes, width: 8, rank: 1 },
    Column { what: What::Shared, width: 6, rank: 4 },
];

/// With statistics, those first.
const WITH_STATISTICS: [Column; 12] = [
    Column { what: What::DType, width: 8, rank: 8 },
    Column { what: What::Shape, width: 15, rank: 7 },
    Column { what: What::Parameters, width: 8, rank: 9 },
    Column { what: What::Bytes, width: 8, rank: 10 },
    Column { what: What::Shared, width: 6, rank: 11 },
    Column { what: What::Mean, width: 9, rank: 1 },
    Column { what: What::Std, width: 9, rank: 2 },
    Column { what: What::Min, width: 9, rank: 5 },
    Column { what: What::Max, width: 9, rank: 6 },
    Column { what: What::Zeros, width: 6, rank: 4 },
    Column { what: What::Nan, width: 5, rank: 0 },
    Column { what: What::Magnitude, width: BAR, rank: 3 },
];

/// With spectra, those before anything else.
const SPECTRA: [Column; 4] = [
    Column { what: What::SpectralNorm, width: 9, rank: 1 },
    Column { what: What::StableRank, width: 9, rank: 3 },
    Column { what: What::EffectiveRank, width: 9, rank: 0 },
    Column { what: What::Alpha, width: 6, rank: 2 },
];

/// Cells of the bars.
const BAR: u16 = 8;
/// Cells a name needs at least.
const NAME: u16 = 20;

fn fitting(browser: &Browser, area: Rect) -> (u16, Vec<Column>) {
    let columns: &[Column] = if browser.stats.count > 0 { &WITH_STATISTICS } else { &COLUMNS };
    let spectra = if browser.stats.spectra.count() > 0 { &SPECTRA[..] } else { &[] };
    let behind = |column: &Column| Column { rank: column.rank + spectra.len() as u8, ..*column };
    let columns: Vec<Column> = columns.iter().map(behind).chain(spectra.iter().copied()).collect();
    columns::fitting(&columns, area.width.saturating_sub(1), NAME)
}

/// Draws the table; returns the cell of the selected row.
pub(super) fn draw(
    model: &Model,
    browser: &Browser,
    layout: &Layout,
    buffer: &mut Buffer,
) -> Option<(u16, u16)> {
    let area = layout.rows(Pane::Body);
    let inner = layout.inner(Pane::Body);
    let table = &browser.table;
    if table.rows.is_empty() {
        rows::empty(model, inner, &layers::nothing(model, browser), buffer);
        return None;
    }
    let (name, columns) = fitting(browser, area);
    headings(model, browser, Rect { height: 1, ..inner }, name, &columns, buffer);
    let mut fuzzy = Fuzzy::new(&browser.pattern);
    let marked = bookmarked_names(model, browser.checkpoint().path());
    rows::draw(model, Pane::Body, area, table.cursor, table.rows.len(), buffer, |at, line, buffer| {
        if let Some(tensor) = table.rows.get(at) {
            draw_row(model, browser, *tensor, line, (name, &columns), fuzzy.as_mut(), buffer);
            if browser.layers().entry(*tensor).is_some_and(|entry| marked.contains(&&*entry.path)) {
                put(buffer, (line.x, line.y), rows::bookmark(model), 1, model.theme.warning());
            }
        }
    })
}

fn headings(
    model: &Model,
    browser: &Browser,
    line: Rect,
    name: u16,
    columns: &[Column],
    buffer: &mut Buffer,
) {
    let theme = model.theme;
    let order = browser.table.order;
    let arrow = if order.descending { theme.glyphs.down } else { theme.glyphs.up };
    let heading = |what: What| {
        if order.column == Some(what) { format!("{arrow} {}", what.title()) } else { what.title().to_owned() }
    };
    put(buffer, (line.x + 1, line.y), &heading(What::Name), name, theme.faint());
    for (area, column) in placed(line, name, columns) {
        put_right(buffer, area, &heading(column.what), theme.faint());
    }
}

fn draw_row(
    model: &Model,
    browser: &Browser,
    tensor: u32,
    line: Rect,
    (name, columns): (u16, &[Column]),
    fuzzy: Option<&mut Fuzzy>,
    buffer: &mut Buffer,
) {
    let theme = model.theme;
    let Some(entry) = browser.layers().entry(tensor) else { return };
    let meta = browser.checkpoint().meta(entry);
    // With one section shown, its name would only repeat itself.
    let raw = if browser.section.is_some() && !entry.key().is_empty() { entry.key() } else { &entry.path };
    let text = shown(raw);
    let room = name.saturating_sub(1);
    let cut = fit::cut(&text, usize::from(room), Keep::End, theme.glyphs.cut);
    put(buffer, (line.x + 1, line.y), &cut, room, theme.text());
    if let (Some(fuzzy), true) = (fuzzy, text == raw) {
        let all = entry.path.chars().count();
        // Cut at the front: the mark stands for what is missing.
        let (visible, x) = match cut.strip_prefix(theme.glyphs.cut).filter(|_| cut != raw) {
            Some(rest) => (rest, line.x + 1 + fit::width(theme.glyphs.cut) as u16),
            None => (&*cut, line.x + 1),
        };
        let hidden = all - visible.chars().count();
        layers::highlight(buffer, (x, line.y), visible, hidden, &fuzzy.letters(&entry.path), theme.matched());
    }
    for (area, column) in placed(line, name, columns) {
        let text = match column.what {
            What::DType => meta.dtype.name().to_owned(),
            What::Shape => number::shape(meta.shape()),
            What::Parameters => number::count(meta.numel()),
            What::Bytes => number::bytes(meta.nbytes()),
            What::Shared => match browser.layers().shared.get(tensor as usize) {
                Some(n) if *n > 0 => format!("= {n}"),
                _ => String::new(),
            },
            What::Magnitude => {
                draw_bar(model, browser, tensor, area, buffer);
                continue;
            }
            What::Name => String::new(),
            What::SpectralNorm | What::StableRank | What::EffectiveRank | What::Alpha => {
                browser.stats.spectra.number(tensor, column.what).map(number::metric).unwrap_or_default()
            }
            what => match browser.stats.stats(tensor) {
                Some(stats) => statistic(stats, what),
                None => String::new(),
            },
        };
        let style = if column.what == What::Nan { theme.error() } else { theme.text() };
        let text = fit::cut(&text, usize::from(area.width), Keep::Start, theme.glyphs.cut);
        put_right(buffer, area, &text, style);
    }
}

/// What a column of statistics says; nothing of what is not there.
fn statistic(stats: &TensorStats, what: What) -> String {
    let real = |x: Option<f64>| x.map(number::metric).unwrap_or_default();
    match what {
        What::Mean => real(stats.mean()),
        What::Std => real(stats.std()),
        What::Min => real(stats.min()),
        What::Max => real(stats.max()),
        What::Zeros => stats.zero_share().map(number::percent).unwrap_or_default(),
        What::Nan if stats.nan + stats.inf > 0 => number::count(stats.nan + stats.inf),
        _ => String::new(),
    }
}

/// The mean magnitude, beside the largest of all tensors.
fn draw_bar(model: &Model, browser: &Browser, tensor: u32, area: Rect, buffer: &mut Buffer) {
    // One number is not spread over anything.
    let mean = browser.stats.stats(tensor).filter(|stats| stats.count > 1).and_then(mean_magnitude);
    let (Some(mean), true) = (mean, browser.stats.largest > 0.0) else { return };
    let bar = super::stats::bar(mean / browser.stats.largest, area.width, model.theme.glyphs.ascii);
    put(buffer, (area.x, area.y), &bar, area.width, model.theme.curve());
}

/// The column whose heading is at column `x` of the screen.
pub fn column_at(model: &Model, x: u16) -> Option<What> {
    let area = model.layout().rows(Pane::Body);
    let (name, columns) = fitting(model.browser.as_ref()?, area);
    if (area.x..area.x + name).contains(&x) {
        return Some(What::Name);
    }
    let line = Rect { height: 1, ..area };
    let hit = placed(line, name, &columns).find(|(cell, _)| (cell.x..cell.right()).contains(&x));
    hit.map(|(_, column)| column.what)
}
