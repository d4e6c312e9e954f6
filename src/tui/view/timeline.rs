//! The timeline: a line for each layer, a cell for each checkpoint, and what the cursor stands on in words.
//!
//! A cell is read by the height of its block (or by its ASCII character), and its colour only says it again.

mod halves;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::{pane, put, put_right, rows};
use crate::compare::timeline::Stop;
use crate::compare::timeline::scale::{Level, Measure, STEPS};
use crate::text::fit::{self, Keep};
use crate::text::{number, shown, shown_path};
use crate::tui::doc::of;
use crate::tui::layout::{HEAT_FOOT, Layout};
use crate::tui::model::listing::file_name;
use crate::tui::model::timeline::{Line, TimelineView};
use crate::tui::model::{Model, Pane};

/// Cells of a checkpoint at most.
const WIDEST: usize = 4;

/// Where names and cells are, for so many cells of width and checkpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    /// Cells of the names.
    pub names: u16,
    /// Cells of one checkpoint.
    pub cell: u16,
    /// Checkpoints that fit.
    pub visible: usize,
}

/// Shares the width out.
pub fn columns(width: u16, view: &TimelineView) -> Columns {
    let count = view.expected.max(view.data.checkpoints.len()).max(1);
    let longest = view.lines.iter().take(2_000).map(|line| fit::width(&line.name)).max().unwrap_or(0) + 7;
    let names = (longest as u16).clamp(12, (width / 2).max(12)).min(width);
    let room = usize::from(width.saturating_sub(names + 1));
    let cell = (room / count).clamp(1, WIDEST);
    Columns { names, cell: cell as u16, visible: (room / cell).min(count) }
}

pub(super) fn draw(model: &Model, layout: &Layout, area: Rect, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let view = model.timeline.as_ref()?;
    pane::draw(model, Pane::Timeline, area, titles(model, view, area), buffer);
    let inner = layout.inner(Pane::Timeline);
    if view.lines.is_empty() {
        rows::empty(model, inner, &nothing(model, view), buffer);
        return None;
    }
    let columns = columns(inner.width, view);
    axis(model, view, Rect { height: 1, ..inner }, columns, buffer);
    let heat = Rect { y: inner.y + 1, height: layout.heat_rows(), ..inner };
    let foot = Rect { y: heat.bottom(), height: inner.bottom().saturating_sub(heat.bottom()), ..inner };
    draw_foot(model, view, foot, buffer);
    let height = model.heat_lines();
    if height > usize::from(heat.height) {
        return halves::draw(model, view, heat, columns, buffer);
    }
    let window = view.cursor.window(view.lines.len(), height);
    let mut selected = None;
    for (y, at) in (heat.y..heat.bottom()).zip(window) {
        let Some(line) = view.lines.get(at) else { break };
        let here = at == view.cursor.at;
        draw_line(model, view, line, Rect { y, height: 1, ..heat }, columns, buffer);
        if here {
            let name = Rect { y, height: 1, width: columns.names.min(heat.width), ..heat };
            buffer.set_style(name, model.theme.selected());
            let x = cell_x(view, inner, columns, view.column);
            buffer
                .set_style(Rect { x, y, width: columns.cell, height: 1 }.intersection(heat), Style::reset());
            buffer.set_style(
                Rect { x, y, width: columns.cell, height: 1 }.intersection(heat),
                model.theme.selected(),
            );
            selected = Some((x.min(heat.right().saturating_sub(1)), y));
        }
    }
    rows::scroll_bar(model, heat, view.cursor.first, view.lines.len(), buffer);
    selected
}

fn titles(model: &Model, view: &TimelineView, area: Rect) -> pane::Titles {
    let dot = model.theme.glyphs.middot;
    let title = format!("Timeline: {} {dot} {}", view.measure.title(), view.grouping.title());
    let room = usize::from(area.width.saturating_sub(6));
    let title = fit::cut(&title, room, Keep::Start, model.theme.glyphs.cut).into_owned();
    let below = legend(model, view);
    pane::Titles {
        title: vec![Span::raw(title)],
        below: if fit::width(&below) <= room { below } else { String::new() },
    }
}

/// What the least and the most mean.
fn legend(model: &Model, view: &TimelineView) -> String {
    let (low, high) = (glyph(model, Level::Step(1)).0, glyph(model, Level::Step(STEPS)).0);
    let value = |x: f64| if view.measure == Measure::Change { percent(x) } else { number::metric(x) };
    let ramp = match view.scale.bounds() {
        Some((least, most)) => format!("{low} {} to {high} {}  ", value(least), value(most)),
        None if view.measure == Measure::Norm => format!("{low} to {high} largest of the line  "),
        None if view.measure == Measure::Rank => {
            return format!("{low} lowest to {high} highest of the line  blank: no matrix, or not computed");
        }
        None => String::new(),
    };
    let broken = glyph(model, Level::Broken).0;
    format!("{ramp}0 none  {broken} not finite")
}

