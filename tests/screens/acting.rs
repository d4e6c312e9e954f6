//! Questions before something is written, and what they do.

use std::io::Read as _;
use std::path::Path;

use ckpt_tui::limits::Limits;
use ckpt_tui::runs::CheckpointRow;
use ckpt_tui::tui::model::Mode;

use super::build::row;
use super::ui::Ui;

fn rows() -> Vec<CheckpointRow> {
    let losses = [0.9, 0.5, 0.3, 0.4, 0.6, 0.7];
    let mut rows: Vec<_> = (1..)
        .zip(losses)
        .map(|(e, loss)| row(&format!("/data/r/e{e}.pt"), Some(f64::from(e)), &[("val_loss", loss)]))
        .collect();
    // No two of them are copies of each other.
    for (at, row) in rows.iter_mut().enumerate() {
        row.bytes += at as u64;
    }
    rows
}

fn is_asked(ui: &Ui) -> bool {
    matches!(ui.model.mode, Mode::Dialog(_))
}

#[test]
fn a_clean_up_shows_what_goes_and_asks() {
    let mut ui = Ui::with_rows(rows(), (140, 45));
    ui.keys("jD");
    let screen = ui.screen();
    assert!(screen.contains("Keeps the best 3 by lowest val_loss"), "{screen}");
    assert!(screen.contains("2 checkpoints to the trash: 89.4 MiB free"), "{screen}");
    ui.keys("<Enter>");
    assert!(is_asked(&ui) && ui.removed.is_empty(), "Enter by habit removes nothing");
    ui.keys("<Esc>");
    assert!(!is_asked(&ui) && ui.removed.is_empty());
    assert!(ui.screen().contains("nothing was changed"), "{}", ui.screen());
    ui.keys("Dy");
    let gone: Vec<_> = ui.removed.iter().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(gone, ["/data/r/e1.pt", "/data/r/e5.pt"], "the best three and the last stay");
}

#[test]
fn more_and_fewer_are_kept_and_never_the_best_removed() {
    let mut ui = Ui::with_rows(rows(), (140, 45));
    ui.keys("jD+++");
    assert!(ui.screen().contains("nothing to remove: 6 checkpoints stay"), "{}", ui.screen());
    ui.keys("----------");
    assert!(ui.screen().contains("Keeps the best 1"), "{}", ui.screen());
    ui.keys("y");
    assert!(
        !ui.removed.iter().any(|path| path.ends_with("e3.pt") || path.ends_with("e6.pt")),
        "{:?}",
        ui.removed
    );
    assert_eq!(ui.removed.len(), 4);
}

#[test]
fn a_run_without_metrics_cannot_be_cleaned_up_and_says_why() {
    let rows = (1..4).map(|e| row(&format!("/data/r/e{e}.pt"), Some(f64::from(e)), &[])).collect();
    let mut ui = Ui::with_rows(rows, (140, 45));
    ui.keys("jD");
    assert!(!is_asked(&ui));
    assert!(ui.screen().contains("no metric was found"), "{}", ui.screen());
}

#[test]
fn a_best_link_is_made_moved_and_refused() {
    let folder = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir("assets/demo/spirals-overfit").unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
    }
    let mut ui = Ui::on(folder.path().to_str().unwrap(), (140, 45));
    let link = folder.path().join("best.pt");
    // On the run itself its best is meant.
    ui.keys("B");
    assert!(ui.screen().contains("Link best.pt to epoch_10.pt"), "{}", ui.screen());
    ui.keys("<Esc>");
    assert!(!link.exists());
    ui.keys("By");
    assert_eq!(std::fs::read_link(&link).unwrap(), Path::new("epoch_10.pt"));
    assert!(ui.screen().contains("best.pt"), "the folder is looked at again: {}", ui.screen());
    ui.keys("/epoch_12<Enter>jB");
    assert!(ui.screen().contains("Move best.pt to epoch_12.pt"), "{}", ui.screen());
    assert!(ui.screen().contains("epoch_10.pt"), "where it leads now is shown: {}", ui.screen());
    ui.keys("<Enter>");
    assert_eq!(std::fs::read_link(&link).unwrap(), Path::new("epoch_12.pt"));
    // A file of its own is never replaced.
    std::fs::remove_file(&link).unwrap();
    std::fs::copy(folder.path().join("epoch_01.pt"), &link).unwrap();
    ui.keys("rB");
    assert!(ui.screen().contains("is a file of its own"), "{}", ui.screen());
    ui.keys("y");
    assert!(!std::fs::symlink_metadata(&link).unwrap().file_type().is_symlink());
}

