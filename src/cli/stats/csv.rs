//! `stats --csv`: one line for each tensor. What does not exist is an empty field.

use super::rows::{Row, Rows};
use crate::cli::output::{Failure, Out};
use crate::stats::{LEVELS, TensorStats};
use crate::text::shown;

/// Writes all rows.
pub(super) fn write(rows: Rows<'_>, out: &mut Out) -> Result<(), Failure> {
    let mut writer = csv::Writer::from_writer(out);
    let mut titles: Vec<String> =
        ["path", "dtype", "shape", "count", "nan", "inf", "zeros"].map(str::to_owned).into();
    titles.extend(["mean", "std", "min", "max", "abs_max", "l1", "l2"].map(str::to_owned));
    titles.extend(LEVELS.iter().map(|level| format!("q{level}")));
    titles.extend(["exact_quantiles", "findings", "error"].map(str::to_owned));
    writer.write_record(&titles).map_err(failure)?;
    for row in rows {
        writer.write_record(record(&row)).map_err(failure)?;
    }
    writer.flush()?;
    Ok(())
}

fn failure(error: csv::Error) -> Failure {
    Failure::Output(error.into())
}

fn record(row: &Row<'_>) -> Vec<String> {
    let stats = row.stats.as_ref().ok();
    let shape: Vec<String> = row.meta.shape().iter().map(u64::to_string).collect();
    let mut fields = vec![text(&row.entry.path), row.meta.dtype.name().to_owned(), shape.join("x")];
    let whole = |value: fn(&TensorStats) -> u64| stats.map(|s| value(s).to_string()).unwrap_or_default();
    fields.extend([whole(|s| s.count), whole(|s| s.nan), whole(|s| s.inf), whole(|s| s.zeros)]);
    let finite = stats.filter(|s| s.moments.count > 0);
    let real =
        |value: fn(&TensorStats) -> Option<f64>| finite.and_then(|s| value(s)).map(plain).unwrap_or_default();
    fields.extend([
        real(TensorStats::mean),
        real(TensorStats::std),
        real(TensorStats::min),
        real(TensorStats::max),
        real(|s| Some(s.moments.abs_max())),
        real(|s| Some(s.moments.l1)),
        real(|s| Some(s.moments.l2())),
    ]);
    for at in 0..LEVELS.len() {
        let quantile = finite.and_then(|s| s.quantiles.get(at)).copied();
        fields.push(quantile.map(plain).unwrap_or_default());
    }
    fields.push(stats.map(|s| s.exact_quantiles.to_string()).unwrap_or_default());
    fields.push(text(&row.findings.iter().map(|finding| finding.text()).collect::<Vec<_>>().join("; ")));
    fields.push(row.stats.as_ref().err().map(|why| text(why)).unwrap_or_default());
    fields
}

/// Text of a file in a field: nothing a terminal acts on, and nothing a spreadsheet takes for a formula.
fn text(raw: &str) -> String {
    let shown = shown(raw);
    if shown.starts_with(['=', '+', '-', '@']) { format!("'{shown}") } else { shown.into_owned() }
}

/// A number as programs read it, with every digit.
fn plain(x: f64) -> String {
    if x.is_finite() { format!("{x:?}") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_neither_a_formula_nor_a_command() {
        assert_eq!(text("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(text("-x"), "'-x");
        assert_eq!(text("a\u{1b}[2J"), "a\\u{1b}[2J");
        assert_eq!(text("conv1.weight"), "conv1.weight");
    }
}
