//! Options of `timeline`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum, ValueHint};

use super::form::Tabular;
use crate::compare::timeline::scale::Measure;

/// Options of `timeline`.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Timeline {
    /// A run folder, or checkpoint files
    #[arg(value_name = "PATH", required = true, value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// What the heat map of the text output shows
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = What::Change)]
    pub(in crate::cli) measure: What,
    #[command(flatten)]
    pub(in crate::cli) table: Tabular,
}

/// What a heat map shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum What {
    /// Relative change since the checkpoint before
    Change,
    /// Norm, as a part of the largest of its row
    Norm,
    /// NaN and infinities
    Nan,
    /// Effective rank of each weight matrix; computes singular values, which takes longer than reading
    Rank,
}

impl What {
    /// As the library has it.
    pub(in crate::cli) fn measure(self) -> Measure {
        match self {
            Self::Change => Measure::Change,
            Self::Norm => Measure::Norm,
            Self::Nan => Measure::Nan,
            Self::Rank => Measure::Rank,
        }
    }
}
