//! Values that changed, the most first, and dtypes that differ.

use super::{KEYS, keys, more};
use crate::compare::report::Match;
use crate::compare::values::ValueDiff;
use crate::report::gather::Compared;
use crate::report::html::{Cell, Page, of};
use crate::report::svg;
use crate::sorting::Sort as _;
use crate::text::number;

/// Changed tensors listed.
const CHANGED: usize = 300;

/// Writes both tables, where there is something to tell.
pub(super) fn write(page: &mut Page, compared: &Compared<'_>) {
    let mut changed: Vec<(&Match, &ValueDiff)> = compared.changed().collect();
    let recast: Vec<&Match> = compared
        .rows
        .iter()
        .map(|(row, _)| row)
        .filter(|row| row.reference_dtype != row.candidate_dtype)
        .collect();
    if changed.is_empty() && recast.is_empty() {
        return;
    }
    page.section("Values");
    if !recast.is_empty() {
        let headers = [("key", false), ("in the model", false), ("in the file", false)];
        page.table(
            &format!("{} of another dtype; torch converts without a word", keys(recast.len())),
            &headers,
        );
        for row in recast.iter().take(KEYS) {
            let dtype = |dtype: crate::tensor::DType| Cell::Text(dtype.name().to_owned());
            page.row(&[Cell::Name(row.key.clone()), dtype(row.reference_dtype), dtype(row.candidate_dtype)]);
        }
        page.table_end();
        more(page, recast.len(), KEYS);
    }
    if !changed.is_empty() {
        let rank =
            |diff: &ValueDiff| if diff.relative_l2.is_nan() { f64::INFINITY } else { diff.relative_l2 };
        changed.in_order(|a, b| rank(b.1).total_cmp(&rank(a.1)));
        table(page, &changed, compared.equal());
    }
    page.close();
}

fn table(page: &mut Page, changed: &[(&Match, &ValueDiff)], equal: usize) {
    let count = changed.len() as u64;
    let caption =
        format!("{} changed, the most first; {} equal", of(count, "tensor"), number::grouped(equal as u64));
    let mut headers = vec![
        ("key", false),
        ("relative change", true),
        ("of the largest", false),
        ("largest difference", true),
    ];
    headers.extend([("cosine", true), ("elements", true)]);
    page.table(&caption, &headers);
    let finite = |(_, diff): &&(&Match, &ValueDiff)| diff.relative_l2.is_finite();
    let most = changed.iter().find(finite).map_or(1.0, |(_, diff)| diff.relative_l2);
    for (row, diff) in changed.iter().take(CHANGED) {
        let relative = match diff.relative_l2 {
            x if x.is_finite() => format!("{}%", number::metric(x * 100.0)),
            _ => "from zero".to_owned(),
        };
        page.raw("<tr>").cells(&[Cell::Name(row.key.clone()), Cell::Number(relative.clone())]).raw("<td>");
        svg::bar(page, diff.relative_l2 / most, &relative);
        page.raw("</td><td class=\"n\">").text(&number::metric(diff.max_abs)).raw("</td><td class=\"n\">");
        page.text(&number::metric(diff.cosine)).raw("</td><td class=\"n\">");
        let elements = format!("{} of {}", number::grouped(diff.unequal), number::grouped(diff.elements));
        page.text(&elements).raw("</td></tr>\n");
    }
    page.table_end();
    more(page, changed.len(), CHANGED);
}
