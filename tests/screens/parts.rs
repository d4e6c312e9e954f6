//! Checkpoints that are folders: one row in the list, their parts inside.

use ckpt_tui::tui::model::View;

use super::ui::Ui;

/// The fixtures of folders, in a folder of their own whose path has the same length everywhere.
fn fixture(name: &str) -> String {
    format!("tests/fixtures/{name}")
}

#[test]
fn a_folder_is_one_row_of_its_run() {
    let mut ui = Ui::on(&fixture("hf/run"), (140, 45));
    let names: Vec<String> = ui.model.home.index.runs[0]
        .checkpoints
        .iter()
        .map(|row| row.path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    let want = ["checkpoint-4", "checkpoint-8", "checkpoint-12", "model.safetensors", "training_args.bin"];
    assert_eq!(names, want);
    ui.keys("jj<Enter>");
    assert_eq!(ui.model.view(), Some(View::Layers));
    assert!(ui.screen().contains("optimizer"), "{}", ui.screen());
}

#[test]
fn from_the_whole_to_a_part_and_back() {
    let mut ui = Ui::on(&fixture("hf/sharded"), (140, 45));
    // A folder that is a checkpoint opens like a file.
    assert_eq!(ui.model.view(), Some(View::Layers));
    ui.keys("P");
    assert_eq!(ui.model.view(), Some(View::Parts));
    let shards = ui.screen();
    assert!(shards.contains("shard 3 of 7") && shards.contains("Enter opens it by itself"), "{shards}");
    ui.keys("jj<Enter>");
    let part = ui.model.browser.as_ref().unwrap();
    assert!(part.checkpoint().path().ends_with("model-00003-of-00007.safetensors"));
    assert!(part.checkpoint().tensors().len() < 28);
    // `P` means nothing in a file.
    ui.keys("P");
    assert_eq!(ui.model.view(), Some(View::Layers));
    ui.keys("<Esc>");
    let whole = ui.model.browser.as_ref().unwrap();
    assert!(whole.checkpoint().path().ends_with("hf/sharded"));
    assert_eq!((ui.model.view(), whole.parts.cursor.at), (Some(View::Parts), 2));
    ui.keys("<Esc>");
    assert!(ui.model.view().is_none());
}

#[test]
fn ranks_in_folders_fold() {
    let mut ui = Ui::on(&fixture("train/megatron/iter_0001000"), (140, 45));
    ui.keys("P");
    let rows = |ui: &Ui| ui.model.browser.as_ref().unwrap().parts.rows.len();
    assert_eq!(rows(&ui), 4);
    ui.keys("<Space>");
    assert_eq!(rows(&ui), 3);
    ui.keys("zM");
    assert_eq!(rows(&ui), 2);
    ui.keys("zRlh");
    assert_eq!(ui.model.browser.as_ref().unwrap().parts.cursor.at, 0);
    ui.keys("j<Enter>");
    assert!(
        ui.model.browser.as_ref().unwrap().checkpoint().path().ends_with("mp_rank_00/model_optim_rng.pt")
    );
}

#[test]
fn the_last_tab_is_that_of_the_parts() {
    let mut ui = Ui::on(&fixture("folders/zero3"), (140, 45));
    ui.keys("jjH");
    assert!(ui.model.view().is_none_or(|v| v != View::Parts));
    let mut ui = Ui::on(&fixture("folders/dcp_grid"), (140, 45));
    ui.keys("H");
    assert_eq!(ui.model.view(), Some(View::Parts));
    ui.keys("L");
    assert_eq!(ui.model.view(), Some(View::Layers));
}

#[test]
fn what_is_missing_is_marked_and_cannot_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(fixture("hf/sharded")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    std::fs::remove_file(folder.path().join("model-00002-of-00007.safetensors")).unwrap();
    let mut ui = Ui::on(folder.path().to_str().unwrap(), (140, 45));
    ui.keys("Pj");
    assert!(ui.screen().contains("! missing"), "{}", ui.screen());
    ui.keys("<Enter>");
    assert!(ui.screen().contains("is not there"), "{}", ui.screen());
    assert_eq!(ui.model.view(), Some(View::Parts));
}

#[test]
fn pictures_of_parts() {
    for (width, height) in [(80, 24), (140, 45)] {
        for (name, keys) in [
            ("folders/zero3/global_step500", "P"),
            ("train/megatron/iter_0001000", "Pj"),
            ("hf/run/checkpoint-12", "Pj"),
        ] {
            let mut ui = Ui::on(&fixture(name), (width, height));
            ui.keys(keys);
            let short = name.rsplit('/').next().unwrap();
            insta::assert_snapshot!(format!("parts_{short}_{width}x{height}"), ui.screen());
        }
    }
}
