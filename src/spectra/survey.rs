//! Spectra of the tensors of one checkpoint, and what is remembered of them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::cache::{Cache, CacheKey};
use crate::checkpoint::{Checkpoint, TensorEntry};
use crate::error::{ErrorKind, Result};
use crate::sorting::Sort as _;
use crate::tensor::{Numeric, TensorMeta};
use crate::work::{Meter, Work};

use super::{Choice, Portrait, Wanted, choose, file, matrix};

/// The name of what is kept in the cache.
const KIND: &str = "spectra";
/// What the meter counts: so many multiplications.
const TICK: f64 = 1e6;

type Known = HashMap<u32, Arc<Portrait>>;

/// Why a tensor has no spectrum, as far as its description tells; `None` where it may have one.
pub fn refusal(meta: &TensorMeta) -> Option<String> {
    let shape = meta.shape();
    if shape.contains(&0) {
        return Some("it has no elements, and so no spectrum".to_owned());
    }
    match meta.dtype.numeric() {
        Numeric::Float | Numeric::Quantized | Numeric::Integer => {}
        _ => return Some(format!("elements of dtype {} have no spectrum here", meta.dtype.name())),
    }
    (shape.len() < 2).then(|| "a spectrum needs a matrix: two dimensions or more".to_owned())
}

/// Multiplications the spectrum of a tensor needs; 0 where it has none.
pub fn cost(meta: &TensorMeta) -> f64 {
    let cost = |(a, b): (u64, u64)| a.max(b) as f64 * (a.min(b) as f64).powi(2);
    matrix::shape_of(meta).map_or(0.0, cost)
}

/// Spectra wanted.
pub struct Survey<'a> {
    /// The checkpoint.
    pub checkpoint: &'a Checkpoint,
    /// Where results are remembered.
    pub cache: &'a Cache,
    /// What computes.
    pub choice: Choice,
    /// How far it is, and whether to go on.
    pub work: &'a Work,
}

/// News of a survey.
#[derive(Debug, Clone)]
pub enum News {
    /// What computes what is not remembered, by its name.
    Backend(String),
    /// The spectrum of the entry with this index, or why there is none.
    Known(u32, std::result::Result<Arc<Portrait>, String>),
    /// Something to be said of how it went: that libtorch failed, and why.
    Note(String),
}

