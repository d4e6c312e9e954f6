//! Weights packed by a quantiser: recognised and said, never compared as numbers.

use super::proposal::{Proposal, counted};
use super::view::View;

/// Endings that stand beside packed weights, and who writes them.
const PACKERS: [(&[&str], &str); 8] = [
    (
        &[
            ".quant_state.bitsandbytes__nf4",
            ".quant_state.bitsandbytes__fp4",
            ".quant_map",
            ".absmax",
            ".nested_absmax",
        ],
        "bitsandbytes, 4 bits",
    ),
    (&[".SCB", ".weight_format"], "bitsandbytes, 8 bits"),
    (&[".g_idx", ".qweight", ".qzeros"], "GPTQ or AWQ"),
    (&[".weight_scale_inv", ".weight_scale"], "float8 with scales"),
    (
        &["._packed_params._packed_params", "._packed_params.dtype", "._packed_params._packed_params.0"],
        "torch's quantised modules",
    ),
    (&[".scales", ".biases"], "MLX"),
    (&[".weight_packed"], "compressed-tensors"),
    (&[".zero_point", ".scale"], "torch's quantised modules"),
];

pub(super) fn propose(view: &View<'_>, out: &mut Vec<Proposal>) {
    if let Some((count, who)) = packed(view.unexpected_items().map(crate::compare::keys::Item::key)) {
        out.push(said(
            count,
            who,
            "the candidate",
            "dequantise it with the library that wrote it, or build the model with the same quantiser",
        ));
    } else if let Some((count, who)) = packed(view.missing().map(|t| t.key.as_str())) {
        out.push(said(count, who, "the model", "load a quantised checkpoint, or quantise after loading"));
    }
}

fn packed<'a>(keys: impl Iterator<Item = &'a str>) -> Option<(usize, &'static str)> {
    let mut counts = [0_usize; PACKERS.len()];
    for key in keys {
        let found = PACKERS.iter().position(|(ends, _)| ends.iter().any(|end| key.ends_with(end)));
        if let Some(count) = found.and_then(|at| counts.get_mut(at)) {
            *count += 1;
        }
    }
    let (at, count) = counts.iter().enumerate().max_by_key(|(_, count)| **count)?;
    let who = PACKERS.get(at)?.1;
    (*count > 0).then_some((*count, who))
}

fn said(count: usize, who: &str, side: &str, what: &str) -> Proposal {
    Proposal {
        rule: "quantised",
        title: format!("{side} is quantised ({who}; {} of packing): {what}", counted(count, "tensor")),
        ..Proposal::default()
    }
}
