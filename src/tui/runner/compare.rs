//! Work behind the comparison: the names, then values in portions; statistics and the picture of a pair.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::checkpoint::Checkpoint;
use crate::compare::values::{self, Options};
use crate::elements::Elements;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::stats::preview::HeatMap;
use crate::stats::{Request, default_threads};
use crate::tensor::TensorId;
use crate::text::shown_path;
use crate::tui::action::{CompareNews, CompareRequest};
use crate::tui::model::compare::stats::{BothStats, Picture, SideStats};
use crate::tui::model::compare::{Comparison, Ids};
use crate::work::Work;

/// Bytes of both sides in one portion of values: results come as they are seen, and threads have enough to do.
const PORTION: u64 = 128 << 20;
/// Pairs in one.
const PAIRS: usize = 4_096;

/// Compares the names. What cannot be read is said of both files.
pub fn names(request: &CompareRequest) -> std::result::Result<Arc<Comparison>, Vec<String>> {
    let [a, b] = &request.paths;
    let open = |letter: char, path: &Path| {
        crate::format::open(path, &Limits::default())
            .map_err(|error| format!("{letter} cannot be read: {}: {}", shown_path(path), error.reason()))
    };
    match (open('A', a), open('B', b)) {
        (Ok(a), Ok(b)) => Comparison::of(a, b, request.sections.as_ref())
            .map(Arc::new)
            .map_err(|error| vec![error.to_string()]),
        (a, b) => Err([a.err(), b.err()].into_iter().flatten().collect()),
    }
}

/// Compares the values of some pairs, and hands over what is found as it is found.
pub fn compare_values(comparison: &Comparison, pairs: &[u32], work: &Work, send: &dyn Fn(CompareNews)) {
    let [a, b] = &comparison.checkpoints;
    let ids = |at: &u32| Some((*at, *comparison.pairs.get(*at as usize)?));
    let (at, ids): (Vec<u32>, Vec<(TensorId, TensorId)>) = pairs.iter().filter_map(ids).unzip();
    work.meter.expect(values::bytes(a, b, &ids));
    let (mut at, mut rest) = (at.as_slice(), ids.as_slice());
    while !rest.is_empty() {
        let len = portion(a, b, rest);
        let (portion, behind) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        let (names, behind_at) = at.split_at_checked(len).unwrap_or((at, &[]));
        // An error of one pair is in its row: what is an error here is that nobody wants the rest.
        let Ok(found) = values::compare(a, b, portion, &Options::default(), work) else { return };
        let found = found.into_iter().map(|diff| diff.map_err(|error| error.reason()));
        send(CompareNews::Values(names.iter().copied().zip(found).collect()));
        (at, rest) = (behind_at, behind);
    }
    send(CompareNews::Done);
}

/// Pairs of the next portion: at least one.
fn portion(a: &Checkpoint, b: &Checkpoint, pairs: &[(TensorId, TensorId)]) -> usize {
    let mut bytes = 0_u64;
    let fits = pairs.iter().take(PAIRS).take_while(|pair| {
        let fits = bytes < PORTION;
        bytes = bytes.saturating_add(values::bytes(a, b, std::slice::from_ref(*pair)));
        fits
    });
    fits.count().max(1)
}

/// The statistics of both tensors of a pair.
pub fn statistics(comparison: &Comparison, ids: Ids, work: &Work) -> BothStats {
    let [a, b] = &comparison.checkpoints;
    Box::new([(a, ids[0]), (b, ids[1])].map(|(of, id)| id.map(|id| of_tensor(of, id, work))))
}

fn of_tensor(checkpoint: &Checkpoint, id: TensorId, work: &Work) -> SideStats {
    let request = Request { checkpoint, tensors: &[(id, false)], threads: default_threads(), work };
    let found = Mutex::new(None);
    let outcome = request.run(&|_, stats| {
        *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(stats);
    });
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let none = || Err(Error::new(ErrorKind::Unsupported, "it has no elements of its own"));
    outcome.and_then(|_| found.unwrap_or_else(none)).map(Arc::new).map_err(|error| error.reason())
}

/// Where the two tensors of a pair differ; none of what is not a matrix, or of two shapes.
pub fn picture(comparison: &Comparison, ids: Ids, work: &Work) -> Picture {
    let read = || -> Result<Option<HeatMap>> {
        let [a, b] = &comparison.checkpoints;
        let metas = [(a, ids[0]), (b, ids[1])].map(|(of, id)| of.tree().tensor(id?));
        let [Some(x), Some(y)] = metas else { return Ok(None) };
        if x.shape() != y.shape() {
            return Ok(None);
        }
        HeatMap::of_difference(&Elements::open(a, x)?, &Elements::open(b, y)?, x.shape(), work)
    };
    read().map_err(|error| error.reason())
}
