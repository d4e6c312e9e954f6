//! From an unpickled tree to a checkpoint: the last steps all torch containers share.

use super::report;
use crate::checkpoint::module::ScriptTypes;
use crate::checkpoint::{Checkpoint, CheckpointFile, Diagnostic, Format, Parts, Severity};
use crate::limits::Limits;
use crate::pickle::Summary;
use crate::source::Identity;
use crate::value::{Tree, Value};

/// What a reader has found.
pub(super) struct Found {
    pub(super) file: CheckpointFile,
    pub(super) identity: Option<Identity>,
    pub(super) format: Format,
    /// With its root set and its storages placed.
    pub(super) tree: Tree,
    pub(super) summary: Summary,
    pub(super) container_metadata: Option<Value>,
    pub(super) types: ScriptTypes,
    pub(super) sources: Vec<(String, String)>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) fingerprint: u64,
}

impl Found {
    /// Settles the tree, judges its names and storages, and outlines it.
    pub(super) fn assemble(self, limits: &Limits) -> Checkpoint {
        let Self { file, identity, format, mut tree, summary, container_metadata, types, sources, .. } = self;
        let mut diagnostics = self.diagnostics;
        tree.settle();
        // A file that ends too early has said so, with figures.
        if !diagnostics.iter().any(|d| d.code == "TRUNCATED") {
            diagnostics.extend(report::storages(&tree));
        }
        let dropped = tree.drop_duplicate_keys();
        if dropped > 0 {
            let text = format!(
                "{dropped} keys stand twice in a mapping; as in Python, the last value of each counts"
            );
            diagnostics.push(Diagnostic::new(Severity::Warning, "DUPLICATE_KEY", text));
        }
        let globals = report::globals(&tree);
        diagnostics.extend(report::dangers(&tree, &globals));
        diagnostics.extend(report::frames(&summary));
        diagnostics.extend(report::odd_names(&tree));
        if matches!(format, Format::TorchZip | Format::TorchLegacy) {
            diagnostics.extend(report::refusal(&summary));
        }
        let parts = Parts {
            path: file.path.clone(),
            format,
            identity,
            container_metadata,
            // torch refuses the tar format with weights_only, whatever is in it.
            weights_only: format != Format::TorchTar && report::weights_only(&summary, &globals),
            globals,
            sources,
            fingerprint: self.fingerprint,
            diagnostics,
            files: vec![file],
            assembled: Vec::new(),
            tree,
        };
        Checkpoint::assemble(parts, &types, limits)
    }
}
