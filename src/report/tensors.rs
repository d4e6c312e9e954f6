//! The tensors of a checkpoint: the largest, and those with something odd, in full; the rest by module.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::html::{Cell, Page, of};
use super::svg;
use crate::checkpoint::{Checkpoint, TensorEntry};
use crate::sorting::Sort as _;
use crate::stats::{Finding, Plan, TensorStats};
use crate::text::number;

/// Tensors shown in full.
const FULL: usize = 250;
/// Tensors with findings shown in full beside those.
const ODD: usize = 100;
/// Modules the rest is summed up in.
const MODULES: usize = 100;

/// What is known of the elements.
pub(super) struct Statistics {
    /// The entry each tensor of the plan is shown as.
    entries: Vec<usize>,
    /// Entries that are shown in full, by their number.
    shown: BTreeMap<usize, Option<Arc<TensorStats>>>,
    /// What was found, by entry: in words, and whether it is serious.
    pub(super) findings: BTreeMap<usize, Vec<Finding>>,
    /// Entries that could not be read, and why.
    failed: BTreeMap<usize, String>,
    /// Of the model.
    pub(super) total: Option<TensorStats>,
}

impl Statistics {
    /// Nothing yet, of these tensors.
    pub(super) fn of(checkpoint: &Checkpoint, plan: &Plan) -> Self {
        let mut entries = vec![usize::MAX; plan.len()];
        for at in (0..checkpoint.tensors().len()).rev() {
            if let Some(entry) = plan.index(at).and_then(|index| entries.get_mut(index)) {
                *entry = at;
            }
        }
        let shown = largest(checkpoint).into_iter().map(|at| (at, None)).collect();
        Self { entries, shown, findings: BTreeMap::new(), failed: BTreeMap::new(), total: None }
    }

    /// The entry of a tensor of the plan.
    pub(super) fn entry(&self, index: usize) -> Option<usize> {
        self.entries.get(index).copied()
    }

    /// Takes in what is known of a tensor.
    pub(super) fn add(&mut self, index: usize, stats: &Arc<TensorStats>, said: Vec<Finding>) {
        let Some(at) = self.entry(index) else { return };
        let odd = said.iter().any(|finding| finding.is_serious()) && self.shown.len() < FULL + ODD;
        if !said.is_empty() {
            self.findings.insert(at, said);
        }
        if odd || self.shown.contains_key(&at) {
            self.shown.insert(at, Some(Arc::clone(stats)));
        }
    }

    /// A tensor could not be read.
    pub(super) fn fail(&mut self, index: usize, reason: String) {
        if let Some(at) = self.entry(index).filter(|_| self.failed.len() < ODD) {
            self.failed.insert(at, reason);
        }
    }
}

/// The tensors that are shown in full whatever is in them, in the order of the file.
fn largest(checkpoint: &Checkpoint) -> Vec<usize> {
    let mut all: Vec<(usize, u64)> = checkpoint
        .tensors()
        .iter()
        .enumerate()
        .map(|(at, entry)| (at, checkpoint.meta(entry).nbytes()))
        .collect();
    if all.len() > FULL {
        all.in_order_of(|(at, bytes)| (std::cmp::Reverse(*bytes), *at));
        all.truncate(FULL);
        all.in_order_of(|(at, _)| *at);
    }
    all.into_iter().map(|(at, _)| at).collect()
}

/// Writes the table.
pub(super) fn write(page: &mut Page, checkpoint: &Checkpoint, statistics: Option<&Statistics>) {
    let all = checkpoint.tensors();
    if all.is_empty() {
        return;
    }
    page.section("Tensors");
    total(page, statistics);
    let shown: Vec<usize> = match statistics {
        Some(statistics) => statistics.shown.keys().copied().collect(),
        None => largest(checkpoint),
    };
    let caption = if shown.len() < all.len() {
        let (shown, all) = (number::grouped(shown.len() as u64), of(all.len() as u64, "tensor"));
        format!("The {shown} largest or oddest of {all}; the rest is summed up below")
    } else {
        format!("All {}", of(all.len() as u64, "tensor"))
    };
    let mut headers = vec![("name", false), ("dtype", false), ("shape", false), ("bytes", true)];
    if statistics.is_some() {
        headers.extend([("mean", true), ("std", true), ("min", true), ("max", true), ("zeros", true)]);
        headers.extend([("NaN, inf", true), ("values", false)]);
    }
    page.table(&caption, &headers);
    for at in &shown {
        if let Some(entry) = all.get(*at) {
            row(page, checkpoint, entry, *at, statistics);
        }
    }
    page.table_end();
    if shown.len() < all.len() {
        rest(page, checkpoint, &shown);
    }
    page.close();
}

