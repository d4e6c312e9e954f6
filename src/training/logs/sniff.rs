//! Which files are logs, by their names and first bytes: nothing is read for it that a scan does not read anyway.

use std::path::Path;

use super::LogKind;
use super::rows::{WEAK, axis_of, is_bookkeeping, rank_of};
use crate::training::{Mode, metric};

/// JSON files of models and tokenizers, which are everywhere and never logs.
#[rustfmt::skip]
const NO_LOGS: [&str; 16] = [
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "vocab.json",
    "special_tokens_map.json", "added_tokens.json", "preprocessor_config.json", "adapter_config.json",
    "model_index.json", "package.json", "processor_config.json", "merges.json", "quantize_config.json",
    "scheduler_config.json", "chat_template.json",
];
/// Files of hyperparameters.
#[rustfmt::skip]
const SETTINGS: [&str; 18] = [
    "hparams.yaml", "hparams.yml", "hparams.json", "hyperparameters.json", "hyperparams.yaml", "args.yaml",
    "args.json", "opt.yaml", "hyp.yaml", "config.yaml", "config.yml", "params.txt", "params.json",
    "params.yaml", "training_args.json", "train_args.json", "args.txt", "options.json",
];

/// The kind of log `path` is, whose content begins with `head`; `None` for what is no log.
pub fn kind_of(path: &Path, head: &[u8]) -> Option<LogKind> {
    let name = path.file_name()?.to_str()?;
    if name.contains("tfevents") {
        return Some(LogKind::Events);
    }
    if SETTINGS.contains(&name) {
        return Some(LogKind::Settings);
    }
    let lower = name.to_ascii_lowercase();
    let extension = lower.rsplit_once('.').map_or("", |(_, e)| e);
    match (&*lower, extension) {
        ("trainer_state.json", _) => Some(LogKind::TrainerState),
        ("evaluations.npz", _) => Some(LogKind::Evaluations),
        ("all_results.json" | "train_results.json" | "eval_results.json" | "wandb-summary.json", _) => {
            Some(LogKind::Summary)
        }
        (_, "csv" | "tsv") => table(&lower, head),
        (_, "jsonl" | "ndjson") => lines(&lower, head).then_some(LogKind::Lines),
        (_, "wandb") => head.starts_with(b":W&B").then_some(LogKind::Wandb),
        (_, "json") if NO_LOGS.contains(&&*lower) || lower.ends_with(".index.json") => None,
        (_, "json") => document(&lower, head),
        // FAIR's log.txt, Keras' training.log.
        (_, "txt" | "log") => {
            if lines(&lower, head) {
                Some(LogKind::Lines)
            } else {
                table(&lower, head).or_else(|| prose(&lower, head).then_some(LogKind::Text))
            }
        }
        _ => mlflow(path, head),
    }
}

/// A header with a column of epochs or steps, and another.
fn table(file: &str, head: &[u8]) -> Option<LogKind> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let mut lines = head.split(|b| *b == b'\n');
    let first = std::str::from_utf8(lines.next()?).ok().or_else(|| lossy(head))?;
    // stable-baselines3 writes a comment of JSON before the header.
    let header = if first.starts_with('#') { std::str::from_utf8(lines.next()?).ok()? } else { first };
    let names: Vec<&str> = header.split([',', ';', '\t']).map(|c| c.trim().trim_matches('"')).collect();
    if names.starts_with(&["r", "l", "t"]) {
        return Some(LogKind::Csv);
    }
    let is_metric = |name: &&str| metric::is_metric(name) && metric::mode_of(name) != Mode::None;
    let measured = names.iter().any(is_metric);
    let axis = names.iter().any(|name| rank_of(name).is_some_and(|(_, rank)| rank < WEAK || measured));
    let worded = names.iter().all(|name| name.parse::<f64>().is_err());
    // A header longer than what was read may name its epochs further on: Lightning's is alphabetical.
    let cut = !head.contains(&b'\n') && names.iter().any(|name| metric::is_metric(name));
    (names.len() > 1 && worded && (axis || cut || measured && is_history(file, &names, lines.next())))
        .then_some(LogKind::Csv)
}

/// A history without a column of epochs, as pandas writes one: numbers throughout, in a file that is called so.
fn is_history(file: &str, names: &[&str], row: Option<&[u8]>) -> bool {
    let row = String::from_utf8_lossy(row.unwrap_or_default()).into_owned();
    let cells: Vec<&str> = row.split([',', ';', '\t']).map(str::trim).collect();
    let number = |cell: &&str| cell.is_empty() || super::text::number(cell).is_some();
    is_named(file) && cells.len() == names.len() && cells.iter().all(number)
}

/// A name of what records a training.
fn is_named(file: &str) -> bool {
    let words = metric::words(file);
    words.iter().any(|w| {
        matches!(
            w.as_str(),
            "history" | "metric" | "log" | "result" | "loss" | "scalar" | "storage" | "stat" | "curve"
        )
    })
}

/// What a program says on its screen, kept in a file: the name of a log, and text.
fn prose(file: &str, head: &[u8]) -> bool {
    let log = file.ends_with(".log") || metric::words(file).iter().any(|w| w == "log" || w == "logs");
    log && !head.is_empty() && !head.contains(&0)
}

/// The text of a head that was cut within a character.
fn lossy(head: &[u8]) -> Option<&str> {
    let end = std::str::from_utf8(head).err().map(|e| e.valid_up_to())?;
    std::str::from_utf8(head.get(..end)?).ok().filter(|t| !t.is_empty())
}