impl Survey<'_> {
    /// Computes the spectra of the entries with these indices, and tells each as soon as it is there; at once where it is
    /// remembered. Names of one tensor are computed once.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] when the work was cancelled; what was computed until then is remembered.
    pub fn run(&self, entries: &[u32], tell: &mut dyn FnMut(News)) -> Result<()> {
        let key = self.cache.folder().and_then(|_| CacheKey::of(self.checkpoint));
        let remembered: Vec<(u32, Portrait)> =
            key.as_ref().and_then(|key| self.cache.load(KIND, key)).unwrap_or_default();
        let mut known: Known = remembered.into_iter().map(|(id, one)| (id, Arc::new(one))).collect();
        let before = known.len();
        let done = self.all(entries, &mut known, tell);
        // Files that changed meanwhile are not what was read.
        let same = |key: &CacheKey| CacheKey::of(self.checkpoint).as_ref() == Some(key);
        if let Some(key) = key.filter(|key| known.len() > before && same(key)) {
            let mut all: Vec<(u32, &Portrait)> = known.iter().map(|(id, one)| (*id, &**one)).collect();
            all.in_order_of(|(id, _)| *id);
            self.cache.store(KIND, &key, &all);
        }
        done
    }

    fn all(&self, entries: &[u32], known: &mut Known, tell: &mut dyn FnMut(News)) -> Result<()> {
        let mut missing: Vec<(u32, &TensorEntry)> = Vec::new();
        for at in entries {
            let Some(entry) = self.checkpoint.tensors().get(*at as usize) else { continue };
            match (known.get(&entry.id.0), refusal(self.checkpoint.meta(entry))) {
                (Some(one), _) => tell(News::Known(*at, Ok(Arc::clone(one)))),
                (None, Some(reason)) => tell(News::Known(*at, Err(reason))),
                (None, None) => missing.push((*at, entry)),
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let costs: Vec<f64> =
            missing.iter().map(|(_, entry)| cost(self.checkpoint.meta(entry)).max(TICK)).collect();
        let (backend, note) = choose(self.choice, None, costs.iter().sum(), &self.work.cancel);
        tell(News::Backend(backend.name()));
        if let Some(note) = note {
            tell(News::Note(note));
        }
        // How far a single one is cannot be told.
        if missing.len() > 1 {
            self.work.meter.expect(costs.iter().map(|cost| (cost / TICK) as u64).sum());
        }
        for ((at, entry), cost) in missing.into_iter().zip(costs) {
            self.work.cancel.check()?;
            if let Some(one) = known.get(&entry.id.0) {
                tell(News::Known(at, Ok(Arc::clone(one))));
                self.work.meter.advance((cost / TICK) as u64);
                continue;
            }
            let inner = Work { cancel: self.work.cancel.clone(), meter: Meter::default() };
            let found = file::one(self.checkpoint, entry, &*backend, Wanted::Auto, &inner);
            let found = match found {
                Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
                Err(error) => Err(error.reason()),
                Ok((spectrum, summary)) => {
                    let matrix = matrix::shape_of(self.checkpoint.meta(entry)).unwrap_or_default();
                    let one = Arc::new(Portrait::of(matrix, backend.name(), &spectrum, summary));
                    known.insert(entry.id.0, Arc::clone(&one));
                    Ok(one)
                }
            };
            tell(News::Known(at, found));
            self.work.meter.advance((cost / TICK) as u64);
        }
        if let Some(note) = backend.note() {
            tell(News::Note(note));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;
    use std::time::{Duration, SystemTime};

    /// The demo's best checkpoint, as if it had been there for a while.
    fn demo(folder: &std::path::Path) -> Checkpoint {
        let path = folder.join("best.pt");
        let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/demo/glyphs-cnn/best.pt");
        std::fs::copy(demo, &path).unwrap();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
        crate::format::open(&path, &crate::limits::Limits::default()).unwrap()
    }

    fn run(checkpoint: &Checkpoint, cache: &Cache, entries: &[u32]) -> (usize, Vec<(u32, Arc<Portrait>)>) {
        let work = Work::default();
        let survey = Survey { checkpoint, cache, choice: Choice::Cpu, work: &work };
        let (mut backends, mut found) = (0, Vec::new());
        let mut tell = |news| match news {
            News::Backend(_) => backends += 1,
            News::Known(at, one) => found.push((at, one.unwrap())),
            News::Note(note) => panic!("{note}"),
        };
        survey.run(entries, &mut tell).unwrap();
        found.sort_by_key(|(at, _)| *at);
        (backends, found)
    }

    #[test]
    fn what_was_computed_is_remembered_and_only_the_rest_is_computed() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::in_folder(folder.path().join("cache"));
        let checkpoint = demo(folder.path());
        let entries: Vec<u32> = file::weights(&checkpoint).into_iter().map(|(at, _)| at).collect();
        assert_eq!(entries.len(), 3);
        let (backends, first) = run(&checkpoint, &cache, &entries[..1]);
        assert_eq!((backends, first.len()), (1, 1));
        let (backends, all) = run(&checkpoint, &cache, &entries);
        assert_eq!((backends, all.len()), (1, 3));
        assert_eq!(all[0], first[0]);
        assert_eq!(run(&checkpoint, &cache, &entries), (0, all));
        let (backends, _) = run(&checkpoint, &Cache::off(), &entries);
        assert_eq!(backends, 1, "without a cache everything is computed");
    }

    #[test]
    fn a_survey_stops_when_told() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoint = demo(folder.path());
        let work = Work::default();
        work.cancel.cancel();
        let survey =
            Survey { checkpoint: &checkpoint, cache: &Cache::off(), choice: Choice::Cpu, work: &work };
        let weights: Vec<u32> = file::weights(&checkpoint).into_iter().map(|(at, _)| at).collect();
        let error = survey.run(&weights, &mut |_| {}).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
    }

    #[test]
    fn what_is_no_matrix_is_told_without_reading() {
        use crate::tensor::DType;
        let meta = |dtype, shape: &[u64]| TensorMeta::contiguous(dtype, shape, None, 0);
        assert!(refusal(&meta(DType::Float32, &[3, 4])).is_none());
        assert!(refusal(&meta(DType::Float32, &[8])).unwrap().contains("two dimensions"));
        assert!(refusal(&meta(DType::Float32, &[0, 8])).unwrap().contains("no elements"));
        assert!(refusal(&meta(DType::Bool, &[3, 4])).unwrap().contains("bool"));
    }
}
