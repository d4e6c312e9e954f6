//! DeepSpeed: one file of model state, and the 32-bit weights cut into one partition for each rank
//! (formats.md §6.3).
//!
//! The weights are merged as DeepSpeed's own `zero_to_fp32` does, to the letter: buffers, frozen parameters,
//! trainable parameters, then aliases. Names and shapes come from `param_shapes` of the first rank; the other
//! files are opened when values are read.

mod fragments;
mod names;
mod partition;
mod universal;

use std::sync::Arc;

pub(super) use names::tag;

use super::compose::{Composer, listed};
use super::listing::Folder;
use crate::checkpoint::{Checkpoint, Format, Severity, ShardStatus};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::tensor::{DType, Place};
use crate::value::{Tree, Value};
use names::{Files, Rank};
use partition::{Partition, Stage};

/// A parameter by name, with its shape.
type Shapes = Vec<(String, Vec<u64>)>;

/// Opens the folder of one tag.
pub(super) fn open(folder: &Folder, limits: &Limits) -> Result<Checkpoint> {
    let files = Files::of(&folder.names);
    let mut composer = Composer::new(folder, limits);
    let mut merged: Vec<(String, Value)> = Vec::new();
    let mut first = None;
    for rank in files.model_ranks() {
        let Some(opened) = composer.part(&rank.model, &role(&files, rank)) else { continue };
        // The placeholders are replaced by what is merged.
        composer.forget("ZERO_PLACEHOLDER");
        let module = merge(&mut composer, &files, rank, opened.root);
        first.get_or_insert(opened.root);
        merged.push((format!("mp_rank_{:02}", rank.mp), module));
    }
    let layers = layers(&mut composer, &files);
    experts(&mut composer, &files, &mut merged);
    rest(&mut composer, &files);
    if first.is_none() && layers.is_empty() {
        let text = "there is no file of model states that can be read";
        return Err(Error::new(ErrorKind::StorageMissing, text));
    }
    let root = root(&mut composer, first, merged, layers);
    Ok(composer.finish(Format::DeepSpeed, root, None))
}

fn role(files: &Files, rank: &Rank) -> String {
    let mp = if files.model_ranks().count() > 1 { format!(", mp {}", rank.mp) } else { String::new() };
    if rank.is_partitioned { format!("rank 0{mp}: model state") } else { format!("model state{mp}") }
}

/// The weights of one model-parallel rank.
fn merge(composer: &mut Composer<'_>, files: &Files, rank: &Rank, state: Value) -> Value {
    let module = composer.tree.get(state, "module").unwrap_or(Value::None);
    let groups = shapes(&composer.tree, state, "param_shapes");
    if groups.iter().all(Vec::is_empty) {
        return module;
    }
    if composer.folder.names.has_folder("zero") {
        let only = files.model_ranks().count() == 1;
        return universal::weights(composer, &groups, module, &buffers(&composer.tree, state), only);
    }
    let stage = if rank.is_partitioned { Stage::Three } else { Stage::Two };
    let world = world(&composer.tree, state).unwrap_or(rank.optim.len());
    if rank.optim.is_empty() && stage == Stage::Two {
        return module;
    }
    let complete = ranks_are_there(composer, rank, world, stage);
    let mut entries: Vec<(String, Value)> =
        fragments::buffers(composer, rank, module, &buffers(&composer.tree, state));
    entries.extend(fragments::frozen(composer, rank, state, stage));
    let partition = complete.then(|| Arc::new(Partition::new(composer, rank, stage, groups.clone())));
    let known = entries.len();
    for (group, shapes) in groups.iter().enumerate() {
        for (at, (name, shape)) in shapes.iter().enumerate() {
            let id = match &partition {
                Some(partition) => {
                    let source = partition::parameter(partition, group, at, shape);
                    composer.assembled(name, DType::Float32, shape, source)
                }
                None => composer.tensor(name, DType::Float32, shape, Place::Missing),
            };
            entries.push((name.clone(), Value::Tensor(id)));
        }
    }
    check_placeholders(composer, module, entries.len() > known && !complete);
    aliases(composer, state, &mut entries);
    composer.mapping(entries)
}

/// The optimizer files the merge needs; says which are missing.
fn ranks_are_there(composer: &mut Composer<'_>, rank: &Rank, world: usize, stage: Stage) -> bool {
    let missing: Vec<String> = (0..world as u32)
        .filter(|dp| !rank.optim.iter().any(|(held, _)| held == dp))
        .map(|dp| dp.to_string())
        .collect();
    if !missing.is_empty() {
        let text = format!(
            "the weights of ZeRO stage {} are cut into {world} partitions, and those of {} ranks are not there: rank {}",
            if stage == Stage::Three { "3" } else { "1 or 2" },
            missing.len(),
            listed(&missing)
        );
        composer.note(Severity::Broken, "ZERO_RANKS", text);
    }
    if rank.optim.len() > world {
        let text = format!(
            "{} optimizer files for {world} ranks: some are left over from another save; zero_to_fp32 refuses the folder",
            rank.optim.len()
        );
        composer.note(Severity::Broken, "ZERO_RANKS", text);
        return false;
    }
    missing.is_empty()
}

