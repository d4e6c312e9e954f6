//! Writes tensors into safetensors files: several threads, a few MiB of memory each, every file whole or not there.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::content::{Buffers, Content, no_such_tensor};
use super::disk::{Medium, Staged};
use super::made::Ingredients;
use super::safetensors::{self, Entry, FilePlan};
use crate::checkpoint::Checkpoint;
use crate::compare::plan::Recipe;
use crate::error::{Error, ErrorKind, Result};
use crate::source::Identity;
use crate::tensor::{TensorId, TensorMeta};
use crate::text::shown;
use crate::work::Work;

/// Bytes of one piece of work: a multiple of every element's size, 6-bit floats (4 in 3 bytes) included.
const PIECE: u64 = 3 << 20;

/// A tensor to be written.
pub struct Item<'a> {
    /// Name, dtype and shape in the file.
    pub entry: Entry,
    /// What its elements are.
    pub origin: Origin<'a>,
}

/// Where elements come from.
pub enum Origin<'a> {
    /// A tensor, in the dtype of the entry.
    Tensor(&'a Checkpoint, TensorId),
    /// The average of several, computed in float64.
    Mean(Vec<(&'a Checkpoint, TensorId)>),
    /// Made from tensors by a repair.
    Recipe(&'a Ingredients<'a>, Recipe),
}

/// What to write where.
pub struct Export<'a> {
    /// The tensors, in any order.
    pub items: Vec<Item<'a>>,
    /// Text beside them.
    pub metadata: Vec<(String, String)>,
    /// The file; shards are named after it.
    pub path: PathBuf,
    /// Most bytes of elements in one file; one file if `None`.
    pub shard: Option<u64>,
    /// Files that are there may be replaced.
    pub replace: bool,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Files and their sizes in bytes; the index of shards last.
    pub files: Vec<(PathBuf, u64)>,
}

impl Export<'_> {
    /// Writes it all. Files get their names only when every one of them is complete and on the disk.
    ///
    /// # Errors
    /// [`ErrorKind::Exists`] when a file is there and may not be replaced, [`ErrorKind::Cancelled`],
    /// [`ErrorKind::Changed`] when a file that was read changed meanwhile, and what reading and writing
    /// find. No file has appeared then, unless the failure came while several were getting their names.
    pub fn write(&self, medium: &dyn Medium, work: &Work) -> Result<Written> {
        let entries: Vec<Entry> = self.items.iter().map(|item| item.entry.clone()).collect();
        let layout = safetensors::plan(&entries, &self.metadata, &self.path, self.shard)?;
        work.meter.expect(layout.files.iter().map(|file| file.len).sum());
        let sources: Vec<Prepared<'_>> = self.items.iter().map(Prepared::of).collect::<Result<_>>()?;
        let begin = |path: &Path| medium.begin(path, self.replace).map_err(|error| cannot(path, error));
        let index = layout.index.as_ref().map(|(path, bytes)| begin(path).map(|file| (path, bytes, file)));
        let index = index.transpose()?;
        let mut staged = Vec::with_capacity(layout.files.len());
        for file in &layout.files {
            staged.push(begin(&file.path)?);
        }
        for (plan, file) in layout.files.iter().zip(&staged) {
            FileJob::new(plan, &entries, &sources, &**file, work).run()?;
            file.sync().map_err(|error| cannot(&plan.path, error))?;
        }
        self.verify_unchanged()?;
        let mut written = Written { files: Vec::new() };
        for (plan, file) in layout.files.iter().zip(staged) {
            file.publish().map_err(|error| cannot(&plan.path, error))?;
            written.files.push((plan.path.clone(), plan.len));
        }
        if let Some((path, bytes, file)) = index {
            let write = || -> std::io::Result<()> {
                file.write_at(bytes, 0)?;
                file.sync()?;
                file.publish()
            };
            write().map_err(|error| cannot(path, error))?;
            written.files.push((path.clone(), bytes.len() as u64));
        }
        Ok(written)
    }

    /// A training job may have gone on writing into a file that was read.
    fn verify_unchanged(&self) -> Result<()> {
        let mut seen: Vec<*const Checkpoint> = Vec::new();
        let read = self.items.iter().flat_map(|item| match &item.origin {
            Origin::Tensor(checkpoint, _) => vec![*checkpoint],
            Origin::Mean(tensors) => tensors.iter().map(|(checkpoint, _)| *checkpoint).collect(),
            Origin::Recipe(ingredients, _) => vec![ingredients.checkpoint],
        });
        for checkpoint in read {
            if seen.contains(&std::ptr::from_ref(checkpoint)) {
                continue;
            }
            seen.push(checkpoint);
            let (Some(then), Ok(now)) = (checkpoint.identity(), std::fs::metadata(checkpoint.path())) else {
                continue;
            };
            let now = Identity::of(&now);
            // A file put in its place by a rename is another one: what was read is untouched.
            if (now.device, now.inode) == (then.device, then.inode) && now != then {
                let error = Error::new(ErrorKind::Changed, "the file changed while it was being read");
                return Err(error.in_file(checkpoint.path()).advise("try again once it is quiet"));
            }
        }
        Ok(())
    }
}

fn cannot(path: &Path, error: std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::AlreadyExists {
        let error = Error::new(ErrorKind::Exists, "the file is there already");
        return error.in_file(path).advise("use --force to replace it");
    }
    Error::io(error).in_file(path)
}

/// What an item's elements are read from.
enum Prepared<'a> {
    /// Can be read in pieces, by several threads if `anywhere`.
    Streamed { content: Content, anywhere: bool },
    /// Is made in memory, when its turn comes.
    Cooked(&'a Ingredients<'a>, &'a Recipe),
}

