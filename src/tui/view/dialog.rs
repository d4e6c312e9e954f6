//! Questions before something is written, over the rest of the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Borders, Clear, Widget as _};

use super::{put, put_right, rows, text};
use crate::runs::act::Item;
use crate::text::fit::{self, Keep};
use crate::text::{number, shown, shown_path};
use crate::training::Mode as Better;
use crate::tui::doc::of;
use crate::tui::layout::Layout;
use crate::tui::model::dialog::{Before, Clean, Dialog, Export, Link};
use crate::tui::model::document::{Document, Line, Mark, Scroll};
use crate::tui::model::jobs::{Task, TaskKind};
use crate::tui::model::listing::file_name;
use crate::tui::model::{Mode, Model};

/// Draws the question.
pub(super) fn draw(model: &Model, layout: &Layout, buffer: &mut Buffer) {
    let theme = model.theme;
    let Mode::Dialog(dialog) = &model.mode else { return };
    let (title, document, keys) = match &**dialog {
        Dialog::Quit { .. } => quitting(model),
        Dialog::Link(link) => linking(link),
        Dialog::Clean(clean) => cleaning(clean),
        Dialog::Export(export) => exporting(export),
        Dialog::Page(page) => super::page::question(page),
    };
    let area = layout.dialog();
    Clear.render(area, buffer);
    Block::new()
        .borders(Borders::ALL)
        .border_set(theme.glyphs.border_focused)
        .border_style(theme.focus())
        .title(format!(" {} ", fit::cut(&title, usize::from(area.width).saturating_sub(6), Keep::Start, "")))
        .title_style(theme.accent())
        .render(area, buffer);
    let inner = layout.dialog_text();
    text::draw(model, &document, Scroll::default(), inner, buffer);
    if let Dialog::Clean(clean) = &**dialog {
        list(model, clean, layout.dialog_rows(), buffer);
    }
    let y = area.bottom().saturating_sub(2);
    let mut x = inner.x;
    for (key, what) in keys {
        let room = inner.right().saturating_sub(x);
        x += put(buffer, (x, y), key, room, theme.accent()) + 1;
        let room = inner.right().saturating_sub(x);
        x += put(buffer, (x, y), &what, room, theme.text()) + 2;
    }
}

