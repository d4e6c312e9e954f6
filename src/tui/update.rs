//! How the model changes: one action in, effects out. No I/O and no thread here.

mod bookmarks;
mod browse;
mod compare;
mod curve;
mod dialog;
mod filter;
mod home;
mod jobs;
mod lines;
mod logs;
mod marks;
mod memory;
mod mouse;
mod page;
mod parts;
mod picker;
mod popup;
mod ranks;
mod reading;
mod run_table;
mod spectra;
mod splits;
mod stats;
mod timeline;
mod watch;

use std::path::PathBuf;

use super::action::{Action, Edit, Effect, Pending};
use super::commands::{Command, Group, hints};
use super::help;
use super::layout;
use super::model::cursor::{Cursor, stepped};
use super::model::popup::What;
use super::model::{HomeView, Mode, Model, Pane, Place};
use tui_input::{Input, InputRequest};

pub(super) use bookmarks::{names_in as bookmarked_names, target as bookmark_target};
pub(super) use compare::{copied as compare_copied, missing_values, titles as compare_titles};
pub(super) use marks::{label as mark_label, letter as mark_letter, markable};
pub(super) use reading::is_there as can_read;
pub(super) use spectra::takes_long as spectrum_takes_long;
pub(super) use timeline::run_of as timeline_run;

/// Changes the model and says what is to be done outside it.
pub fn update(model: &mut Model, action: Action) -> Vec<Effect> {
    let is_asked = memory::may_change(&action);
    let is_of_scan = matches!(action, Action::Scan(..));
    if !is_of_scan {
        // What a person points at has to be what there is.
        model.home.refresh();
    }
    if matches!(action, Action::Pending(_) | Action::Edit(_) | Action::Click(..) | Action::Cancel) {
        // What was said goes with the next key; commands see to that themselves.
        model.toast = None;
    }
    let mut effects = match action {
        Action::Run(command, count) => run(model, command, count),
        Action::Pending(pending) => {
            model.pending = pending;
            Vec::new()
        }
        Action::Edit(edit) => edited(model, &edit),
        Action::Accept => accept(model),
        Action::Cancel => cancel(model),
        Action::Click(x, y) => mouse::click(model, x, y),
        Action::Drag(x, y) => mouse::drag(model, x, y),
        Action::Wheel(x, y, rows) => mouse::wheel(model, x, y, rows),
        Action::Resize(width, height) => {
            model.size = (width, height);
            Vec::new()
        }
        Action::Tick => {
            model.ticks += 1;
            Vec::new()
        }
        Action::Answer(answer) => dialog::answer(model, answer),
        Action::Settle => Vec::new(),
        news => arrived(model, news),
    };
    if is_of_scan && model.jobs.scan.is_some() {
        // Rows come by the thousand: they are put in order before the next frame or the next key, not each time.
        return effects;
    }
    model.settle();
    effects.extend(stats::follow(model));
    effects.extend(spectra::follow(model));
    effects.extend(ranks::follow(model));
    effects.extend(compare::follow(model));
    effects.extend(logs::wanted(model));
    effects.extend(lines::wanted(model));
    if is_asked {
        effects.extend(memory::changed(model));
    }
    effects
}

/// News of what other threads did; what a person does is not among it.
fn arrived(model: &mut Model, news: Action) -> Vec<Effect> {
    match news {
        Action::Scan(generation, news) => jobs::scan(model, generation, news),
        Action::Changed(changes) => watch::changed(model, changes),
        Action::Opened(generation, result) => jobs::opened(model, generation, result),
        Action::Filtered(generation, matches) => jobs::filtered(model, generation, matches),
        Action::LogsRead(generation, path, record) => logs::read(model, generation, &path, record),
        Action::LinesPrepared(generation, made) => lines::prepared(model, generation, made),
        Action::Planned(generation, plan) => dialog::planned(model, generation, plan),
        Action::ExportPlanned(generation, contents) => dialog::export_planned(model, generation, contents),
        Action::PagePlanned(generation, target) => page::planned(model, generation, target),
        Action::Acted(generation, result) => dialog::acted(model, generation, result),
        Action::Timeline(generation, timeline, is_complete) => {
            timeline::arrived(model, generation, timeline, is_complete)
        }
        Action::Ranks(generation, news) => ranks::learned(model, generation, news),
        Action::Compared(generation, news) => compare::arrived(model, generation, news),
        Action::Statistics(generation, news) => stats::learned(model, generation, news),
        Action::Spectra(generation, news) => spectra::learned(model, generation, news),
        Action::Previewed(generation, preview) => stats::previewed(model, generation, *preview),
        Action::JobFailed(generation, message) => jobs::failed(model, generation, message),
        Action::Complaint(text) => {
            model.complain(text);
            Vec::new()
        }
        Action::Notice(text) => {
            model.say(text);
            Vec::new()
        }
        // Named, so that the compiler asks for what is added.
        Action::Run(..)
        | Action::Pending(_)
        | Action::Edit(_)
        | Action::Accept
        | Action::Cancel
        | Action::Click(..)
        | Action::Drag(..)
        | Action::Wheel(..)
        | Action::Resize(..)
        | Action::Tick
        | Action::Settle
        | Action::Answer(_) => Vec::new(),
    }
}

