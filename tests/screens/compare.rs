//! Two checkpoints side by side.

use std::sync::Arc;

use ckpt_tui::tui::action::{Action, CompareNews};
use ckpt_tui::tui::model::compare::CompareView;
use ckpt_tui::tui::model::compare::rows::Mark;
use ckpt_tui::tui::model::jobs::TaskKind;
use ckpt_tui::tui::model::{Pane, Place};
use ckpt_tui::tui::theme::Theme;

use super::build::row;
use super::ui::Ui;

const WIDE: (u16, u16) = (140, 45);
const SMALL: (u16, u16) = (80, 24);

fn pair(name: &str, size: (u16, u16)) -> Ui {
    let file = |side: &str| format!("tests/fixtures/mismatch/{name}_{side}.pt");
    Ui::on_all(&[&file("a"), &file("b")], size)
}

fn epochs(size: (u16, u16)) -> Ui {
    let file = |n: &str| format!("assets/demo/glyphs-cnn/checkpoint_{n}.pt");
    Ui::on_all(&[&file("002"), &file("016")], size)
}

fn view(ui: &Ui) -> &CompareView {
    ui.model.compare.as_ref().expect("two checkpoints are compared")
}

fn count(ui: &Ui, mark: Mark) -> usize {
    view(ui).counts[mark as usize]
}

fn key(ui: &Ui) -> &str {
    view(ui).row().map_or("", |row| &*row.key)
}

#[test]
fn screens() {
    insta::assert_snapshot!("compare_140x45", pair("ddp_compile", WIDE).screen());
    insta::assert_snapshot!("compare_80x24", pair("split_qkv", SMALL).keys("]").screen());
    insta::assert_snapshot!("compare_repairs_140x45", pair("ddp_compile", WIDE).keys("R").screen());
    insta::assert_snapshot!("compare_repairs_80x24", pair("split_qkv", SMALL).keys("R").screen());
    insta::assert_snapshot!("compare_values_140x45", epochs(WIDE).keys("]i").screen());
    insta::assert_snapshot!("compare_values_80x24", epochs(SMALL).keys("t]]").screen());
    for (name, keys, size) in [("compare", "]", SMALL), ("compare_values", "]i", WIDE)] {
        let mut ui = if name == "compare" { pair("split_qkv", size) } else { epochs(size) };
        ui.model.theme = Theme::new(false, true);
        let screen = ui.keys(keys).screen();
        assert!(screen.is_ascii(), "{screen}");
        insta::assert_snapshot!(format!("{name}_ascii"), screen);
    }
}

#[test]
fn two_marks_in_the_list_compare_and_esc_goes_back_level_by_level() {
    let mut ui = Ui::on("assets/demo/glyphs-cnn", WIDE);
    ui.keys("jm");
    assert!(ui.screen().contains("A is checkpoint_002.pt, the model's side"), "{}", ui.screen());
    ui.keys("m");
    assert_eq!(ui.model.marked, None, "on A itself the mark is taken back");
    ui.keys("mjm");
    assert_eq!((ui.model.place, ui.model.focus), (Place::Compare, Pane::Keys));
    assert!(ui.model.marked.is_none());
    let names = view(&ui).paths.each_ref().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
    assert_eq!(names, ["checkpoint_002.pt", "checkpoint_004.pt"]);
    assert_eq!((view(&ui).is_complete, count(&ui, Mark::Values)), (true, 14));
    ui.keys("/fc<Enter>R<Esc>");
    assert_eq!((view(&ui).repairs, ui.model.focus), (false, Pane::Keys));
    ui.keys("<Tab><Esc>");
    assert_eq!(ui.model.focus, Pane::Keys);
    ui.keys("<Esc>");
    assert_eq!((view(&ui).pattern.as_str(), ui.model.place), ("", Place::Compare));
    ui.keys("<Esc>");
    assert_eq!((ui.model.place, ui.model.focus), (Place::Home, Pane::Runs));
    ui.keys("gv");
    assert_eq!(ui.model.place, Place::Compare, "what was read is still there");
    ui.keys("<Esc><Esc>");
    assert_eq!(ui.model.place, Place::Home);
}

