//! `fairseq` and `ESPnet`.

use crate::training::XAxis;
use crate::training::epoch::Base;
use crate::training::history::History;
use crate::training::look::Look;
use crate::training::metadata::Draft;
use crate::training::metric;
use crate::value::Value;

/// The iterator stands at the beginning of the next epoch once one is complete.
pub(super) fn fairseq(look: &Look<'_>, draft: &mut Draft) {
    let Some(extra) = look.at("extra_state") else { return };
    let number = |keys: &[&str]| look.path(extra, keys).and_then(|v| look.number(v));
    if let Some(epoch) = number(&["train_iterator", "epoch"]) {
        // In the middle of epoch 4, as at its beginning, three are complete.
        draft.epoch = Some((epoch, Base::Next));
    }
    let history = look.at("optimizer_history").and_then(|h| look.tree.items(h).last().copied());
    let updates = history.and_then(|h| look.get(h, "num_updates")).and_then(|v| look.number(v));
    draft.step = updates.map(|n| n as u64);
    draft.metric_if("val_loss", number(&["val_loss"]));
    let watched = ["cfg", "args"].iter().find_map(|root| {
        let root = look.at(root)?;
        let inside = look.get(root, "checkpoint").unwrap_or(root);
        look.text(look.get(inside, "best_checkpoint_metric")?)
    });
    let watched = watched.as_deref().unwrap_or("loss");
    draft.metric_if(&format!("best_{watched}"), number(&["best"]));
    meters(look, extra, draft);
}

/// `metrics` maps `train`, `valid` … to rows `(priority, name, meter class, meter state)`.
fn meters(look: &Look<'_>, extra: Value, draft: &mut Draft) {
    let Some(groups) = look.get(extra, "metrics") else { return };
    for group in ["train", "valid"] {
        let rows = look.get(groups, group).map(|v| look.tree.items(v)).unwrap_or_default();
        for row in rows.iter().take(64) {
            let [_, name, _, state] = *look.tree.items(*row) else { continue };
            let part = |key| look.get(state, key).and_then(|v| look.number(v));
            let (Some(name), Some(sum), Some(count)) = (look.text(name), part("sum"), part("count")) else {
                continue;
            };
            if metric::is_metric(&name) && count > 0.0 {
                draft.metric(&format!("{group}/{name}"), sum / count);
            }
        }
    }
}

/// `reporter.stats` maps each epoch to `{'train': {…}, 'valid': {…}}`.
pub(super) fn espnet(look: &Look<'_>, draft: &mut Draft) {
    let Some(reporter) = look.at("reporter") else { return };
    let epoch = look.get(reporter, "epoch").and_then(|v| look.number(v));
    draft.epoch = epoch.map(|raw| (raw, Base::Count));
    let Some(stats) = look.get(reporter, "stats") else { return };
    for (epoch, splits) in look.tree.entries(stats).iter().take(10_000) {
        let Some(epoch) = look.tree.as_int(*epoch) else { continue };
        for (split, values) in look.children(*splits) {
            for (name, value) in look.children(values) {
                let Some(value) = look.number(value).filter(|_| metric::is_metric(&name)) else { continue };
                add(draft, format!("{split}/{name}"), epoch as f64, value);
            }
        }
    }
}

fn add(draft: &mut Draft, name: String, x: f64, value: f64) {
    let at = draft.histories.iter().position(|h| h.name == name).unwrap_or_else(|| {
        draft.histories.push(History { name, values: Vec::new(), x: Some((XAxis::Epoch, Vec::new())) });
        draft.histories.len() - 1
    });
    let Some(History { values, x: Some((_, xs)), .. }) = draft.histories.get_mut(at) else { return };
    if xs.last().is_none_or(|last| *last < x) {
        xs.push(x);
        values.push(value);
    }
}
