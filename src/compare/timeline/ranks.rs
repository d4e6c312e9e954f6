//! Effective ranks of the matrices of a model over the checkpoints of a run.
//!
//! Beside the timeline, not in it: singular values cost far more than reading, so they are computed only when they are
//! asked for. They are remembered where the spectra of a checkpoint are ([`crate::spectra::survey`]).

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::pair::{model, names};
use crate::cache::Cache;
use crate::error::Result;
use crate::limits::Limits;
use crate::spectra::Choice;
use crate::spectra::survey::{News, Survey, refusal};
use crate::work::{Meter, Work};

/// Effective ranks of one checkpoint.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OfCheckpoint {
    /// By the key of each matrix, as in [`super::Row::key`].
    pub ranks: FxHashMap<String, f64>,
    /// What computed them; empty where there are none.
    pub backend: String,
}

/// Effective ranks of several checkpoints.
#[derive(Debug, Clone, Default)]
pub struct Ranks {
    /// By file.
    pub checkpoints: FxHashMap<PathBuf, OfCheckpoint>,
}

impl Ranks {
    /// The effective rank of the matrix with this key in that file.
    pub fn of(&self, path: &Path, key: &str) -> Option<f64> {
        self.checkpoints.get(path)?.ranks.get(key).copied()
    }

    /// The effective rank of the matrix with this key at each checkpoint of `timeline`.
    pub fn series(&self, timeline: &super::Timeline, key: &str) -> Vec<Option<f64>> {
        timeline.checkpoints.iter().map(|stop| self.of(&stop.path, key)).collect()
    }

    /// What computed them.
    pub fn backend(&self) -> Option<&str> {
        self.checkpoints.values().map(|one| one.backend.as_str()).find(|name| !name.is_empty())
    }
}

/// The least and the most of what is known.
pub fn bounds(ranks: &[Option<f64>]) -> Option<(f64, f64)> {
    let known = ranks.iter().flatten();
    let bounds = known.fold((f64::INFINITY, 0.0_f64), |(low, high), x| (low.min(*x), high.max(*x)));
    (bounds.0 <= bounds.1).then_some(bounds)
}

/// The effective ranks of the model's matrices in one file. Those too large for all singular values, and those with
/// NaN, have none.
///
/// # Errors
/// What opening the file finds, and [`crate::error::ErrorKind::Cancelled`].
pub fn of_checkpoint(path: &Path, cache: &Cache, work: &Work) -> Result<OfCheckpoint> {
    let checkpoint = crate::format::open(path, &Limits::default())?;
    let entries = model(&checkpoint);
    let names = names(&entries);
    let places: FxHashMap<*const _, u32> =
        (0..).zip(checkpoint.tensors()).map(|(at, entry)| (std::ptr::from_ref(entry), at)).collect();
    let mut wanted: FxHashMap<u32, &str> = FxHashMap::default();
    for (entry, name) in entries.iter().zip(names) {
        let place = places.get(&std::ptr::from_ref::<crate::checkpoint::TensorEntry>(entry));
        if let (Some(at), None) = (place, refusal(checkpoint.meta(entry))) {
            wanted.insert(*at, name);
        }
    }
    let mut order: Vec<u32> = wanted.keys().copied().collect();
    order.sort_unstable();
    let inner = Work { cancel: work.cancel.clone(), meter: Meter::default() };
    let survey = Survey { checkpoint: &checkpoint, cache, choice: Choice::Auto, work: &inner };
    let mut found = OfCheckpoint::default();
    survey.run(&order, &mut |news| {
        if let News::Known(at, Ok(one)) = news
            && let (Some(name), Some(rank)) = (wanted.get(&at), one.summary.effective_rank)
        {
            found.ranks.insert((*name).to_owned(), rank);
            found.backend.clone_from(&one.backend);
        }
    })?;
    Ok(found)
}

/// The effective ranks of all these files; one that cannot be read has none. The meter of `work` counts files.
///
/// # Errors
/// [`crate::error::ErrorKind::Cancelled`] when the work was cancelled.
pub fn of_all<'a>(
    paths: impl ExactSizeIterator<Item = &'a PathBuf>,
    cache: &Cache,
    work: &Work,
    each: &mut dyn FnMut(&Path, OfCheckpoint),
) -> Result<()> {
    work.meter.expect(paths.len() as u64);
    for path in paths {
        work.cancel.check()?;
        let found = of_checkpoint(path, cache, work);
        work.cancel.check()?;
        each(path, found.unwrap_or_default());
        work.meter.advance(1);
    }
    Ok(())
}