/// Keys of JSON in `head`, in any depth.
fn keys(head: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(head);
    let parts: Vec<&str> = text.split('"').collect();
    let pairs = parts.windows(2).skip(1).step_by(2);
    let key = |pair: &[&str]| match pair {
        [name, after] if after.trim_start().starts_with(':') => Some((*name).to_owned()),
        _ => None,
    };
    pairs.filter_map(key).collect()
}

/// A JSON object that has an epoch or a step, and something to follow.
fn lines(file: &str, head: &[u8]) -> bool {
    let begins = head.trim_ascii_start().starts_with(b"{");
    // Behind what a logger puts before it, in a file that is read as text otherwise.
    let within = || head.windows(3).any(|w| w == b" {\"");
    let text = file.ends_with(".log") || file.ends_with(".txt");
    if !(begins || text && within()) {
        return false;
    }
    let keys = keys(head);
    let metric = || is_named(file) || keys.iter().any(|k| metric::is_metric(k));
    let ranks = || keys.iter().filter_map(|k| rank_of(k));
    keys.iter().any(|k| k == "env_info") || ranks().any(|(_, rank)| rank < WEAK || metric())
}

fn document(name: &str, head: &[u8]) -> Option<LogKind> {
    let begins = head.trim_ascii_start().first().copied();
    if !matches!(begins, Some(b'{' | b'[')) {
        return None;
    }
    let keys = keys(head);
    let axis = keys.iter().any(|k| axis_of(k).is_some());
    let metric = keys.iter().any(|k| metric::is_metric(k) && !is_bookkeeping(k));
    let named = is_named(name);
    let environment = keys.iter().any(|k| k == "env_info");
    (axis && (metric || named) || named && metric || environment).then_some(LogKind::Document)
}

/// `metrics/<name>` and `params/<name>` of an `MLflow` run, which is told by its `meta.yaml`.
fn mlflow(path: &Path, head: &[u8]) -> Option<LogKind> {
    let folder = path
        .ancestors()
        .skip(1)
        .take(4)
        .find(|f| f.file_name().is_some_and(|n| n == "metrics" || n == "params"))?;
    let is_metrics = folder.file_name().is_some_and(|n| n == "metrics");
    let first = String::from_utf8_lossy(head.split(|b| *b == b'\n').next()?).into_owned();
    let cells: Vec<&str> = first.split_ascii_whitespace().collect();
    let logged = matches!(cells.as_slice(), [time, value, ..] if time.len() >= 10 && time.bytes().all(|b| b.is_ascii_digit()) && value.parse::<f64>().is_ok());
    let run = folder.parent()?;
    match is_metrics {
        true if logged => Some(LogKind::MlflowMetric),
        false if run.join("meta.yaml").is_file() => Some(LogKind::MlflowParam),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_told_from_other_files() {
        for (name, head, want) in [
            ("events.out.tfevents.1.host", "", Some(LogKind::Events)),
            ("trainer_state.json", "{", Some(LogKind::TrainerState)),
            ("results.csv", "    epoch,   train/box_loss\n", Some(LogKind::Csv)),
            ("log.csv", "epoch;loss\n0;1\n", Some(LogKind::Csv)),
            ("training.log", "epoch,loss,val_loss\n", Some(LogKind::Csv)),
            ("0.monitor.csv", "#{\"t_start\": 1}\nr,l,t\n", Some(LogKind::Csv)),
            ("log.txt", "{\"train_loss\": 1, \"epoch\": 0}\n", Some(LogKind::Lines)),
            ("20240101_1.log.json", "{\"env_info\": \"sys", Some(LogKind::Document)),
            ("metrics.json", "{\"iteration\": 19, \"total_loss\": 2}\n", Some(LogKind::Document)),
            ("history.json", "[{\"batches\": [{\"train_loss\": 1}", Some(LogKind::Document)),
            ("losses.json", "{\"train_loss\": [1, 2]}", Some(LogKind::Document)),
            ("hparams.yaml", "lr: 1", Some(LogKind::Settings)),
            ("data.csv", "x,y,z\n1,2,3\n", None),
            ("prices.csv", "date,open,close\n", None),
            ("numbers.csv", "1,2,3\n4,5,6\n", None),
            ("config.json", "{\"epoch\": 1, \"loss\": 2}", None),
            ("coco.json", "{\"images\": [{\"id\": 1, \"file_name\": \"a\"}]}", None),
            ("notes.txt", "epoch 3 was good\n", None),
            ("train.log", "2024-01-01 INFO epoch 1, loss 0.5\n", Some(LogKind::Text)),
            (
                "train.log",
                "12:00:00 | INFO | train | {\"epoch\": 1, \"train_loss\": \"9.1\"}\n",
                Some(LogKind::Lines),
            ),
            ("history.csv", ",loss,val_loss\n0,1.5,1.25\n", Some(LogKind::Csv)),
            ("losses.csv", "train_loss,val_loss\n1.5,1.25\n", Some(LogKind::Csv)),
            ("scores.csv", "image,dice\na.png,0.5\n", None),
            ("results.csv", "image,dice\na.png,0.5\n", None),
            ("track.csv", "frames,x,y\n1,2,3\n", None),
            ("run-ab12.wandb", ":W&B", Some(LogKind::Wandb)),
            ("data.jsonl", "{\"text\": \"a\", \"label\": 1}\n", None),
        ] {
            assert_eq!(kind_of(Path::new(name), head.as_bytes()), want, "{name}");
        }
    }
}
