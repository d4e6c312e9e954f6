//! The reading half knows no terminal (docs/ARCHITECTURE.md).

// A test that meets a surprise should stop at it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

/// Modules that may name a screen.
const FACES: [&str; 3] = ["src/cli", "src/tui", "src/main.rs"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{e}"))
        .filter_map(|e| Some(e.ok()?.path()))
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn nothing_below_the_faces_names_a_screen() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    assert!(files.len() > 30, "the sources are gone");
    let mut found = Vec::new();
    for path in files {
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        if FACES.iter().any(|face| name.starts_with(face)) || name == "src/lib.rs" {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{name}: {e}"));
        for word in ["ratatui", "crossterm", "crate::tui", "crate::cli"] {
            if text.contains(word) {
                found.push(format!("{name} names {word}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
