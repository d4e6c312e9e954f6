//! What leaves this program: Python lines that load a checkpoint, and files of weights.
//!
//! Lines are built from names of strangers, so every name passes through [`python`], which knows no way to write
//! one that is not a literal. Files are safetensors, written by [`mod@write`] from what [`weights`] selected,
//! and appear whole or not at all ([`disk`]).

pub mod average;
mod content;
pub mod disk;
pub mod encode;
mod made;
mod names;
pub mod python;
pub mod repair_script;
pub mod repaired;
pub mod safetensors;
pub mod snippet;
pub mod weights;
pub mod write;

pub use made::Ingredients;
