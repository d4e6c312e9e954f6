//! The repairs of a comparison as text: what it is, what each repair changes, the Python lines, torch's own words.

use super::super::{fact, of};
use super::verdict;
use crate::compare::repairs::{Counts, Repair};
use crate::text::{number, shown, shown_path};
use crate::tui::model::compare::Comparison;
use crate::tui::model::document::{Document, Line, Mark, heading};

/// Lines of a script, or of torch's message, that are put on the screen.
const MOST_LINES: usize = 400;
/// Letters of one line of torch's message that are.
const LONGEST: usize = 2_000;

/// Cells before the text of a numbered explanation.
const INDENT: usize = 4;

/// The repairs, their effect, the Python lines, and torch's own words.
pub(in crate::tui) fn repairs(data: &Comparison) -> Document {
    let report = &data.report;
    let (mark, text) = verdict(data, false);
    let mut out = vec![Line::Heading("Verdict".to_owned()), Line::Item(mark, text)];
    let (before, after) = (report.before(), report.after());
    out.push(fact("before", state_of(before)));
    if data.repaired.is_some() {
        out.push(fact("after", state_of(after)));
    }
    if !report.verdict.loads_strict() && report.verdict.loads_loosely() {
        let kept = of(before.missing as u64, "key");
        out.push(fact("strict=False", format!("raises nothing, and leaves {kept} of the model untouched")));
    }
    let (applied, other): (Vec<&Repair>, Vec<&Repair>) =
        report.found.repairs.iter().partition(|repair| repair.applied);
    if !applied.is_empty() {
        heading(&mut out, "What it is, and what repairs it");
    }
    for (n, repair) in applied.iter().enumerate() {
        out.push(Line::Named(format!("{}.", n + 1), repair.title.clone(), INDENT));
        out.push(Line::Named(String::new(), change(repair), INDENT));
        out.extend(repair.notes.iter().map(|note| Line::Named(String::new(), note.clone(), INDENT)));
    }
    if !other.is_empty() {
        heading(&mut out, "For you to decide");
    }
    for repair in other {
        out.push(Line::Item(Mark::Warning, repair.title.clone()));
        out.extend(repair.notes.iter().map(|note| Line::Named(String::new(), note.clone(), 2)));
        out.extend(repair.lines.iter().take(MOST_LINES).map(|line| Line::Code(shown(line).into_owned())));
    }
    script(data, &mut out);
    message(data, &mut out);
    out
}

/// What a repair changes: matched before and after, and what differs.
fn change(repair: &Repair) -> String {
    let (before, after) = (repair.before, repair.after);
    let n = |n: usize| number::grouped(n as u64);
    format!(
        "matched: {} before, {} after; differences: {} before, {} after",
        n(before.matched),
        n(after.matched),
        n(before.differences()),
        n(after.differences())
    )
}

fn state_of(counts: Counts) -> String {
    format!("{} matched, {}", number::grouped(counts.matched as u64), counts.in_words())
}

fn script(data: &Comparison, out: &mut Document) {
    if data.script.is_empty() {
        return;
    }
    heading(out, "Python (y copies it)");
    let lines = data.script.trim_end().lines();
    let total = lines.clone().count();
    out.extend(lines.take(MOST_LINES).map(|line| Line::Code(line.to_owned())));
    if total > MOST_LINES {
        let more = number::grouped((total - MOST_LINES) as u64);
        out.push(Line::Hint(format!("and {more} more lines, which are copied, too")));
    }
    heading(out, "Or without Python");
    let [a, b] = [&data.report.reference.path, &data.report.candidate.path].map(|path| shown_path(path));
    out.push(Line::Code(format!("ckpt-tui export {b} --repair {a} -o OUT.safetensors")));
}

fn message(data: &Comparison, out: &mut Document) {
    heading(out, "What torch says");
    let message = data.report.message(None, true);
    for line in message.split('\n').take(MOST_LINES) {
        let mut text: String = line.trim_start_matches('\t').chars().take(LONGEST).collect();
        if text.len() < line.trim_start_matches('\t').len() {
            text.push_str(" ... (ckpt-tui diff -v prints all)");
        }
        out.push(Line::Text(shown(&text).into_owned()));
    }
}
