//! `check` as text: a line for each file, and one for each finding.

use std::io::{self, Write};

use crate::check::{Report, Verdict};
use crate::checkpoint::Severity;
use crate::cli::style::{Style, Tone};
use crate::text::{brief, fit, number, shown_path};

/// Names listed under a file, unless all are asked for.
const NAMES: usize = 20;

/// Writes one file.
pub(super) fn write(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let tone = tone(report.verdict);
    let mut facts = vec![report.verdict.name().to_owned()];
    facts.extend(report.format.map(|format| format.name().to_owned()));
    if report.format.is_some() {
        facts.push(format!("{} tensors", number::grouped(report.tensors as u64)));
        let only = if report.weights_only { "yes" } else { "no" };
        facts.push(format!("needs only torch's weights_only list: {only}"));
    }
    writeln!(out, "{}: {}", shown_path(&report.path), style.paint(tone, &facts.join(style.dot())))?;
    for finding in &report.findings {
        if finding.severity == Severity::Info && !style.verbose && report.verdict == Verdict::Ok {
            continue;
        }
        let place = if finding.place.is_empty() { String::new() } else { format!("{}: ", finding.place) };
        let text = format!("{}: {place}{} ({})", finding.severity.name(), finding.message, finding.code);
        let width = style.width.map_or(usize::MAX, |width| width.min(120)).saturating_sub(4).max(20);
        for (at, line) in fit::wrap_words(&text, width).iter().enumerate() {
            let mark = if at == 0 { "  " } else { "    " };
            writeln!(out, "{mark}{}", style.paint(severity_tone(finding.severity), line))?;
        }
    }
    if style.verbose {
        for used in report.globals.iter().take(if style.verbose { usize::MAX } else { NAMES }) {
            writeln!(out, "  {:9} {}  {}", used.verdict.name(), brief(&used.name), used.why)?;
        }
    }
    Ok(())
}

/// Writes how many files came to what.
pub(super) fn total(reports: &[Report], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let count = |verdict| reports.iter().filter(|report| report.verdict == verdict).count();
    let all = [Verdict::Ok, Verdict::Warning, Verdict::Broken, Verdict::Dangerous, Verdict::Skipped];
    let parts: Vec<String> = all
        .into_iter()
        .map(|verdict| (count(verdict), verdict))
        .filter(|(n, _)| *n > 0)
        .map(|(n, verdict)| format!("{} {}", number::grouped(n as u64), verdict.name()))
        .collect();
    if reports.len() > 1 {
        writeln!(out, "{} files: {}", number::grouped(reports.len() as u64), parts.join(style.dot()))?;
    }
    Ok(())
}

fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Ok => Tone::Good,
        Verdict::Warning => Tone::Warn,
        Verdict::Broken | Verdict::Dangerous => Tone::Bad,
        Verdict::Skipped => Tone::Dim,
    }
}

fn severity_tone(severity: Severity) -> Tone {
    match severity {
        Severity::Info => Tone::Dim,
        Severity::Warning => Tone::Warn,
        Severity::Dangerous | Severity::Broken => Tone::Bad,
    }
}
