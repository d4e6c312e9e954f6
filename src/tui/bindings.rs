//! Which keys run which command: the defaults of the table, with what a person changed.
//!
//! Nothing but this knows keys at run time: footer, help, hints and the keys themselves ask here, so that whoever binds
//! other keys is never told of the old ones.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::commands::{self, Command, Entry};
use super::key::{Code, Key};
use crate::text::likeness::did_you_mean;

/// Commands in the order of the table, each with its sequences of keys.
#[derive(Debug, Clone)]
pub struct Bindings {
    rows: Vec<Row>,
}

#[derive(Debug, Clone)]
struct Row {
    entry: &'static Entry,
    sequences: Vec<Vec<Key>>,
    is_changed: bool,
}

/// What is wrong with keys a person asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The name of the command they were asked for.
    pub command: String,
    /// What is wrong, and what to do.
    pub reason: String,
}

impl Default for Bindings {
    fn default() -> Self {
        let sequences = |entry: &Entry| entry.keys.iter().filter_map(|text| Key::sequence(text)).collect();
        let row = |entry| Row { entry, sequences: sequences(entry), is_changed: false };
        Self { rows: commands::TABLE.iter().map(row).collect() }
    }
}

impl Bindings {
    /// The defaults with other keys for some commands, by their names.
    ///
    /// # Errors
    /// Every name that is no command, text that is no key, and key that would mean two things.
    pub fn with(changes: &BTreeMap<String, Vec<String>>) -> Result<Self, Vec<Problem>> {
        let mut bindings = Self::default();
        let mut problems = Vec::new();
        for (name, keys) in changes {
            let problem = |reason| Problem { command: name.clone(), reason };
            let Some(row) = bindings.rows.iter_mut().find(|row| row.entry.id == name) else {
                let known = commands::TABLE.iter().map(|entry| entry.id);
                problems
                    .push(problem(format!("there is no command \"{name}\"{}", did_you_mean(name, known))));
                continue;
            };
            row.is_changed = true;
            row.sequences.clear();
            for text in keys {
                match parse(text) {
                    Ok(sequence) => row.sequences.push(sequence),
                    Err(reason) => problems.push(problem(reason)),
                }
            }
        }
        problems.extend(bindings.conflicts());
        if problems.is_empty() { Ok(bindings) } else { Err(problems) }
    }

    /// Keys that a change gave two meanings at once, and commands that could no longer be reached.
    fn conflicts(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let changed = self.rows.iter().filter(|row| row.is_changed);
        for (row, keys) in changed.flat_map(|row| row.sequences.iter().map(move |keys| (row, keys))) {
            let others = self.rows.iter().filter(|other| other.entry.id != row.entry.id);
            for (other, theirs) in others.flat_map(|o| o.sequences.iter().map(move |keys| (o, keys))) {
                let (same, hides) = (theirs == keys, theirs.starts_with(keys) || keys.starts_with(theirs));
                // Each pair once, and none that the defaults tell apart by where one is.
                let is_second = other.is_changed && other.entry.id < row.entry.id;
                if is_second || !hides || (same && share_a_default(row.entry, other.entry)) {
                    continue;
                }
                let (text, theirs) = (spelled(keys), spelled(theirs));
                let reason = if same {
                    format!(
                        "the key \"{text}\" is already that of \"{0}\"; give \"{0}\" another, or none: {0} = []",
                        other.entry.id
                    )
                } else {
                    format!(
                        "the key \"{text}\" and \"{theirs}\" of \"{}\" begin alike: the longer one could not be typed",
                        other.entry.id
                    )
                };
                problems.push(Problem { command: row.entry.id.to_owned(), reason });
            }
        }
        if self.rows.iter().any(|row| row.entry.command == Command::Quit && row.sequences.is_empty()) {
            let reason = "something has to quit: leave it a key".to_owned();
            problems.push(Problem { command: "quit".to_owned(), reason });
        }
        problems
    }

