//! Every sample of the repository, looked at in every view.

use std::path::{Path, PathBuf};

use ckpt_tui::tui::model::Place;

use super::ui::Ui;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[test]
fn every_sample_can_be_looked_at() {
    let mut found = Vec::new();
    files(Path::new("tests/fixtures"), &mut found);
    found.sort();
    let mut opened = 0;
    for path in found {
        let mut ui = Ui::on(&path.to_string_lossy(), (140, 45));
        if ui.model.place == Place::Home {
            continue;
        }
        opened += 1;
        for keys in ["zRG", "gtGsss", "gmzRzRG", "goG", "gdG", "gl/e<Enter>n"] {
            ui.keys(keys);
            let screen = ui.screen();
            assert!(!screen.contains('\u{1b}'), "{}", path.display());
        }
    }
    assert!(opened > 30, "only {opened} samples opened");
}
