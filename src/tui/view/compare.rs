//! The comparison: a line for each name of either side with its mark, and what there is to know of the selected one.
//!
//! A mark is a letter of its own; its colour only says it again.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::{layers, pane, put, put_right, rows, text};
use crate::stats::TensorStats;
use crate::text::fit::{self, Keep};
use crate::text::{number, shown};
use crate::tui::doc::{self, of};
use crate::tui::layout::Layout;
use crate::tui::model::compare::entries::{Entry, What};
use crate::tui::model::compare::rows::{Kind, Mark, Row};
use crate::tui::model::compare::stats::Bars;
use crate::tui::model::compare::{CompareView, Counts, Listed};
use crate::tui::model::document::{self, Mark as Item};
use crate::tui::model::filter::Fuzzy;
use crate::tui::model::{Model, Pane};
use crate::tui::update::compare_titles;

/// Rows of the two histograms at least and at most, with their heading and their axis.
const LOWEST: u16 = 6;
const HIGHEST: u16 = 14;

/// Draws the list; returns the cell of the selected line.
pub(super) fn draw(model: &Model, layout: &Layout, area: Rect, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let view = model.compare.as_ref()?;
    pane::draw(model, Pane::Keys, area, titles(model, view, area), buffer);
    let inner = layout.inner(Pane::Keys);
    let Some(listed) = view.listed() else {
        rows::empty(model, inner, &["Reading both checkpoints ...".to_owned()], buffer);
        return None;
    };
    summary(model, view, inner, buffer);
    let list = layout.rows(Pane::Keys);
    if view.visible.is_empty() {
        rows::empty(model, list, &[nothing(view).to_owned()], buffer);
        return None;
    }
    let mut fuzzy = Fuzzy::new(&view.pattern);
    rows::draw(model, Pane::Keys, list, view.cursor, view.visible.len(), buffer, |at, line, buffer| {
        let entry = view.visible.get(at).and_then(|at| Some((*at, listed.entries.get(*at)?)));
        if let Some((at, entry)) = entry {
            draw_line(model, (view, listed), (at, entry), line, fuzzy.as_mut(), buffer);
        }
    })
}

fn titles(model: &Model, view: &CompareView, area: Rect) -> pane::Titles {
    let [a, b] = compare_titles(view);
    let room = usize::from(area.width.saturating_sub(12)) / 2;
    let cut = |name: &str| fit::cut(name, room, Keep::End, model.theme.glyphs.cut).into_owned();
    let title = vec![Span::raw(format!("A {}  B {}", cut(&a), cut(&b)))];
    let mut below = Vec::new();
    if view.after {
        below.push("after the repair".to_owned());
    }
    if view.only_differences {
        below.push("only differences".to_owned());
    }
    if !view.pattern.is_empty() {
        below.push(format!("/{}", shown(&view.pattern)));
    }
    pane::Titles { title, below: below.join(&format!(" {} ", model.theme.glyphs.middot)) }
}

fn nothing(view: &CompareView) -> &'static str {
    if !view.pattern.is_empty() {
        "No name matches. Esc lifts the filter."
    } else if view.only_differences && !view.is_complete {
        "No difference so far. d shows all names."
    } else if view.only_differences {
        "Nothing differs. d shows all names."
    } else {
        "There are no names."
    }
}

/// The letter of a mark, and how it looks.
fn glyph(model: &Model, mark: Mark) -> (&'static str, Style) {
    let theme = model.theme;
    match mark {
        Mark::Equal => ("=", theme.faint()),
        Mark::Values => ("~", theme.warning()),
        Mark::Differs => (if theme.glyphs.ascii { "!" } else { "\u{2260}" }, theme.error()),
        Mark::Missing => ("-", theme.error()),
        Mark::Unexpected => ("+", theme.good()),
        Mark::Filled => ("o", theme.faint()),
        Mark::Unread => (theme.glyphs.broken, theme.error()),
        Mark::Open => ("?", theme.faint()),
    }
}

/// Two lines above the list: whether it loads, and how many names have each mark.
fn summary(model: &Model, view: &CompareView, inner: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let Some(data) = &view.data else { return };
    let (good, verdict) = doc::compare::verdict(data);
    let style = match good {
        Item::Good => theme.good(),
        Item::Warning | Item::Dot => theme.warning(),
        Item::Error => theme.error(),
    };
    let room = inner.width.saturating_sub(1);
    let verdict = fit::cut(&verdict, room.into(), Keep::Start, theme.glyphs.cut);
    put(buffer, (inner.x + 1, inner.y), &verdict, room, style);
    let there: Vec<(Mark, usize)> = Mark::ALL.into_iter().zip(view.counts).filter(|(_, n)| *n > 0).collect();
    let part = |(mark, n): &(Mark, usize), words: bool| {
        let n = number::grouped(*n as u64);
        if words { format!(" {n} {}", mark.words()) } else { format!(" {n}") }
    };
    let width = |words| there.iter().map(|one| fit::width(&part(one, words)) + 3).sum::<usize>();
    let words = width(true) <= usize::from(room);
    let mut x = inner.x + 1;
    for one in &there {
        let (letter, style) = glyph(model, one.0);
        let line = inner.y + 1;
        x += put(buffer, (x, line), letter, inner.right().saturating_sub(x), style);
        x += put(buffer, (x, line), &part(one, words), inner.right().saturating_sub(x), theme.text()) + 2;
    }
}

