//! What the candidate has in no form: said, with what becomes of it.

use super::lines;
use super::proposal::{Proposal, counted, some};
use super::view::View;
use crate::compare::plan::Described;

/// Buffers that follow from the model's settings.
const COMPUTED: [&str; 7] = [
    "relative_position_index",
    "relative_coords_table",
    "inv_freq",
    "position_ids",
    "attn_mask",
    "causal_mask",
    "masked_bias",
];
/// Batch norm's statistics.
const STATISTICS: [&str; 2] = ["running_mean", "running_var"];

pub(super) fn propose(view: &View<'_>, out: &mut Vec<Proposal>) {
    let leaf = |t: &Described| t.key.rsplit('.').next().unwrap_or_default().to_owned();
    let is = |words: &'static [&'static str]| move |t: &&Described| words.contains(&leaf(t).as_str());
    let computed: Vec<&Described> = view.asked_in_vain().filter(is(&COMPUTED)).collect();
    let statistics: Vec<&Described> = view.asked_in_vain().filter(is(&STATISTICS)).collect();
    if !computed.is_empty() {
        out.push(own(
            "own_buffers",
            &computed,
            "not in the candidate; buffers the model computes itself, and its own may be kept",
        ));
    }
    if !statistics.is_empty() {
        let why = "not in the candidate; it was saved without batch norm's statistics, or with another norm. In eval mode the model needs them";
        out.push(own("no_statistics", &statistics, why));
    }
    let rest: Vec<&Described> =
        view.asked_in_vain().filter(|t| !is(&COMPUTED)(t) && !is(&STATISTICS)(t)).collect();
    if !rest.is_empty() && view.unexpected().next().is_none() {
        let why = "in the candidate in no form; new parts of the model, which keep its own values with strict=False";
        out.push(Proposal { lines: Vec::new(), ..own("new_parts", &rest, why) });
    }
}

/// Tensors that are taken from the model itself.
fn own(rule: &'static str, all: &[&Described], why: &str) -> Proposal {
    let names: Vec<String> = all.iter().map(|t| t.key.clone()).collect();
    let rows: Vec<Vec<String>> = names.iter().map(|name| vec![name.clone()]).collect();
    let mut code = vec!["own = model.state_dict()".to_owned()];
    code.extend(lines::for_each(&["key"], &rows, &["state_dict[key] = own[key]"]));
    Proposal {
        rule,
        title: format!("{} ({}): {why}", counted(names.len(), "key"), some(&names)),
        lines: code,
        estimate: names.len(),
        ..Proposal::default()
    }
}
