//! Options of `clean`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueHint};

use super::{Direction, Tabular};

/// Options of `clean`.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Clean {
    /// Folders of runs [default: the current folder]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// How many of the best checkpoints of each run to keep
    #[arg(long, value_name = "N")]
    pub(in crate::cli) keep_best: usize,
    /// The metric, however it is spelled [default: the leading one of each run]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) metric: Option<String>,
    /// Which way is better [default: as the training watched it, else guessed from the name]
    #[arg(long, value_enum)]
    pub(in crate::cli) mode: Option<Direction>,
    /// Move what the plan names to the trash; without it the plan is only printed
    #[arg(long)]
    pub(in crate::cli) yes: bool,
    #[command(flatten)]
    pub(in crate::cli) table: Tabular,
}
