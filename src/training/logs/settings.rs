//! Hyperparameters beside the checkpoints: Lightning's `hparams.yaml`, Ultralytics' `args.yaml`, W&B's
//! `config.yaml`, Hydra's, `OpenCLIP`'s `params.txt`, JSON files of arguments.
//!
//! YAML is read as a stream of events: tags such as `!!python/object:argparse.Namespace` stay text and
//! construct nothing, and an alias stays a name instead of being expanded, so that nine lines cannot become a
//! billion.

use std::path::Path;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::Value;

use super::events_proto::{Field, Fields, first};
use super::{Log, json};
use crate::text::shown;

/// Lines at most.
const MOST: usize = 256;
/// Characters of one value.
const LONGEST: usize = 160;
/// Bytes of a file of settings.
const BYTES: usize = 4 << 20;
/// Levels of nesting.
const DEPTH: usize = 32;

pub(super) fn read(bytes: &[u8], path: &Path) -> Log {
    let mut log = Log::default();
    let bytes = bytes.get(..bytes.len().min(BYTES)).unwrap_or_default();
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    match &*extension {
        "json" => match json::parse(bytes) {
            Ok(value) => flatten("", &value, DEPTH, &mut log),
            Err(error) => log.problem = Some(format!("not JSON: {error}")),
        },
        "txt" => plain(&String::from_utf8_lossy(bytes), &mut log),
        _ => yaml(&String::from_utf8_lossy(bytes), &mut log),
    }
    // W&B wraps each value: `lr: {desc: null, value: 0.1}`.
    if path.components().any(|c| c.as_os_str() == "wandb") {
        log.hyperparameters.retain(|(name, _)| !name.starts_with("_wandb") && name.contains(".value"));
        for (name, _) in &mut log.hyperparameters {
            *name = name.replacen(".value", "", 1);
        }
    }
    log
}

fn push(log: &mut Log, name: &str, value: &str) {
    if log.hyperparameters.len() >= MOST
        || name.is_empty()
        || log.hyperparameters.iter().any(|(n, _)| n == name)
    {
        return;
    }
    let mut value = shown(value).into_owned();
    if let Some((at, _)) = value.char_indices().nth(LONGEST) {
        value.truncate(at);
        value.push('…');
    }
    log.hyperparameters.push((name.to_owned(), value));
}

/// A table of Markdown with two columns: `|lr|0.1|`.
pub(super) fn of_table(text: &str, log: &mut Log) {
    let rows = text.lines().filter_map(|line| line.trim().strip_prefix('|')?.strip_suffix('|'));
    let mut rows = rows.filter_map(|row| row.split_once('|'));
    if rows.next().is_some_and(|(name, value)| name.trim() == "param" && value.trim() == "value") {
        for (name, value) in rows.filter(|(name, _)| !name.trim().starts_with('-')) {
            push(log, name.trim(), value.trim());
        }
    }
}

/// One setting, and what is within it.
pub(super) fn nested(name: &str, value: &Value, log: &mut Log) {
    flatten(name, value, DEPTH, log);
}

fn joined(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

fn flatten(prefix: &str, value: &Value, depth: usize, log: &mut Log) {
    match value {
        Value::Object(map) if depth > 0 && !map.is_empty() => {
            for (name, inner) in map {
                flatten(&joined(prefix, name), inner, depth - 1, log);
            }
        }
        other => push(log, prefix, &json::shown(other)),
    }
}

/// Lines `name: value`.
fn plain(text: &str, log: &mut Log) {
    for line in text.lines() {
        if let Some((name, value)) = line.split_once(": ").or_else(|| line.split_once('=')) {
            push(log, name.trim(), value.trim());
        }
    }
}

/// One open container of a YAML document.
enum Open {
    /// A mapping, and the key whose value comes next.
    Map { prefix: String, key: Option<String> },
    /// A sequence whose items are written out in one line.
    List { name: String, items: Vec<String> },
}

fn yaml(text: &str, log: &mut Log) {
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let event = match event {
            Ok((event, _)) => event,
            Err(error) => {
                log.problem = Some(format!("not YAML: {}", shown(&error.to_string())));
                return;
            }
        };
        if open.len() > DEPTH || log.hyperparameters.len() >= MOST {
            return;
        }
        match event {
            Event::Scalar(text, style, _, tag) => {
                scalar(&mut open, &value_text(&text, style, tag.as_deref()), log);
            }
            Event::Alias(_) => scalar(&mut open, "*", log),
            Event::MappingStart(..) => {
                let prefix = name_here(&mut open);
                open.push(Open::Map { prefix, key: None });
            }
            Event::SequenceStart(_, _) => {
                let name = name_here(&mut open);
                open.push(Open::List { name, items: Vec::new() });
            }
            Event::MappingEnd => {
                open.pop();
                done(&mut open, "{…}");
            }
            Event::SequenceEnd => {
                if let Some(Open::List { name, items }) = open.pop() {
                    let text = format!("[{}]", items.join(", "));
                    if matches!(open.last(), Some(Open::List { .. })) {
                        done(&mut open, &text);
                    } else {
                        push(log, &name, &text);
                    }
                }
            }
            // Further documents are not settings.
            Event::DocumentEnd => return,
            _ => {}
        }
    }
}

