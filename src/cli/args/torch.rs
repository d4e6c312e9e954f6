//! Options of `torch`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

/// Options of `torch`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(in crate::cli) struct Torch {
    /// Say which libtorch was found, its devices, and how to install it
    #[arg(long)]
    pub(in crate::cli) check: bool,
    #[command(subcommand)]
    pub(in crate::cli) action: Option<Action>,
}

/// What libtorch is asked to do with a TorchScript file.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Action {
    /// Run the forward pass of a TorchScript file. This EXECUTES the code in the file
    Run(Run),
    /// Statistics of the parameters of a TorchScript file, by libtorch. Loading it may execute code in the file
    Stats(Script),
    /// Compare every parameter libtorch reads with what this program reads. Loading it may execute code in the file
    Verify(Script),
}

/// A TorchScript file.
#[derive(Debug, Args)]
pub(in crate::cli) struct Script {
    /// The TorchScript file
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) file: PathBuf,
}

/// Options of `torch run`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Run {
    #[command(flatten)]
    pub(in crate::cli) script: Script,
    /// Shape of an input, with its dtype if it is not float32: 1x3x224x224, 1x128:int64. Once for each input
    #[arg(long, value_name = "SHAPE", required = true)]
    pub(in crate::cli) input: Vec<String>,
    /// Where to run: cpu, cuda:0 ...
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    pub(in crate::cli) device: String,
    /// Timed runs after the first
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(in crate::cli) runs: usize,
}
