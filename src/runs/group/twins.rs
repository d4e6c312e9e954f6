//! Which rows are the same file under another name, or copies.
//!
//! Within a run copies point to that run's own original, so that a curve never loses a point to a file
//! elsewhere; the originals of several runs point to the first of them.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::super::identity::Twin;
use super::super::{CheckpointRow, Run, order};

/// A row by its place: run, then row.
type Place = (usize, usize);

/// Sets `same_as` of every row. Returns the folders of the runs where something changed.
pub(super) fn mark(runs: &mut [Run]) -> HashSet<PathBuf> {
    let groups = groups(runs);
    let mut originals: HashMap<Place, PathBuf> = HashMap::new();
    for places in groups.values().filter(|places| places.len() > 1) {
        point(runs, places, &mut originals);
    }
    let mut changed = HashSet::new();
    for (run_at, run) in runs.iter_mut().enumerate() {
        for (row_at, row) in run.checkpoints.iter_mut().enumerate() {
            let original = originals.remove(&(run_at, row_at));
            if row.same_as != original {
                row.same_as = original;
                if !changed.contains(&run.path) {
                    changed.insert(run.path.clone());
                }
            }
        }
    }
    changed
}

fn groups(runs: &[Run]) -> HashMap<Twin, Vec<Place>> {
    let mut groups: HashMap<Twin, Vec<Place>> = HashMap::new();
    for (run_at, run) in runs.iter().enumerate() {
        for (row_at, row) in run.checkpoints.iter().enumerate() {
            // Two files of nothing have nothing in common worth telling.
            if let Some(twin) = row.identity.twin().filter(|_| row.bytes > 0) {
                groups.entry(twin).or_default().push((run_at, row_at));
            }
        }
    }
    groups
}

/// Points the rows of one group to their originals.
fn point(runs: &[Run], places: &[Place], originals: &mut HashMap<Place, PathBuf>) {
    let row = |place: &Place| runs.get(place.0).and_then(|run| run.checkpoints.get(place.1));
    let compare = |a: &Place, b: &Place| match (row(a), row(b)) {
        (Some(a), Some(b)) => telling(a, b),
        _ => Ordering::Equal,
    };
    let Some(first) = places.iter().min_by(|a, b| compare(a, b)) else { return };
    // `places` is in order of runs: each run's own stand together.
    for own in places.chunk_by(|a, b| a.0 == b.0) {
        let Some(local) = own.iter().min_by(|a, b| compare(a, b)) else { continue };
        for place in own {
            let original = if place == local { first } else { local };
            if let Some(original) = row(original).filter(|_| original != place) {
                originals.insert(*place, original.path.clone());
            }
        }
    }
}

/// The row whose name tells more comes first: a file before a link, an epoch before `best` or `last`.
fn telling(a: &CheckpointRow, b: &CheckpointRow) -> Ordering {
    let key = |row: &CheckpointRow| (row.identity.is_link, row.identity.name.vagueness());
    key(a).cmp(&key(b)).then_with(|| order::paths(&a.path, &b.path))
}
