//! Weights in several files and an index of which name is where: `model.safetensors.index.json` and its like
//! (formats.md §6.1).

use std::collections::HashMap;

use rustc_hash::FxHashSet;

use super::compose::{Composer, listed};
use super::json;
use super::listing::plain;
use crate::checkpoint::{Severity, ShardStatus};
use crate::error::{Error, ErrorKind, Result};
use crate::sorting::Sort as _;
use crate::tensor::StorageId;
use crate::text::natural;
use crate::value::{Dict, Value};

/// Names of index files end like this, a variant (`fp16`) perhaps before `.json`.
pub(super) fn is_index(name: &str) -> bool {
    name.ends_with(".json") && name.contains(".index.") && !name.starts_with('.')
}

/// The index a loader would take: safetensors before others, no variant before `fp16`.
pub(super) fn preferred<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names.min_by_key(|name| (!name.contains("safetensors"), !name.ends_with(".index.json"), name.len()))
}

/// `2 of 7` from `model-00002-of-00007.safetensors`.
pub(super) fn position(name: &str) -> Option<(u32, u32)> {
    let (before, behind) = name.split_once("-of-")?;
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    let number: String = before.chars().rev().take_while(char::is_ascii_digit).collect();
    let number: String = number.chars().rev().collect();
    Some((number.parse().ok()?, digits(behind).parse().ok()?))
}

/// True for the name of a shard, whichever index it belongs to.
pub(super) fn is_shard(name: &str) -> bool {
    position(name).is_some() && !name.ends_with(".json")
}

struct Index {
    /// Names with the file each is in, in the order of the index.
    names: Vec<(String, String)>,
    total_size: Option<u64>,
}

fn read(composer: &Composer<'_>, name: &str) -> Result<Index> {
    let coded = |error: Error| error.coded("INDEX_JSON");
    let parsed = json::read(composer.folder, name, composer.limits).map_err(coded)?;
    let malformed = |what: &str| {
        let text = format!("an index of shards without {what}");
        coded(Error::new(ErrorKind::Header, text).in_file(&composer.folder.path.join(name)))
    };
    let total_size = parsed.pointer("/metadata/total_size").and_then(serde_json::Value::as_u64);
    let map = parsed.get("weight_map").and_then(serde_json::Value::as_object);
    let map = map.ok_or_else(|| malformed("a weight_map"))?;
    let names = map.iter().map(|(key, file)| Some((key.clone(), file.as_str()?.to_owned())));
    let names = names.collect::<Option<Vec<_>>>().ok_or_else(|| malformed("file names in its weight_map"))?;
    Ok(Index { names, total_size })
}

/// What reading the shards found.
#[derive(Default)]
struct Found {
    values: HashMap<String, Value>,
    /// Tensors no index names, in file order.
    extra: Vec<(String, Value)>,
    lost: Vec<String>,
    missing_files: Vec<String>,
    missing_names: usize,
}

/// Reads the index `name` and all shards it names; returns the one mapping they make.
pub(super) fn merge(composer: &mut Composer<'_>, name: &str) -> Result<Value> {
    let index = read(composer, name)?;
    composer.file(name)?;
    let mut shards: HashMap<&str, Vec<&str>> = HashMap::new();
    for (key, file) in &index.names {
        shards.entry(file).or_default().push(key);
    }
    let mut order: Vec<&str> = shards.keys().copied().collect();
    order.in_order(|a, b| natural::compare(a, b).then_with(|| a.cmp(b)));
    let mut found = Found::default();
    let outside: Vec<&str> = order.iter().copied().filter(|file| plain(file).is_err()).collect();
    for file in order.iter().filter(|file| plain(file).is_ok()) {
        shard(composer, file, shards.get(file).map(Vec::as_slice).unwrap_or_default(), &mut found);
    }
    report(composer, name, &outside, &found);
    unnamed(composer, name, &order);
    let mut entries = Vec::with_capacity(index.names.len());
    for (key, _) in &index.names {
        if let Some(value) = found.values.get(key) {
            entries.push((composer.tree.add_text(key), *value));
        }
    }
    for (key, value) in &found.extra {
        entries.push((composer.tree.add_text(key), *value));
    }
    let whole = found.lost.is_empty() && found.missing_files.is_empty() && outside.is_empty();
    size(composer, index.total_size.filter(|_| whole), &entries);
    Ok(Value::Dict(composer.tree.add_dict(Dict { entries, ..Dict::default() })))
}

