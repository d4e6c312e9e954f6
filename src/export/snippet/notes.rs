//! What to know before running the lines: reasons, assumptions, traps. One line each, safe to print.

use std::collections::BTreeSet;

use super::load::{self, Source};
use super::parts::{self, Part, Shape};
use super::{Script, restore};
use crate::checkpoint::{Checkpoint, Format, Section, Severity, Verdict};
use crate::export::python;
use crate::tensor::DType;
use crate::text::shown;
use crate::value::{Global, Value};

/// Python's own modules that checkpoints name, by their first component.
const STANDARD: &str = "__builtin__ _codecs _collections _io abc argparse array asyncio builtins codecs \
    collections copy copy_reg copyreg dataclasses datetime decimal enum fractions functools importlib io \
    ipaddress itertools logging math nt operator os pathlib posix random re string subprocess sys time types \
    typing uuid";

/// Classes and functions that must be importable, sorted, without Python's and torch's own.
pub(super) fn needs(checkpoint: &Checkpoint) -> Vec<String> {
    let other = checkpoint.format().is_listing() || checkpoint.format() == Format::Paddle;
    if other || matches!(checkpoint.format(), Format::TorchScript | Format::TorchPackage) {
        return Vec::new();
    }
    let foreign: BTreeSet<String> =
        checkpoint.tree().globals().iter().filter(|g| is_foreign(g)).map(Global::path).collect();
    foreign.into_iter().collect()
}

fn is_foreign(global: &Global) -> bool {
    let package = global.module.split('.').next().unwrap_or_default();
    !package.is_empty() && package != "torch" && !STANDARD.split(' ').any(|known| known == package)
}

/// Notes on the file as a whole: trust, classes, devices, what the lines take for granted.
pub(super) fn general(checkpoint: &Checkpoint, source: &Source, script: &mut Script) {
    if checkpoint.diagnostics().iter().any(|d| d.severity == Severity::Broken) {
        script
            .notes
            .insert(0, "the file is damaged (see the diagnostics): loading it will probably fail".to_owned());
    }
    trust(checkpoint, source, script);
    classes(checkpoint, script);
    assumed(script);
    frameworks(checkpoint, script);
    devices(checkpoint, script);
}

fn trust(checkpoint: &Checkpoint, source: &Source, script: &mut Script) {
    let Some(reason) = &source.reason else { return };
    script.note(format!("loading it runs the pickle, so only for files you trust: {reason}"));
    if checkpoint.globals().iter().any(|g| g.verdict == Verdict::RunsCode) {
        script.note("the pickle names functions that run code: look at them before loading it anywhere");
    } else if let Some(lines) = allow(checkpoint) {
        script.note(format!("or, having looked at the classes: {lines}, then load with weights_only=True"));
    }
}

/// The line that puts the file's classes on torch's allow-list, where that is all it takes.
fn allow(checkpoint: &Checkpoint) -> Option<String> {
    const MOST: usize = 16;
    let torch = matches!(checkpoint.format(), Format::TorchZip | Format::TorchLegacy);
    let modules = checkpoint.sections().iter().any(|s| s.is_module);
    let refused = checkpoint.diagnostics().iter().any(|d| d.code == "WEIGHTS_ONLY");
    let named = load::foreign(checkpoint);
    if !torch || modules || refused || named.is_empty() || named.len() > MOST {
        return None;
    }
    let tree = checkpoint.tree();
    let globals = named.iter().map(|name| tree.globals().iter().find(|g| g.path() == *name));
    let globals: Vec<&Global> = globals.collect::<Option<_>>()?;
    let mut listed = globals.iter().map(|g| allowed_name(g)).collect::<Option<Vec<String>>>()?;
    let places: BTreeSet<&str> = globals.iter().map(|g| &*g.module).collect();
    let places: Vec<&str> = places.into_iter().filter(|m| *m != "builtins" && *m != "__main__").collect();
    let imports = if places.is_empty() { String::new() } else { format!("import {}; ", places.join(", ")) };
    if globals.iter().any(|g| g.module.starts_with("numpy")) {
        // Arrays and scalars carry an instance of a class per dtype.
        listed.push("*(type(numpy.dtype(c)) for c in \"?bhilqBHILQefdgFDGMmSUOV\")".to_owned());
    }
    Some(format!("{imports}torch.serialization.add_safe_globals([{}])", listed.join(", ")))
}