fn check_placeholders(composer: &mut Composer<'_>, module: Value, lost: bool) {
    let empty = |value: &Value| match value {
        Value::Tensor(id) => composer.tree.tensor(*id).is_some_and(|meta| meta.shape() == [0]),
        _ => false,
    };
    let placeholders = composer.tree.entries(module).iter().filter(|(_, value)| empty(value)).count();
    if lost && placeholders > 0 {
        let text = format!(
            "{placeholders} weights in the model file are ZeRO-3 placeholders of shape (0,): \
             their values are only in the optimizer files"
        );
        composer.note(Severity::Warning, "ZERO_PLACEHOLDER", text);
    }
}

/// Names that stand for another parameter.
fn aliases(composer: &mut Composer<'_>, state: Value, entries: &mut Vec<(String, Value)>) {
    let tree = &composer.tree;
    let Some(shared) = tree.get(state, "shared_params") else { return };
    for (alias, source) in tree.entries(shared) {
        let (Some(alias), Some(source)) = (tree.as_text(*alias), tree.as_text(*source)) else { continue };
        let value = entries.iter().find(|(name, _)| *name == source).map(|(_, value)| *value);
        if let Some(value) = value {
            entries.retain(|(name, _)| *name != alias);
            entries.push((alias.into_owned(), value));
        }
    }
}

/// `[{name: torch.Size}]`, one mapping for each group; older versions keep a single mapping.
fn shapes(tree: &Tree, state: Value, key: &str) -> Vec<Shapes> {
    let of = |mapping: Value| -> Shapes {
        let one = |(name, size): &(Value, Value)| {
            let sizes = tree.items(*size).iter().map(|v| u64::try_from(tree.as_int(*v)?).ok());
            Some((tree.as_text(*name)?.into_owned(), sizes.collect::<Option<Vec<u64>>>()?))
        };
        tree.entries(mapping).iter().filter_map(one).collect()
    };
    match tree.get(state, key) {
        Some(list @ (Value::List(_) | Value::Tuple { .. })) => {
            tree.items(list).iter().map(|m| of(*m)).collect()
        }
        Some(mapping) => vec![of(mapping)],
        None => Vec::new(),
    }
}

fn buffers(tree: &Tree, state: Value) -> Vec<String> {
    let names = tree.get(state, "buffer_names").map(|v| tree.items(v)).unwrap_or_default();
    names.iter().filter_map(|v| Some(tree.as_text(*v)?.into_owned())).collect()
}

fn world(tree: &Tree, state: Value) -> Option<usize> {
    let world = tree.as_int(tree.get(state, "dp_world_size")?)?;
    // One file for each is looked for: a number out of the blue must not make a list of billions.
    usize::try_from(world).ok().filter(|n| (1..=1 << 16).contains(n))
}

/// Layers of a pipeline, each in a file of its own.
fn layers(composer: &mut Composer<'_>, files: &Files) -> Vec<(String, Value)> {
    let mut layers = Vec::new();
    for (key, name) in &files.layers {
        if let Some(opened) = composer.part(name, &key.replace('_', " ")) {
            layers.push((key.clone(), opened.root));
        }
    }
    layers
}

/// Experts, whose files hold weights under their whole names.
fn experts(composer: &mut Composer<'_>, files: &Files, merged: &mut [(String, Value)]) {
    for (mp, name) in &files.experts {
        let Some(opened) = composer.part(name, "experts") else { continue };
        let whole = merged.iter().find(|(rank, _)| *rank == format!("mp_rank_{mp:02}"));
        if let Some((_, Value::Dict(id))) = whole {
            let entries = composer.tree.entries(opened.root).to_vec();
            if let Some(dict) = composer.tree.dict_mut(*id) {
                dict.entries.extend(entries);
            }
        }
    }
}

/// Files that were not opened: the other ranks'.
fn rest(composer: &mut Composer<'_>, files: &Files) {
    for (name, role) in files.others() {
        match composer.file(&name) {
            Ok(_) => composer.shard(&name, &role, None, ShardStatus::Unread, None),
            Err(error) => composer.broken(&name, &role, &error),
        }
    }
}

/// What the first rank saved, with the merged weights in the place of its own.
fn root(
    composer: &mut Composer<'_>,
    first: Option<Value>,
    mut merged: Vec<(String, Value)>,
    layers: Vec<(String, Value)>,
) -> Value {
    let module = match merged.len() {
        1 => merged.pop().map_or(Value::None, |(_, module)| module),
        _ => composer.mapping(merged),
    };
    let held = first.map(|root| composer.tree.entries(root).to_vec()).unwrap_or_default();
    let mut entries: Vec<(Value, Value)> = Vec::with_capacity(held.len() + layers.len());
    for (key, value) in held {
        let is_module = composer.tree.is_text(key, "module");
        // Pieces of weights that are among the merged ones now.
        if composer.tree.is_text(key, "frozen_param_fragments") {
            continue;
        }
        entries.push((key, if is_module { module } else { value }));
    }
    for (key, value) in layers {
        entries.push((composer.tree.add_text(&key), value));
    }
    let dict = crate::value::Dict { entries, ..crate::value::Dict::default() };
    Value::Dict(composer.tree.add_dict(dict))
}
