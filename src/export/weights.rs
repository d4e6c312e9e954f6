//! What is exported of a checkpoint: which tensors, under which names, in which dtype.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::names;
pub use super::names::Rename;
use super::safetensors::Entry;
use super::write::{Item, Origin};
use crate::checkpoint::{Checkpoint, Section, SectionRole, TensorEntry};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, Layout, Numeric, StorageId, TensorMeta};
use crate::text::shown;
use crate::training::metadata;

/// What a person asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Sections by name, or by role (`model`, `ema`, `optimizer` …); the model's if empty.
    pub sections: Vec<String>,
    /// Taken off names that begin with it.
    pub strip_prefix: Option<String>,
    /// Applied in order, after the prefix is gone.
    pub renames: Vec<Rename>,
    /// Floats, dequantised ones included, become this; integers stay.
    pub dtype: Option<DType>,
    /// Tied tensors are written under each of their names.
    pub untie: bool,
    /// What the format cannot hold is left out instead of being an error.
    pub skip_unsupported: bool,
}

/// What will be written.
#[derive(Default)]
pub struct Selection<'a> {
    /// The tensors.
    pub items: Vec<Item<'a>>,
    /// Text beside them.
    pub metadata: Vec<(String, String)>,
    /// Names that are not written because they are other names of a written tensor: (dropped, kept).
    pub aliases: Vec<(String, String)>,
    /// What is left out, and why.
    pub skipped: Vec<(String, String)>,
    /// What is to be said besides, a line each.
    pub notes: Vec<String>,
}

/// Chooses what to write of `checkpoint`.
///
/// # Errors
/// [`ErrorKind::Unsupported`] when the request fits nothing in it, or fits more than one thing, when two
/// tensors would have one name, and for tensors the format cannot hold.
pub fn select<'a>(checkpoint: &'a Checkpoint, request: &Request) -> Result<Selection<'a>> {
    let mut selection = Selection::default();
    let chosen = sections(checkpoint, &request.sections)?;
    let several = chosen.len() > 1;
    let entries = checkpoint.tensors().iter().filter(|entry| chosen.contains(&(entry.section as usize)));
    let entries: Vec<&TensorEntry> = entries.collect();
    let own = |entry: &&TensorEntry| (if several { &entry.path } else { entry.key() }).to_owned();
    let mut names: Vec<String> = entries.iter().map(own).collect();
    if let Some(prefix) = &request.strip_prefix {
        names::strip(&mut names, prefix)?;
    }
    request.renames.iter().try_for_each(|rule| names::rename(&mut names, rule))?;
    unique(&names)?;
    selection.metadata = text_beside(checkpoint);
    let mut named: Vec<(String, &TensorEntry)> = names.into_iter().zip(entries).collect();
    if !request.untie {
        selection.aliases = drop_ties(checkpoint, &mut named);
    }
    for (name, entry) in named {
        add(checkpoint, request, name, entry, &mut selection)?;
    }
    // As the official `save_model` records tied tensors.
    let aliases = selection.aliases.iter().filter(|(dropped, _)| dropped != "format");
    selection.metadata.extend(aliases.cloned());
    if selection.items.is_empty() {
        let text = "there are no tensors to write in it";
        return Err(Error::new(ErrorKind::Unsupported, text).in_file(checkpoint.path()));
    }
    Ok(selection)
}

fn add<'a>(
    checkpoint: &'a Checkpoint,
    request: &Request,
    name: String,
    entry: &TensorEntry,
    selection: &mut Selection<'a>,
) -> Result<()> {
    let meta = checkpoint.meta(entry);
    match target(meta, request.dtype) {
        Ok(dtype) => {
            let quantised = meta.dtype.numeric() == Numeric::Quantized;
            if quantised && selection.notes.is_empty() {
                selection.notes.push(format!("quantised tensors are written dequantised, as {dtype}"));
            }
            let entry_of = Entry { name, dtype, shape: meta.shape().to_vec() };
            selection.items.push(Item { entry: entry_of, origin: Origin::Tensor(checkpoint, entry.id) });
            Ok(())
        }
        Err(reason) if request.skip_unsupported => {
            selection.skipped.push((name, reason));
            Ok(())
        }
        Err(reason) => {
            let error = Error::new(ErrorKind::Unsupported, format!("tensor {}: {reason}", shown(&name)));
            Err(error.in_file(checkpoint.path()).advise("leave such tensors out with --skip-unsupported"))
        }
    }
}

/// The dtype a tensor is written in, or why it cannot be.
pub(super) fn target(meta: &TensorMeta, wanted: Option<DType>) -> std::result::Result<DType, String> {
    if meta.layout != Layout::Strided {
        return Err(format!("safetensors cannot hold {} tensors", meta.layout.name()));
    }
    let dtype = match (meta.dtype.numeric(), wanted) {
        (Numeric::Float, Some(wanted)) => wanted,
        (Numeric::Quantized, wanted) => wanted.unwrap_or(DType::Float32),
        // Nothing is lost.
        (Numeric::Complex, _) if matches!(meta.dtype, DType::Complex32 | DType::BComplex32) => {
            DType::Complex64
        }
        _ => meta.dtype,
    };
    match dtype.safetensors_name() {
        // It counts half bytes, and a scalar would be one.
        Some(_) if dtype == DType::Float4E2m1fnX2 && meta.shape().is_empty() => {
            Err("safetensors cannot hold one 4-bit float alone".to_owned())
        }
        Some(_) => Ok(dtype),
        None => Err(format!("safetensors has no dtype for {dtype}")),
    }
}

