//! The orders of this module: paths as people sort them, checkpoints as they were trained.

use std::cmp::Ordering;
use std::path::Path;

use super::CheckpointRow;
use crate::text::natural;
use crate::training::name::Part;

/// Natural order of paths, folder by folder: `run-2/a` before `run-10/a`, a folder before what is in it.
pub(super) fn paths(a: &Path, b: &Path) -> Ordering {
    let (mut left, mut right) = (a.components(), b.components());
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return a.cmp(b),
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(x), Some(y)) if x == y => continue,
            (Some(x), Some(y)) => names(x.as_os_str(), y.as_os_str()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Natural order of names; those that are not UTF-8 come last, by bytes.
pub(super) fn names(a: &std::ffi::OsStr, b: &std::ffi::OsStr) -> Ordering {
    match (a.to_str(), b.to_str()) {
        (Some(a), Some(b)) => natural::compare(a, b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

/// What the checkpoints of a run are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Epoch,
    Step,
}

impl Axis {
    /// The axis most of `rows` have, epochs when both do.
    pub(super) fn of(rows: &[CheckpointRow]) -> Self {
        let epochs = rows.iter().filter(|r| r.training.progress.epoch.is_some()).count();
        let steps = rows.iter().filter(|r| r.training.progress.step.is_some()).count();
        if steps > epochs { Self::Step } else { Self::Epoch }
    }

    /// The row's place on the axis, then on the other one; what is not known comes last.
    pub(super) fn place(self, row: &CheckpointRow) -> (f64, f64) {
        let progress = &row.training.progress;
        let epoch = progress.epoch.unwrap_or(f64::INFINITY);
        let step = progress.step.map_or(f64::INFINITY, |s| s as f64);
        match self {
            Self::Epoch => (epoch, step),
            Self::Step => (step, epoch),
        }
    }
}

/// Groups of a run's rows: initial weights, the checkpoints of training, files that tell no progress, and
/// last the best, the last, and copies.
pub(super) fn group(row: &CheckpointRow, is_copy: bool) -> u8 {
    let name = row.identity.name;
    let progress = &row.training.progress;
    let known = progress.epoch.is_some() || progress.step.is_some();
    match () {
        () if is_copy || name.vagueness() >= 2 => 3,
        () if name.parts.has(Part::Init) && !known => 0,
        () if known => 1,
        () => 2,
    }
}

/// Order of training within a run.
pub(super) fn rows(axis: Axis, a: &CheckpointRow, b: &CheckpointRow) -> Ordering {
    let ((a0, a1), (b0, b1)) = (axis.place(a), axis.place(b));
    a0.total_cmp(&b0).then(a1.total_cmp(&b1)).then_with(|| paths(&a.path, &b.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_sort_folder_by_folder() {
        let mut list =
            ["run-10/a", "run-2/z", "run/b", "run/a10", "run/a9", "run", "run-2/a/b"].map(Path::new);
        list.sort_by(|a, b| paths(a, b));
        assert_eq!(
            list.map(|p| p.to_str().unwrap()),
            ["run", "run/a9", "run/a10", "run/b", "run-2/a/b", "run-2/z", "run-10/a"]
        );
    }
}