/// The name of the container that begins here; the key it stands under is used up.
fn name_here(open: &mut [Open]) -> String {
    match open.last_mut() {
        Some(Open::Map { prefix, key }) => joined(prefix, &key.take().unwrap_or_default()),
        Some(Open::List { name, items }) => joined(name, &items.len().to_string()),
        None => String::new(),
    }
}

/// A container that ended within a list is one of its items.
fn done(open: &mut [Open], text: &str) {
    if let Some(Open::List { items, .. }) = open.last_mut()
        && items.len() < MOST
    {
        items.push(text.to_owned());
    }
}

fn scalar(open: &mut [Open], text: &str, log: &mut Log) {
    match open.last_mut() {
        Some(Open::Map { prefix, key }) => match key.take() {
            None => *key = Some(text.to_owned()),
            Some(name) => push(log, &joined(prefix, &name), text),
        },
        Some(Open::List { items, .. }) if items.len() < MOST => items.push(text.to_owned()),
        _ => {}
    }
}

/// What a scalar shows: words as Python writes them, a tag the value does not explain before it.
fn value_text(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> String {
    if let Some(tag) = tag {
        // `!!python/str` and the like say no more than the value does.
        const PLAIN: [&str; 7] = ["str", "unicode", "int", "long", "float", "bool", "none"];
        let name = match tag.suffix.strip_prefix("python/") {
            Some(name) => Some(name.to_owned()).filter(|name| !PLAIN.contains(&name.as_str())),
            None if tag.is_yaml_core_schema() => None,
            None => Some(format!("{}{}", tag.handle, tag.suffix)),
        };
        if let Some(name) = name {
            return if text.is_empty() { name } else { format!("{name} {text}") };
        }
    }
    match (style, text) {
        (ScalarStyle::Plain, "true" | "True") => "True".to_owned(),
        (ScalarStyle::Plain, "false" | "False") => "False".to_owned(),
        (ScalarStyle::Plain, "null" | "~" | "") => "None".to_owned(),
        _ => text.to_owned(),
    }
}

/// `SessionStartInfo` of TensorBoard's hparams plugin: a map of names to `google.protobuf.Value`.
pub(super) fn of_tensorboard(content: &[u8], log: &mut Log) {
    let Some(session) = first(content, 3).and_then(Field::bytes) else { return };
    for entry in Fields(session).filter_map(|(number, field)| field.bytes().filter(|_| number == 1)) {
        let name = first(entry, 1).and_then(Field::text);
        let value = first(entry, 2).and_then(Field::bytes).and_then(|value| Fields(value).next());
        let text = match value {
            Some((2, field)) => field.double().map(crate::text::number::number),
            Some((3, field)) => field.text().map(str::to_owned),
            Some((4, Field::Varint(on))) => Some(if on == 0 { "False" } else { "True" }.to_owned()),
            _ => None,
        };
        if let (Some(name), Some(text)) = (name, text) {
            push(log, name, &text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_yaml(text: &str) -> Vec<(String, String)> {
        let mut log = Log::default();
        yaml(text, &mut log);
        log.hyperparameters
    }

    fn pairs(want: &[(&str, &str)]) -> Vec<(String, String)> {
        want.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn nested_settings_are_flat_lines() {
        let found = read_yaml(
            "lr: 0.001\nmodel:\n  width: 8\n  act: 'true'\nbetas: [0.9, 0.999]\namp: true\nnone:\n",
        );
        let want = [
            ("lr", "0.001"),
            ("model.width", "8"),
            ("model.act", "true"),
            ("betas", "[0.9, 0.999]"),
            ("amp", "True"),
            ("none", "None"),
        ];
        assert_eq!(found, pairs(&want));
    }

    #[test]
    fn tags_stay_text_and_aliases_are_not_expanded() {
        let text = "args: !!python/object:argparse.Namespace\n  lr: 0.1\n  path: !!python/object/apply:pathlib.PosixPath\n  - /data\n\
                    t: !!python/tuple [1, 2]\nf: !!python/name:torch.nn.functional.relu ''\na: &x [1]\nb: *x\n";
        let want = [
            ("args.lr", "0.1"),
            ("args.path", "[/data]"),
            ("t", "[1, 2]"),
            ("f", "name:torch.nn.functional.relu"),
            ("a", "[1]"),
            ("b", "*"),
        ];
        assert_eq!(read_yaml(text), pairs(&want));
    }

    #[test]
    fn a_table_of_arguments_is_settings() {
        let mut log = Log::default();
        of_table("|param|value|\n|-|-|\n|lr|0.1|\n|env_id|CartPole-v1|", &mut log);
        of_table("|name|note|\n|-|-|\n|x|y|", &mut log);
        assert_eq!(log.hyperparameters, pairs(&[("lr", "0.1"), ("env_id", "CartPole-v1")]));
    }

    #[test]
    fn weights_and_biases_wraps_its_values() {
        let text = b"_wandb:\n  desc: null\n  value:\n    cli_version: 0.1\nlr:\n  desc: null\n  value: 0.1\nopt:\n  value:\n    name: adam\n";
        let log = read(text, Path::new("wandb/run-1/files/config.yaml"));
        assert_eq!(log.hyperparameters, pairs(&[("lr", "0.1"), ("opt.name", "adam")]));
    }
}
