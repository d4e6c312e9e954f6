//! Two checkpoints side by side.

use std::sync::Arc;

use ckpt_tui::tui::action::{Action, CompareNews};
use ckpt_tui::tui::model::compare::CompareView;
use ckpt_tui::tui::model::compare::entries::Entry;
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

/// A file with weights and their average, against itself.
fn averaged(size: (u16, u16)) -> Ui {
    let file = "tests/fixtures/train/torchvision/model_1.pth";
    Ui::on_all(&[file, file], size)
}

/// Every screen of the comparison: its name, what is compared, and the keys that lead to it.
type Screen = (&'static str, fn((u16, u16)) -> Ui, &'static str);

const SCREENS: [Screen; 11] = [
    ("missing", |size| pair("ddp_compile", size), "]"),
    ("repaired", |size| pair("ddp_compile", size), "a]"),
    ("repairs", |size| pair("ddp_compile", size), "R"),
    ("fused", |size| pair("split_qkv", size), "]"),
    ("shape", |size| pair("transposed", size), "d]"),
    ("dtype", |size| pair("half", size), "zMj"),
    ("values", epochs, "]"),
    ("by_change", epochs, "sj"),
    ("statistics", epochs, "]]]i<Tab>"),
    ("heat_map", epochs, "/2.conv<Enter>vv<Tab>"),
    ("sections", averaged, "oj"),
];

#[test]
fn screens() {
    for (name, ui, keys) in SCREENS {
        for size in [WIDE, SMALL] {
            let (width, height) = size;
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), ui(size).keys(keys).screen());
        }
        let mut ui = ui(SMALL);
        ui.model.theme = Theme::new(false, true);
        let screen = ui.keys(keys).screen();
        assert!(screen.is_ascii(), "{screen}");
        insta::assert_snapshot!(format!("{name}_ascii"), screen);
    }
}

#[test]
fn every_screen_survives_every_size() {
    for (name, ui, keys) in SCREENS {
        let mut ui = ui(WIDE);
        ui.keys(keys);
        for width in [0, 1, 2, 20, 40, 79, 80, 120, 250] {
            for height in [0, 1, 2, 5, 10, 11, 24, 60] {
                ui.act(Action::Resize(width, height));
                let screen = ui.screen();
                let fits = width >= 40 && height >= 10;
                assert!(!fits || screen.contains("ckpt-tui"), "{name} {width}x{height}\n{screen}");
            }
        }
    }
}

#[test]
fn two_marks_in_the_list_compare_and_esc_goes_back_level_by_level() {
    let mut ui = Ui::on("assets/demo/glyphs-cnn", WIDE);
    ui.keys("jm");
    assert!(ui.screen().contains("A is checkpoint_002.pt: the model to load into"), "{}", ui.screen());
    ui.keys("m");
    assert!(ui.model.home.marks.is_empty(), "on A itself the mark is taken back");
    ui.keys("mjm");
    assert_eq!((ui.model.place, ui.model.focus), (Place::Compare, Pane::Keys));
    let names = view(&ui).paths.each_ref().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
    assert_eq!(names, ["checkpoint_002.pt", "checkpoint_004.pt"]);
    assert_eq!((view(&ui).is_complete(), count(&ui, Mark::Values)), (true, 14));
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
    assert!(ui.screen().contains("0.01725    0.06408    0.04683"), "{}", ui.screen());
    ui.keys("]");
    let ids = view(&ui).ids().expect("both are there");
    assert!(view(&ui).looked.stats(ids).is_some(), "of the next one, too");
    ui.keys("i");
    assert!(!ui.screen().contains("Histograms"));
}

#[test]
fn the_sides_are_exchanged() {
    let mut ui = pair("split_qkv", WIDE);
    let before = (count(&ui, Mark::Missing), count(&ui, Mark::Unexpected));
    assert_ne!(before.0, before.1);
    ui.keys("X");
    assert_eq!((count(&ui, Mark::Unexpected), count(&ui, Mark::Missing)), before);
    assert!(ui.screen().contains("A split_qkv_b.pt › B split_qkv_a.pt"), "{}", ui.screen());
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
    let generation = |ui: &Ui| ui.model.jobs.task(TaskKind::Compare).expect("it is at work").generation;
    let data = Arc::clone(view(&epochs(WIDE)).data.as_ref().unwrap());
    ui.act(Action::Compared(generation(&ui), CompareNews::Keys(Ok(data))));
    assert_eq!((count(&ui, Mark::Open), count(&ui, Mark::Values)), (14, 0));
    let known = view(&epochs(WIDE)).values.clone();
    let news = |range: std::ops::Range<usize>| {
        let of = |at: usize| (at as u32, known[at].clone().unwrap());
        CompareNews::Values(range.map(of).collect())
    };
    let first = generation(&ui);
    let work = ui.model.jobs.task(TaskKind::Compare).unwrap().work.clone();
    ui.act(Action::Compared(first, news(0..3)));
    assert_eq!((count(&ui, Mark::Open), count(&ui, Mark::Values)), (11, 3));
    ui.keys("zM");
    assert_eq!(view(&ui).below(0)[Mark::Values as usize], 3, "modules count what is known so far");
    ui.keys("zR<Esc>");
    assert!(work.cancel.is_cancelled() && ui.model.place == Place::Compare);
    assert!(ui.screen().contains("values compared in part: g v goes on"), "{}", ui.screen());
    ui.act(Action::Compared(first, news(3..4)));
    assert_eq!(count(&ui, Mark::Open), 11, "what a stopped job brings is dropped");
    ui.keys("gv");
    assert_eq!(view(&ui).open_pairs(), (3..14).collect::<Vec<_>>(), "only what is not known is read");
    ui.act(Action::Compared(generation(&ui), news(3..14)));
    ui.act(Action::Compared(generation(&ui), CompareNews::Done));
    assert!(view(&ui).is_complete() && !ui.model.jobs.is_busy());
    ui.keys("gv");
    assert!(ui.screen().contains("all values are compared"), "{}", ui.screen());
    ui.keys("<Esc>");
    assert_eq!(ui.model.place, Place::Home);
}

