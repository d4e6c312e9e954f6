//! What the pager and the editor are given.

use ckpt_tui::tui::viewer::Reading;

use super::build::Build;
use super::ui::Ui;

const DEMO: &str = "assets/demo";
const WIDE: (u16, u16) = (140, 45);

fn text(ui: &Ui) -> &str {
    match ui.read.last() {
        Some(Reading::Text { text, .. }) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_screen_gives_what_it_shows() {
    for (keys, expected) in [
        ("jjV", "glyphs_model.pth"),
        ("jj<Enter>goV", "torch.load("),
        ("jj<Enter>gdV", "GlyphNet"),
        ("jj<Enter>V", "parameters"),
        ("jj<Enter>gtV", "float32"),
        ("jjmjmV", "= equal"),
        ("jjmjmRV", "Verdict"),
    ] {
        let mut ui = Ui::on(DEMO, WIDE);
        ui.keys(keys);
        assert!(text(&ui).contains(expected), "{keys}: {}", text(&ui));
        assert!(ui.model.toast.as_ref().is_none_or(|toast| !toast.is_error));
    }
    let mut ui = Ui::on(DEMO, WIDE);
    ui.keys("jj<Enter>goV");
    assert!(matches!(ui.read.last(), Some(Reading::Text { is_python: true, .. })), "the snippet is Python");
    ui.keys("<Esc>TV");
    assert_eq!(ui.read.len(), 1, "a timeline is no text");
}

#[test]
fn a_value_is_given_whole_and_as_it_is() {
    let mut ui = Ui::with_checkpoint(Build::training(&["w"]), WIDE);
    ui.keys("gm");
    for _ in 0..30 {
        ui.keys("V j");
    }
    assert!(!ui.read.is_empty());
}

#[test]
fn a_run_gives_the_text_files_beside_it_to_the_editor() {
    let mut ui = Ui::on("assets/demo/lightning_logs", WIDE);
    ui.keys("ggV");
    let Some(Reading::File(path)) = ui.read.last().cloned() else { panic!("{:?}", ui.read) };
    assert!(path.is_absolute() && path.ends_with("metrics.csv"), "{}", path.display());
    let said = ui.model.toast.clone().unwrap().text;
    assert!(said.contains("2V opens the next"), "{said}");
    ui.keys("2V");
    let Some(Reading::File(second)) = ui.read.last().cloned() else { panic!("{:?}", ui.read) };
    assert!(second.ends_with("hparams.yaml"), "{}", second.display());
    ui.keys("9V");
    assert!(ui.model.toast.as_ref().unwrap().is_error);
    assert_eq!(ui.read.len(), 2);
}
