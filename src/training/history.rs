//! Histories kept inside a checkpoint, in the shapes people give them: a list, an array, a 1-D tensor, a
//! list of pairs, a mapping from epochs, a list of rows.

use super::look::Look;
use super::metric;
use super::{Points, Progress, Series, XAxis};
use crate::checkpoint::Checkpoint;
use crate::value::{Value, numpy};

/// Values of one history at most.
const LONGEST: usize = 65_536;
/// Values read one by one, when a history is a list of one-element tensors.
const TENSORS: usize = 2_000;

/// One history as found: the x values may still be open.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct History {
    pub(super) name: String,
    pub(super) values: Vec<f64>,
    /// Ascending x values with what they count, when the file gives them.
    pub(super) x: Option<(XAxis, Vec<f64>)>,
}

/// Numbers in a row: a list, tuple or deque, a numpy array, a 1-D tensor. Empty when it is none of these.
pub(super) fn numbers(look: &Look<'_>, value: Value) -> Vec<f64> {
    match value {
        Value::List(_) | Value::Tuple { .. } => of_items(look, look.tree.items(value)),
        Value::Tensor(_) => of_tensor(look.checkpoint, value),
        Value::Object(id) => match numpy::array(look.tree, value) {
            Some(array) if array.shape.iter().filter(|n| **n != 1).count() <= 1 => array.values,
            Some(_) => Vec::new(),
            None => look.tree.object(id).map(|o| of_items(look, &o.items)).unwrap_or_default(),
        },
        _ => Vec::new(),
    }
}

fn of_items(look: &Look<'_>, items: &[Value]) -> Vec<f64> {
    // `None` stands where nothing was measured; anything else that is no number makes it no history.
    let usual = |v: &Value| matches!(v, Value::Int(_) | Value::Float(_) | Value::None);
    if !items.iter().take(8).all(|v| usual(v) || matches!(v, Value::Tensor(_) | Value::Object(_))) {
        return Vec::new();
    }
    let mut tensors = 0;
    let mut values = Vec::with_capacity(items.len().min(LONGEST));
    for item in items.iter().take(LONGEST) {
        if !usual(item) {
            tensors += 1;
        }
        let number = match item {
            Value::None => Some(f64::NAN),
            other if tensors <= TENSORS => look.number(*other),
            _ => None,
        };
        match number {
            Some(number) => values.push(number),
            None => return Vec::new(),
        }
    }
    values
}