#[test]
fn an_opened_checkpoint_is_marked_too() {
    let mut ui = Ui::on("assets/demo/glyphs-cnn", SMALL);
    ui.keys("j<Enter>m<Esc>jj<Enter>m");
    assert_eq!((ui.model.place, count(&ui, Mark::Values)), (Place::Compare, 14));
    ui.keys("<Esc>");
    assert_eq!((ui.model.place, ui.model.focus), (Place::Checkpoint, Pane::Body));
}

#[test]
fn keys_are_named_as_they_are_and_as_the_repair_leaves_them() {
    let mut ui = pair("ddp_compile", WIDE);
    let marks = |ui: &Ui| [Mark::Equal, Mark::Missing, Mark::Unexpected, Mark::Filled].map(|m| count(ui, m));
    assert_eq!(marks(&ui), [0, 15, 16, 1]);
    ui.keys("]");
    assert_eq!(key(&ui), "embed.weight");
    assert!(ui.screen().contains("module._orig_mod.embed.weight"), "the repair names it: {}", ui.screen());
    ui.keys("a");
    assert_eq!((marks(&ui), key(&ui)), ([16, 0, 0, 0], "embed.weight"));
    assert!(ui.screen().contains("after the repair"));
    ui.keys("]");
    assert!(ui.screen().contains("nothing differs"), "{}", ui.screen());
    ui.keys("d");
    assert!(ui.screen().contains("Nothing differs. d shows all names."), "{}", ui.screen());
    ui.keys("da");
    assert_eq!(marks(&ui), [0, 15, 16, 1]);
}

#[test]
fn differences_are_gone_through_wherever_they_are_folded() {
    let mut ui = pair("split_qkv", SMALL);
    ui.keys("zM]");
    assert_eq!(key(&ui), "attn.in_proj_weight");
    ui.keys("]]");
    assert_eq!(key(&ui), "attn.q_proj.weight", "after what is missing, what is unexpected");
    ui.keys("[[[");
    assert_eq!(key(&ui), "attn.v_proj.bias", "round the end");
    ui.keys("2[");
    assert_eq!(key(&ui), "attn.k_proj.bias");
    ui.keys("d");
    assert_eq!(key(&ui), "attn.k_proj.bias", "the selection stays");
    let names = view(&ui).visible.len();
    ui.keys("t");
    assert_eq!((view(&ui).visible.len(), key(&ui)), (8, "attn.k_proj.bias"));
    assert!(names > 8, "the tree has lines of modules");
}

#[test]
fn the_filter_narrows_and_highlights() {
    let mut ui = pair("split_qkv", SMALL);
    ui.keys("/ln bias<Enter>");
    assert_eq!(key(&ui), "ln.bias");
    assert_eq!(view(&ui).visible.len(), 2, "and the module it is in");
    ui.keys("<Esc>");
    assert_eq!(key(&ui), "ln.bias");
    assert!(view(&ui).visible.len() > 10);
    ui.keys("/zzzz<Enter>");
    assert!(ui.screen().contains("No name matches"), "{}", ui.screen());
}

#[test]
fn names_and_the_snippet_are_copied() {
    let mut ui = pair("ddp_compile", WIDE);
    ui.keys("]yRy");
    assert_eq!(ui.copied[0], "embed.weight");
    assert!(ui.copied[1].contains("removeprefix(\"module._orig_mod.\")"), "{}", ui.copied[1]);
    assert!(ui.copied[1].ends_with("model.load_state_dict(state_dict)\n"));
}

#[test]
fn statistics_of_both_sides_follow_the_selection() {
    let mut ui = epochs(WIDE);
    ui.keys("]i");
    assert!(ui.screen().contains("0.01725     0.06408"), "{}", ui.screen());
    ui.keys("]");
    let stats = view(&ui).stats.as_ref().expect("of the next one, too");
    assert_eq!(Some(stats.pair), view(&ui).row().and_then(|row| row.pair));
    ui.keys("i");
    assert!(!ui.screen().contains("Histograms on one axis"));
}

