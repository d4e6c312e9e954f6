//! The tabs of an opened checkpoint, on the upper border of its pane, and what is in force below.

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::checkpoint::Severity;
use crate::text::fit;
use crate::text::shown;
use crate::tui::model::Model;
use crate::tui::model::browser::{Browser, View};

/// The tabs as spans: the active one stands out by brackets, too; diagnostics worth a look by `!`.
pub(super) fn line(model: &Model, browser: &Browser, area: Rect) -> Vec<Span<'static>> {
    let theme = model.theme;
    let views = browser.views();
    let short = is_short(area, &views);
    let mut spans = Vec::new();
    for view in views {
        let active = view == browser.view;
        if active {
            spans.push(Span::styled(format!("[{}]", view.title()), theme.accent()));
            continue;
        }
        spans.push(Span::styled(format!(" {}", title(view, short)), theme.text()));
        spans.push(match view {
            View::Diagnostics if deserves_a_look(browser) => Span::styled("!", theme.error()),
            _ => Span::raw(" "),
        });
    }
    spans
}

fn deserves_a_look(browser: &Browser) -> bool {
    browser.checkpoint().diagnostics().iter().any(|d| d.severity > Severity::Info)
}

/// In a narrow pane the tabs that are not active are cut to their beginnings.
fn title(view: View, short: bool) -> &'static str {
    if short { fit::head(view.title(), 4) } else { view.title() }
}

fn is_short(area: Rect, views: &[View]) -> bool {
    let full: usize = views.iter().map(|v| v.title().len() + 2).sum();
    usize::from(area.width) < full + 6
}

/// The view whose tab was at column `x` of the border, among `views`, while `active` was shown.
pub fn at(area: Rect, x: u16, views: &[View], active: View, focused: bool) -> Option<View> {
    let mut start = area.x + if focused { 4 } else { 2 };
    for view in views.iter().copied() {
        let title = if view == active { view.title() } else { title(view, is_short(area, views)) };
        let width = title.len() as u16 + 2;
        if (start..start + width).contains(&x) {
            return Some(view);
        }
        start += width;
    }
    None
}

/// What narrows the view down: filter and section.
pub(super) fn below(model: &Model, browser: &Browser) -> String {
    if !matches!(browser.view, View::Layers | View::Tensors) {
        return String::new();
    }
    let all = browser.checkpoint().tensors().len();
    let mut parts = Vec::new();
    if let Some(section) = browser.section.and_then(|s| browser.checkpoint().sections().get(s as usize)) {
        let name = if section.name.is_empty() { "(root)".into() } else { shown(&section.name) };
        parts.push(format!("only {}", fit::head(&name, 24)));
    }
    if !browser.pattern.is_empty() {
        parts.push(format!("/{}", fit::head(&shown(&browser.pattern), 24)));
    }
    if parts.is_empty() {
        return crate::tui::doc::of(all as u64, "tensor");
    }
    parts.push(format!("{} of {all}", browser.shown));
    parts.join(&format!(" {} ", model.theme.glyphs.middot))
}
