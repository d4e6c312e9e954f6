//! One JSON document: skorch's `history.json`, catalyst's storages, `AllenNLP`'s `metrics_epoch_*.json`, Keras'
//! `History.history`, and lists of rows or lists by metric of any script.

use std::path::Path;

use serde_json::{Map, Value};

use super::rows::{Epochs, Place, Rows, axis_of, is_bookkeeping, is_unnamed};
use super::{Log, json};
use crate::training::{XAxis, metric, name};

/// Levels searched for a table.
const DEPTH: usize = 3;

pub(super) fn read(bytes: &[u8], path: &Path) -> Log {
    let mut log = Log::default();
    let value = match json::parse(bytes) {
        Ok(value) => value,
        // `metrics.json` may be lines of JSON (detectron2): told apart by what is in it, not by its name.
        Err(error) => {
            let lines = super::lines::read(bytes, path);
            if lines.series.is_empty() {
                log.problem = Some(format!("not JSON: {error}"));
                return log;
            }
            return lines;
        }
    };
    log.saved = saved(&value, path);
    let mut rows = Rows::default();
    search(&value, "", DEPTH, &mut rows);
    if rows.is_empty() {
        epoch_file(&value, path, &mut rows);
    }
    if rows.is_empty()
        && let Value::Object(map) = &value
    {
        // A single row is what a file of lines holds after one epoch.
        row(map, None, &mut rows);
    }
    rows.finish(Epochs::Unsaid, &mut log);
    if log.series.is_empty() {
        return summary(bytes);
    }
    log
}

/// Lone values: `all_results.json`, `wandb-summary.json`.
pub(super) fn summary(bytes: &[u8]) -> Log {
    let mut log = Log::default();
    match json::parse(bytes) {
        Ok(Value::Object(map)) => json::numbers(&map, |name, value| {
            if metric::is_metric(name) && !is_bookkeeping(name) && log.finals.len() < super::SERIES {
                log.finals.push((name.to_owned(), value));
            }
        }),
        Ok(_) => {}
        Err(error) => log.problem = Some(format!("not JSON: {error}")),
    }
    log
}

/// skorch notes in its history when its `Checkpoint` callback saved (`event_cp`); its epochs count from 1.
fn saved(value: &Value, path: &Path) -> Option<f64> {
    let Value::Array(epochs) = value else { return None };
    // `TrainEndCheckpoint` saves once more when training ends.
    let at_end = path.file_name().is_some_and(|n| n == "train_end_history.json");
    let noted = |epoch: &Value| epoch.get("event_cp").and_then(Value::as_bool);
    let saved = |epoch: &&Value| noted(epoch) == Some(true) || at_end && noted(epoch).is_some();
    epochs.iter().rev().find(saved)?.get("epoch").and_then(json::number)
}

/// Tables anywhere within: lists of rows, and lists by metric.
fn search(value: &Value, prefix: &str, depth: usize, rows: &mut Rows) {
    match value {
        Value::Array(items) if items.iter().take(4).all(Value::is_object) => {
            for (at, item) in items.iter().enumerate() {
                if let Value::Object(map) = item {
                    row(map, Some(at), rows);
                }
            }
        }
        Value::Object(map) => {
            columns(map, prefix, rows);
            for (name, inner) in map.iter().filter(|_| depth > 1) {
                // Sacred keeps `{"steps": […], "values": […]}` under each name.
                let holds = |key: &str| inner.get(key).is_some_and(numeric_list);
                let named = if metric::is_metric(name) || holds("steps") && holds("values") {
                    format!("{prefix}{name}/")
                } else {
                    prefix.to_owned()
                };
                // The batches of skorch, and what is watched of the machine, are tables of their own.
                if !is_bookkeeping(name) && !numeric_list(inner) && name != "batches" {
                    search(inner, &named, depth - 1, rows);
                }
            }
        }
        _ => {}
    }
}

/// A row of a list. Without an epoch or step of its own it is one epoch, as is catalyst's
/// `{"logpath": "…train.3.pth", "metric": 0.5}`.
fn row(map: &Map<String, Value>, at: Option<usize>, rows: &mut Rows) {
    let mut place = Place::default();
    for (name, value) in map {
        match (axis_of(name), json::number(value)) {
            (Some(XAxis::Epoch), Some(x)) => place.epoch = place.epoch.or(Some(x)),
            (Some(XAxis::Step), Some(x)) => place.step = place.step.or(Some(x)),
            _ => {}
        }
    }
    if place == Place::default() {
        let logpath = map.get("logpath").and_then(Value::as_str);
        let hinted = logpath.and_then(|path| name::hints(Path::new(path)).epoch).map(|(epoch, _)| epoch);
        let metric = map.keys().any(|name| metric::is_metric(name));
        place.epoch = hinted.or_else(|| at.filter(|_| metric).map(|at| at as f64 + 1.0));
    }
    if place == Place::default() {
        return;
    }
    json::numbers(map, |name, value| {
        if !is_bookkeeping(name) {
            rows.push(name, place, value);
        }
    });
}

fn numeric_list(value: &Value) -> bool {
    let number = |v: &Value| json::number(v).is_some() || v.is_null();
    matches!(value, Value::Array(items) if !items.is_empty() && items.iter().all(number))
}

/// Lists by metric: all as long as the list of epochs, or one entry per epoch.
fn columns(map: &Map<String, Value>, prefix: &str, rows: &mut Rows) {
    let list = |value: &Value| -> Vec<f64> {
        let Value::Array(items) = value else { return Vec::new() };
        items.iter().map(|v| json::number(v).unwrap_or(f64::NAN)).collect()
    };
    let mut axis = None;
    for (name, value) in map.iter().filter(|(_, v)| numeric_list(v)) {
        if let (Some(kind), None) = (axis_of(name), &axis) {
            axis = Some((kind, list(value)));
        }
    }
    for (name, value) in map.iter().filter(|(name, v)| numeric_list(v) && axis_of(name).is_none()) {
        let values = list(value);
        if is_bookkeeping(name) || axis.is_none() && !metric::is_metric(name) {
            continue;
        }
        for (at, value) in values.iter().enumerate() {
            let given = axis.as_ref().filter(|(_, x)| x.len() == values.len());
            let place = match given.and_then(|(kind, x)| Some((*kind, *x.get(at)?))) {
                Some((XAxis::Epoch, x)) => Place { epoch: Some(x), step: None },
                Some((XAxis::Step, x)) => Place { epoch: None, step: Some(x) },
                None => Place { epoch: Some(at as f64 + 1.0), step: None },
            };
            let name = match prefix.strip_suffix('/') {
                Some(around) if is_unnamed(name) => around.to_owned(),
                _ => format!("{prefix}{}", metric::of_history(name)),
            };
            rows.push(&name, place, *value);
        }
    }
}

/// `AllenNLP` writes one file per epoch, `metrics_epoch_3.json`, counted from 0; the last holds its own values
/// and those of all it was.
fn epoch_file(value: &Value, path: &Path, rows: &mut Rows) {
    let Value::Object(map) = value else { return };
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let Some(epoch) = stem.strip_prefix("metrics_epoch_").and_then(|n| n.parse::<f64>().ok()) else { return };
    let place = Place { epoch: Some(epoch + 1.0), step: None };
    json::numbers(map, |name, value| {
        if metric::is_metric(name) && !is_bookkeeping(name) && !metric::is_running_best(name) {
            rows.push(name, place, value);
        }
    });
}
