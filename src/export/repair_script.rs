//! Python lines that load a section of a file, repair it, and load it into a model.

use super::python;
use super::snippet::Source;
use crate::checkpoint::{Checkpoint, Format};
use crate::compare::repairs::Found;

/// The whole script; it runs as printed where `model` exists. `section` is the candidate's.
pub fn script(checkpoint: &Checkpoint, section: &str, found: &Found) -> String {
    let source = Source::of(checkpoint);
    let mut lines: Vec<String> = source.imports.iter().map(|line| (*line).to_owned()).collect();
    let repairs = found.lines();
    if repairs.iter().any(|line| line.contains("torch.")) && !lines.iter().any(|line| line == "import torch")
    {
        lines.insert(0, "import torch".to_owned());
    }
    lines.push(String::new());
    lines.extend(source.lines("checkpoint"));
    lines.push(format!("state_dict = dict({})", access(checkpoint, section)));
    lines.extend(repairs);
    lines.push("model.load_state_dict(state_dict)".to_owned());
    lines.join("\n") + "\n"
}

/// The expression that is the section's state dict.
fn access(checkpoint: &Checkpoint, name: &str) -> String {
    let call = |object: String| format!("{object}.state_dict()");
    if checkpoint.format() == Format::TorchScript {
        return call("checkpoint".to_owned());
    }
    let Some(section) = checkpoint.sections().iter().find(|s| s.name == name) else {
        return "checkpoint".to_owned();
    };
    let path = python::access(checkpoint.tree(), "checkpoint", name, section.value);
    let path = path.unwrap_or_else(|| "checkpoint".to_owned());
    if section.is_module { call(path) } else { path }
}
