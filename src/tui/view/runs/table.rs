//! The columns of the list: which there are, their headings, and what a cell says.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::columns::{self, placed};
use super::super::{put, put_right};
use crate::runs::CheckpointRow;
use crate::text::fit::{self, Keep};
use crate::text::number;
use crate::text::shown;
use crate::tui::model::listing::{Order, metric_of};
use crate::tui::model::{Model, Place};

/// What a column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Epoch,
    Step,
    Metric,
    Size,
    Parameters,
    Tensors,
}

pub(super) type Column = columns::Column<What>;

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
pub(super) const INDENT: u16 = 4;
/// The columns that fit into so many cells, and the cells that leaves for the name.
pub(super) fn fitting(model: &Model, width: u16) -> (u16, Vec<Column>) {
    let used = used(model);
    let wanted: Vec<Column> = COLUMNS.into_iter().filter(|c| used.contains(&c.what)).collect();
    columns::fitting(&wanted, width, NAME.min(width * 2 / 5))
}

/// The columns that hold anything in this list.
fn used(model: &Model) -> Vec<What> {
    let mut used = Vec::new();
    if model.home.facts_of.iter().any(|facts| facts.metric.is_some()) {
        used.push(What::Metric);
    }
    // The list beside an opened checkpoint is there to go to the next one: names matter most.
    if model.place == Place::Checkpoint {
        return used;
    }
    used.extend([What::Size, What::Parameters, What::Tensors]);
    let rows = || model.home.index.runs.iter().flat_map(|run| &run.checkpoints);
    if rows().any(|row| row.training.progress.epoch.is_some()) {
        used.push(What::Epoch);
    }
    if rows().any(|row| row.training.progress.step.is_some()) {
        used.push(What::Step);
    }
    used
}

/// Draws the line of headings.
pub(super) fn headings(model: &Model, line: Rect, name: u16, columns: &[Column], buffer: &mut Buffer) {
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

/// What a cell of a checkpoint's row says; nothing when that is not known.
pub(super) fn cell(
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
