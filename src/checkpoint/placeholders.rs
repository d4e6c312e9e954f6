//! Weights that are not there: ZeRO stage 3 keeps tensors of shape (0,) where the others have weights.

use super::{Diagnostic, Section, SectionRole, Severity, TensorEntry};
use crate::value::Tree;

/// So many empty weights are no accident.
const FEW: usize = 3;

/// Says so when most weights of a model are empty.
pub(super) fn find(tree: &Tree, sections: &[Section], entries: &[TensorEntry]) -> Option<Diagnostic> {
    let is_weight = |entry: &&TensorEntry| {
        sections
            .get(entry.section as usize)
            .is_some_and(|s| matches!(s.role, SectionRole::Model | SectionRole::Ema))
    };
    let is_empty = |entry: &&TensorEntry| tree.tensor(entry.id).is_some_and(|meta| meta.shape() == [0]);
    let (weights, empty) = entries
        .iter()
        .filter(is_weight)
        .fold((0_usize, 0_usize), |(all, empty), entry| (all + 1, empty + usize::from(is_empty(&entry))));
    (empty >= FEW && empty * 2 > weights).then(|| {
        let text = format!(
            "{empty} of {weights} weights have the shape (0,): placeholders of DeepSpeed's ZeRO stage 3, whose values \
             are in the optimizer files of all ranks; open the folder, or convert it with zero_to_fp32"
        );
        Diagnostic::new(Severity::Warning, "ZERO_PLACEHOLDER", text)
    })
}
