//! What to learn next: one command at a time, as long as it was never used.
//!
//! Keys are not named here: whoever shows a hint takes them from the table.

use super::{Command, Entry};
use crate::tui::model::browser::View;
use crate::tui::model::{Model, Pane, Place};

/// Starts after which nobody needs hints.
pub const STARTS: u32 = 10;

type Hint = (Command, &'static str, fn(&Model) -> bool);

/// The most useful first. What stands behind the key, and where it is worth saying.
const HINTS: [Hint; 15] = [
    (Command::Repairs, "shows what repairs it", |m| m.place == Place::Compare),
    (Command::NextDifference, "goes to the next difference", |m| m.place == Place::Compare),
    (Command::OnlyDifferences, "shows only what differs", |m| m.place == Place::Compare),
    (Command::Open, "opens it", |m| m.focus == Pane::Runs && on_checkpoint(m)),
    (Command::ComputeStatistics, "computes statistics", without_statistics),
    (Command::NextPanel, "shows values, heat map, spectrum", inside),
    (Command::Load, "says how to load this file", inside),
    (Command::Metadata, "shows what else is in it", inside),
    (Command::Best, "goes to the best checkpoint", at_home),
    (Command::Mark, "marks it, and on another compares", |m| at_home(m) && on_checkpoint(m)),
    (Command::Metric, "shows another metric", at_home),
    (Command::Timeline, "shows every layer over time", at_home),
    (Command::Filter, "filters the list", |_| true),
    (Command::Bookmark, "bookmarks it", |m| on_checkpoint(m) || inside(m)),
    (Command::Help, "lists every command", |_| true),
];

fn at_home(model: &Model) -> bool {
    model.place == Place::Home
}

fn on_checkpoint(model: &Model) -> bool {
    at_home(model) && model.home.checkpoint().is_some()
}

fn inside(model: &Model) -> bool {
    model.place == Place::Checkpoint && model.focus != Pane::Runs
}

fn without_statistics(model: &Model) -> bool {
    let browser = model.browser.as_ref();
    inside(model)
        && browser.is_some_and(|b| b.stats.count == 0 && matches!(b.view, View::Layers | View::Tensors))
}

/// A command was used: nobody needs to be told of it again.
pub fn learned(model: &mut Model, entry: &Entry) {
    if HINTS.iter().any(|(taught, ..)| *taught == entry.command) {
        model.hints.used.insert(entry.id.to_owned());
    }
}

/// The next useful thing where one is: the command, and what it does in a few words.
pub fn next(model: &Model) -> Option<(&'static Entry, &'static str)> {
    if !model.hints.is_on {
        return None;
    }
    HINTS.iter().filter(|(_, _, here)| here(model)).find_map(|(command, text, _)| {
        let entry = command.entry()?;
        let is_new = !model.hints.used.contains(entry.id) && !model.keys.first(*command).is_empty();
        (is_new && (entry.enabled)(model)).then_some((entry, *text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hint_has_a_key_to_press_and_fits_a_narrow_border() {
        for (command, text, _) in HINTS {
            let entry = command.entry().expect("a row of the table");
            assert!(!entry.keys.first().copied().unwrap_or_default().is_empty());
            assert!(entry.keys.first().copied().unwrap_or_default().len() + text.len() < 44, "{text}");
        }
    }
}
