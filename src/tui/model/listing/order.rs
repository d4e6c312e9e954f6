//! The orders of checkpoints within a run.

use std::cmp::Ordering;

use super::{Row, file_name, metric_of};
use crate::runs::Run;
use crate::sorting::Sort as _;
use crate::text::natural;

/// By what the checkpoints of a run are ordered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// As the run gives them: by training progress.
    #[default]
    Training,
    /// By file name.
    Name,
    /// By the metric shown.
    Metric,
    /// By size.
    Size,
    /// By time of writing.
    Modified,
}

impl Order {
    /// The next order.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Training => Self::Name,
            Self::Name => Self::Metric,
            Self::Metric => Self::Size,
            Self::Size => Self::Modified,
            Self::Modified => Self::Training,
        }
    }

    /// What it is remembered as; nothing for the order there is by itself.
    pub fn id(self) -> Option<&'static str> {
        match self {
            Self::Training => None,
            Self::Name => Some("name"),
            Self::Metric => Some("metric"),
            Self::Size => Some("size"),
            Self::Modified => Some("modified"),
        }
    }

    /// The order that is remembered as `id`.
    pub fn named(id: Option<&str>) -> Self {
        let all = [Self::Name, Self::Metric, Self::Size, Self::Modified];
        all.into_iter().find(|order| id.is_some() && order.id() == id).unwrap_or_default()
    }

    /// What to call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Training => "training progress",
            Self::Name => "name",
            Self::Metric => "the metric shown",
            Self::Size => "size",
            Self::Modified => "time written",
        }
    }

    /// Orders the rows of a run. Keys are made once for each row, not once for each comparison.
    pub(super) fn sort(self, rows: &mut [Row], run: &Run, metric: Option<&str>) {
        let row = |row: &Row| match row {
            Row::Checkpoint(_, at) => run.checkpoints.get(*at),
            _ => None,
        };
        match self {
            Self::Training => {}
            Self::Name => {
                rows.sort_by_cached_key(|r| Natural(row(r).map(|c| file_name(&c.path)).unwrap_or_default()));
            }
            Self::Metric => rows.sort_by_cached_key(|r| {
                // What has no value, or one that is no number, comes last.
                let value = row(r).and_then(|c| metric_of(c, metric?));
                Total(value.filter(|v| !v.is_nan()).unwrap_or(f64::INFINITY))
            }),
            Self::Size => rows.in_order_of(|r| row(r).map(|c| c.bytes)),
            Self::Modified => rows.in_order_of(|r| row(r).map(|c| c.modified)),
        }
    }
}

/// A name, ordered as a person counts.
#[derive(PartialEq, Eq)]
struct Natural(String);

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> Ordering {
        natural::compare(&self.0, &other.0)
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A number in the total order of floats.
struct Total(f64);

impl Ord for Total {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Total {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Total {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Total {}
