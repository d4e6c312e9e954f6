//! The part of x that is shown: zooming, panning, and keeping the cursor in it.

use super::Curve;

/// Share of the whole that can be shown at least; a part of a million points is still a point.
const LEAST: f64 = 1e-7;

impl Curve {
    /// The first and the last x of what is drawn.
    pub fn span(&self) -> Option<(f64, f64)> {
        let spans = self.lines.iter().filter_map(|line| line.data.span());
        spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// The part of x that is shown.
    pub fn visible(&self) -> Option<(f64, f64)> {
        let span = self.span()?;
        let Some(window) = self.window else { return Some(span) };
        let (low, high) = (window.0.max(span.0), window.1.min(span.1));
        Some(if low < high { (low, high) } else { span })
    }

    /// Shows less (`factor` above 1) or more, and leaves `around` where it is on the screen.
    pub fn zoom(&mut self, factor: f64, around: f64) {
        let (Some((low, high)), Some(span)) = (self.visible(), self.span()) else { return };
        let whole = span.1 - span.0;
        let least = if self.lines.first().is_some_and(|l| l.data.is_whole()) { 1.0 } else { whole * LEAST };
        let width = ((high - low) / factor).max(least);
        if width.is_nan() || width >= whole {
            self.window = None;
            return;
        }
        let around = around.clamp(low, high);
        let left = (around - low) / (high - low);
        self.place(around - width * left, width, span);
    }

    /// Shows the part `share` of its width further on.
    pub fn pan(&mut self, share: f64) {
        let (Some((low, high)), Some(span), Some(_)) = (self.visible(), self.span(), self.window) else {
            return;
        };
        self.place(low + (high - low) * share, high - low, span);
    }

    /// Moves the part shown so that the cursor is in it.
    pub fn reveal(&mut self) {
        let (Some((low, high)), Some(span), Some(_), Some(x)) =
            (self.visible(), self.span(), self.window, self.x)
        else {
            return;
        };
        if x < low || x > high {
            self.place(x - (high - low) / 2.0, high - low, span);
        }
    }

    fn place(&mut self, low: f64, width: f64, span: (f64, f64)) {
        let low = low.min(span.1 - width).max(span.0);
        self.window = Some((low, low + width));
    }
}
