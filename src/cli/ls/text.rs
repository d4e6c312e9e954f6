//! `ls` as text: a heading and a table for each run.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

use crate::cli::style::{Style, Tone};
use crate::cli::table::{self, Cell, Column};
use crate::runs::group::Index;
use crate::runs::{CheckpointRow, Role, Run, Status};
use crate::sorting::Sort as _;
use crate::text::{number, shown, shown_path};
use crate::training::{Mode, metric};

/// Metrics with a column of their own, unless all are asked for.
const METRICS: usize = 3;
/// Things not looked into that are named, unless all are asked for.
const SKIPPED: usize = 8;

/// Writes all runs.
pub(super) fn write(index: &Index, sort: Option<&str>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for run in &index.runs {
        self::run(run, sort, style, out)?;
        writeln!(out)?;
    }
    skipped(index, style, out)?;
    let files = index.runs.iter().map(|run| run.checkpoints.len()).sum::<usize>();
    if files == 0 {
        return writeln!(out, "no checkpoints found");
    }
    let bytes = index.runs.iter().flat_map(|run| &run.checkpoints).map(|row| row.bytes).sum();
    let count = |n: usize, what: &str| {
        format!("{} {what}{}", number::grouped(n as u64), if n == 1 { "" } else { "s" })
    };
    let (runs, files) = (count(index.runs.len(), "run"), count(files, "checkpoint"));
    writeln!(out, "{runs}, {files}, {}", number::bytes(bytes))
}

fn run(run: &Run, sort: Option<&str>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let framework = run.framework.map(|name| format!(" ({name})")).unwrap_or_default();
    writeln!(out, "{}{framework}", style.paint(Tone::Title, &shown_path(&run.path)))?;
    if let Some(best) = &run.best {
        let epoch = best.epoch.map(|epoch| format!(", epoch {}", number::epoch(epoch))).unwrap_or_default();
        let name = file_name(run, &best.path);
        let way = if best.mode == Mode::Max { "highest" } else { "lowest" };
        let value = format!("{way} {} {}", shown(&best.metric), number::metric(best.value));
        writeln!(out, "best: {}, {value}{epoch}", style.paint(Tone::Good, &name))?;
    }
    let metrics = metrics(run, sort, style);
    let mut columns = vec![Column::elastic("FILE"), Column::right("EPOCH"), Column::right("STEP")];
    // Where the terminal is narrow, the metrics behind the first go first.
    let ranks = std::iter::once(0).chain(5..=u8::MAX).chain(std::iter::repeat(u8::MAX));
    columns.extend(metrics.iter().zip(ranks).map(|(name, rank)| Column::right(shown(name)).spare(rank)));
    columns.extend([
        Column::right("SIZE"),
        Column::right("PARAMETERS").spare(4),
        Column::left("KIND").spare(3),
        Column::left("MODIFIED").spare(2),
        Column::remark("NOTE"),
    ]);
    table::write(out, style, &columns, run.checkpoints.len(), &|at| {
        run.checkpoints.get(at).map(|row| cells(run, row, &metrics, style)).unwrap_or_default()
    })
}

/// Metrics worth a column: the one the best was picked by first, then those most files have.
fn metrics<'a>(run: &'a Run, sort: Option<&str>, style: &Style) -> Vec<&'a str> {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for (name, _) in run.checkpoints.iter().flat_map(|row| row.training.values()) {
        match counted.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counted.push((name, 1)),
        }
    }
    let best = run.best.as_ref().map(|best| best.metric.as_str());
    let sort = sort.map(metric::canonical);
    let sorted = |name: &str| sort.as_ref().is_some_and(|sort| metric::canonical(name) == *sort);
    let aside = |name: &str| metric::mode_of(name) == Mode::None;
    counted.in_order_of(|(name, count)| {
        (!sorted(name), Some(*name) != best, aside(name), std::cmp::Reverse(*count))
    });
    let most = if style.verbose { usize::MAX } else { METRICS };
    counted.into_iter().take(most).map(|(name, _)| name).collect()
}

fn cells(run: &Run, row: &CheckpointRow, metrics: &[&str], style: &Style) -> Vec<Cell> {
    let progress = &row.training.progress;
    let best = run.best.as_ref().is_some_and(|best| best.path == row.path);
    let tone = match row.status {
        Status::Ok if best => Tone::Good,
        Status::Ok | Status::Growing => Tone::Plain,
        Status::Truncated | Status::Broken | Status::RunsCode => Tone::Bad,
    };
    let mut cells = vec![
        Cell::toned(file_name(run, &row.path), tone),
        progress.epoch.map(number::epoch).unwrap_or_default().into(),
        progress.step.map(|step| step.to_string()).unwrap_or_default().into(),
    ];
    cells.extend(
        metrics.iter().map(|name| row.training.value(name).map(number::metric).unwrap_or_default().into()),
    );
    let parameters = Some(row.parameters).filter(|n| *n > 0).map(number::count);
    let modified = if style.verbose { local_time(row.modified) } else { String::new() };
    cells.extend([
        number::bytes(row.bytes).into(),
        parameters.unwrap_or_default().into(),
        row.kind.map_or("", crate::checkpoint::Kind::name).into(),
        modified.into(),
        Cell::toned(note(run, row), if tone == Tone::Good { Tone::Plain } else { tone }),
    ]);
    cells
}

/// Parts it plays, what it is a copy of, and what is wrong with it.
fn note(run: &Run, row: &CheckpointRow) -> String {
    let mut notes: Vec<Cow<'_, str>> = row.roles.iter().map(|role| Role::name(*role).into()).collect();
    if let Some(original) = &row.same_as {
        notes.push(format!("same as {}", file_name(run, original)).into());
    }
    let status = (row.status != Status::Ok).then(|| row.status.name());
    match (status, &row.error) {
        (Some(status), Some(error)) => notes.push(format!("{status}: {error}").into()),
        (Some(word), None) => notes.push(word.into()),
        (None, Some(error)) => notes.push(error.into()),
        (None, None) => {}
    }
    notes.join(", ")
}

/// A path from its run's folder on.
fn file_name(run: &Run, path: &Path) -> String {
    match path.strip_prefix(&run.path) {
        // A folder that is the only checkpoint of its run.
        Ok(rest) if rest.as_os_str().is_empty() => shown(&crate::text::last_component(path)).into_owned(),
        Ok(rest) => shown_path(rest),
        Err(_) => shown_path(path),
    }
}

fn local_time(time: SystemTime) -> String {
    let time =
        jiff::Timestamp::try_from(time).map(|time| time.to_zoned_datetime(jiff::tz::TimeZone::system()));
    time.map(|time| time.strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}

fn skipped(index: &Index, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let all = &index.skipped;
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", style.paint(Tone::Title, "Not looked into"))?;
    let most = if style.verbose { all.len() } else { SKIPPED };
    for skipped in all.iter().take(most) {
        writeln!(out, "  {}: {}", shown_path(&skipped.path), skipped.reason)?;
    }
    if all.len() > most {
        writeln!(out, "  {} {} more (-v shows them)", style.ellipsis(), all.len() - most)?;
    }
    writeln!(out)
}
