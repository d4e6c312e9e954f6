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

/// Every file of `folder` below the sources: its name from the root, and its text.
fn texts(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join(folder), &mut files);
    let named = files.into_iter().map(|path| {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let parts = path.strip_prefix(root).unwrap_or(&path).iter();
        (parts.map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/"), text)
    });
    named.collect()
}

/// What differs between systems stands in one place; tests may be for one of them.
#[test]
fn only_the_platform_module_asks_for_the_system() {
    let asks = |line: &str| {
        let cfg = line.contains("cfg(") || line.contains("cfg!(") || line.contains("cfg_attr(");
        cfg && ["unix", "windows", "target_os", "target_family"].iter().any(|word| line.contains(word))
    };
    let mut found = Vec::new();
    let mut asked = 0;
    for (name, text) in texts("src") {
        if name.starts_with("src/platform") || name.starts_with("src/bin/") || name.ends_with("tests.rs") {
            asked += text.lines().filter(|line| asks(line)).count();
            continue;
        }
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| asks(line)) {
            found.push(format!("{name}:{}: {}", number + 1, line.trim()));
        }
        for word in ["std::os::", "libc::", "rustix::", "signal_hook::"] {
            if text.contains(word) {
                found.push(format!("{name} uses {word}"));
            }
        }
    }
    assert!(asked >= 5, "src/platform is gone");
    assert!(found.is_empty(), "belongs into src/platform:\n{}", found.join("\n"));
}

/// Pages are made of data: only `gather` reads, and only `Report::write` writes.
#[test]
fn pages_know_no_files() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report"), &mut files);
    assert!(files.len() > 6, "the sources are gone");
    for path in files.iter().filter(|path| !path.ends_with("gather.rs") && !path.ends_with("tests.rs")) {
        let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{e}"));
        for word in ["std::fs", "format::open", "scan::", "File::", "std::thread"] {
            assert!(!text.contains(word), "{} names {word}", path.display());
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