#[test]
fn weights_are_written_beside_the_checkpoint_once_it_is_said_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy("assets/demo/spirals-overfit/epoch_10.pt", folder.path().join("epoch_10.pt")).unwrap();
    let mut ui = Ui::on(folder.path().to_str().unwrap(), (140, 45));
    let target = folder.path().join("epoch_10.safetensors");
    ui.keys("jw");
    let screen = ui.screen();
    assert!(screen.contains("Export the weights of epoch_10.pt"), "{screen}");
    assert!(screen.contains("tensors, ") && screen.contains("y writes it"), "{screen}");
    ui.keys("<Esc>");
    assert!(!target.exists());
    ui.keys("wy");
    let bytes = || {
        let mut bytes = Vec::new();
        std::fs::File::open(&target).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    };
    let written = bytes();
    let tensors = safetensors::SafeTensors::deserialize(&written).unwrap();
    let whole = ckpt_tui::format::open(&folder.path().join("epoch_10.pt"), &Limits::default()).unwrap();
    assert!(!tensors.is_empty() && tensors.len() < whole.tensors().len(), "weights, and no optimizer");
    assert!(ui.screen().contains("epoch_10.safetensors"), "the folder is looked at again: {}", ui.screen());
    // What is there is never replaced.
    ui.keys("w");
    assert!(ui.screen().contains("exists and is not replaced"), "{}", ui.screen());
    ui.keys("y");
    assert_eq!(bytes(), written);
}

#[test]
fn a_page_is_written_where_the_program_was_started_once_that_was_agreed_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut ui = Ui::on("assets/demo", (140, 45));
    ui.started_in = folder.path().to_owned();
    // A run: its row is the first.
    ui.keys("W");
    let screen = ui.screen();
    assert!(screen.contains("Write a report of exports") && screen.contains("y writes it"), "{screen}");
    assert!(screen.contains("exports-report.html") && screen.contains("about "), "{screen}");
    ui.keys("<Esc>");
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
    ui.keys("Wy");
    let html = std::fs::read_to_string(folder.path().join("exports-report.html")).unwrap();
    assert!(html.contains("<h1>exports</h1>") && html.ends_with("</html>\n"));
    assert!(ui.screen().contains("wrote "), "{}", ui.screen());
    // What is there is not replaced.
    ui.keys("Wy");
    assert!(ui.screen().contains("exists"), "{}", ui.screen());
    // A checkpoint.
    let mut ui = Ui::on("assets/demo/exports/glyphs_model.pth", (140, 45));
    ui.started_in = folder.path().to_owned();
    ui.keys("Wy");
    let html = std::fs::read_to_string(folder.path().join("glyphs_model.pth-report.html")).unwrap();
    assert!(html.contains("whole model"));
    // A comparison.
    let pair = ["tests/fixtures/mismatch/ddp_compile_a.pt", "tests/fixtures/mismatch/ddp_compile_b.pt"];
    let mut ui = Ui::on_all(&pair, (140, 45));
    ui.started_in = folder.path().to_owned();
    ui.keys("Wy");
    let html = folder.path().join("ddp_compile_a.pt-ddp_compile_b.pt-report.html");
    assert!(std::fs::read_to_string(html).unwrap().contains("does after the repair below"));
}

#[test]
fn questions_in_pictures() {
    for (name, size) in [("80x24", (80, 24)), ("140x45", (140, 45))] {
        let mut ui = Ui::with_rows(rows(), size);
        ui.keys("jD");
        insta::assert_snapshot!(format!("clean_up_{name}"), ui.screen());
        ui.keys("<Esc>bB");
        insta::assert_snapshot!(format!("link_best_{name}"), ui.screen());
        ui.started_in = "/home/me".into();
        ui.keys("<Esc>W");
        insta::assert_snapshot!(format!("report_{name}"), ui.screen());
    }
}
