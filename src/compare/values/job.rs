//! Cuts pairs into pieces, and has a few threads compare them.

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::kernel::Tolerance;
use super::piece::{Buffers, Sides};
use super::sums::Sums;
use super::{Options, ValueDiff};
use crate::checkpoint::Checkpoint;
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, TensorId, TensorMeta};
use crate::text::number::shape;
use crate::work::Work;

/// Elements of one piece of work.
const PIECE: u64 = 1 << 21;
/// An expanded view that stands for more bytes than this, and for many times what is stored, is not walked.
const EXPANDED: u64 = 1 << 36;

/// Two tensors, opened by whoever comes first; `None` inside when that failed, and the failure was told.
struct Pair<'a> {
    metas: [&'a TensorMeta; 2],
    pieces: Range<usize>,
    sides: OnceLock<Option<Sides>>,
}

/// Some elements of one pair.
#[derive(Clone, Copy)]
struct Piece {
    pair: usize,
    start: u64,
    count: u64,
}

/// Sums of a piece, and whether its bytes were equal; `None` when the pair had failed before.
type Outcome = Result<Option<(Sums, bool)>>;

struct Job<'a> {
    checkpoints: [&'a Checkpoint; 2],
    pairs: Vec<Result<Pair<'a>>>,
    pieces: Vec<Piece>,
    tolerance: Tolerance,
    next: AtomicUsize,
    work: &'a Work,
}

pub(super) fn run(
    checkpoints: [&Checkpoint; 2],
    pairs: &[(TensorId, TensorId)],
    options: &Options,
    work: &Work,
) -> Result<Vec<Result<ValueDiff>>> {
    let job = Job::new(checkpoints, pairs, options, work);
    let outcomes = job.share_out(options.threads)?;
    Ok(job.finish(outcomes))
}

impl<'a> Job<'a> {
    fn new(
        checkpoints: [&'a Checkpoint; 2],
        pairs: &[(TensorId, TensorId)],
        options: &Options,
        work: &'a Work,
    ) -> Self {
        let mut pieces = Vec::with_capacity(pairs.len());
        let mut planned = Vec::with_capacity(pairs.len());
        for (at, (x, y)) in pairs.iter().enumerate() {
            let [a, b] = checkpoints;
            let metas = a.tree().tensor(*x).zip(b.tree().tensor(*y));
            let metas = metas.ok_or_else(|| Error::new(ErrorKind::TensorBounds, "there is no such tensor"));
            planned.push(metas.and_then(|(x, y)| {
                let (total, step) = plan(checkpoints, [x, y])?;
                let first = pieces.len();
                let starts = (0..total.div_ceil(step).max(1)).map(|n| n * step);
                pieces.extend(starts.map(|start| Piece { pair: at, start, count: step.min(total - start) }));
                Ok(Pair { metas: [x, y], pieces: first..pieces.len(), sides: OnceLock::new() })
            }));
        }
        let tolerance = Tolerance { rtol: options.rtol, atol: options.atol };
        Self { checkpoints, pairs: planned, pieces, tolerance, next: AtomicUsize::new(0), work }
    }

    /// Has every piece compared.
    fn share_out(&self, threads: usize) -> Result<Vec<Outcome>> {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if threads == 0 { cores() } else { threads }.min(self.pieces.len());
        let mut outcomes: Vec<Outcome> = self.pieces.iter().map(|_| Ok(None)).collect();
        let done = std::thread::scope(|scope| {
            let spawn = |n: usize| {
                let named = std::thread::Builder::new().name(format!("compare {n}"));
                // Without another thread to be had, those there are do its work.
                named.spawn_scoped(scope, || self.worker()).ok()
            };
            let others: Vec<_> = (1..threads).filter_map(spawn).collect();
            let mut done = self.worker();
            for other in others {
                done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            done
        });
        self.work.cancel.check()?;
        for (at, outcome) in done {
            if let Some(slot) = outcomes.get_mut(at) {
                *slot = outcome;
            }
        }
        Ok(outcomes)
    }

    fn worker(&self) -> Vec<(usize, Outcome)> {
        let (mut buffers, mut done) = (Buffers::default(), Vec::new());
        while !self.work.cancel.is_cancelled() {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = self.pieces.get(at) else { break };
            let Some(Ok(pair)) = self.pairs.get(piece.pair) else { continue };
            done.push((at, self.piece(pair, *piece, &mut buffers)));
        }
        done
    }

    fn piece(&self, pair: &Pair<'_>, piece: Piece, buffers: &mut Buffers) -> Outcome {
        let mut failure = None;
        let sides = pair.sides.get_or_init(|| match Sides::open(self.checkpoints, pair.metas) {
            Ok(sides) => Some(sides),
            Err(error) => {
                failure = Some(error);
                None
            }
        });
        match (sides, failure) {
            (_, Some(error)) => Err(error),
            (None, None) => Ok(None),
            (Some(sides), None) => {
                let range = piece.start..piece.start + piece.count;
                sides.compare(range, self.tolerance, buffers, self.work).map(Some)
            }
        }
    }

    fn finish(self, outcomes: Vec<Outcome>) -> Vec<Result<ValueDiff>> {
        let mut outcomes = outcomes.into_iter();
        let finish = |pair: Result<Pair<'_>>| {
            let parts: Result<Vec<_>> = outcomes.by_ref().take(pair?.pieces.len()).collect();
            let (sums, equal): (Vec<Sums>, Vec<bool>) = parts?.into_iter().flatten().unzip();
            Ok(Sums::total(&sums).finish(equal.into_iter().all(|equal| equal)))
        };
        self.pairs.into_iter().map(finish).collect()
    }
}

/// Elements to compare, and how many of them make a piece.
fn plan(checkpoints: [&Checkpoint; 2], metas: [&TensorMeta; 2]) -> Result<(u64, u64)> {
    let [x, y] = metas;
    if x.shape() != y.shape() {
        let text = format!("shapes differ: {} and {}", shape(x.shape()), shape(y.shape()));
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    let mut step = PIECE;
    for (checkpoint, meta) in checkpoints.into_iter().zip(metas) {
        let storage = meta.storage.and_then(|id| checkpoint.tree().storage(id));
        let Some(storage) = storage else { continue };
        if meta.nbytes() > EXPANDED && meta.nbytes() / 8 > storage.nbytes {
            let text = format!("an expanded view of {} elements on {} bytes", meta.numel(), storage.nbytes);
            return Err(Error::new(ErrorKind::Limit, text));
        }
        // What is best read from front to back is not shared between threads.
        if !storage.is_random_access() {
            step = u64::MAX;
        }
    }
    Ok((numbers(x), step))
}

/// Numbers in a tensor: two in each element of `float4_e2m1fn_x2`.
fn numbers(meta: &TensorMeta) -> u64 {
    let per = if meta.dtype == DType::Float4E2m1fnX2 { 2 } else { 1 };
    meta.numel().saturating_mul(per)
}
