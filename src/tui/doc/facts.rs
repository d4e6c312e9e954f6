//! What is known of the selected run or checkpoint without opening it.

use std::time::SystemTime;

use super::{fact, of, pair};
use crate::runs::{CheckpointRow, Role, Run, Status};
use crate::text::number;
use crate::text::{shown, shown_path};
use crate::training::Mode;
use crate::training::verdict::Verdict;
use crate::tui::model::Model;
use crate::tui::model::document::{Document, Line, Mark, heading, named};
use crate::tui::model::listing::{Row, file_name, metric_of};

/// Logs listed by name.
const MOST_LOGS: usize = 8;

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
    if let Some(verdict) = model.home.verdict.as_ref().filter(|v| v.path.as_ref() == Some(&row.path)) {
        let way = if verdict.mode == Mode::Max { "highest" } else { "lowest" };
        if verdict.on_disk {
            out.push(Line::Item(Mark::Good, format!("best: {way} {}", shown(&verdict.metric))));
        }
        said(verdict, &mut out);
    }
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
    hyperparameters(&row.training.hyperparameters, &mut out);
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
    if row.training.values().next().is_none() {
        return;
    }
    heading(out, "Metrics");
    let mut pairs = Vec::new();
    for (name, value) in row.training.values() {
        let best = run.best.as_ref().filter(|b| b.metric == *name);
        let beside = match best {
            Some(best) if best.path == row.path => "  best of the run".to_owned(),
            Some(best) => format!("  best {}", number::metric(best.value)),
            None => String::new(),
        };
        pairs.push(pair(name, &format!("{}{beside}", number::metric(value))));
    }
    named(out, pairs);
}

fn hyperparameters(settings: &[(String, String)], out: &mut Document) {
    if settings.is_empty() {
        return;
    }
    heading(out, "Hyperparameters");
    named(out, settings.iter().map(|(name, value)| pair(name, value)).collect());
}

/// Values of the end of training that no curve has: summaries of W&B, results of Hugging Face.
fn finals(run: &Run, out: &mut Document) {
    let finals = run.record.iter().flat_map(|record| &record.finals);
    let pairs: Vec<_> = finals.map(|(name, value)| pair(name, &number::metric(*value))).collect();
    if !pairs.is_empty() {
        heading(out, "Final values");
        named(out, pairs);
    }
}

/// The logs of a run, and what could not be read of them.
fn logs(run: &Run, out: &mut Document) {
    let Some(record) = &run.record else {
        if !run.logs.is_empty() {
            out.push(fact("logs", format!("{}, not read yet", of(run.logs.len() as u64, "file"))));
        }
        return;
    };
    for source in record.sources.iter().take(MOST_LOGS) {
        let path = source.path.strip_prefix(&run.path).unwrap_or(&source.path);
        out.push(fact("log", shown_path(path)));
        out.extend(source.rule.map(|rule| fact("", rule)));
        out.extend(source.problem.as_ref().map(|p| Line::Item(Mark::Warning, shown(p).into_owned())));
    }
    if let Some(more) = record.sources.len().checked_sub(MOST_LOGS).filter(|n| *n > 0) {
        out.push(fact("", format!("and {more} more")));
    }
}

fn run(model: &Model, run: &Run) -> Document {
    let mut out = vec![Line::Heading(shown(&run.name).into_owned())];
    best(model, run, &mut out);
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
    logs(run, &mut out);
    finals(run, &mut out);
    hyperparameters(&run.hyperparameters, &mut out);
    out
}

/// The best epoch by the metric shown, the file it is in, and what the framework thinks of it.
fn best(model: &Model, run: &Run, out: &mut Document) {
    let Some(verdict) = &model.home.verdict else {
        let hint = "no metric found in this run, so no best checkpoint";
        out.push(Line::Hint(hint.to_owned()));
        return;
    };
    let way = match verdict.mode {
        Mode::Min => "lowest",
        Mode::Max => "highest",
        Mode::None => "last",
    };
    let metric = shown(&verdict.metric);
    match &verdict.path {
        Some(path) if verdict.on_disk => {
            out.push(Line::Item(Mark::Good, format!("best: {}", shown(&file_name(path)))));
        }
        _ => out.push(Line::Item(Mark::Warning, "best: no longer on disk".to_owned())),
    }
    let by = format!("{way} {metric}, {} ({})", number::metric(verdict.value), verdict.direction.name());
    out.push(fact("by", by));
    let place = match (verdict.epoch, verdict.step) {
        (Some(epoch), _) => Some(fact("epoch", number::epoch(epoch))),
        (None, Some(step)) => Some(fact("step", number::grouped(step))),
        (None, None) => None,
    };
    out.extend(place);
    said(verdict, out);
    if let Some(last) = run.checkpoints.iter().rev().find(|row| row.roles.contains(&Role::Last)) {
        let value = metric_of(last, &verdict.metric).map(|v| format!(", {metric} {}", number::metric(v)));
        out.push(fact("last", format!("{}{}", shown(&file_name(&last.path)), value.unwrap_or_default())));
    }
}

/// What else there is to say of the best: where its file went, its twins, and the framework's own opinion.
fn said(verdict: &Verdict, out: &mut Document) {
    let comparison = verdict.opinion.as_ref();
    let disagrees = comparison.is_some_and(|c| c.agrees == Some(false));
    let mark = if disagrees || !verdict.on_disk { Mark::Warning } else { Mark::Dot };
    out.extend(verdict.note.as_ref().map(|note| Line::Item(mark, shown(note).into_owned())));
    if let Some(comparison) = comparison.filter(|c| c.agrees == Some(true)) {
        out.push(Line::Item(Mark::Good, format!("{} agrees", comparison.opinion.who)));
    }
}

/// A time on the clock of whoever looks.
fn time(model: &Model, time: SystemTime) -> String {
    let Ok(stamp) = jiff::Timestamp::try_from(time) else { return "unknown".to_owned() };
    stamp.to_zoned_datetime(model.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}
