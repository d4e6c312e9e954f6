//! Ultralytics, timm, torchvision's references, `OpenCLIP`.

use crate::training::epoch::Base;
use crate::training::history::{self, History};
use crate::training::look::Look;
use crate::training::metadata::Draft;
use crate::training::metric;
use crate::training::{Opinion, XAxis};
use crate::value::Value;

/// `train_metrics` are the values of the last epoch, `train_results` the columns of `results.csv`.
pub(super) fn ultralytics(look: &Look<'_>, draft: &mut Draft) {
    let metrics = look.at("train_metrics").map(|v| look.children(v)).unwrap_or_default();
    for (name, value) in metrics {
        draft.metric_if(&name, look.number(value));
    }
    if draft.metrics.iter().any(|(name, _)| name == "fitness") || look.number_at("best_fitness").is_some() {
        draft.monitor("fitness", crate::training::Mode::Max);
    }
    let columns = look.at("train_results").map(|v| look.children(v)).unwrap_or_default();
    let epochs = columns.iter().find(|(name, _)| name.trim() == "epoch");
    let epochs = epochs.map(|(_, v)| history::numbers(look, *v)).unwrap_or_default();
    for (name, value) in &columns {
        let name = name.trim();
        let values = history::numbers(look, *value);
        if metric::is_metric(name) && !values.is_empty() && values.len() == epochs.len() {
            let x = Some((XAxis::Epoch, epochs.clone()));
            draft.histories.push(History { name: name.to_owned(), values, x });
        }
    }
    // -1 marks a file stripped after training; its results still count the epochs.
    if look.number_at("epoch").is_some_and(|e| e < 0.0)
        && let Some(last) = epochs.last()
    {
        draft.epoch = Some((*last, Base::HistoryCount));
    }
}

/// The metric is the one `--eval-metric` names.
pub(super) fn timm(look: &Look<'_>, draft: &mut Draft) {
    let named = look.at("args").and_then(|a| look.get(a, "eval_metric")).and_then(|v| look.text(v));
    let name = named.unwrap_or(std::borrow::Cow::Borrowed("metric"));
    draft.metric_if(&name, look.number_at("metric"));
    let saver = look.at("saver");
    let best = saver.and_then(|s| look.get(s, "best_metric")).and_then(|v| look.number(v));
    draft.metric_if(&format!("best_{name}"), best);
    draft.monitor(&name, metric::mode_of(&name));
    let index = saver.and_then(|s| look.get(s, "best_epoch")).and_then(|v| look.number(v));
    if index.is_some() || best.is_some() {
        let (metric, epoch) = (Some(name.into_owned()), index.map(|e| e + 1.0));
        draft.opinion =
            Some(Opinion { who: "timm's saver", metric, value: best, epoch, ..Opinion::default() });
    }
}

/// torchvision's reference scripts, MAE, `DeiT` and DETR keep their `argparse` arguments, among them the
/// folder they write to. Other scripts use the same keys, and are not called by these names.
pub(super) fn has_output_folder(look: &Look<'_>) -> bool {
    let args = look.at("args");
    args.is_some_and(|a| {
        look.tree.is_class(a, "argparse", "Namespace")
            && (look.get(a, "output_dir").is_some() || look.get(a, "output-dir").is_some())
    })
}

pub(super) fn is_named(look: &Look<'_>) -> bool {
    matches!(look.at("name"), Some(Value::Text(_)))
}
