//! Folders with a file for each part of a training: `checkpoint-500/` of the Hugging Face Trainer,
//! `save_state` of accelerate, adapters with their configuration (formats.md §6.5, §11.2).
//!
//! Each part is an entry of the root under the name it has in a checkpoint of one file: `model`, `optimizer`,
//! `scheduler`. Weights nobody expects are parts too, under the names of their files: nothing is hidden.

use super::compose::{Composer, listed};
use super::listing::{Folder, Names};
use super::recognise::Layout;
use super::{deepspeed, index, json};
use crate::checkpoint::{Checkpoint, Format, Severity, ShardStatus};
use crate::error::Result;
use crate::limits::Limits;
use crate::sorting::Sort as _;
use crate::value::Value;

/// Names of single files with the weights of the model, the one a loader takes first.
const WEIGHTS: [&str; 5] = [
    "model.safetensors",
    "diffusion_pytorch_model.safetensors",
    "pytorch_model.bin",
    "diffusion_pytorch_model.bin",
    "pytorch_model_fsdp.bin",
];
/// Files with settings, shown beside everything else.
const SETTINGS: [&str; 5] = [
    "config.json",
    "generation_config.json",
    "adapter_config.json",
    "model_index.json",
    "scheduler_config.json",
];
/// Extensions of files that may hold tensors.
const TENSORS: [&str; 7] = ["safetensors", "bin", "pt", "pth", "ckpt", "pkl", "msgpack"];

/// A part: its key in the root and what it comes from.
#[derive(Debug, PartialEq)]
struct Part {
    key: String,
    from: From,
}

#[derive(Debug, PartialEq)]
enum From {
    File(String),
    Index(String),
    Json(String),
    Folder(String),
    /// A tag of DeepSpeed.
    DeepSpeed(String),
}

impl From {
    /// It is the file or folder `name`.
    fn is(&self, name: &str) -> bool {
        matches!(self, Self::File(n) | Self::Folder(n) | Self::DeepSpeed(n) if n == name)
    }
}

/// Opens the folder.
pub(super) fn open(folder: &Folder, layout: Layout, format: Format, limits: &Limits) -> Result<Checkpoint> {
    let mut composer = Composer::new(folder, limits);
    let parts = parts(folder, layout, &mut composer);
    let mut entries: Vec<(String, Value)> = Vec::new();
    for part in &parts {
        if let Some(value) = read(&mut composer, part)? {
            entries.push((part.key.clone(), value));
        }
    }
    let settings = settings(folder, &mut composer);
    // Weights and nothing else are not put below a name of ours.
    let alone =
        parts.len() == 1 && matches!(parts.first().map(|p| &p.from), Some(From::File(_) | From::Index(_)));
    let root = match entries.first() {
        Some((_, value)) if alone => *value,
        _ => composer.mapping(entries),
    };
    Ok(composer.finish(format, root, settings))
}

fn parts(folder: &Folder, layout: Layout, composer: &mut Composer<'_>) -> Vec<Part> {
    let names = &folder.names;
    let mut parts = model(names, composer);
    let other = WEIGHTS.into_iter().find(|n| names.has_file(n) && !parts.iter().any(|p| p.from.is(n)));
    if let (Some(other), false) = (other, parts.is_empty()) {
        let text = format!("the folder also holds {other}: open it by its own path");
        composer.note(Severity::Info, "OTHER_COPY", text);
    }
    let taken = |parts: &[Part], name: &str| parts.iter().any(|p| p.from.is(name));
    let mut files: Vec<(u8, Part)> = Vec::new();
    for name in names.files().filter(|name| !taken(&parts, name) && layout.takes(name, false)) {
        if let Some((rank, key)) = role(name) {
            let from = if name.ends_with(".json") {
                From::Json(name.to_owned())
            } else {
                From::File(name.to_owned())
            };
            files.push((rank, Part { key, from }));
        }
    }
    for name in names.folders().filter(|name| !taken(&parts, name) && layout.takes(name, true)) {
        if let Some(key) = folder_key(folder, name) {
            files.push((
                if key.starts_with("optimizer") { 1 } else { 8 },
                Part { key, from: From::Folder(name.to_owned()) },
            ));
        }
    }
    files.in_order_of(|(rank, _)| *rank);
    parts.extend(files.into_iter().map(|(_, part)| part));
    parts
}

/// The weights of the model; other copies of them are said, not read.
fn model(names: &Names, composer: &mut Composer<'_>) -> Vec<Part> {
    let part = |from| vec![Part { key: "model".to_owned(), from }];
    let indexes: Vec<&str> = names.files().filter(|n| index::is_index(n)).collect();
    if let Some(name) = index::preferred(indexes.iter().copied()) {
        let others: Vec<&str> = indexes.iter().copied().filter(|n| *n != name).collect();
        if !others.is_empty() {
            let text = format!(
                "shown is {name}; the folder also holds {}: open it by its own path",
                listed(&others)
            );
            composer.note(Severity::Info, "OTHER_COPY", text);
        }
        return part(From::Index(name.to_owned()));
    }
    if let Some(name) = WEIGHTS.into_iter().find(|n| names.has_file(n)) {
        return part(From::File(name.to_owned()));
    }
    if let Some(name) = names.folders().find(|n| n.starts_with("pytorch_model_fsdp")) {
        return part(From::Folder(name.to_owned()));
    }
    match deepspeed::tag(names) {
        Some(tag) => vec![Part { key: "deepspeed".to_owned(), from: From::DeepSpeed(tag) }],
        None => Vec::new(),
    }
}

