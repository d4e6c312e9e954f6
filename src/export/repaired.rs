//! A checkpoint's weights, repaired: what a plan makes of its tensors, ready to be written.

use super::made::Ingredients;
use super::safetensors::Entry;
use super::weights::{Request, Selection, target, text_beside};
use super::write::{Item, Origin};
use crate::checkpoint::Checkpoint;
use crate::compare::plan::{Described, Plan, Recipe};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{TensorId, TensorMeta};
use crate::text::shown;

/// The tensors a plan starts from.
///
/// `tensors` are those of one section of `checkpoint`, in the order the plan was found for; what the format cannot
/// hold is an error only if it is part of the result.
pub fn ingredients<'a>(checkpoint: &'a Checkpoint, tensors: &[(Described, TensorId)]) -> Ingredients<'a> {
    Ingredients { checkpoint, tensors: tensors.iter().map(|(_, id)| *id).collect() }
}

/// What will be written of `ingredients` after `plan`. Every name of the result is written, tied ones too: the
/// file is to load as it is.
///
/// # Errors
/// [`ErrorKind::Unsupported`] when the plan does not fit the tensors, and for tensors the format cannot hold.
pub fn select<'a>(
    ingredients: &'a Ingredients<'a>,
    tensors: &[(Described, TensorId)],
    plan: &Plan,
    request: &Request,
) -> Result<Selection<'a>> {
    let checkpoint = ingredients.checkpoint;
    let fail = |text: String| Error::new(ErrorKind::Unsupported, text).in_file(checkpoint.path());
    let described: Vec<Described> = tensors.iter().map(|(described, _)| described.clone()).collect();
    let outputs = plan.apply(&described).map_err(|error| fail(error.to_string()))?;
    let mut selection = Selection { metadata: text_beside(checkpoint), ..Selection::default() };
    for output in outputs {
        let name = output.key;
        match target(&described_meta(ingredients, &output.recipe), request.dtype) {
            Ok(dtype) => {
                let entry = Entry { name, dtype, shape: output.recipe.shape.clone() };
                selection.items.push(Item { entry, origin: Origin::Recipe(ingredients, output.recipe) });
            }
            Err(reason) if request.skip_unsupported => selection.skipped.push((name, reason)),
            Err(reason) => {
                let error = fail(format!("tensor {}: {reason}", shown(&name)));
                return Err(error.advise("leave such tensors out with --skip-unsupported"));
            }
        }
    }
    if selection.items.is_empty() {
        return Err(fail("nothing is left of it".to_owned()));
    }
    Ok(selection)
}

/// What decides how a tensor is written: that of the source where it is one, else what the recipe makes.
fn described_meta(ingredients: &Ingredients<'_>, recipe: &Recipe) -> TensorMeta {
    let source = recipe.unchanged_source().and_then(|at| ingredients.tensors.get(at));
    let meta = source.and_then(|id| ingredients.checkpoint.tree().tensor(*id));
    meta.cloned().unwrap_or_else(|| TensorMeta::contiguous(recipe.dtype, &recipe.shape, None, 0))
}
