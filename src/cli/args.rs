//! What may stand on the command line.

mod best;
mod check;
mod clean;
mod config;
mod curves;
mod diff;
mod export;
mod form;
pub(super) mod look;
mod report;
pub(super) mod spectra;
mod stats;
mod timeline;
pub(super) mod torch;

use std::path::PathBuf;

use crate::settings::{self, Settings};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, ValueHint};

pub(super) use best::{Best, Direction};
pub(super) use check::Check;
pub(super) use clean::Clean;
pub(super) use config::Config;
pub(super) use curves::Curves;
pub(super) use diff::Diff;
pub(super) use export::{Average, Export, Output};
pub(super) use form::{Form, Sheet, Tabular};
pub(super) use look::Look;
pub(super) use report::Report;
pub(super) use stats::Stats;
pub(super) use timeline::Timeline;

/// Browse PyTorch training checkpoints in a terminal.
///
/// Without a subcommand, opens the terminal UI on its paths. A folder or file that is named like a
/// subcommand is given as `./ls`. Nothing in a checkpoint is ever executed.
#[derive(Debug, Parser)]
#[command(
    name = "ckpt-tui",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    override_usage = "ckpt-tui [OPTIONS] [PATH]...\n       ckpt-tui [OPTIONS] <COMMAND>"
)]
#[allow(clippy::struct_excessive_bools)] // each is a flag of its own
pub(super) struct Args {
    /// Folders to search for checkpoints, or checkpoint files to open [default: the current folder]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,
    /// Leave the mouse to the terminal, so that it selects text
    #[arg(long)]
    pub(super) no_mouse: bool,
    /// Neither use nor keep what is remembered of earlier starts: selection, sizes of panes, marks, bookmarks
    #[arg(long)]
    pub(super) no_state: bool,
    /// Show no hints for those who have just begun
    #[arg(long)]
    pub(super) no_hints: bool,
    #[command(flatten)]
    pub(super) look: Look,
    /// Print the keys and what they do, as they are set, and end
    #[arg(long)]
    pub(super) print_keys: bool,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// Options of every subcommand.
#[derive(Debug, ClapArgs)]
#[allow(clippy::struct_excessive_bools)] // each is a flag of its own
pub(super) struct Common {
    /// Print JSON, for scripts
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// When to use colours; the environment variable `NO_COLOR` turns `auto` off [default: auto]
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    pub(super) color: Option<When>,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub(super) ascii: bool,
    /// Neither use nor keep what was worked out about files before
    #[arg(long, global = true)]
    pub(super) no_cache: bool,
    /// Read the settings from this file instead of that of the user (`ckpt-tui config` tells where that is)
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) config: Option<PathBuf>,
    /// Show more: every metric, time and attribute
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
}

impl Common {
    /// Fills in from the settings what no flag said.
    pub(super) fn take_over(&mut self, settings: &Settings) {
        let color = settings.color.map(|when| match when {
            settings::When::Auto => When::Auto,
            settings::When::Always => When::Always,
            settings::When::Never => When::Never,
        });
        self.color = self.color.or(color);
        self.ascii |= settings.ascii == Some(true);
        self.no_cache |= settings.cache == Some(false);
    }

    /// When to use colours.
    pub(super) fn when(&self) -> settings::When {
        match self.color {
            None | Some(When::Auto) => settings::When::Auto,
            Some(When::Always) => settings::When::Always,
            Some(When::Never) => settings::When::Never,
        }
    }
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// On a terminal
    Auto,
    /// Also into a pipe or file
    Always,
    /// Not at all
    Never,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List runs and their checkpoints
    Ls(Ls),
    /// Name the best checkpoint by a metric, and print its path
    Best(Best),
    /// Draw the curves of training, or print them as JSON
    Curves(Curves),
    /// Plan a clean-up that keeps the best checkpoints; `--yes` carries it out
    Clean(Clean),
    /// Show one checkpoint: sections, tensors, modules, metadata, how to load it
    Show(Show),
    /// Compare two checkpoints: would CANDIDATE load into REFERENCE's model, why not, and what repairs it
    Diff(Diff),
    /// Show every layer over the checkpoints of a run: change, norm, NaN, frozen layers
    Timeline(Timeline),
    /// Write the weights of a checkpoint as safetensors
    Export(Export),
    /// Write the average of several checkpoints as safetensors
    Average(Average),
    /// Write a page of runs, a checkpoint or a comparison as one HTML file
    Report(Report),
    /// Statistics of every tensor: mean, spread, extremes, zeros, NaN, quantiles, histogram
    Stats(Stats),
    /// Tell where this program keeps its settings and what it remembers; `--template` prints settings to begin with
    Config(Config),
    /// Check files: broken, cut off, growing, running code, NaN; exit code 1 when something is found
    Check(Check),
    /// Singular values of the weights: norms, condition, ranks, the exponent of the tail
    Spectra(spectra::Spectra),
    /// The optional libtorch engine: what was found, and running TorchScript files with it
    Torch(torch::Torch),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, in roff
    Man,
}

/// Options of `ls`.
#[derive(Debug, ClapArgs)]
pub(super) struct Ls {
    /// Folders to search, or files [default: the current folder]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,
    /// Order checkpoints, and runs, by a metric (best first) or by epoch, step, size, modified or name
    #[arg(long, value_name = "METRIC")]
    pub(super) sort: Option<String>,
    #[command(flatten)]
    pub(super) table: Tabular,
}

/// Options of `show`.
#[derive(Debug, ClapArgs)]
pub(super) struct Show {
    /// The checkpoint
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) table: Tabular,
}
