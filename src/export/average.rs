//! The average of several checkpoints of one model: floats averaged in float64, everything else of the last.

use rustc_hash::FxHashMap;

use super::safetensors::Entry;
use super::weights::{Request, Selection, select};
use super::write::{Item, Origin};
use crate::checkpoint::Checkpoint;
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{Numeric, TensorId};
use crate::text::number::shape;
use crate::text::shown;

/// What will be written as the average of `checkpoints`: names and dtypes are those of the last.
///
/// # Errors
/// [`ErrorKind::Unsupported`] when there is none, when they do not hold the same names and shapes, and what
/// [`select`] finds.
pub fn average<'a>(checkpoints: &'a [Checkpoint], request: &Request) -> Result<Selection<'a>> {
    let Some((last, before)) = checkpoints.split_last() else {
        return Err(Error::new(ErrorKind::Unsupported, "there is nothing to average"));
    };
    let mut result = select(last, request)?;
    // All names of the others: which of several names of a tied tensor is written need not be the same.
    let untied = Request { untie: true, ..request.clone() };
    let others: Vec<Others<'a>> = before.iter().map(|c| Others::of(c, &untied)).collect::<Result<_>>()?;
    let names = result.items.len() + result.aliases.len();
    for others in &others {
        others.verify(&result.items, names)?;
    }
    let items = std::mem::take(&mut result.items);
    result.items = items.into_iter().map(|item| mean(item, &others)).collect::<Result<_>>()?;
    Ok(result)
}

/// The tensors of one of the other checkpoints, by name.
struct Others<'a> {
    checkpoint: &'a Checkpoint,
    tensors: FxHashMap<String, (Entry, TensorId)>,
}

impl<'a> Others<'a> {
    fn of(checkpoint: &'a Checkpoint, request: &Request) -> Result<Self> {
        let items = select(checkpoint, request)?.items.into_iter();
        let tensors = items.filter_map(|item| match item.origin {
            Origin::Tensor(_, id) => Some((item.entry.name.clone(), (item.entry, id))),
            _ => None,
        });
        Ok(Self { checkpoint, tensors: tensors.collect() })
    }

    /// Checks that it holds `items`, and nothing beyond the `names` there are.
    fn verify(&self, items: &[Item<'_>], names: usize) -> Result<()> {
        let fail =
            |text: String| Err(Error::new(ErrorKind::Unsupported, text).in_file(self.checkpoint.path()));
        for item in items {
            let name = shown(&item.entry.name);
            match self.tensors.get(&item.entry.name) {
                None => return fail(format!("it has no tensor {name}, and the last one has")),
                Some((entry, _)) if entry.shape != item.entry.shape => {
                    let (here, last) = (shape(&entry.shape), shape(&item.entry.shape));
                    return fail(format!("tensor {name} has the shape {here}, and {last} in the last one"));
                }
                Some(_) => {}
            }
        }
        if self.tensors.len() == names {
            return Ok(());
        }
        fail(format!("it has {} tensors, and the last one has {names}", self.tensors.len()))
    }
}

fn mean<'a>(item: Item<'a>, others: &[Others<'a>]) -> Result<Item<'a>> {
    let Origin::Tensor(last, id) = item.origin else { return Ok(item) };
    let own = last.tree().tensor(id).map(|meta| meta.dtype.numeric());
    if !matches!(own, Some(Numeric::Float | Numeric::Complex | Numeric::Quantized)) {
        return Ok(item);
    }
    let mut all = Vec::with_capacity(others.len() + 1);
    for others in others {
        let (_, id) = others.tensors.get(&item.entry.name).ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, format!("no tensor {}", shown(&item.entry.name)))
        })?;
        all.push((others.checkpoint, *id));
    }
    all.push((last, id));
    Ok(Item { origin: Origin::Mean(all), ..item })
}
