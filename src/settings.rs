//! What a person set down once: `$XDG_CONFIG_HOME/ckpt-tui/config.toml`.
//!
//! [`table`] has one row for each setting, which reads it, explains it and stands in the template; [`read`] goes through a
//! file and says where something is wrong. A file that is not there sets nothing; one with a mistake is an error with
//! its line and column, as nobody can be served by half of what they wrote. Flags count more than settings, settings
//! more than the environment.

pub mod read;
pub mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy as _, base_strategy::Xdg};

use crate::text::{shown, shown_path};

/// The name of the file, in a folder of ours.
const FILE: &str = "config.toml";
/// A larger file is not what it is taken for.
const LARGEST: u64 = 1 << 20;

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum When {
    /// Where the terminal and the environment allow it.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Palette {
    /// As many as the environment says.
    #[default]
    Auto,
    /// None: attributes only.
    Off,
    /// The terminal's own sixteen.
    Ansi16,
    /// 256.
    Ansi256,
    /// All.
    Rgb,
}

/// What the terminal's background is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Background {
    /// The terminal is asked, where a theme needs to know.
    #[default]
    Auto,
    /// Dark.
    Dark,
    /// Light.
    Light,
}

/// Which theme to use: a name, or one for each background.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThemeChoice {
    /// This one.
    One(String),
    /// One of two.
    ByBackground {
        /// On a dark background.
        dark: String,
        /// On a light one.
        light: String,
    },
}

/// Everything that can be set. What was not set is `None`, or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// When to use colours.
    pub color: Option<When>,
    /// How many colours there are.
    pub palette: Option<Palette>,
    /// What the background is.
    pub background: Option<Background>,
    /// The theme.
    pub theme: Option<ThemeChoice>,
    /// Plain ASCII.
    pub ascii: Option<bool>,
    /// Catch the mouse.
    pub mouse: Option<bool>,
    /// Show hints.
    pub hints: Option<bool>,
    /// Remember layout, marks and positions.
    pub remember: Option<bool>,
    /// Keep what was worked out about files.
    pub cache: Option<bool>,
    /// Metrics to lead with, the first a run has.
    pub metrics: Vec<String>,
    /// Keys by the name of their command.
    pub keys: BTreeMap<String, Vec<String>>,
    /// Where in the file each of these is, for whoever finds a fault with them.
    places: BTreeMap<String, Place>,
}

/// A place in a file, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column, in characters.
    pub column: usize,
}

/// Something that is wrong with a file of settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where; `None` for the file as a whole.
    pub place: Option<Place>,
    /// What, and what to do.
    pub reason: String,
}

/// A file of settings that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it, in its order; at least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for Invalid {
    /// One line: the first problem, and how many there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", shown_path(&self.path))?;
        let Some(first) = self.problems.first() else { return Ok(()) };
        if let Some(place) = first.place {
            write!(f, ":{}:{}", place.line, place.column)?;
        }
        write!(f, ": {}", shown(&first.reason))?;
        match self.problems.len() - 1 {
            0 => Ok(()),
            more => write!(f, " (and {more} more: `ckpt-tui config` lists them)"),
        }
    }
}

impl std::error::Error for Invalid {}

impl Settings {
    /// Where the keys of a command were set.
    pub fn place_of(&self, command: &str) -> Option<Place> {
        self.places.get(command).copied()
    }
}

/// The file of the user: `$XDG_CONFIG_HOME/ckpt-tui/config.toml`, or in `~/.config`, on macOS too; `None` without a home.
pub fn path() -> Option<PathBuf> {
    folder().map(|folder| folder.join(FILE))
}

/// The folder of that file, where themes lie as well.
pub fn folder() -> Option<PathBuf> {
    let folder = Xdg::new().ok()?.config_dir().join("ckpt-tui");
    folder.is_absolute().then_some(folder)
}

/// What the file at `path` sets, nothing if there is none.
///
/// # Errors
/// A file that cannot be read, or says what cannot be understood.
pub fn load(path: &Path) -> Result<Settings, Invalid> {
    let whole =
        |reason: String| Invalid { path: path.to_owned(), problems: vec![Problem { place: None, reason }] };
    let text = match read_text(path) {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(Settings::default()),
        Err(reason) => return Err(whole(reason)),
    };
    read::settings(&text).map_err(|problems| Invalid { path: path.to_owned(), problems })
}

/// The text of a small file; `None` if there is none.
///
/// # Errors
/// In words, why it cannot be read.
pub fn read_text(path: &Path) -> Result<Option<String>, String> {
    use std::io::Read as _;
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("cannot be read: {error}")),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > LARGEST {
        return Err("is larger than 1 MiB, so no file of settings".to_owned());
    }
    String::from_utf8(bytes).map(Some).map_err(|error| {
        format!("is not UTF-8 (byte {}): save it as UTF-8", error.utf8_error().valid_up_to())
    })
}
