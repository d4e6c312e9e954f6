//! What is remembered from one start to the next.

use std::path::{Path, PathBuf};

use ckpt_tui::plot::Scale;
use ckpt_tui::state::{Folder, Global, Store};
use ckpt_tui::tui::model::browser::View;
use ckpt_tui::tui::model::memory::{self, Memory};
use ckpt_tui::tui::model::splits::Split;
use ckpt_tui::tui::model::table::Column;
use ckpt_tui::tui::model::{Pane, Place};

use super::build::row;
use super::ui::Ui;

const DEMO: &str = "assets/demo";
const WIDE: (u16, u16) = (140, 45);

/// Started on a folder, with what an earlier start remembered.
pub(crate) fn again(path: &str, kept: (Global, Folder), where_too: bool) -> Ui {
    let absolute = std::path::absolute(path).unwrap();
    let memory = Memory::of(vec![(PathBuf::from(path), absolute)], kept.0, kept.1);
    Ui::on_after(path, WIDE, |model| memory::restore(model, memory, where_too))
}

/// What would be written after these keys.
fn after(path: &str, keys: &str) -> (Global, Folder) {
    let mut ui = again(path, Default::default(), true);
    ui.keys(keys);
    memory::kept(&ui.model)
}

#[test]
fn the_next_start_is_where_the_last_one_ended() {
    let kept = after(DEMO, "/overfit<Enter>b<Esc>8{c<Tab>xeeO<Tab><Tab>");
    let ui = again(DEMO, kept.clone(), true);
    assert_eq!(ui.selected(), "epoch_10.pt");
    let curve = &ui.model.home.curve;
    assert_eq!((curve.scale, curve.smoothing, curve.all_runs), (Scale::Log, 2, true));
    assert!(curve.chosen().is_some());
    assert_eq!(ui.model.layout().pane(Pane::Runs).width, 77 - 8);
    assert_eq!(memory::kept(&ui.model), kept, "and nothing is lost on the way");
}

#[test]
fn folds_orders_and_the_view_of_a_checkpoint_come_back() {
    let kept = after(DEMO, "sSjj<Enter>gtsss<Esc>ggzM");
    let mut ui = again(DEMO, kept, true);
    let list = &ui.model.home.list;
    assert_eq!((list.order.title(), list.descending), ("name", true));
    assert_eq!(list.folded.len(), ui.model.home.index.runs.len());
    ui.keys("ljj<Enter>");
    assert_eq!(ui.model.view(), Some(View::Tensors));
    let order = ui.model.browser.as_ref().unwrap().table.order;
    assert_eq!(order.column, Some(Column::Shape));
}

#[test]
fn marks_come_back_once_the_scan_found_them() {
    let kept = after(DEMO, "jjm");
    assert_eq!(kept.1.marks.len(), 1);
    let mut ui = again(DEMO, kept.clone(), true);
    assert_eq!(ui.model.home.marks.len(), 1);
    ui.keys("jm");
    assert_eq!(ui.model.place, Place::Compare, "m on another compares with the one marked last time");
    let mut gone = kept;
    gone.1.marks[0].push_str("-gone");
    assert!(again(DEMO, gone, true).model.home.marks.is_empty(), "not what is no longer there");
}

fn expecting(name: &str) -> Ui {
    let selected = ckpt_tui::state::Selected::Checkpoint(format!("/data/r/{name}"));
    let folder = Folder { selected: Some(selected), ..Folder::default() };
    let roots = vec![(PathBuf::from("/data"), PathBuf::from("/data"))];
    let mut ui = Ui::waiting(WIDE);
    memory::restore(&mut ui.model, Memory::of(roots, Global::default(), folder), true);
    ui
}

fn epochs(from: u32, to: u32) -> Vec<ckpt_tui::runs::CheckpointRow> {
    (from..to).map(|n| row(&format!("/data/r/e{n}.pt"), Some(f64::from(n)), &[])).collect()
}

#[test]
fn a_selection_waits_for_the_scan_and_never_fights_who_has_moved() {
    let mut ui = expecting("e7.pt");
    ui.found(epochs(1, 5));
    ui.found(epochs(5, 9));
    assert_eq!(ui.selected(), "e7.pt", "selected when it appears");
    let mut ui = expecting("e7.pt");
    ui.found(epochs(1, 5));
    ui.keys("jj");
    assert_eq!(ui.selected(), "e2.pt");
    ui.found(epochs(5, 9));
    ui.done();
    assert_eq!(ui.selected(), "e2.pt", "the person has moved");
    let mut ui = expecting("gone.pt");
    ui.found(epochs(1, 5));
    ui.done();
    assert_eq!(ui.selected(), "r", "what is gone leaves one on top");
}

#[test]
fn who_quits_before_the_scan_is_done_forgets_nothing() {
    let mut ui = expecting("e7.pt");
    ui.model.memory.folder.view = Some("Metadata".to_owned());
    ui.found(epochs(1, 2));
    let (_, folder) = memory::kept(&ui.model);
    let selected = ckpt_tui::state::Selected::Checkpoint("/data/r/e7.pt".to_owned());
    assert_eq!((folder.selected, folder.view.as_deref()), (Some(selected), Some("Metadata")));
}

#[test]
fn a_file_opens_as_always() {
    let file = "assets/demo/exports/glyphs_weights.pth";
    let kept = after(file, "gm");
    assert_eq!(kept.1.view.as_deref(), Some("Metadata"));
    let ui = again(file, kept, false);
    assert_eq!((ui.model.place, ui.model.view()), (Place::Checkpoint, Some(View::Layers)));
}

#[test]
fn changes_are_told_once_and_only_where_something_is_remembered() {
    let mut ui = Ui::on(DEMO, WIDE);
    ui.keys("jj}s");
    assert!(ui.remembered.is_empty(), "an ordinary start of a test remembers nothing");
    let mut ui = again(DEMO, Default::default(), true);
    ui.keys("j");
    let told = ui.remembered.len();
    ui.keys("<Ctrl-l>3<Esc>");
    assert_eq!(ui.remembered.len(), told, "nothing to remember has changed");
    ui.keys("M");
    assert_eq!(ui.remembered.last().unwrap().0.mouse, Some(false));
}

#[test]
fn what_was_kept_survives_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::in_folder(folder.path().join("state"));
    let kept = after(DEMO, "/overfit<Enter>b<Esc>m'8{");
    let about = [std::path::absolute(Path::new(DEMO)).unwrap()];
    store.keep_global(&kept.0);
    store.keep_place(&about, &kept.1);
    assert_eq!((store.global(), store.place(&about)), kept);
    assert!(kept.0.splits.contains_key(Split::HomeColumns.id()));
}
