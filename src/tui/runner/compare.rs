//! Work behind the comparison: names at once, then values in portions, and statistics of a pair.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::checkpoint::Checkpoint;
use crate::compare::values::{self, Options};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::stats::{Request, default_threads};
use crate::tensor::TensorId;
use crate::tui::action::{CompareNews, CompareRequest};
use crate::tui::model::compare::Comparison;
use crate::tui::model::compare::stats::SideStats;
use crate::work::Work;

/// Bytes of both sides in one portion of values: results come as they are seen, and threads have enough to do.
const PORTION: u64 = 128 << 20;
/// Pairs in one.
const PAIRS: usize = 512;

/// Compares, and hands over what is found as it is found.
pub fn compare(request: &CompareRequest, work: &Work, send: &dyn Fn(CompareNews)) {
    let open = |path: &Path| {
        crate::format::open(path, &Limits::default())
            .map_err(|error| format!("{}: {}", crate::text::shown_path(path), error.reason()))
    };
    let [a, b] = &request.paths;
    let names = open(a).and_then(|a| Ok((a, open(b)?))).and_then(|(a, b)| {
        Comparison::of(a, b, request.sections.as_ref()).map(Arc::new).map_err(|error| error.to_string())
    });
    let comparison = match names {
        Ok(comparison) => comparison,
        Err(reason) => return send(CompareNews::Keys(Err(reason))),
    };
    if work.cancel.is_cancelled() {
        return;
    }
    send(CompareNews::Keys(Ok(Arc::clone(&comparison))));
    if of_values(&comparison, work, send).is_ok() {
        send(CompareNews::Done);
    }
}

fn of_values(comparison: &Comparison, work: &Work, send: &dyn Fn(CompareNews)) -> Result<()> {
    let [a, b] = &comparison.checkpoints;
    let mut rest = comparison.pairs.as_slice();
    work.meter.expect(values::bytes(a, b, rest));
    let mut first = 0;
    while !rest.is_empty() {
        let (portion, behind) = rest.split_at_checked(portion(a, b, rest)).unwrap_or((rest, &[]));
        let found = values::compare(a, b, portion, &Options::default(), work)?;
        let found = found.into_iter().map(|diff| diff.map_err(|error| error.reason()));
        send(CompareNews::Values((first..).zip(found).collect()));
        first += portion.len() as u32;
        rest = behind;
    }
    Ok(())
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

/// The statistics of both tensors of a pair; `None` when they are no longer wanted.
pub fn statistics(comparison: &Comparison, pair: u32, work: &Work) -> Option<Box<[SideStats; 2]>> {
    let (a, b) = *comparison.pairs.get(pair as usize)?;
    let [reference, candidate] = &comparison.checkpoints;
    let sides = Box::new([of_tensor(reference, a, work), of_tensor(candidate, b, work)]);
    (!work.cancel.is_cancelled()).then_some(sides)
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
