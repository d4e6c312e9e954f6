//! Tables of comma-separated values: Lightning's `metrics.csv`, Ultralytics' `results.csv`, timm's
//! `summary.csv`, Keras' `training.log`, stable-baselines3's `progress.csv` and `monitor.csv`, and any other
//! with a column of epochs or steps.
//!
//! Cells may be empty, headers padded or repeated, the separator a semicolon or a tab, and the last row cut.

use std::path::Path;

use super::Log;
use super::rows::{Epochs, Place, Rows, axis_of, is_bookkeeping};
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
    let mut roles = roles(&header, &mut rows);
    let ended = table.ends_with(b"\n");
    while let Ok(true) = reader.read_byte_record(&mut record) {
        // A logger that met a new metric writes a new header; one that was resumed may repeat it.
        if is_header(&record) {
            let header: Vec<String> =
                record.iter().map(|c| String::from_utf8_lossy(c).into_owned()).collect();
            roles = self::roles(&header, &mut rows);
            continue;
        }
        let at_end = reader.position().byte() as usize >= table.len();
        let cut = !ended && at_end && record.len() < roles.len();
        if !cut {
            row(&record, &roles, &mut rows);
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

fn roles(header: &[String], rows: &mut Rows) -> Vec<Role> {
    // Of several counters the one called step counts over the whole training.
    let step = header.iter().position(|name| name.eq_ignore_ascii_case("step"));
    let step = step.or_else(|| header.iter().position(|name| axis_of(name) == Some(XAxis::Step)));
    let epoch = header.iter().position(|name| axis_of(name) == Some(XAxis::Epoch));
    let role = |(at, name): (usize, &String)| match axis_of(name) {
        _ if Some(at) == epoch => Role::Epoch,
        _ if Some(at) == step => Role::Step,
        Some(_) => Role::Ignored,
        None if name.is_empty() || is_bookkeeping(name) => Role::Ignored,
        None => rows.slot(name).map_or(Role::Ignored, Role::Value),
    };
    header.iter().enumerate().map(role).collect()
}

fn is_header(record: &::csv::ByteRecord) -> bool {
    let names = record.iter().filter(|cell| std::str::from_utf8(cell).is_ok_and(|c| axis_of(c).is_some()));
    names.count() > 0
}

fn cell(bytes: &[u8]) -> Option<f64> {
    number(std::str::from_utf8(bytes).ok()?)
}

fn row(record: &::csv::ByteRecord, roles: &[Role], rows: &mut Rows) {
    let mut place = Place::default();
    for (bytes, role) in record.iter().zip(roles) {
        match role {
            Role::Epoch => place.epoch = cell(bytes),
            Role::Step => place.step = cell(bytes),
            Role::Value(_) | Role::Ignored => {}
        }
    }
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
