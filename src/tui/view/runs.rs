//! The list of runs and checkpoints.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::columns::{self, placed};
use super::{pane, put, put_right, rows};
use crate::runs::{CheckpointRow, Role, Run, Skipped, Status};
use crate::text::number;
use crate::text::{shown, shown_path};
use crate::tui::doc::of;
use crate::tui::fit::{self, Keep};
use crate::tui::layout::Layout;
use crate::tui::model::home::RunFacts;
use crate::tui::model::listing::{Order, Row, file_name, metric_of};
use crate::tui::model::{Model, Pane, Place};

/// What a column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Epoch,
    Step,
    Metric,
    Size,
    Parameters,
    Tensors,
}

type Column = columns::Column<What>;

const COLUMNS: [Column; 6] = [
    Column { what: What::Epoch, width: 5, rank: 1 },
    Column { what: What::Step, width: 9, rank: 3 },
    Column { what: What::Metric, width: 9, rank: 0 },
    Column { what: What::Size, width: 8, rank: 2 },
    Column { what: What::Parameters, width: 6, rank: 4 },
    Column { what: What::Tensors, width: 7, rank: 5 },
];

/// Cells a name has at least where the pane is wide, its indent and badge included.
const NAME: u16 = 32;
/// Cells before the name of a checkpoint: indent, badge, gap.
const INDENT: u16 = 4;
/// Widest sparkline.
const SPARK: usize = 24;

/// Draws the pane; returns the cell of the selected row.
pub(super) fn draw(model: &Model, layout: &Layout, area: Rect, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let list = &model.home.list;
    pane::draw(model, Pane::Runs, area, pane::Titles::new("Runs").below(below(model)), buffer);
    let inner = layout.inner(Pane::Runs);
    let area = layout.rows(Pane::Runs);
    if list.rows.is_empty() {
        rows::empty(model, inner, &nothing(model), buffer);
        return None;
    }
    let used = used(model);
    let wanted: Vec<Column> = COLUMNS.into_iter().filter(|c| used.contains(&c.what)).collect();
    let width = area.width.saturating_sub(1);
    let (name, columns) = columns::fitting(&wanted, width, NAME.min(width * 2 / 5));
    headings(model, Rect { height: 1, ..inner }, name, &columns, buffer);
    rows::draw(model, Pane::Runs, area, list.cursor, list.rows.len(), buffer, |at, line, buffer| {
        match list.rows.get(at) {
            Some(Row::Run(run)) => draw_run(model, *run, line, buffer),
            Some(Row::Checkpoint(run, at)) => {
                let run_facts = model.home.facts_of.get(*run);
                let run = model.home.index.runs.get(*run);
                let row = run.and_then(|r| r.checkpoints.get(*at));
                if let Some((run, row)) = run.zip(row) {
                    draw_checkpoint(model, (run, row, run_facts), line, (name, &columns), buffer);
                }
            }
            Some(Row::SkippedHeading) => draw_skipped_heading(model, line, buffer),
            Some(Row::Skipped(at)) => {
                if let Some(skipped) = model.home.index.skipped.get(*at) {
                    draw_skipped(model, skipped, line, buffer);
                }
            }
            None => {}
        }
    })
}

fn below(model: &Model) -> String {
    let list = &model.home.list;
    let mut parts = Vec::new();
    if list.order != Order::Training || list.descending {
        let arrow = if list.descending { model.theme.glyphs.down } else { model.theme.glyphs.up };
        parts.push(format!("{} {arrow}", list.order.title()));
    }
    if !list.pattern.is_empty() {
        let all = model.home.checkpoints();
        parts.push(format!("/{}  {} of {all}", fit::head(&shown(&list.pattern), 24), list.hits));
    }
    parts.join(&format!(" {} ", model.theme.glyphs.middot))
}

