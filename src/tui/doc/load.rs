//! How to load the file: the snippet, what it needs, and what to mind.

use super::of;
use crate::checkpoint::{Checkpoint, Verdict};
use crate::export::snippet::Load;
use crate::text::shown;
use crate::tui::model::document::{Document, Line, Mark};

/// Globals listed of each kind.
const LISTED: usize = 200;

/// The text of the load view.
pub fn document(checkpoint: &Checkpoint, load: &Load) -> Document {
    let mut out = vec![Line::Heading("In Python".to_owned())];
    out.extend(load.snippet.lines().map(|line| Line::Code(line.to_owned())));
    out.push(Line::Hint("y copies these lines".to_owned()));
    verdict(load, &mut out);
    if !load.needs.is_empty() {
        out.push(Line::Heading("It needs these classes to be importable".to_owned()));
        out.extend(load.needs.iter().map(|name| Line::Item(Mark::Dot, shown(name).into_owned())));
    }
    if !load.notes.is_empty() {
        out.push(Line::Heading("Mind".to_owned()));
        out.extend(load.notes.iter().map(|note| Line::Item(Mark::Warning, shown(note).into_owned())));
    }
    globals(checkpoint, &mut out);
    out
}

fn verdict(load: &Load, out: &mut Document) {
    out.push(Line::Heading("weights_only".to_owned()));
    let (mark, text) = if load.weights_only {
        (Mark::Good, "weights_only=True suffices: all its pickle names is on torch's own allow-list")
    } else {
        (
            Mark::Warning,
            "weights_only=True refuses it: its pickle names what is not on torch's allow-list (below)",
        )
    };
    out.push(Line::Item(mark, text.to_owned()));
}

fn globals(checkpoint: &Checkpoint, out: &mut Document) {
    let all = checkpoint.globals();
    let kinds = [
        (Verdict::RunsCode, Mark::Error, "known to run code; not run here"),
        (Verdict::Unknown, Mark::Warning, "not on torch's allow-list; not run here"),
        (Verdict::Allowed, Mark::Dot, "on torch's allow-list"),
    ];
    for (verdict, mark, title) in kinds {
        let count = all.iter().filter(|g| g.verdict == verdict).count();
        if count == 0 {
            continue;
        }
        out.push(Line::Heading(format!("{} in its pickle {title}", of(count as u64, "name"))));
        let names = all.iter().filter(|g| g.verdict == verdict).take(LISTED);
        out.extend(names.map(|g| Line::Item(mark, shown(&g.name).into_owned())));
        if count > LISTED {
            out.push(Line::Hint(format!("and {} more", count - LISTED)));
        }
    }
}
