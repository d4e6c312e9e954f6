//! From events to actions: what a key means now.

use super::action::{Action, Edit, Pending};
use super::commands::{Command, Entry};
use super::event::Event;
use super::key::{Code, Key};
use super::model::dialog::{Answer, Dialog};
use super::model::{Mode, Model};

/// Counts beyond this are taken as this.
const LARGEST_COUNT: usize = 1_000_000;

/// What an event means to the model; `None` when it means nothing.
pub fn action(model: &Model, event: Event) -> Option<Action> {
    match event {
        Event::Key(key) => match model.mode {
            Mode::Normal => Some(command(&model.pending, key, model)),
            Mode::Dialog(ref dialog) => answer(model, dialog, key),
            Mode::Sections(_) => chosen(model, key),
            Mode::Filter { .. } | Mode::Help { .. } | Mode::Metrics { .. } | Mode::Popup(_) => typed(key),
        },
        Event::Paste(text) => match model.mode {
            Mode::Normal | Mode::Dialog(_) | Mode::Sections(_) => None,
            Mode::Filter { .. } | Mode::Help { .. } | Mode::Metrics { .. } | Mode::Popup(_) => {
                Some(Action::Edit(Edit::Paste(text)))
            }
        },
        Event::Click(x, y) => Some(Action::Click(x, y)),
        Event::Drag(x, y) => Some(Action::Drag(x, y)),
        Event::Wheel(x, y, rows) => Some(Action::Wheel(x, y, rows)),
        Event::Resize(width, height) => Some(Action::Resize(width, height)),
        Event::Job(action) => Some(action),
        Event::Terminate(_) | Event::Closed => Some(Action::Run(Command::QuitNow, None)),
        Event::Resumed => Some(Action::Run(Command::Redraw, None)),
    }
}

/// A key outside of any input line: part of a count, of a sequence, or a command.
fn command(pending: &Pending, key: Key, model: &Model) -> Action {
    if let (true, Some(digit)) = (pending.keys.is_empty(), key.typed().and_then(|c| c.to_digit(10)))
        && (digit > 0 || pending.count.is_some())
    {
        let count = pending.count.unwrap_or(0).saturating_mul(10).saturating_add(digit as usize);
        return Action::Pending(Pending { count: Some(count.min(LARGEST_COUNT)), keys: Vec::new() });
    }
    let mut keys = pending.keys.clone();
    keys.push(key);
    let find = |keys: &[Key]| model.keys.find(keys, |entry| (entry.enabled)(model));
    if let Some(entry) = find(&keys) {
        return Action::Run(entry.command, pending.count);
    }
    if model.keys.is_beginning(&keys) {
        return Action::Pending(Pending { count: pending.count, keys });
    }
    // No command begins like this: the keys are forgotten. A key with Control means what it means alone.
    match find(&[key]).filter(|_| key.ctrl) {
        Some(entry) => Action::Run(entry.command, None),
        None => Action::Pending(Pending::default()),
    }
}

/// A key while a question is shown. What removes anything is never done by a key pressed by habit.
fn answer(model: &Model, dialog: &Dialog, key: Key) -> Option<Action> {
    let answer = |answer| Some(Action::Answer(answer));
    let run = |command| Some(Action::Run(command, None));
    let means = |command| {
        model
            .keys
            .find(&[key], |entry| entry.command == command)
            .is_some_and(|entry| entry.command == command)
    };
    match (key.code, key.ctrl) {
        (Code::Char('c'), true) => run(Command::QuitNow),
        (_, true) => None,
        (Code::Char('y'), _) => answer(Answer::Yes),
        (Code::Enter, _) if !dialog.is_careful() => answer(Answer::Yes),
        // Who pressed it once and presses it again means it.
        _ if matches!(dialog, Dialog::Quit { .. }) && means(Command::Quit) => answer(Answer::Yes),
        (Code::Esc | Code::Char('n' | 'q'), _) => answer(Answer::No),
        (Code::Char('+' | '='), _) => answer(Answer::More),
        (Code::Char('-'), _) => answer(Answer::Fewer),
        _ => moving(model, key),
    }
}