    /// The sequences of a command, as they are written.
    pub fn of(&self, command: Command) -> Vec<String> {
        let row = self.rows.iter().find(|row| row.entry.command == command);
        row.map(|row| row.sequences.iter().map(|keys| spelled(keys)).collect()).unwrap_or_default()
    }

    /// The first sequence of a command, as the footer shows it; empty when it has none.
    pub fn first(&self, command: Command) -> String {
        let row = self.rows.iter().find(|row| row.entry.command == command);
        row.and_then(|row| row.sequences.first()).map(|keys| spelled(keys)).unwrap_or_default()
    }

    /// The command with exactly these keys; of several, the one that does something now.
    pub fn find(&self, keys: &[Key], means_something: impl Fn(&Entry) -> bool) -> Option<&'static Entry> {
        let mut with_keys = self.rows.iter().filter(|row| row.sequences.iter().any(|s| s == keys));
        let first = with_keys.next()?.entry;
        if means_something(first) {
            return Some(first);
        }
        Some(with_keys.map(|row| row.entry).find(|entry| means_something(entry)).unwrap_or(first))
    }

    /// Some command has a longer sequence that begins with these keys.
    pub fn is_beginning(&self, keys: &[Key]) -> bool {
        let mut all = self.rows.iter().flat_map(|row| &row.sequences);
        all.any(|sequence| sequence.len() > keys.len() && sequence.starts_with(keys))
    }

    /// What may follow these keys and means something now: the rest, and the command; each command once.
    pub fn continuations(
        &self,
        keys: &[Key],
        means_something: impl Fn(&Entry) -> bool,
    ) -> Vec<(String, &'static Entry)> {
        let mut found = Vec::new();
        for row in self.rows.iter().filter(|row| !keys.is_empty() && means_something(row.entry)) {
            let rest =
                |sequence: &Vec<Key>| Some(sequence.strip_prefix(keys)?.to_vec()).filter(|r| !r.is_empty());
            if let Some(rest) = row.sequences.iter().find_map(rest) {
                found.push((rest.iter().map(Key::to_string).collect(), row.entry));
            }
        }
        found
    }

    /// A text of ours with the names of commands in braces, with their keys instead: `{quit} quits`. A command without keys
    /// keeps its name, by which the palette finds it.
    pub fn spell<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !text.contains('{') {
            return Cow::Borrowed(text);
        }
        let mut spelled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            spelled.push_str(before);
            let name = behind.split_once('}');
            let command = name.and_then(|(name, _)| commands::TABLE.iter().find(|entry| entry.id == name));
            rest = behind;
            if let (Some((name, behind)), Some(entry)) = (name, command) {
                let key = self.first(entry.command);
                spelled.push_str(if key.is_empty() { name } else { &key });
                rest = behind;
            } else {
                spelled.push('{');
            }
        }
        spelled.push_str(rest);
        Cow::Owned(spelled)
    }
}

/// Two commands that have a key in common from the start are never meant at the same place.
fn share_a_default(a: &Entry, b: &Entry) -> bool {
    a.keys.iter().any(|key| b.keys.contains(key))
}

/// The section of keys for the file a person begins with: every command with its default keys, commented out.
pub fn template() -> String {
    let mut text = String::from(
        "\n# Keys: a string, or a list of them; [] for none. \"g x\" is g and then x; Ctrl-x, Alt-x, Shift-Tab, PgDn, Space, F2.\n\
         # `ckpt-tui --print-keys` prints those in force. In text fields and questions, Enter, Esc and arrows are always the same.\n\
         [keys]\n",
    );
    let mut group = None;
    for entry in commands::by_group() {
        if group != Some(entry.group) {
            group = Some(entry.group);
            let _ = write!(text, "\n# {}\n", entry.group.title());
        }
        let keys: Vec<String> = entry.keys.iter().map(|key| format!("{key:?}")).collect();
        let _ = writeln!(text, "# {}\n#{} = [{}]", entry.title, entry.id, keys.join(", "));
    }
    text
}

