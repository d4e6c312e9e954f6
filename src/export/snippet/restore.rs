//! The lines after loading: what goes into which object, for inference and for going on with training.

use super::load::Source;
use super::parts::{self, Part, Shape};
use super::{Script, is_flat, notes};
use crate::checkpoint::{Checkpoint, Format, SectionRole};
use crate::export::python;
use crate::training::epoch::Base;
use crate::training::siblings;
use crate::value::{Tree, Value};

/// Weights: a state dict or module that is the whole file, or parts of a mapping.
pub(super) fn models(checkpoint: &Checkpoint, source: &Source, script: &mut Script) {
    let mut main = parts::of_role(checkpoint, SectionRole::Model);
    let mut averaged = parts::of_role(checkpoint, SectionRole::Ema);
    if main.is_empty() {
        main = std::mem::take(&mut averaged);
    }
    match main.as_slice() {
        [] => return anything(checkpoint, source, script),
        [only] if only.whole => whole_file(source, only, script),
        _ => {
            script.lines.extend(source.lines("checkpoint"));
            for part in &main {
                restore(part, &part.access, script);
            }
        }
    }
    let evaluated: Vec<&Part<'_>> = main.iter().filter(|part| evaluate(checkpoint, part, script)).collect();
    for part in &main {
        notes::names(checkpoint, source, part, script);
    }
    if main.iter().all(|part| !part.whole) {
        averages(checkpoint, &averaged, script);
        resume(checkpoint, &evaluated, script);
    }
}

fn whole_file(source: &Source, part: &Part<'_>, script: &mut Script) {
    if part.shape == Shape::Object {
        script.lines.extend(source.lines(&part.variable));
    } else {
        script.lines.extend(source.setup.iter().cloned());
        restore(part, source.expression(), script);
    }
}

fn restore(part: &Part<'_>, from: &str, script: &mut Script) {
    let variable = &part.variable;
    match part.shape {
        Shape::Object => script.line(format!("{variable} = {from}")),
        Shape::StateDict => script.line(format!("{variable}.load_state_dict({from})")),
        Shape::Sequence => {
            script.line(format!("for parameter, value in zip({variable}.parameters(), {from}):"));
            script.line("    parameter.data.copy_(value)");
        }
        Shape::Parts => {
            script.line(format!(
                "{variable}.load_state_dict({{f\"{{part}}.{{key}}\": value for part, state in {from}.items() for key, value in state.items()}})"
            ));
        }
        Shape::Nested => {
            script.line(format!("{variable}_state = {from}"));
            script.note(format!(
                "the weights in `{variable}_state` are mappings within mappings, not a flat state dict: pass it to the code that wrote it"
            ));
        }
    }
}

/// `model.eval()`, where something in the file says that it matters.
fn evaluate(checkpoint: &Checkpoint, part: &Part<'_>, script: &mut Script) -> bool {
    let reason = notes::why_evaluate(checkpoint, part.section);
    let applies = part.shape != Shape::Nested;
    if let Some(reason) = reason.as_deref().filter(|_| applies) {
        script.line(format!("{}.eval()  # {reason}", part.variable));
        if !script.notes.iter().any(|note| note.contains(".eval()`")) {
            script.note(format!("for inference call `{}.eval()`: {reason}", part.variable));
        }
    }
    applies && reason.is_some()
}

