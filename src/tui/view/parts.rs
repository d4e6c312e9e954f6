//! The parts of a checkpoint that is a folder.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::columns::{self, placed};
use super::{put, put_right, rows};
use crate::checkpoint::{Shard, ShardStatus};
use crate::text::fit::{self, Keep};
use crate::text::{number, shown};
use crate::tui::layout::Layout;
use crate::tui::model::browser::Browser;
use crate::tui::model::parts::Row;
use crate::tui::model::{Model, Pane};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Role,
    Tensors,
    Bytes,
    Status,
}

type Column = columns::Column<What>;

const COLUMNS: [Column; 4] = [
    Column { what: What::Role, width: 19, rank: 1 },
    Column { what: What::Tensors, width: 7, rank: 3 },
    Column { what: What::Bytes, width: 8, rank: 2 },
    Column { what: What::Status, width: 10, rank: 0 },
];

/// Cells a name needs at least: ranks and shards differ in the middle of long names.
const NAME: u16 = 22;

impl What {
    fn title(self) -> &'static str {
        match self {
            Self::Role => "what it is",
            Self::Tensors => "tensors",
            Self::Bytes => "bytes",
            Self::Status => "status",
        }
    }
}

/// Draws the tree of files; returns the cell of the selected row.
pub(super) fn draw(
    model: &Model,
    browser: &Browser,
    layout: &Layout,
    buffer: &mut Buffer,
) -> Option<(u16, u16)> {
    let area = layout.rows(Pane::Body);
    let inner = layout.inner(Pane::Body);
    let list = &browser.parts;
    if list.rows.is_empty() {
        rows::empty(model, inner, &["This checkpoint is one file.".to_owned()], buffer);
        return None;
    }
    let (name, columns) = columns::fitting(&COLUMNS, area.width.saturating_sub(1), NAME);
    let line = Rect { height: 1, ..inner };
    put(buffer, (line.x + 1, line.y), "file", name, model.theme.faint());
    for (cell, column) in placed(line, name, &columns) {
        place(buffer, cell, column.what, column.what.title(), model.theme.faint());
    }
    rows::draw(model, Pane::Body, area, list.cursor, list.rows.len(), buffer, |at, line, buffer| {
        match list.rows.get(at) {
            Some(Row::Group(group)) => draw_group(model, browser, *group, line, (name, &columns), buffer),
            Some(Row::File(file, inside)) => {
                if let Some(shard) = browser.checkpoint().shards().get(*file) {
                    draw_file(model, browser, shard, *inside, line, (name, &columns), buffer);
                }
            }
            None => {}
        }
    })
}

fn place(buffer: &mut Buffer, cell: Rect, what: What, text: &str, style: ratatui::style::Style) {
    if matches!(what, What::Role | What::Status) {
        put(buffer, (cell.x, cell.y), text, cell.width, style);
    } else {
        put_right(buffer, cell, text, style);
    }
}

fn draw_group(
    model: &Model,
    browser: &Browser,
    group: usize,
    line: Rect,
    (name, columns): (u16, &[Column]),
    buffer: &mut Buffer,
) {
    let theme = model.theme;
    let Some(held) = browser.parts.groups.get(group) else { return };
    let fold = if browser.parts.is_open(group) { theme.glyphs.open } else { theme.glyphs.closed };
    let text = format!("{fold} {}/", shown(&held.name));
    let cut = fit::cut(&text, usize::from(name.saturating_sub(1)), Keep::Start, theme.glyphs.cut);
    put(buffer, (line.x + 1, line.y), &cut, name, theme.strong());
    for (cell, column) in placed(line, name, columns) {
        let text = match column.what {
            What::Role => crate::tui::doc::of(held.files.len() as u64, "file"),
            What::Bytes => number::bytes(held.bytes),
            What::Status if held.bad > 0 => format!("! {} bad", held.bad),
            What::Tensors | What::Status => String::new(),
        };
        let style = if column.what == What::Status { theme.error() } else { theme.faint() };
        place(buffer, cell, column.what, &text, style);
    }
}

fn draw_file(
    model: &Model,
    browser: &Browser,
    shard: &Shard,
    inside: bool,
    line: Rect,
    (name, columns): (u16, &[Column]),
    buffer: &mut Buffer,
) {
    let theme = model.theme;
    let below = browser.checkpoint().below(shard);
    let whole = below.to_string_lossy();
    let text = if inside { whole.split_once(['/', '\\']).map_or(&*whole, |(_, rest)| rest) } else { &whole };
    let indent = if inside { 4 } else { 2 };
    let room = name.saturating_sub(1 + indent);
    let text = shown(text);
    let cut = fit::shorten(&text, usize::from(room), theme.glyphs.cut);
    let style = if shard.status.is_bad() { theme.error() } else { theme.text() };
    put(buffer, (line.x + 1 + indent, line.y), &cut, room, style);
    for (cell, column) in placed(line, name, columns) {
        let text = match column.what {
            What::Role => shard.role.clone(),
            What::Tensors => shard.tensors.map(number::grouped).unwrap_or_default(),
            What::Bytes if shard.status == ShardStatus::Missing => String::new(),
            What::Bytes => number::bytes(shard.bytes),
            What::Status => status(shard.status),
        };
        let text = fit::cut(&text, usize::from(cell.width), Keep::Start, theme.glyphs.cut);
        let style = if shard.status.is_bad() { theme.error() } else { theme.text() };
        place(buffer, cell, column.what, &text, style);
    }
}

/// A word, and a mark where something is wrong: not by colour alone.
fn status(status: ShardStatus) -> String {
    if status.is_bad() { format!("! {}", status.name()) } else { status.name().to_owned() }
}
