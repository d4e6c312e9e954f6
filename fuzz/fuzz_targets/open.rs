//! Any bytes as a file: opening, listing, reading scalars and writing the metadata must come to an end, and
//! the answer must not depend on how the bytes arrive.
#![no_main]

use std::io;
use std::path::Path;
use std::sync::Arc;

use ckpt_tui::checkpoint::Checkpoint;
use ckpt_tui::error::ErrorKind;
use ckpt_tui::limits::Limits;
use ckpt_tui::source::ReadAt;
use ckpt_tui::value::json::{self, Budget};
use libfuzzer_sys::fuzz_target;

/// Gives at most seven bytes at a time.
struct Short(Vec<u8>);

impl ReadAt for Short {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let some = buf.len().min(7);
        ReadAt::read_at(&self.0, &mut buf[..some], offset)
    }
}

fn answer(source: Arc<dyn ReadAt>) -> Result<(Vec<String>, usize), ErrorKind> {
    let limits = Limits::default();
    let checkpoint =
        ckpt_tui::format::open_source(Path::new("fuzz"), source, None, &limits).map_err(|e| e.kind())?;
    let names = checkpoint.tensors().iter().map(|entry| describe(&checkpoint, entry)).collect();
    let budget = Budget::default();
    let json = json::Json::new(checkpoint.tree(), checkpoint.tree().root(), &checkpoint, &budget);
    let written = serde_json::to_vec(&json).expect("JSON of any value");
    Ok((names, written.len()))
}

fn describe(checkpoint: &Checkpoint, entry: &ckpt_tui::checkpoint::TensorEntry) -> String {
    let meta = checkpoint.meta(entry);
    let scalar = checkpoint.scalar(entry.id);
    let shared = checkpoint.shared_with(entry).count();
    format!("{} {} {:?} {:?} {scalar:?} {shared}", entry.path, meta.dtype, meta.shape(), meta.stride())
}

fuzz_target!(|data: &[u8]| {
    let whole = answer(Arc::new(data.to_vec()));
    assert_eq!(whole, answer(Arc::new(Short(data.to_vec()))));
});
