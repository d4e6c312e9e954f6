//! Making long curves ready to be drawn, on a worker: one batch at a time, the newest wishes in the next.

use super::super::action::{Effect, MadeLine};
use super::super::model::Model;

/// Begins to make ready what the plot waits for.
pub(super) fn wanted(model: &mut Model) -> Vec<Effect> {
    let curve = &mut model.home.curve;
    if curve.preparing.is_some() || curve.wanted.is_empty() {
        return Vec::new();
    }
    let wanted = std::mem::take(&mut curve.wanted);
    let generation = model.jobs.number();
    model.home.curve.preparing = Some(generation);
    vec![Effect::PrepareLines(generation, wanted)]
}

/// Lines are ready.
pub(super) fn prepared(model: &mut Model, generation: u64, made: Vec<MadeLine>) -> Vec<Effect> {
    model.home.curve.prepared(generation, made);
    model.home.redraw();
    Vec::new()
}
