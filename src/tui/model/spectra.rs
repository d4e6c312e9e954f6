//! What is known of the singular values of the opened checkpoint.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::table::Column;
use crate::spectra::Portrait;

/// Spectra of the opened checkpoint.
#[derive(Debug, Default)]
pub struct Spectra {
    known: FxHashMap<u32, Result<Arc<Portrait>, String>>,
    count: usize,
    /// The tensor whose spectrum was asked for last because it was looked at.
    pub looked_at: Option<u32>,
}

impl Spectra {
    /// Takes what became known of the tensor with this index, or why nothing can be.
    pub fn learn(&mut self, tensor: u32, found: Result<Arc<Portrait>, String>) {
        self.count += usize::from(found.is_ok() && self.portrait(tensor).is_none());
        self.known.insert(tensor, found);
    }

    /// Tensors with a spectrum.
    pub fn count(&self) -> usize {
        self.count
    }

    /// What is known of a tensor.
    pub fn of(&self, tensor: u32) -> Option<&Result<Arc<Portrait>, String>> {
        self.known.get(&tensor)
    }

    /// The spectrum of a tensor.
    pub fn portrait(&self, tensor: u32) -> Option<&Portrait> {
        self.of(tensor)?.as_ref().ok().map(|found| &**found)
    }

    /// What a column of spectra says of a tensor; `None` where nothing is known, and for other columns.
    pub fn number(&self, tensor: u32, column: Column) -> Option<f64> {
        let summary = &self.portrait(tensor)?.summary;
        match column {
            Column::SpectralNorm => Some(summary.spectral_norm),
            Column::StableRank => summary.stable_rank,
            Column::EffectiveRank => summary.effective_rank,
            Column::Alpha => summary.alpha(),
            _ => None,
        }
    }
}
