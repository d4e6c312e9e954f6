//! Prints every tensor of a checkpoint, file or folder, with its elements as JSON: one line each.
//!
//! `cargo run --example values -- FILE_OR_FOLDER`

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;

use ckpt_tui::elements::{Elements, Scratch};
use ckpt_tui::format;
use ckpt_tui::limits::Limits;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).map(PathBuf::from).ok_or("usage: values FILE_OR_FOLDER")?;
    let checkpoint = format::open(&path, &Limits::default())?;
    let mut out = std::io::stdout().lock();
    let mut scratch = Scratch::default();
    for entry in checkpoint.tensors() {
        let meta = checkpoint.meta(entry);
        let elements = Elements::open(&checkpoint, meta)?;
        let mut values = vec![0.0; usize::try_from(elements.len())?];
        elements.read(0, &mut values, &mut scratch)?;
        let line = serde_json::json!({
            "path": entry.path,
            "dtype": meta.dtype.name(),
            "shape": meta.shape(),
            "values": values,
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}