fn draw_line(
    model: &Model,
    (view, listed): (&CompareView, &Listed),
    (at, entry): (u32, &Entry),
    line: Rect,
    fuzzy: Option<&mut Fuzzy>,
    buffer: &mut Buffer,
) {
    let theme = model.theme;
    let depth = if view.flat { 0 } else { entry.depth.min(line.width / 4) };
    let indent = line.x + 3 + depth * 2;
    match entry.what {
        What::Module { .. } => {
            let fold = fold(model, view.is_folded(at));
            put(buffer, (indent, line.y), fold, 1, theme.faint());
            let used = draw_counts(model, view.below(at), line, buffer);
            let room = line.right().saturating_sub(indent + 2 + used + 1);
            let name = shown(entry.label(&listed.rows));
            let name = fit::cut(&name, room.into(), Keep::End, theme.glyphs.cut);
            put(buffer, (indent + 2, line.y), &name, room, theme.strong());
        }
        What::Key(row) => {
            let Some(row) = listed.rows.get(row as usize) else { return };
            let (letter, style) = glyph(model, view.mark(row));
            put(buffer, (line.x + 1, line.y), letter, 1, style);
            let note = note(view, row);
            let room = line.right().saturating_sub(indent + 1);
            let note = fit::cut(&note, usize::from(room) * 3 / 5, Keep::Start, theme.glyphs.cut);
            let room = room.saturating_sub(fit::width(&note) as u16 + 1);
            put_right(buffer, Rect { width: line.width.saturating_sub(1), ..line }, &note, theme.faint());
            let full = if view.flat { &*row.key } else { entry.label(&listed.rows) };
            draw_name(model, row, full, (indent, line.y), room, fuzzy, buffer);
        }
    }
}

/// Before a module. In ASCII, `+` and `-` are marks here.
fn fold(model: &Model, is_folded: bool) -> &'static str {
    let glyphs = model.theme.glyphs;
    match (glyphs.ascii, is_folded) {
        (true, true) => ">",
        (true, false) => "v",
        (false, true) => glyphs.closed,
        (false, false) => glyphs.open,
    }
}

/// The name, its end where there is no room for all, with the letters that match the filter.
fn draw_name(
    model: &Model,
    row: &Row,
    label: &str,
    at: (u16, u16),
    room: u16,
    fuzzy: Option<&mut Fuzzy>,
    buffer: &mut Buffer,
) {
    let theme = model.theme;
    let name = shown(label);
    let cut = fit::cut(&name, room.into(), Keep::End, theme.glyphs.cut);
    put(buffer, at, &cut, room, theme.text());
    let Some(fuzzy) = fuzzy.filter(|_| name == label) else { return };
    let (visible, x) = match cut.strip_prefix(theme.glyphs.cut).filter(|_| cut != name) {
        Some(rest) => (rest, at.0 + fit::width(theme.glyphs.cut) as u16),
        None => (&*cut, at.0),
    };
    let hidden = row.key.chars().count().saturating_sub(visible.chars().count());
    layers::highlight(buffer, (x, at.1), visible, hidden, &fuzzy.letters(&row.key), theme.matched());
}

/// What stands at the right of a name: the shapes, or how far the values are apart.
fn note(view: &CompareView, row: &Row) -> String {
    let Some(data) = &view.data else { return String::new() };
    let candidate = if view.after { &data.report.found.repaired } else { &data.report.candidate };
    let a = row.a.and_then(|at| data.report.reference.items.get(at as usize));
    let b = row.b.and_then(|at| candidate.items.get(at as usize));
    let shape = |item: &crate::compare::keys::Item| match &item.other {
        Some(class) => shown(class).into_owned(),
        None => number::shape(&item.tensor.shape),
    };
    match (row.kind, a, b) {
        (Kind::Shape | Kind::Type, Some(a), Some(b)) => format!("A {} B {}", shape(a), shape(b)),
        (Kind::Recast, Some(a), Some(b)) => {
            format!("A {} B {}", a.tensor.dtype.name(), b.tensor.dtype.name())
        }
        (_, Some(item), _) | (_, None, Some(item)) => match view.values_of(row) {
            Some(Ok(diff)) if !diff.equal_values() => {
                format!("{}  {}", relative(diff.relative_l2), shape(item))
            }
            _ => shape(item),
        },
        (_, None, None) => String::new(),
    }
}

