//! `check`: whether files are whole and what they would run, as text, JSON, a table or SARIF.
//!
//! The exit code is a gate: 0 when nothing of warning or worse was found, 1 when something was, 2 when the
//! question could not be asked.

mod json;
mod sarif;
mod sheet;
mod text;

use std::path::{Path, PathBuf};

use super::args::{Check, Form};
use super::output::{Failure, Out};
use super::style::Style;
use crate::check::{self, Options, Report, Verdict};
use crate::limits::Limits;
use crate::runs::scan;
use crate::work::Work;

/// Checks every file named, and every checkpoint in the folders named.
pub(super) fn run(args: &Check, as_json: bool, style: &Style, out: &mut Out) -> Result<(), Failure> {
    super::ls::check(&args.paths)?;
    let limits = Limits {
        object_bytes: usize::try_from(args.max_mem).unwrap_or(usize::MAX).saturating_mul(1 << 20),
        ..Limits::default()
    };
    let form = args.table.form(as_json);
    let options = Options { limits, values: !args.no_values, allowed: args.allow.clone() };
    let reports = reports(&args.paths, &options, &mut |report| {
        if form != Form::Text || args.sarif || args.quiet && is_clean(report) {
            return Ok(());
        }
        text::write(report, style, out)
    })?;
    match form {
        Form::Json => out.json(&json::Document(&reports))?,
        Form::Sheet(form) => {
            let told = reports.iter().filter(|report| !(args.quiet && is_clean(report)));
            sheet::write(told, form, out)?;
        }
        Form::Text if args.sarif => out.json(&sarif::document(&reports))?,
        Form::Text => text::total(&reports, style, out)?,
    }
    // What was found comes before what is said of it.
    out.finish()?;
    match reports.iter().filter(|report| !is_clean(report)).count() {
        0 => Ok(()),
        1 => Err(Failure::No("1 file has findings".to_owned())),
        n => Err(Failure::No(format!("{n} files have findings"))),
    }
}

fn is_clean(report: &Report) -> bool {
    matches!(report.verdict, Verdict::Ok | Verdict::Skipped)
}

fn reports(
    paths: &[PathBuf],
    options: &Options,
    tell: &mut dyn FnMut(&Report) -> std::io::Result<()>,
) -> Result<Vec<Report>, Failure> {
    let mut reports = Vec::new();
    for path in paths {
        let files = if path.is_dir() { scan::files(path) } else { vec![path.clone()] };
        if files.is_empty() {
            reports.push(check::nothing_in(path));
        }
        for file in files {
            let report = one(&file, options)?;
            tell(&report)?;
            reports.push(report);
        }
    }
    Ok(reports)
}

fn one(file: &Path, options: &Options) -> Result<Report, Failure> {
    Ok(check::check(file, options, &Work::default())?)
}