/// The name of a class as `add_safe_globals` takes it; torch's own values and most of numpy's functions
/// have none that would do.
fn allowed_name(global: &Global) -> Option<String> {
    let path = global.path();
    python::dotted(&path)?;
    match (&*global.module, &*global.name) {
        ("builtins" | "__main__", name) => Some(name.to_owned()),
        ("numpy", "dtype" | "ndarray") => Some(path),
        // numpy moved these between versions, and the file names the place they had.
        ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct" | "scalar") => {
            Some(format!("({path}, \"{path}\")"))
        }
        // It is filled as no other mapping is.
        ("collections", "defaultdict") => None,
        (module, _) if module.split('.').next().is_some_and(|p| p == "torch" || p == "numpy") => None,
        _ => Some(path),
    }
}

fn classes(checkpoint: &Checkpoint, script: &mut Script) {
    let needs = needs(checkpoint);
    let main: Vec<&str> = needs.iter().filter_map(|n| n.strip_prefix("__main__.")).collect();
    if !main.is_empty() {
        let names = load::shortened(&main);
        script.note(format!(
            "defined in the script that saved the file: {names} must be defined before loading it"
        ));
    }
    let sources = checkpoint.sources().len();
    if sources > 0 {
        script.note(format!("the file carries the Python source of {sources} of its classes"));
    }
}

fn assumed(script: &mut Script) {
    let has = |word: &str| script.lines.iter().any(|l| !l.starts_with('#') && l.contains(word));
    let mut assumed = Vec::new();
    if has("model.load_state_dict(") {
        assumed.push("`model` is built as it was");
    } else if has(".load_state_dict(checkpoint") {
        assumed.push("the objects named here are built as they were");
    }
    if has("optimizer.load_state_dict(") {
        let alone = assumed.is_empty();
        assumed.push(if alone {
            "`optimizer` is built as it was"
        } else {
            "`optimizer` over its parameters"
        });
    }
    if has("scheduler.load_state_dict(") {
        assumed.push("`scheduler` over its optimizer");
    }
    if !assumed.is_empty() {
        script.note(format!("taken for granted: {} when it was saved", assumed.join(", ")));
    }
}

fn frameworks(checkpoint: &Checkpoint, script: &mut Script) {
    let tree = checkpoint.tree();
    if tree.get(tree.root(), "pytorch-lightning_version").is_some() {
        let path = python::path(checkpoint.path());
        script.note(format!(
            "written by Lightning: `model` is the LightningModule; its class rebuilds itself with `.load_from_checkpoint({path})`"
        ));
    }
    let class = |name: &str| checkpoint.modules().iter().any(|m| m.class.ends_with(name));
    if class(".DataParallel") || class(".DistributedDataParallel") {
        script.note("the model was saved inside its parallel wrapper: `model.module` is the network itself");
    }
    let half = checkpoint.tensors().iter().filter(|e| checkpoint.meta(e).dtype == DType::Float16).count();
    if !checkpoint.modules().is_empty() && half * 2 > checkpoint.tensors().len() {
        script.note("the weights are float16: `model.float()` before running it on a CPU");
    }
    if checkpoint
        .tensors()
        .iter()
        .any(|e| checkpoint.storage_of(e).is_some_and(|s| s.available() == 0 && s.nbytes > 0))
    {
        script.note("some tensors have no bytes in the file, so what they load as is not what was trained");
    }
}

