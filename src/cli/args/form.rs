//! How an answer that is a table is written.

use clap::Args as ClapArgs;

/// Options of every subcommand whose answer is a table, beside `--json`.
#[derive(Debug, Clone, Copy, Default, ClapArgs)]
pub(in crate::cli) struct Tabular {
    /// Print the table as CSV: every digit, no units
    #[arg(long, conflicts_with_all = ["json", "markdown"])]
    csv: bool,
    /// Print the table as Markdown, for an issue or a page
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

/// The form an answer is wanted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Form {
    /// For people.
    Text,
    /// The contract of docs/cli.md.
    Json,
    /// A table.
    Sheet(Sheet),
}

/// The forms of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Sheet {
    /// For programs and spreadsheets.
    Csv,
    /// GitHub's.
    Markdown,
}

impl Tabular {
    /// The one form that was asked for.
    pub(in crate::cli) fn form(self, json: bool) -> Form {
        match (json, self.csv, self.markdown) {
            (true, ..) => Form::Json,
            (_, true, _) => Form::Sheet(Sheet::Csv),
            (_, _, true) => Form::Sheet(Sheet::Markdown),
            _ => Form::Text,
        }
    }
}
