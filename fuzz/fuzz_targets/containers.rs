//! What the targets of one container each have in common: open the bytes as a file, list everything, read the
//! elements of small tensors, write the metadata. Nothing may panic, hang or disagree with itself.

use std::path::Path;
use std::sync::Arc;

use ckpt_tui::elements::{Elements, Scratch};
use ckpt_tui::limits::Limits;
use ckpt_tui::value::json::{Budget, Json};

/// Elements read of one tensor.
const ELEMENTS: u64 = 4_096;

/// Opens `bytes` and looks at everything.
pub fn look(bytes: Vec<u8>) {
    let limits = Limits::default();
    let Ok(checkpoint) = ckpt_tui::format::open_source(Path::new("/nonexistent/fuzz.index"), Arc::new(bytes), None, &limits)
    else {
        return;
    };
    let mut scratch = Scratch::default();
    for entry in checkpoint.tensors() {
        let meta = checkpoint.meta(entry);
        let _ = checkpoint.scalar(entry.id);
        let _ = checkpoint.shared_with(entry).count();
        if let Ok(elements) = Elements::open(&checkpoint, meta) {
            let mut out = vec![0.0; elements.len().min(ELEMENTS) as usize];
            let _ = elements.read(0, &mut out, &mut scratch);
        }
    }
    let budget = Budget::default();
    let json = Json::new(checkpoint.tree(), checkpoint.tree().root(), &checkpoint, &budget);
    serde_json::to_vec(&json).expect("JSON of any value");
    if let Some(metadata) = checkpoint.container_metadata() {
        let json = Json::new(checkpoint.tree(), metadata, &checkpoint, &budget);
        serde_json::to_vec(&json).expect("JSON of any value");
    }
}

/// `bytes` with `magic` in front where it is not there: mutations are not wasted on it.
#[allow(dead_code)]
pub fn starting(magic: &[u8], bytes: &[u8]) -> Vec<u8> {
    if bytes.starts_with(magic) { bytes.to_vec() } else { [magic, bytes].concat() }
}

/// `bytes` with `magic` behind them where it is not there.
#[allow(dead_code)]
pub fn ending(bytes: &[u8], magic: &[u8]) -> Vec<u8> {
    if bytes.ends_with(magic) { bytes.to_vec() } else { [bytes, magic].concat() }
}
