//! The rows of the list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::columns::placed;
use super::super::{put, put_right, rows};
use super::table::{self, Column, INDENT};
use crate::runs::{CheckpointRow, Role, Skipped, Status};
use crate::text::fit::{self, Keep};
use crate::text::number;
use crate::text::{shown, shown_path};
use crate::tui::doc::of;
use crate::tui::model::Model;
use crate::tui::model::home::RunFacts;
use crate::tui::model::listing::file_name;
use crate::tui::update::mark_letter;

/// Widest sparkline.
const SPARK: usize = 24;

/// Draws a run: its name, its curve in small, its best value.
pub(super) fn run(model: &Model, at: usize, line: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let Some(run) = model.home.index.runs.get(at) else { return };
    let is_open = !model.home.list.folded.contains(&run.path) || !model.home.list.pattern.is_empty();
    let fold = if is_open { theme.glyphs.open } else { theme.glyphs.closed };
    put(buffer, (line.x + 1, line.y), fold, 1, theme.faint());
    let facts = model.home.facts_of.get(at);
    let count = format!(" ({})", run.checkpoints.len());
    let name = shown(&run.name);
    let mut right = line.right().saturating_sub(1);
    if let Some(best) = facts.and_then(|f| f.best.as_ref()) {
        let value = number::metric(best.value);
        right = right.saturating_sub(fit::width(&value) as u16);
        put(buffer, (right, line.y), &value, line.width, theme.strong());
        right = right.saturating_sub(2);
        put(buffer, (right, line.y), theme.glyphs.best, 1, theme.good());
    }
    let start = line.x + 3;
    let room = usize::from(right.saturating_sub(start));
    let left = room.saturating_sub(fit::width(&name) + fit::width(&count) + 2);
    if let Some(facts) = facts.filter(|f| left >= 5 && f.values.len() > 1) {
        let spark = sparkline(model, &facts.values, left.min(SPARK));
        let x = right.saturating_sub(fit::width(&spark) as u16 + 1);
        put(buffer, (x, line.y), &spark, line.width, theme.curve());
    }
    let name = fit::cut(&name, room.saturating_sub(fit::width(&count) + 1), Keep::End, theme.glyphs.cut);
    let used = put(buffer, (start, line.y), &name, room as u16, theme.strong());
    put(buffer, (start + used, line.y), &count, (room as u16).saturating_sub(used), theme.faint());
}

