//! Megatron-LM: a folder for each model-parallel rank, each with a checkpoint of its own slices
//! (formats.md §6.4). How slices make whole weights is the model's business: ranks are shown side by side.

use super::compose::Composer;
use super::listing::{Folder, Names};
use super::recognise::is_megatron;
use crate::checkpoint::{Checkpoint, Format, Severity, ShardStatus};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::value::{Dict, Value};

/// Files of model state in the folder of a rank, the usual one first.
const STATES: [&str; 3] = ["model_optim_rng.pt", "model_rng.pt", "model.pt"];
/// Parts that differ from rank to rank; of everything else the first rank's is shown.
const OWN: [&str; 4] = ["model", "optimizer", "rng_state", "rerun_state_machine"];

/// Opens the folder of one iteration.
pub(super) fn open(folder: &Folder, limits: &Limits) -> Result<Checkpoint> {
    let mut composer = Composer::new(folder, limits);
    let mut ranks: Vec<(String, Value)> = Vec::new();
    let mut missing = Vec::new();
    for name in folder.names.folders().filter(|n| is_megatron(n)) {
        let inner = Names::read(&folder.path.join(name))?;
        match STATES.into_iter().find(|state| inner.has_file(state)) {
            Some(state) => ranks.extend(rank(&mut composer, name, state)),
            None => missing.push(name.to_owned()),
        }
        for other in inner.files().filter(|n| n.starts_with("distrib_optim")) {
            let path = format!("{name}/{other}");
            composer.shard(&path, &format!("{name}: optimizer"), None, ShardStatus::Unread, None);
        }
    }
    if !missing.is_empty() {
        let text = format!("ranks without a file of model state: {}", super::compose::listed(&missing));
        composer.note(Severity::Broken, "SHARD_MISSING", text);
    }
    let Some((_, first)) = ranks.first().cloned() else {
        return Err(Error::new(
            ErrorKind::StorageMissing,
            "no rank holds a file of model state that can be read",
        ));
    };
    let root = if ranks.len() == 1 { first } else { side_by_side(&mut composer, first, &ranks) };
    Ok(composer.finish(Format::Megatron, root, None))
}

fn rank(composer: &mut Composer<'_>, name: &str, state: &str) -> Option<(String, Value)> {
    let path = format!("{name}/{state}");
    match composer.open_below(name, state) {
        Ok(opened) => {
            composer.shard(&path, name, Some(opened.tensors as u64), ShardStatus::Ok, None);
            Some((name.to_owned(), opened.root))
        }
        Err(error) => {
            composer.broken(&path, name, &error);
            None
        }
    }
}

/// What the first rank says of the training, then each rank's own parts under its name.
fn side_by_side(composer: &mut Composer<'_>, first: Value, ranks: &[(String, Value)]) -> Value {
    let is_own = |composer: &Composer<'_>, key: Value| {
        let key = composer.tree.as_text(key).unwrap_or_default();
        // `model0`, `model1`: stages of a virtual pipeline.
        OWN.contains(&key.trim_end_matches(|c: char| c.is_ascii_digit()))
    };
    let mut entries: Vec<(Value, Value)> = composer.tree.entries(first).to_vec();
    entries.retain(|(key, _)| !is_own(composer, *key));
    for (name, root) in ranks {
        let mut own = composer.tree.entries(*root).to_vec();
        own.retain(|(key, _)| is_own(composer, *key));
        let own = Value::Dict(composer.tree.add_dict(Dict { entries: own, ..Dict::default() }));
        entries.push((composer.tree.add_text(name), own));
    }
    Value::Dict(composer.tree.add_dict(Dict { entries, ..Dict::default() }))
}
