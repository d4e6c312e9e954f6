//! `ls --sort`: checkpoints, and runs by their first, in the order of a metric or of a column.

use std::cmp::Ordering;
use std::time::UNIX_EPOCH;

use crate::cli::best;
use crate::cli::output::Failure;
use crate::runs::CheckpointRow;
use crate::runs::group::Index;
use crate::sorting::Sort as _;
use crate::text::natural;
use crate::training::{Mode, metric};

/// What is sorted by.
enum Key {
    Metric { same: String, falling: bool },
    Epoch,
    Step,
    Size,
    Modified,
    Name,
}

/// Sorts the checkpoints of every run, and the runs by what comes first in them. What has no value comes last.
pub(super) fn by(index: &mut Index, name: &str) -> Result<(), Failure> {
    let key = match name {
        "epoch" => Key::Epoch,
        "step" => Key::Step,
        "size" => Key::Size,
        "modified" => Key::Modified,
        "name" => Key::Name,
        metric => of_metric(index, metric)?,
    };
    for run in &mut index.runs {
        run.checkpoints.in_order(|a, b| compare(&key, a, b));
    }
    if !matches!(key, Key::Name) {
        index.runs.in_order(|a, b| match (a.checkpoints.first(), b.checkpoints.first()) {
            (Some(a), Some(b)) => compare(&key, a, b),
            (a, b) => a.is_none().cmp(&b.is_none()),
        });
    }
    Ok(())
}

fn of_metric(index: &Index, name: &str) -> Result<Key, Failure> {
    let same = metric::canonical(name);
    let rows = || index.runs.iter().flat_map(|run| &run.checkpoints);
    if !rows().any(|row| row.training.values().any(|(n, _)| metric::canonical(n) == same)) {
        return Err(match best::nothing(index, Some(name)) {
            Failure::No(message) => Failure::Message(message),
            other => other,
        });
    }
    let mut watched = rows().flat_map(|row| &row.training.monitored);
    let watched = watched.find(|(n, _)| metric::canonical(n) == same).map(|(_, mode)| *mode);
    let falling = watched.unwrap_or_else(|| metric::mode_of(name)) == Mode::Max;
    Ok(Key::Metric { same, falling })
}

fn compare(key: &Key, a: &CheckpointRow, b: &CheckpointRow) -> Ordering {
    let number = |row: &CheckpointRow| match key {
        Key::Metric { same, .. } => {
            let mut values = row.training.values();
            values.find(|(name, _)| metric::canonical(name) == *same).map(|(_, value)| value)
        }
        Key::Epoch => row.training.progress.epoch,
        Key::Step => row.training.progress.step.map(|step| step as f64),
        Key::Size => Some(-(row.bytes as f64)),
        Key::Modified => row.modified.duration_since(UNIX_EPOCH).ok().map(|d| -d.as_secs_f64()),
        Key::Name => None,
    };
    if let Key::Name = key {
        return natural::compare(&a.path.to_string_lossy(), &b.path.to_string_lossy());
    }
    let falling = matches!(key, Key::Metric { falling: true, .. });
    match (number(a).filter(|x| !x.is_nan()), number(b).filter(|x| !x.is_nan())) {
        (Some(a), Some(b)) if falling => b.total_cmp(&a),
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => a.is_none().cmp(&b.is_none()),
    }
}