fn of_tensor(checkpoint: &Checkpoint, value: Value) -> Vec<f64> {
    let Value::Tensor(id) = value else { return Vec::new() };
    let short = |meta: &crate::tensor::TensorMeta| meta.shape().len() == 1 && meta.numel() <= LONGEST as u64;
    match checkpoint.tree().tensor(id) {
        Some(meta) if short(meta) => checkpoint.vector(id).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The history at `value`, in any of its shapes.
pub(super) fn read(look: &Look<'_>, name: &str, value: Value) -> Option<History> {
    let named = |values, x| History { name: name.to_owned(), values, x };
    let values = numbers(look, value);
    if !values.is_empty() {
        return Some(named(values, None));
    }
    let (x, values) = match value {
        Value::List(_) | Value::Tuple { .. } => pairs(look, look.tree.items(value))?,
        Value::Dict(_) => keyed(look, value)?,
        _ => return None,
    };
    let axis = if by_step(name, &x) { XAxis::Step } else { XAxis::Epoch };
    Some(named(values, Some((axis, x))))
}

/// `[(1, 0.5), (2, 0.4), …]`: the first of each pair is an ascending whole number.
fn pairs(look: &Look<'_>, items: &[Value]) -> Option<(Vec<f64>, Vec<f64>)> {
    let (mut x, mut values) = (Vec::new(), Vec::new());
    for item in items.iter().take(LONGEST) {
        let [at, value] = *look.tree.items(*item) else { return None };
        let at = look.tree.as_int(at)? as f64;
        x.push(at);
        values.push(look.number(value)?);
    }
    ascending(&x).then_some((x, values))
}

/// `{1: 0.5, 2: 0.4, …}`.
fn keyed(look: &Look<'_>, mapping: Value) -> Option<(Vec<f64>, Vec<f64>)> {
    let entries = look.tree.entries(mapping);
    let (mut x, mut values) = (Vec::new(), Vec::new());
    for (key, value) in entries.iter().take(LONGEST) {
        let Value::Int(at) = *key else { return None };
        x.push(at as f64);
        values.push(look.number(*value)?);
    }
    ascending(&x).then_some((x, values))
}

fn ascending(x: &[f64]) -> bool {
    !x.is_empty() && x.windows(2).all(|w| matches!(w, [a, b] if a < b))
}

fn by_step(name: &str, x: &[f64]) -> bool {
    let words = metric::words(name);
    let named = words.iter().any(|w| matches!(w.as_str(), "step" | "iter" | "iteration" | "batch"));
    named || x.last().is_some_and(|last| *last >= 10_000.0)
}

/// Columns that give the x of the others, with what they count.
pub(super) fn x_column(name: &str) -> Option<XAxis> {
    match name.to_ascii_lowercase().as_str() {
        "epoch" | "epochs" | "ep" => Some(XAxis::Epoch),
        "step" | "steps" | "global_step" | "iteration" | "iterations" | "iter" | "iters" | "num_updates" => {
            Some(XAxis::Step)
        }
        _ => None,
    }
}

/// `[{'epoch': 1, 'loss': …}, …]`: one history for each column that holds numbers.
pub(super) fn table(look: &Look<'_>, rows: &[Value], accept: &dyn Fn(&str) -> bool) -> Vec<History> {
    let mut found: Vec<History> = Vec::new();
    if !rows.iter().take(4).all(|r| matches!(r, Value::Dict(_))) {
        return found;
    }
    for (at, row) in rows.iter().take(LONGEST).enumerate() {
        let cells = look.children(*row);
        let x = cells.iter().find_map(|(name, v)| Some((x_column(name)?, look.number(*v)?)));
        let (axis, x) = x.unwrap_or((XAxis::Epoch, at as f64 + 1.0));
        for (name, value) in &cells {
            let Some(value) = look.number(*value).filter(|_| accept(name)) else { continue };
            let slot = match found.iter().position(|h| h.name == *name) {
                Some(slot) => slot,
                None if found.len() < super::generic::SERIES => {
                    found.push(History {
                        name: name.to_string(),
                        values: Vec::new(),
                        x: Some((axis, Vec::new())),
                    });
                    found.len() - 1
                }
                None => continue,
            };
            let Some(History { values, x: Some((_, xs)), .. }) = found.get_mut(slot) else { continue };
            if xs.last().is_none_or(|last| *last < x) {
                xs.push(x);
                values.push(value);
            }
        }
    }
    found
}

impl History {
    /// The series of this history, its open x values decided by how far training had come.
    pub(super) fn series(self, progress: &Progress, source: &str) -> Series {
        let mode = metric::mode_of(&self.name);
        let (axis, mut x) = match self.x {
            Some(given) => given,
            None => implied(&self.name, self.values.len(), progress),
        };
        // Epochs in a file count from 0 or from 1; completed epochs are never 0.
        if axis == XAxis::Epoch && x.first() == Some(&0.0) {
            for x in &mut x {
                *x += 1.0;
            }
        }
        let points: Points = x.into_iter().zip(self.values).collect();
        Series { name: self.name, x: axis, points, source: source.to_owned(), mode }
    }
}

/// x values of a bare list: one entry per epoch, one per so many epochs, or one per step.
fn implied(name: &str, len: usize, progress: &Progress) -> (XAxis, Vec<f64>) {
    let count = |every: usize| (1..=len).map(|i| (i * every) as f64).collect();
    let epochs = progress.epoch.filter(|e| *e >= 1.0).map(|e| e as usize);
    match epochs {
        Some(epochs) if len > epochs.saturating_add(1) && (by_step(name, &[]) || len >= epochs * 2) => {
            (XAxis::Step, count(1))
        }
        Some(epochs) if len < epochs && epochs % len.max(1) == 0 => {
            (XAxis::Epoch, count(epochs / len.max(1)))
        }
        None if progress.step.is_some_and(|s| s >= len as u64) => (XAxis::Step, steps(len, progress)),
        _ => (XAxis::Epoch, count(1)),
    }
}

/// Evenly spread over the steps made, when they divide.
fn steps(len: usize, progress: &Progress) -> Vec<f64> {
    let made = progress.step.unwrap_or(0);
    let count = (len as u64).max(1);
    let every = if made.is_multiple_of(count) { made / count } else { 1 };
    (1..=len as u64).map(|i| (i * every.max(1)) as f64).collect()
}
