//! What a file's name hints at: epoch, step, metric values, the part it plays (formats.md §13).
//!
//! The lowest of all sources: content always goes before it. A name is cut into words and numbers
//! (`epoch=3-val_loss=0.12` is epoch, 3, val, loss, 0.12), and a number counts for the words before it.

mod part;
mod token;

pub use part::{Part, Parts};

use std::path::Path;

use super::epoch::Base;
use super::{Progress, metric};
use token::Token;

/// What the name of a checkpoint says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints {
    /// Raw epoch and what it counts.
    pub epoch: Option<(f64, Base)>,
    /// Optimizer steps.
    pub step: Option<u64>,
    /// Metric values, in the order of the name.
    pub metrics: Vec<(String, f64)>,
    /// The parts the name says the file plays.
    pub parts: Parts,
}

/// Extensions that say what a file is, cut off before its name is read.
#[rustfmt::skip]
const EXTENSIONS: [&str; 19] = [
    "pt", "pth", "ckpt", "bin", "safetensors", "pkl", "pickle", "tar", "zip", "h5", "hdf5", "weights",
    "msgpack", "npz", "distcp", "model", "chkpt", "keras", "th",
];
/// Extensions of files being written.
const UNFINISHED: [&str; 6] = ["tmp", "part", "partial", "incomplete", "temp", "crdownload"];

impl Hints {
    /// The hints as progress.
    pub fn progress(&self) -> Progress {
        let mut progress = Progress { step: self.step, from_name: true, ..Progress::default() };
        if let Some((raw, base)) = self.epoch {
            progress.set_epoch(raw, base);
        }
        progress
    }
}

/// What the name of `path`, and of the folders right above it, says.
pub fn hints(path: &Path) -> Hints {
    let text = |p: Option<&Path>| p.and_then(Path::file_name).map(|n| n.to_string_lossy().into_owned());
    let name = text(Some(path)).unwrap_or_default();
    let parent = text(path.parent()).unwrap_or_default();
    // A slash in a metric's name makes a folder: `epoch=3-val/loss=0.12.ckpt`.
    let split = parent.contains('=') && name.contains('=');
    let mut hints = if split { of_name(&format!("{parent}/{name}")) } else { of_name(&name) };
    if hints.epoch.is_none() && hints.step.is_none() {
        for folder in path.ancestors().skip(1).take(2) {
            let folder = text(Some(folder)).unwrap_or_default();
            let above = of_folder(&folder);
            if above.epoch.is_some() || above.step.is_some() {
                (hints.epoch, hints.step) = (above.epoch, above.step);
                break;
            }
        }
    }
    hints
}

/// What the name of a checkpoint that is the folder `path` says.
pub fn hints_of_folder(path: &Path) -> Hints {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let (mut hints, own) = (of_name(&name), of_folder(&name));
    // accelerate numbers its folders by save, which is neither epoch nor step.
    if own.epoch.is_some() || own.step.is_some() || name.starts_with("checkpoint") {
        (hints.epoch, hints.step) = (own.epoch, own.step);
    }
    hints
}

/// What the name of a folder of one checkpoint says: `checkpoint-500`, `global_step500`, `epoch_3`.
pub fn of_folder(name: &str) -> Hints {
    // DeepSpeed converts `global_step500` to `global_step500_universal`.
    let name = name.strip_suffix("_universal").unwrap_or(name);
    let tokens = token::cut(name);
    match tokens.as_slice() {
        // Hugging Face numbers its folders by step, accelerate by save; a bare number would be a guess.
        [Token::Word(w), Token::Number(n)] if w == "checkpoint" && name.contains('-') => {
            Hints { step: n.whole(), ..Hints::default() }
        }
        [Token::Word(w), Token::Number(_)]
            if matches!(w.as_str(), "epoch" | "step" | "iter" | "iteration" | "ckpt") =>
        {
            of_tokens(&tokens)
        }
        [Token::Word(g), Token::Word(s), Token::Number(_)] if g == "global" && s == "step" => {
            of_tokens(&tokens)
        }
        _ => Hints::default(),
    }
}

