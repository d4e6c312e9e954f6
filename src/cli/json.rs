//! What several subcommands write in JSON, so that it has one name and one form.

use std::collections::BTreeSet;
use std::time::SystemTime;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::training::TrainingInfo;

/// Epoch, step and metrics.
pub(super) fn progress<M: SerializeMap>(training: &TrainingInfo, map: &mut M) -> Result<(), M::Error> {
    let progress = &training.progress;
    map.serialize_entry("epoch", &progress.epoch.map(Count))?;
    map.serialize_entry("epoch_rule", &progress.epoch_rule)?;
    map.serialize_entry("step", &progress.step)?;
    map.serialize_entry("metrics", &Metrics(training))
}

/// Each name once. `serde_json` writes what is not finite as null.
struct Metrics<'a>(&'a TrainingInfo);

impl Serialize for Metrics<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seen = BTreeSet::new();
        serializer.collect_map(self.0.values().filter(|(name, _)| seen.insert(*name)))
    }
}

/// Epochs: whole ones as integers.
pub(super) struct Count(pub(super) f64);

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(x) = *self;
        if x.fract() == 0.0 && x.abs() < 1e15 {
            serializer.serialize_i64(x as i64)
        } else {
            serializer.serialize_f64(x)
        }
    }
}

/// RFC 3339 in UTC, to the second.
pub(super) fn timestamp(time: SystemTime) -> Option<String> {
    let time = jiff::Timestamp::try_from(time).ok()?;
    Some(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_and_times() {
        let json = |x| serde_json::to_string(&Count(x)).unwrap();
        assert_eq!([json(3.0), json(2.5), json(f64::NAN)], ["3", "2.5", "null"]);
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_700_000_000_900);
        assert_eq!(timestamp(time).as_deref(), Some("2023-11-14T22:13:20Z"));
    }

    #[test]
    fn a_metric_is_written_once_and_never_as_nan() {
        let metrics = [("loss".to_owned(), f64::NAN), ("acc".to_owned(), 0.5), ("loss".to_owned(), 1.0)];
        let training = TrainingInfo { metrics: metrics.into(), ..TrainingInfo::default() };
        assert_eq!(serde_json::to_string(&Metrics(&training)).unwrap(), r#"{"loss":null,"acc":0.5}"#);
    }
}
