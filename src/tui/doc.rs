//! What the text panes say: from the model to a [`Document`](super::model::document::Document).
//!
//! Every text that comes from a file passes through [`crate::text::shown`] here.

pub mod compare;
pub mod detail;
pub mod diagnostics;
pub mod facts;
pub mod load;
mod parts;
pub mod spectrum;
pub mod stats;
pub mod value;

use super::model::document::Line;
use crate::text::shown;

/// A fact, when there is something to say.
fn fact(name: &'static str, text: impl Into<String>) -> Line {
    Line::Fact(name, text.into())
}

/// A name and a value that both come from a file.
fn pair(name: &str, text: &str) -> (String, String) {
    (shown(name).into_owned(), shown(text).into_owned())
}

/// How many of what, with the plural that belongs to it: `1 tensor`, `62 tensors`.
pub fn of(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", crate::text::number::grouped(n), if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    #[test]
    fn plurals() {
        assert_eq!((super::of(1, "tensor"), super::of(0, "run")), ("1 tensor".into(), "0 runs".into()));
    }
}
