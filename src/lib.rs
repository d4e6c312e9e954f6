//! Reads training checkpoints without executing anything in them, and shows them in a terminal.
//!
//! Data flows one way: each module below uses only those above it. Everything up to `report` knows no
//! terminal; `cli` and `tui` are two faces over it, and neither computes.

pub mod error;
pub mod limits;
pub mod platform;
pub mod plot;
pub(crate) mod sorting;
pub mod source;
pub mod tensor;
pub mod text;
pub mod value;
pub mod work;

pub mod cache;
pub mod checkpoint;
pub mod elements;
pub mod pickle;
pub mod settings;
pub mod state;
pub mod stats;

pub mod format;

pub mod check;
pub mod engine;
pub mod spectra;

pub mod training;

pub mod compare;

pub mod export;
pub mod runs;

pub mod report;

pub mod cli;
pub mod tui;