/// What a file name says.
pub fn of_name(name: &str) -> Hints {
    let (stem, unfinished) = stem(name);
    let tokens = token::cut(stem);
    let mut hints = of_tokens(&tokens);
    if let ([.., Token::Number(epoch), Token::Number(value)], true) = (tokens.as_slice(), is_keras(name)) {
        // Keras' own example for the whole model: `{epoch:02d}-{val_loss:.2f}.keras`.
        if epoch.whole().is_some() && value.is_decimal() && hints.metrics.is_empty() {
            set(&mut hints.epoch, epoch.value, Base::Count);
            hints.metrics.push(("val_loss".to_owned(), value.value));
        }
    }
    if unfinished {
        hints.parts.add(Part::Unfinished);
    }
    hints
}

fn is_keras(name: &str) -> bool {
    [".keras", ".h5", ".hdf5"].iter().any(|end| name.ends_with(end))
}

/// The name without extensions and version; and whether one of them marks a file being written.
pub fn stem(name: &str) -> (&str, bool) {
    let mut stem = name;
    let mut marked = false;
    while let Some((rest, extension)) = stem.rsplit_once('.') {
        let extension = extension.to_ascii_lowercase();
        let unfinished = UNFINISHED.contains(&extension.as_str());
        if rest.is_empty() || !(unfinished || EXTENSIONS.contains(&extension.as_str())) {
            break;
        }
        marked |= unfinished;
        stem = rest;
    }
    if let Some((rest, version)) = stem.rsplit_once("-v")
        && !version.is_empty()
        && version.bytes().all(|b| b.is_ascii_digit())
    {
        stem = rest;
    }
    (stem, marked)
}

fn of_tokens(tokens: &[Token]) -> Hints {
    let mut hints = Hints::default();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Word(word) => {
                if let Some(part) = Parts::of_word(word) {
                    hints.parts.add(part);
                }
            }
            Token::Number(_) => number(tokens, at, &mut hints),
        }
    }
    hints
}

/// Reads the number at `at` by the words before it.
fn number(tokens: &[Token], at: usize, hints: &mut Hints) {
    let Some(Token::Number(number)) = tokens.get(at) else { return };
    let before: Vec<&str> = tokens.iter().take(at).rev().map_while(Token::word).take(6).collect();
    let next = tokens.get(at + 1).and_then(Token::word);
    let whole = number.whole();
    match (before.first().copied(), before.get(1).copied()) {
        (Some("epoch" | "epochs" | "ep"), _) => set(&mut hints.epoch, number.value, Base::Unknown),
        (Some("e"), _) if number.glued && plain_e(tokens, at) => {
            set(&mut hints.epoch, number.value, Base::Unknown);
        }
        (
            Some(
                "step" | "steps" | "iter" | "iters" | "iteration" | "it" | "ba" | "batch" | "updates"
                | "update",
            ),
            _,
        ) => {
            hints.step = hints.step.or(whole);
        }
        // ESPnet: `3epoch.pth`.
        (None, _) if next == Some("epoch") && number.glued_to_next && whole.is_some() => {
            set(&mut hints.epoch, number.value, Base::Count);
        }
        _ if matches!(next, Some("step" | "steps" | "iter" | "iters" | "iterations"))
            && !number.glued_to_next
            && !number.given =>
        {
            hints.step = hints.step.or(whole);
        }
        (Some("recovery"), _) => set(&mut hints.epoch, number.value, Base::Within),
        (Some(w @ ("checkpoint" | "ckpt" | "cp" | "model" | "net" | "weights" | "snapshot")), _)
            if whole.is_some() =>
        {
            ordinal(w, tokens, at, number, hints);
        }
        (Some("l"), _) if number.glued && number.is_decimal() => {
            hints.metrics.push(("loss".to_owned(), number.value));
        }
        (Some(_), _) => metric_value(&before, number, hints),
        (None, _) => after_number(tokens, at, number, hints),
    }
}

fn set(slot: &mut Option<(f64, Base)>, value: f64, base: Base) {
    slot.get_or_insert((value, base));
}