fn parse(text: &str) -> Result<Vec<Key>, String> {
    let keys = Key::sequence(text).filter(|keys| !keys.is_empty()).ok_or_else(|| {
        format!("\"{text}\" is no key; keys are written as in \"x\", \"Ctrl-x\", \"Shift-Tab\", \"PgDn\", \"F2\", \"g x\"")
    })?;
    match keys.first().map(|key| (key.code, key.ctrl, key.alt)) {
        Some((Code::Char('1'..='9'), false, false)) => {
            Err(format!("\"{text}\" begins with a digit, which is a count"))
        }
        _ => Ok(keys),
    }
}

fn spelled(keys: &[Key]) -> String {
    let keys: Vec<String> = keys.iter().map(Key::to_string).collect();
    keys.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(changes: &[(&str, &[&str])]) -> Result<Bindings, Vec<String>> {
        let changes = changes.iter().map(|(name, keys)| {
            ((*name).to_owned(), keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>())
        });
        Bindings::with(&changes.collect())
            .map_err(|all| all.into_iter().map(|p| format!("{}: {}", p.command, p.reason)).collect())
    }

    #[test]
    fn a_command_can_have_other_keys_or_none() {
        let keys = with(&[("best", &["Ctrl-b", "g b"]), ("page-up", &["PgUp"]), ("mouse", &[])]).unwrap();
        assert_eq!(keys.of(Command::Best), ["Ctrl-b", "g b"]);
        assert_eq!(keys.first(Command::Mouse), "");
        let best = keys.find(&Key::sequence("g b").unwrap(), |_| true);
        assert_eq!(best.map(|entry| entry.id), Some("best"));
        assert!(keys.find(&Key::sequence("b").unwrap(), |_| true).is_none(), "the old key is free");
        assert_eq!(keys.spell("{best} and {mouse}, {nothing} {"), "Ctrl-b and mouse, {nothing} {");
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_do() {
        let wrong = |changes: &[(&str, &[&str])]| with(changes).unwrap_err();
        assert_eq!(
            wrong(&[("qiut", &["x"])]),
            ["qiut: there is no command \"qiut\"; did you mean \"quit\"?"]
        );
        assert!(wrong(&[("best", &["Hyper-b"])])[0].contains("is no key; keys are written as"));
        assert!(wrong(&[("best", &["3"])])[0].contains("a count"));
        let taken = wrong(&[("best", &["r"])]);
        assert_eq!(taken.len(), 1);
        assert!(
            taken[0].contains("already that of \"rescan\"; give \"rescan\" another, or none: rescan = []")
        );
        assert!(wrong(&[("best", &["g"])]).iter().all(|p| p.contains("begin alike")));
        assert!(wrong(&[("best", &["g r x"])])[0].contains("begin alike"));
        assert!(wrong(&[("quit", &[])])[0].contains("something has to quit"));
        let both = wrong(&[("best", &["F9"]), ("rescan", &["F9"])]);
        assert_eq!(both.len(), 1, "{both:?}");
    }

    #[test]
    fn the_template_changes_nothing_and_all_of_it_can_be_taken_in() {
        use crate::settings::read::settings;
        assert_eq!(settings(&template()).map(|s| s.keys.len()), Ok(0));
        let line =
            |line: &'static str| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line);
        let all: String = template().leak().lines().map(line).collect::<Vec<_>>().join("\n");
        let set = settings(&all).unwrap();
        assert_eq!(set.keys.len(), commands::TABLE.len());
        let bindings = Bindings::with(&set.keys).unwrap();
        assert!(commands::TABLE.iter().all(|entry| bindings.of(entry.command) == entry.keys));
    }

    #[test]
    fn keys_of_other_places_may_be_shared_and_exchanged() {
        // `x` is the axis of the plot and of the histogram from the start.
        assert!(with(&[("log-scale", &["X"]), ("swap-sides", &["x"]), ("log-histogram", &["X"])]).is_ok());
        assert!(with(&[("log-scale", &["Y"]), ("log-histogram", &["Y"])]).is_ok());
        assert!(with(&[("down", &["n", "Down"]), ("next-match", &["j"])]).is_ok(), "two keys are exchanged");
    }
}
