//! Statistics of both sides of a pair, and how far they are apart, in columns.

use std::fmt::Write as _;

use super::super::fact;
use crate::compare::values::ValueDiff;
use crate::stats::TensorStats;
use crate::text::number;
use crate::tui::model::compare::stats::SideStats;
use crate::tui::model::document::{Document, Line, Mark, heading};

/// Cells for the names of the rows, and for a number.
const NAMES: usize = 7;
const NUMBER: usize = 11;

/// What is said of a side.
type Of<T> = fn(&TensorStats) -> T;

/// Both sides in columns: a third with the difference where there is room.
pub(super) fn statistics(sides: Option<&[Option<SideStats>; 2]>, width: usize, out: &mut Document) {
    let Some([a, b]) = sides else {
        heading(out, "Statistics");
        return out.push(Line::Hint("reading ...".to_owned()));
    };
    let failed: Vec<&String> = [a, b].into_iter().flatten().filter_map(|side| side.as_ref().err()).collect();
    if !failed.is_empty() {
        heading(out, "Statistics");
        return out.extend(failed.into_iter().map(|reason| Line::Item(Mark::Warning, reason.clone())));
    }
    let known = |side: &'_ Option<SideStats>| side.as_ref().and_then(|side| side.as_ref().ok()).cloned();
    let (a, b) = (known(a), known(b));
    let with_difference = width >= NAMES + 3 * NUMBER && a.is_some() && b.is_some();
    let mut row = |name: &str, cells: [&str; 3]| {
        let shown = cells.iter().take(if with_difference { 3 } else { 2 });
        let mut text = String::new();
        for cell in shown {
            let _ = write!(text, "{cell:>NUMBER$}");
        }
        out.push(Line::Named(name.to_owned(), text, NAMES));
    };
    let dash = || "-".to_owned();
    row("", ["A", "B", "B - A"]);
    let reals: [(&str, Of<Option<f64>>); 5] = [
        ("mean", TensorStats::mean),
        ("std", TensorStats::std),
        ("min", TensorStats::min),
        ("max", TensorStats::max),
        ("norm", |stats| (stats.moments.count > 0).then(|| stats.moments.l2())),
    ];
    for (name, of) in reals {
        let [x, y] = [&a, &b].map(|side| side.as_deref().and_then(of));
        let apart = x.zip(y).map(|(x, y)| y - x);
        let [x, y, apart] = [x, y, apart].map(|x| x.map_or_else(dash, number::metric));
        row(name, [&x, &y, &apart]);
    }
    let share = |side: &TensorStats| side.zero_share().map_or_else(dash, number::percent);
    let [x, y] = [&a, &b].map(|side| side.as_deref().map_or_else(dash, share));
    row("zeros", [&x, &y, ""]);
    let counts: [(&str, Of<u64>); 2] = [("NaN", |s| s.nan), ("inf", |s| s.inf)];
    for (name, of) in counts {
        let [x, y] = [&a, &b].map(|side| side.as_deref().map(of));
        if x.unwrap_or(0) + y.unwrap_or(0) > 0 {
            let [x, y] = [x, y].map(|n| n.map_or_else(dash, number::grouped));
            row(name, [&x, &y, ""]);
        }
    }
}

/// How far apart the elements are, in a few lines.
pub(super) fn apart(diff: &ValueDiff, out: &mut Document) {
    out.push(Line::Blank);
    if diff.equal_values() {
        return out.push(Line::Item(Mark::Dot, "every element is the same".to_owned()));
    }
    out.push(fact("max |B - A|", number::metric(diff.max_abs)));
    out.push(fact("relative L2", number::metric(diff.relative_l2)));
    out.push(fact("cosine", number::metric(diff.cosine)));
}
