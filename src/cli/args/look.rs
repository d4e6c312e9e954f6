//! How the screens look.

use clap::{Args, ValueEnum};

/// How the screens look.
#[derive(Debug, Args)]
pub(in crate::cli) struct Look {
    /// How many colours the terminal shows [default: auto]
    #[arg(long, value_enum, value_name = "COLOURS")]
    pub(in crate::cli) palette: Option<Palette>,
    /// A theme: terminal, night, day, okabe-ito, or one of your own (`ckpt-tui config --template` explains)
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) theme: Option<String>,
    /// What the terminal's background is, for a theme by background [default: auto]
    #[arg(long, value_enum, value_name = "WHICH")]
    pub(in crate::cli) background: Option<Background>,
}

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Palette {
    /// By COLORTERM and TERM
    Auto,
    /// None
    Off,
    /// The terminal's own sixteen
    #[value(name = "16")]
    Ansi16,
    /// 256
    #[value(name = "256")]
    Ansi256,
    /// All
    Rgb,
}

/// What the terminal's background is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Background {
    /// Ask the terminal
    Auto,
    /// Dark
    Dark,
    /// Light
    Light,
}
