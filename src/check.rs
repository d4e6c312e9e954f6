//! Whether a file is whole, what it would run, and what else speaks against it.
//!
//! Opening finds most of it ([`crate::checkpoint::Diagnostic`]); here come the looks that cost reads opening
//! does without: local headers and checksums of an archive, pickles nobody loads, and the elements
//! themselves. The word "safe" is never used: a file's names are on torch's own list, unknown, or known to
//! run code.

mod archive;
mod codes;
mod contents;
mod folder;
mod names;
mod values;
mod waste;

pub use codes::explain;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::checkpoint::{Checkpoint, Diagnostic, Format, GlobalUse, Severity};
use crate::error::{Error, ErrorKind, Result};
use crate::format;
use crate::limits::Limits;
use crate::sorting::Sort as _;
use crate::source::{FileSource, Identity, ReadAt};
use crate::work::Work;

/// How often a file that changes while it is read is read again.
const ATTEMPTS: usize = 3;
/// A file touched so recently may still be being written.
const FRESH: Duration = Duration::from_secs(10);

/// How to check.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bounds for every file.
    pub limits: Limits,
    /// Read the elements: checksums of storages, NaN and Inf.
    pub values: bool,
    /// Packages whose classes and functions are known to whoever asks: told, and nothing to worry about. What runs
    /// code is never let through.
    pub allowed: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { limits: Limits::default(), values: true, allowed: Vec::new() }
    }
}

/// What a file comes to. The order is that of seriousness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing found.
    Ok,
    /// Something found that does not keep it from being read.
    Warning,
    /// It, or part of it, cannot be read.
    Broken,
    /// Loading it with pickle would run code, or what nobody knows.
    Dangerous,
    /// Not a regular file.
    Skipped,
}

impl Verdict {
    /// The contract's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Broken => "broken",
            Self::Dangerous => "dangerous",
            Self::Skipped => "skipped",
        }
    }
}

/// One thing found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Stable code ([`explain`] says what it means).
    pub code: &'static str,
    /// How serious it is.
    pub severity: Severity,
    /// Member, tensor or byte it is about, safe to print; empty for the file as a whole.
    pub place: String,
    /// One line, safe to print.
    pub message: String,
}

impl Finding {
    /// A finding; `place` and `message` must be safe to print ([`crate::text::shown`]).
    fn new(
        severity: Severity,
        code: &'static str,
        place: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self { code, severity, place: place.into(), message: message.into() }
    }
}

impl From<&Diagnostic> for Finding {
    fn from(found: &Diagnostic) -> Self {
        Self::new(found.severity, found.code, "", found.message.clone())
    }
}

/// What checking one file found.
#[derive(Debug, Clone)]
pub struct Report {
    /// The file.
    pub path: PathBuf,
    /// What it comes to.
    pub verdict: Verdict,
    /// Container, where it could be opened.
    pub format: Option<Format>,
    /// Tensors listed.
    pub tensors: usize,
    /// Everything its pickles name is on torch's `weights_only` list, and they could all be read.
    pub weights_only: bool,
    /// Names that are not, most serious first.
    pub globals: Vec<GlobalUse>,
    /// What was found, most serious first.
    pub findings: Vec<Finding>,
    /// Bytes of the file.
    pub bytes: u64,
}

impl Report {
    fn settle(mut self) -> Self {
        let worst = |at| self.findings.iter().any(|f| f.severity == at);
        if self.verdict != Verdict::Skipped {
            self.verdict = match () {
                () if worst(Severity::Dangerous) => Verdict::Dangerous,
                () if worst(Severity::Broken) => Verdict::Broken,
                () if worst(Severity::Warning) => Verdict::Warning,
                () => Verdict::Ok,
            };
        }
        self.findings.in_order_of(|f| match f.severity {
            Severity::Dangerous => 0,
            Severity::Broken => 1,
            Severity::Warning => 2,
            Severity::Info => 3,
        });
        self
    }
}

/// Checks the file at `path`.
///
/// Whatever is wrong with the file is in the report. One that changes while it is read is read again, and its
/// findings are thrown away.
///
/// # Errors
/// [`ErrorKind::Cancelled`] only.
pub fn check(path: &Path, options: &Options, work: &Work) -> Result<Report> {
    if path.is_dir() || format::folders::is_index(path) || format::folders::is_split(path) {
        return folder::look(path, options, work);
    }
    file(path, options, work)
}

