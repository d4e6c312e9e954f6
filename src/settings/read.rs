//! From the text of a file to settings, or to everything that is wrong with it.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::table::{KEYS, TABLE};
use super::{Place, Problem, Settings};
use crate::sorting::Sort as _;
use crate::text::likeness::did_you_mean;

/// What a text sets.
///
/// # Errors
/// All problems of the text, in its order.
pub fn settings(text: &str) -> Result<Settings, Vec<Problem>> {
    let mut reader = Reader { text, settings: Settings::default(), problems: Vec::new() };
    match DeTable::parse(text) {
        Ok(table) => reader.table(table.get_ref()),
        Err(error) => reader.wrong(error.span(), first_line(error.message())),
    }
    reader.problems.in_order_of(|problem| problem.place);
    if reader.problems.is_empty() { Ok(reader.settings) } else { Err(reader.problems) }
}

/// A place in a text, from a position in bytes.
pub fn place(text: &str, at: usize) -> Place {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Place { line, column }
}

struct Reader<'a> {
    text: &'a str,
    settings: Settings,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn wrong(&mut self, span: Option<Range<usize>>, reason: String) {
        let place = span.map(|span| place(self.text, span.start));
        self.problems.push(Problem { place, reason });
    }

    fn table(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let key: &str = name.get_ref();
            if key == KEYS {
                self.keys(value);
            } else if let Some(setting) = TABLE.iter().find(|setting| setting.name == key) {
                if let Err(reason) = (setting.set)(&mut self.settings, value.get_ref()) {
                    self.wrong(Some(value.span()), format!("{key}: {reason}"));
                }
            } else {
                let known = TABLE.iter().map(|setting| setting.name).chain([KEYS]);
                let close = did_you_mean(key, known);
                self.wrong(Some(name.span()), format!("there is no setting \"{key}\"{close}"));
            }
        }
    }

    /// The section of keys: whether they are keys of commands, whoever knows the commands says.
    fn keys(&mut self, value: &Spanned<DeValue<'_>>) {
        let Some(table) = value.get_ref().as_table() else {
            let reason = "keys stand in a section: [keys], and below it best = \"b\"".to_owned();
            return self.wrong(Some(value.span()), reason);
        };
        let mut keys = BTreeMap::new();
        for (name, value) in table {
            let command: &str = name.get_ref();
            match strings(value.get_ref()) {
                Some(list) => {
                    self.settings.places.insert(command.to_owned(), place(self.text, name.span().start));
                    keys.insert(command.to_owned(), list);
                }
                None => self.wrong(
                    Some(value.span()),
                    format!("{command}: a key is a string, several are a list of them: [\"g x\", \"F2\"]"),
                ),
            }
        }
        self.settings.keys = keys;
    }
}

/// A string, or a list of them.
pub(super) fn strings(value: &DeValue<'_>) -> Option<Vec<String>> {
    if let Some(one) = value.as_str() {
        return Some(vec![one.to_owned()]);
    }
    value.as_array()?.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
}

fn first_line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::{Background, Palette, ThemeChoice, When};
    use super::*;

    #[test]
    fn everything_can_be_set() {
        let text = "color = \"never\"\npalette = \"256\"\nbackground = \"light\"\nascii = true\nmouse = false\nhints = false\n\
                    remember = false\ncache = false\nmetrics = [\"val_acc\", \"val_loss\"]\n\
                    theme = { dark = \"night\", light = \"day\" }\n[keys]\nbest = [\"F2\", \"g b\"]\nquit = \"Q\"\n";
        let got = settings(text).unwrap();
        assert_eq!(got.color, Some(When::Never));
        assert_eq!((got.palette, got.background), (Some(Palette::Ansi256), Some(Background::Light)));
        let flags = [got.ascii, got.mouse, got.hints, got.remember, got.cache];
        assert_eq!(flags, [Some(true), Some(false), Some(false), Some(false), Some(false)]);
        assert_eq!(got.metrics, ["val_acc", "val_loss"]);
        let theme = ThemeChoice::ByBackground { dark: "night".into(), light: "day".into() };
        assert_eq!(got.theme, Some(theme));
        assert_eq!(got.keys["best"], ["F2", "g b"]);
        assert_eq!(got.keys["quit"], ["Q"]);
        assert_eq!(got.place_of("quit"), Some(Place { line: 13, column: 1 }));
        assert_eq!(settings(""), Ok(Settings::default()));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let wrong = |text: &str| -> Vec<String> {
            let all = settings(text).unwrap_err().into_iter();
            all.map(|p| {
                let place = p.place.unwrap_or(Place { line: 0, column: 0 });
                format!("{}:{} {}", place.line, place.column, p.reason)
            })
            .collect()
        };
        assert_eq!(
            wrong("# mine\ncolour = \"never\"\nascii = \"yes\"\n"),
            [
                "2:1 there is no setting \"colour\"; did you mean \"color\"?",
                "3:9 ascii: true or false is meant, and this is a string"
            ]
        );
        assert_eq!(wrong("palette = \"512\""), ["1:11 palette: \"512\" is none of auto, off, 16, 256, rgb"]);
        assert_eq!(
            wrong("[keys]\nbest = 3"),
            ["2:8 best: a key is a string, several are a list of them: [\"g x\", \"F2\"]"]
        );
        assert!(wrong("keys = 1")[0].starts_with("1:8 keys stand in a section"));
        assert!(wrong("theme = { dark = \"a\" }")[0].contains("theme: "));
        let syntax = wrong("color = \"never\nascii = true\n");
        assert!(syntax[0].starts_with("1:"), "{syntax:?}");
        assert!(!wrong("a = 1\na = 2")[0].is_empty());
    }
}
