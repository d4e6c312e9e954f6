//! The page of two checkpoints: would one load into the other's model, what repairs it, and which values differ.

mod values;

use super::gather::Compared;
use super::html::{Cell, Page, of};
use super::{Report, Stamp};
use crate::compare::keys::{Item, Side};
use crate::compare::repairs::Repair;
use crate::compare::report::Match;
use crate::compare::values::ValueDiff;
use crate::text::{last_component, number, shown_path};

/// Keys of one kind listed.
const KEYS: usize = 200;
/// Repairs told.
const REPAIRS: usize = 40;

pub(super) fn page(compared: &Compared<'_>, stamp: &Stamp) -> Report {
    let (reference, candidate) = (&compared.keys.reference, &compared.keys.candidate);
    let title = format!("{} and {}", last_component(&reference.path), last_component(&candidate.path));
    let mut page = Page::begin(&title, "Would the second load into the model of the first?");
    verdict(&mut page, compared);
    sides(&mut page, compared);
    repairs(&mut page, compared);
    differences(&mut page, compared);
    values::write(&mut page, compared);
    message(&mut page, compared);
    Report { title, html: page.end(stamp) }
}

fn keys(n: usize) -> String {
    of(n as u64, "key")
}

fn verdict(page: &mut Page, compared: &Compared<'_>) {
    let report = &compared.keys;
    let (before, after) = (report.before(), report.after());
    let repaired = report.found.after.loads_strict() && report.found.applied().next().is_some();
    let (open, text) = match (report.verdict.loads_strict(), repaired) {
        (true, _) => ("<div class=\"box good\">\n", "It loads: every key and shape matches."),
        (false, true) => {
            ("<div class=\"box warn\">\n", "It does not load as it is, and does after the repair below.")
        }
        (false, false) if after.matched > before.matched => {
            ("<div class=\"box bad\">\n", "It does not load; the repair below helps, and some of it remains.")
        }
        (false, false) => ("<div class=\"box bad\">\n", "It does not load."),
    };
    page.raw(open).raw("<p class=\"big\">").text(text).raw("</p>\n<p>");
    page.text(&format!(
        "{}; {} in common.",
        before.in_words(),
        keys(before.matched.saturating_sub(report.verdict.filled.len()))
    ))
    .raw("</p>\n");
    if !report.verdict.loads_strict() && report.verdict.loads_loosely() {
        let kept = keys(before.missing);
        page.paragraph(&format!(
            "strict=False loads without an error, and leaves {kept} of the model as they were."
        ));
    }
    let changed = compared.changed().count();
    let equal = compared.equal();
    match (changed, equal) {
        (0, 0) => {}
        (0, _) => {
            page.paragraph("All values are the same.");
        }
        (changed, equal) => {
            let all = of((changed + equal) as u64, "tensor");
            page.paragraph(&format!("Values differ in {} of {all}.", number::grouped(changed as u64)));
        }
    }
    page.raw("</div>\n");
}

impl Compared<'_> {
    /// Rows whose values differ.
    fn changed(&self) -> impl Iterator<Item = (&Match, &ValueDiff)> {
        let rows = self.rows.iter().filter_map(|(row, diff)| Some((row, diff.as_ref()?.as_ref().ok()?)));
        rows.filter(|(_, diff)| !diff.is_close())
    }

    fn equal(&self) -> usize {
        let rows = self.rows.iter().filter_map(|(_, diff)| diff.as_ref()?.as_ref().ok());
        rows.filter(|diff| diff.is_close()).count()
    }
}

fn sides(page: &mut Page, compared: &Compared<'_>) {
    let report = &compared.keys;
    let headers = [
        ("side", false),
        ("file", false),
        ("section", false),
        ("class", false),
        ("keys", true),
        ("size", true),
    ];
    page.table("The two sides", &headers);
    let both = [
        ("the model's side", &report.reference, compared.reference),
        ("to be loaded", &report.candidate, compared.candidate),
    ];
    for (name, side, checkpoint) in both {
        page.row(&[
            Cell::Text(name.to_owned()),
            Cell::Text(shown_path(&side.path)),
            if side.section.is_empty() {
                Cell::Text("(root)".to_owned())
            } else {
                Cell::Name(side.section.clone())
            },
            side.class.as_ref().map_or(Cell::Text(String::new()), |class| Cell::Name(class.clone())),
            Cell::count(side.items.len() as u64),
            Cell::bytes(checkpoint.bytes()),
        ]);
    }
    page.table_end();
}

