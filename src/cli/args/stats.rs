//! Options of `stats`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::form::Tabular;

/// Options of `stats`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Stats {
    /// The checkpoint
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) file: PathBuf,
    /// Only tensors whose name matches: `*` stands for anything, dots too (`'*.weight'`). May be given several times
    #[arg(long, value_name = "GLOB")]
    pub(in crate::cli) filter: Vec<String>,
    /// Threads to read with [default: one for each core, at most 16]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(in crate::cli) threads: Option<u16>,
    #[command(flatten)]
    pub(in crate::cli) table: Tabular,
}
