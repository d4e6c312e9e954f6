//! The tree of layers.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::columns::{self, GAP, placed};
use super::{put, put_right, rows};
use crate::text::fit::{self, Keep};
use crate::text::number;
use crate::text::shown;
use crate::tui::layout::Layout;
use crate::tui::model::browser::Browser;
use crate::tui::model::filter::Fuzzy;
use crate::tui::model::layers::Node;
use crate::tui::model::stats::RollUp;
use crate::tui::model::table::Column as Order;
use crate::tui::model::{Model, Pane, tree};
use crate::tui::update::bookmarked_names;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Shape,
    Parameters,
    Bytes,
    Norm,
    Nan,
    Spectrum(Order),
}

type Column = columns::Column<What>;

const COLUMNS: [Column; 3] = [
    Column { what: What::Shape, width: 15, rank: 1 },
    Column { what: What::Parameters, width: 6, rank: 0 },
    Column { what: What::Bytes, width: 8, rank: 2 },
];

/// With statistics of what is below each node.
const WITH_STATISTICS: [Column; 5] = [
    Column { what: What::Shape, width: 15, rank: 4 },
    Column { what: What::Parameters, width: 6, rank: 0 },
    Column { what: What::Bytes, width: 8, rank: 3 },
    Column { what: What::Norm, width: 9, rank: 2 },
    Column { what: What::Nan, width: 5, rank: 1 },
];

/// With spectra of the matrices, those before anything else.
const SPECTRA: [Column; 4] = [
    Column { what: What::Spectrum(Order::SpectralNorm), width: 9, rank: 1 },
    Column { what: What::Spectrum(Order::StableRank), width: 9, rank: 3 },
    Column { what: What::Spectrum(Order::EffectiveRank), width: 9, rank: 0 },
    Column { what: What::Spectrum(Order::Alpha), width: 6, rank: 2 },
];

fn fitting(browser: &Browser, area: Rect) -> (u16, Vec<Column>) {
    let columns: &[Column] = if browser.stats.count > 0 { &WITH_STATISTICS } else { &COLUMNS };
    let spectra = if browser.stats.spectra.count() > 0 { &SPECTRA[..] } else { &[] };
    let behind = |column: &Column| Column { rank: column.rank + spectra.len() as u8, ..*column };
    let columns: Vec<Column> = columns.iter().map(behind).chain(spectra.iter().copied()).collect();
    columns::fitting(&columns, area.width.saturating_sub(1), NAME)
}

/// Cells a name needs at least.
const NAME: u16 = 20;
/// Cells each step into the tree is indented by.
const STEP: u16 = 2;

/// Draws the tree; returns the cell of the selected row.
pub(super) fn draw(
    model: &Model,
    browser: &Browser,
    layout: &Layout,
    buffer: &mut Buffer,
) -> Option<(u16, u16)> {
    let area = layout.rows(Pane::Body);
    let inner = layout.inner(Pane::Body);
    if browser.tree.visible.is_empty() {
        rows::empty(model, inner, &nothing(model, browser), buffer);
        return None;
    }
    let (name, columns) = fitting(browser, area);
    headings(model, browser, Rect { height: 1, ..inner }, name, &columns, buffer);
    let mut fuzzy = Fuzzy::new(&browser.pattern);
    let tree = &browser.tree;
    let marked = bookmarked_names(model, browser.checkpoint().path());
    rows::draw(model, Pane::Body, area, tree.cursor, tree.visible.len(), buffer, |at, line, buffer| {
        let Some((at, node)) = tree.visible.get(at).and_then(|at| Some((*at, browser.layers().node(*at)?)))
        else {
            return;
        };
        draw_name(model, browser, at, node, Rect { width: name, ..line }, fuzzy.as_mut(), buffer);
        let entry = node.tensor.and_then(|tensor| browser.layers().entry(tensor));
        let path = entry.map_or_else(|| browser.layers().path(node), |entry| &entry.path);
        if marked.contains(&path) {
            put(buffer, (line.x, line.y), rows::bookmark(model), 1, model.theme.warning());
        }
        for (area, column) in placed(line, name, &columns) {
            let (text, style) = cell(model, browser, at, node, column.what);
            let text = fit::cut(&text, usize::from(area.width), Keep::Start, model.theme.glyphs.cut);
            put_right(buffer, area, &text, style);
        }
    })
}

/// The column whose heading is at column `x` of the screen.
pub fn column_at(model: &Model, x: u16) -> Option<Order> {
    let area = model.layout().rows(Pane::Body);
    let (name, columns) = fitting(model.browser.as_ref()?, area);
    if (area.x..area.x + name).contains(&x) {
        return Some(Order::Name);
    }
    let hit = placed(Rect { height: 1, ..area }, name, &columns)
        .find(|(cell, _)| (cell.x..cell.right()).contains(&x));
    match hit?.1.what {
        What::Shape | What::Norm | What::Nan | What::Spectrum(_) => None,
        What::Parameters => Some(Order::Parameters),
        What::Bytes => Some(Order::Bytes),
    }
}

/// Words for an empty tree or table.
pub(super) fn nothing(model: &Model, browser: &Browser) -> Vec<String> {
    if browser.pattern.is_empty() {
        vec![
            "No tensors in this checkpoint.".to_owned(),
            model.keys.spell("{metadata} shows what else it holds.").into_owned(),
        ]
    } else {
        let lift = model.keys.spell("{back} lifts the filter.").into_owned();
        vec![format!("No name matches \"{}\".", shown(&browser.pattern)), lift]
    }
}