fn total(page: &mut Page, statistics: Option<&Statistics>) {
    let Some(total) = statistics.and_then(|statistics| statistics.total.as_ref()) else { return };
    let mut facts = vec![of(total.count, "element")];
    let mut fact =
        |name: &str, x: Option<f64>| facts.extend(x.map(|x| format!("{name} {}", number::metric(x))));
    fact("mean", total.mean());
    fact("std", total.std());
    fact("min", total.min());
    fact("max", total.max());
    facts.extend(total.zero_share().map(|share| format!("{} zeros", number::percent(share))));
    if total.nan + total.inf > 0 {
        facts.push(format!("{} NaN, {} infinite", number::grouped(total.nan), number::grouped(total.inf)));
    }
    page.paragraph(&format!("The model as a whole: {}.", facts.join(", ")));
}

fn row(
    page: &mut Page,
    checkpoint: &Checkpoint,
    entry: &TensorEntry,
    at: usize,
    statistics: Option<&Statistics>,
) {
    let meta = checkpoint.meta(entry);
    let mut cells = vec![
        Cell::Name(entry.path.to_string()),
        Cell::Text(meta.dtype.name().to_owned()),
        Cell::Short(number::shape(meta.shape())),
        Cell::bytes(meta.nbytes()),
    ];
    let Some(statistics) = statistics else {
        page.row(&cells);
        return;
    };
    let Some(stats) = statistics.shown.get(&at).and_then(Option::as_ref) else {
        cells.extend(std::iter::repeat_n(Cell::Number(String::new()), 6));
        let why = statistics
            .failed
            .get(&at)
            .cloned()
            .unwrap_or_else(|| "the same elements as another name".to_owned());
        cells.push(Cell::Text(why));
        page.row(&cells);
        return;
    };
    cells.extend([stats.mean(), stats.std(), stats.min(), stats.max()].map(Cell::real));
    cells.push(Cell::Number(stats.zero_share().map(number::percent).unwrap_or_default()));
    cells.push(match stats.nan + stats.inf {
        0 => Cell::Number(String::new()),
        n => Cell::Marked("bad", number::grouped(n)),
    });
    page.raw("<tr>").cells(&cells).raw("<td>");
    svg::histogram(page, stats);
    page.raw("</td></tr>\n");
}

/// Tensors that are not shown, by module.
fn rest(page: &mut Page, checkpoint: &Checkpoint, shown: &[usize]) {
    #[derive(Default)]
    struct Sum {
        tensors: u64,
        elements: u64,
        bytes: u64,
    }
    let left = || {
        let left = checkpoint.tensors().iter().enumerate().filter(|(at, _)| shown.binary_search(at).is_err());
        left.map(|(_, entry)| entry)
    };
    let prefix = |path: &str, depth: usize| path.split('.').take(depth).collect::<Vec<_>>().join(".");
    let sums = |depth: usize| {
        let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
        for entry in left() {
            let meta = checkpoint.meta(entry);
            let sum = sums.entry(prefix(&entry.path, depth)).or_default();
            sum.tensors += 1;
            sum.elements = sum.elements.saturating_add(meta.shape().iter().product());
            sum.bytes = sum.bytes.saturating_add(meta.nbytes());
        }
        sums
    };
    // As deep as there is room for.
    let mut best = sums(1);
    for depth in 2..8 {
        let deeper = sums(depth);
        if deeper.len() > MODULES || deeper.len() == best.len() && depth > 3 {
            break;
        }
        best = deeper;
    }
    let count = best.len();
    let mut rows: Vec<(String, Sum)> = best.into_iter().collect();
    rows.in_order(|a, b| b.1.bytes.cmp(&a.1.bytes).then_with(|| crate::text::natural::compare(&a.0, &b.0)));
    let headers = [("module", false), ("tensors", true), ("elements", true), ("bytes", true)];
    page.table("The other tensors, by module", &headers);
    for (name, sum) in rows.iter().take(MODULES) {
        page.row(&[
            Cell::Name(name.clone()),
            Cell::count(sum.tensors),
            Cell::count(sum.elements),
            Cell::bytes(sum.bytes),
        ]);
    }
    page.table_end();
    if count > MODULES {
        page.note(&format!("{} more modules are not shown.", number::grouped((count - MODULES) as u64)));
    }
}
