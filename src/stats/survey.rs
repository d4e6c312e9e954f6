//! The statistics of a checkpoint: which tensors, each once, and what is remembered of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::engine::Request;
use super::result::TensorStats;
use crate::cache::{Cache, CacheKey};
use crate::checkpoint::{Checkpoint, SectionRole, TensorEntry};
use crate::error::Result;
use crate::tensor::{DType, Layout, StorageId, TensorId};
use crate::work::Work;

/// The name of what is kept in the cache.
const KIND: &str = "stats";

/// Which tensors statistics are wanted of. Names of the same elements are one tensor.
pub struct Plan {
    tensors: Vec<(TensorId, bool)>,
    of_entry: Vec<Option<u32>>,
}

impl Plan {
    /// The tensors of the entries `wanted` says, by their numbers and themselves. The total is over those of the model, or of the averaged copy
    /// where there is no other, or over all where there is no model.
    pub fn of(checkpoint: &Checkpoint, wanted: impl Fn(usize, &TensorEntry) -> bool) -> Self {
        let mut seen: HashMap<Same<'_>, u32> = HashMap::new();
        let (mut tensors, mut of_entry) = (Vec::new(), Vec::with_capacity(checkpoint.tensors().len()));
        let main = main_role(checkpoint);
        let counted = |entry: &TensorEntry| {
            main.is_none() || checkpoint.section_of(entry).map(|section| section.role) == main
        };
        for (at, entry) in checkpoint.tensors().iter().enumerate() {
            let index = wanted(at, entry).then(|| {
                let next = tensors.len() as u32;
                *seen.entry(Same::of(checkpoint, entry)).or_insert_with(|| {
                    tensors.push((entry.id, false));
                    next
                })
            });
            if let Some((_, total)) = index.and_then(|index| tensors.get_mut(index as usize)) {
                *total |= counted(entry);
            }
            of_entry.push(index);
        }
        Self { tensors, of_entry }
    }

    /// The number of the tensor of entry number `at`; `None` if it is not wanted.
    pub fn index(&self, at: usize) -> Option<usize> {
        self.of_entry.get(at).copied().flatten().map(|index| index as usize)
    }

    /// Tensors to be read.
    pub fn len(&self) -> usize {
        self.tensors.len()
    }

    /// True when nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.tensors.is_empty()
    }

    /// The same without a total.
    #[must_use]
    pub fn without_total(mut self) -> Self {
        self.tensors.iter_mut().for_each(|(_, counted)| *counted = false);
        self
    }

    /// What the total is over, for telling one from another.
    fn total_of(&self) -> u64 {
        let counted = self.tensors.iter().filter(|(_, counted)| *counted);
        let ids: Vec<u8> = counted.flat_map(|(id, _)| id.0.to_le_bytes()).collect();
        crate::source::fingerprint(&ids)
    }
}

/// What names of the same elements have in common.
#[derive(PartialEq, Eq, Hash)]
enum Same<'a> {
    Tensor(TensorId),
    Elements { storage: StorageId, offset: u64, shape: &'a [u64], stride: &'a [u64], dtype: DType, neg: bool },
}

impl<'a> Same<'a> {
    fn of(checkpoint: &'a Checkpoint, entry: &TensorEntry) -> Self {
        let meta = checkpoint.meta(entry);
        match meta.storage {
            Some(storage) if meta.layout == Layout::Strided && meta.quantizer.is_none() => Self::Elements {
                storage,
                offset: meta.storage_offset,
                shape: meta.shape(),
                stride: meta.stride(),
                dtype: meta.dtype,
                neg: meta.neg,
            },
            _ => Self::Tensor(entry.id),
        }
    }
}

/// The role of the sections a total is over; `None` for all.
fn main_role(checkpoint: &Checkpoint) -> Option<SectionRole> {
    let has = |role: &SectionRole| checkpoint.sections().iter().any(|s| s.role == *role && s.tensors > 0);
    [SectionRole::Model, SectionRole::Ema].into_iter().find(has)
}

/// Statistics wanted, and what is known already.
pub struct Survey<'a> {
    /// The checkpoint.
    pub checkpoint: &'a Checkpoint,
    /// The tensors.
    pub plan: &'a Plan,
    /// Where results are remembered.
    pub cache: &'a Cache,
    /// Threads to read with.
    pub threads: usize,
    /// How far it is, and whether to go on.
    pub work: &'a Work,
}

/// What a survey tells beside the statistics of each tensor.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Of all tensors that belong to the total.
    pub total: TensorStats,
    /// Bytes of elements that were read; 0 when everything was remembered.
    pub bytes_read: u64,
}