/// Key and order of a file that is a part; `None` for shards, settings, tokenizers and everything else.
fn role(name: &str) -> Option<(u8, String)> {
    if name == "trainer_state.json" {
        return Some((5, "trainer_state".to_owned()));
    }
    let (stem, extension) = name.rsplit_once('.')?;
    if !TENSORS.contains(&extension) || index::is_shard(name) || name.starts_with('.') {
        return None;
    }
    if WEIGHTS.contains(&name) {
        return None;
    }
    let base = stem.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
    let rank = match base {
        "model" | "pytorch_model" | "adapter_model" | "diffusion_pytorch_model" => 0,
        "optimizer" => 1,
        "scheduler" => 2,
        "scaler" => 3,
        "training_args" => 4,
        "rng_state" | "random_states" | "sampler" | "dl_state_dict" => 7,
        _ => 6,
    };
    let key = match stem.strip_prefix("pytorch_model") {
        Some(rest) => format!("model{rest}"),
        None => stem.replace("adapter_model", "adapter"),
    };
    Some((rank, key.replace('.', "_")))
}

/// Key of a folder that is a part.
fn folder_key(folder: &Folder, name: &str) -> Option<String> {
    let inner = Names::read(&folder.path.join(name)).ok()?;
    let single = WEIGHTS.iter().any(|n| inner.has_file(n)) || inner.has_file("adapter_model.safetensors");
    let known = super::recognise::layout(&inner).is_some();
    // accelerate numbers the optimizers it saves with FSDP.
    (single || known).then(|| name.strip_suffix("_0").unwrap_or(name).replace('.', "_"))
}

fn read(composer: &mut Composer<'_>, part: &Part) -> Result<Option<Value>> {
    match &part.from {
        From::Index(name) => index::merge(composer, name).map(Some),
        From::File(name) => Ok(composer.part(name, &part.key).map(|opened| opened.root)),
        From::Json(name) => {
            let parsed = json::read(composer.folder, name, composer.limits);
            match parsed {
                Ok(parsed) => {
                    composer.file(name)?;
                    composer.hash(parsed.to_string().as_bytes());
                    composer.shard(name, &part.key, Some(0), ShardStatus::Ok, None);
                    Ok(Some(json::add(&mut composer.tree, &parsed)))
                }
                Err(error) => {
                    composer.broken(name, &part.key, &error);
                    Ok(None)
                }
            }
        }
        From::Folder(name) | From::DeepSpeed(name) => Ok(inner(composer, name, &part.key)),
    }
}

/// A checkpoint that is a folder in this one.
fn inner(composer: &mut Composer<'_>, name: &str, key: &str) -> Option<Value> {
    let opened = composer.folder.folder(name).and_then(|inner| super::open_folder(&inner, composer.limits));
    match opened.and_then(|checkpoint| composer.graft(checkpoint, name)) {
        Ok((opened, mut shards)) => {
            for shard in &mut shards {
                shard.role = format!("{key}: {}", shard.role);
            }
            composer.shards.extend(shards);
            // `pytorch_model_fsdp_0` holds {"model": …} again.
            let below =
                composer.tree.get(opened.root, key).filter(|_| composer.tree.entries(opened.root).len() == 1);
            Some(below.unwrap_or(opened.root))
        }
        Err(error) => {
            composer.broken(name, key, &error);
            None
        }
    }
}

/// The settings beside the weights, by the names of their files.
fn settings(folder: &Folder, composer: &mut Composer<'_>) -> Option<Value> {
    let mut entries = Vec::new();
    for name in SETTINGS.into_iter().filter(|n| folder.names.has_file(n)) {
        match json::read(folder, name, composer.limits) {
            Ok(parsed) => {
                let value = json::add(&mut composer.tree, &parsed);
                entries.push((name, value));
            }
            Err(error) => composer.note(Severity::Warning, "SETTINGS", format!("{name}: {}", error.reason())),
        }
    }
    (!entries.is_empty()).then(|| composer.mapping(entries))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_files_of_trainers_are_called() {
        for (name, want) in [
            ("optimizer.pt", Some("optimizer")),
            ("optimizer_1.bin", Some("optimizer_1")),
            ("adapter_model.safetensors", Some("adapter")),
            ("pytorch_model_1.bin", Some("model_1")),
            ("random_states_0.pkl", Some("random_states_0")),
            ("custom_checkpoint_0.pkl", Some("custom_checkpoint_0")),
            ("trainer_state.json", Some("trainer_state")),
            ("ema.v2.pt", Some("ema_v2")),
            ("model-00001-of-00002.safetensors", None),
            ("config.json", None),
            ("tokenizer.model", None),
            ("model.safetensors", None),
        ] {
            assert_eq!(role(name).map(|(_, key)| key).as_deref(), want, "{name}");
        }
    }
}
