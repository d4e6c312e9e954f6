//! The threads, and who does what.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::counts::Counts;
use super::kernel::Tally;
use super::moments::Moments;
use super::reading::{Reading, Way};
use super::result::TensorStats;
use super::total::Total;
use super::worker::{COUNTED, Worker, conclude};
use crate::checkpoint::Checkpoint;
use crate::error::{Error, Result};
use crate::tensor::TensorId;
use crate::work::Work;

/// Threads at most: each takes about 1 MB, and reading is as fast as memory well before that many.
const THREADS: usize = 16;

/// Threads to use where nobody says: one for each core, at most 16.
pub fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).clamp(1, THREADS)
}

/// Which tensors to read, and how.
pub struct Request<'a> {
    /// The checkpoint they are in.
    pub checkpoint: &'a Checkpoint,
    /// The tensors, and whether each belongs to the total.
    pub tensors: &'a [(TensorId, bool)],
    /// Threads, at least one.
    pub threads: usize,
    /// Told how many bytes there are and have been read; asked whether to go on.
    pub work: &'a Work,
}

impl Request<'_> {
    /// Reads the tensors, in the order given as far as several threads do that, and calls `done` with the number
    /// of each and what it gave, from whichever thread finished it. Gives the statistics of all that belong to the
    /// total and could be read.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Cancelled`] when the work was cancelled. Tensors that cannot be read do not end it.
    pub fn run(&self, done: &(dyn Fn(usize, Result<TensorStats>) + Sync)) -> Result<TensorStats> {
        let bytes = |(id, _): &(TensorId, bool)| {
            self.checkpoint.tree().tensor(*id).map_or(0, |meta| super::stored_bytes(self.checkpoint, meta))
        };
        self.work.meter.expect(self.tensors.iter().map(bytes).fold(0, u64::saturating_add));
        let job = Job { request: self, queue: Mutex::default(), total: Mutex::default(), done };
        let most = self.threads.clamp(1, THREADS * 4);
        std::thread::scope(|scope| {
            for _ in 1..most {
                scope.spawn(|| job.work());
            }
            job.work();
        });
        self.work.cancel.check()?;
        let total = job.total.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(total.finish())
    }
}

struct Job<'a> {
    request: &'a Request<'a>,
    queue: Mutex<Queue>,
    total: Mutex<Total>,
    done: &'a (dyn Fn(usize, Result<TensorStats>) + Sync),
}

/// What is to be taken next.
#[derive(Default)]
struct Queue {
    next: usize,
    open: Option<(Arc<State>, u64)>,
}

/// A tensor that is being read.
struct State {
    index: usize,
    reading: Reading,
    left: AtomicU64,
    partial: Mutex<Partial>,
}

/// What the units done so far gave.
#[derive(Default)]
struct Partial {
    moments: Vec<(u64, Moments)>,
    rest: Tally,
    counts: Counts,
    error: Option<Error>,
}

/// A unit to be done.
enum Claim {
    Unit(Arc<State>, u64),
    Unreadable(usize, Error),
}

/// The tensor a thread is at, and the units of it that are done but not reported.
struct Pending {
    state: Arc<State>,
    units: Vec<(u64, Tally)>,
    counted: u64,
    error: Option<Error>,
}

