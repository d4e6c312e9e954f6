//! The singular values of a tensor, in words. The plot is drawn below.

use super::{fact, of, stats::name};
use crate::spectra::Portrait;
use crate::spectra::survey::refusal;
use crate::text::number;
use crate::text::shown;
use crate::tui::model::document::{Document, Line, Mark};
use crate::tui::model::jobs::TaskKind;
use crate::tui::model::{Browser, Model};

/// What is known of the spectrum of a tensor, or why there is none.
pub fn document(model: &Model, browser: &Browser, tensor: u32) -> Document {
    let Some(entry) = browser.layers().entry(tensor) else { return Vec::new() };
    let meta = browser.checkpoint().meta(entry);
    let mut out = vec![Line::Heading(name(entry))];
    match browser.stats.spectra.of(tensor) {
        Some(Ok(portrait)) => {
            facts(portrait, &mut out);
            if meta.shape().len() > 2 {
                let text = "unfolded as weight.flatten(1)";
                out.push(Line::Hint(text.to_owned()));
            }
        }
        Some(Err(reason)) => out.push(Line::Item(Mark::Warning, reason.clone())),
        None => match refusal(meta) {
            Some(reason) => out.push(Line::Item(Mark::Warning, reason)),
            None if model.jobs.task(TaskKind::Spectra).is_some() => {
                out.push(Line::Keys("computing ... {back} stops"));
            }
            None if super::super::update::spectrum_takes_long(model, tensor) => {
                let shape = number::shape(meta.shape());
                out.push(Line::Hint(format!("the spectrum of {shape} takes a while")));
                out.push(Line::Keys("{spectrum} computes it"));
            }
            None => out.push(Line::Keys("{spectrum} computes its spectrum")),
        },
    }
    out
}

fn facts(portrait: &Portrait, out: &mut Document) {
    let summary = &portrait.summary;
    let full = portrait.full();
    let (rows, columns) = portrait.matrix;
    out.push(fact("matrix", format!("{} x {}", number::grouped(rows), number::grouped(columns))));
    out.push(fact("spectral norm", number::metric(summary.spectral_norm)));
    out.push(fact("Frobenius", number::metric(summary.frobenius_norm)));
    let condition = match (summary.condition_number, summary.rank) {
        (Some(condition), _) => number::metric(condition),
        (None, Some(rank)) => {
            format!("infinite: rank {} of {}", number::grouped(rank as u64), number::grouped(full))
        }
        (None, None) => "not known".to_owned(),
    };
    out.push(fact("condition", condition));
    out.extend(summary.stable_rank.map(|rank| fact("stable rank", number::metric(rank))));
    let effective = match (summary.effective_rank, portrait.is_complete) {
        (Some(rank), _) => format!("{} of {}", number::metric(rank), number::grouped(full)),
        (None, true) => "none: all elements are zero".to_owned(),
        (None, false) => "not known".to_owned(),
    };
    out.push(fact("eff. rank", effective));
    let alpha = match summary.tail {
        Some(fit) => format!(
            "{} (KS {:.3}, {})",
            number::metric(fit.alpha),
            fit.distance,
            of(fit.count as u64, "value"),
        ),
        None if portrait.count < crate::spectra::power_law::SHORTEST => {
            format!("no fit: fewer than {} values", crate::spectra::power_law::SHORTEST)
        }
        None => "no fit: the spectrum has no tail".to_owned(),
    };
    out.push(fact("alpha", alpha));
    if !portrait.is_complete {
        let (some, all) = (number::grouped(portrait.count as u64), number::grouped(full));
        let within = number::metric(portrait.error_bound);
        out.push(fact("values", format!("{some} largest of {all}, each within {within}")));
    }
    out.push(fact("computed by", shown(&portrait.backend)));
}
