//! One row for each setting: its name, its default, what it is for, and how it is read.

use std::fmt::Write as _;

use toml::de::DeValue;

use super::read::strings;
use super::{Background, Palette, Settings, ThemeChoice, When};

/// The section of keys.
pub const KEYS: &str = "keys";

/// A setting.
pub struct Setting {
    /// Its name in the file.
    pub name: &'static str,
    /// What holds without it, as the file would say it.
    pub default: &'static str,
    /// What it is for, a line each.
    pub about: &'static [&'static str],
    /// Reads it, or says why it cannot.
    pub set: fn(&mut Settings, &DeValue<'_>) -> Result<(), String>,
}

/// All settings but the keys, in the order of the template.
pub static TABLE: &[Setting] = &[
    Setting {
        name: "color",
        default: "\"auto\"",
        about: &[
            "Colours: \"auto\" (unless NO_COLOR is set, or the terminal is a dumb one), \"always\", \"never\".",
        ],
        set: |settings, value| {
            let choices = [("auto", When::Auto), ("always", When::Always), ("never", When::Never)];
            choice(value, &choices).map(|it| settings.color = Some(it))
        },
    },
    Setting {
        name: "palette",
        default: "\"auto\"",
        about: &[
            "How many colours the terminal shows: \"auto\" (by COLORTERM and TERM), \"off\", \"16\", \"256\", \"rgb\".",
            "ssh does not pass COLORTERM on: over ssh, \"auto\" finds 256 at most.",
        ],
        set: |settings, value| {
            use Palette::{Ansi16, Ansi256, Auto, Off, Rgb};
            let choices = [("auto", Auto), ("off", Off), ("16", Ansi16), ("256", Ansi256), ("rgb", Rgb)];
            choice(value, &choices).map(|it| settings.palette = Some(it))
        },
    },
    Setting {
        name: "theme",
        default: "\"terminal\"",
        about: &[
            "\"terminal\" uses the terminal's own colours and reads on dark and light. Others: \"night\" (dark), \"day\" (light),",
            "\"okabe-ito\" (for any eye), or a file of your own: themes/NAME.toml beside this file.",
            "One for each background: { dark = \"night\", light = \"day\" }",
        ],
        set: theme,
    },
    Setting {
        name: "background",
        default: "\"auto\"",
        about: &[
            "What the terminal's background is, for themes by background: \"auto\" asks the terminal; \"dark\", \"light\".",
        ],
        set: |settings, value| {
            let choices =
                [("auto", Background::Auto), ("dark", Background::Dark), ("light", Background::Light)];
            choice(value, &choices).map(|it| settings.background = Some(it))
        },
    },
    Setting {
        name: "ascii",
        default: "false",
        about: &[
            "Draw with ASCII characters only: for fonts without lines and Braille, and for screen readers.",
        ],
        set: |settings, value| flag(value).map(|it| settings.ascii = Some(it)),
    },
    Setting {
        name: "mouse",
        default: "true",
        about: &[
            "Catch the mouse: wheel, clicks, borders. With false it marks text, as in any other program.",
        ],
        set: |settings, value| flag(value).map(|it| settings.mouse = Some(it)),
    },
    Setting {
        name: "hints",
        default: "true",
        about: &["Show hints until what they teach was used once."],
        set: |settings, value| flag(value).map(|it| settings.hints = Some(it)),
    },
    Setting {
        name: "remember",
        default: "true",
        about: &[
            "Remember widths, marks, bookmarks and the last position of each folder (never in the folder itself).",
        ],
        set: |settings, value| flag(value).map(|it| settings.remember = Some(it)),
    },
    Setting {
        name: "cache",
        default: "true",
        about: &[
            "Keep statistics and what else was worked out about files, so that a second look is instant.",
        ],
        set: |settings, value| flag(value).map(|it| settings.cache = Some(it)),
    },
    Setting {
        name: "metrics",
        default: "[]",
        about: &[
            "Metrics the screens lead with, instead of the one they find: of the list, the first a run has.",
            "For example [\"val_acc\", \"val_loss\"].",
        ],
        set: |settings, value| {
            let names = strings(value).ok_or_else(|| wanted("a list of names", value))?;
            settings.metrics = names;
            Ok(())
        },
    },
];

/// The settings, each with what it is for and commented out: the first part of the file a person begins with.
pub fn template() -> String {
    let mut text = String::from(
        "# Settings of ckpt-tui. Lines that begin with # change nothing: they show what holds without them.\n\
         # Flags count more than this file, this file more than the environment.\n",
    );
    for setting in TABLE {
        text.push('\n');
        for line in setting.about {
            let _ = writeln!(text, "# {line}");
        }
        let _ = writeln!(text, "#{} = {}", setting.name, setting.default);
    }
    text
}

fn choice<T: Copy>(value: &DeValue<'_>, choices: &[(&str, T)]) -> Result<T, String> {
    let names = || choices.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let given = value.as_str().ok_or_else(|| wanted(&format!("one of {} as a string", names()), value))?;
    let found = choices.iter().find(|(name, _)| *name == given).map(|(_, it)| *it);
    found.ok_or_else(|| format!("\"{given}\" is none of {}", names()))
}

fn flag(value: &DeValue<'_>) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| wanted("true or false", value))
}

fn theme(settings: &mut Settings, value: &DeValue<'_>) -> Result<(), String> {
    if let Some(name) = value.as_str() {
        settings.theme = Some(ThemeChoice::One(name.to_owned()));
        return Ok(());
    }
    let wanted = || wanted("a name, or { dark = \"…\", light = \"…\" },", value);
    let table = value.as_table().filter(|table| table.len() == 2).ok_or_else(wanted)?;
    let name = |which: &str| table.get(which).and_then(|value| value.get_ref().as_str()).map(str::to_owned);
    let (dark, light) = name("dark").zip(name("light")).ok_or_else(wanted)?;
    settings.theme = Some(ThemeChoice::ByBackground { dark, light });
    Ok(())
}

fn wanted(what: &str, value: &DeValue<'_>) -> String {
    let article = if matches!(value, DeValue::Integer(_) | DeValue::Array(_)) { "an" } else { "a" };
    format!("{what} is meant, and this is {article} {}", value.type_str())
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    #[test]
    fn the_template_changes_nothing_and_all_of_it_can_be_taken_in() {
        assert_eq!(read::settings(&template()), Ok(Settings::default()));
        let all: String = template()
            .lines()
            .filter_map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')))
            .fold(String::new(), |text, line| text + line + "\n");
        assert_eq!(all.lines().count(), TABLE.len());
        let set = read::settings(&all).unwrap();
        assert_eq!(set.color, Some(When::Auto));
        assert_eq!((set.mouse, set.theme), (Some(true), Some(ThemeChoice::One("terminal".to_owned()))));
    }
}
