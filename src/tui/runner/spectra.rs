//! Spectra, on whichever thread calls.

use super::super::model::layers::Layers;
use crate::cache::Cache;
use crate::spectra::survey::News;
use crate::spectra::{Choice, Survey};
use crate::work::Work;

/// Computes the spectra of some tensors and hands each over as it comes; false where the work was stopped.
pub fn spectra(
    layers: &Layers,
    tensors: &[u32],
    cache: &Cache,
    work: &Work,
    send: &mut dyn FnMut(News),
) -> bool {
    let survey = Survey { checkpoint: layers.checkpoint(), cache, choice: Choice::Auto, work };
    survey.run(tensors, send).is_ok()
}
