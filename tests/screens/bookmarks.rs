//! Bookmarks: put on checkpoints, tensors and layers, listed, gone to, taken back.

use ckpt_tui::tui::model::browser::View;
use ckpt_tui::tui::model::{Mode, Pane, Place};
use insta::assert_snapshot;

use super::ui::Ui;

const DEMO: &str = "assets/demo";
const WIDE: (u16, u16) = (140, 45);
const SMALL: (u16, u16) = (80, 24);

fn marked(ui: &Ui) -> Vec<String> {
    let name = |mark: &ckpt_tui::tui::model::memory::Bookmark| {
        let file = mark.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        mark.name.as_ref().map_or(file.clone(), |name| format!("{file} {name}"))
    };
    ui.model.home.bookmarks.iter().map(name).collect()
}

/// A checkpoint, a layer and a tensor with bookmarks.
fn with_three(size: (u16, u16)) -> Ui {
    let mut ui = Ui::on(DEMO, size);
    ui.keys("/overfit<Enter>b'<Enter>'gtj'");
    ui
}

#[test]
fn one_key_puts_a_bookmark_and_takes_it_back() {
    let mut ui = Ui::on(DEMO, WIDE);
    ui.keys("/overfit<Enter>b'");
    assert_eq!(marked(&ui), ["epoch_10.pt"]);
    assert!(ui.screen().contains("⚑"), "it is seen in the list");
    ui.keys("'");
    assert!(marked(&ui).is_empty());
    ui.keys("gg'");
    assert!(marked(&ui).is_empty(), "a run is no checkpoint");
    assert_eq!(with_three(WIDE).model.home.bookmarks.len(), 3);
}

#[test]
fn enter_goes_there_from_anywhere() {
    let mut ui = with_three(WIDE);
    let tensor = ui.tensor();
    assert_eq!(marked(&ui)[2], format!("epoch_10.pt {tensor}"));
    // From another checkpoint, with a filter in the way.
    ui.keys("<Esc><Esc>ggjj<Enter>/zzz<Enter><Esc><Esc>`<Down><Down><Enter>");
    assert_eq!((ui.model.place, ui.model.focus), (Place::Checkpoint, Pane::Body));
    assert!(ui.model.opened_path().unwrap().ends_with("epoch_10.pt"));
    let browser = ui.model.browser.as_ref().unwrap();
    let selected = browser.layers().entry(browser.tensor().expect("a tensor")).unwrap();
    assert_eq!(*selected.path, *tensor);
    // Within the same checkpoint, from a view that lists no tensors, a filter hiding it.
    ui.keys("/bias<Enter>gm`<Down><Down><Enter>");
    assert_eq!(ui.model.view(), Some(View::Layers));
    assert_eq!(ui.layer(), tensor);
    // The checkpoint itself.
    ui.keys("<Esc>gg`<Enter>");
    assert!(ui.model.opened_path().unwrap().ends_with("epoch_10.pt"));
}

#[test]
fn the_list_is_searched_and_delete_removes() {
    let mut ui = with_three(WIDE);
    ui.keys("`bias");
    assert!(matches!(ui.model.mode, Mode::Popup(_)));
    let before = marked(&ui);
    ui.keys("<Delete>");
    assert_eq!(marked(&ui).len(), 2);
    assert!(!marked(&ui).contains(&before.iter().find(|name| name.contains("bias")).unwrap().clone()));
    ui.keys("<Esc>`<Delete><Delete><Delete>");
    assert!(marked(&ui).is_empty());
    assert!(ui.screen().contains("' puts one"), "an empty list says how: {}", ui.screen());
    ui.keys("<Enter><Esc>");
    assert!(matches!(ui.model.mode, Mode::Normal));
}

#[test]
fn a_bookmark_on_what_is_gone_says_so() {
    let mut ui = with_three(WIDE);
    ui.model.home.bookmarks[1].name = Some("no.such.layer".to_owned());
    ui.model.home.bookmarks[0].path.set_file_name("gone.pt");
    ui.keys("`");
    assert!(ui.screen().contains("not found here"));
    ui.keys("<Enter>");
    assert!(ui.model.toast.as_ref().is_some_and(|toast| toast.is_error));
    ui.keys("`<Down><Enter>");
    let toast = ui.model.toast.clone().unwrap();
    assert!(toast.is_error && toast.text.contains("no.such.layer"), "{toast:?}");
}

#[test]
fn a_clean_up_never_moves_what_has_a_bookmark() {
    let mut ui = Ui::on("assets/demo/spirals-overfit", WIDE);
    ui.keys("jj'");
    let name = marked(&ui)[0].clone();
    ui.keys("D----y");
    assert!(!ui.removed.is_empty());
    assert!(!ui.removed.iter().any(|path| path.ends_with(&name)), "{name} in {:?}", ui.removed);
}

#[test]
fn bookmarks_look_like_this() {
    for size in [SMALL, WIDE] {
        let mut ui = with_three(size);
        assert_snapshot!(format!("bookmarked_tensor_{}", size.0), ui.screen());
        ui.keys("`");
        assert_snapshot!(format!("bookmarks_{}", size.0), ui.screen());
        ui.keys("<Esc><Esc><Esc>");
        assert_snapshot!(format!("bookmarked_checkpoint_{}", size.0), ui.screen());
    }
    let mut ui = with_three(SMALL);
    ui.model.theme = ckpt_tui::tui::theme::Theme::new(false, true);
    ui.keys("`");
    let screen = ui.screen();
    assert!(screen.is_ascii(), "{screen}");
    assert_snapshot!("bookmarks_ascii", screen);
}