/// What is shown first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum First {
    /// The runs.
    #[default]
    Runs,
    /// A checkpoint.
    Open(PathBuf),
    /// Two checkpoints side by side.
    Compare([PathBuf; 2]),
    /// So many checkpoints in the list, of which two can be compared.
    Several(usize),
}

/// What these paths lead to: a checkpoint is opened, two are compared, and everything else is looked through.
pub fn first(paths: &[PathBuf]) -> First {
    let is_one = |path: &PathBuf| path.is_file() || crate::format::folders::is_checkpoint(path);
    match paths {
        [only] if is_one(only) => First::Open(only.clone()),
        [a, b] if is_one(a) && is_one(b) => First::Compare([a.clone(), b.clone()]),
        [_, _, _, ..] if paths.iter().all(is_one) => First::Several(paths.len()),
        _ => First::Runs,
    }
}

/// What the program does first: scan, and open what it was given.
pub fn start(model: &mut Model, first: First) -> Vec<Effect> {
    let mut effects = jobs::rescan(model);
    match first {
        First::Runs => {}
        First::Several(n) => {
            model.hint(&format!(
                "{n} checkpoints: {{mark}} on two of them compares, {{timeline}} shows all over time"
            ));
        }
        First::Open(path) => effects.extend(jobs::open(model, path)),
        First::Compare(paths) => effects.extend(compare::begin(model, paths)),
    }
    model.settle();
    effects
}

/// Runs a command if it means something now.
pub(super) fn run(model: &mut Model, command: Command, count: Option<usize>) -> Vec<Effect> {
    model.pending = Pending::default();
    model.toast = None;
    if command.entry().is_some_and(|e| e.group == Group::Move) && moved_in_popup(model, command) {
        return Vec::new();
    }
    if !command.entry().is_some_and(|e| (e.enabled)(model)) {
        if is_view(command) && model.place != Place::Checkpoint {
            model.hint("{open} on a checkpoint opens it first");
        }
        return Vec::new();
    }
    if let Some(entry) = command.entry() {
        hints::learned(model, entry);
    }
    if model.place != Place::Compare
        && let Some(effects) = stats::run(model, command).or_else(|| spectra::run(model, command))
    {
        return effects;
    }
    if let Some(effects) = anywhere(model, command, count) {
        return effects;
    }
    match command {
        _ if model.place == Place::Timeline => timeline::run(model, command, count),
        _ if model.place == Place::Compare => compare::run(model, command, count),
        Command::Metric => metric(model, count, 1),
        Command::PreviousMetric => metric(model, count, -1),
        Command::Overlay | Command::Metrics | Command::FullCurve => curve::anywhere(model, command),
        Command::LinkBest => dialog::link(model),
        Command::CleanUp => dialog::clean(model),
        Command::ExportWeights => dialog::export(model),
        Command::RunTable => {
            run_table::toggle(model);
            Vec::new()
        }
        _ => match model.focus {
            Pane::Table if !is_view(command) => run_table::run(model, command, count),
            Pane::Runs | Pane::Curve | Pane::Facts if !is_view(command) => home::run(model, command, count),
            _ => browse::run(model, command, count),
        },
    }
}

/// Commands that mean the same wherever one is; `None` for all others.
fn anywhere(model: &mut Model, command: Command, count: Option<usize>) -> Option<Vec<Effect>> {
    Some(match command {
        Command::Quit => dialog::quit(model),
        Command::QuitNow => vec![Effect::Quit],
        Command::Suspend => vec![Effect::Suspend],
        Command::Redraw => vec![Effect::Redraw],
        Command::Mouse => toggle_mouse(model),
        Command::Copy => copy(model),
        Command::Help | Command::Palette => {
            let only_here = command == Command::Palette;
            model.mode = Mode::Help { only_here, input: Input::default(), cursor: Cursor::default() };
            Vec::new()
        }
        Command::Filter => filter::begin(model),
        Command::Back => back(model),
        Command::NextPane => cycle_pane(model, 1),
        Command::PreviousPane => cycle_pane(model, -1),
        Command::Wider | Command::Narrower => splits::resize(model, command, count),
        Command::ResetPanes => splits::reset(model),
        Command::Runs => go(model, Place::Home, Pane::Runs),
        Command::Curve => go(model, Place::Home, Pane::Curve),
        Command::Timeline => timeline::begin(model),
        Command::Rescan => rescan(model),
        Command::Mark => marks::mark(model),
        Command::Read => reading::open(model, count),
        Command::Bookmark => bookmarks::toggle(model),
        Command::Bookmarks => popup::show(model, What::Bookmarks),
        Command::Messages => popup::show(model, What::Messages),
        Command::Report => page::ask(model),
        Command::Comparison => compare::reopen(model),
        _ => return None,
    })
}

