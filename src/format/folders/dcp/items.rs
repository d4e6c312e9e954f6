//! Objects that are no tensors (steps, learning rates, data loaders), of which only a few are read: an
//! optimizer keeps ten of them for each of its parameters.

use std::path::Path;
use std::sync::Arc;

use super::Files;
use super::metadata::{Item, Metadata, Slice};
use crate::checkpoint::Severity;
use crate::error::Result;
use crate::format::folders::compose::Composer;
use crate::sorting::Sort as _;
use crate::source::{RangeSource, ReadAt};
use crate::value::Value;

/// Objects read while listing, and bytes in all and in each.
const MOST: usize = 256;
const TOTAL: u64 = 1 << 20;
const EACH: u64 = 256 << 10;

/// The values of the objects, in the order of [`Metadata::items`]; text in place of those that are not read.
pub(super) fn read(composer: &mut Composer<'_>, metadata: &Metadata, files: &Files) -> Vec<Value> {
    let mut order: Vec<usize> = (0..metadata.items.len()).collect();
    // What stands near the root tells more than what belongs to one parameter.
    let depth = |item: &Item| metadata.paths.get(&item.name).map_or(1, Vec::len);
    order.in_order_of(|at| metadata.items.get(*at).map(|item| (depth(item), *at)));
    let mut values = vec![Value::None; metadata.items.len()];
    let (mut count, mut total, mut unread) = (0, 0, 0_usize);
    for at in order {
        let Some(item) = metadata.items.get(at) else { continue };
        let value = match &item.slice {
            Some(slice)
                if slice.transform.is_none()
                    && slice.len <= EACH
                    && count < MOST
                    && total + slice.len <= TOTAL =>
            {
                count += 1;
                total += slice.len;
                one(composer, item, slice, files)
            }
            Some(slice) => {
                unread += 1;
                Some(composer.tree.add_text(&format!("(not read: {} bytes in a shard)", slice.len)))
            }
            None => None,
        };
        if let (Some(slot), Some(value)) = (values.get_mut(at), value) {
            *slot = value;
        }
    }
    if unread > 0 {
        let text =
            format!("{unread} of {} objects beside the tensors are not read while listing", values.len());
        composer.note(Severity::Info, "DCP_ITEMS", text);
    }
    values
}

fn one(composer: &mut Composer<'_>, item: &Item, slice: &Slice, files: &Files) -> Option<Value> {
    let file = files.get(slice.file)?;
    let opened = open(composer, &file.path, &file.source, slice);
    match opened {
        Ok(value) => Some(value),
        Err(error) => {
            let name = crate::text::shown(&item.name);
            composer.note(
                Severity::Warning,
                "DCP_ITEM",
                format!("{name} cannot be read: {}", error.reason()),
            );
            None
        }
    }
}

fn open(composer: &mut Composer<'_>, path: &Path, source: &Arc<dyn ReadAt>, slice: &Slice) -> Result<Value> {
    let range: Arc<dyn ReadAt> = Arc::new(RangeSource::new(Arc::clone(source), slice.offset, slice.len));
    let checkpoint = crate::format::open_source(path, range, None, composer.limits)?;
    composer.graft_item(checkpoint)
}
