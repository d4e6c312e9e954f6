//! What a comparison says in words: of the selected name, and of the repairs.

use super::{fact, of, pair};
use crate::compare::keys::Item;
use crate::compare::repairs::{Counts, Repair};
use crate::compare::values::ValueDiff;
use crate::stats::TensorStats;
use crate::text::{number, shown, shown_path};
use crate::tui::model::compare::entries::What;
use crate::tui::model::compare::rows::{Kind, Mark as RowMark, Row};
use crate::tui::model::compare::stats::SideStats;
use crate::tui::model::compare::{CompareView, Comparison};
use crate::tui::model::document::{Document, Line, Mark, heading};

/// Lines of a script, or of torch's message, that are put on the screen.
const MOST_LINES: usize = 400;
/// Letters of one line of torch's message that are.
const LONGEST: usize = 2_000;

/// Names and shapes of a count, in words: `15 missing, 16 unexpected`.
pub fn counted(counts: Counts) -> String {
    let all = [
        (counts.missing, "missing"),
        (counts.unexpected, "unexpected"),
        (counts.mismatched, "of another shape"),
    ];
    let parts: Vec<String> = all
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{} {what}", number::grouped(*n as u64)))
        .collect();
    if parts.is_empty() { "no key differs".to_owned() } else { parts.join(", ") }
}

/// Whether the candidate loads, in a line.
pub fn verdict(data: &Comparison) -> (Mark, String) {
    let report = &data.report;
    if report.verdict.loads_strict() {
        (Mark::Good, "Loads: every key and shape matches.".to_owned())
    } else if report.found.after.loads_strict() {
        (Mark::Warning, "Does not load as it is; does after the repair".to_owned())
    } else if data.repaired.is_some() {
        (Mark::Error, format!("Does not load; a repair leaves {}", counted(report.after())))
    } else {
        (Mark::Error, format!("Does not load: {}", counted(report.before())))
    }
}

/// The details of the selected line.
pub fn selected(view: &CompareView) -> Document {
    let (Some(data), Some(listed), Some(at)) = (&view.data, view.listed(), view.selected()) else {
        return Vec::new();
    };
    let Some(entry) = listed.entries.get(at) else { return Vec::new() };
    let mut out = vec![Line::Heading(shown(entry.path(&listed.rows)).into_owned())];
    match entry.what {
        What::Module { .. } => {
            let counts = view.below(at);
            for (mark, n) in RowMark::ALL.into_iter().zip(counts).filter(|(_, n)| *n > 0) {
                out.push(fact(mark.words(), number::grouped(n as u64)));
            }
        }
        What::Key(row) => {
            if let Some(row) = listed.rows.get(row as usize) {
                key(view, data, row, &mut out);
            }
        }
    }
    out
}

fn key(view: &CompareView, data: &Comparison, row: &Row, out: &mut Document) {
    let report = &data.report;
    let candidate = if view.after { &report.found.repaired } else { &report.candidate };
    let a = row.a.and_then(|at| report.reference.items.get(at as usize));
    let b = row.b.and_then(|at| candidate.items.get(at as usize));
    out.push(state(view, row));
    out.push(fact("A (model)", a.map_or_else(|| "not there".to_owned(), item)));
    out.push(fact("B", b.map_or_else(|| "not there".to_owned(), item)));
    if let (Some(a), Some(b)) = (a, b)
        && a.key() != b.key()
    {
        out.push(fact("named in B", shown(b.key())));
    }
    explained(view, data, row, out);
    match view.values_of(row) {
        Some(Ok(diff)) => values(diff, out),
        Some(Err(reason)) => out.push(Line::Item(Mark::Warning, reason.clone())),
        None => {}
    }
}

/// What its mark means.
fn state(view: &CompareView, row: &Row) -> Line {
    let item = |mark, text: &str| Line::Item(mark, text.to_owned());
    let mark = view.mark(row);
    match row.kind {
        Kind::Missing => item(Mark::Error, "missing: the model has it, B does not"),
        Kind::Unexpected => item(Mark::Error, "unexpected: B has it, the model does not"),
        Kind::Filled => item(Mark::Dot, "not in B; torch fills it in without a word"),
        Kind::Shape => item(Mark::Error, "another shape: raises even with strict=False"),
        Kind::Type => item(Mark::Error, "a tensor is wanted, and something else is given"),
        Kind::Recast => item(Mark::Warning, "another dtype: torch converts without a word"),
        Kind::Both if mark == RowMark::Equal => item(Mark::Good, "the same values"),
        Kind::Both if mark == RowMark::Values => item(Mark::Warning, "the values differ"),
        Kind::Both if mark == RowMark::Unread => item(Mark::Error, "the values could not be read"),
        Kind::Both if row.pair.is_some() && !view.is_complete => {
            Line::Hint("values are not compared yet".to_owned())
        }
        Kind::Both => Line::Hint("goes together; there are no values to compare".to_owned()),
    }
}

fn item(item: &Item) -> String {
    match &item.other {
        Some(class) => shown(class).into_owned(),
        None => format!("{} {}", number::shape(&item.tensor.shape), item.tensor.dtype.name()),
    }
}

