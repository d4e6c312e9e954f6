//! Performs the operations of a plan on descriptions of tensors.

use std::fmt;

use rustc_hash::FxHashMap;

use super::{Described, How, Operation, Output, Recipe};
use crate::tensor::saturating_product;
use crate::text::shown;

/// Why a plan does not fit the tensors it is applied to; safe to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanError(String);

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PlanError {}

fn error(key: &str, what: &str) -> PlanError {
    PlanError(format!("the repair does not fit: \"{}\" {what}", shown(key)))
}

/// `recipe`, or the error that `key` is not what the operation needs.
fn fitting(recipe: Option<Recipe>, key: &str, what: &str) -> Result<Recipe, PlanError> {
    recipe.ok_or_else(|| error(key, what))
}

/// The tensors while they are worked on.
pub(super) struct Workbench {
    slots: Vec<Option<Output>>,
    by_name: FxHashMap<String, usize>,
}

impl Workbench {
    pub(super) fn new(tensors: &[Described]) -> Self {
        let output = |(at, t): (usize, &Described)| {
            let recipe = Recipe { shape: t.shape.clone(), dtype: t.dtype, how: How::Source(at) };
            Some(Output { key: t.key.clone(), recipe })
        };
        let by_name = tensors.iter().enumerate().map(|(at, t)| (t.key.clone(), at)).collect();
        Self { slots: tensors.iter().enumerate().map(output).collect(), by_name }
    }

    pub(super) fn finish(self) -> Vec<Output> {
        self.slots.into_iter().flatten().collect()
    }

    pub(super) fn perform(&mut self, operation: &Operation) -> Result<(), PlanError> {
        match operation {
            Operation::Rename(pairs) => self.rename(pairs),
            Operation::Permute { key, order } => self.change(key, |r| permuted(r, order)),
            Operation::Reshape { key, shape } => self.change(key, |r| reshaped(r, shape)),
            Operation::Split { from, axis, into } => self.split(from, *axis, into),
            Operation::Concat { from, axis, into } => {
                let joined = concatenated(self.take_all(from)?, *axis);
                self.put(into, fitting(joined, into, "has parts that do not go together")?)
            }
            Operation::Stack { from, into } => self.stack(from, into),
            Operation::Unstack { from, into } => self.unstack(from, into),
            Operation::FoldWeightNorm { g, v, into } => {
                let folded = weight_norm(self.take(g)?, self.take(v)?);
                self.put(into, fitting(folded, into, "has magnitudes of another shape")?)
            }
            Operation::UnfoldWeightNorm { from, g, g_shape, v } => self.unfold(from, g, g_shape, v),
            Operation::MergeLowRank { base, a, b, scaling } => {
                let (a, b) = (self.take(a)?, self.take(b)?);
                self.change(base, |base| low_rank(base, a, b, *scaling))
            }
            Operation::Copy { from, into } => {
                let recipe = self.get(from)?.clone();
                self.put(into, recipe)
            }
            Operation::Zeros(t) => {
                self.put(&t.key, Recipe { shape: t.shape.clone(), dtype: t.dtype, how: How::Zeros })
            }
            Operation::Drop(keys) => self.take_all(keys).map(drop),
        }
    }

    fn slot(&self, key: &str) -> Result<usize, PlanError> {
        self.by_name.get(key).copied().ok_or_else(|| error(key, "is not there"))
    }

    fn get(&self, key: &str) -> Result<&Recipe, PlanError> {
        let slot = self.slots.get(self.slot(key)?).and_then(Option::as_ref);
        slot.map(|output| &output.recipe).ok_or_else(|| error(key, "is not there"))
    }

    fn take(&mut self, key: &str) -> Result<Recipe, PlanError> {
        let at = self.slot(key)?;
        self.by_name.remove(key);
        let output = self.slots.get_mut(at).and_then(Option::take);
        output.map(|output| output.recipe).ok_or_else(|| error(key, "is not there"))
    }

    fn take_all(&mut self, keys: &[String]) -> Result<Vec<Recipe>, PlanError> {
        keys.iter().map(|key| self.take(key)).collect()
    }

    fn put(&mut self, key: &str, recipe: Recipe) -> Result<(), PlanError> {
        if self.by_name.insert(key.to_owned(), self.slots.len()).is_some() {
            return Err(error(key, "is there already"));
        }
        self.slots.push(Some(Output { key: key.to_owned(), recipe }));
        Ok(())
    }

    fn change(&mut self, key: &str, change: impl FnOnce(Recipe) -> Option<Recipe>) -> Result<(), PlanError> {
        let at = self.slot(key)?;
        let slot = self.slots.get_mut(at).ok_or_else(|| error(key, "is not there"))?;
        let output = slot.take().ok_or_else(|| error(key, "is not there"))?;
        let recipe = fitting(change(output.recipe), key, "has another shape")?;
        *slot = Some(Output { key: output.key, recipe });
        Ok(())
    }

    /// Old names go first, so that new ones may be among them.
    fn rename(&mut self, pairs: &[(String, String)]) -> Result<(), PlanError> {
        let slots: Vec<usize> = pairs.iter().map(|(from, _)| self.slot(from)).collect::<Result<_, _>>()?;
        for (from, _) in pairs {
            self.by_name.remove(from);
        }
        for ((_, to), at) in pairs.iter().zip(slots) {
            if self.by_name.insert(to.clone(), at).is_some() {
                return Err(error(to, "is there already"));
            }
            if let Some(Some(output)) = self.slots.get_mut(at) {
                output.key.clone_from(to);
            }
        }
        Ok(())
    }

