//! What is not among the partitions: buffers, and parameters that are not trained.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::names::Rank;
use super::partition::Stage;
use crate::checkpoint::Checkpoint;
use crate::elements::{Elements, Scratch};
use crate::error::{Error, ErrorKind, Result};
use crate::format::folders::compose::Composer;
use crate::format::folders::lazy;
use crate::limits::Limits;
use crate::source::assembled::{Concat, Lazy};
use crate::source::{RangeSource, ReadAt};
use crate::tensor::{DType, Numeric, saturating_product};
use crate::value::Value;

/// Elements of a buffer that is widened in memory; larger ones keep their dtype.
const WIDENED: u64 = 16 << 20;

/// The buffers in `module`. Floating-point ones become float32, as `zero_to_fp32` has them.
pub(super) fn buffers(
    composer: &mut Composer<'_>,
    rank: &Rank,
    module: Value,
    names: &[String],
) -> Vec<(String, Value)> {
    let mut entries = Vec::new();
    let held = composer.tree.entries(module).to_vec();
    for (key, value) in held {
        let Some(name) = composer.tree.as_text(key).map(std::borrow::Cow::into_owned) else { continue };
        if !names.contains(&name) {
            continue;
        }
        entries.push((name.clone(), widened(composer, rank, &name, value)));
    }
    entries
}

fn widened(composer: &mut Composer<'_>, rank: &Rank, name: &str, value: Value) -> Value {
    let Value::Tensor(id) = value else { return value };
    let Some(meta) = composer.tree.tensor(id) else { return value };
    let float = meta.dtype.numeric() == Numeric::Float && meta.dtype != DType::Float32;
    if !float || meta.numel() > WIDENED {
        return value;
    }
    let (shape, len) = (meta.shape().to_vec(), meta.numel() * 4);
    let Ok(file) = composer.folder.file(&rank.model) else { return value };
    let (source, path, limits) =
        (Arc::new(file), composer.folder.path.join(&rank.model), composer.limits.clone());
    let wanted = name.to_owned();
    let find = move || -> Result<Arc<dyn ReadAt>> {
        let checkpoint = lazy::open(source.clone(), &path, &limits)?;
        let tree = checkpoint.tree();
        let found = tree.path(tree.root(), &["module", &wanted]);
        let Some(Value::Tensor(id)) = found else {
            return Err(Error::new(ErrorKind::StorageMissing, "the buffer is not there any more"));
        };
        let meta = tree.tensor(id).ok_or_else(|| Error::new(ErrorKind::StorageMissing, "no such tensor"))?;
        let mut numbers = vec![0.0; usize::try_from(meta.numel()).unwrap_or(0)];
        Elements::open(&checkpoint, meta)?.read(0, &mut numbers, &mut Scratch::default())?;
        Ok(Arc::new(numbers.iter().flat_map(|x| (*x as f32).to_le_bytes()).collect::<Vec<u8>>()))
    };
    let id = composer.assembled(name, DType::Float32, &shape, Arc::new(Lazy::new(len, find)));
    Value::Tensor(id)
}

/// Parameters that are not trained: whole in the model state, or (stage 3) a fragment in each rank's.
pub(super) fn frozen(
    composer: &mut Composer<'_>,
    rank: &Rank,
    state: Value,
    stage: Stage,
) -> Vec<(String, Value)> {
    let shapes: Vec<_> =
        super::shapes(&composer.tree, state, "frozen_param_shapes").into_iter().flatten().collect();
    let Some(held) = composer.tree.get(state, "frozen_param_fragments") else { return Vec::new() };
    let mut entries = Vec::new();
    let ranks = (stage == Stage::Three).then(|| Arc::new(Ranks::new(composer, rank)));
    for (name, shape) in shapes {
        let Some(value) = composer.tree.get(held, &name) else { continue };
        let value = match (&ranks, value) {
            (Some(ranks), Value::Tensor(id)) => {
                let dtype = composer.tree.tensor(id).map_or(DType::Unknown, |meta| meta.dtype);
                let source = fragment(ranks, &name, dtype, &shape);
                Value::Tensor(composer.assembled(&name, dtype, &shape, source))
            }
            _ => value,
        };
        entries.push((name, value));
    }
    entries
}

/// The files of model state of all ranks, opened when a fragment is read.
struct Ranks {
    files: Vec<(PathBuf, Arc<dyn ReadAt>)>,
    limits: Limits,
    opened: OnceLock<Result<Vec<Checkpoint>, String>>,
}

impl Ranks {
    fn new(composer: &Composer<'_>, rank: &Rank) -> Self {
        let files = rank.models.iter().map(|(_, name)| {
            let source: Arc<dyn ReadAt> = match composer.folder.file(name) {
                Ok(file) => Arc::new(file),
                Err(_) => Arc::new(Vec::new()),
            };
            (composer.folder.path.join(name), source)
        });
        Self { files: files.collect(), limits: composer.limits.clone(), opened: OnceLock::new() }
    }

    fn checkpoints(&self) -> Result<&[Checkpoint]> {
        let opened = self.opened.get_or_init(|| {
            let open = |(path, source): &(PathBuf, Arc<dyn ReadAt>)| {
                lazy::open(Arc::clone(source), path, &self.limits)
            };
            self.files.iter().map(open).collect::<Result<_>>().map_err(|e| e.to_string())
        });
        let reason = |reason: &String| Error::new(ErrorKind::StorageMissing, reason.clone());
        opened.as_deref().map_err(reason)
    }
}

fn fragment(ranks: &Arc<Ranks>, name: &str, dtype: DType, shape: &[u64]) -> Arc<dyn ReadAt> {
    let len = dtype.bytes_for(saturating_product(shape)).unwrap_or(u64::MAX);
    let (ranks, name) = (Arc::clone(ranks), name.to_owned());
    let find = move || -> Result<Arc<dyn ReadAt>> {
        let pieces = ranks.checkpoints()?.iter().map(|checkpoint| {
            lazy::elements(checkpoint, dtype, |tree| {
                tree.path(tree.root(), &["frozen_param_fragments", &name])
            })
        });
        let whole = Concat::new(pieces.collect::<Result<_>>()?);
        Ok(Arc::new(RangeSource::new(Arc::new(whole), 0, len)))
    };
    Arc::new(Lazy::new(len, find))
}
