//! The same numbers in another order of dimensions: `Conv1D` against Linear, Keras and JAX kernels; and shapes that
//! differ in sizes of 1 alone.

use rustc_hash::FxHashSet;

use super::lines;
use super::proposal::{Proposal, counted, some};
use super::view::View;
use crate::compare::plan::{Described, Operation, Plan};

/// Orders that take kernels (spatial…, in, out) to (out, in, spatial…), by rank.
const ORDERS: [&[usize]; 4] = [&[1, 0], &[2, 1, 0], &[3, 2, 0, 1], &[4, 3, 0, 1, 2]];
/// Modules of Hugging Face's GPT-2 whose weights lie (in, out).
const CONV1D: [&str; 4] = ["c_attn", "c_proj", "c_fc", "q_attn"];

pub(super) fn propose(view: &View<'_>, out: &mut Vec<Proposal>) {
    let turned: Vec<(&Described, &[usize])> = view
        .mismatched()
        .filter_map(|(wanted, given)| Some((given, order(&wanted.shape, &given.shape)?)))
        .collect();
    if !turned.is_empty() {
        out.push(permute(view, &turned));
    }
    let reshaped: Vec<(&Described, &Described)> =
        view.mismatched().filter(|(wanted, given)| same_but_ones(&wanted.shape, &given.shape)).collect();
    if !reshaped.is_empty() {
        out.push(reshape(&reshaped));
    }
}

fn order(wanted: &[u64], given: &[u64]) -> Option<&'static [usize]> {
    let fits = |order: &&&[usize]| {
        order.len() == given.len()
            && wanted.len() == given.len()
            && order.iter().zip(wanted).all(|(dim, size)| given.get(*dim) == Some(size))
    };
    ORDERS.iter().find(fits).copied()
}

fn permute(view: &View<'_>, turned: &[(&Described, &'static [usize])]) -> Proposal {
    let squares = squares(view, turned);
    let mut rows: Vec<(String, &'static [usize])> =
        turned.iter().map(|(t, order)| (t.key.clone(), *order)).collect();
    rows.extend(squares.iter().map(|key| (key.clone(), ORDERS.first().copied().unwrap_or_default())));
    let operations =
        rows.iter().map(|(key, order)| Operation::Permute { key: key.clone(), order: order.to_vec() });
    let mut code = Vec::new();
    for order in ORDERS {
        let keys: Vec<Vec<String>> =
            rows.iter().filter(|(_, o)| *o == order).map(|(key, _)| vec![key.clone()]).collect();
        if keys.is_empty() {
            continue;
        }
        let dims: Vec<String> = order.iter().map(usize::to_string).collect();
        let turn = if order.len() == 2 { "t()".to_owned() } else { format!("permute({})", dims.join(", ")) };
        let body = format!("state_dict[key] = state_dict[key].{turn}.contiguous()");
        code.extend(lines::for_each(&["key"], &keys, &[body.as_str()]));
    }
    let conv1d = turned.iter().any(|(t, _)| CONV1D.contains(&module_name(&t.key)));
    let why =
        if conv1d { " (Conv1D of Hugging Face's GPT-2 against Linear)" } else { " (in, out) for (out, in)" };
    let mut notes = Vec::new();
    if !squares.is_empty() {
        notes.push(format!(
            "{} as well ({}), as their neighbours are: a square matrix looks the same either way",
            counted(squares.len(), "square matrix").replace("matrixs", "matrices"),
            some(&squares)
        ));
    } else if let Some(doubt) = doubtful(view, turned) {
        notes.push(doubt);
    }
    Proposal {
        rule: "transpose",
        title: format!("{} lie the other way round{why}: transposed", counted(turned.len(), "weight")),
        notes,
        plan: Plan { operations: operations.collect() },
        lines: code,
        pairs: rows.iter().map(|(key, _)| (key.clone(), key.clone())).collect(),
        estimate: turned.len(),
        ..Proposal::default()
    }
}

/// `c_attn` of `h.0.attn.c_attn.weight`.
fn module_name(key: &str) -> &str {
    key.rsplit('.').nth(1).unwrap_or_default()
}

fn is_square(t: &Described) -> bool {
    matches!(*t.shape, [a, b] if a == b && a > 1)
}

fn is_embedding(key: &str) -> bool {
    ["embed", "wte", "wpe", "pos", "token"].iter().any(|word| key.contains(word))
}

/// Square matrices that must be turned with the others: of modules of the same name, or of a file in which every
/// other matrix is turned.
fn squares(view: &View<'_>, turned: &[(&Described, &'static [usize])]) -> Vec<String> {
    let names: FxHashSet<&str> = turned.iter().map(|(t, _)| module_name(&t.key)).collect();
    let conv1d = names.iter().any(|name| CONV1D.contains(name));
    let straight = |t: &Described| t.shape.len() == 2 && !is_square(t) && !is_embedding(&t.key);
    let all =
        turned.iter().any(|(t, _)| t.shape.len() == 2) && !view.matched().any(|(_, given)| straight(given));
    let several = turned.len() > 1;
    let belongs = |t: &Described| {
        let name = module_name(&t.key);
        let same = several && !is_number(name) && names.contains(name);
        same || conv1d && CONV1D.contains(&name) || several && all && !is_embedding(&t.key)
    };
    let squares =
        view.matched().map(|(_, given)| given).filter(|t| is_square(t) && t.key.ends_with("weight"));
    squares.filter(|t| belongs(t)).map(|t| t.key.clone()).collect()
}

fn is_number(name: &str) -> bool {
    super::view::is_number(name)
}

/// Square matrices of which it cannot be told.
fn doubtful(view: &View<'_>, turned: &[(&Described, &'static [usize])]) -> Option<String> {
    if turned.len() < 2 {
        return None;
    }
    let squares: Vec<String> = view
        .matched()
        .map(|(_, given)| given)
        .filter(|t| is_square(t) && t.key.ends_with("weight") && !is_embedding(&t.key))
        .map(|t| t.key.clone())
        .collect();
    (!squares.is_empty()).then(|| {
        format!("square matrices ({}) may lie the other way round too: names and shapes cannot tell, and they are left as they are", some(&squares))
    })
}

fn same_but_ones(a: &[u64], b: &[u64]) -> bool {
    let core = |shape: &[u64]| shape.iter().copied().filter(|size| *size != 1).collect::<Vec<u64>>();
    a != b && core(a) == core(b)
}

fn reshape(all: &[(&Described, &Described)]) -> Proposal {
    let operations = all
        .iter()
        .map(|(wanted, given)| Operation::Reshape { key: given.key.clone(), shape: wanted.shape.clone() });
    let rows: Vec<Vec<String>> = all.iter().map(|(_, given)| vec![given.key.clone()]).collect();
    let mut code = vec!["own = model.state_dict()".to_owned()];
    code.extend(lines::for_each(
        &["key"],
        &rows,
        &["state_dict[key] = state_dict[key].reshape(own[key].shape)"],
    ));
    Proposal {
        rule: "reshape",
        title: format!("{} differ in dimensions of size 1 alone: reshaped", counted(all.len(), "tensor")),
        plan: Plan { operations: operations.collect() },
        lines: code,
        pairs: rows.iter().map(|row| (row.concat(), row.concat())).collect(),
        estimate: all.len(),
        ..Proposal::default()
    }
}
