//! The statistics of a tensor, and its elements, as text.

use super::{fact, of};
use crate::checkpoint::{Checkpoint, TensorEntry};
use crate::stats::{LEVELS, SKETCH_ERROR, TensorStats};
use crate::text::number;
use crate::text::shown;
use crate::tui::model::browser::Browser;
use crate::tui::model::document::{Document, Line, Mark, heading, named};
use crate::tui::model::jobs::{Jobs, TaskKind};
use crate::tui::model::stats::{Known, Preview};

/// Numbers, what they mean, and quantiles. The histogram is drawn below.
pub fn numbers(browser: &Browser, jobs: &Jobs, tensor: u32) -> Document {
    let Some(entry) = browser.layers().entry(tensor) else { return Vec::new() };
    let mut out = vec![Line::Heading(name(entry))];
    match browser.stats.of(tensor) {
        Some(Known::Stats(stats, findings)) => {
            for finding in findings {
                let mark = if finding.is_serious() { Mark::Error } else { Mark::Warning };
                out.push(Line::Item(mark, finding.text()));
            }
            facts(stats, &mut out);
            quantiles(stats, &mut out);
        }
        Some(Known::Failed(reason)) => out.push(Line::Item(Mark::Warning, reason.clone())),
        None if jobs.task(TaskKind::Statistics).is_some() => out.push(Line::Hint("reading ...".to_owned())),
        None => out.push(Line::Keys("{compute-statistics} computes statistics")),
    }
    out
}

fn facts(stats: &TensorStats, out: &mut Document) {
    let real = |x: f64| number::metric(x);
    out.push(fact("elements", number::grouped(stats.count)));
    if stats.nan > 0 {
        out.push(fact("NaN", number::grouped(stats.nan)));
    }
    if stats.inf > 0 {
        out.push(fact("infinite", number::grouped(stats.inf)));
    }
    let share = stats.zero_share().map(number::percent).unwrap_or_default();
    out.push(fact("zeros", format!("{} ({share})", number::grouped(stats.zeros))));
    out.extend(stats.mean().map(|x| fact("mean", real(x))));
    out.extend(stats.std().map(|x| fact("std", real(x))));
    out.extend(stats.min().map(|x| fact("min", real(x))));
    out.extend(stats.max().map(|x| fact("max", real(x))));
    if stats.moments.count > 0 {
        out.push(fact(
            "norm",
            format!(
                "{}  (mean |w| {})",
                real(stats.moments.l2()),
                real(stats.moments.l1 / stats.moments.count as f64)
            ),
        ));
    }
}

fn quantiles(stats: &TensorStats, out: &mut Document) {
    if stats.moments.count < 2 {
        return;
    }
    heading(out, "Quantiles");
    let percent = |level: f64| format!("{:.0} %", level * 100.0);
    named(
        out,
        LEVELS.iter().zip(stats.quantiles).map(|(level, x)| (percent(*level), number::metric(x))).collect(),
    );
    if !stats.exact_quantiles {
        out.push(Line::Hint(format!("each within {:.1} % of its size", SKETCH_ERROR * 100.0)));
    }
}

/// A few lines for the facts of a tensor; none where nothing is known.
pub fn brief(browser: &Browser, tensor: u32, out: &mut Document) {
    let Some(Known::Stats(stats, findings)) = browser.stats.of(tensor) else { return };
    heading(out, "Statistics");
    for finding in findings {
        let mark = if finding.is_serious() { Mark::Error } else { Mark::Warning };
        out.push(Line::Item(mark, finding.text()));
    }
    let pair = |a: Option<f64>, b: Option<f64>| {
        a.zip(b).map(|(a, b)| format!("{} .. {}", number::metric(a), number::metric(b)))
    };
    out.extend(stats.mean().map(|mean| {
        let std = stats.std().map(|std| format!(" ± {}", number::metric(std))).unwrap_or_default();
        fact("mean", format!("{}{std}", number::metric(mean)))
    }));
    out.extend(pair(stats.min(), stats.max()).map(|text| fact("range", text)));
    out.extend(stats.zero_share().map(|share| fact("zeros", number::percent(share))));
}

/// What is known below a module, for its details.
pub fn rolled_up(browser: &Browser, node: u32, tensors: u32, out: &mut Document) {
    let Some(rollup) = browser.stats.below(node) else { return };
    heading(out, "Statistics");
    if rollup.known < tensors {
        out.push(Line::Hint(format!("of {} of {}", rollup.known, of(u64::from(tensors), "tensor"))));
    }
    out.extend(rollup.norm().map(|norm| fact("norm", number::metric(norm))));
    if rollup.nan > 0 {
        out.push(Line::Item(Mark::Error, format!("{} NaN", number::grouped(rollup.nan))));
    }
    if rollup.inf > 0 {
        out.push(Line::Item(Mark::Error, format!("{} infinite", number::grouped(rollup.inf))));
    }
}

/// The rows of elements from row number `first` on, `per` to a row, `height` rows at most.
pub fn values(
    checkpoint: &Checkpoint,
    entry: &TensorEntry,
    preview: &Preview,
    first: u64,
    per: u64,
    height: usize,
) -> Vec<(String, Vec<String>)> {
    let shape = checkpoint.meta(entry).shape();
    let row = |row: u64| {
        let start = row * per;
        let from = usize::try_from(start.checked_sub(preview.start)?).ok()?;
        let numbers = preview.values.get(from..)?;
        let numbers: Vec<String> = numbers.iter().take(per as usize).map(|x| number::metric(*x)).collect();
        (!numbers.is_empty()).then(|| (place(shape, start, preview.total), numbers))
    };
    (first..).take(height).map_while(row).collect()
}

/// The index of an element, as one writes it: `[511, 0]`.
fn place(shape: &[u64], at: u64, total: u64) -> String {
    // Packed dtypes hold more numbers than the shape counts.
    if shape.iter().product::<u64>() != total || shape.len() > 3 {
        return format!("[{at}]");
    }
    let mut rest = at;
    let mut index: Vec<u64> = Vec::new();
    for size in shape.iter().rev() {
        index.push(rest % (*size).max(1));
        rest /= (*size).max(1);
    }
    index.reverse();
    number::shape(&index)
}

/// The name of a tensor in its section.
pub fn name(entry: &TensorEntry) -> String {
    shown(if entry.key().is_empty() { &entry.path } else { entry.key() }).into_owned()
}
