//! `--print-keys`: which keys do what.

use serde_json::json;

use crate::cli::output::{Failure, Out};
use crate::cli::style::Style;
use crate::cli::table::{self, Cell, Column};
use crate::tui::bindings::Bindings;
use crate::tui::commands::{Entry, by_group};

/// Prints the keys in force, in the order of the help.
pub(in crate::cli) fn print(
    keys: &Bindings,
    as_json: bool,
    style: &Style,
    out: &mut Out,
) -> Result<(), Failure> {
    let entries: Vec<&Entry> = by_group().collect();
    if as_json {
        let rows = entries.iter().map(|entry| {
            json!({"command": entry.id, "keys": keys.of(entry.command), "title": entry.title, "group": entry.group.title()})
        });
        return out.json(&json!({"keys": rows.collect::<Vec<_>>()}));
    }
    let columns = [Column::left("KEYS"), Column::left("COMMAND"), Column::remark("WHAT IT DOES")];
    table::write(out, style, &columns, entries.len(), &|at| {
        let Some(entry) = entries.get(at) else { return Vec::new() };
        let keys = keys.of(entry.command).join(", ");
        vec![Cell::from(keys), Cell::from(entry.id), Cell::from(entry.title)]
    })?;
    Ok(())
}
