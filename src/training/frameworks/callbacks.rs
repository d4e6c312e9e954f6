//! ignite and catalyst.

use crate::training::epoch::Base;
use crate::training::look::Look;
use crate::training::metadata::Draft;
use crate::training::metric;

pub(super) fn is_ignite(look: &Look<'_>) -> bool {
    let trainer = look.at("trainer");
    trainer.is_some_and(|t| look.get(t, "epoch_length").is_some() && look.get(t, "max_epochs").is_some())
}

/// An engine keeps iterations or epochs, and how many of the former make one of the latter.
pub(super) fn ignite(look: &Look<'_>, draft: &mut Draft) {
    let Some(trainer) = look.at("trainer") else { return };
    let number = |name| look.get(trainer, name).and_then(|v| look.number(v));
    let length = number("epoch_length").filter(|n| *n > 0.0);
    let (iteration, epoch) = (number("iteration"), number("epoch"));
    let epoch = epoch.or_else(|| Some(iteration? / length?));
    let step = iteration.or_else(|| Some(epoch? * length?));
    draft.epoch = epoch.map(|raw| (raw, Base::Count));
    draft.step = step.map(|n| n as u64);
}

/// `valid_metrics` and `epoch_metrics` of the older versions.
pub(super) fn catalyst(look: &Look<'_>, draft: &mut Draft) {
    for (key, prefix) in [("valid_metrics", "valid"), ("epoch_metrics", "")] {
        for (name, value) in look.at(key).map(|v| look.children(v)).unwrap_or_default() {
            if metric::is_metric(&name) {
                let name = if prefix.is_empty() { name.into_owned() } else { format!("{prefix}/{name}") };
                draft.metric_if(&name, look.number(value));
            }
        }
    }
}