pub(super) type Question = (String, Document, Vec<(&'static str, String)>);

pub(super) const LEAVE: (&str, &str) = ("Esc", "leaves everything as it is");

fn quitting(model: &Model) -> Question {
    let running = |task: &Task| {
        let progress = task.progress(model.ticks);
        let gap = if progress.is_empty() { "" } else { ": " };
        Line::Item(Mark::Dot, format!("{}{gap}{progress}", task.title))
    };
    let mut document: Document = model.jobs.at_work().map(running).collect();
    let is_done = document.is_empty();
    let is_written = model.jobs.at_work().any(|task| task.kind == TaskKind::Write);
    document.push(Line::Blank);
    document.push(Line::Text(match (is_done, is_written) {
        (true, _) => "It is done meanwhile.".to_owned(),
        (_, true) => {
            "Quitting stops it. No file is left half written; what is in the trash stays there.".to_owned()
        }
        _ => "Quitting stops it, and what it found so far may have to be computed again.".to_owned(),
    }));
    let title = if is_done { "Quit?" } else { "Quit while this is going on?" };
    (title.to_owned(), document, vec![("y", "quits".to_owned()), ("Esc", "stays".to_owned())])
}

fn linking(link: &Link) -> Question {
    let name = shown(&file_name(&link.link)).into_owned();
    let target = shown(&file_name(&link.target)).into_owned();
    let mut document =
        vec![Line::Fact("link", shown_path(&link.link)), Line::Fact("leads to", target.clone())];
    match &link.before {
        Before::Nothing => {}
        Before::Link(Some(there)) => {
            document.push(Line::Fact("now leads to", shown(&file_name(there)).into_owned()));
        }
        Before::Link(None) => document.push(Line::Fact("now leads to", "another file".to_owned())),
        Before::File => {}
    }
    document.push(Line::Blank);
    let leave = (LEAVE.0, LEAVE.1.to_owned());
    if let Some(reason) = link.obstacle() {
        document.push(Line::Item(Mark::Warning, reason));
        return (format!("Link {name} to {target}"), document, vec![leave]);
    }
    let text = "A symbolic link: no checkpoint is copied, moved or changed, and the link still holds when the folder moves.";
    document.push(Line::Text(text.to_owned()));
    let moves = matches!(link.before, Before::Link(_));
    let (title, verb) = if moves { ("Move", "moves the link") } else { ("Link", "makes the link") };
    (format!("{title} {name} to {target}"), document, vec![("y", verb.to_owned()), leave])
}

fn exporting(export: &Export) -> Question {
    let source = shown(&file_name(&export.source)).into_owned();
    let title = format!("Export the weights of {source}");
    let leave = (LEAVE.0, LEAVE.1.to_owned());
    let mut document = vec![Line::Fact("writes", shown_path(&export.target))];
    let Some(contents) = &export.contents else {
        document.push(Line::Text("Reading what is in it ...".to_owned()));
        return (title, document, vec![leave]);
    };
    let tensors = of(contents.tensors as u64, "tensor");
    document.push(Line::Fact("holds", format!("{tensors}, {} of elements", number::bytes(contents.bytes))));
    let notes = contents.notes.iter().take(8);
    document.extend(notes.map(|note| Line::Item(Mark::Dot, shown(note).into_owned())));
    document.push(Line::Blank);
    if contents.exists {
        let name = shown(&file_name(&export.target)).into_owned();
        document
            .push(Line::Item(Mark::Warning, format!("{name} exists and is not replaced; rename it first")));
        return (title, document, vec![leave]);
    }
    let text = "safetensors: no optimizer, no code. The file appears whole or not at all; the checkpoint stays as it is.";
    document.push(Line::Text(text.to_owned()));
    (title, document, vec![("y", "writes it".to_owned()), leave])
}

fn cleaning(clean: &Clean) -> Question {
    let title = format!("Clean up {}", shown(&clean.name));
    let leave = (LEAVE.0, LEAVE.1.to_owned());
    let Some(plan) = &clean.plan else {
        return (title, vec![Line::Text("Working out what would go ...".to_owned())], vec![leave]);
    };
    let way = if plan.mode == Better::Max { "highest" } else { "lowest" };
    let (go, stay) = (plan.remove.len() as u64, plan.keep.len() as u64);
    let mut document = vec![
        Line::Text(format!(
            "Keeps the best {} by {way} {}, and what is best, last, named, linked, marked or cannot be judged.",
            clean.keep,
            shown(&plan.metric)
        )),
        Line::Blank,
    ];
    let mut keys = Vec::new();
    if go == 0 {
        document.push(Line::Item(Mark::Good, format!("nothing to remove: {} stay", of(stay, "checkpoint"))));
    } else {
        let text = format!(
            "{} to the trash: {} free once it is emptied; {} stay",
            of(go, "checkpoint"),
            number::bytes(plan.freed()),
            of(stay, "checkpoint")
        );
        document.push(Line::Item(Mark::Warning, text));
        keys.push(("y", format!("moves {} to the trash", number::grouped(go))));
    }
    keys.extend([("+ -", "keep more, fewer".to_owned()), leave]);
    (title, document, keys)
}

/// What goes, then what stays and why.
fn list(model: &Model, clean: &Clean, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let Some(plan) = &clean.plan else { return };
    let len = plan.remove.len() + plan.keep.len();
    for (y, at) in (area.y..area.bottom()).zip(clean.cursor.window(len, area.height.into())) {
        let Some((item, goes)) = clean.row(at) else { continue };
        let line = Rect { y, height: 1, ..area };
        row(model, clean, (item, goes), line, buffer);
        if at == clean.cursor.at {
            buffer.set_style(line, ratatui::style::Style::reset());
            buffer.set_style(line, theme.selected());
        }
    }
    rows::scroll_bar(model, Rect { width: area.width + 1, ..area }, clean.cursor.first, len, buffer);
}

fn row(model: &Model, clean: &Clean, (item, goes): (&Item, bool), line: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let (word, style) = if goes { ("trash", theme.warning()) } else { ("stays", theme.good()) };
    put(buffer, (line.x, line.y), word, 6, style);
    let value = item.value.map(number::metric).unwrap_or_default();
    let size = if item.bytes == 0 { String::new() } else { number::bytes(item.bytes) };
    let mut right = line.right().saturating_sub(1);
    let reasons = item.reasons.join(", ");
    let room = usize::from(line.width / 3);
    let why = fit::cut(&reasons, room, Keep::Start, theme.glyphs.cut);
    put(buffer, (right.saturating_sub(room as u16), line.y), &why, room as u16, theme.text());
    right = right.saturating_sub(room as u16 + 2);
    for text in [size, value] {
        let cells = 10;
        put_right(buffer, Rect { x: right.saturating_sub(cells), width: cells, ..line }, &text, theme.text());
        right = right.saturating_sub(cells + 1);
    }
    let name = item.path.strip_prefix(&clean.run).unwrap_or(&item.path);
    let name = shown_path(name);
    let room = right.saturating_sub(line.x + 7);
    let name = fit::cut(&name, usize::from(room), Keep::End, theme.glyphs.cut);
    put(buffer, (line.x + 7, line.y), &name, room, theme.text());
}