/// Heights of a metric over a run. What is no number has a mark of its own.
fn sparkline(model: &Model, values: &[f64], cells: usize) -> String {
    let glyphs = model.theme.glyphs;
    let finite = values.iter().copied().filter(|v| v.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let cells = cells.min(values.len());
    let mut out = String::new();
    for cell in 0..cells {
        // The last value of those that share the cell.
        let at = ((cell + 1) * values.len()).div_ceil(cells).saturating_sub(1);
        let value = values.get(at).copied().unwrap_or(f64::NAN);
        let height = if high > low { ((value - low) / (high - low) * 7.0).round() } else { 3.0 };
        let glyph = glyphs.spark.get(height as usize).copied().filter(|_| value.is_finite());
        out.push_str(glyph.unwrap_or(glyphs.broken));
    }
    out
}

/// Draws a checkpoint, or why it cannot be read.
pub(super) fn checkpoint(
    model: &Model,
    (row, facts): (&CheckpointRow, Option<&RunFacts>),
    line: Rect,
    (name, columns): (u16, &[Column]),
    buffer: &mut Buffer,
) {
    let theme = model.theme;
    let best = facts.and_then(|f| f.best.as_ref());
    let is_best = best.is_some_and(|b| b.path == row.path);
    let (badge, badge_style) = badge(model, row, is_best);
    put(buffer, (line.x + 2, line.y), badge, 1, badge_style);
    if let Some(letter) = mark_letter(model, &row.path) {
        put(buffer, (line.x, line.y), letter, 1, theme.warning());
    }
    if model.home.bookmarks.iter().any(|mark| mark.path == row.path) {
        put(buffer, (line.x + 1, line.y), rows::bookmark(model), 1, theme.warning());
    }
    let opened = model.opened_path() == Some(&row.path);
    let name_style = if opened { theme.strong() } else { theme.text() };
    let unreadable = matches!(row.status, Status::Truncated | Status::Broken) && row.error.is_some();
    let room = if unreadable { name.max(line.width / 2) } else { name }.saturating_sub(INDENT);
    let text = shown(&file_name(&row.path)).into_owned();
    let cut = fit::cut(&text, usize::from(room), Keep::End, theme.glyphs.cut);
    let used = put(buffer, (line.x + INDENT, line.y), &cut, room, name_style);
    let beside = (line.x + INDENT + used + 1, line.y);
    if unreadable {
        let reason = format!("{}: {}", row.status.name(), shown(row.error.as_deref().unwrap_or_default()));
        let left = (line.right()).saturating_sub(beside.0 + 1);
        let reason = fit::cut(&reason, usize::from(left), Keep::Start, theme.glyphs.cut);
        put(buffer, beside, &reason, left, theme.error());
        return;
    }
    let notes = notes(row, &text);
    let left = room.saturating_sub(used + 1);
    // A few letters of a remark say nothing.
    if fit::width(&notes) <= left.into() || left > 6 {
        let notes = fit::cut(&notes, left.into(), Keep::Start, theme.glyphs.cut);
        put(buffer, beside, &notes, left, theme.faint());
    }
    let metric = facts.and_then(|f| f.metric.as_deref());
    for (area, column) in placed(line, name, columns) {
        if let Some((text, style)) = table::cell(model, row, column.what, metric, is_best) {
            put_right(buffer, area, &text, style);
        }
    }
}

fn badge(model: &Model, row: &CheckpointRow, is_best: bool) -> (&'static str, Style) {
    let theme = model.theme;
    match row.status {
        Status::Truncated | Status::Broken => (theme.glyphs.broken, theme.error()),
        Status::RunsCode => ("!", theme.error()),
        Status::Growing => ("~", theme.warning()),
        Status::Ok if is_best => (theme.glyphs.best, theme.good()),
        Status::Ok => (" ", theme.text()),
    }
}

/// Words beside a name: what it is a copy of, and parts it plays that its name does not say.
fn notes(row: &CheckpointRow, name: &str) -> String {
    let mut parts = Vec::new();
    if let Some(other) = &row.same_as {
        parts.push(format!("= {}", shown(&file_name(other))));
    }
    let roles = row.roles.iter().filter(|role| **role != Role::Best && !name.contains(role.name()));
    parts.extend(roles.map(|role| role.name().to_owned()));
    parts.join(" ")
}

/// Draws the heading of what was not read.
pub(super) fn skipped_heading(model: &Model, line: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let fold = if model.home.list.skipped_open { theme.glyphs.open } else { theme.glyphs.closed };
    put(buffer, (line.x + 1, line.y), fold, 1, theme.faint());
    let text = format!("not read: {}", of(model.home.index.skipped.len() as u64, "path"));
    put(buffer, (line.x + 3, line.y), &text, line.width.saturating_sub(3), theme.faint());
}

/// Draws a path that was not read, and why.
pub(super) fn skipped(model: &Model, path: &Skipped, line: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let room = line.width.saturating_sub(INDENT);
    let half = usize::from(room / 2);
    let name = shown_path(&path.path);
    let name = fit::cut(&name, half, Keep::End, theme.glyphs.cut);
    let used = put(buffer, (line.x + INDENT, line.y), &name, room, theme.text());
    let left = room.saturating_sub(used + 2);
    let reason = shown(&path.reason);
    let reason = fit::cut(&reason, usize::from(left), Keep::Start, theme.glyphs.cut);
    put(buffer, (line.x + INDENT + used + 2, line.y), &reason, left, theme.faint());
}
