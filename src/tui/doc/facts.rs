//! What is known of the selected run or checkpoint without opening it.

use std::time::SystemTime;

use super::{fact, of, pair};
use crate::runs::{CheckpointRow, Role, Run, Status};
use crate::text::number;
use crate::text::{shown, shown_path};
use crate::training::Mode;
use crate::tui::model::Model;
use crate::tui::model::document::{Document, Line, Mark, heading, named};
use crate::tui::model::listing::{Row, file_name, metric_of};

/// The text of the facts pane.
pub fn document(model: &Model) -> Document {
    let home = &model.home;
    match home.list.row() {
        Some(Row::Checkpoint(..)) => home
            .checkpoint()
            .zip(home.run())
            .map(|(row, run)| checkpoint(model, run, row))
            .unwrap_or_default(),
        Some(Row::Run(_)) => home.run().map(|r| run(model, r)).unwrap_or_default(),
        Some(Row::Skipped(_)) => home.skipped().map(skipped).unwrap_or_default(),
        Some(Row::SkippedHeading) => vec![
            Line::Heading("Not read".to_owned()),
            Line::Text("Files and folders the scan passed over, each with its reason.".to_owned()),
        ],
        None => Vec::new(),
    }
}

fn skipped(skipped: &crate::runs::Skipped) -> Document {
    vec![
        Line::Heading(shown_path(&skipped.path)),
        Line::Item(Mark::Warning, shown(&skipped.reason).into_owned()),
    ]
}

fn checkpoint(model: &Model, run: &Run, row: &CheckpointRow) -> Document {
    let mut out = vec![Line::Heading(shown(&file_name(&row.path)).into_owned())];
    out.extend(status(row));
    out.extend(row.same_as.as_ref().map(|other| fact("same as", shown(&file_name(other)))));
    if !row.roles.is_empty() {
        let roles: Vec<&str> = row.roles.iter().map(|r| r.name()).collect();
        out.push(fact("role", roles.join(", ")));
    }
    progress(row, &mut out);
    metrics(run, row, &mut out);
    out.push(Line::Blank);
    if let (Some(kind), Some(format)) = (row.kind, row.format) {
        out.push(fact("kind", format!("{} ({})", kind.name(), format.name())));
    }
    out.push(fact("size", number::bytes(row.bytes)));
    if row.format.is_some() {
        out.push(fact("tensors", number::grouped(row.tensors as u64)));
        out.push(fact("parameters", number::grouped(row.parameters)));
    }
    out.push(fact("written", time(model, row.modified)));
    out.extend(row.training.framework.map(|name| fact("framework", name)));
    out.push(fact("path", shown_path(&row.path)));
    hyperparameters(row, &mut out);
    out
}

fn status(row: &CheckpointRow) -> Vec<Line> {
    let reason = row.error.as_deref().map(shown).unwrap_or_default();
    let say = |mark, word: &str| {
        let gap = if reason.is_empty() { "" } else { ": " };
        vec![Line::Item(mark, format!("{word}{gap}{reason}"))]
    };
    match row.status {
        Status::Ok if reason.is_empty() => Vec::new(),
        Status::Ok => say(Mark::Warning, "note"),
        Status::Growing => say(Mark::Warning, "still being written"),
        Status::Truncated => say(Mark::Error, "truncated"),
        Status::Broken => say(Mark::Error, "cannot be read"),
        Status::RunsCode => say(Mark::Error, "would run code when loaded with pickle; nothing was run here"),
    }
}

fn progress(row: &CheckpointRow, out: &mut Document) {
    let progress = &row.training.progress;
    let source = if progress.from_name { " (from the file name)" } else { "" };
    if let Some(epoch) = progress.epoch {
        out.push(fact("epoch", format!("{}{source}", number::epoch(epoch))));
    }
    out.extend(progress.epoch_rule.map(|rule| fact("", rule)));
    if let Some(step) = progress.step {
        out.push(fact("step", format!("{}{source}", number::grouped(step))));
    }
}

fn metrics(run: &Run, row: &CheckpointRow, out: &mut Document) {
    if row.training.metrics.is_empty() {
        return;
    }
    heading(out, "Metrics");
    let mut pairs = Vec::new();
    for (name, value) in &row.training.metrics {
        let best = run.best.as_ref().filter(|b| b.metric == *name);
        let beside = match best {
            Some(best) if best.path == row.path => "  best of the run".to_owned(),
            Some(best) => format!("  best {}", number::metric(best.value)),
            None => String::new(),
        };
        pairs.push(pair(name, &format!("{}{beside}", number::metric(*value))));
    }
    named(out, pairs);
}

fn hyperparameters(row: &CheckpointRow, out: &mut Document) {
    if row.training.hyperparameters.is_empty() {
        return;
    }
    heading(out, "Hyperparameters");
    named(out, row.training.hyperparameters.iter().map(|(name, value)| pair(name, value)).collect());
}

fn run(model: &Model, run: &Run) -> Document {
    let mut out = vec![Line::Heading(shown(&run.name).into_owned())];
    best(run, &mut out);
    let bytes = run.checkpoints.iter().map(|row| row.bytes).sum();
    out.push(fact("checkpoints", number::grouped(run.checkpoints.len() as u64)));
    out.push(fact("size", number::bytes(bytes)));
    let unreadable = run.checkpoints.iter().filter(|row| row.format.is_none()).count() as u64;
    if unreadable > 0 {
        out.push(Line::Item(Mark::Error, format!("{} cannot be read", of(unreadable, "file"))));
    }
    out.extend(run.framework.map(|name| fact("framework", name)));
    if let Some(newest) = run.checkpoints.iter().map(|row| row.modified).max() {
        out.push(fact("last written", time(model, newest)));
    }
    out.push(fact("path", shown_path(&run.path)));
    if let Some(row) = run.checkpoints.iter().rev().find(|r| !r.training.hyperparameters.is_empty()) {
        hyperparameters(row, &mut out);
    }
    out
}

fn best(run: &Run, out: &mut Document) {
    let Some(best) = &run.best else {
        let hint = "no metric found in these checkpoints, so no best one";
        out.push(Line::Hint(hint.to_owned()));
        return;
    };
    let way = match best.mode {
        Mode::Min => "lowest",
        Mode::Max => "highest",
        Mode::None => "last",
    };
    let metric = shown(&best.metric);
    out.push(Line::Item(Mark::Good, format!("best: {}", shown(&file_name(&best.path)))));
    out.push(fact("by", format!("{way} {metric}, {}", number::metric(best.value))));
    out.extend(best.epoch.map(|epoch| fact("epoch", number::epoch(epoch))));
    if let Some(last) = run.checkpoints.iter().rev().find(|row| row.roles.contains(&Role::Last)) {
        let value = metric_of(last, &best.metric).map(|v| format!(", {metric} {}", number::metric(v)));
        out.push(fact("last", format!("{}{}", shown(&file_name(&last.path)), value.unwrap_or_default())));
    }
}

/// A time on the clock of whoever looks.
fn time(model: &Model, time: SystemTime) -> String {
    let Ok(stamp) = jiff::Timestamp::try_from(time) else { return "unknown".to_owned() };
    stamp.to_zoned_datetime(model.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}