#[test]
fn what_cannot_be_read_is_said_in_rows_and_tried_again() {
    let good = "tests/fixtures/mismatch/lora_a.pt";
    let mut ui = Ui::on_all(&[good, "tests/fixtures/expected.json"], WIDE);
    let screen = ui.screen();
    assert!(screen.contains("These two cannot be compared."), "{screen}");
    assert!(screen.contains("B cannot be read: tests/fixtures/expected.json"), "{screen}");
    assert!(!screen.contains("A cannot be read") && !ui.model.jobs.is_busy());
    ui.keys("]dRagvi<Tab>vr");
    assert_eq!((ui.model.place, view(&ui).failure.len()), (Place::Compare, 1));
    ui.keys("<Esc>");
    assert_eq!(ui.model.place, Place::Home);
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

#[test]
fn one_checkpoint_is_held_against_many_and_marks_are_never_removed() {
    let rows = (1..).zip([0.9, 0.5, 0.3, 0.4, 0.6, 0.7]);
    let mut rows: Vec<_> = rows
        .map(|(e, loss)| row(&format!("/data/r/e{e}.pt"), Some(f64::from(e)), &[("val_loss", loss)]))
        .collect();
    // No two of them are copies of each other.
    (0..).zip(&mut rows).for_each(|(at, row)| row.bytes += at);
    let mut ui = Ui::with_rows(rows, WIDE);
    let names = |ui: &Ui| -> Vec<String> {
        let marks = ui.model.home.marks.iter();
        marks.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
    };
    ui.keys("jmjm<Esc><Esc>");
    assert_eq!((names(&ui), ui.model.place), (vec!["e1.pt".to_owned(), "e2.pt".to_owned()], Place::Home));
    let screen = ui.screen();
    assert!(screen.contains("┃A    e1.pt") || screen.contains("┃A   e1.pt"), "{screen}");
    ui.keys("3jm");
    assert_eq!((names(&ui), ui.model.place), (vec!["e1.pt".to_owned(), "e5.pt".to_owned()], Place::Compare));
    ui.keys("<Esc><Esc>Dy");
    assert!(ui.removed.is_empty(), "e1 and e5, which would go, are marked: {:?}", ui.removed);
    ui.keys("<Esc>");
    assert_eq!(ui.selected(), "e5.pt");
    ui.keys("m4km");
    assert!(ui.model.home.marks.is_empty(), "{:?}", ui.model.home.marks);
    ui.keys("Dy");
    assert_eq!(ui.removed.len(), 2, "without marks they go");
}

#[test]
fn a_marked_one_loses_its_mark_and_the_other_is_a() {
    let mut ui = waiting();
    ui.keys("<Esc><Esc>km");
    assert!(ui.screen().contains("no longer marked; A is e2.pt"), "{}", ui.screen());
    ui.keys("mm");
    assert!(ui.model.home.marks.len() == 2 && ui.model.place == Place::Compare);
    let names = view(&ui).paths.each_ref().map(|path| path.to_str().unwrap().to_owned());
    assert_eq!(names, ["/data/r/e2.pt", "/data/r/e1.pt"], "what was marked first is the model's side");
}

#[test]
fn checkpoints_are_marked_in_the_timeline_too() {
    let mut ui = Ui::on("assets/demo/glyphs-cnn", WIDE);
    ui.keys("jTm");
    assert!(ui.screen().contains("A is checkpoint_016.pt"), "{}", ui.screen());
    ui.keys("hhm");
    assert_eq!(ui.model.place, Place::Compare);
    ui.keys("<Esc>");
    assert_eq!(ui.model.place, Place::Timeline, "back to where one came from");
}

#[test]
fn sections_are_chosen_from_a_list() {
    let mut ui = averaged(WIDE);
    assert!(ui.screen().contains("A and B are one and the same file."), "{}", ui.screen());
    assert_eq!((count(&ui, Mark::Equal), view(&ui).counts.iter().sum::<usize>()), (10, 10));
    ui.keys("o");
    let screen = ui.screen();
    assert!(screen.contains("Sections to compare") && screen.contains("model_ema"), "{screen}");
    ui.keys("<Esc>oGkkk<Enter>");
    let report = &view(&ui).data.as_ref().unwrap().report;
    assert_eq!((&*report.reference.section, &*report.candidate.section), ("model", "model_ema"));
    assert!(!ui.screen().contains("one and the same file"), "another section: {}", ui.screen());
    assert!(ui.screen().contains("A model, B model_ema"), "{}", ui.screen());
    ui.keys("X");
    let report = &view(&ui).data.as_ref().unwrap().report;
    assert_eq!((&*report.reference.section, &*report.candidate.section), ("model_ema", "model"));
}

#[test]
fn the_largest_change_comes_first() {
    let mut ui = epochs(WIDE);
    ui.keys("s");
    let relative = |ui: &Ui| -> Vec<f64> {
        let view = view(ui);
        let listed = view.listed().unwrap();
        let row =
            |at: &u32| listed.entries.get(*at).and_then(Entry::key).map(|row| &listed.rows[row as usize]);
        let rows = view.visible.iter().map(|at| row(at).expect("a list has no modules"));
        rows.map(|row| view.values_of(row).unwrap().as_ref().unwrap().relative_l2).collect()
    };
    let changes = relative(&ui);
    assert!(changes.len() == 14 && changes.is_sorted_by(|a, b| a >= b), "{changes:?}");
    ui.keys("]]");
    assert_eq!(view(&ui).cursor.at, 2, "the next one in this order");
    let before = key(&ui).to_owned();
    ui.keys("t");
    assert_eq!(key(&ui), before, "the selection stays in the tree");
    ui.keys("ss");
    assert!(!view(&ui).is_by_change());
}

#[test]
fn where_a_matrix_differs() {
    let mut ui = epochs(WIDE);
    ui.keys("]vv");
    let ids = view(&ui).ids().unwrap();
    let map = view(&ui).looked.picture(ids).unwrap().clone().unwrap().expect("a matrix");
    assert_eq!(map.of, (8, 9));
    let Some(Ok(diff)) = view(&ui).values_of(view(&ui).row().unwrap()) else { panic!("it is compared") };
    assert!((map.largest() - diff.max_abs).abs() < 1e-12, "each element has a cell of its own");
    ui.keys("]");
    assert!(ui.screen().contains("a picture needs two matrices"), "{}", ui.screen());
    ui.keys("v");
    assert!(ui.screen().contains("A (model)"), "round to the facts: {}", ui.screen());
}

#[test]
fn torchs_own_message_is_shown_and_copied_where_nothing_repairs() {
    let a = "assets/demo/glyphs-cnn/checkpoint_002.pt";
    let mut ui = Ui::on_all(&[a, "tests/fixtures/train/hf_bin/pytorch_model-00001-of-00002.bin"], WIDE);
    ui.keys("R");
    assert!(ui.screen().contains("Error(s) in loading state_dict"), "{}", ui.screen());
    ui.keys("y");
    assert!(
        ui.copied[0].starts_with("Error(s) in loading state_dict for Net:\n\tMissing key(s)"),
        "{:?}",
        ui.copied
    );
    ui.keys("<Esc>");
    assert_eq!(ui.model.focus, Pane::Keys);
}

#[test]
fn values_of_very_large_files_are_read_when_they_are_asked_for() {
    let mut ui = waiting();
    let generation = ui.model.jobs.task(TaskKind::Compare).unwrap().generation;
    let mut data = Arc::clone(view(&epochs(WIDE)).data.as_ref().unwrap());
    Arc::get_mut(&mut data).expect("nobody else has it").bytes = 240 << 30;
    ui.act(Action::Compared(generation, CompareNews::Keys(Ok(data))));
    assert!(!ui.model.jobs.is_busy());
    assert!(ui.screen().contains("values not compared: g v reads 240 GiB"), "{}", ui.screen());
    ui.keys("gv");
    assert!(ui.model.jobs.task(TaskKind::Compare).is_some());
}

#[test]
fn more_than_two_files_are_a_list_with_a_word_on_comparing() {
    let files = ["002", "008", "016"].map(|n| format!("assets/demo/glyphs-cnn/checkpoint_{n}.pt"));
    let mut ui = Ui::on_all(&files.each_ref().map(String::as_str), WIDE);
    assert!(ui.model.place == Place::Home && ui.model.compare.is_none());
    assert!(ui.screen().contains("3 checkpoints: m on two of them compares"), "{}", ui.screen());
    ui.keys("jmjjm");
    assert_eq!((ui.model.place, count(&ui, Mark::Values)), (Place::Compare, 14));
}