/// The repair that has to do with a name.
fn explained(view: &CompareView, data: &Comparison, row: &Row, out: &mut Document) {
    if view.after || matches!(row.kind, Kind::Both | Kind::Filled) {
        return;
    }
    for repair in &data.report.found.repairs {
        let pair = match row.kind {
            Kind::Unexpected => repair.pairs.iter().find(|(from, _)| **from == *row.key),
            _ => repair.pairs.iter().find(|(_, to)| **to == *row.key),
        };
        let Some((from, to)) = pair else { continue };
        heading(out, "Repair");
        out.push(Line::Text(repair.title.clone()));
        let (from, to) = self::pair(from, to);
        let other = if row.kind == Kind::Unexpected { fact("becomes", to) } else { fact("from", from) };
        out.push(other);
        return;
    }
}

fn values(diff: &ValueDiff, out: &mut Document) {
    if diff.equal_values() {
        if !diff.equal_bytes {
            out.push(Line::Hint("as numbers; their bytes differ".to_owned()));
        }
        if diff.reference.nan > 0 {
            out.push(fact("NaN", number::grouped(diff.reference.nan)));
        }
        return;
    }
    heading(out, "Values");
    out.push(fact("max abs", number::metric(diff.max_abs)));
    out.push(fact("L2", number::metric(diff.l2)));
    out.push(fact("relative L2", number::metric(diff.relative_l2)));
    out.push(fact("cosine", number::metric(diff.cosine)));
    let of_all = format!("{} of {}", number::grouped(diff.unequal), number::grouped(diff.elements));
    out.push(fact("differ", of_all));
    out.push(fact("norm A", number::metric(diff.reference.l2)));
    out.push(fact("norm B", number::metric(diff.candidate.l2)));
    let both = |a: u64, b: u64| format!("A {}, B {}", number::grouped(a), number::grouped(b));
    let (a, b) = (diff.reference, diff.candidate);
    if a.nan + b.nan > 0 {
        out.push(Line::Item(Mark::Error, format!("NaN: {}", both(a.nan, b.nan))));
    }
    if a.inf + b.inf > 0 {
        out.push(Line::Item(Mark::Error, format!("infinite: {}", both(a.inf, b.inf))));
    }
}

/// Statistics of both sides, in two columns.
pub fn statistics(sides: Option<&[SideStats; 2]>, out: &mut Document) {
    const NAMES: usize = 6;
    heading(out, "Statistics");
    let [a, b] = match sides {
        None => return out.push(Line::Hint("reading ...".to_owned())),
        Some([Ok(a), Ok(b)]) => [a, b],
        Some(sides) => {
            let failed = sides.iter().filter_map(|side| side.as_ref().err());
            return out.extend(failed.map(|reason| Line::Item(Mark::Warning, reason.clone())));
        }
    };
    let mut row = |name: &str, a: &str, b: &str| {
        out.push(Line::Named(name.to_owned(), format!("{a:>11} {b:>11}"), NAMES));
    };
    row("", "A", "B");
    let real = |x: Option<f64>| x.map_or_else(|| "-".to_owned(), number::metric);
    let share = |stats: &TensorStats| stats.zero_share().map_or_else(|| "-".to_owned(), number::percent);
    row("mean", &real(a.mean()), &real(b.mean()));
    row("std", &real(a.std()), &real(b.std()));
    row("min", &real(a.min()), &real(b.min()));
    row("max", &real(a.max()), &real(b.max()));
    row("zeros", &share(a), &share(b));
    if a.nan + b.nan > 0 {
        row("NaN", &number::grouped(a.nan), &number::grouped(b.nan));
    }
}

/// The repairs, their effect, the Python lines, and torch's own words.
pub fn repairs(data: &Comparison) -> Document {
    let report = &data.report;
    let (mark, text) = verdict(data);
    let mut out = vec![Line::Heading("Verdict".to_owned()), Line::Item(mark, text)];
    let (before, after) = (report.before(), report.after());
    out.push(fact("before", state_of(before)));
    if data.repaired.is_some() {
        out.push(fact("after", state_of(after)));
    }
    if !report.verdict.loads_strict() && report.verdict.loads_loosely() {
        let kept = of(before.missing as u64, "key");
        out.push(fact(
            "strict=False",
            format!("raises nothing, and leaves {kept} of the model as they were"),
        ));
    }
    let (applied, other): (Vec<&Repair>, Vec<&Repair>) =
        report.found.repairs.iter().partition(|repair| repair.applied);
    if !applied.is_empty() {
        heading(&mut out, "What it is, and what repairs it");
    }
    for (n, repair) in applied.iter().enumerate() {
        out.push(Line::Item(Mark::Good, format!("{}. {}", n + 1, repair.title)));
        let (b, a) = (repair.before, repair.after);
        let text = format!(
            "{} matched before, {} after ({} to {} differences)",
            of(b.matched as u64, "key"),
            number::grouped(a.matched as u64),
            number::grouped(b.differences() as u64),
            number::grouped(a.differences() as u64)
        );
        out.push(fact("", text));
        out.extend(repair.notes.iter().map(|note| fact("note", note.as_str())));
    }
    if !other.is_empty() {
        heading(&mut out, "For you to decide");
    }
    for repair in other {
        out.push(Line::Item(Mark::Warning, repair.title.clone()));
        out.extend(repair.notes.iter().map(|note| fact("note", note.as_str())));
        out.extend(repair.lines.iter().take(MOST_LINES).map(|line| Line::Code(shown(line).into_owned())));
    }
    script(data, &mut out);
    message(data, &mut out);
    out
}

fn state_of(counts: Counts) -> String {
    format!("{} matched, {}", number::grouped(counts.matched as u64), counted(counts))
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
