//! What turns the tensors of one state dict into those of another: operations on named tensors.
//!
//! A [`Plan`] is found by the search over repairs and applied by whoever writes the repaired file.
//! [`Plan::apply`] works on names, shapes and dtypes alone: it gives, for every tensor of the result, a
//! [`Recipe`] that says how it is made from the tensors that went in. Nothing is read here.
//!
//! Operations come one after another; the renames of one [`Operation::Rename`] happen at once, so that
//! layers can trade places. An operation that does not fit (a name that is not there or is taken, a shape
//! that cannot be) is an error, never a guess.

mod apply;
mod recipe;

pub use apply::PlanError;
pub(super) use apply::is_magnitude;
pub use recipe::{How, Recipe};

use crate::tensor::DType;

/// A named tensor, without its elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Name inside the state dict.
    pub key: String,
    /// Sizes, outermost first.
    pub shape: Vec<u64>,
    /// Element type.
    pub dtype: DType,
}

/// One tensor of the result.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Name in the repaired state dict.
    pub key: String,
    /// How it is made from the tensors that went in.
    pub recipe: Recipe,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Operation {
    /// Names to names, all at once.
    Rename(Vec<(String, String)>),
    /// `key = key.permute(order)`; a transpose has the order 1, 0.
    Permute {
        /// The tensor.
        key: String,
        /// Which old dimension each new one is.
        order: Vec<usize>,
    },
    /// `key = key.reshape(shape)`: the same elements, row-major.
    Reshape {
        /// The tensor.
        key: String,
        /// Sizes it gets.
        shape: Vec<u64>,
    },
    /// `from` is cut along `axis` into parts of the given sizes, which fill it.
    Split {
        /// The tensor that is cut, and gone afterwards.
        from: String,
        /// The dimension it is cut along.
        axis: usize,
        /// Names and sizes of the parts along `axis`.
        into: Vec<(String, u64)>,
    },
    /// `into = torch.cat(from, dim=axis)`.
    Concat {
        /// The parts, gone afterwards.
        from: Vec<String>,
        /// The dimension they are joined along.
        axis: usize,
        /// Name of the whole.
        into: String,
    },
    /// `into = torch.stack(from)`: a new first dimension.
    Stack {
        /// The parts, gone afterwards.
        from: Vec<String>,
        /// Name of the whole.
        into: String,
    },
    /// The first dimension is taken apart: one tensor for each index.
    Unstack {
        /// The tensor that is taken apart, and gone afterwards.
        from: String,
        /// One name for each index of the first dimension.
        into: Vec<String>,
    },
    /// `into = g * v / ‖v‖`, the norm over every dimension in which `g` has size 1: weight norm, folded.
    FoldWeightNorm {
        /// Magnitudes, gone afterwards.
        g: String,
        /// Directions, gone afterwards.
        v: String,
        /// Name of the plain weight.
        into: String,
    },
    /// The inverse: `v` is the weight and `g` its norms, of shape `g_shape`.
    UnfoldWeightNorm {
        /// The plain weight, gone afterwards.
        from: String,
        /// Name of the magnitudes.
        g: String,
        /// Sizes of the magnitudes; each is 1 or the weight's own.
        g_shape: Vec<u64>,
        /// Name of the directions.
        v: String,
    },
    /// `base += scaling * b @ a`: a low-rank adapter (`LoRA`), merged.
    MergeLowRank {
        /// The weight (out, in), which keeps its name.
        base: String,
        /// The adapter's first matrix (r, in), gone afterwards.
        a: String,
        /// The adapter's second matrix (out, r), gone afterwards.
        b: String,
        /// Factor; `lora_alpha / r`.
        scaling: f64,
    },
    /// `into` is a second name of `from`: a tied weight.
    Copy {
        /// The tensor, which stays.
        from: String,
        /// Its second name.
        into: String,
    },
    /// A tensor of zeros (a counter that was not saved).
    Zeros(Described),
    /// These are left out.
    Drop(Vec<String>),
}

/// Operations, one after another.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// In the order they are done.
    pub operations: Vec<Operation>,
}

impl Plan {
    /// A plan of one operation.
    pub fn one(operation: Operation) -> Self {
        Self { operations: vec![operation] }
    }

    /// `next` is done after this one.
    pub fn then(&mut self, next: Self) {
        self.operations.extend(next.operations);
    }

    /// True when it does nothing.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// What the tensors become: those no operation names stay as they are, in their order; new ones follow.
    ///
    /// # Errors
    /// The first operation that does not fit the tensors.
    pub fn apply(&self, tensors: &[Described]) -> Result<Vec<Output>, PlanError> {
        let mut workbench = apply::Workbench::new(tensors);
        self.operations.iter().try_for_each(|operation| workbench.perform(operation))?;
        Ok(workbench.finish())
    }
}

#[cfg(test)]
mod tests;