/// Statistics that are remembered of a checkpoint, by the number of each entry. Reads nothing of the checkpoint.
pub fn remembered(checkpoint: &Checkpoint, cache: &Cache) -> Vec<(u32, Arc<TensorStats>)> {
    let key = cache.folder().and_then(|_| CacheKey::of(checkpoint));
    let Some(Remembered { tensors, .. }) = key.and_then(|key| cache.load(KIND, &key)) else {
        return Vec::new();
    };
    let known: Known = tensors.into_iter().map(|(id, stats)| (id, Arc::new(stats))).collect();
    let plan = Plan::of(checkpoint, |_, _| true);
    let known = |at: usize| {
        let (id, _) = plan.tensors.get(plan.index(at)?)?;
        Some((at as u32, Arc::clone(known.get(&id.0)?)))
    };
    (0..checkpoint.tensors().len()).filter_map(known).collect()
}

/// What is remembered of one checkpoint.
#[derive(Default, Deserialize)]
struct Remembered {
    tensors: Vec<(u32, TensorStats)>,
    totals: BTreeMap<u64, TensorStats>,
}

/// The same, to be written.
#[derive(Serialize)]
struct Remember<'a> {
    tensors: Vec<(u32, &'a TensorStats)>,
    totals: &'a BTreeMap<u64, TensorStats>,
}

type Known = HashMap<u32, Arc<TensorStats>>;

impl Survey<'_> {
    /// Calls `done` with the number each tensor has in the plan and what is known of it: at once where it is
    /// remembered, else as soon as it was read, from whichever thread did so.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Cancelled`] when the work was cancelled; what was read until then is remembered.
    pub fn run(&self, done: &(dyn Fn(usize, Result<Arc<TensorStats>>) + Sync)) -> Result<Outcome> {
        let key = self.cache.folder().and_then(|_| CacheKey::of(self.checkpoint));
        let Remembered { tensors, mut totals } =
            key.as_ref().and_then(|key| self.cache.load(KIND, key)).unwrap_or_default();
        let known: Known = tensors.into_iter().map(|(id, stats)| (id, Arc::new(stats))).collect();
        let of = self.plan.total_of();
        // A total is over all its tensors: where it is not remembered, they are read again.
        let again = |counted: bool| counted && !totals.contains_key(&of);
        let mut missing = Vec::new();
        for (at, (id, counted)) in self.plan.tensors.iter().enumerate() {
            match known.get(&id.0).filter(|_| !again(*counted)) {
                Some(stats) => done(at, Ok(Arc::clone(stats))),
                None => missing.push(at),
            }
        }
        if let (true, Some(total)) = (missing.is_empty(), totals.get(&of)) {
            return Ok(Outcome { total: total.clone(), bytes_read: 0 });
        }
        let known = Mutex::new(known);
        let outcome = self.read(&missing, &known, done);
        if let Ok(outcome) = &outcome {
            totals.entry(of).or_insert_with(|| outcome.total.clone());
        }
        // Files that changed meanwhile are not what was read.
        let known = known.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = key.filter(|key| CacheKey::of(self.checkpoint).as_ref() == Some(key)) {
            let mut tensors: Vec<(u32, &TensorStats)> =
                known.iter().map(|(id, stats)| (*id, &**stats)).collect();
            tensors.sort_unstable_by_key(|(id, _)| *id);
            self.cache.store(KIND, &key, &Remember { tensors, totals: &totals });
        }
        outcome.map(|outcome| Outcome { total: totals.remove(&of).unwrap_or(outcome.total), ..outcome })
    }

    fn read(
        &self,
        missing: &[usize],
        known: &Mutex<Known>,
        done: &(dyn Fn(usize, Result<Arc<TensorStats>>) + Sync),
    ) -> Result<Outcome> {
        let tensors: Vec<(TensorId, bool)> =
            missing.iter().filter_map(|at| self.plan.tensors.get(*at).copied()).collect();
        let request = Request {
            checkpoint: self.checkpoint,
            tensors: &tensors,
            threads: self.threads,
            work: self.work,
        };
        let remember = self.cache.folder().is_some();
        let total = request.run(&|index, stats| {
            let stats = stats.map(Arc::new);
            if let (Ok(stats), Some((id, _)), true) = (&stats, tensors.get(index), remember) {
                let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
                known.insert(id.0, Arc::clone(stats));
            }
            if let Some(at) = missing.get(index) {
                done(*at, stats);
            }
        })?;
        Ok(Outcome { total, bytes_read: self.work.meter.done() })
    }
}
