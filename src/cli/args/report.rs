//! Options of `report`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueHint};

/// Options of `report`.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Report {
    /// Folders of runs; one checkpoint; or two, the model's side first, to be compared [default: the current folder]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// The HTML file to write; into a folder, under the name of what it is about; - is standard output
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) output: PathBuf,
    /// The metric runs are judged by, however it is spelled [default: each run's own]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) metric: Option<String>,
    /// Read no values: no statistics, no changes of layers, no comparison of values
    #[arg(long)]
    pub(in crate::cli) no_values: bool,
    /// Replace the file if it is there
    #[arg(short, long)]
    pub(in crate::cli) force: bool,
}
