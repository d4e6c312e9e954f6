//! The list of commands as the help shows it, and the palette, which leaves out what means nothing here; searched.

use super::bindings::Bindings;
use super::commands::{self, Command, Entry, Group};
use super::model::filter::Fuzzy;
use crate::sorting::Sort as _;

/// A row of the help.
#[derive(Debug, Clone, Copy)]
pub enum Row {
    /// A heading.
    Heading(Group),
    /// A command.
    Command(&'static Entry),
}

/// All commands under their headings; with a query those that match it, best first. Only those `offered`.
pub fn rows(query: &str, keys: &Bindings, offered: impl Fn(&Entry) -> bool) -> Vec<Row> {
    let Some(mut fuzzy) = Fuzzy::new(query) else { return all(offered) };
    let mut found: Vec<(u32, &Entry)> = commands::TABLE
        .iter()
        .filter(|e| offered(e))
        .filter_map(|e| {
            let text =
                format!("{} {} {} {}", e.title, e.id, keys.of(e.command).join(" "), also_called(e.command));
            Some((fuzzy.score(&text)?, e))
        })
        .collect();
    found.in_order_of(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, e)| Row::Command(e)).collect()
}

/// What else a command may be looked for as.
fn also_called(command: Command) -> &'static str {
    match command {
        Command::Wider | Command::Narrower | Command::ResetPanes => {
            "resize change width size split border column"
        }
        Command::Quit | Command::QuitNow => "exit leave close",
        Command::Copy => "yank clipboard",
        Command::Filter => "search find grep",
        Command::Mark | Command::Comparison => "compare diff two select",
        Command::CleanUp => "delete remove free disk space prune",
        Command::ExportWeights => "convert save safetensors",
        Command::Report => "html share page colleague",
        Command::Load => "python snippet code torch.load",
        Command::ComputeStatistics | Command::Statistics => "nan inf mean std histogram",
        Command::Timeline => "nan since when layers over epochs",
        Command::Help => "keys manual",
        Command::Mouse => "select text",
        _ => "",
    }
}

fn all(offered: impl Fn(&Entry) -> bool) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut group = None;
    for entry in commands::by_group().filter(|e| offered(e)) {
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
        let keys = Bindings::default();
        let listed = rows("", &keys, |_| true).iter().filter(|r| matches!(r, Row::Command(_))).count();
        assert_eq!(listed, commands::TABLE.len());
        let first = rows("clipboard", &keys, |_| true).into_iter().next();
        assert!(matches!(first, Some(Row::Command(e)) if e.command == Command::Copy), "{first:?}");
        assert!(rows("qqqqqqqq", &keys, |_| true).is_empty());
    }
}