/// Moves in the list that is over the rest; false where there is none.
fn moved_in_popup(model: &mut Model, command: Command) -> bool {
    match model.mode {
        Mode::Help { .. } => move_in_help(model, command),
        Mode::Metrics { .. } | Mode::Sections(_) => picker::moved(model, command),
        Mode::Dialog(_) => dialog::moved(model, command),
        Mode::Popup(_) => popup::moved(model, command),
        Mode::Normal | Mode::Filter { .. } => return false,
    }
    true
}

/// Commands that concern the opened checkpoint, whatever has the focus.
fn is_view(command: Command) -> bool {
    matches!(
        command,
        Command::Layers
            | Command::Tensors
            | Command::Metadata
            | Command::Load
            | Command::Diagnostics
            | Command::Parts
            | Command::NextView
            | Command::PreviousView
    )
}

fn toggle_mouse(model: &mut Model) -> Vec<Effect> {
    model.mouse = !model.mouse;
    model.memory.mouse = Some(model.mouse);
    model.hint(if model.mouse {
        "the mouse scrolls and selects; Shift with the mouse marks text"
    } else {
        "the mouse marks text; {mouse} takes it back"
    });
    vec![Effect::Mouse(model.mouse)]
}

fn copy(model: &mut Model) -> Vec<Effect> {
    let Some((_, text)) = model.copy_target() else { return Vec::new() };
    let lines = text.lines().count();
    let what = if lines > 1 { format!("{lines} lines") } else { text.clone() };
    model.say(format!("copied {what}"));
    vec![Effect::Copy(text)]
}

fn metric(model: &mut Model, count: Option<usize>, direction: isize) -> Vec<Effect> {
    let times = isize::try_from(count.unwrap_or(1)).unwrap_or(1);
    model.home.curve.cycle(direction * times);
    model.home.metric_changed();
    if let Some(name) = model.home.curve.chosen().map(|name| crate::text::shown(name).into_owned()) {
        // Which checkpoint has the star changes with it.
        model.say(format!("shown and judged by: {name}"));
    }
    Vec::new()
}

fn rescan(model: &mut Model) -> Vec<Effect> {
    if model.place == Place::Timeline {
        timeline::leave(model);
        return timeline::begin(model);
    }
    if model.place == Place::Compare {
        return compare::again(model);
    }
    match (model.place, model.opened_path().map(std::path::Path::to_owned)) {
        (Place::Checkpoint, Some(path)) => jobs::open(model, path),
        _ => jobs::rescan(model),
    }
}

fn go(model: &mut Model, place: Place, pane: Pane) -> Vec<Effect> {
    timeline::leave(model);
    compare::leave(model);
    model.place = place;
    if pane == Pane::Runs {
        model.home.view = HomeView::Split;
    }
    model.focus = pane;
    Vec::new()
}

fn cycle_pane(model: &mut Model, by: isize) -> Vec<Effect> {
    let panes = layout::panes(model);
    let at = panes.iter().position(|p| *p == model.focus).unwrap_or(0);
    model.focus = panes.get(stepped(at, by, panes.len())).copied().unwrap_or(model.focus);
    Vec::new()
}

/// One level out: a job, the filter, the pane, the checkpoint. Never out of the program: over slow lines an
/// escape sequence may arrive in pieces, the first of which looks like Esc.
fn back(model: &mut Model) -> Vec<Effect> {
    if let Some((_, path)) = model.jobs.open.take() {
        // The worker cannot be stopped inside a read; what it brings is too old then, and dropped.
        model.jobs.number();
        model.say(format!("stopped opening {}", crate::text::shown_path(&path)));
        return Vec::new();
    }
    if compare::back(model) {
        return Vec::new();
    }
    if model.is_filtered() {
        return filter::clear(model);
    }
    if model.place == Place::Home && model.focus == Pane::Runs && model.jobs.scan.take().is_some() {
        model.hint("stopped the scan; {rescan} scans again");
        return vec![Effect::StopScan];
    }
    if (model.place, model.focus) == (Place::Checkpoint, Pane::Detail) {
        model.focus = Pane::Body;
        return Vec::new();
    }
    if let Some((_, title)) = model.jobs.stop_newest() {
        model.say(format!("stopped: {title}"));
        return Vec::new();
    }
    if model.place == Place::Home && model.home.view != HomeView::Split {
        model.home.view = HomeView::Split;
        return Vec::new();
    }
    match (model.place, model.focus) {
        (Place::Checkpoint, Pane::Body) if parts::whole(model).is_some() => return parts::back(model),
        (Place::Timeline, _) => timeline::leave(model),
        (Place::Compare, _) => compare::leave(model),
        // Back to where the checkpoint was opened from.
        (Place::Checkpoint, _) if model.timeline.is_some() => {
            (model.place, model.focus) = (Place::Timeline, Pane::Timeline);
        }
        (Place::Checkpoint, _) => {
            let pane = if model.home.view == HomeView::Curve { Pane::Curve } else { Pane::Runs };
            return go(model, Place::Home, pane);
        }
        (Place::Home, Pane::Curve | Pane::Facts) => model.focus = Pane::Runs,
        (Place::Home, _) => model.hint("{quit} quits"),
    }
    Vec::new()
}