fn cell_x(view: &TimelineView, inner: Rect, columns: Columns, column: usize) -> u16 {
    let at = column.saturating_sub(view.first_column) as u16;
    inner.x + columns.names + 1 + at * columns.cell
}

/// Epochs over the cells, where there is room for them, and a mark over the cursor's.
fn axis(model: &Model, view: &TimelineView, line: Rect, columns: Columns, buffer: &mut Buffer) {
    let theme = model.theme;
    let heading =
        if view.data.checkpoints.iter().any(|stop| stop.epoch.is_some()) { "epoch" } else { "step" };
    let names = Rect { width: columns.names.min(line.width), ..line };
    put(buffer, (line.x, line.y), view.grouping.title(), names.width.saturating_sub(6), theme.faint());
    put_right(buffer, names, heading, theme.faint());
    let last = (view.first_column + columns.visible).min(view.data.checkpoints.len());
    let mut free = line.x;
    for column in view.first_column..last {
        let x = cell_x(view, line, columns, column);
        let is_cursor = column == view.column;
        let text = view.data.checkpoints.get(column).map(|stop| label(stop, column)).unwrap_or_default();
        let width = fit::width(&text) as u16;
        let cursor_x = cell_x(view, line, columns, view.column);
        // The cursor's own label goes before those it would touch; `free` sees to those behind it.
        let hits_cursor = x < cursor_x && x + width + 1 > cursor_x;
        if is_cursor || x >= free && !hits_cursor {
            let style = if is_cursor { theme.lively() } else { theme.faint() };
            let x = x.min(line.right().saturating_sub(width.min(line.width)));
            put(buffer, (x, line.y), &text, line.right().saturating_sub(x), style);
            free = x + width + 1;
        }
    }
}

fn label(stop: &Stop, column: usize) -> String {
    match (stop.epoch, stop.step) {
        (Some(epoch), _) => number::epoch(epoch),
        (None, Some(step)) => number::count(step),
        (None, None) => format!("#{}", column + 1),
    }
}

fn draw_line(
    model: &Model,
    view: &TimelineView,
    line: &Line,
    area: Rect,
    columns: Columns,
    buffer: &mut Buffer,
) {
    let theme = model.theme;
    let note = match line {
        _ if line.points.iter().flatten().any(|p| p.nan > 0) => ("NaN", theme.error()),
        _ if line.is_frozen => ("frozen", theme.faint()),
        _ => ("", theme.text()),
    };
    let names = Rect { width: columns.names.min(area.width), ..area };
    let room = usize::from(names.width).saturating_sub(fit::width(note.0) + 1);
    let name = shown(&line.name);
    put(
        buffer,
        (area.x, area.y),
        &fit::cut(&name, room, Keep::End, theme.glyphs.cut),
        room as u16,
        theme.text(),
    );
    put_right(buffer, names, note.0, note.1);
    let last = (view.first_column + columns.visible).min(view.data.checkpoints.len());
    for column in view.first_column..last {
        let (text, style) = glyph(model, view.level(line, column));
        let x = cell_x(view, area, columns, column);
        for x in x..(x + columns.cell).min(area.right()) {
            put(buffer, (x, area.y), text, 1, style);
        }
    }
}

/// How a level looks.
fn glyph(model: &Model, level: Level) -> (&'static str, Style) {
    const ASCII: [&str; 8] = [".", ":", "-", "=", "+", "*", "#", "@"];
    let theme = model.theme;
    let ramp = if theme.glyphs.ascii { ASCII } else { theme.glyphs.spark };
    match level {
        Level::Unknown => (" ", theme.text()),
        Level::Zero => ("0", theme.faint()),
        Level::Broken => (theme.glyphs.broken, theme.error()),
        Level::Step(step) => {
            let text = ramp.get(usize::from(step.saturating_sub(1))).copied().unwrap_or(" ");
            (text, theme.heat(step, STEPS))
        }
    }
}

fn percent(x: f64) -> String {
    if x.is_finite() { format!("{}%", number::metric(x * 100.0)) } else { "from zero".to_owned() }
}

