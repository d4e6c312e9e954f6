//! mmengine and mmcv: progress in `meta`, scalars in the message hub.

use crate::training::epoch::Base;
use crate::training::history::{self, History};
use crate::training::look::Look;
use crate::training::metadata::Draft;
use crate::training::metric;
use crate::training::{Opinion, XAxis};
use crate::value::Value;

fn progress(look: &Look<'_>, draft: &mut Draft) -> Option<Value> {
    let meta = look.at("meta")?;
    let number = |name| look.get(meta, name).and_then(|v| look.number(v));
    draft.epoch = number("epoch").map(|raw| (raw, Base::Count));
    draft.step = number("iter").map(|iter| iter as u64);
    Some(meta)
}

/// `message_hub.log_scalars` maps `train/loss`, `val/acc` … to buffers of every value logged.
pub(super) fn mmengine(look: &Look<'_>, draft: &mut Draft) {
    progress(look, draft);
    let Some(hub) = look.at("message_hub") else { return };
    let runtime = look.get(hub, "runtime_info").map(|v| look.children(v)).unwrap_or_default();
    for (name, value) in runtime {
        if name.starts_with("best_score") {
            draft.metric_if(&name, look.number(value));
        }
    }
    opinion(look, look.get(hub, "runtime_info"), draft);
    let scalars = look.get(hub, "log_scalars").map(|v| look.children(v)).unwrap_or_default();
    for (name, buffer) in scalars {
        let values = look.get(buffer, "_log_history").map(|v| history::numbers(look, v)).unwrap_or_default();
        if values.is_empty() || !metric::is_metric(&name) {
            continue;
        }
        if metric::split_of(&name) == metric::Split::Validation {
            draft.metric_if(&name, values.last().copied());
        }
        let x = (!name.starts_with("val/")).then(|| iterations(draft.step, values.len()));
        draft.histories.push(History { name: name.into_owned(), values, x });
    }
}

/// `best_ckpt` and `best_score`, or `best_ckpt_<metric>` where several are watched: the first counts.
fn opinion(look: &Look<'_>, at: Option<Value>, draft: &mut Draft) {
    let children = at.map(|v| look.children(v)).unwrap_or_default();
    let path = children.iter().find(|(name, v)| name.starts_with("best_ckpt") && look.text(*v).is_some());
    let Some((key, path)) = path else { return };
    let named = key.strip_prefix("best_ckpt_").map(str::to_owned);
    let score = named.as_ref().map_or("best_score".to_owned(), |metric| format!("best_score_{metric}"));
    let value = children.iter().find(|(name, _)| *name == score).and_then(|(_, v)| look.number(*v));
    let path = look.text(*path).map(std::borrow::Cow::into_owned).filter(|path| !path.is_empty());
    draft.opinion = Some(Opinion { who: "best_ckpt", path, metric: named, value, ..Opinion::default() });
}

/// One value per iteration; a buffer that dropped its oldest values ends at the present one.
fn iterations(step: Option<u64>, len: usize) -> (XAxis, Vec<f64>) {
    let last = step.unwrap_or(0).max(len as u64);
    let first = last - len as u64;
    (XAxis::Step, (first + 1..=last).map(|i| i as f64).collect())
}

pub(super) fn is_mmcv(look: &Look<'_>) -> bool {
    look.at("meta").is_some_and(|meta| look.get(meta, "mmcv_version").is_some())
}

pub(super) fn mmcv(look: &Look<'_>, draft: &mut Draft) {
    let Some(meta) = progress(look, draft) else { return };
    let score = look.path(meta, &["hook_msgs", "best_score"]).and_then(|v| look.number(v));
    draft.metric_if("best_score", score);
    opinion(look, look.get(meta, "hook_msgs"), draft);
}
