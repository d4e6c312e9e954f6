//! `check --json`, the contract of cli.md.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::check::{Finding, Report};

/// The whole document.
pub(super) struct Document<'a>(pub(super) &'a [Report]);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("files", &self.0.iter().map(File).collect::<Vec<_>>())?;
        map.end()
    }
}

struct File<'a>(&'a Report);

impl Serialize for File<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &report.path.to_string_lossy())?;
        map.serialize_entry("status", report.verdict.name())?;
        map.serialize_entry("format", &report.format.map(crate::checkpoint::Format::name))?;
        map.serialize_entry("bytes", &report.bytes)?;
        map.serialize_entry("tensors", &report.tensors)?;
        map.serialize_entry("weights_only", &report.weights_only)?;
        map.serialize_entry("globals", &report.globals.iter().map(|used| &used.name).collect::<Vec<_>>())?;
        map.serialize_entry("verdicts", &report.globals.iter().map(Name).collect::<Vec<_>>())?;
        map.serialize_entry("findings", &report.findings.iter().map(One).collect::<Vec<_>>())?;
        map.end()
    }
}

struct Name<'a>(&'a crate::checkpoint::GlobalUse);

impl Serialize for Name<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let used = self.0;
        serializer.collect_map([
            ("name", used.name.as_str()),
            ("verdict", used.verdict.name()),
            ("why", used.why),
        ])
    }
}

struct One<'a>(&'a Finding);

impl Serialize for One<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let finding = self.0;
        serializer.collect_map([
            ("code", finding.code),
            ("severity", finding.severity.name()),
            ("where", finding.place.as_str()),
            ("message", finding.message.as_str()),
        ])
    }
}
