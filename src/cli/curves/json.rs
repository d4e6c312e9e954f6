//! `curves --json`, the contract of cli.md.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::Shown;
use crate::cli::json::Count;
use crate::training::Series;

/// The whole document.
pub(super) struct Document<'a>(pub(super) &'a [Shown<'a>]);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("runs", &self.0.iter().map(RunJson).collect::<Vec<_>>())?;
        map.end()
    }
}

struct RunJson<'a>(&'a Shown<'a>);

impl Serialize for RunJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Shown { run, series } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &run.path.to_string_lossy())?;
        map.serialize_entry("name", &run.name)?;
        map.serialize_entry("series", &series.iter().map(SeriesJson).collect::<Vec<_>>())?;
        map.serialize_entry("finals", &Finals(super::finals(run).collect()))?;
        map.end()
    }
}

/// Values by name.
struct Finals<'a>(Vec<&'a (String, f64)>);

impl Serialize for Finals<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

struct SeriesJson<'a>(&'a Series);

impl Serialize for SeriesJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let series = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &series.name)?;
        map.serialize_entry("x", series.x.name())?;
        map.serialize_entry("points", &Points(&series.points))?;
        map.serialize_entry("source", &series.source)?;
        map.serialize_entry("mode", series.mode.name())?;
        map.end()
    }
}

/// Pairs of x and value; `serde_json` writes what is not finite as null.
struct Points<'a>(&'a [(f64, f64)]);

impl Serialize for Points<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(x, y)| (Count(*x), y)))
    }
}
