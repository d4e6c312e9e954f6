//! Options of `config`.

use clap::Args;

/// Options of `config`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Config {
    /// Print a file of settings with every setting and key explained and commented out
    #[arg(long, conflicts_with = "json")]
    pub(in crate::cli) template: bool,
}
