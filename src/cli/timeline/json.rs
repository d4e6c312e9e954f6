//! The contract's JSON.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::json;

use crate::cli::json::Count;
use crate::compare::timeline::ranks::Ranks;
use crate::compare::timeline::{Point, Row, Timeline, together};
use crate::text::shown_path;

/// A timeline, and effective ranks where they were asked for.
pub(super) struct Document<'a>(pub(super) &'a Timeline, pub(super) Option<&'a Ranks>);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(timeline, ranks) = self;
        let mut map = serializer.serialize_map(None)?;
        let stops: Vec<_> = timeline.checkpoints.iter().map(|stop| {
            json!({"path": shown_path(&stop.path), "epoch": stop.epoch.map(Count), "step": stop.step, "ema_drift": stop.ema_drift})
        }).collect();
        map.serialize_entry("checkpoints", &stops)?;
        let rows: Vec<Tensor<'_>> =
            timeline.rows.iter().map(|row| Tensor { timeline, row, ranks: *ranks }).collect();
        map.serialize_entry("tensors", &rows)?;
        map.serialize_entry("groups", &groups(timeline))?;
        let first_nan = timeline.first_nan().map(|nan| {
            let path = |at: usize| timeline.checkpoints.get(at).map(|stop| shown_path(&stop.path));
            let before = nan.checkpoint.checked_sub(1).and_then(path);
            json!({"checkpoint": path(nan.checkpoint), "key": nan.key, "tensors": nan.tensors, "before": before})
        });
        map.serialize_entry("first_nan", &first_nan)?;
        let skipped = timeline.skipped.iter();
        let skipped: Vec<_> =
            skipped.map(|(path, reason)| json!({"path": shown_path(path), "reason": reason})).collect();
        map.serialize_entry("skipped", &skipped)?;
        map.end()
    }
}

struct Tensor<'a> {
    timeline: &'a Timeline,
    row: &'a Row,
    ranks: Option<&'a Ranks>,
}

impl Serialize for Tensor<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { timeline, row, ranks } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("key", &row.key)?;
        map.serialize_entry("type", row.layer_type.name())?;
        map.serialize_entry("relative_change", &each(row, |p| p.relative_change))?;
        map.serialize_entry("l2", &each(row, |p| Some(p.l2)))?;
        map.serialize_entry("nan", &each(row, |p| Some(p.nan)))?;
        map.serialize_entry("inf", &each(row, |p| Some(p.inf)))?;
        map.serialize_entry("frozen", &row.is_frozen())?;
        if let Some(ranks) = ranks {
            map.serialize_entry("effective_rank", &ranks.series(timeline, &row.key))?;
        }
        map.end()
    }
}

fn each<T>(row: &Row, value: impl Fn(&Point) -> Option<T>) -> Vec<Option<T>> {
    row.points.iter().map(|point| point.as_ref().and_then(&value)).collect()
}

/// Types of layers, the tensors of each as one.
fn groups(timeline: &Timeline) -> Vec<serde_json::Value> {
    let types = timeline.layer_types().into_iter();
    let group = |layer_type| {
        let rows: Vec<&Row> = timeline.rows.iter().filter(|row| row.layer_type == layer_type).collect();
        let points: Vec<Option<Point>> = (0..timeline.checkpoints.len())
            .map(|at| together(rows.iter().map(|row| row.points.get(at).and_then(Option::as_ref))))
            .collect();
        let changes: Vec<_> = points.iter().map(|p| p.and_then(|p| p.relative_change)).collect();
        let norms: Vec<_> = points.iter().map(|p| p.map(|p| p.l2)).collect();
        json!({"type": layer_type.name(), "tensors": rows.len(), "relative_change": changes, "l2": norms})
    };
    types.map(group).collect()
}