/// Words for an empty list: what is going on, and what to do.
fn nothing(model: &Model) -> Vec<String> {
    let home = &model.home;
    if !home.list.pattern.is_empty() {
        return vec![
            format!("Nothing matches \"{}\".", shown(&home.list.pattern)),
            "Esc lifts the filter.".to_owned(),
        ];
    }
    if model.jobs.scan.is_some() {
        return vec!["Looking for checkpoints ...".to_owned()];
    }
    let paths: Vec<String> = home.paths.iter().map(|p| shown_path(p)).collect();
    vec![
        format!("No checkpoint found in {}.", paths.join(", ")),
        String::new(),
        "Files are recognised by their content: PyTorch .pt, .pth, .ckpt, .bin, .tar and safetensors."
            .to_owned(),
        String::new(),
        "Start it as  ckpt-tui FOLDER  or  ckpt-tui FILE;  r looks again,  q quits.".to_owned(),
    ]
}

/// The columns that hold anything in this list.
fn used(model: &Model) -> Vec<What> {
    let mut used = vec![What::Size, What::Parameters];
    // The list beside an opened checkpoint is there to go to the next one.
    if model.place == Place::Home {
        used.push(What::Tensors);
    }
    let rows = || model.home.index.runs.iter().flat_map(|run| &run.checkpoints);
    if rows().any(|row| row.training.progress.epoch.is_some()) {
        used.push(What::Epoch);
    }
    if rows().any(|row| row.training.progress.step.is_some()) {
        used.push(What::Step);
    }
    if model.home.facts_of.iter().any(|facts| facts.metric.is_some()) {
        used.push(What::Metric);
    }
    used
}

fn headings(model: &Model, line: Rect, name: u16, columns: &[Column], buffer: &mut Buffer) {
    let theme = model.theme;
    let order = model.home.list.order;
    let arrow = if model.home.list.descending { theme.glyphs.down } else { theme.glyphs.up };
    let title = |text: &str, sorted: bool| if sorted { format!("{arrow} {text}") } else { text.to_owned() };
    put(buffer, (line.x + INDENT, line.y), &title("name", order == Order::Name), name, theme.faint());
    let metrics = || model.home.facts_of.iter().filter_map(|facts| facts.metric.as_deref());
    let metric = metrics().next().filter(|first| metrics().all(|m| m == *first));
    for (area, column) in placed(line, name, columns) {
        let text = match column.what {
            What::Epoch => "epoch".to_owned(),
            What::Step => "step".to_owned(),
            What::Metric => title(&shown(metric.unwrap_or("metric")), order == Order::Metric),
            What::Size => title("size", order == Order::Size),
            What::Parameters => "params".to_owned(),
            What::Tensors => "tensors".to_owned(),
        };
        let text = fit::cut(&text, usize::from(area.width), Keep::Start, theme.glyphs.cut);
        put_right(buffer, area, &text, theme.faint());
    }
}

fn draw_run(model: &Model, at: usize, line: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let Some(run) = model.home.index.runs.get(at) else { return };
    let is_open = !model.home.list.folded.contains(&run.path) || !model.home.list.pattern.is_empty();
    let fold = if is_open { theme.glyphs.open } else { theme.glyphs.closed };
    put(buffer, (line.x + 1, line.y), fold, 1, theme.faint());
    let facts = model.home.facts_of.get(at);
    let best = run.best.as_ref().map(|b| format!(" {} {}", theme.glyphs.best, number::metric(b.value)));
    let best = best.unwrap_or_default();
    let count = format!(" ({})", run.checkpoints.len());
    let name = shown(&run.name);
    let taken = fit::width(&name) + fit::width(&count) + 4;
    let room = usize::from(line.width).saturating_sub(taken + fit::width(&best) + 2);
    let spark = match facts {
        Some(facts) if room >= 5 && facts.values.len() > 1 => {
            sparkline(model, &facts.values, room.min(SPARK))
        }
        _ => String::new(),
    };
    let right = Rect { width: line.width.saturating_sub(1), ..line };
    let best_cells = fit::width(&best) as u16;
    put_right(buffer, right, &best, theme.strong());
    put(
        buffer,
        (right.right().saturating_sub(best_cells) + 1, line.y),
        best.trim_start().get(..theme.glyphs.best.len()).unwrap_or_default(),
        1,
        theme.good(),
    );
    put_right(buffer, Rect { width: right.width.saturating_sub(best_cells), ..right }, &spark, theme.curve());
    let free = usize::from(line.width).saturating_sub(4 + usize::from(best_cells) + fit::width(&spark));
    let shown_name = fit::cut(&name, free.saturating_sub(fit::width(&count)), Keep::End, theme.glyphs.cut);
    let used = put(buffer, (line.x + 3, line.y), &shown_name, free as u16, theme.strong());
    put(buffer, (line.x + 3 + used, line.y), &count, free as u16 - used.min(free as u16), theme.faint());
}

