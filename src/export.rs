//! What leaves this program: Python lines that load a checkpoint.
//!
//! Everything here builds text from names of strangers, so every name passes through [`python`], which
//! knows no way to write one that is not a literal.

pub mod python;
pub mod snippet;