/// A key that moves in a list: arrows always do, and what else is bound to moving.
fn moving(model: &Model, key: Key) -> Option<Action> {
    let command = match key.code {
        Code::Char('c') if key.ctrl => Command::QuitNow,
        Code::Down => Command::Down,
        Code::Up => Command::Up,
        Code::PageDown => Command::PageDown,
        Code::PageUp => Command::PageUp,
        Code::Home => Command::Top,
        Code::End => Command::Bottom,
        _ => {
            let bound = model.keys.find(&[key], Entry::moves_in_lists);
            bound.filter(|entry| entry.moves_in_lists())?.command
        }
    };
    Some(Action::Run(command, None))
}

/// A key in a list nothing is typed into.
fn chosen(model: &Model, key: Key) -> Option<Action> {
    match key.code {
        Code::Enter | Code::Char(' ') => Some(Action::Accept),
        Code::Esc | Code::Char('q' | 'o') => Some(Action::Cancel),
        _ => moving(model, key),
    }
}

/// A key in an input line. Keys that move in the list go on doing so.
fn typed(key: Key) -> Option<Action> {
    let run = |command| Some(Action::Run(command, None));
    let edit = |edit| Some(Action::Edit(edit));
    match (key.code, key.ctrl) {
        (Code::Enter, _) => Some(Action::Accept),
        (Code::Esc, _) => Some(Action::Cancel),
        (Code::Char('c'), true) => run(Command::QuitNow),
        (Code::Char('z'), true) => run(Command::Suspend),
        (Code::Char('u'), true) => edit(Edit::Clear),
        (Code::Char('w'), true) => edit(Edit::DeleteWord),
        (Code::Char('a'), true) | (Code::Home, _) => edit(Edit::Start),
        (Code::Char('e'), true) | (Code::End, _) => edit(Edit::End),
        (Code::Char('h'), true) | (Code::Backspace, _) => edit(Edit::Backspace),
        (Code::Delete, _) => edit(Edit::Delete),
        (Code::Left, _) => edit(Edit::Left),
        (Code::Right, _) => edit(Edit::Right),
        (Code::Char('n'), true) | (Code::Down, _) => run(Command::Down),
        (Code::Char('p'), true) | (Code::Up, _) => run(Command::Up),
        (Code::PageDown, _) => run(Command::PageDown),
        (Code::PageUp, _) => run(Command::PageUp),
        _ => key.typed().and_then(|c| edit(Edit::Insert(c))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use crate::tui::commands;
    use crate::tui::commands::Entry;
    use crate::tui::key::Key;

    #[test]
    fn every_key_of_the_table_is_a_key() {
        for entry in commands::TABLE {
            assert_eq!(entry.sequences().count(), entry.keys.len(), "{}", entry.id);
        }
    }

    #[test]
    fn keys_are_shared_only_where_it_is_meant() {
        let mut by_key: HashMap<&str, Vec<&str>> = HashMap::new();
        for entry in commands::TABLE {
            for key in entry.keys {
                by_key.entry(key).or_default().push(entry.id);
            }
        }
        let mut shared: Vec<_> = by_key.into_iter().filter(|(_, ids)| ids.len() > 1).collect();
        shared.sort_unstable();
        // What folds and unfolds a list zooms on the plot; a comparison has screens of its own.
        let meant = [
            ("+", vec!["zoom-in", "unfold-all"]),
            ("-", vec!["zoom-out", "fold-all"]),
            ("=", vec!["zoom-in", "reset-panes"]),
            ("a", vec!["after-repair", "metrics"]),
            ("g v", vec!["compare-values", "comparison"]),
            ("t", vec!["tensors", "layers", "flat-keys"]),
            ("x", vec!["log-scale", "log-histogram"]),
        ];
        assert_eq!(shared, meant);
    }

    #[test]
    fn no_command_hides_a_longer_sequence() {
        let all: Vec<Vec<Key>> = commands::TABLE.iter().flat_map(Entry::sequences).collect();
        for short in &all {
            assert!(!all.iter().any(|long| long.len() > short.len() && long.starts_with(short)), "{short:?}");
        }
    }
}