fn relative(x: f64) -> String {
    match x {
        x if !x.is_finite() => "from zero".to_owned(),
        x if x > 0.999 => format!("{}%", number::grouped((x * 100.0).round() as u64)),
        x => number::percent(x),
    }
}

/// Differences below a module, at the right; the cells they take.
fn draw_counts(model: &Model, counts: Counts, line: Rect, buffer: &mut Buffer) -> u16 {
    let differing = Mark::ALL.into_iter().zip(counts).filter(|(mark, n)| mark.is_difference() && *n > 0);
    let mut right = line.right().saturating_sub(1);
    for (mark, n) in differing.rev() {
        let (letter, style) = glyph(model, mark);
        let n = number::count(n as u64);
        let width = fit::width(&n) as u16 + 2;
        if right < line.x + line.width / 2 + width {
            break;
        }
        right -= width;
        put(buffer, (right, line.y), letter, 1, style);
        put(buffer, (right + 1, line.y), &n, width, model.theme.faint());
    }
    line.right().saturating_sub(right)
}

/// Draws the details of the selected name, or the repairs.
pub(super) fn draw_difference(model: &Model, layout: &Layout, area: Rect, buffer: &mut Buffer) {
    let Some(view) = &model.compare else { return };
    let title = if view.repairs { "Repairs" } else { "Difference" };
    pane::draw(model, Pane::Difference, area, pane::Titles::new(title), buffer);
    let inner = layout.text(Pane::Difference);
    if view.repairs {
        return text::draw(model, &view.repairs_text, view.repairs_scroll, inner, buffer);
    }
    let document = difference(view);
    text::draw(model, &document, view.detail, inner, buffer);
    let used = document::height(&document, inner.width.into()).min(inner.height.into()) as u16;
    // Numbers go before pictures: where both have no room, the terminal is to be made larger.
    let below = Rect { y: inner.y + used + 1, height: (inner.height - used).saturating_sub(1), ..inner };
    if let Some(bars) = histograms(view, below) {
        draw_histograms(model, &bars, Rect { height: below.height.min(HIGHEST), ..below }, buffer);
    }
}

/// The details of the selected name, with statistics where they are shown.
pub fn difference(view: &CompareView) -> document::Document {
    let mut document = doc::compare::selected(view);
    let pair = view.row().and_then(|row| row.pair).filter(|_| view.with_stats);
    if let Some(pair) = pair {
        let known = view.stats.as_ref().filter(|stats| stats.pair == pair);
        doc::compare::statistics(known.and_then(|stats| stats.sides.as_deref()), &mut document);
    }
    document
}

fn histograms(view: &CompareView, area: Rect) -> Option<Bars> {
    if !view.with_stats || area.height < LOWEST || area.width < 10 {
        return None;
    }
    let pair = view.row()?.pair?;
    let stats = view.stats.as_ref().filter(|stats| stats.pair == pair)?;
    let [Ok(a), Ok(b)] = stats.sides.as_deref()? else { return None };
    let sides: [&TensorStats; 2] = [a, b];
    if sides.iter().any(|stats| stats.moments.count < 2) {
        return None;
    }
    Bars::of(sides, usize::from(area.width) - 2)
}

/// Two histograms above one axis, of one height for one share.
fn draw_histograms(model: &Model, bars: &Bars, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    put(buffer, (area.x, area.y), "Histograms on one axis", area.width, theme.strong());
    let rows = (area.height.saturating_sub(2)) / 2;
    let most = bars.most();
    for (n, (name, shares)) in ["A", "B"].into_iter().zip(&bars.shares).enumerate() {
        let bottom = area.y + rows * (n as u16 + 1);
        put(buffer, (area.x, bottom), name, 1, theme.strong());
        for (x, share) in (area.x + 2..area.right()).zip(shares) {
            let eighths = if most > 0.0 { (share / most * f64::from(rows) * 8.0).ceil() as u16 } else { 0 };
            for row in 0..rows {
                let filled = eighths.saturating_sub(row * 8).min(8);
                let letter = match filled {
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
                put(buffer, (x, bottom - row), letter, 1, theme.line(n));
            }
        }
    }
    let axis = Rect { x: area.x + 2, y: area.y + area.height - 1, width: area.width - 2, height: 1 };
    put(buffer, (axis.x, axis.y), &number::metric(bars.range.0), axis.width, theme.faint());
    put_right(buffer, axis, &number::metric(bars.range.1), theme.faint());
}

/// What the header says of the whole.
pub(super) fn going_on(view: &CompareView) -> String {
    let Some(data) = &view.data else { return String::new() };
    let names = of(data.report.reference.items.len() as u64, "key");
    if view.is_complete { format!("{names} in A") } else { "stopped; r compares again".to_owned() }
}
