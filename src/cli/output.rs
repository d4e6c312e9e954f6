//! Where output goes, how it fails, and what the exit code says about it.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};

use crate::text::shown;

/// Why a command stopped.
#[derive(Debug)]
pub(super) enum Failure {
    /// One line for stderr, safe to print: the reason and what to do.
    Message(String),
    /// Nothing failed, and the answer is "no": one line for stderr that says so.
    No(String),
    /// The output could not be written.
    Output(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<crate::error::Error> for Failure {
    fn from(error: crate::error::Error) -> Self {
        Self::Message(error.to_string())
    }
}

impl Failure {
    /// A failure about a path the user named.
    pub(super) fn at(path: &Path, reason: &str) -> Self {
        Self::Message(format!("{}: {reason}", crate::text::shown_path(path)))
    }
}

/// Standard output, buffered; errors surface at [`Out::finish`] at the latest.
pub(super) struct Out(BufWriter<Box<dyn Write>>);

impl Out {
    /// Standard output.
    pub(super) fn stdout() -> Self {
        Self(BufWriter::with_capacity(1 << 16, Box::new(io::stdout().lock())))
    }

    /// Writes what is left.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        Ok(self.0.flush()?)
    }

    /// Writes a path and a newline, to be taken up by a script: its very bytes, unless a terminal would obey them.
    pub(super) fn path(&mut self, path: &Path) -> Result<(), Failure> {
        if is_terminal() {
            writeln!(self.0, "{}", crate::text::shown_path(path))?;
        } else {
            self.0.write_all(path.as_os_str().as_encoded_bytes())?;
            self.0.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Writes `value` as one line of JSON in ASCII.
    pub(super) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let mut serializer = serde_json::Serializer::with_formatter(&mut self.0, Ascii);
        value.serialize(&mut serializer).map_err(io::Error::from)?;
        self.0.write_all(b"\n")?;
        Ok(())
    }
}

impl Write for Out {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// One line beside the answer, on standard error: what a script does not want in its variable.
pub(super) fn remark(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// True when standard output is a terminal.
pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Bytes of escaped text written at once.
const PIECE: usize = 4_096;

/// JSON in ASCII: names of strangers hold control and direction characters, and terminals show JSON too.
struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.bytes().all(|b| matches!(b, 0..0x7f)) {
            return out.write_all(fragment.as_bytes());
        }
        // Texts may have millions of such characters: pieces, not single ones, go to the output.
        let mut piece = String::with_capacity(PIECE + 12);
        for c in fragment.chars() {
            if c.is_ascii() && c != '\x7f' {
                piece.push(c);
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    piece.push_str("\\u");
                    let digits = [12, 8, 4, 0].map(|shift| u32::from(*unit >> shift & 0xf));
                    piece.extend(digits.into_iter().filter_map(|digit| char::from_digit(digit, 16)));
                }
            }
            if piece.len() >= PIECE {
                out.write_all(piece.as_bytes())?;
                piece.clear();
            }
        }
        out.write_all(piece.as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, out: &mut W, escape: CharEscape) -> io::Result<()> {
        serde_json::ser::CompactFormatter.write_char_escape(out, escape)
    }
}

/// Help and version go to standard output; a wrong command line is an error of one line.
pub(super) fn usage(error: &clap::Error, out: &mut Out) -> Result<(), Failure> {
    let text = error.render();
    if !error.use_stderr() {
        let colour = super::style::wants_colour(crate::settings::When::Auto);
        let text = if colour { text.ansi().to_string() } else { text.to_string() };
        out.write_all(text.as_bytes())?;
        return Ok(());
    }
    let text = text.to_string();
    let reason = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
    let reason: Vec<&str> = reason.split_whitespace().collect();
    let tip = text.lines().find_map(|line| line.trim().strip_prefix("tip: "));
    let tip = tip.map(|tip| format!("; {tip}")).unwrap_or_default();
    let line = format!("{}{tip}; see ckpt-tui --help", reason.join(" "));
    Err(Failure::Message(shown(&line).into_owned()))
}

/// Says what failed, on stderr, and turns the outcome into an exit code.
pub(super) fn exit(outcome: Result<(), Failure>) -> ExitCode {
    let (message, code) = match outcome {
        Ok(()) => return ExitCode::SUCCESS,
        // Whoever reads has read enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Err(Failure::Output(error)) => (format!("the output cannot be written: {error}"), 2),
        Err(Failure::No(message)) => (message, 1),
        Err(Failure::Message(message)) => (message, 2),
    };
    let _ = writeln!(io::stderr(), "ckpt-tui: {message}");
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_ascii_and_reads_back() {
        let text = "a\u{1b}[2J\u{7f}\u{202e}é😀\"\\\n";
        let mut bytes = Vec::new();
        text.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, Ascii)).unwrap();
        let json = String::from_utf8(bytes).unwrap();
        assert_eq!(json, r#""a\u001b[2J\u007f\u202e\u00e9\ud83d\ude00\"\\\n""#);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
