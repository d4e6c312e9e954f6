//! Options of `check`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::form::Tabular;

#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    /// Checkpoints, or folders to search for them
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath, required = true)]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// Do not read the elements: no checksums of storages, no NaN and Inf
    #[arg(long)]
    pub(in crate::cli) no_values: bool,
    /// Print SARIF 2.1.0, for code scanning
    #[arg(long, conflicts_with_all = ["json", "csv", "markdown"])]
    pub(in crate::cli) sarif: bool,
    /// Print only files with findings of warning or worse
    #[arg(short, long)]
    pub(in crate::cli) quiet: bool,
    /// A package of your own (`mymodel`): its classes and functions are told, not found fault with
    #[arg(long, value_name = "PACKAGE")]
    pub(in crate::cli) allow: Vec<String>,
    /// Memory for the objects one pickle builds
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub(in crate::cli) max_mem: u32,
    #[command(flatten)]
    pub(in crate::cli) table: Tabular,
}