fn repairs(page: &mut Page, compared: &Compared<'_>) {
    let all = &compared.keys.found.repairs;
    if all.is_empty() {
        return;
    }
    let (applied, other): (Vec<&Repair>, Vec<&Repair>) = all.iter().partition(|repair| repair.applied);
    if !applied.is_empty() {
        page.section("What it is, and what repairs it");
        let headers = [
            ("step", true),
            ("cause", false),
            ("matched before", true),
            ("matched after", true),
            ("differences before", true),
            ("differences after", true),
        ];
        page.table("Repairs in their order", &headers);
        for (n, repair) in applied.iter().take(REPAIRS).enumerate() {
            page.row(&[
                Cell::count(n as u64 + 1),
                Cell::Text(repair.title.clone()),
                Cell::count(repair.before.matched as u64),
                Cell::count(repair.after.matched as u64),
                Cell::count(repair.before.differences() as u64),
                Cell::count(repair.after.differences() as u64),
            ]);
        }
        page.table_end();
        notes(page, applied.iter().flat_map(|repair| &repair.notes));
        page.heading("Python that repairs and loads it");
        page.code(&compared.script);
        page.close();
    }
    if !other.is_empty() {
        page.section("For you to decide");
        for repair in other.iter().take(REPAIRS) {
            page.paragraph(&repair.title);
            notes(page, repair.notes.iter());
            if !repair.lines.is_empty() {
                page.code(&repair.lines.join("\n"));
            }
        }
        page.close();
    }
}

fn notes<'a>(page: &mut Page, notes: impl Iterator<Item = &'a String>) {
    let mut any = false;
    for note in notes.take(REPAIRS) {
        page.raw(if any { "<li>" } else { "<ul class=\"plain\">\n<li>" }).text(note).raw("</li>\n");
        any = true;
    }
    if any {
        page.raw("</ul>\n");
    }
}

fn differences(page: &mut Page, compared: &Compared<'_>) {
    let report = &compared.keys;
    let verdict = &report.verdict;
    let (reference, candidate) = (&report.reference, &report.candidate);
    if verdict.loads_strict() {
        return;
    }
    page.section("Keys that differ");
    let items = |side: &Side, all: &[usize]| -> Vec<Item> {
        all.iter().take(KEYS).filter_map(|at| side.items.get(*at)).cloned().collect()
    };
    one_sided(
        page,
        "Missing: the model has them, the file does not",
        &items(reference, &verdict.missing),
        verdict.missing.len(),
    );
    let unexpected = items(candidate, &verdict.unexpected);
    one_sided(
        page,
        "Unexpected: the file has them, the model does not",
        &unexpected,
        verdict.unexpected.len(),
    );
    let pairs = verdict
        .mismatched
        .iter()
        .filter_map(|(a, b)| Some((reference.items.get(*a)?, candidate.items.get(*b)?)));
    let shapes: Vec<[Cell; 3]> = pairs
        .take(KEYS)
        .map(|(a, b)| {
            [
                Cell::Name(a.key().to_owned()),
                Cell::Short(number::shape(&a.tensor.shape)),
                Cell::Short(number::shape(&b.tensor.shape)),
            ]
        })
        .collect();
    if !shapes.is_empty() {
        let headers = [("key", false), ("in the model", false), ("in the file", false)];
        page.table(&format!("{} of another shape", keys(verdict.mismatched.len())), &headers);
        for row in &shapes {
            page.row(row);
        }
        page.table_end();
        more(page, verdict.mismatched.len(), KEYS);
    }
    page.close();
}

fn one_sided(page: &mut Page, what: &str, items: &[Item], count: usize) {
    if items.is_empty() {
        return;
    }
    page.table(&format!("{}. {what}", keys(count)), &[("key", false), ("dtype", false), ("shape", false)]);
    for item in items {
        let (dtype, shape) = match &item.other {
            None => (item.tensor.dtype.name().to_owned(), number::shape(&item.tensor.shape)),
            Some(class) => (class.to_string(), String::new()),
        };
        page.row(&[Cell::Name(item.key().to_owned()), Cell::Text(dtype), Cell::Text(shape)]);
    }
    page.table_end();
    more(page, count, KEYS);
}

fn more(page: &mut Page, count: usize, most: usize) {
    if count > most {
        page.note(&format!("{} more are not shown.", number::grouped((count - most) as u64)));
    }
}

fn message(page: &mut Page, compared: &Compared<'_>) {
    if compared.keys.verdict.loads_strict() {
        return;
    }
    page.section("What torch says");
    page.message(&compared.keys.message(None, true));
    page.close();
}
