//! The page of one checkpoint.

use super::html::{Cell, Page, of};
use super::tensors::{self, Statistics};
use super::{Report, Stamp, metadata};
use crate::checkpoint::{Checkpoint, Severity, Verdict};
use crate::export::snippet::Load;
use crate::sorting::Sort as _;
use crate::text::{last_component, number, shown_path};
use crate::training::TrainingInfo;

/// Findings and names listed.
const LISTED: usize = 100;

pub(super) fn page(
    checkpoint: &Checkpoint,
    training: &TrainingInfo,
    statistics: Option<&Statistics>,
    load: &Load,
    stamp: &Stamp,
) -> Report {
    let title = last_component(checkpoint.path());
    let mut page = Page::begin(&title, &shown_path(checkpoint.path()));
    facts(&mut page, checkpoint, training);
    findings(&mut page, checkpoint, statistics);
    loading(&mut page, load);
    sections(&mut page, checkpoint);
    tensors::write(&mut page, checkpoint, statistics);
    metadata::write(&mut page, checkpoint, training);
    globals(&mut page, checkpoint);
    Report { title, html: page.end(stamp) }
}

fn facts(page: &mut Page, checkpoint: &Checkpoint, training: &TrainingInfo) {
    let mut facts = vec![
        ("kind", Cell::Text(checkpoint.kind().name().replace('_', " "))),
        ("format", Cell::Text(checkpoint.format().name().to_owned())),
        ("size", Cell::Text(number::bytes(checkpoint.bytes()))),
        ("tensors", Cell::Text(number::grouped(checkpoint.tensors().len() as u64))),
    ];
    if checkpoint.parameters() > 0 {
        let count = checkpoint.parameters();
        facts.push((
            "parameters",
            Cell::Text(format!("{} ({})", number::count(count), number::grouped(count))),
        ));
    }
    facts.extend(training.framework.map(|name| ("framework", Cell::Text(name.to_owned()))));
    let progress = &training.progress;
    facts.extend(progress.epoch.map(|epoch| ("completed epochs", Cell::Text(number::epoch(epoch)))));
    facts.extend(progress.step.map(|step| ("steps", Cell::Text(number::grouped(step)))));
    page.facts(&facts);
    let metrics: Vec<(&str, f64)> = training.values().take(24).collect();
    if !metrics.is_empty() {
        page.table("Metrics saved with it", &[("metric", false), ("value", true)]);
        for (name, value) in metrics {
            page.row(&[Cell::Name(name.to_owned()), Cell::real(Some(value))]);
        }
        page.table_end();
    }
}

fn findings(page: &mut Page, checkpoint: &Checkpoint, statistics: Option<&Statistics>) {
    let mut found: Vec<Found> = Vec::new();
    for said in checkpoint.diagnostics() {
        let class = class(said.severity);
        found.push((class, said.severity.name(), String::new(), said.message.clone()));
    }
    for (at, said) in statistics.iter().flat_map(|statistics| &statistics.findings) {
        let name = checkpoint.tensors().get(*at).map(|entry| entry.path.to_string()).unwrap_or_default();
        for finding in said {
            let (class, word) = if finding.is_serious() { ("bad", "serious") } else { ("warn", "note") };
            found.push((class, word, name.clone(), finding.text()));
        }
    }
    let rank = |class: &str| ["bad", "warn", "dim"].iter().position(|known| *known == class);
    found.in_order_of(|(class, ..)| rank(class));
    summary(page, checkpoint, &found, statistics.is_some());
    if found.is_empty() {
        return;
    }
    page.section("Findings");
    page.table(&of(found.len() as u64, "finding"), &[("severity", false), ("where", false), ("what", false)]);
    for (class, word, name, text) in found.iter().take(LISTED) {
        let place =
            if name.is_empty() { Cell::Text("the file".to_owned()) } else { Cell::Name(name.clone()) };
        page.row(&[Cell::Marked(class, (*word).to_owned()), place, Cell::Text(text.clone())]);
    }
    page.table_end();
    more(page, found.len());
    page.close();
}

