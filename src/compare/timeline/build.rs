//! Puts a timeline together, checkpoint by checkpoint.

use std::path::PathBuf;

use rustc_hash::FxHashMap;

use super::pair::{Cell, Column, column};
use super::{LayerType, Point, Row, Stop, Timeline};
use crate::cache::{Cache, CacheKey};
use crate::checkpoint::Checkpoint;
use crate::error::{ErrorKind, Result};
use crate::limits::Limits;
use crate::tensor::{DType, TensorRole, guess_role};
use crate::work::Work;

/// A checkpoint to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Its file.
    pub path: PathBuf,
    /// Completed epochs.
    pub epoch: Option<f64>,
    /// Optimizer steps.
    pub step: Option<u64>,
}

/// Reads `sources`, in the order of training; what `cache` remembers of two files is not read again. The meter of `work` counts checkpoints; `progress` sees the timeline
/// after each of them.
///
/// A file that cannot be read is left out and listed with the reason.
///
/// # Errors
/// [`ErrorKind::Cancelled`] when the work was cancelled.
pub fn build(
    sources: &[Source],
    cache: &Cache,
    work: &Work,
    progress: &mut dyn FnMut(&Timeline),
) -> Result<Timeline> {
    work.meter.expect(sources.len() as u64);
    let limits = Limits::default();
    let mut timeline = Timeline::default();
    let mut index = FxHashMap::default();
    let mut before: Option<Checkpoint> = None;
    for source in sources {
        work.cancel.check()?;
        let read = crate::format::open(&source.path, &limits)
            .and_then(|now| remembered(before.as_ref(), &now, cache, work).map(|column| (now, column)));
        match read {
            Ok((now, column)) => {
                timeline.push(source, column, &mut index);
                before = Some(now);
            }
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Err(error) => timeline.skipped.push((source.path.clone(), error.reason())),
        }
        work.meter.advance(1);
        progress(&timeline);
    }
    Ok(timeline)
}

/// What was worked out of these two files before, else what they give now.
fn remembered(before: Option<&Checkpoint>, now: &Checkpoint, cache: &Cache, work: &Work) -> Result<Column> {
    let place = || -> Option<(String, CacheKey)> {
        cache.folder()?;
        let first = before.map(|checkpoint| CacheKey::of(checkpoint).map(|key| hash(&key)));
        let kind = match first {
            None => "timeline-first".to_owned(),
            Some(hash) => format!("timeline-{:016x}", hash?),
        };
        Some((kind, CacheKey::of(now)?))
    };
    let place = place();
    if let Some(column) = place.as_ref().and_then(|(kind, key)| cache.load(kind, key)) {
        return Ok(column);
    }
    let column = column(before, now, work)?;
    if let Some((kind, key)) = &place {
        cache.store(kind, key, &column);
    }
    Ok(column)
}

fn hash(key: &CacheKey) -> u64 {
    use std::hash::BuildHasher as _;
    rustc_hash::FxBuildHasher.hash_one(key)
}

impl Timeline {
    /// Adds a checkpoint; `index` knows the row of each key.
    fn push(&mut self, source: &Source, column: Column, index: &mut FxHashMap<String, usize>) {
        let at = self.checkpoints.len();
        self.checkpoints.push(Stop {
            path: source.path.clone(),
            epoch: source.epoch,
            step: source.step,
            ema_drift: column.ema_drift,
        });
        for row in &mut self.rows {
            row.points.push(None);
        }
        for cell in column.cells {
            let row = *index.entry(cell.key.clone()).or_insert_with(|| {
                self.rows.push(new_row(&cell, at + 1));
                self.rows.len() - 1
            });
            let slot = self.rows.get_mut(row).and_then(|row| row.points.get_mut(at));
            if let Some(slot) = slot {
                *slot = Some(point(&cell));
            }
        }
    }
}

fn new_row(cell: &Cell, points: usize) -> Row {
    let dtype = DType::from_torch(&cell.dtype).unwrap_or(DType::Unknown);
    Row {
        key: cell.key.clone(),
        layer_type: LayerType::of(&cell.key, &cell.shape, dtype),
        is_parameter: guess_role(&cell.key, dtype) == TensorRole::Parameter,
        points: vec![None; points],
    }
}

fn point(cell: &Cell) -> Point {
    let (change, relative_change, moved) = match cell.change {
        Some((change, relative, moved)) => (Some(change), Some(relative), moved),
        None => (None, None, 0),
    };
    Point { change, relative_change, moved, l2: cell.l2, nan: cell.nan, inf: cell.inf }
}
