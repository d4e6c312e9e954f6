//! What the targets share: any bytes as a file, and the answer to them.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ckpt_tui::checkpoint::{Checkpoint, TensorEntry};
use ckpt_tui::limits::Limits;
use ckpt_tui::source::ReadAt;
use ckpt_tui::value::json::{self, Budget};

/// Gives at most seven bytes at a time, and is interrupted now and then: the second try succeeds.
pub struct Short {
    bytes: Vec<u8>,
    interrupted: AtomicU64,
}

impl Short {
    /// A source of `bytes`.
    pub fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), interrupted: AtomicU64::new(u64::MAX) }
    }
}

impl ReadAt for Short {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset % 31 == 5 && self.interrupted.swap(offset, Ordering::Relaxed) != offset {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let some = buf.len().min(7);
        ReadAt::read_at(&self.bytes, &mut buf[..some], offset)
    }
}

/// Names, values and JSON of a file, or the code of the error.
pub fn answer(source: Arc<dyn ReadAt>) -> Result<(Vec<String>, usize), &'static str> {
    let limits = Limits::default();
    let checkpoint = ckpt_tui::format::open_source(Path::new("fuzz"), source, None, &limits).map_err(|e| e.code())?;
    let names = checkpoint.tensors().iter().map(|entry| describe(&checkpoint, entry)).collect();
    let budget = Budget::default();
    let json = json::Json::new(checkpoint.tree(), checkpoint.tree().root(), &checkpoint, &budget);
    let written = serde_json::to_vec(&json).expect("JSON of any value");
    Ok((names, written.len()))
}

fn describe(checkpoint: &Checkpoint, entry: &TensorEntry) -> String {
    let meta = checkpoint.meta(entry);
    let scalar = checkpoint.scalar(entry.id);
    let shared = checkpoint.shared_with(entry).count();
    format!("{} {} {:?} {:?} {scalar:?} {shared}", entry.path, meta.dtype, meta.shape(), meta.stride())
}

/// The answer must not depend on how the bytes arrive, in the kind of error either.
pub fn both(data: &[u8]) {
    let whole = answer(Arc::new(data.to_vec()));
    assert_eq!(whole, answer(Arc::new(Short::new(data))));
}

/// `bytes` with `magic` in front where it is not there: seeds are whole files, and mutations are not wasted on it.
pub fn starting(magic: &[u8], bytes: &[u8]) -> Vec<u8> {
    if bytes.starts_with(magic) { bytes.to_vec() } else { [magic, bytes].concat() }
}