#[test]
fn the_sides_are_exchanged() {
    let mut ui = pair("lora", WIDE);
    let before = (count(&ui, Mark::Missing), count(&ui, Mark::Unexpected));
    assert_ne!(before.0, before.1);
    ui.keys("X");
    assert_eq!((count(&ui, Mark::Unexpected), count(&ui, Mark::Missing)), before);
    assert!(ui.screen().contains("A lora_b.pt  B lora_a.pt"), "{}", ui.screen());
}

/// Two marked rows whose comparison is fed by hand.
fn waiting() -> Ui {
    let rows = (1..=2).map(|n| row(&format!("/data/r/e{n}.pt"), Some(f64::from(n)), &[("loss", 0.5)]));
    let mut ui = Ui::with_rows(rows.collect(), WIDE);
    ui.keys("jmjm");
    assert!(ui.screen().contains("Reading both checkpoints"), "{}", ui.screen());
    ui
}

#[test]
fn values_come_as_they_are_read_and_esc_stops_them_before_it_leaves() {
    let mut ui = waiting();
    let task = ui.model.jobs.task(TaskKind::Compare).expect("they are read");
    let (generation, work) = (task.generation, task.work.clone());
    let data = Arc::clone(view(&epochs(WIDE)).data.as_ref().unwrap());
    ui.act(Action::Compared(generation, CompareNews::Keys(Ok(data))));
    assert_eq!((count(&ui, Mark::Open), count(&ui, Mark::Values)), (14, 0));
    let known = view(&epochs(WIDE)).values.clone();
    let first = known.into_iter().take(3).map(Option::unwrap).enumerate();
    let first = first.map(|(at, diff)| (at as u32, diff)).collect();
    ui.act(Action::Compared(generation, CompareNews::Values(first)));
    assert_eq!((count(&ui, Mark::Open), count(&ui, Mark::Values)), (11, 3));
    ui.keys("<Esc>");
    assert!(work.cancel.is_cancelled() && ui.model.place == Place::Compare);
    assert!(ui.screen().contains("stopped; r compares again"), "{}", ui.screen());
    ui.act(Action::Compared(generation, CompareNews::Done));
    assert!(!view(&ui).is_complete, "what a stopped job brings is dropped");
    ui.keys("r");
    assert!(ui.model.jobs.task(TaskKind::Compare).is_some());
    ui.keys("<Esc><Esc>");
    assert_eq!(ui.model.place, Place::Home);
}

#[test]
fn what_cannot_be_compared_is_said_where_one_came_from() {
    let mut ui = waiting();
    let generation = ui.model.jobs.task(TaskKind::Compare).unwrap().generation;
    let reason = "/data/r/e2.pt: it holds no tensors to compare".to_owned();
    ui.act(Action::Compared(generation, CompareNews::Keys(Err(reason))));
    assert_eq!((ui.model.place, ui.model.focus), (Place::Home, Pane::Runs));
    assert!(ui.screen().contains("it holds no tensors to compare"), "{}", ui.screen());
    assert!(ui.model.compare.is_none() && !ui.model.jobs.is_busy());
}

#[test]
fn clicks_and_the_wheel() {
    let mut ui = pair("ddp_compile", WIDE);
    let rows = ui.model.layout().rows(Pane::Keys);
    ui.act(Action::Click(rows.x + 4, rows.y + 3));
    assert_eq!(key(&ui), "conv.weight");
    ui.act(Action::Click(rows.x + 4, rows.y + 3));
    assert_eq!(ui.model.focus, Pane::Difference, "once more opens the details");
    ui.act(Action::Click(rows.x + 4, rows.y + 2));
    ui.act(Action::Click(rows.x + 4, rows.y + 2));
    assert!(view(&ui).is_folded(view(&ui).selected().unwrap()), "or folds the module");
    ui.act(Action::Wheel(rows.x + 4, rows.y + 2, 3));
    assert_eq!(view(&ui).cursor.first, 3);
}