fn headings(
    model: &Model,
    browser: &Browser,
    line: Rect,
    name: u16,
    columns: &[Column],
    buffer: &mut Buffer,
) {
    let style = model.theme.faint();
    let order = browser.tree.order;
    let arrow = if order.descending { model.theme.glyphs.down } else { model.theme.glyphs.up };
    let heading = |title: &str, column| {
        if order.column == Some(column) { format!("{arrow} {title}") } else { title.to_owned() }
    };
    put(buffer, (line.x + 3, line.y), &heading("name", Order::Name), name, style);
    for (area, column) in placed(line, name, columns) {
        let text = match column.what {
            What::Shape => "shape".to_owned(),
            What::Parameters => heading("params", Order::Parameters),
            What::Bytes => heading("bytes", Order::Bytes),
            What::Norm => "norm".to_owned(),
            What::Nan => "nan".to_owned(),
            What::Spectrum(column) => column.title().to_owned(),
        };
        // The arrow may stand in the gap before its column.
        let area = Rect { x: area.x - GAP, width: area.width + GAP, ..area };
        put_right(buffer, area, &text, style);
    }
}

fn draw_name(
    model: &Model,
    browser: &Browser,
    at: u32,
    node: &Node,
    line: Rect,
    fuzzy: Option<&mut Fuzzy>,
    buffer: &mut Buffer,
) {
    let theme = model.theme;
    let layers = browser.layers();
    // However deep it goes, there is room for a name.
    let indent = (node.depth * STEP).min(line.width / 2);
    let x = line.x + 1 + indent;
    let open = browser.tree.is_open(at) || browser.matches.is_some();
    let fold = match (tree::has_children(layers, at), open) {
        (true, true) => theme.glyphs.open,
        (true, false) => theme.glyphs.closed,
        (false, _) => " ",
    };
    put(buffer, (x, line.y), fold, 1, theme.faint());
    let room = line.width.saturating_sub(indent + 3);
    let raw = layers.name(node);
    let text = if raw.is_empty() && node.section.is_some() { "(root)".into() } else { shown(raw) };
    let style = if node.tensor.is_some() { theme.text() } else { theme.strong() };
    let cut = fit::cut(&text, usize::from(room), Keep::End, theme.glyphs.cut);
    let used = put(buffer, (x + 2, line.y), &cut, room, style);
    if let (Some(fuzzy), true, true) = (fuzzy, node.tensor.is_some(), cut == raw) {
        let path = layers.path(node);
        let hidden = path.chars().count() - raw.chars().count();
        highlight(buffer, (x + 2, line.y), raw, hidden, &fuzzy.letters(path), theme.matched());
    }
    let left = room.saturating_sub(used + 1);
    let beside = beside(browser, node);
    if left > 3 && !beside.is_empty() {
        let cut = fit::cut(&beside, usize::from(left), Keep::Start, theme.glyphs.cut);
        put(buffer, (x + 2 + used + 1, line.y), &cut, left, theme.faint());
    }
}

/// What is said beside a name: the role of a section, the class of a module.
fn beside(browser: &Browser, node: &Node) -> String {
    let layers = browser.layers();
    if let Some(module) = layers.module(node) {
        let class = module.class.rsplit('.').next().unwrap_or(&module.class);
        return shown(class).into_owned();
    }
    match layers.section(node) {
        Some(section) => section.role.name().to_owned(),
        None => String::new(),
    }
}

/// Marks the letters of `text` that matched. `letters` counts characters of the whole name, of which
/// `hidden` stand before `text`.
pub(super) fn highlight(
    buffer: &mut Buffer,
    (mut x, y): (u16, u16),
    text: &str,
    hidden: usize,
    letters: &[u32],
    style: Style,
) {
    let mut utf8 = [0; 4];
    for (at, c) in text.chars().enumerate() {
        let width = fit::width(c.encode_utf8(&mut utf8)) as u16;
        if letters.binary_search(&((at + hidden) as u32)).is_ok() {
            buffer.set_style(Rect { x, y, width, height: 1 }, style);
        }
        x += width;
    }
}

fn cell(model: &Model, browser: &Browser, at: u32, node: &Node, what: What) -> (String, Style) {
    let theme = model.theme;
    let checkpoint = browser.checkpoint();
    let tensor = node.tensor.and_then(|t| browser.layers().entry(t));
    let style = if tensor.is_some() { theme.text() } else { theme.strong() };
    match what {
        What::Shape => {
            let shape = tensor.map(|entry| number::shape(checkpoint.meta(entry).shape()));
            (shape.unwrap_or_default(), theme.text())
        }
        What::Parameters if node.parameters > 0 => (number::count(node.parameters), style),
        // Buffers and optimizer state have elements, but no parameters. Modules may have neither.
        What::Parameters if node.tensors > 0 => (number::count(node.elements), theme.faint()),
        What::Bytes if node.tensors > 0 => (number::bytes(node.bytes), style),
        What::Norm => {
            let norm = browser.stats.below(at).and_then(RollUp::norm).map(number::metric);
            (norm.unwrap_or_default(), style)
        }
        What::Nan => {
            let bad = browser.stats.below(at).map(|below| below.nan.saturating_add(below.inf));
            (bad.filter(|n| *n > 0).map(number::count).unwrap_or_default(), theme.error())
        }
        What::Spectrum(column) => {
            let known = node.tensor.and_then(|tensor| browser.stats.spectra.number(tensor, column));
            (known.map(number::metric).unwrap_or_default(), style)
        }
        What::Parameters | What::Bytes => (String::new(), style),
    }
}
