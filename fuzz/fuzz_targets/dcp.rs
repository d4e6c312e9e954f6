//! Any bytes as the `.metadata` of a distributed checkpoint, and as its shard.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use ckpt_tui::elements::{Elements, Scratch};
use ckpt_tui::limits::Limits;
use libfuzzer_sys::fuzz_target;

/// One folder for the whole run, in memory where the system has such a place.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = [PathBuf::from("/dev/shm"), std::env::temp_dir()].into_iter().find(|p| p.is_dir()).expect("a place");
    let folder = root.join(format!("ckpt-tui-fuzz-dcp-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
});

fuzz_target!(|data: &[u8]| {
    let cut = data.first_chunk().map_or(0, |at| usize::from(u16::from_le_bytes(*at)));
    let (metadata, shard) = data.split_at(cut.clamp(2.min(data.len()), data.len()));
    std::fs::write(FOLDER.join(".metadata"), metadata.get(2..).unwrap_or_default()).expect("room for it");
    std::fs::write(FOLDER.join("__0_0.distcp"), shard).expect("room for it");
    let Ok(checkpoint) = ckpt_tui::format::open(&FOLDER, &Limits::default()) else { return };
    for entry in checkpoint.tensors() {
        let Ok(elements) = Elements::open(&checkpoint, checkpoint.meta(entry)) else { continue };
        let mut out = vec![0.0; elements.len().min(4_096) as usize];
        let _ = elements.read(0, &mut out, &mut Scratch::default());
    }
});
