//! The files a folder checkpoint is made of.

use std::io::{self, Write};

use super::title;
use crate::checkpoint::{Checkpoint, Shard, ShardStatus};
use crate::cli::style::{Style, Tone};
use crate::cli::table::{self, Cell, Column};
use crate::text::{number, shown, shown_path};

/// Files listed that nothing is wrong with, unless all are asked for.
const MOST: usize = 24;

pub(super) fn write(checkpoint: &Checkpoint, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let all = checkpoint.shards();
    if all.is_empty() {
        return Ok(());
    }
    title(out, style, "Files")?;
    let most = if style.verbose { usize::MAX } else { MOST };
    // What is wrong is always among them.
    let (bad, good): (Vec<&Shard>, Vec<&Shard>) = all.iter().partition(|s| s.status.is_bad());
    let left = good.len().saturating_sub(most);
    let listed: Vec<&Shard> = bad.into_iter().chain(good.into_iter().take(most)).collect();
    let columns = [
        Column::elastic("NAME"),
        Column::left("WHAT IT IS").spare(2),
        Column::right("TENSORS").spare(3),
        Column::right("BYTES"),
        Column::left("STATUS"),
        Column::remark("NOTE"),
    ];
    table::write(out, style, &columns, listed.len(), &|at| {
        listed.get(at).map(|shard| cells(checkpoint, shard)).unwrap_or_default()
    })?;
    if left > 0 {
        writeln!(out, "  {} {left} more (-v shows them)", style.ellipsis())?;
    }
    Ok(())
}

fn cells(checkpoint: &Checkpoint, shard: &Shard) -> Vec<Cell> {
    let tone = if shard.status.is_bad() { Tone::Bad } else { Tone::Plain };
    let bytes = if shard.status == ShardStatus::Missing { String::new() } else { number::bytes(shard.bytes) };
    vec![
        Cell::toned(shown_path(checkpoint.below(shard)), tone),
        shown(&shard.role).into_owned().into(),
        shard.tensors.map(number::grouped).unwrap_or_default().into(),
        bytes.into(),
        Cell::toned(shard.status.name().to_owned(), tone),
        shard.note.as_deref().map(|note| shown(note).into_owned()).unwrap_or_default().into(),
    ]
}
