//! The list of commands as the help shows it, searched.

use super::commands::{self, Entry, Group};
use super::model::filter::Fuzzy;

/// A row of the help.
#[derive(Debug, Clone, Copy)]
pub enum Row {
    /// A heading.
    Heading(Group),
    /// A command.
    Command(&'static Entry),
}

/// All commands under their headings; with a query those that match it, best first.
pub fn rows(query: &str) -> Vec<Row> {
    let Some(mut fuzzy) = Fuzzy::new(query) else { return all() };
    let mut found: Vec<(u32, &Entry)> = commands::TABLE
        .iter()
        .filter_map(|e| {
            let text = format!("{} {} {}", e.title, e.id, e.keys.join(" "));
            Some((fuzzy.score(&text)?, e))
        })
        .collect();
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, e)| Row::Command(e)).collect()
}

fn all() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut group = None;
    for entry in commands::by_group() {
        if group != Some(entry.group) {
            group = Some(entry.group);
            rows.push(Row::Heading(entry.group));
        }
        rows.push(Row::Command(entry));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::commands::Command;

    #[test]
    fn every_command_is_listed_and_can_be_found_by_words_of_its_title() {
        let listed = rows("").iter().filter(|r| matches!(r, Row::Command(_))).count();
        assert_eq!(listed, commands::TABLE.len());
        let first = rows("snippet").into_iter().next();
        assert!(matches!(first, Some(Row::Command(e)) if e.command == Command::Copy), "{first:?}");
        assert!(rows("qqqqqqqq").is_empty());
    }
}
