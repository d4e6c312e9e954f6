//! How one tensor of the result is made.

use crate::tensor::{DType, saturating_product};

/// A tensor to be made: its shape and dtype, and what from. Elements are row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// Sizes, outermost first.
    pub shape: Vec<u64>,
    /// Element type; computed values (weight norm, adapters) are rounded to it.
    pub dtype: DType,
    /// What it is made of.
    pub how: How,
}

/// What a tensor is made of.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum How {
    /// The tensor at this index of those that went in, unchanged.
    Source(usize),
    /// Dimensions in another order: new dimension `i` is the old `order[i]`.
    Permuted {
        /// Of this.
        of: Box<Recipe>,
        /// Which old dimension each new one is.
        order: Vec<usize>,
    },
    /// The same elements under another shape.
    Reshaped(Box<Recipe>),
    /// `len` indices of one dimension, `len` being the size this recipe has there.
    Narrowed {
        /// Of this.
        of: Box<Recipe>,
        /// The dimension.
        axis: usize,
        /// First index.
        start: u64,
    },
    /// Parts joined along one dimension.
    Concatenated {
        /// The parts.
        of: Vec<Recipe>,
        /// The dimension.
        axis: usize,
    },
    /// `g * v / ‖v‖`, the norm over every dimension in which `g` has size 1.
    WeightNorm {
        /// Magnitudes.
        g: Box<Recipe>,
        /// Directions.
        v: Box<Recipe>,
    },
    /// Euclidean norms over every dimension in which this recipe has size 1.
    Norms(Box<Recipe>),
    /// `base + scaling * b @ a`.
    LowRank {
        /// The weight.
        base: Box<Recipe>,
        /// (r, in)
        a: Box<Recipe>,
        /// (out, r)
        b: Box<Recipe>,
        /// Factor.
        scaling: f64,
    },
    /// Zeros.
    Zeros,
}

impl Recipe {
    /// Number of elements, saturating.
    pub fn numel(&self) -> u64 {
        saturating_product(&self.shape)
    }

    /// The index of the tensor this is, when nothing is done to it but a change of shape.
    pub fn unchanged_source(&self) -> Option<usize> {
        match &self.how {
            How::Source(index) => Some(*index),
            How::Reshaped(of) => of.unchanged_source(),
            _ => None,
        }
    }

    /// Indices of all tensors it is made from, in order, each once.
    pub fn sources(&self) -> Vec<usize> {
        let (mut found, mut todo) = (Vec::new(), vec![self]);
        while let Some(recipe) = todo.pop() {
            match &recipe.how {
                How::Source(index) => found.push(*index),
                How::Permuted { of, .. } | How::Reshaped(of) | How::Narrowed { of, .. } | How::Norms(of) => {
                    todo.push(of);
                }
                How::Concatenated { of, .. } => todo.extend(of),
                How::WeightNorm { g, v } => todo.extend([&**g, &**v]),
                How::LowRank { base, a, b, .. } => todo.extend([&**base, &**a, &**b]),
                How::Zeros => {}
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}