impl<'a> Prepared<'a> {
    fn of(item: &'a Item<'a>) -> Result<Self> {
        let dtype = item.entry.dtype;
        let prepared = match &item.origin {
            Origin::Tensor(checkpoint, id) => Content::of(checkpoint, *id, dtype)
                .map(|content| Self::Streamed { content, anywhere: is_anywhere(checkpoint, *id) }),
            Origin::Mean(tensors) => mean(tensors, item),
            Origin::Recipe(ingredients, recipe) => Ok(match ingredients.streamed(recipe, dtype)? {
                Some(content) => Self::Streamed { content, anywhere: false },
                None => Self::Cooked(ingredients, recipe),
            }),
        };
        prepared.map_err(|e| e.in_member(&format!("tensor {}", item.entry.name)))
    }
}

fn mean<'a>(tensors: &[(&Checkpoint, TensorId)], item: &Item<'_>) -> Result<Prepared<'a>> {
    let mut all = Vec::with_capacity(tensors.len());
    for (checkpoint, id) in tensors {
        let meta = checkpoint.tree().tensor(*id).ok_or_else(no_such_tensor)?;
        all.push(crate::elements::Elements::open(checkpoint, meta)?);
    }
    let anywhere = tensors.iter().all(|(checkpoint, id)| is_anywhere(checkpoint, *id));
    Ok(Prepared::Streamed { content: Content::Mean(all, item.entry.dtype), anywhere })
}

fn is_anywhere(checkpoint: &Checkpoint, id: TensorId) -> bool {
    let storage = checkpoint.tree().tensor(id).and_then(|meta: &TensorMeta| meta.storage);
    storage.and_then(|id| checkpoint.tree().storage(id)).is_some_and(crate::tensor::Storage::is_random_access)
}

/// Some bytes of one tensor.
struct Piece {
    item: usize,
    range: Range<u64>,
    /// Where they go in the file.
    to: u64,
}

/// One file being filled.
struct FileJob<'a> {
    head: &'a [u8],
    pieces: Vec<Piece>,
    entries: &'a [Entry],
    sources: &'a [Prepared<'a>],
    file: &'a dyn Staged,
    work: &'a Work,
    path: &'a Path,
    next: AtomicUsize,
    failure: OnceLock<Error>,
}

impl<'a> FileJob<'a> {
    fn new(
        plan: &'a FilePlan,
        entries: &'a [Entry],
        sources: &'a [Prepared<'a>],
        file: &'a dyn Staged,
        work: &'a Work,
    ) -> Self {
        let mut pieces = Vec::new();
        for (item, to) in &plan.tensors {
            let total = entries.get(*item).and_then(Entry::nbytes).unwrap_or(0);
            let shared = matches!(sources.get(*item), Some(Prepared::Streamed { anywhere: true, .. }));
            let step = if shared { PIECE } else { total.max(1) };
            let starts = (0..total.div_ceil(step)).map(|n| n * step);
            pieces.extend(starts.map(|start| Piece {
                item: *item,
                range: start..total.min(start + step),
                to: to + start,
            }));
        }
        let (path, head) = (&*plan.path, &*plan.head);
        let (next, failure) = (AtomicUsize::new(0), OnceLock::new());
        Self { head, pieces, entries, sources, file, work, path, next, failure }
    }

    fn run(self) -> Result<()> {
        self.put(self.head, 0)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from).min(self.pieces.len());
        std::thread::scope(|scope| {
            for n in 1..cores {
                let named = std::thread::Builder::new().name(format!("export {n}"));
                // Without another thread to be had, this one does its work.
                let _ = named.spawn_scoped(scope, || self.worker());
            }
            self.worker();
        });
        self.work.cancel.check()?;
        self.failure.into_inner().map_or(Ok(()), Err)
    }

    fn worker(&self) {
        let (mut block, mut buffers) = (Vec::new(), Buffers::default());
        while self.failure.get().is_none() && !self.work.cancel.is_cancelled() {
            let Some(piece) = self.pieces.get(self.next.fetch_add(1, Ordering::Relaxed)) else { return };
            if let Err(error) = self.piece(piece, &mut block, &mut buffers) {
                let name = self.entries.get(piece.item).map(|entry| format!("tensor {}", shown(&entry.name)));
                let error = name.into_iter().fold(error, |error, name| error.in_member(&name));
                let _ = self.failure.set(error);
            }
        }
    }

    fn piece(&self, piece: &Piece, block: &mut Vec<u8>, buffers: &mut Buffers) -> Result<()> {
        match self.sources.get(piece.item) {
            Some(Prepared::Streamed { content, .. }) => self.stream(piece, content, block, buffers),
            Some(Prepared::Cooked(ingredients, recipe)) => {
                let dtype = self.entries.get(piece.item).map_or(recipe.dtype, |entry| entry.dtype);
                let content = Content::Made(ingredients.cook(recipe, dtype)?);
                self.stream(piece, &content, block, buffers)
            }
            None => Err(no_such_tensor()),
        }
    }

    fn stream(
        &self,
        piece: &Piece,
        content: &Content,
        block: &mut Vec<u8>,
        buffers: &mut Buffers,
    ) -> Result<()> {
        let mut at = piece.range.start;
        while at < piece.range.end && !self.work.cancel.is_cancelled() {
            let count = (piece.range.end - at).min(PIECE);
            block.resize(count as usize, 0);
            content.fill(at, block, buffers)?;
            self.put(block, piece.to + (at - piece.range.start))?;
            at += count;
        }
        Ok(())
    }

    fn put(&self, bytes: &[u8], offset: u64) -> Result<()> {
        self.file.write_at(bytes, offset).map_err(|error| cannot(self.path, error))?;
        self.work.meter.advance(bytes.len() as u64);
        Ok(())
    }
}
