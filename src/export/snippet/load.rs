//! The call that reads the file: `torch.load` in its variants, or what else reads that container.

use std::fmt::Write as _;

use crate::checkpoint::{Checkpoint, Format, Verdict};
use crate::export::python;
use crate::text::shown;

/// How the file's content gets into a variable.
pub(in crate::export) struct Source {
    /// Import lines.
    pub(in crate::export) imports: Vec<&'static str>,
    /// Lines that come before the expression.
    pub(super) setup: Vec<String>,
    /// The expression that is the content.
    expression: String,
    /// torch's restricted unpickler loads it.
    pub(super) weights_only: bool,
    /// Why it does not, for a comment.
    pub(super) reason: Option<String>,
}

impl Source {
    pub(in crate::export) fn of(checkpoint: &Checkpoint) -> Self {
        let path = python::path(checkpoint.path());
        let plain = |import, expression: String| Self {
            imports: vec![import],
            setup: Vec::new(),
            expression,
            weights_only: false,
            reason: None,
        };
        match checkpoint.format() {
            Format::Safetensors => Self {
                weights_only: true,
                ..plain("from safetensors.torch import load_file", format!("load_file({path})"))
            },
            Format::TorchScript => {
                plain("import torch", format!("torch.jit.load({path}, map_location=\"cpu\")"))
            }
            Format::TorchExport => plain("import torch", format!("torch.export.load({path}).module()")),
            Format::TorchPackage => Self {
                setup: vec![format!("importer = torch.package.PackageImporter({path})")],
                ..plain("import torch.package", "importer.load_pickle(\"model\", \"model.pkl\")".to_owned())
            },
            Format::Pickle => Self {
                setup: vec![
                    format!("with open({path}, \"rb\") as file:"),
                    "    content = pickle.load(file)  # runs the pickle: only for files you trust".to_owned(),
                ],
                reason: Some("it is a plain pickle, which torch.load does not read".to_owned()),
                ..plain("import pickle", "content".to_owned())
            },
            Format::TorchZip | Format::TorchLegacy | Format::TorchTar => Self::torch(checkpoint, &path),
            // `libraries` writes their lines.
            format if format.is_listing() || !format.is_folder() => Self {
                imports: Vec::new(),
                setup: Vec::new(),
                expression: String::new(),
                weights_only: checkpoint.weights_only(),
                reason: None,
            },
            // Folders have lines of their own.
            _ => Self::torch(checkpoint, &path),
        }
    }

    fn torch(checkpoint: &Checkpoint, path: &str) -> Self {
        let reason = reason(checkpoint);
        let flag = if reason.is_none() { "True" } else { "False" };
        let load = |from: &str| format!("torch.load({from}, weights_only={flag}, map_location=\"cpu\")");
        let why = reason.iter().map(|reason| format!("# weights_only=False: {reason}"));
        let mut source = Self {
            imports: vec!["import torch"],
            setup: why.collect(),
            expression: load(path),
            weights_only: reason.is_none(),
            reason,
        };
        // Newer torch takes a path with this suffix for safetensors, whatever is in the file.
        if checkpoint.path().extension().is_some_and(|suffix| suffix == "safetensors") {
            source.setup.push(format!("with open({path}, \"rb\") as file:"));
            source.setup.push(format!("    content = {}", load("file")));
            "content".clone_into(&mut source.expression);
        }
        source
    }

    /// The content assigned to `variable`.
    pub(in crate::export) fn lines(&self, variable: &str) -> Vec<String> {
        let mut lines = self.setup.clone();
        lines.push(format!("{variable} = {}", self.expression));
        lines
    }

    /// The content as an expression.
    pub(super) fn expression(&self) -> &str {
        &self.expression
    }
}

/// Why `weights_only=True` does not load the file; `None` if it does.
fn reason(checkpoint: &Checkpoint) -> Option<String> {
    if checkpoint.format() == Format::TorchTar {
        return Some("torch takes no tar files with weights_only=True".to_owned());
    }
    if checkpoint.weights_only() {
        return None;
    }
    let named = foreign(checkpoint);
    if named.is_empty() {
        return Some("the pickle uses operations that weights_only=True refuses".to_owned());
    }
    let mut saved: Vec<&str> = saved_modules(checkpoint).collect();
    saved.dedup();
    match saved.as_slice() {
        [] => Some(format!("the pickle names {}", shortened(&named))),
        classes => Some(format!("it holds a pickled model, {}", shortened(classes))),
    }
}

/// Classes of the modules that were saved whole.
fn saved_modules(checkpoint: &Checkpoint) -> impl Iterator<Item = &str> {
    let sections = checkpoint.sections().iter().filter(|s| s.is_module);
    let modules = sections.filter_map(|s| checkpoint.modules().iter().find(|m| m.path == s.name));
    modules.map(|m| m.class.as_str())
}

/// Names that are not on torch's allow-list, most serious first, as the file gives them.
pub(super) fn foreign(checkpoint: &Checkpoint) -> Vec<&str> {
    let all = checkpoint.globals().iter();
    all.filter(|g| g.verdict != Verdict::Allowed).map(|g| g.name.as_str()).collect()
}

/// The first of `names`, safe to print, and how many more there are.
pub(super) fn shortened(names: &[&str]) -> String {
    const LISTED: usize = 3;
    let listed =
        names.iter().take(LISTED).map(|n| crate::text::fit::shorten(&shown(n), 80, "…").into_owned());
    let mut text = listed.collect::<Vec<_>>().join(", ");
    if names.len() > LISTED {
        let _ = write!(text, " and {} more", names.len() - LISTED);
    }
    text
}