fn devices(checkpoint: &Checkpoint, script: &mut Script) {
    let places: BTreeSet<&str> = checkpoint.tree().storages().iter().map(|s| &*s.location).collect();
    let devices: Vec<&str> = places.into_iter().filter(|l| !matches!(*l, "" | "cpu" | "meta")).collect();
    if !devices.is_empty() {
        let names = load::shortened(&devices);
        script.note(format!("saved from {names}; map_location=\"cpu\" loads it without that device"));
    }
}

/// Notes on the names in a part: wrappers in front of them, and what `load_state_dict` would trip over.
pub(super) fn names(checkpoint: &Checkpoint, source: &Source, part: &Part<'_>, script: &mut Script) {
    if part.shape != Shape::StateDict {
        return;
    }
    let prefixes = parts::prefixes(checkpoint, part.section);
    let from = if part.whole { source.expression() } else { &part.access };
    let variable = &part.variable;
    if !prefixes.is_empty() {
        let prefix = prefixes.concat();
        let plain = restore::stripped(from, &prefix, "");
        script.note(format!(
            "every name starts with `{prefix}`, left by a wrapper; for a model without it: {variable}.load_state_dict({plain})"
        ));
    } else if let Some(wrapper) = parts::inner(checkpoint, part.section) {
        let wrapper = python::string(wrapper);
        script.note(format!(
            "names hold {wrapper}, left by a wrapper; for a model without it: {variable}.load_state_dict({{k.replace({wrapper}, \"\"): v for k, v in {from}.items()}})"
        ));
    }
    oddities(checkpoint, part.section, script);
}

/// Entries of a state dict that `load_state_dict` does not take.
fn oddities(checkpoint: &Checkpoint, section: &Section, script: &mut Script) {
    let tree = checkpoint.tree();
    let entries = tree.entries(section.value);
    if entries.iter().any(|(key, _)| !matches!(key, Value::Text(_))) {
        script.note("some keys are not text; load_state_dict wants text");
    }
    let plain = entries.iter().filter(|(_, v)| {
        matches!(
            v,
            Value::Int(_)
                | Value::Float(_)
                | Value::Bool(_)
                | Value::Text(_)
                | Value::Dict(_)
                | Value::List(_)
        )
    });
    let names: Vec<String> =
        plain.filter_map(|(k, _)| tree.as_text(*k)).map(|k| shown(&k).into_owned()).collect();
    let names: Vec<&str> =
        names.iter().map(String::as_str).filter(|n| !n.ends_with("_extra_state")).collect();
    if !names.is_empty() {
        let listed = load::shortened(&names);
        script.note(format!(
            "beside the tensors there are other entries, which a strict load_state_dict refuses: {listed}"
        ));
    }
}

/// Why `eval()` matters for a section, if something in the file says so.
pub(super) fn why_evaluate(checkpoint: &Checkpoint, section: &Section) -> Option<String> {
    let below = |path: &str| {
        let rest = path.strip_prefix(section.name.as_str());
        rest.is_some_and(|r| r.is_empty() || section.name.is_empty() || r.starts_with('.'))
    };
    let modules = || checkpoint.modules().iter().filter(|m| section.is_module && below(&m.path));
    let class = |part: &str| modules().any(|m| m.class.rsplit('.').next().is_some_and(|c| c.contains(part)));
    let training = modules().any(|m| m.training == Some(true));
    let norm = class("BatchNorm") || parts::keys(checkpoint, section).any(|k| k.ends_with("running_mean"));
    let dropout = class("Dropout") || class("DropPath");
    let what = match (norm, dropout) {
        (true, true) => "batch norm and dropout behave differently in training",
        (true, false) => "batch norm behaves differently in training",
        (false, true) => "dropout is active in training",
        (false, false) => "",
    };
    match (training, what) {
        (false, "") => None,
        (false, what) => Some(what.to_owned()),
        (true, "") => Some("saved in train mode".to_owned()),
        (true, what) => Some(format!("saved in train mode; {what}")),
    }
}
