//! Where a tensor's bytes are, and what part it plays.

use std::path::Path;

use crate::checkpoint::{Checkpoint, Located, SectionRole, TensorEntry};
use crate::tensor::{Layout, Place, Storage, TensorMeta, TensorRole};

/// The file of a tensor's storage, and where the storage begins in it. Deflated bytes are not the tensor's: there is no
/// offset to read them at.
pub(super) fn located<'a>(checkpoint: &'a Checkpoint, meta: &TensorMeta) -> (Option<&'a Path>, Option<u64>) {
    let found: Option<Located> = storage(checkpoint, meta).and_then(|s| checkpoint.locate(s).ok().flatten());
    let file = found.and_then(|at| checkpoint.files().get(at.file as usize));
    (file.map(|file| file.path.as_path()), found.filter(|at| !at.deflated).map(|at| at.offset))
}

fn storage<'a>(checkpoint: &'a Checkpoint, meta: &TensorMeta) -> Option<&'a Storage> {
    checkpoint.tree().storage(meta.storage?)
}

/// Bytes of the elements; of a composite layout, those of its parts.
pub(super) fn size(checkpoint: &Checkpoint, meta: &TensorMeta) -> u64 {
    if meta.layout == Layout::Strided {
        return meta.nbytes();
    }
    let parts = meta.parts.iter().filter_map(|(_, id)| checkpoint.tree().tensor(*id));
    parts.map(TensorMeta::nbytes).fold(0, u64::saturating_add)
}

/// True when the file holds the tensor's bytes.
pub(super) fn is_stored(checkpoint: &Checkpoint, meta: &TensorMeta) -> bool {
    let has_bytes = |meta: &TensorMeta| {
        storage(checkpoint, meta).is_some_and(|s| !matches!(s.place, Place::NotStored | Place::Missing))
    };
    let mut parts = meta.parts.iter().filter_map(|(_, id)| checkpoint.tree().tensor(*id)).peekable();
    if parts.peek().is_some() { parts.all(has_bytes) } else { has_bytes(meta) }
}

/// `parameter` or `buffer`. Moments of an optimizer are neither.
pub(super) fn role(checkpoint: &Checkpoint, entry: &TensorEntry) -> Option<&'static str> {
    let section = checkpoint.section_of(entry).map(|section| section.role);
    let of_model = matches!(section, Some(SectionRole::Model | SectionRole::Ema));
    of_model.then_some(if entry.role == TensorRole::Parameter { "parameter" } else { "buffer" })
}
