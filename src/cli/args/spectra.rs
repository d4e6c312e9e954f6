//! Options of `spectra`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::form::Tabular;

/// Options of `spectra`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Spectra {
    /// The checkpoint
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) file: PathBuf,
    /// Only tensors whose path matches, such as 'layers.*.weight'
    #[arg(long, value_name = "GLOB")]
    pub(in crate::cli) filter: Option<glob::Pattern>,
    /// What computes: faer on the CPU, or libtorch; auto takes the faster one that is there
    #[arg(long, value_enum, value_name = "BACKEND", default_value_t = Backend::Auto)]
    pub(in crate::cli) backend: Backend,
    /// Where libtorch computes: cpu, cuda:0 ... [default: the first GPU, else the CPU]
    #[arg(long, value_name = "DEVICE")]
    pub(in crate::cli) device: Option<String>,
    /// Only the K largest singular values of each matrix
    #[arg(long, value_name = "K", conflicts_with = "all")]
    pub(in crate::cli) top: Option<usize>,
    /// All singular values, also of matrices that take minutes
    #[arg(long)]
    pub(in crate::cli) all: bool,
    #[command(flatten)]
    pub(in crate::cli) table: Tabular,
}

/// The back ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Backend {
    /// The faster one
    Auto,
    /// faer
    Cpu,
    /// libtorch, in a process of its own
    Torch,
}