/// Heights of a metric over a run. What is no number has a mark of its own.
pub(super) fn sparkline(model: &Model, values: &[f64], cells: usize) -> String {
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

fn draw_checkpoint(
    model: &Model,
    (run, row, facts): (&Run, &CheckpointRow, Option<&RunFacts>),
    line: Rect,
    (name, columns): (u16, &[Column]),
    buffer: &mut Buffer,
) {
    let theme = model.theme;
    let is_best = run.best.as_ref().is_some_and(|b| b.path == row.path);
    let (badge, badge_style) = badge(model, row, is_best);
    put(buffer, (line.x + 2, line.y), badge, 1, badge_style);
    let opened = model.opened_path() == Some(&row.path);
    let name_style = if opened { theme.strong() } else { theme.text() };
    let unreadable = row.format.is_none() && row.error.is_some();
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
        if let Some((text, style)) = cell(model, row, column.what, metric, is_best) {
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

fn cell(
    model: &Model,
    row: &CheckpointRow,
    what: What,
    metric: Option<&str>,
    is_best: bool,
) -> Option<(String, Style)> {
    let theme = model.theme;
    let progress = &row.training.progress;
    Some(match what {
        What::Epoch => (number::epoch(progress.epoch?), theme.text()),
        What::Step => (number::grouped(progress.step?), theme.text()),
        What::Metric => {
            let value = metric_of(row, metric?)?;
            let style = match value {
                v if !v.is_finite() => theme.error(),
                _ if is_best => theme.strong(),
                _ => theme.text(),
            };
            (number::metric(value), style)
        }
        What::Size => (number::bytes(row.bytes), theme.text()),
        What::Parameters => (number::count(row.parameters), theme.faint()),
        What::Tensors => (number::grouped(row.tensors as u64), theme.faint()),
    })
}

fn draw_skipped_heading(model: &Model, line: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let fold = if model.home.list.skipped_open { theme.glyphs.open } else { theme.glyphs.closed };
    put(buffer, (line.x + 1, line.y), fold, 1, theme.faint());
    let text = format!("not read: {}", of(model.home.index.skipped.len() as u64, "path"));
    put(buffer, (line.x + 3, line.y), &text, line.width.saturating_sub(3), theme.faint());
}

fn draw_skipped(model: &Model, skipped: &Skipped, line: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let room = line.width.saturating_sub(INDENT);
    let half = usize::from(room / 2);
    let path = shown_path(&skipped.path);
    let path = fit::cut(&path, half, Keep::End, theme.glyphs.cut);
    let used = put(buffer, (line.x + INDENT, line.y), &path, room, theme.text());
    let left = room.saturating_sub(used + 2);
    let reason = shown(&skipped.reason);
    let reason = fit::cut(&reason, usize::from(left), Keep::Start, theme.glyphs.cut);
    put(buffer, (line.x + INDENT + used + 2, line.y), &reason, left, theme.faint());
}
