//! The Python lines that load one particular file, and what has to be known to run them.
//!
//! The lines run as printed where `model` (and `optimizer`, `scheduler`, where they appear) exist; whatever
//! else a person may want (averaged weights, gradient scaler) stands there as a comment. `weights_only=True`
//! is written exactly when torch's restricted unpickler accepts the file, and else the reason is given.

mod folders;
mod libraries;
mod load;
mod notes;
mod parts;
mod restore;

pub(in crate::export) use load::Source;

use crate::checkpoint::{Checkpoint, Format, Kind};
use crate::value::Value;

/// How a file is loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Load {
    /// Python source, ready to be pasted. Escaped as Python escapes: print it as it is, line by line.
    pub snippet: String,
    /// Classes and functions that must be importable and that neither Python nor torch brings along.
    pub needs: Vec<String>,
    /// torch's restricted unpickler loads it.
    pub weights_only: bool,
    /// What to know before running it; one line each, safe to print.
    pub notes: Vec<String>,
}

/// How `checkpoint` is loaded.
pub fn of(checkpoint: &Checkpoint) -> Load {
    if checkpoint.format().is_folder() {
        return folders::of(checkpoint);
    }
    let source = load::Source::of(checkpoint);
    let mut script = Script::default();
    match (checkpoint.format(), checkpoint.kind()) {
        _ if libraries::lines(checkpoint, &mut script) => {}
        (Format::TorchScript, _) => restore::program(checkpoint, &source, &mut script),
        (Format::TorchPackage | Format::TorchExport, _) => script.lines.extend(source.lines("model")),
        (_, kind) if kind == Kind::Adapter || restore::is_peft(checkpoint) => {
            restore::adapter(checkpoint, &source, &mut script);
        }
        (_, Kind::Optimizer) => restore::optimizer(checkpoint, &source, &mut script),
        (_, Kind::Other) => restore::anything(checkpoint, &source, &mut script),
        _ => restore::models(checkpoint, &source, &mut script),
    }
    notes::general(checkpoint, &source, &mut script);
    let used = script.lines.iter().any(|line| line.contains(source.expression()));
    let imports = source.imports.iter().filter(|_| used).copied().chain(script.imports);
    let imports = imports.collect::<Vec<_>>().join("\n");
    Load {
        snippet: format!("{imports}\n\n{}\n", script.lines.join("\n").trim_end()),
        needs: notes::needs(checkpoint),
        weights_only: source.weights_only,
        notes: script.notes,
    }
}

/// The script as it grows.
#[derive(Default)]
struct Script {
    imports: Vec<&'static str>,
    lines: Vec<String>,
    notes: Vec<String>,
}

impl Script {
    fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// An empty line, unless there is one already.
    fn gap(&mut self) {
        if self.lines.last().is_some_and(|l| !l.is_empty()) {
            self.lines.push(String::new());
        }
    }

    fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// True for a mapping that `load_state_dict` takes: names to tensors, not to further mappings.
fn is_flat(checkpoint: &Checkpoint, value: Value) -> bool {
    let entries = checkpoint.tree().entries(value);
    entries.iter().any(|(_, v)| matches!(v, Value::Tensor(_)))
}

#[cfg(test)]
mod tests;
