//! One JSON object on each line: mmengine, mmcv, detectron2, FAIR's `log.txt`, `OpenCLIP`, LLaMA-Factory, and
//! what people write themselves. A last line that is cut is left out, as is anything else that is no object.

use std::path::Path;

use serde_json::{Map, Value};

use super::rows::{Epochs, Place, Rows, axis_of, is_bookkeeping};
use super::text::lines;
use super::{Log, json};
use crate::training::XAxis;

pub(super) fn read(bytes: &[u8], path: &Path) -> Log {
    let mut log = Log::default();
    let mut rows = Rows::default();
    let mut later = Vec::new();
    let (mut seen, mut skipped) = (0_usize, 0_usize);
    let mut most_epochs: f64 = 0.0;
    for (line, ended) in lines(bytes).filter(|(line, _)| !line.trim_ascii().is_empty()) {
        match json::parse_as::<Map<String, Value>>(line) {
            Ok(row) => {
                seen += 1;
                let place = place(&row);
                most_epochs = most_epochs.max(place.epoch.unwrap_or(0.0));
                // Which of the two a lone `step` is, is seen at the end.
                if place.epoch.is_none() && place.step.is_some() && !row.contains_key("iter") {
                    later.push((row, place));
                } else {
                    take(&row, place, &mut rows);
                }
            }
            Err(_) if !ended => {}
            Err(_) => skipped += 1,
        }
    }
    // mmengine writes evaluations with `step` alone, which is the epoch where training goes by epochs.
    let by_epoch = most_epochs > 0.0 && later.iter().all(|(_, p)| p.step <= Some(most_epochs));
    for (row, place) in later {
        let place = if by_epoch { Place { epoch: place.step, step: None } } else { place };
        take(&row, place, &mut rows);
    }
    if skipped > 0 && skipped >= seen {
        log.problem = Some(format!("{skipped} lines are no JSON objects"));
    }
    let fair = path.file_name().is_some_and(|n| n == "log.txt");
    let epochs = if fair { Epochs::FromZero } else { Epochs::Unsaid };
    rows.finish(epochs, &mut log);
    log
}

fn place(row: &Map<String, Value>) -> Place {
    let mut place = Place::default();
    for (name, value) in row {
        match (axis_of(name), json::number(value)) {
            (Some(XAxis::Epoch), Some(x)) => place.epoch = place.epoch.or(Some(x)),
            (Some(XAxis::Step), Some(x)) => {
                // Of several counters the one called step counts over the whole training.
                place.step = if name == "step" { Some(x) } else { place.step.or(Some(x)) };
            }
            _ => {}
        }
    }
    place
}

fn take(row: &Map<String, Value>, mut place: Place, rows: &mut Rows) {
    // mmcv says for each row what it is of, and calls the metrics of both the same.
    let mode = row.get("mode").and_then(Value::as_str);
    if mode.is_some_and(|m| m != "train") {
        place.step = place.step.filter(|_| place.epoch.is_none());
    }
    json::numbers(row, |name, value| {
        if is_bookkeeping(name) {
            return;
        }
        match mode.filter(|_| !name.contains('/')) {
            Some(mode) => rows.push(&format!("{mode}/{name}"), place, value),
            None => rows.push(name, place, value),
        }
    });
}
