//! `ls --json`, the contract of cli.md.

use std::path::Path;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::cli::json::{Count, progress, timestamp};
use crate::runs::group::Index;
use crate::runs::{BestPick, CheckpointRow, Role, Run, Skipped};

/// The whole document.
pub(super) struct Document<'a>(pub(super) &'a Index);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("runs", &self.0.runs.iter().map(RunJson).collect::<Vec<_>>())?;
        map.serialize_entry("skipped", &self.0.skipped.iter().map(SkippedJson).collect::<Vec<_>>())?;
        map.end()
    }
}

struct RunJson<'a>(&'a Run);

impl Serialize for RunJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let run = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &text(&run.path))?;
        map.serialize_entry("name", &run.name)?;
        map.serialize_entry("framework", &run.framework)?;
        map.serialize_entry("best", &run.best.as_ref().map(BestJson))?;
        map.serialize_entry("checkpoints", &run.checkpoints.iter().map(RowJson).collect::<Vec<_>>())?;
        map.end()
    }
}

struct BestJson<'a>(&'a BestPick);

impl Serialize for BestJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let best = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &text(&best.path))?;
        map.serialize_entry("metric", &best.metric)?;
        map.serialize_entry("value", &best.value)?;
        map.serialize_entry("epoch", &best.epoch.map(Count))?;
        map.serialize_entry("mode", best.mode.name())?;
        map.end()
    }
}

struct RowJson<'a>(&'a CheckpointRow);

impl Serialize for RowJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &text(&row.path))?;
        map.serialize_entry("format", &row.format.map(crate::checkpoint::Format::name))?;
        map.serialize_entry("kind", &row.kind.map(crate::checkpoint::Kind::name))?;
        map.serialize_entry("bytes", &row.bytes)?;
        map.serialize_entry("modified", &timestamp(row.modified))?;
        map.serialize_entry("tensors", &row.tensors)?;
        map.serialize_entry("parameters", &row.parameters)?;
        progress(&row.training, &mut map)?;
        map.serialize_entry("roles", &row.roles.iter().map(|role| Role::name(*role)).collect::<Vec<_>>())?;
        map.serialize_entry("same_as", &row.same_as.as_deref().map(text))?;
        map.serialize_entry("status", row.status.name())?;
        map.serialize_entry("error", &row.error)?;
        map.end()
    }
}

struct SkippedJson<'a>(&'a Skipped);

impl Serialize for SkippedJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let path = text(&self.0.path);
        serializer.collect_map([("path", path.as_str()), ("reason", &self.0.reason)])
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
