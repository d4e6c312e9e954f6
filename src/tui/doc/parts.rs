//! Details of one part of a checkpoint that is a folder.

use super::{fact, of};
use crate::checkpoint::{Shard, ShardStatus};
use crate::text::{number, shown, shown_path};
use crate::tui::model::browser::Browser;
use crate::tui::model::document::{Document, Line, Mark};
use crate::tui::model::parts::Row;

/// The text of the detail pane.
pub(super) fn document(browser: &Browser) -> Document {
    match browser.parts.row() {
        Some(Row::Group(at)) => browser.parts.groups.get(at).map(group).unwrap_or_default(),
        Some(Row::File(at, _)) => browser.checkpoint().shards().get(at).map(file).unwrap_or_default(),
        None => Vec::new(),
    }
}

fn group(group: &crate::tui::model::parts::Group) -> Document {
    let mut out = vec![Line::Heading(format!("{}/", shown(&group.name)))];
    out.push(fact("files", number::grouped(group.files.len() as u64)));
    out.push(fact("bytes", number::bytes(group.bytes)));
    if group.bad > 0 {
        out.push(Line::Item(
            Mark::Error,
            format!("something is wrong with {}", of(group.bad as u64, "file")),
        ));
    }
    out
}

fn file(shard: &Shard) -> Document {
    let name = shard.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let mut out = vec![Line::Heading(shown(&name).into_owned()), fact("what it is", shown(&shard.role))];
    if shard.status != ShardStatus::Missing {
        let exact = format!("{} ({})", number::grouped(shard.bytes), number::bytes(shard.bytes));
        out.push(fact("bytes", exact));
    }
    out.extend(shard.tensors.map(|n| fact("tensors", number::grouped(n))));
    let (mark, words) = match shard.status {
        ShardStatus::Ok => (Mark::Good, "read, and as it should be"),
        ShardStatus::Unread => (Mark::Dot, "there; opened when its values are asked for"),
        ShardStatus::Missing => (Mark::Error, "not there"),
        ShardStatus::Unnamed => (Mark::Warning, "there, and nothing names it"),
        ShardStatus::Unfinished => (Mark::Warning, "of a save that was not finished"),
        ShardStatus::Broken => (Mark::Error, "something is wrong with it"),
    };
    out.push(Line::Blank);
    out.push(Line::Item(mark, words.to_owned()));
    out.extend(shard.note.iter().map(|note| Line::Text(shown(note).into_owned())));
    out.push(Line::Blank);
    out.push(fact("path", shown_path(&shard.path)));
    if shard.status != ShardStatus::Missing {
        out.push(Line::Keys("{open} opens it by itself,"));
        out.push(Line::Keys("{back} comes back"));
    }
    out
}
