//! The search that needs no framework: progress, metrics and histories by what they are called, at most
//! three levels deep (formats.md §11.2, last paragraph).

use std::collections::VecDeque;

use super::epoch::Base;
use super::history::{self, History};
use super::hyper;
use super::look::Look;
use super::metadata::Draft;
use super::{Mode, XAxis, metric};
use crate::value::Value;

/// Histories of one checkpoint at most.
pub(super) const SERIES: usize = 128;
/// Levels searched.
const DEPTH: usize = 3;

/// Keys that hold an epoch, most telling first, with what they count.
const EPOCH_KEYS: [(&str, Option<Base>); 14] = [
    ("epoch", None),
    ("current_epoch", None),
    ("curr_epoch", None),
    ("cur_epoch", None),
    ("epoch_num", None),
    ("completed_epochs", Some(Base::Count)),
    ("epochs_completed", Some(Base::Count)),
    ("epochs_trained", Some(Base::Count)),
    ("epochs_run", Some(Base::Count)),
    ("start_epoch", Some(Base::Count)),
    ("next_epoch", Some(Base::Count)),
    ("last_epoch", None),
    ("ss_epoch", Some(Base::Count)),
    ("epochs", None),
];

/// Keys that hold a number of steps, most telling first.
#[rustfmt::skip]
const STEP_KEYS: [&str; 27] = [
    "global_step", "global_steps", "num_updates", "iter_num", "step", "steps", "iteration", "iterations",
    "iter", "iters", "n_iter", "niter", "num_iters", "batch_idx_train", "update", "updates",
    "current_step", "curr_step", "train_step", "train_steps", "total_steps", "training_step",
    "current_iter", "cur_iter", "global_iter", "it", "ss_steps",
];

/// Parts that never hold metrics of the training, and may be large.
const SKIPPED: [&str; 10] =
    ["rng", "random", "scaler", "sampler", "loader", "vocab", "tokenizer", "best_k", "optim", "sched"];

/// Words of containers that add nothing to the names of what they hold.
#[rustfmt::skip]
const PLAIN_CONTAINERS: [&str; 19] = [
    "metric", "history", "hist", "result", "log", "stat", "state", "info", "extra", "meta", "metadata",
    "trainer", "training", "progress", "record", "score", "logger", "logging", "dict",
];

struct Place<'a> {
    /// Words that go before the names of what is here.
    prefix: String,
    /// Everything numeric here is a metric, whatever it is called.
    open: bool,
    /// A place for what is logged, where a learning rate is a value and no setting.
    logged: bool,
    children: super::look::Named<'a>,
    depth: usize,
}

impl Place<'_> {
    /// Whether what is called so here is a metric.
    fn takes(&self, name: &str) -> bool {
        self.open || metric::is_metric(name) && (self.logged || metric::mode_of(name) != Mode::None)
    }
}

struct Search<'a, 'b> {
    look: &'b Look<'a>,
    draft: &'b mut Draft,
    epoch: Option<(usize, f64)>,
    step: Option<(usize, f64)>,
    queue: VecDeque<Place<'a>>,
}

/// Searches everything but the top-level keys in `consumed`, which a framework's own reader has seen to.
/// `base` is what a plain `epoch` counts here.
pub(super) fn search(look: &Look<'_>, draft: &mut Draft, consumed: &[&str], base: Base) {
    let children = look.top().iter().filter(|(k, _)| !consumed.contains(&&**k)).cloned().collect();
    let mut search = Search { look, draft, epoch: None, step: None, queue: VecDeque::new() };
    search.queue.push_back(Place { prefix: String::new(), open: false, logged: true, children, depth: 1 });
    if let Some(metadata) = look.checkpoint.container_metadata() {
        let children = look.children(metadata);
        search.queue.push_back(Place {
            prefix: String::new(),
            open: false,
            logged: false,
            children,
            depth: DEPTH,
        });
    }
    while let Some(place) = search.queue.pop_front() {
        search.visit(&place);
    }
    let Search { epoch, step, draft, .. } = search;
    if let Some((rank, raw)) = epoch
        && draft.epoch.is_none()
    {
        let own = EPOCH_KEYS.get(rank).and_then(|k| k.1);
        draft.epoch = Some((raw, own.unwrap_or(base)));
    }
    if let Some((_, step)) = step {
        draft.step.get_or_insert(step as u64);
    }
}

