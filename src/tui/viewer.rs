//! The person's own pager and editor: the terminal is lent to them while they run.
//!
//! What a pager is given goes through a file only its owner may read, which is gone afterwards, and every line of it
//! is escaped: nothing of a checkpoint reaches a terminal as it is. Nothing of a checkpoint is run, either: the programs
//! are those of the environment.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::text::{lines_shown, shown, shown_path};

/// What is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// Text for the pager; Python where it says so.
    Text {
        /// The text, not escaped.
        text: String,
        /// It is Python: programs that colour it should know.
        is_python: bool,
    },
    /// A text file for the editor.
    File(PathBuf),
}

/// Shows it and waits until the person is done.
///
/// # Errors
/// In words: that there is no such program, or that it could not be run.
pub fn show(reading: &Reading) -> Result<(), String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let set_down = |text: &str, is_python| {
        written(text, is_python).map_err(|error| format!("no temporary file could be written: {error}"))
    };
    match reading {
        Reading::File(path) => run(&editor(variable)?, path),
        Reading::Text { text, is_python } => {
            let file = set_down(text, *is_python)?;
            run(&pager(variable)?, file.path())
        }
    }
}

/// A file only its owner may read, which is removed when it is dropped.
fn written(text: &str, is_python: bool) -> io::Result<tempfile::NamedTempFile> {
    let suffix = if is_python { ".py" } else { ".txt" };
    let mut file = tempfile::Builder::new().prefix("ckpt-tui-").suffix(suffix).tempfile()?;
    file.write_all(lines_shown(text).as_bytes())?;
    file.flush()?;
    Ok(file)
}

/// A program and its arguments, and what to do where it is not there.
#[derive(Debug, PartialEq, Eq)]
struct Program {
    words: Vec<String>,
    advice: &'static str,
}

fn pager(variable: impl Fn(&str) -> Option<String>) -> Result<Program, String> {
    let advice = "PAGER names another program";
    Ok(Program { words: words("PAGER", &variable("PAGER").unwrap_or_else(|| "less".to_owned()))?, advice })
}

/// The editor; the pager where none is named: nobody is left alone in an editor they did not choose.
fn editor(variable: impl Fn(&str) -> Option<String>) -> Result<Program, String> {
    for name in ["VISUAL", "EDITOR"] {
        if let Some(text) = variable(name) {
            return Ok(Program { words: words(name, &text)?, advice: "EDITOR names another program" });
        }
    }
    pager(variable)
}

/// The words of a command as a shell would see them. No shell is asked.
fn words(name: &str, text: &str) -> Result<Vec<String>, String> {
    let words = shlex::split(text).filter(|words| !words.is_empty());
    words.ok_or_else(|| format!("{name} is no command: {}", shown(text)))
}

fn run(program: &Program, path: &Path) -> Result<(), String> {
    let Some((name, arguments)) = program.words.split_first() else { return Ok(()) };
    match Command::new(name).args(arguments).arg(path).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{} ended with {status}", shown(name))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(format!("{} is not installed; {}", shown(name), program.advice))
        }
        Err(error) => Err(format!("{} could not be run on {}: {error}", shown(name), shown_path(path))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(set: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        move |name| set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn programs_may_hold_arguments() {
        assert_eq!(pager(with(&[])).unwrap().words, ["less"]);
        assert_eq!(
            pager(with(&[("PAGER", "bat --paging 'al ways'")])).unwrap().words,
            ["bat", "--paging", "al ways"]
        );
        assert!(pager(with(&[("PAGER", "less 'unclosed")])).unwrap_err().starts_with("PAGER is no command"));
        assert_eq!(editor(with(&[("EDITOR", "nano"), ("VISUAL", "code -w")])).unwrap().words, ["code", "-w"]);
        assert_eq!(editor(with(&[("PAGER", "more")])).unwrap().words, ["more"], "no editor was named");
    }

    #[test]
    fn a_missing_program_is_said_with_what_to_do() {
        let program =
            Program { words: vec!["no-such-pager-7".to_owned()], advice: "PAGER names another program" };
        let reason = run(&program, Path::new("/")).unwrap_err();
        assert_eq!(reason, "no-such-pager-7 is not installed; PAGER names another program");
    }

    #[test]
    #[allow(clippy::disallowed_methods)] // a file of our own
    fn the_file_is_private_escaped_and_gone_afterwards() {
        let file = written("a\u{1b}[2Jb\n\tindented \\ kept\n", false).unwrap();
        let path = file.path().to_owned();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a\\u{1b}[2Jb\n\tindented \\ kept\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
        }
        drop(file);
        assert!(!path.exists());
    }
}