fn shard(composer: &mut Composer<'_>, file: &str, keys: &[&str], found: &mut Found) {
    let role = position(file).map_or("shard".to_owned(), |(at, of)| format!("shard {at} of {of}"));
    if !composer.folder.names.has_file(file) {
        found.missing_files.push(file.to_owned());
        found.missing_names += keys.len();
        let note = format!("named by the index for {} tensors, and not in the folder", keys.len());
        composer.shard(file, &role, None, ShardStatus::Missing, Some(note));
        return;
    }
    let Some(opened) = composer.part(file, &role) else { return };
    let mut held: HashMap<String, Value> = HashMap::new();
    let mut in_order = Vec::new();
    for (key, value) in composer.tree.entries(opened.root) {
        if let Some(key) = composer.tree.as_text(*key) {
            in_order.push(key.clone().into_owned());
            held.insert(key.into_owned(), *value);
        }
    }
    let mut lost = Vec::new();
    for key in keys {
        // Flax and Keras name what is nested: `encoder/layer/0/kernel`.
        let nested = || composer.tree.path(opened.root, &key.split('/').collect::<Vec<_>>());
        match held.remove(*key).or_else(nested) {
            Some(value) => {
                found.values.insert((*key).to_owned(), value);
            }
            None => lost.push((*key).to_owned()),
        }
    }
    let is_tensor = |value: &Value| matches!(value, Value::Tensor(_));
    let extra = in_order.into_iter().filter_map(|key| held.get(&key).copied().map(|value| (key, value)));
    let extra: Vec<(String, Value)> = extra.filter(|(_, value)| is_tensor(value)).collect();
    if let Some(last) = composer.shards.last_mut()
        && (!lost.is_empty() || !extra.is_empty())
    {
        let note = [
            (lost.len(), "names of the index are not in it"),
            (extra.len(), "tensors in it are not in the index"),
        ];
        let note = note.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}"));
        last.note = Some(note.collect::<Vec<_>>().join("; "));
        if !lost.is_empty() {
            last.status = ShardStatus::Broken;
        }
    }
    found.lost.extend(lost);
    found.extra.extend(extra);
}

fn report(composer: &mut Composer<'_>, name: &str, outside: &[&str], found: &Found) {
    if !outside.is_empty() {
        let text = format!(
            "{name}: it names files outside of its folder, which are not opened: {}",
            listed(outside)
        );
        composer.note(Severity::Broken, "INDEX_PATH", text);
    }
    if !found.missing_files.is_empty() {
        let (files, names) = (found.missing_files.len(), found.missing_names);
        let text = format!(
            "{files} of the shards are not there, and {names} tensors with them: {}; copy or download them again",
            listed(&found.missing_files)
        );
        composer.note(Severity::Broken, "INDEX_MISSING", text);
    }
    if !found.lost.is_empty() {
        let text = format!(
            "{} names of the index are not in the shard it names: {}",
            found.lost.len(),
            listed(&found.lost)
        );
        composer.note(Severity::Broken, "INDEX_MISMATCH", text);
    }
    if !found.extra.is_empty() {
        let names: Vec<&str> = found.extra.iter().map(|(key, _)| key.as_str()).collect();
        let text = format!(
            "{} tensors are in a shard and not in the index, so no loader reads them: {}",
            names.len(),
            listed(&names)
        );
        composer.note(Severity::Warning, "SHARD_EXTRA", text);
    }
}

/// Files that look like shards of this index, and are not among those it names.
fn unnamed(composer: &mut Composer<'_>, name: &str, named: &[&str]) {
    let stem = name.split('.').next().unwrap_or_default();
    let kind = if name.contains("safetensors") { "safetensors" } else { "bin" };
    let is_one = |file: &&str| {
        is_shard(file) && file.starts_with(stem) && file.ends_with(kind) && !named.contains(file)
    };
    let strays: Vec<String> = composer.folder.names.files().filter(is_one).map(str::to_owned).collect();
    if strays.is_empty() {
        return;
    }
    for file in &strays {
        let note = "looks like a shard, and the index does not name it".to_owned();
        composer.shard(file, "shard", None, ShardStatus::Unnamed, Some(note));
    }
    let text = format!(
        "the index names no tensor in {}: left over from another save, or the index is",
        listed(&strays)
    );
    composer.note(Severity::Warning, "SHARD_UNNAMED", text);
}

fn size(composer: &mut Composer<'_>, said: Option<u64>, entries: &[(Value, Value)]) {
    let Some(said) = said else { return };
    let (mut once, mut all) = (0_u64, 0_u64);
    let mut seen: FxHashSet<(StorageId, u64)> = FxHashSet::default();
    for (_, value) in entries {
        let Value::Tensor(id) = value else { continue };
        let Some(meta) = composer.tree.tensor(*id) else { continue };
        all = all.saturating_add(meta.nbytes());
        if meta.storage.is_none_or(|storage| seen.insert((storage, meta.storage_offset))) {
            once = once.saturating_add(meta.nbytes());
        }
    }
    // Tied weights may be counted once or twice.
    if said != once && said != all {
        let text = format!("the index says {said} bytes of tensors, and the shards hold {once}");
        composer.note(Severity::Info, "INDEX_SIZE", text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_shards_and_indexes() {
        assert_eq!(position("model-00002-of-00007.safetensors"), Some((2, 7)));
        assert_eq!(position("model.fp16-00001-of-00002.safetensors"), Some((1, 2)));
        assert_eq!(position("cup-of-tea.bin"), None);
        assert!(is_index("model.safetensors.index.fp16.json") && !is_index("config.json"));
        let names = [
            "pytorch_model.bin.index.json",
            "model.safetensors.index.fp16.json",
            "model.safetensors.index.json",
        ];
        assert_eq!(preferred(names.into_iter()), Some("model.safetensors.index.json"));
    }
}
