//! The list of runs and checkpoints.

mod row;
mod table;

use std::path::Path;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{pane, rows};
use crate::text::fit;
use crate::text::{shown, shown_path};
use crate::tui::doc::of;
use crate::tui::layout::Layout;
use crate::tui::model::listing::{Order, Row};
use crate::tui::model::{Home, Model, Pane};

/// Draws the pane; returns the cell of the selected row.
pub(super) fn draw(model: &Model, layout: &Layout, area: Rect, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let list = &model.home.list;
    let titles = pane::Titles::of_home(model, layout, Pane::Runs, "Runs").below(below(model));
    pane::draw(model, Pane::Runs, area, titles, buffer);
    let inner = layout.inner(Pane::Runs);
    let area = layout.rows(Pane::Runs);
    if list.rows.is_empty() {
        rows::empty(model, inner, &nothing(model), buffer);
        return None;
    }
    let (name, columns) = table::fitting(model, area.width.saturating_sub(1));
    table::headings(model, Rect { height: 1, ..inner }, name, &columns, buffer);
    rows::draw(model, Pane::Runs, area, list.cursor, list.rows.len(), buffer, |at, line, buffer| {
        match list.rows.get(at) {
            Some(Row::Run(run)) => row::run(model, *run, line, buffer),
            Some(Row::Checkpoint(run, at)) => {
                let facts = model.home.facts_of.get(*run);
                let row = model.home.index.runs.get(*run).and_then(|r| r.checkpoints.get(*at));
                if let Some(row) = row {
                    row::checkpoint(model, (row, facts), line, (name, &columns), buffer);
                }
            }
            Some(Row::SkippedHeading) => row::skipped_heading(model, line, buffer),
            Some(Row::Skipped(at)) => {
                if let Some(skipped) = model.home.index.skipped.get(*at) {
                    row::skipped(model, skipped, line, buffer);
                }
            }
            None => {}
        }
    })
}

fn below(model: &Model) -> String {
    let list = &model.home.list;
    let mut parts = Vec::new();
    if list.order != Order::Training || list.descending {
        let arrow = if list.descending { model.theme.glyphs.down } else { model.theme.glyphs.up };
        parts.push(format!("{} {arrow}", list.order.title()));
    }
    if !list.pattern.is_empty() {
        let all = model.home.checkpoints();
        parts.push(format!("/{}  {} of {all}", fit::head(&shown(&list.pattern), 24), list.hits));
    }
    parts.join(&format!(" {} ", model.theme.glyphs.middot))
}

/// Words for an empty list: what is going on, and what to do.
fn nothing(model: &Model) -> Vec<String> {
    let home = &model.home;
    if !home.list.pattern.is_empty() {
        return vec![
            format!("Nothing matches \"{}\".", shown(&home.list.pattern)),
            model.keys.spell("{back} lifts the filter.").into_owned(),
        ];
    }
    if model.jobs.scan.is_some() {
        return vec![
            "Looking for checkpoints ...".to_owned(),
            model.keys.spell("They appear as they are found; {back} stops.").into_owned(),
        ];
    }
    let paths: Vec<String> = home.paths.iter().map(|p| absolute(home, p)).collect();
    let mut lines = vec![format!("No checkpoint found in {}.", paths.join(", "))];
    if let Some((files, folders)) = home.walked {
        let (files, folders) = (of(files as u64, "file"), of(folders as u64, "folder"));
        lines.push(format!("Looked at {files} in {folders}; venv, node_modules and caches are not entered."));
    }
    lines.extend([
        String::new(),
        "A checkpoint is known by its content, whatever it is called: PyTorch .pt .pth .ckpt .bin, safetensors, \
         GGUF, ONNX, HDF5, NumPy, and folders written by DeepSpeed, FSDP, Megatron, Orbax or Hugging Face."
            .to_owned(),
        String::new(),
    ]);
    lines.push("ckpt-tui PATH looks in another folder, or opens a file.".to_owned());
    lines.push(model.keys.spell("{rescan} looks again, {quit} quits.").into_owned());
    lines
}

/// A path that was asked for, from the root where that is known: `.` alone says little.
fn absolute(home: &Home, path: &Path) -> String {
    match &home.here {
        Some(here) if path.as_os_str() == "." => shown_path(here),
        Some(here) if path.is_relative() => shown_path(&here.join(path)),
        _ => shown_path(path),
    }
}
