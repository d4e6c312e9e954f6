//! Options of `curves`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueHint};

use super::form::Tabular;

/// Options of `curves`.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Curves {
    /// Folders of runs, checkpoints, or logs [default: the current folder]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// Only this metric; several times for several [default: the leading one and its training twin]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) metric: Vec<String>,
    /// Draw values on a logarithmic axis
    #[arg(long)]
    pub(in crate::cli) log: bool,
    /// Smooth by an exponential moving average, as TensorBoard does: 0 not at all, towards 1 more
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.0, value_parser = weight)]
    pub(in crate::cli) smooth: f64,
    /// Characters across [default: as wide as the terminal, 80 in a pipe]
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(30..=400))]
    pub(in crate::cli) width: Option<u16>,
    /// Lines of a plot
    #[arg(long, value_name = "ROWS", default_value_t = 14, value_parser = clap::value_parser!(u16).range(3..=100))]
    pub(in crate::cli) height: u16,
    #[command(flatten)]
    pub(in crate::cli) table: Tabular,
}

fn weight(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(weight) if (0.0..1.0).contains(&weight) => Ok(weight),
        _ => Err("a number from 0 to below 1".to_owned()),
    }
}
