//! Tables of comma-separated values: Lightning's `metrics.csv`, Ultralytics' `results.csv`, timm's
//! `summary.csv`, Keras' `training.log`, stable-baselines3's `progress.csv` and `monitor.csv`, and any other
//! with a column of epochs or steps.
//!
//! Cells may be empty, headers padded or repeated, the separator a semicolon or a tab, and the last row cut.

use std::path::Path;

use super::Log;
use super::rows::{Epochs, Place, Rows, axis_of, is_bookkeeping, is_unnamed, rank_of};
use super::text::number;
use crate::training::XAxis;

/// What a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Epoch,
    Step,
    Value(usize),
    Ignored,
}

pub(super) fn read(bytes: &[u8], path: &Path) -> Log {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // `monitor.csv` begins with a comment.
    let comment = bytes.starts_with(b"#").then(|| bytes.iter().position(|b| *b == b'\n')).flatten();
    let table = comment.and_then(|at| bytes.get(at + 1..)).unwrap_or(bytes);
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(separator(table))
        .flexible(true)
        .has_headers(false)
        .trim(::csv::Trim::All)
        .from_reader(table);
    let mut log = Log::default();
    let mut record = ::csv::ByteRecord::new();
    if !matches!(reader.read_byte_record(&mut record), Ok(true)) {
        log.problem = Some("no header".to_owned());
        return log;
    }
    let header: Vec<String> =
        record.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect();
    if is_monitor(&header) {
        return monitor(&mut reader, log);
    }
    let mut rows = Rows::default();
    let mut roles = roles(&header, path, &mut rows);
    let counted = !roles.iter().any(|role| matches!(role, Role::Epoch | Role::Step));
    let mut count = 0.0;
    let ended = table.ends_with(b"\n");
    while let Ok(true) = reader.read_byte_record(&mut record) {
        // A logger that met a new metric writes a new header; one that was resumed may repeat it.
        if is_header(&record) {
            let header: Vec<String> =
                record.iter().map(|c| String::from_utf8_lossy(c).into_owned()).collect();
            roles = self::roles(&header, path, &mut rows);
            continue;
        }
        let at_end = reader.position().byte() as usize >= table.len();
        let cut = !ended && at_end && record.len() < roles.len();
        if !cut {
            count += 1.0;
            // A table of a history alone has a row for each epoch.
            let place =
                if counted { Place { epoch: Some(count), step: None } } else { place(&record, &roles) };
            row(&record, &roles, place, &mut rows);
        }
    }
    rows.finish(epochs(path, &roles), &mut log);
    log
}

/// The separator is whatever the header has most of.
fn separator(table: &[u8]) -> u8 {
    let header = table.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |byte: u8| header.split(|b| *b == byte).count();
    let candidates = [b',', b';', b'\t'];
    candidates.into_iter().rev().max_by_key(|byte| count(*byte)).unwrap_or(b',')
}

fn roles(header: &[String], path: &Path, rows: &mut Rows) -> Vec<Role> {
    let ranked = |axis: XAxis| {
        let ranks = header.iter().enumerate();
        let of_axis = ranks.filter_map(|(at, name)| Some((rank_of(name).filter(|r| r.0 == axis)?.1, at)));
        of_axis.min().map(|(_, at)| at)
    };
    let (step, epoch) = (ranked(XAxis::Step), ranked(XAxis::Epoch));
    // What pandas writes before a table it was not told to leave out: the number of the row, from 0.
    let index = header.first().filter(|name| is_index(name) && step.is_none() && epoch.is_none());
    let values = header.iter().filter(|name| axis_of(name).is_none()).count();
    let role = |(at, name): (usize, &String)| match axis_of(name) {
        _ if Some(at) == epoch || at == 0 && index.is_some() => Role::Epoch,
        _ if Some(at) == step => Role::Step,
        Some(_) => Role::Ignored,
        None if name.is_empty() || is_bookkeeping(name) => Role::Ignored,
        None if is_unnamed(name) => rows.slot(&of_file(path)).map_or(Role::Ignored, Role::Value),
        // DVCLive keeps a table for each metric, in folders of the rest of its name.
        None if values == 1 => rows.slot(&within_plots(path, name)).map_or(Role::Ignored, Role::Value),
        None => rows.slot(name).map_or(Role::Ignored, Role::Value),
    };
    header.iter().enumerate().map(role).collect()
}

