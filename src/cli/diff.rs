//! `diff`: would the candidate load into the reference's model, why not, what repairs it, and which values differ.

mod json;
mod sheet;
mod text;

use super::args::{Common, Diff, Form};
use super::output::{Failure, Out};
use super::style::Style;
use super::{progress, show};
use crate::checkpoint::Checkpoint;
use crate::compare::report::{Match, Report};
use crate::compare::values::{self, Options, ValueDiff};
use crate::export::repair_script;
use crate::text::shown_path;

/// One comparison, ready to be written.
struct Outcome<'a> {
    options: &'a Diff,
    reference: &'a Checkpoint,
    candidate: &'a Checkpoint,
    report: Report,
    /// Tensors that go together, with the difference of their values where it was computed.
    rows: Vec<(Match, Option<Result<ValueDiff, String>>)>,
    /// Python lines that repair and load; empty without repairs.
    script: String,
}

impl Outcome<'_> {
    /// Rows whose values differ by more than the tolerance.
    fn changed(&self) -> impl Iterator<Item = (&Match, &ValueDiff)> {
        let compared = self.rows.iter().filter_map(|(row, diff)| Some((row, diff.as_ref()?.as_ref().ok()?)));
        compared.filter(|(_, diff)| !diff.is_close())
    }

    fn equal(&self) -> usize {
        let compared = self.rows.iter().filter_map(|(_, diff)| diff.as_ref()?.as_ref().ok());
        compared.filter(|diff| diff.is_close()).count()
    }

    /// Rows of different dtypes.
    fn recast(&self) -> impl Iterator<Item = &Match> {
        self.rows.iter().map(|(row, _)| row).filter(|row| row.reference_dtype != row.candidate_dtype)
    }

    fn differs(&self) -> bool {
        let unread = self.rows.iter().any(|(_, diff)| matches!(diff, Some(Err(_))));
        !self.report.verdict.loads_strict()
            || self.report.before().differences() > 0
            || unread
            || self.changed().next().is_some()
            || self.recast().next().is_some()
    }
}

/// Compares two checkpoints.
pub(super) fn run(options: &Diff, common: &Common, style: &Style, out: &mut Out) -> Result<(), Failure> {
    let reference = show::open(&options.reference)?;
    let candidate = show::open(&options.candidate)?;
    let sections = (options.section_a.as_deref(), options.section_b.as_deref());
    let report = Report::of(&reference, &candidate, sections)?;
    let rows = compare(options, &reference, &candidate, &report)?;
    let script = match report.found.applied().next() {
        Some(_) => repair_script::script(&candidate, &report.candidate.section, &report.found),
        None => String::new(),
    };
    let outcome = Outcome { options, reference: &reference, candidate: &candidate, report, rows, script };
    match options.table.form(common.json) {
        Form::Text => text::write(&outcome, style, out)?,
        Form::Json => out.json(&json::document(&outcome))?,
        Form::Sheet(form) => sheet::write(&outcome, form, out)?,
    }
    if outcome.differs() {
        let (reference, candidate) = (shown_path(&options.reference), shown_path(&options.candidate));
        return Err(Failure::No(format!("{reference} and {candidate} differ")));
    }
    Ok(())
}

type Row = (Match, Option<Result<ValueDiff, String>>);

fn compare(
    options: &Diff,
    reference: &Checkpoint,
    candidate: &Checkpoint,
    report: &Report,
) -> Result<Vec<Row>, Failure> {
    let matches: Vec<Match> = report.matches().collect();
    if options.keys_only {
        return Ok(matches.into_iter().map(|row| (row, None)).collect());
    }
    let pairs: Vec<_> = matches.iter().filter_map(|row| row.ids).collect();
    let tolerance = Options { rtol: options.rtol, atol: options.atol, ..Options::default() };
    let found = progress::run("comparing values", |work| {
        work.meter.expect(values::bytes(reference, candidate, &pairs));
        values::compare(reference, candidate, &pairs, &tolerance, work)
    })?;
    let mut found = found.into_iter().map(|diff| diff.map_err(|error| error.to_string()));
    let row = |row: Match| {
        let diff = if row.ids.is_some() { found.next() } else { None };
        (row, diff)
    };
    Ok(matches.into_iter().map(row).collect())
}