/// Checks one file for itself, even if it stands for others.
fn file(path: &Path, options: &Options, work: &Work) -> Result<Report> {
    for _ in 1..ATTEMPTS {
        let (report, changed) = attempt(path, options, work)?;
        if !changed {
            return Ok(report);
        }
    }
    let (mut report, changed) = attempt(path, options, work)?;
    if changed {
        let text = "the file changes while it is read; nothing found in it counts until it is quiet";
        report.findings = vec![Finding::new(Severity::Warning, "CHANGED", "", text)];
        (report.globals, report.weights_only) = (Vec::new(), false);
    }
    Ok(report.settle())
}

/// One look at the file; true when it changed meanwhile.
fn attempt(path: &Path, options: &Options, work: &Work) -> Result<(Report, bool)> {
    let source = match FileSource::open(path) {
        Ok(source) => Arc::new(source),
        Err(error) => return Ok((unopened(path, &error), false)),
    };
    let identity = source.identity();
    let shared: Arc<dyn ReadAt> = Arc::<FileSource>::clone(&source);
    let report = look(path, &shared, identity, options, work)?;
    // The file that was read, and the one that has its name by now.
    let same = std::fs::metadata(path).is_ok_and(|m| Identity::of(&m) == identity);
    Ok((report, source.verify_unchanged().is_err() || !same))
}

/// The report of what could not even be opened.
fn unopened(path: &Path, error: &Error) -> Report {
    let skipped = error.kind() == ErrorKind::NotRegular;
    let severity = if skipped { Severity::Info } else { Severity::Broken };
    let mut report = empty(path, 0);
    report.verdict = if skipped { Verdict::Skipped } else { Verdict::Ok };
    report.findings.push(Finding::new(severity, error.code(), "", error.reason()));
    report.settle()
}

fn empty(path: &Path, bytes: u64) -> Report {
    Report {
        path: path.to_owned(),
        verdict: Verdict::Ok,
        format: None,
        tensors: 0,
        weights_only: false,
        globals: Vec::new(),
        findings: Vec::new(),
        bytes,
    }
}

/// A folder in which nothing was found to check.
pub fn nothing_in(folder: &Path) -> Report {
    let mut report = empty(folder, 0);
    report.verdict = Verdict::Skipped;
    let text = "a folder without checkpoints in it";
    report.findings.push(Finding::new(Severity::Info, ErrorKind::NotRegular.code(), "", text));
    report
}

fn look(
    path: &Path,
    source: &Arc<dyn ReadAt>,
    identity: Identity,
    options: &Options,
    work: &Work,
) -> Result<Report> {
    let mut report = empty(path, source.len());
    let opened = format::open_source(path, Arc::clone(source), Some(identity), &options.limits);
    match &opened {
        Ok(checkpoint) => {
            report.format = Some(checkpoint.format());
            report.tensors = checkpoint.tensors().len();
            report.weights_only = checkpoint.weights_only();
            report.findings.extend(checkpoint.diagnostics().iter().map(Finding::from));
            report.findings.extend(waste::find(checkpoint));
            report.findings.extend(contents::extension(path, checkpoint.format()));
        }
        Err(error) => {
            let place = error.offset().map(|at| format!("byte {at}")).unwrap_or_default();
            report.findings.push(Finding::new(Severity::Broken, error.code(), place, error.reason()));
        }
    }
    let checkpoint = opened.as_ref().ok();
    work.cancel.check()?;
    let archive = archive::look(source, checkpoint, options, work)?;
    report.findings.extend(archive.findings);
    let hidden = contents::names(source, checkpoint, &archive.pickles, &options.limits);
    names::judge(&mut report, checkpoint, hidden, &options.allowed);
    growing(&mut report, identity);
    if let Some(checkpoint) = checkpoint.filter(|_| options.values) {
        values(checkpoint, path, identity, &mut report, work)?;
    }
    Ok(report.settle())
}

fn values(
    checkpoint: &Checkpoint,
    path: &Path,
    identity: Identity,
    report: &mut Report,
    work: &Work,
) -> Result<()> {
    if contents::is_hollow(path, identity.size) {
        let text = "next to nothing of the file is on disk (a sparse file): its elements were not read";
        report.findings.push(Finding::new(Severity::Info, "SPARSE_FILE", "", text));
        return Ok(());
    }
    report.findings.extend(values::find(checkpoint, work)?);
    Ok(())
}

/// Says of a file that ends too early whether it may be growing.
fn growing(report: &mut Report, identity: Identity) {
    let Ok(age) = SystemTime::now().duration_since(identity.modified()) else { return };
    if age > FRESH {
        return;
    }
    for finding in report.findings.iter_mut().filter(|f| f.code == "TRUNCATED") {
        let _ =
            write!(finding.message, "; it changed {} s ago and may still be being written", age.as_secs());
    }
}
