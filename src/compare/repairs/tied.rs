//! Tied weights: one tensor under two names, of which a file may hold one only.

use super::lines;
use super::proposal::{Proposal, counted, quoted};
use super::view::View;
use crate::compare::plan::{Operation, Plan};
use crate::text::python::string;

/// Output layers that often share the weight of an embedding.
const HEADS: [&str; 5] =
    ["lm_head.weight", "embed_out.weight", "output.weight", "decoder.weight", "head.weight"];
/// Embeddings they share it with.
const EMBEDDINGS: [&str; 7] =
    ["embed_tokens", "wte", "word_embeddings", "tok_embeddings", "embed_in", "token_embedding", "shared"];

pub(super) fn propose(view: &View<'_>, out: &mut Vec<Proposal>) {
    let mut pairs = Vec::new();
    let mut guessed = false;
    for tensor in view.missing() {
        let recorded = twin(view, &tensor.key);
        let source =
            recorded.or_else(|| embedding(view, &tensor.key, &tensor.shape).inspect(|_| guessed = true));
        let Some(source) = source else { continue };
        if view.current.get(&source).is_some_and(|item| item.is_tensor() && item.tensor.shape == tensor.shape)
        {
            pairs.push((source, tensor.key.clone()));
        }
    }
    if pairs.is_empty() {
        return;
    }
    let copies = pairs.iter().map(|(from, into)| Operation::Copy { from: from.clone(), into: into.clone() });
    let named: Vec<String> =
        pairs.iter().map(|(from, into)| format!("{} is {}", quoted(into), quoted(from))).collect();
    let few = named.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    let lines = if let [(from, into)] = pairs.as_slice() {
        vec![format!("state_dict[{}] = state_dict[{}]", string(into), string(from))]
    } else {
        let rows: Vec<Vec<String>> =
            pairs.iter().map(|(from, into)| vec![into.clone(), from.clone()]).collect();
        lines::for_each(&["name", "kept"], &rows, &["state_dict[name] = state_dict[kept]"])
    };
    let note = "by name and shape; neither file records that they are tied".to_owned();
    out.push(Proposal {
        rule: "tied",
        title: format!(
            "{} left out because it was tied (one tensor under two names): {few}",
            counted(pairs.len(), "tensor")
        ),
        notes: if guessed { vec![note] } else { Vec::new() },
        plan: Plan { operations: copies.collect() },
        lines,
        estimate: pairs.len(),
        pairs,
        ..Proposal::default()
    });
}

/// The other name of a tensor, where either file records it.
fn twin(view: &View<'_>, key: &str) -> Option<String> {
    let ties = view.reference.ties.iter().chain(&view.current.ties);
    let others = ties.filter_map(|(a, b)| match key {
        _ if a == key => Some(b),
        _ if b == key => Some(a),
        _ => None,
    });
    others.into_iter().find(|other| view.current.get(other).is_some()).cloned()
}

fn embedding(view: &View<'_>, key: &str, shape: &[u64]) -> Option<String> {
    if !HEADS.iter().any(|head| key == *head || key.ends_with(&format!(".{head}"))) {
        return None;
    }
    let named = |key: &str| EMBEDDINGS.iter().any(|word| key.split('.').any(|component| component == *word));
    let mut found = view.matched().filter(|(t, _)| t.shape == shape && named(&t.key));
    let first = found.next()?;
    found.next().is_none().then(|| first.1.key.clone())
}