    fn split(&mut self, from: &str, axis: usize, into: &[(String, u64)]) -> Result<(), PlanError> {
        let whole = self.take(from)?;
        let total = into.iter().try_fold(0_u64, |sum, (_, size)| sum.checked_add(*size));
        if total.is_none() || whole.shape.get(axis).copied() != total {
            return Err(error(from, "has another size"));
        }
        let mut start = 0;
        for (key, size) in into {
            self.put(key, fitting(narrowed(&whole, axis, start, *size), from, "has another size")?)?;
            start += size;
        }
        Ok(())
    }

    fn stack(&mut self, from: &[String], into: &str) -> Result<(), PlanError> {
        let parts = self.take_all(from)?.into_iter();
        let parts = parts.map(|part| {
            let shape: Vec<u64> = std::iter::once(1).chain(part.shape.iter().copied()).collect();
            reshaped(part, &shape)
        });
        let stacked = parts.collect::<Option<Vec<Recipe>>>().and_then(|parts| concatenated(parts, 0));
        self.put(into, fitting(stacked, into, "has parts of different shapes")?)
    }

    fn unstack(&mut self, from: &str, into: &[String]) -> Result<(), PlanError> {
        let whole = self.take(from)?;
        if whole.shape.first() != Some(&(into.len() as u64)) {
            return Err(error(from, "has another first size"));
        }
        let rest: Vec<u64> = whole.shape.iter().skip(1).copied().collect();
        for (at, key) in into.iter().enumerate() {
            let part = narrowed(&whole, 0, at as u64, 1).and_then(|part| reshaped(part, &rest));
            self.put(key, fitting(part, from, "has another shape")?)?;
        }
        Ok(())
    }

    fn unfold(&mut self, from: &str, g: &str, g_shape: &[u64], v: &str) -> Result<(), PlanError> {
        let weight = self.take(from)?;
        if !is_magnitude(g_shape, &weight.shape) {
            return Err(error(g, "has another shape"));
        }
        let how = How::Norms(Box::new(weight.clone()));
        self.put(g, Recipe { shape: g_shape.to_vec(), dtype: weight.dtype, how })?;
        self.put(v, weight)
    }
}

fn permuted(of: Recipe, order: &[usize]) -> Option<Recipe> {
    let mut seen = order.to_vec();
    seen.sort_unstable();
    if seen.len() != of.shape.len() || seen.iter().enumerate().any(|(at, dim)| at != *dim) {
        return None;
    }
    let shape = order.iter().map(|dim| of.shape.get(*dim).copied()).collect::<Option<Vec<u64>>>()?;
    Some(Recipe { shape, dtype: of.dtype, how: How::Permuted { of: Box::new(of), order: order.to_vec() } })
}

fn reshaped(of: Recipe, shape: &[u64]) -> Option<Recipe> {
    let fits = saturating_product(shape) == of.numel();
    fits.then(|| Recipe { shape: shape.to_vec(), dtype: of.dtype, how: How::Reshaped(Box::new(of)) })
}

fn narrowed(of: &Recipe, axis: usize, start: u64, len: u64) -> Option<Recipe> {
    let mut shape = of.shape.clone();
    let size = shape.get_mut(axis)?;
    if start.checked_add(len)? > *size {
        return None;
    }
    *size = len;
    Some(Recipe { shape, dtype: of.dtype, how: How::Narrowed { of: Box::new(of.clone()), axis, start } })
}

fn concatenated(of: Vec<Recipe>, axis: usize) -> Option<Recipe> {
    let first = of.first()?;
    let (mut shape, dtype) = (first.shape.clone(), first.dtype);
    let mut total = 0_u64;
    for part in &of {
        let beside = |a: &[u64], b: &[u64]| {
            a.len() == b.len() && a.iter().zip(b).enumerate().all(|(dim, (x, y))| dim == axis || x == y)
        };
        if !beside(&part.shape, &shape) || part.dtype != dtype {
            return None;
        }
        total = total.checked_add(*part.shape.get(axis)?)?;
    }
    *shape.get_mut(axis)? = total;
    Some(Recipe { shape, dtype, how: How::Concatenated { of, axis } })
}

/// Magnitudes of weight norm: each size is 1 or the weight's own; or one number for the whole weight.
pub(in crate::compare) fn is_magnitude(g: &[u64], weight: &[u64]) -> bool {
    g.is_empty() || g.len() == weight.len() && g.iter().zip(weight).all(|(g, w)| *g == 1 || g == w)
}

fn weight_norm(g: Recipe, v: Recipe) -> Option<Recipe> {
    is_magnitude(&g.shape, &v.shape).then(|| Recipe {
        shape: v.shape.clone(),
        dtype: v.dtype,
        how: How::WeightNorm { g: Box::new(g), v: Box::new(v) },
    })
}

fn low_rank(base: Recipe, a: Recipe, b: Recipe, scaling: f64) -> Option<Recipe> {
    let ([out, input], [rank, a_in], [b_out, b_rank]) = (&*base.shape, &*a.shape, &*b.shape) else {
        return None;
    };
    if (out, input, rank) != (b_out, a_in, b_rank) {
        return None;
    }
    Some(Recipe {
        shape: base.shape.clone(),
        dtype: base.dtype,
        how: How::LowRank { base: Box::new(base), a: Box::new(a), b: Box::new(b), scaling },
    })
}
