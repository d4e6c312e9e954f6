//! Two checkpoints side by side.

pub mod values;
