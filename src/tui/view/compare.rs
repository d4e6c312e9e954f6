//! The comparison: a line for each name of either side with its mark, and what there is to know of the selected one.
//!
//! A mark is a letter of its own; its colour only says it again.

mod panel;
mod sections;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::{layers, pane, put, put_right, rows, text};
use crate::compare::keys::Item;
use crate::text::fit::{self, Keep};
use crate::text::{number, shown};
use crate::tui::doc::{self, of};
use crate::tui::layout::Layout;
use crate::tui::model::compare::entries::{Entry, What};
use crate::tui::model::compare::rows::{Kind, Mark, Row};
use crate::tui::model::compare::{CompareView, Counts, Listed};
use crate::tui::model::document::{self, Line, Scroll};
use crate::tui::model::filter::Fuzzy;
use crate::tui::model::jobs::TaskKind;
use crate::tui::model::{Model, Pane};
use crate::tui::update::missing_values;

/// Cells of a list that has no room for shapes beside changes, and of one that has room for columns of them.
const NARROW: u16 = 40;
const WIDE: u16 = 64;
/// Cells of the column of shapes.
const SHAPE: usize = 16;

pub(super) use panel::draw as draw_difference;
pub(super) use sections::draw as draw_sections;

/// Draws the list; returns the cell of the selected line.
pub(super) fn draw(model: &Model, layout: &Layout, area: Rect, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let view = model.compare.as_ref()?;
    pane::draw(model, Pane::Keys, area, titles(model, view), buffer);
    let inner = layout.inner(Pane::Keys);
    let Some(listed) = view.listed() else {
        waiting(model, view, inner, buffer);
        return None;
    };
    summary(model, view, inner, buffer);
    let list = layout.rows(Pane::Keys);
    if view.visible.is_empty() {
        rows::empty(model, list, &[model.keys.spell(nothing(view)).into_owned()], buffer);
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

fn titles(model: &Model, view: &CompareView) -> pane::Titles {
    let title = vec![Span::raw("Keys")];
    let mut below = Vec::new();
    below.extend(sections(view));
    if view.after {
        below.push("after the repair".to_owned());
    }
    if view.only_differences {
        below.push("only differences".to_owned());
    }
    if view.is_by_change() {
        below.push("largest change first".to_owned());
    }
    if !view.pattern.is_empty() {
        below.push(format!("/{}", shown(&view.pattern)));
    }
    pane::Titles { title, below: below.join(&format!(" {} ", model.theme.glyphs.middot)) }
}

/// Which sections are compared, where a file has more than one.
fn sections(view: &CompareView) -> Option<String> {
    let data = view.data.as_ref().filter(|data| data.sections.len() > 1)?;
    let [a, b] = [&data.report.reference, &data.report.candidate].map(|side| section_label(&side.section));
    Some(if a == b { a } else { format!("A {a}, B {b}") })
}

/// How a section is called.
fn section_label(name: &str) -> String {
    if name.is_empty() { "the whole file".to_owned() } else { shown(name).into_owned() }
}

/// Before there is anything to show: that the files are being read, or why they cannot be.
fn waiting(model: &Model, view: &CompareView, area: Rect, buffer: &mut Buffer) {
    if view.failure.is_empty() {
        let words = if model.jobs.task(TaskKind::Compare).is_some() {
            "Reading both checkpoints ..."
        } else {
            "Stopped. {rescan} reads both again, {back} goes back."
        };
        return rows::empty(model, area, &[model.keys.spell(words).into_owned()], buffer);
    }
    let mut document = vec![Line::Heading("These two cannot be compared.".to_owned()), Line::Blank];
    document.extend(
        view.failure.iter().map(|reason| Line::Item(document::Mark::Error, shown(reason).into_owned())),
    );
    document.push(Line::Blank);
    document.push(Line::Keys("{rescan} reads both again, {back} goes back; {mark} marks other checkpoints."));
    let text = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    text::draw(model, &document, Scroll::default(), text, buffer);
}

fn nothing(view: &CompareView) -> &'static str {
    if !view.pattern.is_empty() {
        "No name matches. {back} lifts the filter."
    } else if view.only_differences && !view.is_complete() {
        "No difference so far. {only-differences} shows all names."
    } else if view.only_differences {
        "Nothing differs. {only-differences} shows all names."
    } else {
        "There are no names."
    }
}

/// The letter of a mark, and how it looks.
fn glyph(model: &Model, mark: Mark) -> (&'static str, Style) {
    let theme = model.theme;
    let style = match mark {
        Mark::Values => theme.warning(),
        Mark::Differs | Mark::Missing | Mark::Unread => theme.error(),
        Mark::Unexpected => theme.good(),
        Mark::Equal | Mark::Filled | Mark::Open => theme.faint(),
    };
    (mark.letter(theme.glyphs.ascii), style)
}

/// Two lines above the list: whether it loads, and how many names have each mark.
fn summary(model: &Model, view: &CompareView, inner: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let Some(data) = &view.data else { return };
    let (good, verdict) = doc::compare::verdict(data, view.after);
    let style = match good {
        document::Mark::Good => theme.good(),
        document::Mark::Warning | document::Mark::Dot => theme.warning(),
        document::Mark::Error => theme.error(),
    };
    let room = inner.width.saturating_sub(1);
    let verdict = fit::cut(&verdict, room.into(), Keep::Start, theme.glyphs.cut);
    put(buffer, (inner.x + 1, inner.y), &verdict, room, style);
    let there: Vec<(Mark, usize)> = Mark::ALL.into_iter().zip(view.counts).filter(|(_, n)| *n > 0).collect();
    let part = |(mark, n): &(Mark, usize), words: bool| {
        let n = number::grouped(*n as u64);
        if words { format!(" {n} {}", mark.words()) } else { format!(" {n}") }
    };
    heading(model, view, inner, buffer);
    let width =
        |words| there.iter().map(|one| fit::width(&part(one, words)) + 3).sum::<usize>().saturating_sub(2);
    let words = width(true) <= usize::from(room);
    let mut x = inner.x + 1;
    for one in &there {
        let (letter, style) = glyph(model, one.0);
        let line = inner.y + 1;
        x += put(buffer, (x, line), letter, inner.right().saturating_sub(x), style);
        x += put(buffer, (x, line), &part(one, words), inner.right().saturating_sub(x), theme.text()) + 2;
    }
}

/// What stands at the right of the names, where there is room to say so.
fn heading(model: &Model, view: &CompareView, inner: Rect, buffer: &mut Buffer) {
    let line = Rect { y: inner.y + 1, height: 1, width: inner.width.saturating_sub(1), ..inner };
    let is_changed = view.counts.get(Mark::Values as usize).is_some_and(|n| *n > 0);
    if inner.width >= WIDE && is_changed {
        put_right(buffer, line, &format!("change  {:>SHAPE$}", "shape"), model.theme.faint());
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
    let depth = if view.is_flat() { 0 } else { entry.depth.min(line.width / 4) };
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
            let note = note(view, row, line.width);
            let room = line.right().saturating_sub(indent + 1);
            let note = fit::cut(&note, usize::from(room) * 3 / 5, Keep::Start, theme.glyphs.cut);
            let room = room.saturating_sub(fit::width(&note) as u16 + 1);
            put_right(buffer, Rect { width: line.width.saturating_sub(1), ..line }, &note, theme.faint());
            let full = if view.is_flat() { &*row.key } else { entry.label(&listed.rows) };
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
fn note(view: &CompareView, row: &Row, width: u16) -> String {
    let Some(data) = &view.data else { return String::new() };
    let shape = |item: &Item| match &item.other {
        Some(class) => shown(class).into_owned(),
        None => number::shape(&item.tensor.shape),
    };
    let items = data.items(row, view.after);
    match (row.kind, items) {
        (Kind::Shape | Kind::Type, [Some(a), Some(b)]) => format!("A {} B {}", shape(a), shape(b)),
        (Kind::Recast, [Some(a), Some(b)]) => {
            format!("A {} B {}  {}", a.tensor.dtype.name(), b.tensor.dtype.name(), shape(a))
        }
        (_, [Some(item), _] | [None, Some(item)]) => match view.values_of(row) {
            Some(Ok(diff)) if !diff.equal_values() => {
                let relative = relative(diff.relative_l2);
                match width {
                    ..NARROW => relative,
                    NARROW..WIDE => format!("{relative}  {}", shape(item)),
                    WIDE.. => format!("{relative}  {:>SHAPE$}", shape(item)),
                }
            }
            _ => shape(item),
        },
        (_, [None, None]) => String::new(),
    }
}

fn relative(x: f64) -> String {
    match x {
        x if !x.is_finite() => "from zero".to_owned(),
        x if x > 0.999 => format!("{}%", number::grouped((x * 100.0).round() as u64)),
        x => number::percent(x),
    }
}

/// What differs below a module, at the right, or that nothing does; the cells it takes.
fn draw_counts(model: &Model, counts: Counts, line: Rect, buffer: &mut Buffer) -> u16 {
    let there = || Mark::ALL.into_iter().zip(counts).filter(|(_, n)| *n > 0);
    let differs = there().any(|(mark, _)| mark.is_difference());
    let told = there().filter(|(mark, _)| mark.is_difference() || !differs && *mark != Mark::Filled);
    let mut right = line.right().saturating_sub(1);
    for (mark, n) in told.collect::<Vec<_>>().into_iter().rev() {
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

/// What the header says of the whole.
pub(super) fn going_on(model: &Model) -> String {
    let Some(data) = model.compare.as_ref().and_then(|view| view.data.as_ref()) else { return String::new() };
    missing_values(model).unwrap_or_else(|| {
        let [a, b] = [&data.report.reference, &data.report.candidate].map(|side| side.items.len() as u64);
        format!("A {}, B {}", of(a, "key"), number::grouped(b))
    })
}