/// What is to be known first.
fn summary(page: &mut Page, checkpoint: &Checkpoint, found: &[Found], values: bool) {
    let count = |wanted: &str| found.iter().filter(|found| found.0 == wanted).count() as u64;
    let (bad, warn) = (count("bad"), count("warn"));
    let what = if values {
        "in its structure or in its values"
    } else {
        "in its structure; its values were not read"
    };
    match (bad, warn) {
        (0, 0) => {
            page.raw("<div class=\"box good\">\n<p class=\"big\">");
            page.text(&format!("Nothing odd was found {what}."));
        }
        (0, warn) => {
            page.raw("<div class=\"box warn\">\n<p class=\"big\">").text(&of(warn, "thing"));
            page.raw(" worth a look");
        }
        (bad, _) => {
            page.raw("<div class=\"box bad\">\n<p class=\"big\">").text(&of(bad, "serious finding"));
        }
    }
    page.raw("</p>\n");
    if let Some((_, _, name, text)) = found.first().filter(|_| bad + warn > 0) {
        page.raw("<p>The first: ");
        if !name.is_empty() {
            page.raw("<code>").name(name).raw("</code>: ");
        }
        page.text(text).raw("</p>\n");
    }
    if !checkpoint.globals().is_empty() {
        let only = checkpoint.weights_only();
        page.raw("<p><code>torch.load(…, weights_only=True)</code> ");
        page.raw(if only {
            "loads it.</p>\n"
        } else {
            "refuses it: its pickle names what is not on torch's list.</p>\n"
        });
    }
    page.raw("</div>\n");
}

/// Class, word, tensor and text of a finding.
type Found = (&'static str, &'static str, String, String);

fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "dim",
        Severity::Warning => "warn",
        Severity::Dangerous | Severity::Broken => "bad",
    }
}

fn more(page: &mut Page, count: usize) {
    if count > LISTED {
        page.note(&format!("{} more are not shown.", number::grouped((count - LISTED) as u64)));
    }
}

fn loading(page: &mut Page, load: &Load) {
    page.section("How to load it");
    snippet(page, load);
    page.close();
}

/// Python, and what to know before running it.
pub(super) fn snippet(page: &mut Page, load: &Load) {
    page.code(&load.snippet);
    if !load.needs.is_empty() {
        page.raw("<p>These must be importable: ");
        for (at, name) in load.needs.iter().take(LISTED).enumerate() {
            page.raw(if at > 0 { ", <code>" } else { "<code>" }).name(name).raw("</code>");
        }
        page.raw(".</p>\n");
    }
    if !load.notes.is_empty() {
        page.raw("<ul class=\"plain\">\n");
        for note in load.notes.iter().take(LISTED) {
            page.raw("<li>").prose(note).raw("</li>\n");
        }
        page.raw("</ul>\n");
    }
}

fn sections(page: &mut Page, checkpoint: &Checkpoint) {
    let all = checkpoint.sections();
    if all.len() < 2 {
        return;
    }
    page.section("Sections");
    let headers = [("section", false), ("role", false), ("tensors", true), ("parameters", true)];
    page.table(&of(all.len() as u64, "section"), &headers);
    for section in all.iter().take(LISTED) {
        let name = if section.name.is_empty() {
            Cell::Text("(root)".to_owned())
        } else {
            Cell::Name(section.name.clone())
        };
        page.row(&[
            name,
            Cell::Text(section.role.name().to_owned()),
            Cell::count(section.tensors as u64),
            Cell::count(section.parameters),
        ]);
    }
    page.table_end();
    more(page, all.len());
    page.close();
}

/// What loading with pickle would import.
fn globals(page: &mut Page, checkpoint: &Checkpoint) {
    let all = checkpoint.globals();
    if all.is_empty() {
        return;
    }
    page.section("What loading it imports");
    page.paragraph(if checkpoint.weights_only() {
        "Everything its pickle names is on torch's own list: torch.load(..., weights_only=True) loads it."
    } else {
        "Its pickle names what is not on torch's own list: torch.load(..., weights_only=True) refuses it."
    });
    let mut others: Vec<_> = all.iter().filter(|used| used.verdict != Verdict::Allowed).collect();
    others.in_order_of(|used| std::cmp::Reverse(used.verdict));
    if !others.is_empty() {
        page.table("Names that are not on the list", &[("name", false), ("verdict", false), ("why", false)]);
        for used in others.iter().take(LISTED) {
            let class = if used.verdict == Verdict::RunsCode { "bad" } else { "warn" };
            page.row(&[
                Cell::Name(used.name.clone()),
                Cell::Marked(class, used.verdict.name().replace('_', " ")),
                Cell::Text(used.why.to_owned()),
            ]);
        }
        page.table_end();
        more(page, others.len());
    }
    page.close();
}