/// `mymodel_e10_l0.123`, but not `multilingual-e5-large`.
fn plain_e(tokens: &[Token], at: usize) -> bool {
    let follows = tokens.get(at + 1).and_then(Token::word);
    let measured = matches!(tokens.get(at + 2), Some(Token::Number(_)));
    at >= 2 && (follows.is_none() || measured)
}

/// `checkpoint_0010` and `checkpoint3` are epochs, `model_0004999` iterations, `ckpt-1000` steps.
fn ordinal(word: &str, tokens: &[Token], at: usize, number: &token::Number, hints: &mut Hints) {
    // `model-00001-of-00007` is a part of a model.
    let part = tokens.get(at + 1).and_then(Token::word) == Some("of");
    let Some(whole) = number.whole().filter(|_| !number.is_date() && !part) else { return };
    if word == "model" && number.digits == 7 {
        // detectron2: the index of the last iteration done.
        hints.step = Some(whole + 1);
    } else if whole >= 10_000 || word == "ckpt" && whole >= 1_000 {
        hints.step = Some(whole);
    } else if word == "weights" || word == "cp" {
        // Keras counts from 1.
        set(&mut hints.epoch, number.value, Base::Count);
    } else if matches!(tokens.get(at + 1), Some(Token::Number(n)) if n.whole().is_some()) && at == 1 {
        // fairseq: epoch, then updates.
        set(&mut hints.epoch, number.value, Base::Count);
    } else {
        set(&mut hints.epoch, number.value, Base::Unknown);
    }
}

/// A number right after another one.
fn after_number(tokens: &[Token], at: usize, number: &token::Number, hints: &mut Hints) {
    let words = tokens.iter().take(at).filter_map(Token::word).collect::<Vec<_>>();
    match words.as_slice() {
        ["checkpoint", ..] if number.whole().is_some() && at == 2 => {
            hints.step = hints.step.or(number.whole());
        }
        // Keras' own example: `weights.{epoch:02d}-{val_loss:.2f}`.
        ["weights", ..] if number.is_decimal() => hints.metrics.push(("val_loss".to_owned(), number.value)),
        _ => {}
    }
}

/// `val_loss=0.12`, `acc0.93`, `best_loss_3.210`: a value with a fraction, or one given with `=`.
fn metric_value(before: &[&str], number: &token::Number, hints: &mut Hints) {
    if !number.is_decimal() && !number.given {
        return;
    }
    // Words that name the file rather than the metric.
    let kept = |word: &&&str| {
        !matches!(
            **word,
            "best" | "checkpoint" | "ckpt" | "model" | "net" | "weights" | "epoch" | "step" | "last"
        )
    };
    let mut words: Vec<&str> = before.iter().take_while(kept).copied().collect();
    words.reverse();
    // Of words that only surround the metric none is kept: `resnet_val_acc` is `val_acc`, and so is NeMo's
    // `megatron_gpt--val_acc=0.5`.
    let split = words.iter().skip(1).position(|word| metric::split_of(word) != metric::Split::Unsaid);
    if let Some(at) = split.filter(|_| number.given) {
        words.drain(..=at);
    }
    while words.len() > 1 && !number.given && !starts_metric(words.first().copied().unwrap_or_default()) {
        words.remove(0);
    }
    let name = words.join("_");
    if metric::is_metric(&name) || number.given && !name.is_empty() && !is_count(&name) {
        hints.metrics.push((name, number.value));
    }
}

/// `consumed_samples=8000.0` of NeMo, `fold=3`, `seed=0`: numbers that judge nothing.
fn is_count(name: &str) -> bool {
    let counts = [
        "sample", "consumed", "seed", "fold", "rank", "batch", "bs", "size", "dim", "layer", "head",
        "version",
    ];
    metric::words(name).iter().any(|word| counts.contains(&word.as_str()))
}

fn starts_metric(word: &str) -> bool {
    matches!(word, "val" | "valid" | "validation" | "train" | "test" | "eval" | "dev")
        || metric::is_metric(word)
}

#[cfg(test)]
mod tests;
