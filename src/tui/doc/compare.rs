//! What a comparison says in words: of the whole, of the selected name, and of the repairs.

mod numbers;
mod repairs;

use super::{fact, of};
use crate::compare::keys::Item;
use crate::compare::values::ValueDiff;
use crate::text::{number, shown};
use crate::tui::model::compare::entries::What;
use crate::tui::model::compare::rows::{Kind, Mark as RowMark, Row};
use crate::tui::model::compare::stats::Panel;
use crate::tui::model::compare::{CompareView, Comparison};
use crate::tui::model::document::{Document, Line, Mark, heading};

pub(in crate::tui) use repairs::repairs;

/// Parts of one repaired tensor that are named.
const MOST_PARTS: usize = 8;

/// Whether the candidate loads, in a line; as it is, or `after` the repairs.
pub fn verdict(data: &Comparison, after: bool) -> (Mark, String) {
    let report = &data.report;
    let is_repaired = data.repaired.is_some();
    let loads = |is_it: bool| if is_it { (Mark::Good, "loads") } else { (Mark::Error, "does not load") };
    if data.is_same_file && report.reference.section == report.candidate.section {
        (Mark::Warning, "A and B are one and the same file.".to_owned())
    } else if after && is_repaired {
        let (mark, word) = loads(report.found.after.loads_strict());
        (mark, format!("After the repair it {word}: {}.", report.after().in_words()))
    } else if report.verdict.loads_strict() && data.recast > 0 {
        let n = of(data.recast as u64, "tensor");
        (Mark::Good, format!("Loads; torch converts the dtype of {n}."))
    } else if report.verdict.loads_strict() {
        (Mark::Good, "Loads: every key and shape matches.".to_owned())
    } else if report.found.after.loads_strict() {
        (Mark::Warning, "Does not load; loads after the repair.".to_owned())
    } else if is_repaired {
        (Mark::Error, format!("Does not load; a repair leaves {}", report.after().in_words()))
    } else {
        (Mark::Error, format!("Does not load: {}", report.before().in_words()))
    }
}

/// What the panel in use says of the selected line, in so many cells.
pub(in crate::tui) fn panel(view: &CompareView, width: usize, ascii: bool) -> Document {
    let mut out = Document::new();
    let (Some(data), Some(listed), Some(at)) = (&view.data, view.listed(), view.selected()) else {
        return out;
    };
    let Some(entry) = listed.entries.get(at) else { return out };
    out.push(Line::Heading(shown(entry.path(&listed.rows)).into_owned()));
    match entry.what {
        What::Module { .. } => module(view, data, at, ascii, &mut out),
        What::Key(row) => {
            let Some(row) = listed.rows.get(row as usize) else { return out };
            out.push(state(view, row, ascii));
            match (view.panel, view.ids()) {
                (Panel::Numbers, Some(ids)) => {
                    numbers::statistics(view.looked.stats(ids), width, &mut out);
                    if let Some(Ok(diff)) = view.values_of(row) {
                        numbers::apart(diff, &mut out);
                    }
                }
                (Panel::HeatMap, Some(_)) => {
                    if let Some(Ok(diff)) = view.values_of(row) {
                        numbers::apart(diff, &mut out);
                    }
                }
                _ => key(view, data, row, &mut out),
            }
        }
    }
    out
}

/// Counts below a module, and what would repair them.
fn module(view: &CompareView, data: &Comparison, at: u32, ascii: bool, out: &mut Document) {
    const NAMES: usize = 16;
    let counts = view.below(at);
    for (mark, n) in RowMark::ALL.into_iter().zip(counts).filter(|(_, n)| *n > 0) {
        let name = format!("{} {}", mark.letter(ascii), mark.words());
        out.push(Line::Named(name, number::grouped(n as u64), NAMES));
    }
    let is_there = |mark: RowMark| counts.get(mark as usize).is_some_and(|n| *n > 0);
    if !RowMark::ALL.into_iter().any(|mark| mark.is_difference() && is_there(mark)) {
        return;
    }
    out.push(Line::Blank);
    out.push(Line::Keys("{next-difference}: the next difference"));
    let absent = [RowMark::Missing, RowMark::Unexpected, RowMark::Differs].into_iter().any(is_there);
    let mut repairs = data.report.found.applied().filter(|_| absent && !view.after).peekable();
    if repairs.peek().is_some() {
        heading(out, "Repair of the whole");
        out.push(Line::Keys("{repairs} shows it, and its Python"));
        out.extend(repairs.take(MOST_PARTS).map(|repair| Line::Item(Mark::Dot, repair.title.clone())));
    }
}

fn key(view: &CompareView, data: &Comparison, row: &Row, out: &mut Document) {
    let [a, b] = data.items(row, view.after);
    let absent = || "not there".to_owned();
    out.push(fact("A (model)", a.map_or_else(absent, item)));
    out.push(fact("B", b.map_or_else(absent, item)));
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

/// What its mark means, behind the letter of it.
fn state(view: &CompareView, row: &Row, ascii: bool) -> Line {
    let mark = view.mark(row);
    let words = match row.kind {
        Kind::Missing => "missing: the model has it, B does not",
        Kind::Unexpected => "unexpected: B has it, the model does not",
        Kind::Filled => "not in B; torch fills it in without a word",
        Kind::Shape => "another shape: raises even with strict=False",
        Kind::Type => "a tensor is wanted, and something else is given",
        Kind::Recast => "another dtype: torch converts without a word",
        Kind::Both if mark == RowMark::Equal => "the same values",
        Kind::Both if mark == RowMark::Values => "the values differ",
        Kind::Both if mark == RowMark::Unread => "the values could not be read",
        Kind::Both if row.pair.is_some() => "the values are not compared yet",
        Kind::Both if view.after => "computed by the repair; its values are not compared",
        Kind::Both => "goes together; there are no values to compare",
    };
    Line::Named(mark.letter(ascii).to_owned(), words.to_owned(), 2)
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
    let is_given = row.kind == Kind::Unexpected;
    for repair in &data.report.found.repairs {
        let here = |(from, to): &&(String, String)| *row.key == **if is_given { from } else { to };
        let mut pairs = repair.pairs.iter().filter(here).peekable();
        if pairs.peek().is_none() {
            continue;
        }
        heading(out, "Repair");
        out.push(Line::Text(repair.title.clone()));
        out.push(Line::Text(if is_given { "It becomes:" } else { "It comes from:" }.to_owned()));
        for (from, to) in pairs.take(MOST_PARTS) {
            let other = shown(if is_given { to } else { from }).into_owned();
            out.push(Line::Named(String::new(), other, 2));
        }
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
