//! Small pictures beside a number: a histogram, a bar.

use super::html::Page;
use crate::stats::{Bars, TensorStats};
use crate::text::number;

/// Bars of a histogram.
const BARS: usize = 32;
const WIDTH: f64 = 128.0;
const HEIGHT: f64 = 26.0;

/// How the elements of a tensor are spread, from its smallest to its largest.
pub(super) fn histogram(page: &mut Page, stats: &TensorStats) {
    let Bars { counts, .. } = stats.histogram.linear(BARS);
    let most = counts.iter().copied().max().unwrap_or(0);
    let (Some(low), Some(high), 1..) = (stats.min(), stats.max(), most) else { return };
    page.raw(
        "<svg role=\"img\" width=\"128\" height=\"26\" viewBox=\"0 0 128 26\" aria-label=\"histogram from ",
    );
    page.text(&number::metric(low))
        .raw(" to ")
        .text(&number::metric(high))
        .raw("\"><title>histogram</title>");
    page.raw("<path class=\"rule\" d=\"M0 25.5H128\"/><path class=\"bar\" d=\"");
    let step = WIDTH / BARS as f64;
    for (at, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        // What is there is seen, however little.
        let tall = (*count as f64 / most as f64 * (HEIGHT - 1.0)).max(0.8);
        page.raw("M").number(at as f64 * step).raw(" ").number(HEIGHT - 0.5).raw("v").number(-tall);
        page.raw("h").number(step - 0.6).raw("v").number(tall).raw("z");
    }
    page.raw("\"/></svg>");
}

/// A bar that is so much of the longest, between 0 and 1.
pub(super) fn bar(page: &mut Page, share: f64, label: &str) {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 1.0 };
    page.raw("<svg role=\"img\" width=\"128\" height=\"12\" viewBox=\"0 0 128 12\" aria-label=\"")
        .text(label);
    page.raw("\"><title>bar</title><path class=\"rule\" d=\"M0 11.5H128\"/><path class=\"bar\" d=\"M0 1h");
    page.number((share * WIDTH).max(1.0)).raw("v10H0z\"/></svg>");
}