/// Indices of the sections asked for.
pub(super) fn sections(checkpoint: &Checkpoint, wanted: &[String]) -> Result<Vec<usize>> {
    let all = checkpoint.sections();
    let with_role = |role| {
        let all = all.iter().enumerate();
        all.filter(move |(_, section)| section.role == role && section.tensors > 0).map(|(at, _)| at)
    };
    let fail = |text: String| Err(Error::new(ErrorKind::Unsupported, text).in_file(checkpoint.path()));
    if wanted.is_empty() {
        for role in [SectionRole::Model, SectionRole::Ema] {
            let found: Vec<usize> = with_role(role).collect();
            match found.as_slice() {
                [] => {}
                [_] => return Ok(found),
                _ => {
                    let names = listed(all.iter().filter(|section| section.role == role));
                    return fail(format!("it holds several models: {names}; choose with --section"));
                }
            }
        }
        return Ok((0..all.len()).collect());
    }
    let mut chosen = Vec::new();
    for name in wanted {
        let named = all.iter().position(|section| section.name == *name);
        let found: Vec<usize> = if let Some(at) = named {
            vec![at]
        } else {
            let of_role = all.iter().enumerate().filter(|(_, section)| section.role.name() == name);
            of_role.map(|(at, _)| at).collect()
        };
        if found.is_empty() {
            return fail(format!("it has no section {}; there is {}", shown(name), listed(all.iter())));
        }
        chosen.extend(found.into_iter().filter(|at| !chosen.contains(at)).collect::<Vec<_>>());
    }
    Ok(chosen)
}

fn listed<'a>(sections: impl Iterator<Item = &'a Section>) -> String {
    let name = |section: &Section| match section.name.as_str() {
        "" => format!("\"\" ({})", section.role.name()),
        name => format!("{} ({})", shown(name), section.role.name()),
    };
    let names: Vec<String> = sections.map(name).collect();
    names.join(", ")
}

fn unique(names: &[String]) -> Result<()> {
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair.first() == pair.last()) {
        Some(pair) => {
            let name = pair.first().map(|name| shown(name)).unwrap_or_default();
            Err(Error::new(ErrorKind::Unsupported, format!("two tensors would have the name {name}")))
        }
        None => Ok(()),
    }
}

/// What makes two names one tensor.
type Place<'a> = (StorageId, u64, DType, bool, bool, &'a [u64], &'a [u64]);

/// Leaves of the names of one tensor the first in order, as `safetensors.torch.save_model` does.
fn drop_ties(checkpoint: &Checkpoint, named: &mut Vec<(String, &TensorEntry)>) -> Vec<(String, String)> {
    let place = |entry: &TensorEntry| -> Option<Place<'_>> {
        let meta = checkpoint.meta(entry);
        let storage = meta.storage.filter(|_| meta.numel() > 0 && meta.layout == Layout::Strided)?;
        let bits = (storage, meta.storage_offset, meta.dtype, meta.conj, meta.neg);
        let (storage, offset, dtype, conj, neg) = bits;
        Some((storage, offset, dtype, conj, neg, meta.shape(), meta.stride()))
    };
    let mut kept: FxHashMap<Place<'_>, String> = FxHashMap::default();
    for (name, entry) in named.iter() {
        let Some(place) = place(entry) else { continue };
        let first = kept.entry(place).or_insert_with(|| name.clone());
        if name < first {
            first.clone_from(name);
        }
    }
    let mut aliases = Vec::new();
    named.retain(|(name, entry)| match place(entry).and_then(|place| kept.get(&place)) {
        Some(first) if first != name => {
            aliases.push((name.clone(), first.clone()));
            false
        }
        _ => true,
    });
    aliases
}

/// Text to be kept beside the tensors: the container's own, and how far training had come.
pub(super) fn text_beside(checkpoint: &Checkpoint) -> Vec<(String, String)> {
    let tree = checkpoint.tree();
    let mut texts = BTreeMap::new();
    if let Some(metadata) = checkpoint.container_metadata() {
        for (key, value) in tree.entries(metadata) {
            if let (Some(key), Some(value)) = (tree.as_text(*key), tree.as_text(*value)) {
                texts.insert(key.into_owned(), value.into_owned());
            }
        }
    }
    let progress = metadata::info(checkpoint).progress;
    if let Some(epoch) = progress.raw_epoch {
        texts.entry("epoch".to_owned()).or_insert_with(|| epoch.to_string());
    }
    if let Some(step) = progress.step {
        texts.entry("global_step".to_owned()).or_insert_with(|| step.to_string());
    }
    texts.entry("format".to_owned()).or_insert_with(|| "pt".to_owned());
    texts.into_iter().collect()
}
