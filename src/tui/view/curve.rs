//! The plot: metrics over epochs or steps, of one run or of several, linked with the list.
//!
//! ```text
//! ┌ Curve: val_loss ───────────────────────┐
//! │ epoch 10: 0.3123  ★ lowest 0.30 at 8   │  legend: what each line is, its value at the cursor, its best
//! │  1.0 ┤⢣                                │
//! │  0.5 ┤ ⠑⠤⣀⣀A⣀⠤⠒                        │  letters name the lines where there are several
//! │      └──────────────                   │
//! │       • • • ★ • ▲ •                    │  marks: checkpoints on disk, best, cursor, no number, turn
//! │       1       10      20               │
//! └──────────────────────────── log · 0.9 ─┘
//! ```
//! [`geometry`] says where everything is and what it stands for, for drawing and for the mouse alike.

mod axes;
pub mod geometry;
mod legend;
mod lines;
mod marks;

use std::path::Path;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use self::geometry::Geometry;
use super::{pane, rows};
use crate::plot::Scale;
use crate::text::fit::{self, Keep};
use crate::text::number;
use crate::text::{shown, shown_path};
use crate::training::XAxis;
use crate::tui::layout::Layout;
use crate::tui::model::{HomeView, Model, Pane};

/// Lone values shown where there is no curve.
const FINALS: usize = 12;

/// Draws the pane; returns the cell where what the cursor is on is read out.
pub(super) fn draw(model: &Model, layout: &Layout, area: Rect, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let curve = &model.home.curve;
    let inner = layout.inner(Pane::Curve);
    if curve.shown().is_none() {
        let titles = pane::Titles::of_home(model, layout, Pane::Curve, "Curve");
        pane::draw(model, Pane::Curve, area, titles, buffer);
        rows::empty(model, inner, &nothing(model), buffer);
        return None;
    }
    pane::draw(model, Pane::Curve, area, titles(model, layout, area), buffer);
    let geometry = Geometry::of(model)?;
    legend::draw(model, &geometry, buffer);
    axes::draw(model, &geometry, buffer);
    lines::draw(model, &geometry, buffer);
    marks::draw(model, &geometry, buffer);
    Some((geometry.legend.x, geometry.legend.y))
}

fn titles(model: &Model, layout: &Layout, area: Rect) -> pane::Titles {
    let curve = &model.home.curve;
    let glyphs = model.theme.glyphs;
    let room = usize::from(area.width).saturating_sub(8);
    let mut name = curve.shown().map(|s| shown(&s.name).into_owned()).unwrap_or_default();
    let metrics = 1 + curve.added.iter().filter(|added| curve.lines.iter().any(|l| is(l, added))).count();
    if metrics > 1 {
        name = format!("{name} and {} more", metrics - 1);
    } else if curve.series.len() > 1 {
        name = format!("{name} ({} of {})", curve.at + 1, curve.series.len());
    }
    let run = model.home.run().map(|run| shown(&run.name).into_owned()).unwrap_or_default();
    let title = match model.home.view {
        HomeView::Curve => format!("Curve: {name} {} {run}", glyphs.middot),
        HomeView::Split | HomeView::Table => format!("Curve: {name}"),
    };
    let title = fit::cut(&title, room, Keep::Start, glyphs.cut).into_owned();
    let mut below = state(model);
    // Where the title names all panes, the metric is named below.
    if layout.is_single() && model.home.view == HomeView::Split {
        below.insert(0, name);
    }
    below.extend(curve.shown().map(|s| source(model, &s.source)));
    let below = below.join(&format!(" {} ", glyphs.middot));
    let below = fit::cut(&below, room, Keep::Start, glyphs.cut).into_owned();
    pane::Titles::of_home(model, layout, Pane::Curve, title).below(below)
}

/// Where the leading series is from; a file of the run by its path within the run.
fn source(model: &Model, source: &str) -> String {
    let folder = model.home.curve.run.as_deref();
    let within = folder.and_then(|folder| Path::new(source).strip_prefix(folder).ok());
    within.filter(|path| !path.as_os_str().is_empty()).map_or_else(|| shown(source).into_owned(), shown_path)
}

fn is(line: &crate::tui::model::curve::Line, canonical: &str) -> bool {
    crate::training::metric::canonical(&line.metric) == canonical
}

/// What was done to the plot, so that nobody takes a part for the whole or a smoothed value for a real one.
fn state(model: &Model) -> Vec<String> {
    let curve = &model.home.curve;
    let mut parts = Vec::new();
    if curve.scale == Scale::Log {
        parts.push("log".to_owned());
    }
    if curve.smoothing > 0 {
        parts.push(format!("smoothed {}", number::number(curve.weight())));
    }
    if let (Some(_), Some((low, high)), Some(series)) = (curve.window, curve.visible(), curve.shown()) {
        let (low, high) = (x_text(series.x, low), x_text(series.x, high));
        parts.push(format!("{} {low} to {high}", series.x.name()));
    }
    if curve.left_out > 0 {
        parts.push(format!("{} more not drawn", curve.left_out));
    }
    parts
}

fn nothing(model: &Model) -> Vec<String> {
    let Some(run) = model.home.run() else {
        return vec!["Select a run to see its curves.".to_owned()];
    };
    let finals: Vec<String> = run
        .record
        .iter()
        .flat_map(|record| &record.finals)
        .take(FINALS)
        .map(|(name, value)| format!("{} {}", shown(name), number::metric(*value)))
        .collect();
    if !finals.is_empty() {
        let mut lines = vec!["No curves: the logs hold values of the end alone.".to_owned(), String::new()];
        lines.extend(finals);
        return lines;
    }
    vec![
        "No metric found in this run.".to_owned(),
        String::new(),
        "Curves come from values saved beside the weights ('val_loss': 0.41), from logs beside them (metrics.csv, \
         trainer_state.json, TensorBoard, W&B, MLflow, JSON lines), or from names of files (val_loss=0.41)."
            .to_owned(),
    ]
}

/// A place along x in words.
fn x_text(axis: XAxis, x: f64) -> String {
    match axis {
        XAxis::Epoch => number::epoch(x),
        XAxis::Step => number::grouped(x.max(0.0).round() as u64),
    }
}
