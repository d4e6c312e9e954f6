//! Options of `best`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum, ValueHint};

use super::form::Tabular;
use crate::training::Mode;

/// Options of `best`.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Best {
    /// Folders of runs, or files [default: the current folder]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// The metric, however it is spelled [default: what the training watched, else a validation loss, …]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) metric: Option<String>,
    /// Which way is better [default: as the training watched it, else guessed from the name]
    #[arg(long, value_enum)]
    pub(in crate::cli) mode: Option<Direction>,
    #[command(flatten)]
    pub(in crate::cli) table: Tabular,
}

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Direction {
    /// Smaller is better
    Min,
    /// Larger is better
    Max,
}

impl From<Direction> for Mode {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Min => Self::Min,
            Direction::Max => Self::Max,
        }
    }
}
