//! Universal checkpoints: a folder for each parameter, its weights and moments in files of their own.

use std::path::Path;
use std::sync::Arc;

use super::Shapes;
use crate::checkpoint::{Severity, Shard, ShardStatus};
use crate::error::Result;
use crate::format::folders::compose::{Composer, listed};
use crate::format::folders::lazy;
use crate::format::folders::listing::{Folder, plain};
use crate::limits::Limits;
use crate::source::ReadAt;
use crate::source::assembled::Lazy;
use crate::tensor::{DType, Place, saturating_product};
use crate::value::{Tree, Value};

/// The file of the weights in the folder of a parameter.
const WEIGHTS: &str = "fp32.pt";
/// Bytes a file of `torch.save` may be larger than its one tensor.
const AROUND: u64 = 64 << 10;

/// Names and shapes of `groups` with values from `zero/<name>/fp32.pt`, and the buffers of `module`.
pub(super) fn weights(
    composer: &mut Composer<'_>,
    groups: &[Shapes],
    module: Value,
    buffers: &[String],
    shapes_are_whole: bool,
) -> Value {
    let Ok(zero) = composer.folder.folder("zero") else { return module };
    let is_buffer = |composer: &Composer<'_>, key: Value| {
        composer.tree.as_text(key).is_some_and(|k| buffers.iter().any(|b| *b == k))
    };
    let held = composer.tree.entries(module).to_vec();
    let mut entries: Vec<(String, Value)> = Vec::new();
    for (key, value) in held {
        if is_buffer(composer, key)
            && let Some(name) = composer.tree.as_text(key).map(std::borrow::Cow::into_owned)
        {
            entries.push((name, value));
        }
    }
    let mut missing = Vec::new();
    let known: Vec<&String> = groups.iter().flatten().map(|(name, _)| name).collect();
    for (name, shape) in groups.iter().flatten() {
        let shape = Some(shape.as_slice()).filter(|_| shapes_are_whole);
        let value = parameter(composer, &zero, name, shape).unwrap_or_else(|| {
            missing.push(name.clone());
            Value::Tensor(composer.tensor(name, DType::Float32, shape.unwrap_or_default(), Place::Missing))
        });
        entries.push((name.clone(), value));
    }
    let more: Vec<String> =
        zero.names.folders().filter(|n| !known.iter().any(|k| k == n)).map(str::to_owned).collect();
    for name in more {
        if let Some(value) = parameter(composer, &zero, &name, None) {
            entries.push((name, value));
        }
    }
    if !missing.is_empty() {
        let text =
            format!("the weights of {} parameters are not in zero/: {}", missing.len(), listed(&missing));
        composer.note(Severity::Broken, "SHARD_MISSING", text);
    }
    composer.mapping(entries)
}

fn parameter(composer: &mut Composer<'_>, zero: &Folder, name: &str, shape: Option<&[u64]>) -> Option<Value> {
    let path = zero.path.join(plain(name).ok()?).join(WEIGHTS);
    let file = zero.pool.file(&path).ok()?;
    let held = file.len();
    composer.shards.push(Shard {
        path: path.clone(),
        role: format!("parameter {}", crate::text::shown(name)),
        bytes: held,
        tensors: Some(1),
        status: ShardStatus::Unread,
        note: None,
    });
    let source: Arc<dyn ReadAt> = Arc::new(file);
    let fits = |shape: &&[u64]| {
        let bytes = saturating_product(shape).saturating_mul(4);
        (bytes..=bytes.saturating_add(AROUND)).contains(&held)
    };
    // A vocabulary may have lost its padding while it was converted.
    let shape = match shape.filter(fits) {
        Some(shape) => shape.to_vec(),
        None => look(&source, &path, composer.limits).ok()?,
    };
    let len = saturating_product(&shape).saturating_mul(4);
    let limits = composer.limits.clone();
    let find = move || {
        let checkpoint = lazy::open(Arc::clone(&source), &path, &limits)?;
        lazy::elements(&checkpoint, DType::Float32, pick)
    };
    Some(Value::Tensor(composer.assembled(name, DType::Float32, &shape, Arc::new(Lazy::new(len, find)))))
}

/// `{'param': tensor, …}`, or the tensor itself.
fn pick(tree: &Tree) -> Option<Value> {
    match tree.root() {
        tensor @ Value::Tensor(_) => Some(tensor),
        mapping => tree.get(mapping, "param"),
    }
}

fn look(source: &Arc<dyn ReadAt>, path: &Path, limits: &Limits) -> Result<Vec<u64>> {
    let checkpoint = lazy::open(Arc::clone(source), path, limits)?;
    let tree = checkpoint.tree();
    let meta = match pick(tree) {
        Some(Value::Tensor(id)) => tree.tensor(id),
        _ => None,
    };
    Ok(meta.map(|m| m.shape().to_vec()).unwrap_or_default())
}
