//! The readers against files written by the real libraries.

// A test that meets a surprise should stop at it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod arrays;
mod containers;
mod containers_damage;
mod damage;
mod faults;
mod folders;
mod fresh;
mod hostile;
mod pickle;
mod samples;

use std::path::{Path, PathBuf};

/// A file written by a real library, kept in the repository.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}
