//! Every tensor of a model over the checkpoints of a run: how far it moved, how large it is, whether it broke.
//!
//! Each checkpoint is compared with the one before it, so that every file is read twice at most; what two files
//! gave is remembered, and only what is new is read the next time.

mod build;
mod layer_type;
mod pair;
pub mod ranks;
pub mod scale;

use std::path::PathBuf;

pub use build::{Source, build};
pub use layer_type::LayerType;

/// A checkpoint of the timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Stop {
    /// Its file.
    pub path: PathBuf,
    /// Completed epochs.
    pub epoch: Option<f64>,
    /// Optimizer steps.
    pub step: Option<u64>,
    /// Distance of the averaged copy of the weights from the weights, `‖ema − model‖₂ / ‖model‖₂` over all tensors
    /// both have; `None` where there is no such copy.
    pub ema_drift: Option<f64>,
}

/// What is known of one tensor at one checkpoint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// `‖w_i − w_(i−1)‖₂`; `None` at the first checkpoint that has the tensor, and where its shape changed.
    pub change: Option<f64>,
    /// `change / ‖w_(i−1)‖₂`; infinite where only the earlier one was zero.
    pub relative_change: Option<f64>,
    /// Elements that are not the same number as before.
    pub moved: u64,
    /// Euclidean norm of the finite elements.
    pub l2: f64,
    /// Elements that are not a number.
    pub nan: u64,
    /// Elements that are infinite.
    pub inf: u64,
}

/// One tensor over all checkpoints.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Name inside the model's state dict.
    pub key: String,
    /// Sort of layer it belongs to.
    pub layer_type: LayerType,
    /// A parameter, as far as its name and dtype tell (not a buffer).
    pub is_parameter: bool,
    /// One for each checkpoint; `None` where it has no such tensor, or could not be read.
    pub points: Vec<Option<Point>>,
}

impl Row {
    /// It was there more than once, and never changed.
    pub fn is_frozen(&self) -> bool {
        let mut compared = self.points.iter().flatten().filter(|point| point.change.is_some()).peekable();
        compared.peek().is_some() && compared.all(|point| point.moved == 0)
    }
}

/// The first NaN of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstNan {
    /// Index of the checkpoint.
    pub checkpoint: usize,
    /// The first tensor of it that has one.
    pub key: String,
    /// Tensors of it that have.
    pub tensors: usize,
}

/// A run's tensors over its checkpoints.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timeline {
    /// In the order of training.
    pub checkpoints: Vec<Stop>,
    /// In the order of the state dict.
    pub rows: Vec<Row>,
    /// Files that could not be read, and why.
    pub skipped: Vec<(PathBuf, String)>,
}

impl Timeline {
    /// The first checkpoint with a NaN.
    pub fn first_nan(&self) -> Option<FirstNan> {
        let broken = |at: usize| {
            self.rows
                .iter()
                .filter(move |row| row.points.get(at).copied().flatten().is_some_and(|p| p.nan > 0))
        };
        let checkpoint = (0..self.checkpoints.len()).find(|at| broken(*at).next().is_some())?;
        let key = broken(checkpoint).next()?.key.clone();
        Some(FirstNan { checkpoint, key, tensors: broken(checkpoint).count() })
    }

    /// Parameters that never changed, in order.
    pub fn frozen(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.is_parameter && row.is_frozen())
    }

    /// Types of layers there are, each once, in the order they come.
    pub fn layer_types(&self) -> Vec<LayerType> {
        let mut types = Vec::new();
        for row in &self.rows {
            if !types.contains(&row.layer_type) {
                types.push(row.layer_type);
            }
        }
        types
    }
}

/// Several tensors as one: the point of all their elements together. `None` when none of them has a point.
pub fn together<'a>(points: impl Iterator<Item = Option<&'a Point>>) -> Option<Point> {
    let mut sum = Point { change: None, relative_change: None, moved: 0, l2: 0.0, nan: 0, inf: 0 };
    let (mut squares, mut changes, mut before, mut any) = (0.0, 0.0, 0.0, false);
    for point in points.flatten() {
        any = true;
        squares += point.l2 * point.l2;
        sum.moved += point.moved;
        sum.nan += point.nan;
        sum.inf += point.inf;
        if let Some(change) = point.change {
            changes += change * change;
            sum.change = Some(0.0);
            // The norm before, from what the change was relative to.
            before += match point.relative_change {
                Some(relative) if relative > 0.0 && relative.is_finite() => (change / relative).powi(2),
                Some(relative) if relative > 0.0 => 0.0,
                _ => point.l2 * point.l2,
            };
        }
    }
    if sum.change.is_some() {
        sum.change = Some(changes.sqrt());
        sum.relative_change = Some(if changes > 0.0 { (changes / before).sqrt() } else { 0.0 });
    }
    sum.l2 = squares.sqrt();
    any.then_some(sum)
}

#[cfg(test)]
mod tests;