impl Job<'_> {
    fn work(&self) {
        let mut worker = Worker::new();
        let mut pending: Option<Pending> = None;
        while !self.request.work.cancel.is_cancelled() {
            let claim = self.claim();
            let same = matches!((&claim, &pending), (Some(Claim::Unit(state, _)), Some(p)) if Arc::ptr_eq(state, &p.state));
            if !same {
                pending.take().into_iter().for_each(|pending| self.report(&mut worker, pending));
            }
            match claim {
                None => return,
                Some(Claim::Unreadable(index, error)) => (self.done)(index, Err(error)),
                Some(Claim::Unit(state, unit)) => {
                    let pending = pending.get_or_insert_with(|| Pending::new(state));
                    pending.unit(&mut worker, unit, self.request.work);
                    if pending.counted >= COUNTED {
                        Self::save(&mut worker, pending);
                    }
                }
            }
        }
    }

    /// Takes the next unit: all of one tensor before the next, so that reads go forward.
    fn claim(&self) -> Option<Claim> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((state, unit)) = &mut queue.open {
            *unit += 1;
            if *unit < state.reading.units {
                return Some(Claim::Unit(Arc::clone(state), *unit));
            }
            queue.open = None;
        }
        let index = queue.next;
        let (id, _) = self.request.tensors.get(index)?;
        queue.next += 1;
        let checkpoint = self.request.checkpoint;
        let absent = || Error::new(crate::error::ErrorKind::StorageMissing, "the tensor is not in the file");
        let opened =
            checkpoint.tree().tensor(*id).ok_or_else(absent).and_then(|meta| Reading::open(checkpoint, meta));
        let reading = match opened {
            Ok(reading) => reading,
            Err(error) => return Some(Claim::Unreadable(index, error)),
        };
        let left = AtomicU64::new(reading.units);
        let state = Arc::new(State { index, reading, left, partial: Mutex::default() });
        queue.open = Some((Arc::clone(&state), 0));
        Some(Claim::Unit(state, 0))
    }

    /// Brings what was counted to safety.
    fn save(worker: &mut Worker, pending: &mut Pending) {
        let counts = worker.take(&pending.state.reading);
        let mut partial = pending.state.partial.lock().unwrap_or_else(PoisonError::into_inner);
        partial.counts.merge(counts);
        pending.counted = 0;
    }

    /// Hands over what a thread has of a tensor; the last one to do so concludes.
    fn report(&self, worker: &mut Worker, mut pending: Pending) {
        Self::save(worker, &mut pending);
        let state = pending.state;
        let mut partial = state.partial.lock().unwrap_or_else(PoisonError::into_inner);
        let units = pending.units.len() as u64;
        for (unit, tally) in pending.units {
            partial.moments.push((unit, tally.moments));
            partial.rest.merge(&Tally { moments: Moments::default(), ..tally });
        }
        if let Some(error) = pending.error {
            partial.error.get_or_insert(error);
        }
        if state.left.fetch_sub(units, Ordering::AcqRel) == units {
            let partial = std::mem::take(&mut *partial);
            self.finish(worker, &state, partial);
        }
    }

    fn finish(&self, worker: &mut Worker, state: &State, mut partial: Partial) {
        if let Some(error) = partial.error {
            if !self.request.work.cancel.is_cancelled() {
                (self.done)(state.index, Err(error));
            }
            return;
        }
        let reading = &state.reading;
        partial.moments.sort_unstable_by_key(|(unit, _)| *unit);
        let moments = Moments::merge_all(partial.moments.into_iter().map(|(_, m)| m).collect());
        let mut tally = Tally { moments, ..partial.rest };
        let mut cells = match reading.way {
            Way::Few => worker.sorted(),
            _ => conclude(reading, &partial.counts, &mut tally),
        };
        let exact = match reading.way {
            Way::Few | Way::Codes(_) => true,
            Way::Float32(_) => tally.moments.count == 0,
            Way::Numbers => reading.prefix_is_exact(),
        };
        reading.complete(&mut tally, &mut cells);
        if self.request.tensors.get(state.index).is_some_and(|(_, counted)| *counted) {
            let mut total = self.total.lock().unwrap_or_else(PoisonError::into_inner);
            total.add(state.index, &tally, &cells);
        }
        let mut stats = TensorStats::of(&tally, &cells, exact);
        stats.dead_rows = reading.rows.as_ref().map(super::reading::Rows::dead);
        (self.done)(state.index, Ok(stats));
    }
}

impl Pending {
    fn new(state: Arc<State>) -> Self {
        Self { state, units: Vec::new(), counted: 0, error: None }
    }

    fn unit(&mut self, worker: &mut Worker, unit: u64, work: &Work) {
        let range = self.state.reading.range(unit);
        self.counted += range.end - range.start;
        // After an error the rest of the tensor need not be read.
        let outcome = if self.error.is_some() {
            Ok(Tally::default())
        } else {
            worker.unit(&self.state.reading, unit, work)
        };
        self.units.push((
            unit,
            outcome.unwrap_or_else(|error| {
                self.error = Some(error);
                Tally::default()
            }),
        ));
    }
}
