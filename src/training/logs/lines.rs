//! One JSON object on each line: mmengine, mmcv, detectron2, FAIR's `log.txt`, `OpenCLIP`, LLaMA-Factory, and
//! what people write themselves. A last line that is cut is left out, as is anything else that is no object.

use std::path::Path;

use serde_json::{Map, Value};

use super::rows::{Epochs, Place, Rows, is_bookkeeping, rank_of};
use super::text::lines;
use super::{Log, json};
use crate::training::XAxis;

pub(super) fn read(bytes: &[u8], path: &Path) -> Log {
    let mut log = Log::default();
    let mut rows = Rows::default();
    let mut later = Vec::new();
    let (mut seen, mut skipped) = (0_usize, 0_usize);
    let mut most_epochs: f64 = 0.0;
    let mut trained = None;
    for (line, ended) in lines(bytes) {
        // fairseq's lines begin with the time and what they are of: `… | INFO | train | {"epoch": 1, …}`.
        let Some(start) = line.iter().position(|b| *b == b'{') else {
            skipped += usize::from(ended && !line.trim_ascii().is_empty() && seen == 0);
            continue;
        };
        match json::parse_as::<Map<String, Value>>(line.get(start..).unwrap_or_default()) {
            Ok(row) => {
                seen += 1;
                let mut place = place(&row);
                if is_evaluation(&row) {
                    place.step = trained.or(place.step);
                } else {
                    trained = place.step.or(trained);
                }
                most_epochs = most_epochs.max(place.epoch.unwrap_or(0.0));
                // Which of the two a lone `step` is, is seen at the end.
                if place.epoch.is_none() && place.step.is_some() && !row.contains_key("iter") {
                    later.push((row, place));
                } else {
                    take(&row, place, &mut rows);
                }
            }
            Err(_) if !ended || start > 0 => {}
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
    let mut held = u8::MAX;
    for (name, value) in row {
        let text = || value.as_str().and_then(|text| text.parse().ok());
        match rank_of(name).zip(json::number(value).or_else(text)) {
            Some(((XAxis::Epoch, _), x)) => place.epoch = place.epoch.or(Some(x)),
            Some(((XAxis::Step, rank), x)) if rank < held && x >= 0.0 => {
                (place.step, held) = (Some(x), rank);
            }
            _ => {}
        }
    }
    place
}

/// mmcv says for each row what it is of, and counts in those of evaluations the batches evaluated.
fn is_evaluation(row: &Map<String, Value>) -> bool {
    row.get("mode").and_then(Value::as_str).is_some_and(|mode| mode != "train")
}

fn take(row: &Map<String, Value>, place: Place, rows: &mut Rows) {
    // The metrics of all rows are called the same there.
    let mode = row.get("mode").and_then(Value::as_str);
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
