//! Commands on the plot: the cursor, zooming and panning, smoothing, what is drawn.

use super::super::action::Effect;
use super::super::commands::Command;
use super::super::model::cursor::Cursor;
use super::super::model::{HomeView, Mode, Model, Pane, Place};
use super::super::view::curve::geometry::Geometry;
use super::home;
use crate::plot::Scale;
use crate::text::{number, shown};
use tui_input::Input;

/// How much more or less one step of zooming shows.
const ZOOM: f64 = 2.0;
/// Share of the width one step of panning moves by.
const PAN: f64 = 0.25;

/// Runs a command while the plot has the focus.
pub(super) fn run(model: &mut Model, command: Command, count: Option<usize>) -> Vec<Effect> {
    let times = isize::try_from(count.unwrap_or(1)).unwrap_or(isize::MAX / 4);
    let far = isize::MAX / 4;
    let by = match command {
        Command::Left => -times,
        Command::Right => times,
        Command::HalfUp | Command::PageUp => times.saturating_mul(-10),
        Command::HalfDown | Command::PageDown => times.saturating_mul(10),
        Command::Top => -far,
        Command::Bottom => far,
        Command::Up | Command::Down => {
            model.home.step_checkpoint(if command == Command::Up { -times } else { times });
            return Vec::new();
        }
        Command::Open => return open_at_cursor(model),
        Command::ZoomIn | Command::ZoomOut => {
            zoom(model, command == Command::ZoomIn, times);
            return Vec::new();
        }
        Command::PanLeft | Command::PanRight => {
            let way = if command == Command::PanLeft { -PAN } else { PAN };
            model.home.curve.pan(way * times as f64);
            return Vec::new();
        }
        Command::WholeRange => {
            model.home.curve.window = None;
            return Vec::new();
        }
        Command::LogScale => {
            let curve = &mut model.home.curve;
            curve.scale = if curve.scale == Scale::Log { Scale::Linear } else { Scale::Log };
            return Vec::new();
        }
        Command::Smoother | Command::Rougher => {
            smooth(model, if command == Command::Smoother { times } else { -times });
            return Vec::new();
        }
        _ => return Vec::new(),
    };
    step(model, by);
    Vec::new()
}

/// Commands on the plot that mean the same wherever one is on the first screen.
pub(super) fn anywhere(model: &mut Model, command: Command) -> Vec<Effect> {
    match command {
        Command::Overlay => overlay(model),
        Command::Metrics => model.mode = Mode::Metrics { input: Input::default(), cursor: Cursor::default() },
        Command::FullCurve => {
            model.place = Place::Home;
            model.home.view = match model.home.view {
                HomeView::Curve => HomeView::Split,
                HomeView::Split | HomeView::Table => HomeView::Curve,
            };
            model.focus = Pane::Curve;
        }
        _ => {}
    }
    Vec::new()
}

/// The width of a column of the plot along x; nothing while there is no plot.
fn column(model: &Model) -> f64 {
    Geometry::of(model).map_or(0.0, |g| g.column_width())
}

fn step(model: &mut Model, by: isize) {
    let column = column(model);
    model.home.step_curve(by, column);
}

fn zoom(model: &mut Model, closer: bool, times: isize) {
    let curve = &mut model.home.curve;
    let Some((low, high)) = curve.visible() else { return };
    let around = curve.x.filter(|x| (low..=high).contains(x)).unwrap_or(f64::midpoint(low, high));
    let factor = ZOOM.powi(times.min(60) as i32);
    curve.zoom(if closer { factor } else { 1.0 / factor }, around);
}

fn smooth(model: &mut Model, by: isize) {
    if model.home.curve.smooth(by) {
        model.home.redraw();
        let weight = model.home.curve.weight();
        model.say(if weight > 0.0 {
            format!(
                "smoothed with weight {}, as TensorBoard does; the values themselves are faint",
                number::number(weight)
            )
        } else {
            "not smoothed".to_owned()
        });
    }
}

/// In the list: this run's curve stays on the plot, or no longer. On the plot: all runs, or only those.
fn overlay(model: &mut Model) {
    let home = &mut model.home;
    if model.focus == Pane::Runs {
        let Some((path, name)) = home.run().map(|run| (run.path.clone(), run.name.clone())) else { return };
        let pinned = &mut home.curve.pinned;
        let name = shown(&name).into_owned();
        let text = if let Some(at) = pinned.iter().position(|p| *p == path) {
            pinned.remove(at);
            format!("{name} is no longer kept on the plot")
        } else {
            pinned.push(path);
            format!("{name} stays on the plot; select another run to compare")
        };
        home.redraw();
        model.say(text);
        return;
    }
    home.curve.all_runs = !home.curve.all_runs;
    home.redraw();
    let text = match (home.curve.all_runs, home.curve.left_out) {
        (true, 0) => "all runs that have this metric".to_owned(),
        (true, left) => format!("the best runs; {left} more lines are not drawn"),
        (false, _) => "this run alone".to_owned(),
    };
    model.say(text);
}

/// Opens the checkpoint the cursor is on.
fn open_at_cursor(model: &mut Model) -> Vec<Effect> {
    if model.home.checkpoint().is_some() {
        return home::open(model);
    }
    model.say("no checkpoint was kept at this point of the curve");
    Vec::new()
}

/// A click puts the cursor there; what is grabbed moves with the mouse from then on.
pub(super) fn click(model: &mut Model, x: u16) {
    let Some(geometry) = Geometry::of(model) else { return };
    model.home.curve.grabbed = geometry.x_at(x);
    if let Some(value) = geometry.x_at(x) {
        model.home.go_to_point(value, geometry.column_width());
    }
}

/// The mouse moves with its button down: a part of the whole is panned, on the whole the cursor follows.
pub(super) fn drag(model: &mut Model, x: u16) {
    let Some(geometry) = Geometry::of(model) else { return };
    let plot = geometry.plot;
    let Some(value) = geometry.x_at(x.clamp(plot.x, plot.right().saturating_sub(1))) else { return };
    let curve = &mut model.home.curve;
    let Some(grabbed) = curve.grabbed else { return };
    if curve.window.is_some() {
        curve.pan((grabbed - value) / (geometry.x.high - geometry.x.low));
    } else {
        model.home.go_to_point(value, geometry.column_width());
    }
}

/// The wheel zooms around the pointer.
pub(super) fn wheel(model: &mut Model, x: u16, by: isize) {
    let Some(geometry) = Geometry::of(model) else { return };
    let plot = geometry.plot;
    let Some(value) = geometry.x_at(x.clamp(plot.x, plot.right().saturating_sub(1))) else { return };
    model.home.curve.zoom(if by < 0 { ZOOM.sqrt() } else { 1.0 / ZOOM.sqrt() }, value);
}
