//! What is known of the statistics of the opened checkpoint, and how the details of a tensor are shown.

use std::sync::Arc;

use super::layers::Layers;
use super::spectra::Spectra;
use crate::checkpoint::TensorEntry;
use crate::stats::preview::HeatMap;
use crate::stats::{Finding, TensorStats, findings};
use crate::tensor::{Numeric, TensorRole};

/// What the detail pane shows of a tensor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Panel {
    /// Dtype, shape, storage, other names.
    #[default]
    Facts,
    /// Statistics, quantiles and the histogram.
    Numbers,
    /// The elements themselves.
    Values,
    /// A picture of a matrix.
    HeatMap,
    /// Singular values of a matrix.
    Spectrum,
}

impl Panel {
    /// All panels in their order.
    pub const ALL: [Self; 5] = [Self::Facts, Self::Numbers, Self::Values, Self::HeatMap, Self::Spectrum];

    /// The title of the pane.
    pub fn title(self) -> &'static str {
        match self {
            Self::Facts => "Details",
            Self::Numbers => "Statistics",
            Self::Values => "Values",
            Self::HeatMap => "Heat map",
            Self::Spectrum => "Spectrum",
        }
    }

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|panel| *panel == self).unwrap_or(0);
        Self::ALL.get((at + 1) % Self::ALL.len()).copied().unwrap_or_default()
    }
}

/// What is known of one tensor.
#[derive(Debug, Clone)]
pub enum Known {
    /// Its statistics, and what they mean.
    Stats(Arc<TensorStats>, Vec<Finding>),
    /// Why there are none.
    Failed(String),
}

/// What is known of all tensors below a node of the tree.
#[derive(Debug, Clone, Copy, Default)]
pub struct RollUp {
    /// Tensors with statistics.
    pub known: u32,
    /// Sum of the squares of their finite elements; integers, counters and other single numbers left out.
    pub squares: f64,
    /// Something was added up in `squares`.
    pub has_norm: bool,
    /// Elements that are not a number.
    pub nan: u64,
    /// Elements that are infinite.
    pub inf: u64,
}

impl RollUp {
    /// The norm of all floating-point elements; `None` where there is none.
    pub fn norm(&self) -> Option<f64> {
        self.has_norm.then(|| self.squares.sqrt())
    }
}

/// Elements of a tensor, and its picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// The tensor, as an index into the checkpoint's.
    pub tensor: u32,
    /// The first element of `values`.
    pub start: u64,
    /// Some elements in row-major order.
    pub values: Vec<f64>,
    /// Elements in all.
    pub total: u64,
    /// The picture, if it is a matrix and one was asked for.
    pub map: Option<HeatMap>,
    /// Why there is nothing.
    pub error: Option<String>,
}

/// What a preview is wanted of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The tensor.
    pub tensor: u32,
    /// First element wanted.
    pub start: u64,
    /// With the picture.
    pub map: bool,
}

/// Statistics of the opened checkpoint.
#[derive(Debug, Default)]
pub struct Statistics {
    known: Vec<Option<Known>>,
    /// Tensors with statistics.
    pub count: usize,
    /// For each node of the tree, what is known below it.
    rollups: Vec<RollUp>,
    /// The largest mean magnitude of a tensor: the longest bar.
    pub largest: f64,
    /// What the detail pane shows.
    pub panel: Panel,
    /// Histograms by magnitude, and bars by the logarithm of their counts.
    pub log: bool,
    /// Elements of the selected tensor.
    pub preview: Option<Preview>,
    /// The preview that was asked for last.
    pub asked: Option<Wanted>,
    /// The tensor whose statistics were asked for last because it was looked at.
    pub looked_at: Option<u32>,
    /// Singular values of its matrices.
    pub spectra: Spectra,
    /// The first row of elements shown.
    pub row: super::cursor::Cursor,
}

impl Statistics {
    /// Takes what became known of tensors, by their index among the checkpoint's.
    pub fn learn(&mut self, layers: &Layers, news: Vec<(u32, Result<Arc<TensorStats>, String>)>) {
        let entries = layers.checkpoint().tensors();
        self.known.resize_with(entries.len(), || None);
        self.rollups.resize(layers.nodes.len(), RollUp::default());
        for (at, result) in news {
            let Some(entry) = entries.get(at as usize) else { continue };
            let known = match result {
                Ok(stats) => {
                    self.count += usize::from(self.stats(at).is_none());
                    if self.stats(at).is_none() {
                        self.add_up(layers, at, &stats);
                    }
                    let found = findings(layers.checkpoint(), entry, &stats);
                    Known::Stats(stats, found)
                }
                Err(reason) => Known::Failed(reason),
            };
            if let Some(slot) = self.known.get_mut(at as usize) {
                *slot = Some(known);
            }
        }
    }

    /// Adds a tensor to every node above it; a tensor of two names counts once.
    fn add_up(&mut self, layers: &Layers, at: u32, stats: &TensorStats) {
        let Some(entry) = layers.entry(at) else { return };
        let is_weight = is_weight(layers, entry, stats);
        if is_weight {
            self.largest = self.largest.max(mean_magnitude(stats).unwrap_or(0.0));
        }
        let first = layers.checkpoint().entry_of(entry.id).is_none_or(|first| std::ptr::eq(first, entry));
        let mut node = layers.node_of.get(at as usize).copied();
        while let Some(at) = node {
            if let Some(rollup) = self.rollups.get_mut(at as usize) {
                rollup.known += 1;
                if first {
                    rollup.squares += if is_weight { stats.moments.squares } else { 0.0 };
                    rollup.has_norm |= is_weight && stats.moments.count > 0;
                    rollup.nan += stats.nan;
                    rollup.inf += stats.inf;
                }
            }
            node = layers.node(at).and_then(|node| node.parent);
        }
    }

    /// What is known of a tensor.
    pub fn of(&self, tensor: u32) -> Option<&Known> {
        self.known.get(tensor as usize)?.as_ref()
    }

    /// The statistics of a tensor.
    pub fn stats(&self, tensor: u32) -> Option<&TensorStats> {
        match self.of(tensor)? {
            Known::Stats(stats, _) => Some(stats),
            Known::Failed(_) => None,
        }
    }

    /// What is known below a node; `None` if nothing is.
    pub fn below(&self, node: u32) -> Option<&RollUp> {
        self.rollups.get(node as usize).filter(|rollup| rollup.known > 0)
    }
}

/// Counts of steps and batches would outweigh everything that is trained.
fn is_weight(layers: &Layers, entry: &TensorEntry, stats: &TensorStats) -> bool {
    let whole = matches!(layers.checkpoint().meta(entry).dtype.numeric(), Numeric::Integer | Numeric::Bool);
    !whole && (stats.count > 1 || entry.role == TensorRole::Parameter && !entry.key().ends_with("step"))
}

/// The mean of the magnitudes of the finite elements.
pub fn mean_magnitude(stats: &TensorStats) -> Option<f64> {
    (stats.moments.count > 0).then(|| stats.moments.l1 / stats.moments.count as f64)
}