/// What the cursor stands on, and what there is to know of the whole.
fn draw_foot(model: &Model, view: &TimelineView, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let lines =
        [(read_out(model, view), theme.strong()), (place(model, view), theme.text()), findings(model, view)];
    let width = usize::from(area.width.saturating_sub(1));
    for (y, (text, style)) in (area.y..area.bottom()).zip(lines.iter().take(HEAT_FOOT.into())) {
        let text = fit::cut(text, width, Keep::Start, theme.glyphs.cut);
        put(buffer, (area.x + 1, y), &text, width as u16, *style);
    }
}

fn read_out(model: &Model, view: &TimelineView) -> String {
    let dot = format!(" {} ", model.theme.glyphs.middot);
    let Some(line) = view.line() else { return String::new() };
    let Some(point) = view.point() else { return "not in this checkpoint".to_owned() };
    let mut parts = Vec::new();
    if view.measure == Measure::Rank {
        parts.push(rank(view, line));
    }
    match (point.change, point.relative_change) {
        (Some(_), Some(_)) if point.moved == 0 => parts.push("unchanged".to_owned()),
        (Some(change), Some(relative)) => {
            parts.push(format!("changed by {} (L2 {})", percent(relative), number::metric(change)));
        }
        _ => parts.push("nothing before it to compare with".to_owned()),
    }
    parts.push(format!("norm {}", number::metric(point.l2)));
    if point.nan > 0 {
        parts.push(format!("{} NaN", number::grouped(point.nan)));
    }
    if point.inf > 0 {
        parts.push(format!("{} infinite", number::grouped(point.inf)));
    }
    if line.tensors > 1 {
        parts.push(of(line.tensors as u64, "tensor"));
    }
    parts.join(&dot)
}

/// The effective rank under the cursor.
fn rank(view: &TimelineView, line: &Line) -> String {
    let rank = line.ranks.get(view.column).copied().flatten();
    match (rank, line.rank_bounds()) {
        (Some(rank), Some((least, most))) => format!(
            "effective rank {} ({} to {} over the run)",
            number::metric(rank),
            number::metric(least),
            number::metric(most)
        ),
        _ if view.path().is_some_and(|path| !view.ranks.checkpoints.contains_key(path)) => {
            "effective rank not computed yet".to_owned()
        }
        _ => "no effective rank: no matrix, too large for all values, or not finite".to_owned(),
    }
}

fn place(model: &Model, view: &TimelineView) -> String {
    let dot = format!(" {} ", model.theme.glyphs.middot);
    let mut parts = Vec::new();
    if let Some(line) = view.line() {
        parts.push(shown(&line.name).into_owned());
    }
    if let Some(stop) = view.data.checkpoints.get(view.column) {
        parts.push(shown_path(&stop.path));
        if let Some(drift) = stop.ema_drift {
            parts.push(format!("EMA {} away", percent(drift)));
        }
    }
    parts.join(&dot)
}

fn findings(model: &Model, view: &TimelineView) -> (String, Style) {
    let theme = model.theme;
    let data = &view.data;
    let name = |at: usize| {
        data.checkpoints.get(at).map(|stop| shown(&file_name(&stop.path)).into_owned()).unwrap_or_default()
    };
    if let Some(nan) = data.first_nan() {
        let before = nan.checkpoint.checked_sub(1).map(|at| format!(", last without: {}", name(at)));
        let text = format!(
            "first NaN: {} in {}{}",
            shown(&nan.key),
            name(nan.checkpoint),
            before.unwrap_or_default()
        );
        return (text, theme.error());
    }
    let frozen = data.frozen().count() as u64;
    let mut parts = vec![if frozen > 0 { format!("{frozen} frozen") } else { "none frozen".to_owned() }];
    parts.push("no NaN".to_owned());
    if !data.skipped.is_empty() {
        parts.push(format!("{} not read", of(data.skipped.len() as u64, "checkpoint")));
    }
    if let (Measure::Rank, Some(backend)) = (view.measure, view.ranks.backend()) {
        parts.push(format!("ranks by {}", shown(backend)));
    }
    if !view.is_complete {
        parts.push(format!("{} of {} read", data.checkpoints.len(), view.expected));
    }
    (parts.join(&format!(" {} ", theme.glyphs.middot)), theme.faint())
}

/// Words for a timeline without lines.
fn nothing(model: &Model, view: &TimelineView) -> Vec<String> {
    if !view.is_complete {
        return vec![model.keys.spell("Reading the checkpoints ...  {back} stops.").into_owned()];
    }
    let words = "No history: none of these checkpoints holds a tensor that could be read. \
                 {back} goes back, where the list says what is wrong with each; {rescan} reads them again.";
    vec![model.keys.spell(words).into_owned()]
}
