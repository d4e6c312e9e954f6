//! The documents show what the program prints, and their links lead somewhere.
//!
//! `UPDATE_DOCS=1 cargo test --test cli docs` writes the outputs in the user guide anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const GUIDE: &str = "docs/guide/src";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a command of the documents prints on standard output, where nothing is remembered from before.
fn printed(command: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut program = crate::program();
    program.current_dir(root()).env("XDG_CACHE_HOME", home.path());
    let output = program.args(command.split(' ')).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The page with the output below each `$ ckpt-tui` of its console blocks as it is now, and how many there are.
fn replayed(page: &str) -> (String, usize) {
    let (mut out, mut count) = (String::new(), 0);
    let mut blocks = page.split("```console\n");
    out += blocks.next().unwrap_or_default();
    for rest in blocks {
        let (block, after) = rest.split_once("```").unwrap();
        let line = block.lines().next().unwrap_or_default();
        match line.strip_prefix("$ ckpt-tui ").filter(|command| !command.contains('|')) {
            Some(command) => {
                count += 1;
                let printed = printed(command);
                let end = if printed.is_empty() || printed.ends_with('\n') { "" } else { "\n" };
                let _ = write!(out, "```console\n{line}\n{printed}{end}```{after}");
            }
            None => {
                let _ = write!(out, "```console\n{block}```{after}");
            }
        }
    }
    (out, count)
}

/// All Markdown below a folder.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|e| e == "md") {
            found.push(path);
        }
    }
}

#[test]
fn outputs_in_the_documentation_are_real() {
    let mut paths = Vec::new();
    pages(&root().join(GUIDE), &mut paths);
    paths.push(root().join("docs/cli.md"));
    let mut examples = 0;
    for path in paths {
        let page = std::fs::read_to_string(&path).unwrap();
        let (want, count) = replayed(&page);
        examples += count;
        if page != want && std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, want).unwrap();
        } else {
            let fix = "UPDATE_DOCS=1 cargo test --test cli docs";
            assert_eq!(page, want, "{} is out of date: {fix}", path.display());
        }
    }
    assert!(examples >= 10, "only {examples} examples");
}

/// Targets of the links and pictures of a page, outside blocks of code.
fn links(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for text in page.split("```").step_by(2) {
        for rest in text.split("](").skip(1) {
            found.extend(rest.split_once(')').map(|(target, _)| target.to_owned()));
        }
    }
    found
}

/// The anchors of a page, as GitHub makes them of its headings.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let slug = |line: &str| {
        let text = line.trim_start_matches('#').trim().to_lowercase();
        let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(slug).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut paths = Vec::new();
    pages(&root().join("docs"), &mut paths);
    paths.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root().join(name)));
    let (mut checked, mut broken) = (0, Vec::new());
    for path in paths {
        let page = std::fs::read_to_string(&path).unwrap();
        for link in links(&page).into_iter().filter(|link| !link.contains("://")) {
            checked += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            let known = || anchors(&std::fs::read_to_string(&target).unwrap_or_default());
            if !target.exists() || !anchor.is_empty() && !known().contains(anchor) {
                broken.push(format!("{}: {link}", path.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(checked > 40, "only {checked} links");
    assert!(broken.is_empty(), "links to nowhere:\n{}", broken.join("\n"));
}

#[test]
fn settings_in_the_documents_are_settings() {
    let mut checked = 0;
    for name in ["docs/cli.md", "docs/guide/src/configuration.md"] {
        let page = std::fs::read_to_string(root().join(name)).unwrap();
        for rest in page.split("```toml\n").skip(1) {
            checked += 1;
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("config.toml");
            std::fs::write(&path, rest.split_once("```").unwrap().0).unwrap();
            let output = crate::program().arg("--config").arg(&path).arg("config").output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!(output.status.code(), Some(0), "{name}: {said}");
        }
    }
    assert!(checked >= 2, "only {checked} examples of settings");
}

#[test]
fn the_summary_of_the_guide_names_every_page() {
    let guide = root().join(GUIDE);
    let summary = std::fs::read_to_string(guide.join("SUMMARY.md")).unwrap();
    let named: BTreeSet<String> = links(&summary).into_iter().collect();
    let mut paths = Vec::new();
    pages(&guide, &mut paths);
    let name = |path: &PathBuf| path.strip_prefix(&guide).unwrap().to_string_lossy().into_owned();
    let there: BTreeSet<String> = paths.iter().map(name).filter(|name| name != "SUMMARY.md").collect();
    assert_eq!(named, there);
    // What mdBook puts in place of a page must be there.
    for path in paths {
        let page = std::fs::read_to_string(&path).unwrap();
        for rest in page.split("{{#include ").skip(1) {
            let file = rest.split_once("}}").expect("it ends").0;
            assert!(guide.join(file).exists(), "{}: {file}", path.display());
        }
    }
}

/// `screens/pictures::every_screen` in the table of expectations is a test in `tests/screens/pictures.rs`.
#[test]
fn the_tests_named_in_the_table_of_expectations_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/ux.md")).unwrap();
    let named =
        page.split('`').filter_map(|name| name.split_once("::")).filter(|(file, _)| file.contains('/'));
    let mut count = 0;
    for (file, test) in named {
        let source = std::fs::read_to_string(root.join(format!("tests/{file}.rs"))).unwrap_or_default();
        assert!(source.contains(&format!("fn {test}()")), "{file}::{test} is gone");
        count += 1;
    }
    assert!(count > 40);
    for rule in 1..=20 {
        assert!(page.contains(&format!("| U{rule} |")), "U{rule}");
    }
}
