//! The readers against files written by the real libraries.

// A test that meets a surprise should stop at it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod pickle;
mod samples;
