//! The line on top: where one is, and what is going on.

use std::path::PathBuf;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{compare, put};
use crate::checkpoint::Severity;
use crate::runs::Run;
use crate::text::fit::{self, Keep};
use crate::text::number;
use crate::text::{shown, shown_path};
use crate::tui::commands::Command;
use crate::tui::doc::of;
use crate::tui::model::jobs::WAIT;
use crate::tui::model::listing::file_name;
use crate::tui::model::{Model, Place, View};

/// Where a click on the line leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Level {
    /// All runs.
    Runs,
    /// The run in this folder.
    Run(PathBuf),
    /// The opened checkpoint, or what is selected in it.
    Checkpoint,
    /// Where one is already.
    Here,
    /// What is going on: it is stopped.
    Job,
}

/// A piece of the line: its cells, what it says, and where it leads.
struct Piece {
    x: u16,
    text: String,
    level: Level,
}

/// The line as it fits: the crumbs, and what is going on at its right end.
fn pieces(model: &Model, area: Rect) -> (Vec<Piece>, Piece) {
    let glyphs = model.theme.glyphs;
    let crumbs = crumbs(model);
    // Where one is goes before what the file is; what is being done goes before both.
    let wanted: usize = crumbs.iter().map(|(crumb, _)| fit::width(crumb) + 3).sum::<usize>() + 12;
    let mut going_on = going_on(model, usize::from(area.width).saturating_sub(wanted));
    // The name of the program stays, whatever goes on.
    let most = usize::from(area.width).saturating_sub(11);
    if fit::width(&going_on) > most {
        let without = going_on.strip_suffix(&stop(model)).unwrap_or(&going_on);
        going_on = fit::cut(without, most, Keep::Start, glyphs.cut).into_owned();
    }
    if !model.jobs.is_busy() && wanted + fit::width(&going_on) > usize::from(area.width) {
        going_on.clear();
    }
    let right = area.width.saturating_sub(fit::width(&going_on) as u16 + 1);
    let name = Piece { x: area.x + 1, text: "ckpt-tui".to_owned(), level: Level::Runs };
    let mut x = name.x + fit::width(&name.text) as u16;
    let mut placed = vec![name];
    for (crumb, level) in crumbs {
        let left = right.saturating_sub(x + 5);
        if left < 4 {
            break;
        }
        let text = fit::cut(&crumb, usize::from(left), Keep::End, glyphs.cut).into_owned();
        let cells = fit::width(&text) as u16;
        placed.push(Piece { x: x + 3, text, level });
        x += 3 + cells;
    }
    (placed, Piece { x: area.x + right, text: going_on, level: Level::Job })
}

/// Where a click on column `x` of the line leads.
pub fn at(model: &Model, x: u16) -> Option<Level> {
    let (mut pieces, job) = pieces(model, model.layout().header);
    if model.jobs.is_busy() {
        pieces.push(job);
    }
    let hit = |piece: &Piece| (piece.x..piece.x + fit::width(&piece.text) as u16).contains(&x);
    pieces.into_iter().find(hit).map(|piece| piece.level)
}

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let (pieces, job) = pieces(model, area);
    let style = match fault(model) {
        _ if model.jobs.is_busy() => theme.lively(),
        Some(_) => theme.error(),
        None => theme.text(),
    };
    let room = area.right().saturating_sub(job.x);
    put(buffer, (job.x, area.y), &job.text, room, style);
    // How many crumbs there would be: the last of them is where one is.
    let all = crumbs(model).len();
    for (i, piece) in pieces.iter().enumerate() {
        let room = area.right().saturating_sub(piece.x);
        let style = match i {
            0 => theme.accent(),
            last if last == all => theme.strong(),
            _ => theme.text(),
        };
        if i > 0 {
            let between = format!(" {} ", theme.glyphs.crumb);
            put(buffer, (piece.x - 3, area.y), &between, 3, theme.faint());
        }
        put(buffer, (piece.x, area.y), &piece.text, room, style);
    }
}

fn crumbs(model: &Model) -> Vec<(String, Level)> {
    let home = &model.home;
    let of_run = |run: &Run| (shown(&run.name).into_owned(), Level::Run(run.path.clone()));
    if let (Place::Timeline, Some(view)) = (model.place, &model.timeline) {
        let run = home.index.runs.iter().find(|run| run.name == view.run);
        let run = run.map_or_else(|| (shown(&view.run).into_owned(), Level::Runs), of_run);
        let mut crumbs = vec![run, ("timeline".to_owned(), Level::Here)];
        crumbs.extend(view.path().map(|path| (shown(&file_name(path)).into_owned(), Level::Here)));
        return crumbs;
    }
    if let (Place::Compare, Some(view)) = (model.place, &model.compare) {
        let [a, b] = crate::tui::update::compare_titles(view);
        return ["compare".to_owned(), format!("A {a}"), format!("B {b}")]
            .map(|text| (text, Level::Here))
            .into();
    }
    if model.place == Place::Home {
        let mut crumbs = vec![(scanned(model), Level::Runs)];
        crumbs.extend(home.run().map(of_run));
        crumbs.dedup_by(|a, b| a.0 == b.0);
        return crumbs;
    }
    let Some(browser) = &model.browser else { return Vec::new() };
    let path = browser.checkpoint().path();
    let run = home.index.runs.iter().find(|r| r.checkpoints.iter().any(|c| c.path == path));
    let mut crumbs: Vec<_> = run.map(of_run).into_iter().collect();
    crumbs.push((shown(&file_name(path)).into_owned(), Level::Checkpoint));
    let layers = browser.layers();
    let here = match browser.view {
        View::Layers => browser.tree.selected().and_then(|at| layers.node(at)).map(|n| layers.path(n)),
        View::Tensors => browser.table.selected().and_then(|at| layers.entry(at)).map(|e| &*e.path),
        _ => None,
    };
    let here = here.filter(|path| !path.is_empty());
    crumbs.extend(here.map(|path| (shown(path).into_owned(), Level::Checkpoint)));
    crumbs
}

