//! The line on top: where one is, and what is going on.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{compare, put};
use crate::checkpoint::Severity;
use crate::text::fit::{self, Keep};
use crate::text::number;
use crate::text::{shown, shown_path};
use crate::tui::doc::of;
use crate::tui::model::listing::file_name;
use crate::tui::model::{Model, Place, View};

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let crumbs = crumbs(model);
    let mut going_on = going_on(model);
    // Where one is goes before what the file is; what is being done goes before both.
    let wanted: usize = crumbs.iter().map(|crumb| fit::width(crumb) + 3).sum::<usize>() + 12;
    if !model.jobs.is_busy() && wanted + fit::width(&going_on) > usize::from(area.width) {
        going_on.clear();
    }
    let room = fit::width(&going_on) as u16;
    let right = area.width.saturating_sub(room + 1);
    let style = match fault(model) {
        _ if model.jobs.is_busy() => theme.lively(),
        Some(_) => theme.error(),
        None => theme.text(),
    };
    put(buffer, (area.x + right, area.y), &going_on, room, style);

    let name = put(buffer, (area.x + 1, area.y), "ckpt-tui", area.width, theme.accent());
    let mut x = area.x + 1 + name;
    for (i, crumb) in crumbs.iter().enumerate() {
        let left = right.saturating_sub(x + 5);
        if left < 4 {
            break;
        }
        x += put(buffer, (x, area.y), &format!(" {} ", theme.glyphs.crumb), left, theme.faint());
        let is_last = i + 1 == crumbs.len();
        let text = fit::cut(crumb, usize::from(left), Keep::End, theme.glyphs.cut);
        x += put(buffer, (x, area.y), &text, left, if is_last { theme.strong() } else { theme.text() });
    }
}

fn crumbs(model: &Model) -> Vec<String> {
    let home = &model.home;
    if let (Place::Timeline, Some(view)) = (model.place, &model.timeline) {
        let mut crumbs = vec![shown(&view.run).into_owned(), "timeline".to_owned()];
        crumbs.extend(view.path().map(|path| shown(&file_name(path)).into_owned()));
        return crumbs;
    }
    if let (Place::Compare, Some(view)) = (model.place, &model.compare) {
        let [a, b] = crate::tui::update::compare_titles(view);
        return vec!["compare".to_owned(), format!("A {a}"), format!("B {b}")];
    }
    if model.place == Place::Home {
        let mut crumbs = vec![scanned(model)];
        crumbs.extend(home.run().map(|run| shown(&run.name).into_owned()));
        crumbs.dedup();
        return crumbs;
    }
    let Some(browser) = &model.browser else { return Vec::new() };
    let path = browser.checkpoint().path();
    let run = home.index.runs.iter().find(|r| r.checkpoints.iter().any(|c| c.path == path));
    let mut crumbs: Vec<String> = run.map(|run| shown(&run.name).into_owned()).into_iter().collect();
    crumbs.push(shown(&file_name(path)).into_owned());
    let layers = browser.layers();
    let here = match browser.view {
        View::Layers => browser.tree.selected().and_then(|at| layers.node(at)).map(|n| layers.path(n)),
        View::Tensors => browser.table.selected().and_then(|at| layers.entry(at)).map(|e| &*e.path),
        _ => None,
    };
    crumbs.extend(here.filter(|path| !path.is_empty()).map(|path| shown(path).into_owned()));
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

fn going_on(model: &Model) -> String {
    let glyphs = model.theme.glyphs;
    let spinner = glyphs.spinner.get(model.ticks % glyphs.spinner.len().max(1)).copied().unwrap_or_default();
    let stop = model.keys.first(crate::tui::commands::Command::Back);
    let home = &model.home;
    if let Some((_, path)) = &model.jobs.open {
        return format!("{spinner} opening {}  {stop} stops", shown(&file_name(path)));
    }
    if let Some(task) = model.jobs.tasks.last() {
        return format!("{spinner} {} {}  {stop} stops", task.title, task.progress(model.ticks));
    }
    if model.jobs.scan.is_some() {
        let read = number::grouped(home.read as u64);
        let found = number::grouped(home.found.max(home.read) as u64);
        return format!("{spinner} scanning {read} of {found}");
    }
    if model.jobs.filter.is_some() {
        return format!("{spinner} filtering");
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
