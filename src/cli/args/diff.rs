//! Options of `diff`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueHint};

use super::form::Tabular;

/// Options of `diff`.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Diff {
    /// The model's side: a checkpoint of the model that is to be loaded into
    #[arg(value_name = "REFERENCE", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) reference: PathBuf,
    /// What is to be loaded
    #[arg(value_name = "CANDIDATE", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) candidate: PathBuf,
    /// Compare names, shapes and dtypes; read no values
    #[arg(long)]
    pub(in crate::cli) keys_only: bool,
    /// Values are equal within this part of the reference's
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    pub(in crate::cli) rtol: f64,
    /// Values are equal within this
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    pub(in crate::cli) atol: f64,
    /// Section of REFERENCE to compare ("" is the root) [default: the weights that fit best]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) section_a: Option<String>,
    /// Section of CANDIDATE to compare
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) section_b: Option<String>,
    /// Class named in torch's message; state dicts do not record it [default: the reference's, else Net]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) class: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) table: Tabular,
}
