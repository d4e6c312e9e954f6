//! Weights as Meta publishes them: `consolidated.00.pth`, `consolidated.01.pth` …, one file for each tensor-parallel rank,
//! and `params.json` (formats.md §6.1). Each holds slices of the same keys; how these make whole weights is the model's
//! business: ranks are shown side by side.

use super::compose::{Composer, listed};
use super::json;
use super::listing::{Folder, Names};
use crate::checkpoint::{Checkpoint, Format, Severity, ShardStatus};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::value::Value;

const PARAMETERS: &str = "params.json";

/// The rank in the name of a file.
fn rank(name: &str) -> Option<u32> {
    let number = name.strip_prefix("consolidated.")?.strip_suffix(".pth")?;
    let digits = number.len() == 2 && number.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| number.parse().ok()).flatten()
}

/// True when there are several ranks: one alone is a file like any other.
pub(super) fn are_ranks(names: &Names) -> bool {
    names.has_file(PARAMETERS) && names.files().filter_map(rank).any(|rank| rank > 0)
}

/// Whether a file of this name belongs to the ranks.
pub(super) fn takes(name: &str) -> bool {
    rank(name).is_some() || name == PARAMETERS
}

/// Opens the folder.
pub(super) fn open(folder: &Folder, limits: &Limits) -> Result<Checkpoint> {
    let mut composer = Composer::new(folder, limits);
    let most = folder.names.files().filter_map(rank).max().unwrap_or(0);
    let mut ranks: Vec<(String, Value)> = Vec::new();
    let mut missing = Vec::new();
    for at in 0..=most {
        let (name, role) = (format!("consolidated.{at:02}.pth"), format!("rank {at}"));
        if !folder.names.has_file(&name) {
            composer.shard(&name, &role, None, ShardStatus::Missing, None);
            missing.push(name);
        } else if let Some(opened) = composer.part(&name, &role) {
            ranks.push((format!("rank{at}"), opened.root));
        }
    }
    if !missing.is_empty() {
        let text = format!("{} ranks are not there: {}", missing.len(), listed(&missing));
        composer.note(Severity::Broken, "SHARD_MISSING", text);
    }
    if ranks.is_empty() {
        return Err(Error::new(ErrorKind::StorageMissing, "none of its ranks can be read"));
    }
    let metadata = match json::read(folder, PARAMETERS, limits) {
        Ok(parameters) => {
            composer.file(PARAMETERS)?;
            composer.shard(PARAMETERS, "parameters of the model", Some(0), ShardStatus::Ok, None);
            let parameters = json::add(&mut composer.tree, &parameters);
            Some(composer.mapping([("params", parameters)]))
        }
        Err(error) => {
            composer.broken(PARAMETERS, "parameters of the model", &error);
            None
        }
    };
    let root = composer.mapping(ranks);
    Ok(composer.finish(Format::HfSharded, root, metadata))
}