/// The heading of a column of row numbers.
pub(super) fn is_index(name: &str) -> bool {
    name.is_empty() || name.eq_ignore_ascii_case("index") || name.starts_with("Unnamed: 0")
}

/// What a table with a column `Value` is of: `run-.-tag-loss_train.csv` is what TensorBoard exports.
fn of_file(path: &Path) -> String {
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    stem.rsplit_once("-tag-").map_or(stem.as_str(), |(_, tag)| tag).to_owned()
}

/// `plots/metrics/train/loss.tsv` holds `train/loss`.
fn within_plots(path: &Path, name: &str) -> String {
    let text = path.with_extension("").to_string_lossy().replace('\\', "/");
    match text.rsplit_once("plots/metrics/") {
        Some((_, within)) if within.ends_with(name) => within.to_owned(),
        _ => name.to_owned(),
    }
}

fn is_header(record: &::csv::ByteRecord) -> bool {
    let names = record.iter().filter(|cell| std::str::from_utf8(cell).is_ok_and(|c| axis_of(c).is_some()));
    names.count() > 0
}

fn cell(bytes: &[u8]) -> Option<f64> {
    number(std::str::from_utf8(bytes).ok()?)
}

fn place(record: &::csv::ByteRecord, roles: &[Role]) -> Place {
    let mut place = Place::default();
    for (bytes, role) in record.iter().zip(roles) {
        match role {
            Role::Epoch => place.epoch = cell(bytes),
            // Sentence Transformers write -1 for the end of an epoch.
            Role::Step => place.step = cell(bytes).filter(|step| *step >= 0.0),
            Role::Value(_) | Role::Ignored => {}
        }
    }
    place
}

fn row(record: &::csv::ByteRecord, roles: &[Role], place: Place, rows: &mut Rows) {
    if place == Place::default() {
        return;
    }
    for (bytes, role) in record.iter().zip(roles) {
        if let Role::Value(slot) = role
            && let Some(value) = cell(bytes)
        {
            rows.put(*slot, place, value);
        }
    }
}

/// Lightning, timm and Keras write the index of the epoch just run.
fn epochs(path: &Path, roles: &[Role]) -> Epochs {
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    let lightning = name == "metrics.csv" && roles.contains(&Role::Step);
    match &*name {
        "summary.csv" | "training.log" => Epochs::FromZero,
        _ if lightning => Epochs::FromZero,
        _ => Epochs::Unsaid,
    }
}

/// Reward, length and time of each episode.
fn is_monitor(header: &[String]) -> bool {
    matches!(header, [r, l, t, ..] if r == "r" && l == "l" && t == "t")
}

/// Episodes over the steps of the environment made by their end.
fn monitor(reader: &mut ::csv::Reader<&[u8]>, mut log: Log) -> Log {
    let mut rows = Rows::by_step();
    let mut record = ::csv::ByteRecord::new();
    let mut steps = 0.0;
    while let Ok(true) = reader.read_byte_record(&mut record) {
        let (Some(reward), Some(length)) = (record.get(0).and_then(cell), record.get(1).and_then(cell))
        else {
            continue;
        };
        steps += length.max(0.0);
        let place = Place { epoch: None, step: Some(steps) };
        rows.push("episode_reward", place, reward);
        rows.push("episode_length", place, length);
    }
    rows.finish(Epochs::Unsaid, &mut log);
    log
}