impl<'a> Search<'a, '_> {
    fn visit(&mut self, place: &Place<'a>) {
        let columns = place.children.iter().find_map(|(name, v)| self.x_column(name, *v));
        for (name, value) in &place.children {
            let key = normal(name);
            if SKIPPED.iter().any(|s| key.contains(s)) || self.look.is_section(*value) {
                continue;
            }
            if self.number(name, &key, *value, place) || hyper::is_container(&key) {
                continue;
            }
            self.container(name, *value, place, columns.as_ref());
        }
    }

    /// A list of epochs or steps beside the histories it belongs to.
    fn x_column(&self, name: &str, value: Value) -> Option<(XAxis, Vec<f64>)> {
        let axis = history::x_column(name).filter(|_| !matches!(value, Value::Int(_) | Value::Float(_)))?;
        let x = history::numbers(self.look, value);
        let ascending = x.len() > 1 && x.windows(2).all(|w| matches!(w, [a, b] if a < b));
        (ascending || x.len() == 1).then_some((axis, x))
    }

    /// Takes a single number; false when `value` is none.
    fn number(&mut self, name: &str, key: &str, value: Value, place: &Place<'a>) -> bool {
        let epoch = EPOCH_KEYS.iter().position(|(k, _)| *k == key);
        let step = STEP_KEYS.iter().position(|k| *k == key);
        let wanted = epoch.is_some() || step.is_some() || place.takes(name);
        // A tensor costs a read: only those whose name asks for it.
        let costly = matches!(value, Value::Tensor(_) | Value::Object(_));
        if costly && !wanted {
            return false;
        }
        let Some(number) = self.look.number(value).or_else(|| self.number_in_text(value)) else {
            return false;
        };
        if !wanted {
            return true;
        }
        let better = |held: &Option<(usize, f64)>, rank: usize| held.is_none_or(|(r, _)| rank < r);
        match (epoch, step) {
            (Some(rank), _) if better(&self.epoch, rank) => self.epoch = Some((rank, number)),
            (None, Some(rank)) if number >= 0.0 && better(&self.step, rank) => {
                self.step = Some((rank, number));
            }
            (Some(_), _) | (None, Some(_)) => {}
            (None, None) => self.draft.metric(&named(&place.prefix, name), number),
        }
        true
    }

    /// The metadata of a container (safetensors) is text throughout.
    fn number_in_text(&self, value: Value) -> Option<f64> {
        let text = self.look.text(value).filter(|t| t.len() <= 32)?;
        text.trim().parse().ok()
    }

    fn container(
        &mut self,
        name: &str,
        value: Value,
        place: &Place<'a>,
        columns: Option<&(XAxis, Vec<f64>)>,
    ) {
        let full = named(&place.prefix, name);
        let metric = place.takes(name);
        let kept = metric::words(name).iter().any(|w| PLAIN_CONTAINERS.contains(&w.as_str()));
        if metric && let Some(mut found) = history::read(self.look, &full, value) {
            if found.x.is_none() && columns.is_some_and(|(_, x)| x.len() == found.values.len()) {
                found.x = columns.cloned();
            }
            self.keep(found);
            return;
        }
        if (metric || kept) && matches!(value, Value::List(_) | Value::Tuple { .. }) {
            let accept = |column: &str| metric::is_metric(column);
            for found in history::table(self.look, self.look.tree.items(value), &accept) {
                self.keep(found);
            }
            return;
        }
        if place.depth < DEPTH && matches!(value, Value::Dict(_) | Value::Object(_)) {
            let children = self.look.children(value);
            let prefix = prefix(&place.prefix, name);
            let depth = place.depth + 1;
            self.queue.push_back(Place { prefix, open: metric, logged: metric || kept, children, depth });
        }
    }

    fn keep(&mut self, history: History) {
        if self.draft.histories.len() < SERIES && !self.draft.histories.iter().any(|h| h.name == history.name)
        {
            self.draft.histories.push(history);
        }
    }
}

fn normal(name: &str) -> String {
    name.to_lowercase().replace(['-', ' '], "_")
}

/// What a container's name adds before the names inside: `val_acc` of `{'val_acc': {'top1': …}}`, nothing of
/// `{'history': {…}}`.
fn prefix(outer: &str, name: &str) -> String {
    let words = metric::words(name);
    if words.iter().all(|w| PLAIN_CONTAINERS.contains(&w.as_str())) {
        return outer.to_owned();
    }
    let plain = words.iter().any(|w| PLAIN_CONTAINERS.contains(&w.as_str()));
    let kept: Vec<&str> =
        words.iter().map(String::as_str).filter(|w| !PLAIN_CONTAINERS.contains(w)).collect();
    named(outer, if plain { kept.join("_") } else { name.to_owned() }.as_str())
}

fn named(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") }
}

#[cfg(test)]
mod tests;