/// Averaged weights stand as comments: they replace what was just loaded.
fn averages(checkpoint: &Checkpoint, averaged: &[Part<'_>], script: &mut Script) {
    let mut lines = Script::default();
    for part in averaged {
        let from = match parts::prefixes(checkpoint, part.section).as_slice() {
            [] => part.access.clone(),
            prefixes => stripped(&part.access, &prefixes.concat(), "if k != \"n_averaged\""),
        };
        restore(part, &from, &mut lines);
    }
    if lines.lines.is_empty() {
        return;
    }
    script.gap();
    script.line("# The file also holds averaged weights (EMA), often the better ones for inference:");
    script.lines.extend(lines.lines.iter().map(|line| format!("# {line}")));
    script.note("averaged weights (EMA) lie beside the weights: load one or the other, see the comment");
}

/// The mapping `from` with `prefix` taken off its keys.
pub(super) fn stripped(from: &str, prefix: &str, condition: &str) -> String {
    let space = if condition.is_empty() { "" } else { " " };
    let prefix = python::string(prefix);
    format!("{{k.removeprefix({prefix}): v for k, v in {from}.items(){space}{condition}}}")
}

/// Optimizer, scheduler and counters, to go on training.
fn resume(checkpoint: &Checkpoint, evaluated: &[&Part<'_>], script: &mut Script) {
    let before = script.lines.len();
    for role in [SectionRole::Optimizer, SectionRole::Scheduler] {
        for part in parts::of_role(checkpoint, role) {
            let object = if part.shape == Shape::Object { ".state_dict()" } else { "" };
            script.line(format!("{}.load_state_dict({}{object})", part.variable, part.access));
        }
    }
    let tree = checkpoint.tree();
    for (key, _) in tree.entries(tree.root()).iter().filter(|(_, v)| is_scaler(tree, *v)) {
        let Value::Text(span) = *key else { continue };
        let key = python::string_bytes(tree.bytes(span));
        script.line(format!("# scaler.load_state_dict(checkpoint[{key}])  # torch.amp.GradScaler"));
    }
    script.lines.extend(counter(checkpoint));
    if script.lines.len() == before {
        return;
    }
    for part in evaluated {
        script.line(format!("{}.train()", part.variable));
    }
    let mut lines = script.lines.split_off(before);
    script.gap();
    script.line("# To go on training:");
    script.lines.append(&mut lines);
}

fn is_scaler(tree: &Tree, value: Value) -> bool {
    ["scale", "growth_factor", "growth_interval"].iter().all(|key| tree.get(value, key).is_some())
}

/// The counter training goes on from.
fn counter(checkpoint: &Checkpoint) -> Option<String> {
    let tree = checkpoint.tree();
    let number = |key: &str| checkpoint.number(tree.get(tree.root(), key)?);
    let known = ["epoch", "current_epoch", "global_step", "step", "iteration", "iter_num"];
    let key = known.into_iter().find(|key| number(key).is_some())?;
    let value = format!("checkpoint[{}]", python::string(key));
    let progress = siblings::info(checkpoint).progress;
    if progress.raw_epoch.is_none() || progress.raw_epoch != number(key) || !key.contains("epoch") {
        return Some(format!("{key} = {value}"));
    }
    let rule = progress.base.rule();
    Some(match progress.base {
        Base::Index | Base::LikelyIndex | Base::HistoryIndex | Base::SchedulerIndex | Base::NamesFromZero => {
            format!("start_epoch = {value} + 1  # {rule}")
        }
        Base::Count | Base::HistoryCount | Base::SchedulerCount | Base::NamesFromOne => {
            format!("start_epoch = {value}  # {rule}")
        }
        _ => format!("epoch = {value}  # {rule}"),
    })
}

/// An optimizer's state alone.
pub(super) fn optimizer(checkpoint: &Checkpoint, source: &Source, script: &mut Script) {
    let parts = parts::of_role(checkpoint, SectionRole::Optimizer);
    match parts.as_slice() {
        [] => anything(checkpoint, source, script),
        [only] if only.whole => whole_file(source, only, script),
        _ => {
            script.lines.extend(source.lines("checkpoint"));
            resume(checkpoint, &[], script);
        }
    }
}

/// A file that is none of the usual kinds: what lies in it is named, and nothing more.
pub(super) fn anything(checkpoint: &Checkpoint, source: &Source, script: &mut Script) {
    let variable = match checkpoint.tree().root() {
        Value::Tensor(_) => "tensor",
        _ => "data",
    };
    script.lines.extend(source.lines(variable));
}

/// A TorchScript program, which brings its own code.
pub(super) fn program(checkpoint: &Checkpoint, source: &Source, script: &mut Script) {
    script.lines.extend(source.lines("model"));
    let section = checkpoint.sections().iter().find(|s| s.role == SectionRole::Model);
    if let Some(reason) = section.and_then(|s| notes::why_evaluate(checkpoint, s)) {
        script.line(format!("model.eval()  # {reason}"));
        script.note(format!("for inference call `model.eval()`: {reason}"));
    }
    script.note("TorchScript carries its own code: no class has to be importable, and loading it makes that code callable");
}

/// What `peft` puts before the names of an adapter it saves.
const PEFT: &str = "base_model.model.";

/// An adapter as `peft` saves it: its own weights, and modules trained beside it, without the adapter's name.
pub(super) fn is_peft(checkpoint: &Checkpoint) -> bool {
    let keys = || checkpoint.tensors().iter().map(crate::checkpoint::TensorEntry::key);
    keys().any(|key| key.contains("lora_"))
        && keys()
            .all(|key| key.starts_with(PEFT) && !key.contains(".default.") && !key.contains("base_layer."))
}

/// Adapter weights: they go into a model that is there already.
pub(super) fn adapter(checkpoint: &Checkpoint, source: &Source, script: &mut Script) {
    let keys = || checkpoint.tensors().iter().map(crate::checkpoint::TensorEntry::key);
    let peft = keys().any(|key| key.starts_with(PEFT)) && !keys().any(|key| key.contains(".default."));
    let root = is_flat(checkpoint, checkpoint.tree().root());
    let folder = checkpoint.path().parent().filter(|f| f.join("adapter_config.json").is_file());
    let safetensors = checkpoint.format() == Format::Safetensors;
    match folder {
        Some(folder) if peft => {
            let folder = if folder.as_os_str().is_empty() { ".".as_ref() } else { folder };
            script.imports.push("from peft import PeftModel");
            script.line(format!("model = PeftModel.from_pretrained(model, {})", python::path(folder)));
            script.note("adapter weights: `model` is the base model they were trained on; adapter_config.json names it");
        }
        _ if root && peft => {
            script.imports.push("from peft import set_peft_model_state_dict");
            script.lines.extend(source.setup.iter().cloned());
            script.line(format!("set_peft_model_state_dict(model, {})", source.expression()));
            script.note("adapter weights: `model` is a PEFT model with the same adapter configuration");
        }
        _ if root => {
            script.lines.extend(source.setup.iter().cloned());
            script.line(format!("model.load_state_dict({}, strict=False)", source.expression()));
            script.note("adapter weights: `model` is the base model with the adapter layers added; strict=False leaves its other weights alone");
        }
        _ => script.lines.extend(source.lines(if safetensors { "state_dict" } else { "checkpoint" })),
    }
}