fn scanned(model: &Model) -> String {
    match model.home.paths.as_slice() {
        [only] if only.as_os_str() == "." => {
            let here = model.home.here.as_deref();
            here.map_or_else(|| ".".to_owned(), |path| shown(&file_name(path)).into_owned())
        }
        [only] => shown_path(only),
        several => of(several.len() as u64, "path"),
    }
}

/// What the opened checkpoint must not be looked at without: damage, or names that run code.
fn fault(model: &Model) -> Option<String> {
    let browser = model.browser.as_ref().filter(|_| model.place == Place::Checkpoint)?;
    let worst = browser.checkpoint().diagnostics().iter().map(|d| d.severity).max()?;
    match worst {
        Severity::Broken => Some(format!("{} damaged: see Diagnostics", model.theme.glyphs.broken)),
        Severity::Dangerous => Some("! unpickling it runs code: see Diagnostics".to_owned()),
        Severity::Info | Severity::Warning => None,
    }
}

/// What is going on, in at most `room` cells if that can be.
fn going_on(model: &Model, room: usize) -> String {
    let glyphs = model.theme.glyphs;
    let spinner = glyphs.spinner.get(model.ticks % glyphs.spinner.len().max(1)).copied().unwrap_or_default();
    let home = &model.home;
    if model.jobs.is_busy() {
        return busy(model, spinner, room);
    }
    if let (Place::Checkpoint, Some(browser)) = (model.place, &model.browser) {
        let checkpoint = browser.checkpoint();
        let dot = glyphs.middot;
        if let Some(fault) = fault(model) {
            return fault;
        }
        return format!(
            "{} {dot} {} {dot} {} parameters",
            checkpoint.kind().name(),
            number::bytes(checkpoint.bytes()),
            number::count(checkpoint.parameters()),
        );
    }
    if model.place == Place::Compare {
        return compare::going_on(model);
    }
    let runs = home.index.runs.len() as u64;
    if runs == 0 {
        return String::new();
    }
    format!("{} in {}", of(home.checkpoints() as u64, "checkpoint"), of(runs, "run"))
}

/// The newest job: what it is, how far, and how many more there are. The bar takes what room there is.
fn busy(model: &Model, spinner: &str, room: usize) -> String {
    let jobs = &model.jobs;
    let mut gauge = None;
    let mut parts = vec![spinner.to_owned()];
    let mut stops = true;
    if let Some((_, path)) = &jobs.open {
        parts.push(format!("opening {}", shown(&file_name(path))));
    } else if let Some(task) = jobs.tasks.last() {
        gauge = task.gauge(model.ticks);
        parts.push(task.title.clone());
        parts.push(task.progress(model.ticks));
    } else if jobs.scan.is_some() {
        let (read, found) = (model.home.read, model.home.found.max(model.home.read));
        let is_long = model.ticks.saturating_sub(jobs.scan_began) >= WAIT;
        gauge = (is_long && found > 0).then(|| read as f64 / found as f64);
        parts.push(format!("scanning {} of {}", number::grouped(read as u64), number::grouped(found as u64)));
        stops = false;
    } else {
        parts.push("filtering".to_owned());
        stops = false;
    }
    let more = jobs.count().saturating_sub(1);
    let mut tail = if more > 0 { format!(" +{more}") } else { String::new() };
    if stops {
        tail.push_str(&stop(model));
    }
    let used = fit::width(&parts.join(" ")) + fit::width(&tail) + 2;
    let bar = gauge.and_then(|part| bar(part, room.saturating_sub(used), model.theme.glyphs.ascii));
    if let Some(bar) = bar {
        parts.insert(2, bar);
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" ") + &tail
}

/// Behind what Esc stops.
fn stop(model: &Model) -> String {
    format!("  {} stops", model.keys.first(Command::Back))
}

/// Cells of the narrowest and the widest bar.
const BAR: (usize, usize) = (6, 20);

/// A bar of at most so many cells; nothing where that would be too few.
fn bar(part: f64, cells: usize, ascii: bool) -> Option<String> {
    let frame = if ascii { 2 } else { 0 };
    let cells = cells.checked_sub(frame).filter(|cells| *cells >= BAR.0)?.min(BAR.1);
    let done = (part.clamp(0.0, 1.0) * cells as f64).floor() as usize;
    let left = cells.saturating_sub(done);
    Some(if ascii {
        format!("[{}{}]", "#".repeat(done), ".".repeat(left))
    } else {
        format!("{}{}", "█".repeat(done), "░".repeat(left))
    })
}
