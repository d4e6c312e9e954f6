//! Spectra: what is asked for, and what comes.

use std::sync::Arc;

use super::super::action::Effect;
use super::super::commands::Command;
use super::super::model::browser::View;
use super::super::model::jobs::{TaskKind, Unit};
use super::super::model::stats::Panel;
use super::super::model::{Model, Pane, Place};
use crate::spectra::file;
use crate::spectra::survey::{News, cost};
use crate::text::shown;

/// Multiplications up to which a spectrum is computed because its tensor is looked at: a second or two.
const AT_ONCE: f64 = 2e10;

/// The commands of this file; `None` for others.
pub(super) fn run(model: &mut Model, command: Command) -> Option<Vec<Effect>> {
    match command {
        Command::Spectrum => {
            model.focus = Pane::Detail;
            super::stats::show(model, Panel::Spectrum);
            Some(look(model, f64::INFINITY))
        }
        Command::ComputeSpectra => Some(compute_shown(model)),
        _ => None,
    }
}

/// The spectra of the weights that filter and section let through, as far as they are not known.
fn compute_shown(model: &mut Model) -> Vec<Effect> {
    let Some(browser) = &model.browser else { return Vec::new() };
    let checkpoint = browser.checkpoint();
    // State of an optimizer is taken only by who chose its section.
    let weights: Vec<u32> = if browser.section.is_some() {
        let all = (0..).zip(checkpoint.tensors());
        all.filter(|(_, entry)| cost(checkpoint.meta(entry)) > 0.0).map(|(at, _)| at).collect()
    } else {
        file::weights(checkpoint).into_iter().map(|(at, _)| at).collect()
    };
    let shown: Vec<u32> = weights.into_iter().filter(|at| browser.is_shown(*at)).collect();
    let missing: Vec<u32> =
        shown.iter().copied().filter(|at| browser.stats.spectra.of(*at).is_none()).collect();
    let said = match (shown.len() as u64, missing.is_empty()) {
        (0, _) => "none of the tensors shown is a weight matrix: no spectra".to_owned(),
        (n, true) => format!("spectra of all {} are there", matrices(n)),
        (_, false) => return begin(model, missing),
    };
    model.say(said);
    Vec::new()
}

fn matrices(count: u64) -> String {
    if count == 1 { "1 matrix".to_owned() } else { format!("{count} matrices") }
}

fn begin(model: &mut Model, tensors: Vec<u32>) -> Vec<Effect> {
    let Some(browser) = &model.browser else { return Vec::new() };
    let layers = Arc::clone(browser.layers());
    let (generation, work) = model.jobs.begin(TaskKind::Spectra, "spectra", Unit::Parts, model.ticks);
    vec![Effect::Spectra(generation, work, layers, tensors)]
}

/// The spectrum of the tensor that is looked at, unless that takes long.
pub(super) fn follow(model: &mut Model) -> Vec<Effect> {
    let is_shown = model.place == Place::Checkpoint
        && model.browser.as_ref().is_some_and(|browser| {
            browser.stats.panel == Panel::Spectrum && matches!(browser.view, View::Layers | View::Tensors)
        });
    if is_shown { look(model, AT_ONCE) } else { Vec::new() }
}

fn look(model: &mut Model, most: f64) -> Vec<Effect> {
    let busy = model.jobs.task(TaskKind::Spectra).is_some();
    let Some(browser) = &mut model.browser else { return Vec::new() };
    let Some(tensor) = browser.tensor() else { return Vec::new() };
    let layers = Arc::clone(browser.layers());
    let Some(entry) = layers.entry(tensor) else { return Vec::new() };
    let spectra = &mut browser.stats.spectra;
    if busy || spectra.of(tensor).is_some() || spectra.looked_at == Some(tensor) {
        return Vec::new();
    }
    if cost(layers.checkpoint().meta(entry)) > most {
        return Vec::new();
    }
    spectra.looked_at = Some(tensor);
    begin(model, vec![tensor])
}

/// True for a tensor whose spectrum is only computed when it is asked for.
pub(in crate::tui) fn takes_long(model: &Model, tensor: u32) -> bool {
    let Some(browser) = &model.browser else { return false };
    browser.layers().entry(tensor).is_some_and(|entry| cost(browser.checkpoint().meta(entry)) > AT_ONCE)
}

/// Spectra became known.
pub(super) fn learned(model: &mut Model, generation: u64, news: Option<News>) -> Vec<Effect> {
    if !model.jobs.is_current(TaskKind::Spectra, generation) {
        return Vec::new();
    }
    match news {
        Some(News::Backend(name)) => {
            model.jobs.retitle(TaskKind::Spectra, format!("spectra by {}", shown(&name)));
        }
        Some(News::Note(note)) => model.complain(shown(&note)),
        Some(News::Known(tensor, found)) => {
            if let Some(browser) = &mut model.browser {
                browser.stats.spectra.learn(tensor, found);
            }
        }
        None => {
            model.jobs.finish(TaskKind::Spectra, generation);
            if let Some(browser) = &mut model.browser {
                // Rows ordered by what was not known find their places.
                browser.rebuild();
            }
        }
    }
    Vec::new()
}
