//! `stats --json`, the contract of the command line: written as tensors become known.

use std::cell::RefCell;

use serde::Serialize;
use serde::ser::{Error as _, SerializeMap, Serializer};

use super::rows::{Row, Rows};
use crate::checkpoint::Checkpoint;
use crate::cli::output::{Failure, Out};
use crate::stats::{Bars, LEVELS, Outcome, TensorStats};

/// Bars of the histogram.
const BARS: usize = 64;

/// Writes the document; `finish` waits for what is known at the end.
pub(super) fn write(
    checkpoint: &Checkpoint,
    rows: Rows<'_>,
    finish: impl FnOnce() -> Result<Outcome, Failure>,
    out: &mut Out,
) -> Result<(), Failure> {
    let failure = RefCell::new(None);
    let finish = || finish().map_err(|f| *failure.borrow_mut() = Some(f)).ok();
    let document = Document { checkpoint, rows: RefCell::new(rows), finish: RefCell::new(Some(finish)) };
    let written = out.json(&document);
    failure.take().map_or(written, Err)
}

struct Document<'a, F> {
    checkpoint: &'a Checkpoint,
    rows: RefCell<Rows<'a>>,
    finish: RefCell<Option<F>>,
}

impl<F: FnOnce() -> Option<Outcome>> Serialize for Document<'_, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &self.checkpoint.path().to_string_lossy())?;
        map.serialize_entry("tensors", &Tensors(&self.rows))?;
        let outcome = self.finish.take().and_then(|finish| finish());
        let outcome = outcome.ok_or_else(|| S::Error::custom("the statistics were not finished"))?;
        map.serialize_entry("total", &Total(&outcome.total))?;
        map.serialize_entry("bytes_read", &outcome.bytes_read)?;
        map.end()
    }
}

struct Tensors<'a, 'b>(&'a RefCell<Rows<'b>>);

impl Serialize for Tensors<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(std::iter::from_fn(|| self.0.borrow_mut().next().map(Tensor)))
    }
}

struct Tensor<'a>(Row<'a>);

impl Serialize for Tensor<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Row { entry, meta, stats, findings } = &self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &entry.path)?;
        map.serialize_entry("dtype", meta.dtype.name())?;
        map.serialize_entry("shape", meta.shape())?;
        numbers(stats.as_ref().ok().map(|stats| &**stats), &mut map)?;
        let words: Vec<String> = findings.iter().map(|finding| finding.text()).collect();
        map.serialize_entry("findings", &words)?;
        map.serialize_entry("error", &stats.as_ref().err())?;
        map.end()
    }
}

struct Total<'a>(&'a TensorStats);

impl Serialize for Total<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        numbers(Some(self.0), &mut map)?;
        map.end()
    }
}

/// All names are there, also where nothing is known. `serde_json` writes what is not finite as null.
fn numbers<M: SerializeMap>(stats: Option<&TensorStats>, map: &mut M) -> Result<(), M::Error> {
    map.serialize_entry("count", &stats.map(|s| s.count))?;
    map.serialize_entry("nan", &stats.map(|s| s.nan))?;
    map.serialize_entry("inf", &stats.map(|s| s.inf))?;
    map.serialize_entry("zeros", &stats.map(|s| s.zeros))?;
    map.serialize_entry("mean", &stats.and_then(TensorStats::mean))?;
    map.serialize_entry("std", &stats.and_then(TensorStats::std))?;
    map.serialize_entry("min", &stats.and_then(TensorStats::min))?;
    map.serialize_entry("max", &stats.and_then(TensorStats::max))?;
    let finite = stats.filter(|s| s.moments.count > 0);
    map.serialize_entry("abs_max", &finite.map(|s| s.moments.abs_max()))?;
    map.serialize_entry("l1", &finite.map(|s| s.moments.l1))?;
    map.serialize_entry("l2", &finite.map(|s| s.moments.l2()))?;
    map.serialize_entry("quantiles", &stats.map(Quantiles))?;
    map.serialize_entry("exact_quantiles", &stats.map(|s| s.exact_quantiles))?;
    map.serialize_entry("histogram", &stats.map(|s| Histogram(s.histogram.linear(BARS))))?;
    map.serialize_entry("magnitudes", &stats.map(|s| Histogram(s.histogram.by_magnitude())))?;
    let rows = stats.and_then(|s| s.dead_rows).map(|(dead, rows)| [("dead", dead), ("of", rows)]);
    map.serialize_entry("dead_rows", &rows.map(Pairs))
}

struct Quantiles<'a>(&'a TensorStats);

impl Serialize for Quantiles<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(LEVELS.iter().map(std::string::ToString::to_string).zip(self.0.quantiles))
    }
}

struct Histogram(Bars);

impl Serialize for Histogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("edges", &self.0.edges)?;
        map.serialize_entry("counts", &self.0.counts)?;
        map.end()
    }
}

struct Pairs([(&'static str, u64); 2]);

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0)
    }
}
