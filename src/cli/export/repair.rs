//! `--repair`: the weights as the model of another checkpoint wants them.

use std::path::Path;

use crate::checkpoint::Checkpoint;
use crate::cli::output::Failure;
use crate::compare::keys::{self, Side};
use crate::compare::plan::Described;
use crate::compare::repairs::{self, Found};
use crate::export::Ingredients;
use crate::export::repaired;
use crate::export::weights::{Request, Selection};
use crate::limits::Limits;
use crate::tensor::TensorId;
use crate::text::shown;

/// Names listed at most.
const NAMES: usize = 8;

/// What a repair starts from, and what was found.
pub(super) struct Repair<'a> {
    ingredients: Ingredients<'a>,
    tensors: Vec<(Described, TensorId)>,
    reference: Side,
    found: Found,
}

impl<'a> Repair<'a> {
    /// Finds what repairs `checkpoint` for the model `reference` was saved from.
    pub(super) fn find(
        checkpoint: &'a Checkpoint,
        reference: &Path,
        request: &Request,
    ) -> Result<Self, Failure> {
        let wanted = crate::format::open(reference, &Limits::default())?;
        let section = match request.sections.as_slice() {
            [] => None,
            [one] => Some(one.as_str()),
            _ => return Err(Failure::Message("--repair takes one --section".to_owned())),
        };
        let (reference, candidate) = keys::pair(&wanted, checkpoint, (None, section))?;
        let found = repairs::find(&reference, &candidate);
        let tensor = |item: &keys::Item| Some((item.tensor.clone(), item.id.filter(|_| item.is_tensor())?));
        let tensors: Vec<(Described, TensorId)> = candidate.items.iter().filter_map(tensor).collect();
        Ok(Self { ingredients: repaired::ingredients(checkpoint, &tensors), tensors, reference, found })
    }

    /// What will be written, with what was repaired and what is left over in its notes.
    pub(super) fn select(&self, request: &Request) -> Result<Selection<'_>, Failure> {
        let mut selection = repaired::select(&self.ingredients, &self.tensors, &self.found.plan, request)?;
        let repairs = self.found.applied().map(|repair| format!("repaired: {}", repair.title));
        selection.notes.extend(repairs);
        let rivals = &self.found.repaired.rivals;
        if !rivals.is_empty() {
            let names: Vec<String> = rivals.iter().map(|name| shown(name).into_owned()).collect();
            selection
                .notes
                .push(format!("{} would have done as well: choose with --section", names.join(", ")));
        }
        let after = &self.found.after;
        if after.loads_strict() {
            selection.notes.push("it loads with strict=True".to_owned());
            return Ok(selection);
        }
        let named = |side: &Side, items: &[usize]| {
            let keys = items.iter().filter_map(|at| side.items.get(*at));
            let mut names: Vec<String> =
                keys.take(NAMES).map(|item| shown(item.key()).into_owned()).collect();
            if items.len() > NAMES {
                names.push(format!("and {} more", items.len() - NAMES));
            }
            names.join(", ")
        };
        let mismatched: Vec<usize> = after.mismatched.iter().map(|(reference, _)| *reference).collect();
        let left = [
            ("missing", &self.reference, &after.missing),
            ("unexpected", &self.found.repaired, &after.unexpected),
            ("of another shape", &self.reference, &mismatched),
        ];
        for (what, side, items) in left {
            if !items.is_empty() {
                selection.notes.push(format!("still {what}: {}", named(side, items)));
            }
        }
        Ok(selection)
    }
}
