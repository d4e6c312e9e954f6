//! `trainer_state.json` of Hugging Face's Trainer: every logged row, and which checkpoint it thinks best.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::rows::{Epochs, Place, Rows, axis_of, is_bookkeeping};
use super::{Log, json};
use crate::training::Opinion;

#[derive(Deserialize)]
struct State {
    #[serde(default)]
    log_history: Vec<Map<String, Value>>,
    #[serde(default)]
    best_metric: Value,
    #[serde(default)]
    best_model_checkpoint: Option<String>,
    #[serde(default)]
    best_global_step: Option<f64>,
    #[serde(default)]
    global_step: Option<f64>,
    #[serde(default)]
    epoch: Option<f64>,
}

pub(super) fn read(bytes: &[u8]) -> Log {
    let mut log = Log::default();
    let state: State = match json::parse_as(bytes) {
        Ok(state) => state,
        Err(error) => {
            log.problem = Some(format!("not a trainer state: {error}"));
            return log;
        }
    };
    let mut rows = Rows::by_step();
    for row in &state.log_history {
        let number = |name: &str| row.get(name).and_then(json::number);
        let place = Place { epoch: number("epoch"), step: number("step") };
        // The last row sums up the training: its loss is the mean of all.
        let summary = row.contains_key("train_runtime");
        json::numbers(row, |name, value| {
            if summary {
                if name == "train_loss" {
                    log.finals.push((name.to_owned(), value));
                }
            } else if axis_of(name).is_none() && !is_bookkeeping(name) {
                rows.push(name, place, value);
            }
        });
    }
    let best = json::number(&state.best_metric);
    rows.finish(Epochs::Completed, &mut log);
    if let (Some(step), Some(epoch)) = (state.global_step.filter(|s| *s >= 0.0), state.epoch) {
        let at = log.places.partition_point(|p| p.0 < step as u64);
        if log.places.get(at).is_none_or(|p| p.0 != step as u64) {
            log.places.insert(at, (step as u64, epoch));
        }
    }
    if best.is_some() || state.best_model_checkpoint.is_some() {
        let step = state.best_global_step.map(|s| s as u64);
        log.opinion = Some(Opinion {
            who: "best_model_checkpoint",
            metric: metric_of(&state, best),
            path: state.best_model_checkpoint,
            value: best,
            epoch: None,
            step,
        });
    }
    log
}

/// The Trainer does not name the metric it went by: it is the one that has this value in an evaluation.
fn metric_of(state: &State, best: Option<f64>) -> Option<String> {
    let best = best?;
    let rows = state.log_history.iter().filter(|row| !row.contains_key("loss"));
    let mut cells = rows.flat_map(|row| row.iter());
    let named = cells.find(|(name, value)| {
        name.starts_with("eval_")
            && !is_bookkeeping(name)
            && json::number(value).is_some_and(|v| v.total_cmp(&best).is_eq())
    });
    named.map(|(name, _)| name.clone())
}
