//! How to load the file: the snippet, what it needs, and what to mind.

use super::of;
use crate::checkpoint::{Checkpoint, Verdict};
use crate::export::snippet::Load;
use crate::text::shown;
use crate::tui::model::document::{Document, Line, Mark, heading};

/// Globals listed of each kind.
const LISTED: usize = 200;

/// The text of the load view.
pub fn document(checkpoint: &Checkpoint, load: &Load) -> Document {
    let mut out = vec![Line::Heading("In Python".to_owned())];
    out.extend(load.snippet.lines().map(|line| Line::Code(line.to_owned())));
    out.push(Line::Keys("{copy} copies these lines"));
    verdict(load, &mut out);
    if !load.needs.is_empty() {
        heading(&mut out, "Must be importable");
        out.extend(load.needs.iter().map(|name| Line::Item(Mark::Dot, shown(name).into_owned())));
    }
    if !load.notes.is_empty() {
        heading(&mut out, "Mind");
        out.extend(load.notes.iter().map(|note| Line::Item(Mark::Warning, shown(note).into_owned())));
    }
    globals(checkpoint, &mut out);
    out
}

fn verdict(load: &Load, out: &mut Document) {
    heading(out, "weights_only");
    let (mark, text) = if load.weights_only {
        (Mark::Good, "weights_only=True loads it: every name its pickle uses is on torch's allow-list")
    } else {
        (
            Mark::Warning,
            "weights_only=True refuses it: its pickle uses names that are not on torch's allow-list (below)",
        )
    };
    out.push(Line::Item(mark, text.to_owned()));
}

fn globals(checkpoint: &Checkpoint, out: &mut Document) {
    let all = checkpoint.globals();
    let kinds = [
        (Verdict::RunsCode, Mark::Error, "run code when loaded; nothing was run here"),
        (Verdict::Unknown, Mark::Warning, "are not on torch's allow-list; nothing was run here"),
        (Verdict::Allowed, Mark::Dot, "are on torch's allow-list"),
    ];
    for (verdict, mark, title) in kinds {
        let count = all.iter().filter(|g| g.verdict == verdict).count();
        if count == 0 {
            continue;
        }
        heading(out, format!("{} in its pickle {title}", of(count as u64, "name")));
        let names = all.iter().filter(|g| g.verdict == verdict).take(LISTED);
        out.extend(names.map(|g| Line::Item(mark, shown(&g.name).into_owned())));
        if count > LISTED {
            out.push(Line::Hint(format!("and {} more", count - LISTED)));
        }
    }
}
