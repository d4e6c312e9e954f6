//! What the pager or the editor would show.

use std::path::{Path, PathBuf};

use super::super::action::Effect;
use super::super::doc;
use super::super::model::browser::View;
use super::super::model::document::{Document, Line};
use super::super::model::listing::{Row, file_name};
use super::super::model::{Model, Pane, Place};
use super::super::viewer::Reading;
use crate::runs::Run;
use crate::text::shown;
use crate::training::logs::LogKind;

/// Cells a panel is laid out for.
const WIDTH: usize = 100;

/// There is something to be read here.
pub(in crate::tui) fn is_there(model: &Model) -> bool {
    match model.place {
        Place::Home => model.home.list.row().is_some() && model.focus != Pane::Table,
        Place::Checkpoint => model.browser.is_some(),
        Place::Compare => model.compare.as_ref().is_some_and(|view| view.data.is_some()),
        Place::Timeline => false,
    }
}

/// Opens it; `count` chooses among the logs of a run.
pub(super) fn open(model: &mut Model, count: Option<usize>) -> Vec<Effect> {
    let logs = chosen_run(model).map(text_logs).unwrap_or_default();
    let at = count.unwrap_or(1).max(1);
    if let Some(log) = logs.get(at - 1) {
        if logs.len() > 1 {
            let next = if at < logs.len() { at + 1 } else { 1 };
            let name = shown(&file_name(log)).into_owned();
            let key = model.keys.first(super::Command::Read);
            model.say(format!(
                "{name}, {at} of {} text files of the run; {next}{key} opens the next",
                logs.len()
            ));
        }
        return vec![Effect::Read(Box::new(Reading::File(log.clone())))];
    }
    if count.is_some() && !logs.is_empty() {
        model.complain(format!("the run has {} text files", logs.len()));
        return Vec::new();
    }
    text(model).map(|reading| Effect::Read(Box::new(reading))).into_iter().collect()
}

fn chosen_run(model: &Model) -> Option<&Run> {
    let is_run = model.place == Place::Home && matches!(model.home.list.row(), Some(Row::Run(_)));
    model.home.run().filter(|_| is_run)
}

/// Logs and settings beside a run that are text, those with curves first.
fn text_logs(run: &Run) -> Vec<PathBuf> {
    let is_text = |kind| {
        use LogKind as K;
        matches!(kind, K::TrainerState | K::Csv | K::Lines | K::Document | K::Text | K::Summary | K::Settings)
    };
    let mut logs: Vec<_> = run.logs.iter().filter(|log| is_text(log.kind)).collect();
    logs.sort_by_key(|log| (!log.kind.has_curves(), &log.path));
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // A name that begins with a dash is a file all the same.
    logs.into_iter().map(|log| absolute(&log.path)).collect()
}

fn text(model: &Model) -> Option<Reading> {
    let plain = |text| Some(Reading::Text { text, is_python: false });
    let of = |document: &Document| plain(written(document));
    if model.place == Place::Compare {
        let view = model.compare.as_ref()?;
        let data = view.data.as_ref()?;
        return if view.repairs {
            of(&data.text)
        } else {
            of(&doc::compare::panel(view, WIDTH, model.theme.glyphs.ascii))
        };
    }
    if model.place == Place::Home || model.focus == Pane::Runs {
        return of(&doc::facts::document(model));
    }
    let browser = model.browser.as_ref()?;
    match browser.view {
        View::Load => Some(Reading::Text { text: browser.opened.load.snippet.clone(), is_python: true }),
        View::Diagnostics => of(&browser.diagnostics_text),
        View::Metadata => match doc::value::selected_whole(browser) {
            Some(text) => plain(text),
            None => of(&doc::detail::document(browser)),
        },
        View::Layers | View::Tensors | View::Parts => of(&doc::detail::document(browser)),
    }
}

/// A document as plain text.
fn written(document: &Document) -> String {
    let mut out = String::new();
    for line in document {
        let line = match line {
            Line::Heading(text) | Line::Text(text) | Line::Hint(text) | Line::Code(text) => text.clone(),
            Line::Fact(name, text) => format!("{name:14} {text}"),
            Line::Named(name, text, _) => format!("{name:14} {text}"),
            Line::Item(_, text) => format!("- {text}"),
            // Keys mean nothing in a pager.
            Line::Keys(_) => continue,
            Line::Blank => String::new(),
        };
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