fn edited(model: &mut Model, edit: &Edit) -> Vec<Effect> {
    if *edit == Edit::Delete && matches!(model.mode, Mode::Popup(_)) {
        bookmarks::remove(model);
        return Vec::new();
    }
    let input = match &mut model.mode {
        Mode::Popup(popup) => {
            popup.cursor = Cursor::default();
            &mut popup.input
        }
        Mode::Normal | Mode::Dialog(_) | Mode::Sections(_) => return Vec::new(),
        Mode::Filter { input, .. } => input,
        Mode::Help { input, cursor, .. } | Mode::Metrics { input, cursor } => {
            *cursor = Cursor::default();
            input
        }
    };
    apply(input, edit);
    if matches!(model.mode, Mode::Filter { .. }) { filter::changed(model) } else { Vec::new() }
}

fn apply(input: &mut Input, edit: &Edit) {
    let request = match edit {
        Edit::Insert(c) => InputRequest::InsertChar(*c),
        Edit::Paste(text) => {
            // One line, and not more than anyone would search for.
            for c in text.chars().filter(|c| !c.is_control()).take(256) {
                input.handle(InputRequest::InsertChar(c));
            }
            return;
        }
        Edit::Backspace => InputRequest::DeletePrevChar,
        Edit::Delete => InputRequest::DeleteNextChar,
        Edit::DeleteWord => InputRequest::DeletePrevWord,
        Edit::Clear => InputRequest::DeleteLine,
        Edit::Left => InputRequest::GoToPrevChar,
        Edit::Right => InputRequest::GoToNextChar,
        Edit::Start => InputRequest::GoToStart,
        Edit::End => InputRequest::GoToEnd,
    };
    input.handle(request);
}

fn accept(model: &mut Model) -> Vec<Effect> {
    if matches!(model.mode, Mode::Metrics { .. }) {
        picker::accept(model);
        return Vec::new();
    }
    let rows = model.listed_commands();
    match std::mem::take(&mut model.mode) {
        Mode::Help { cursor, .. } => match rows.get(cursor.at) {
            Some(help::Row::Command(entry)) if !(entry.enabled)(model) => {
                let hint = if model.place != Place::Checkpoint && is_view(entry.command) {
                    "; {open} on a checkpoint opens it first"
                } else {
                    ""
                };
                let hint = model.keys.spell(hint);
                model.say(format!("\"{}\" cannot be done here{hint}", entry.title));
                Vec::new()
            }
            Some(help::Row::Command(entry)) => run(model, entry.command, None),
            _ => Vec::new(),
        },
        Mode::Sections(cursor) => compare::choose(model, cursor.at),
        Mode::Popup(list) => popup::accept(model, &list),
        Mode::Filter { .. } | Mode::Metrics { .. } | Mode::Dialog(_) | Mode::Normal => Vec::new(),
    }
}

fn cancel(model: &mut Model) -> Vec<Effect> {
    match std::mem::take(&mut model.mode) {
        Mode::Filter { before, .. } => filter::set(model, before),
        _ => Vec::new(),
    }
}

/// Moves the cursor of the help while its line has the keys.
fn move_in_help(model: &mut Model, command: Command) {
    let page = model.layout().help_rows();
    let rows = model.listed_commands();
    if let Mode::Help { cursor, .. } = &mut model.mode {
        cursor.moved(command, None, rows.len(), page);
        // Headings are read, not selected.
        if matches!(rows.get(cursor.at), Some(help::Row::Heading(_))) {
            let further = if cursor.at == 0 { Command::Down } else { command };
            cursor.moved(further, None, rows.len(), 1);
        }
        if matches!(rows.get(cursor.at), Some(help::Row::Heading(_))) {
            cursor.moved(Command::Down, None, rows.len(), 1);
        }
    }
}
