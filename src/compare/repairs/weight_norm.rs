//! Weight norm: its old and its new names, and the plain weight it is folded into or made from.

use super::lines;
use super::proposal::{Proposal, counted};
use super::view::View;
use crate::compare::plan::{Operation, Plan, is_magnitude};
use crate::sorting::Sort as _;
use crate::tensor::saturating_product;

/// Names of magnitude and direction of one weight.
struct Normed {
    /// Name of the weight they make.
    weight: String,
    g: String,
    v: String,
}

pub(super) fn propose(view: &View<'_>, out: &mut Vec<Proposal>) {
    let (missing, unexpected) = (view.missing_by_name(), view.unexpected_by_name());
    let given: Vec<Normed> = unexpected.keys().filter_map(|key| normed(key)).collect();
    let given =
        ordered(given, |n| unexpected.contains_key(n.g.as_str()) && unexpected.contains_key(n.v.as_str()));
    let asked: Vec<Normed> = missing.keys().filter_map(|key| normed(key)).collect();
    let asked = ordered(asked, |n| missing.contains_key(n.g.as_str()) && missing.contains_key(n.v.as_str()));
    names(view, &given, &asked, out);
    fold(view, &given, out);
    unfold(view, &asked, out);
}

fn ordered(mut all: Vec<Normed>, complete: impl Fn(&Normed) -> bool) -> Vec<Normed> {
    all.retain(|n| complete(n));
    all.in_order(|a, b| crate::text::natural::compare(&a.weight, &b.weight));
    all
}

/// The three names, from that of the magnitude.
fn normed(key: &str) -> Option<Normed> {
    if let Some(stem) = key.strip_suffix("_g") {
        return Some(Normed { weight: stem.to_owned(), g: key.to_owned(), v: format!("{stem}_v") });
    }
    let stem = key.strip_suffix(".original0")?;
    let (module, name) = stem.rsplit_once('.')?;
    let module = module.strip_suffix("parametrizations")?;
    Some(Normed { weight: format!("{module}{name}"), g: key.to_owned(), v: format!("{stem}.original1") })
}

fn names(view: &View<'_>, given: &[Normed], asked: &[Normed], out: &mut Vec<Proposal>) {
    let mut pairs = Vec::new();
    for to in asked {
        if let Some(from) = given.iter().find(|n| n.weight == to.weight) {
            pairs.push((from.g.clone(), to.g.clone()));
            pairs.push((from.v.clone(), to.v.clone()));
        }
    }
    let Some((from, _)) = pairs.first() else { return };
    let (old, new) = ("weight_g, weight_v", "parametrizations.weight.original0, original1");
    let (from, to) = if from.ends_with("_g") { (old, new) } else { (new, old) };
    let title = format!("weight norm under other names: {from} for {to}");
    let lines = lines::rename(&pairs);
    out.push(Proposal::rename(view, "weight_norm", title, pairs, lines));
}

fn fold(view: &View<'_>, given: &[Normed], out: &mut Vec<Proposal>) {
    let (mut operations, mut rows, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
    for n in given {
        let shape = |key: &str| view.current.get(key).map(|item| item.tensor.shape.clone());
        let (Some(g), Some(v)) = (shape(&n.g), shape(&n.v)) else { continue };
        let wanted = view.reference.get(&n.weight).filter(|_| view.current.get(&n.weight).is_none());
        if wanted.is_none_or(|w| w.tensor.shape != v) || !is_magnitude(&g, &v) {
            continue;
        }
        operations.push(Operation::FoldWeightNorm { g: n.g.clone(), v: n.v.clone(), into: n.weight.clone() });
        rows.push(vec![n.g.clone(), n.v.clone(), n.weight.clone()]);
        pairs.push((n.g.clone(), n.weight.clone()));
        pairs.push((n.v.clone(), n.weight.clone()));
    }
    if operations.is_empty() {
        return;
    }
    let body = [
        "magnitude, direction = state_dict.pop(g), state_dict.pop(v)",
        "dims = [d for d in range(direction.ndim) if magnitude.ndim == 0 or magnitude.shape[d] == 1]",
        "norm = torch.linalg.vector_norm(direction, dim=dims, keepdim=magnitude.ndim > 0)",
        "state_dict[weight] = direction * (magnitude / norm)",
    ];
    let estimate = operations.len();
    out.push(Proposal {
        rule: "fold_weight_norm",
        title: format!(
            "weight norm is still on {} of the candidate and not in the model: folded into the weight",
            counted(estimate, "layer")
        ),
        plan: Plan { operations },
        lines: lines::for_each(&["g", "v", "weight"], &rows, &body),
        pairs,
        estimate,
        ..Proposal::default()
    });
}

fn unfold(view: &View<'_>, asked: &[Normed], out: &mut Vec<Proposal>) {
    let (mut operations, mut rows, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
    for n in asked {
        let shape = |key: &str| view.reference.get(key).map(|item| item.tensor.shape.clone());
        let (Some(g), Some(v)) = (shape(&n.g), shape(&n.v)) else { continue };
        let given = view.current.get(&n.weight).filter(|_| view.reference.get(&n.weight).is_none());
        let fits = given.is_some_and(|item| item.is_tensor() && item.tensor.shape == v);
        if !fits || !is_magnitude(&g, &v) || saturating_product(&v) == 0 {
            continue;
        }
        let (from, v) = (n.weight.clone(), n.v.clone());
        operations.push(Operation::UnfoldWeightNorm { from, g: n.g.clone(), g_shape: g, v });
        rows.push(vec![n.weight.clone(), n.g.clone(), n.v.clone()]);
        pairs.push((n.weight.clone(), n.g.clone()));
        pairs.push((n.weight.clone(), n.v.clone()));
    }
    if operations.is_empty() {
        return;
    }
    let body = [
        "shape = own[g].shape",
        "tensor = state_dict.pop(weight)",
        "dims = [d for d in range(tensor.ndim) if len(shape) == 0 or shape[d] == 1]",
        "state_dict[g] = torch.linalg.vector_norm(tensor, dim=dims, keepdim=len(shape) > 0)",
        "state_dict[v] = tensor",
    ];
    let mut code = vec!["own = model.state_dict()".to_owned()];
    code.extend(lines::for_each(&["weight", "g", "v"], &rows, &body));
    out.push(Proposal {
        rule: "unfold_weight_norm",
        title: format!(
            "the model has weight norm on {}, the candidate the plain weight: taken apart into magnitude and direction",
            counted(operations.len(), "layer")
        ),
        estimate: operations.len() * 2,
        plan: Plan { operations },
        lines: code,
        pairs,
        ..Proposal::default()
    });
}
