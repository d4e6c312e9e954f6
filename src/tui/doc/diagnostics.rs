//! What is to be said about a file, most serious first.

use super::{fact, of};
use crate::checkpoint::{Checkpoint, Severity, Verdict};
use crate::sorting::Sort as _;
use crate::text::number;
use crate::text::{brief, shown, shown_path};
use crate::tui::model::document::{Document, Line, Mark, heading, named};

/// The text of the diagnostics view.
pub fn document(checkpoint: &Checkpoint) -> Document {
    let mut all: Vec<_> = checkpoint.diagnostics().iter().collect();
    all.in_order_of(|d| std::cmp::Reverse(d.severity));
    let mut out = vec![Line::Heading("Findings".to_owned())];
    if all.is_empty() {
        out.push(Line::Item(Mark::Good, "nothing to report about its structure".to_owned()));
        out.push(Line::Keys("values are not looked at here: {compute-statistics} in the layers counts NaN"));
    }
    for diagnostic in all {
        let mark = match diagnostic.severity {
            Severity::Info => Mark::Dot,
            Severity::Warning => Mark::Warning,
            Severity::Dangerous | Severity::Broken => Mark::Error,
        };
        let (severity, code) = (diagnostic.severity.name(), diagnostic.code);
        out.push(Line::Item(mark, format!("{severity} {code}: {}", diagnostic.message)));
    }
    loading(checkpoint, &mut out);
    heading(&mut out, "File");
    out.push(fact("path", shown_path(checkpoint.path())));
    out.push(fact("format", checkpoint.format().name()));
    out.push(fact("kind", checkpoint.kind().name()));
    out.push(fact("size", number::bytes(checkpoint.bytes())));
    out.push(fact("tensors", number::grouped(checkpoint.tensors().len() as u64)));
    out.push(fact("parameters", number::grouped(checkpoint.parameters())));
    sections(checkpoint, &mut out);
    let sources = checkpoint.sources();
    if !sources.is_empty() {
        heading(&mut out, "Source text it carries");
        out.extend(sources.iter().map(|(class, _)| Line::Item(Mark::Dot, shown(class).into_owned())));
    }
    out
}

/// Names listed; a file can hold ten thousand.
const NAMES: usize = 100;

/// What unpickling the file would need and do.
fn loading(checkpoint: &Checkpoint, out: &mut Document) {
    heading(out, "What loading it would run");
    let only = if checkpoint.weights_only() {
        "yes: torch's own list of names suffices"
    } else {
        "no: it needs names outside torch's list"
    };
    out.push(fact("weights_only", only));
    let others = checkpoint.globals().iter().filter(|used| used.verdict != Verdict::Allowed);
    let count = others.clone().count();
    for used in others.take(NAMES) {
        let mark = match used.verdict {
            Verdict::RunsCode => Mark::Error,
            _ if used.calls_unknown => Mark::Warning,
            _ => Mark::Dot,
        };
        out.push(Line::Item(mark, format!("{} {}", brief(&used.name), used.why).trim_end().to_owned()));
    }
    if count > NAMES {
        out.push(Line::Hint(format!("and {} more names", count - NAMES)));
    }
    out.push(Line::Hint(
        "`ckpt-tui check` also compares checksums, looks for hidden pickles, and counts NaN".to_owned(),
    ));
}

fn sections(checkpoint: &Checkpoint, out: &mut Document) {
    heading(out, "Sections");
    let mut pairs = Vec::new();
    if checkpoint.sections().is_empty() {
        out.push(Line::Hint("none: it holds no tensors".to_owned()));
    }
    for section in checkpoint.sections().iter().take(256) {
        let name = if section.name.is_empty() { "(root)".into() } else { shown(&section.name) };
        let tensors = of(section.tensors as u64, "tensor");
        let parameters = match section.parameters {
            0 => String::new(),
            n => format!(", {} parameters", number::count(n)),
        };
        let text = format!("{}: {tensors}{parameters}", section.role.name());
        pairs.push((name.into_owned(), text));
    }
    named(out, pairs);
}
