//! From bytes to a [`crate::checkpoint::Checkpoint`]: one file per container.
