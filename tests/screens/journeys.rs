//! A string of keys in, sentences about the model out.

use ckpt_tui::tui::action::ScanNews;
use ckpt_tui::tui::event::Event;
use ckpt_tui::tui::model::browser::View;
use ckpt_tui::tui::model::table::Column;
use ckpt_tui::tui::model::{Mode, Pane, Place};

use super::build::{Build, broken, row};
use super::ui::Ui;

const WIDE: (u16, u16) = (140, 45);
const DEMO: &str = "assets/demo";

#[test]
fn from_a_folder_to_a_layer_and_back() {
    let mut ui = Ui::on(DEMO, WIDE);
    assert_eq!(ui.model.place, Place::Home);
    ui.keys("/overfit<Enter>b");
    assert_eq!(ui.selected(), "epoch_10.pt", "b goes to the best, which is not the last");
    ui.keys("<Enter>");
    assert_eq!(ui.model.place, Place::Checkpoint);
    ui.keys("/b<Enter>");
    assert!(ui.layer().contains('b'));
    assert!(ui.model.is_filtered());
    ui.keys("<Esc>");
    assert!(!ui.model.is_filtered(), "Esc lifts the filter first");
    ui.keys("<Esc>");
    assert_eq!((ui.model.place, ui.model.focus), (Place::Home, Pane::Runs), "then it goes back to the runs");
    assert_eq!(ui.selected(), "epoch_10.pt", "where the same checkpoint is selected");
    ui.keys("<Esc><Esc><Esc><Esc>");
    assert!(!ui.quit, "and it never quits");
    ui.keys("q");
    assert!(ui.quit);
}

#[test]
fn a_file_is_opened_at_once() {
    let ui = Ui::on("assets/demo/exports/glyphs_weights.pth", WIDE);
    assert_eq!((ui.model.place, ui.model.focus), (Place::Checkpoint, Pane::Body));
    assert_eq!(ui.selected(), "glyphs_weights.pth", "and selected in the list beside it");
}

#[test]
fn a_file_opened_before_the_scan_finds_it_is_selected_when_it_does() {
    let mut ui = Ui::waiting(WIDE);
    let open = |ui: &mut Ui| {
        ui.model.home.select(std::path::Path::new("/data/r/e2.pt"));
        ui.found(vec![row("/data/r/e1.pt", Some(1.0), &[]), row("/data/r/e2.pt", Some(2.0), &[])]);
    };
    open(&mut ui);
    assert_eq!(ui.selected(), "e2.pt");
}

#[test]
fn motions_take_counts() {
    let mut ui = Ui::with_rows(
        (1..=100).map(|n| row(&format!("/data/r/e{n:03}.pt"), Some(f64::from(n)), &[])).collect(),
        WIDE,
    );
    for (keys, name) in [
        ("j", "e001.pt"),
        ("12j", "e013.pt"),
        ("3k", "e010.pt"),
        ("G", "e100.pt"),
        ("gg", "r"),
        ("40G", "e039.pt"),
        ("<Ctrl-d>", "e059.pt"),
        ("<Ctrl-u>", "e039.pt"),
        ("<PgDn>", "e079.pt"),
        ("<PgUp>", "e039.pt"),
        ("<End><Home>", "r"),
        ("<Down><Down><Up>", "e001.pt"),
        ("99999999999j", "e100.pt"),
    ] {
        ui.keys(keys);
        assert_eq!(ui.selected(), name, "after {keys}");
    }
    ui.keys("5<Esc>");
    assert_eq!(ui.model.pending.count, None, "Esc forgets a count");
}

#[test]
fn what_is_selected_stays_selected_while_rows_stream_in() {
    let mut ui = Ui::waiting(WIDE);
    ui.news(vec![ScanNews::Found(3)]);
    ui.found(vec![row("/data/b/e5.pt", Some(5.0), &[])]);
    assert_eq!(ui.selected(), "b", "nobody has moved: the first row");
    ui.keys("j");
    assert_eq!(ui.selected(), "e5.pt");
    ui.found(vec![
        row("/data/a/e1.pt", Some(1.0), &[]),
        row("/data/b/e2.pt", Some(2.0), &[]),
        row("/data/b/e9.pt", Some(9.0), &[]),
    ]);
    assert_eq!(ui.selected(), "e5.pt", "rows above it moved it, not the selection");
    assert!(ui.model.jobs.is_busy());
    ui.done();
    assert!(!ui.model.jobs.is_busy(), "no timer runs any more");
}

#[test]
fn an_old_scan_has_no_say() {
    let mut ui = Ui::waiting(WIDE);
    let old = ui.model.jobs.scan.unwrap();
    ui.keys("r");
    ui.act(ckpt_tui::tui::action::Action::Scan(
        old,
        vec![ScanNews::Row(Box::new(row("/data/a/e1.pt", None, &[])))],
    ));
    assert_eq!(ui.model.home.checkpoints(), 0);
    assert!(ui.model.jobs.scan.is_some());
}

#[test]
fn esc_stops_the_scan_and_the_opening() {
    let mut ui = Ui::waiting(WIDE);
    ui.found(vec![row("/data/a/e1.pt", None, &[])]);
    ui.keys("<Esc>");
    assert!(ui.model.jobs.scan.is_none());
    ui.keys("j<Enter>");
    let (generation, _) = ui.model.jobs.open.clone().expect("it is being opened");
    ui.keys("<Esc>");
    assert!(ui.model.jobs.open.is_none());
    ui.act(ckpt_tui::tui::action::Action::Opened(
        generation,
        Ok(Box::new(Build::state_dict(&["w"]).opened())),
    ));
    assert_eq!(ui.model.place, Place::Home, "what was stopped does not open later");
}

#[test]
fn a_broken_file_says_why_and_stays_a_row() {
    let mut ui =
        Ui::with_rows(vec![broken("/data/r/half.pt"), row("/data/r/whole.pt", Some(1.0), &[])], WIDE);
    ui.keys("/half<Enter>j");
    assert_eq!(ui.selected(), "half.pt");
    ui.keys("<Enter>");
    let toast = ui.model.toast.clone().expect("words");
    assert!(toast.is_error && toast.text.contains("the file ends before its directory"), "{toast:?}");
    ui.keys("j");
    assert_eq!(ui.model.toast, None, "gone with the next key");
}

#[test]
fn runs_fold() {
    let rows = vec![
        row("/data/a/e1.pt", None, &[]),
        row("/data/a/e2.pt", None, &[]),
        row("/data/b/e1.pt", None, &[]),
    ];
    let mut ui = Ui::with_rows(rows, WIDE);
    ui.keys("jj<Left>");
    assert_eq!(ui.selected(), "a", "left goes to the run");
    ui.keys("<Left>j");
    assert_eq!(ui.selected(), "b", "left again folds it");
    ui.keys("zM");
    assert_eq!(ui.model.home.list.rows.len(), 2);
    ui.keys("zR");
    assert_eq!(ui.model.home.list.rows.len(), 5);
}

#[test]
fn checkpoints_sort_by_metric_with_what_has_none_last() {
    let rows = vec![
        row("/data/a/e1.pt", Some(1.0), &[("loss", 0.5)]),
        row("/data/a/e2.pt", Some(2.0), &[("loss", f64::NAN)]),
        row("/data/a/e3.pt", Some(3.0), &[("loss", 0.1)]),
    ];
    let mut ui = Ui::with_rows(rows, WIDE);
    ui.keys("ss");
    let mut names = Vec::new();
    for _ in 0..3 {
        ui.keys("j");
        names.push(ui.selected());
    }
    assert_eq!(names, ["e3.pt", "e1.pt", "e2.pt"]);
}

#[test]
fn the_filter_of_the_list_can_be_undone() {
    let mut ui = Ui::on(DEMO, WIDE);
    let all = ui.model.home.list.rows.len();
    ui.keys("/overfit");
    assert!(matches!(ui.model.mode, Mode::Filter { .. }));
    assert_eq!(ui.model.home.list.hits, 24);
    ui.keys("<Esc>");
    assert_eq!(ui.model.home.list.rows.len(), all, "Esc in the line brings back what was");
    ui.keys("/zzzz<Enter>");
    assert!(ui.screen().contains("Nothing matches \"zzzz\""));
    ui.keys("<Esc>");
    assert_eq!(ui.model.home.list.rows.len(), all);
}

#[test]
fn the_filter_line_is_edited_like_any_other() {
    let mut ui = Ui::with_checkpoint(Build::state_dict(&["conv.weight", "fc.weight"]), WIDE);
    ui.keys("/fx<Backspace>c<Ctrl-a><Right>");
    ui.event(Event::Paste("\u{1b}[31m\n".to_owned()));
    let Mode::Filter { input, .. } = &ui.model.mode else { panic!("still typing") };
    assert_eq!(input.value(), "f[31mc", "control characters are not taken in");
    ui.keys("<Ctrl-u>conv<Enter>");
    assert_eq!(ui.model.browser.as_ref().unwrap().pattern, "conv");
}

#[test]
fn matches_are_gone_through_with_n() {
    let mut ui = Ui::with_checkpoint(Build::state_dict(&["a.w", "b.bias", "c.w", "d.bias"]), WIDE);
    ui.keys("/bias<Enter>");
    assert_eq!(ui.layer(), "b.bias", "the best match is selected");
    ui.keys("n");
    assert_eq!(ui.layer(), "d.bias");
    ui.keys("n");
    assert_eq!(ui.layer(), "b.bias", "and round again");
    ui.keys("N");
    assert_eq!(ui.layer(), "d.bias");
    ui.keys("<Esc>");
    assert_eq!(ui.layer(), "d.bias", "without the filter it is still selected");
}

#[test]
fn tree_and_table_show_the_same_tensor() {
    let mut ui = Ui::with_checkpoint(Build::training(&["a.w", "b.w", "c.w"]), WIDE);
    ui.keys("/c.w<Enter>t");
    assert_eq!(ui.tensor(), "model.c.w");
    ui.keys("<Esc>kt");
    assert_eq!(ui.layer(), "model.b.w");
}

#[test]
fn the_table_sorts_by_every_column_and_both_ways() {
    let mut ui = Ui::with_checkpoint(Build::state_dict(&["h.10.w", "h.9.w", "h.2.w"]), WIDE);
    ui.keys("t");
    assert_eq!(ui.tensor(), "h.10.w", "first of all the file's order");
    ui.keys("s");
    let rows = |ui: &Ui| -> Vec<String> {
        let browser = ui.model.browser.as_ref().unwrap();
        browser.table.rows.iter().map(|r| browser.layers().entry(*r).unwrap().path.to_string()).collect()
    };
    assert_eq!(rows(&ui), ["h.2.w", "h.9.w", "h.10.w"], "natural order");
    assert_eq!(ui.tensor(), "h.10.w", "the selected one stays selected");
    ui.keys("S");
    assert_eq!(rows(&ui), ["h.10.w", "h.9.w", "h.2.w"]);
    for column in [Column::DType, Column::Shape, Column::Parameters, Column::Bytes, Column::Shared] {
        ui.keys("s");
        assert_eq!(ui.model.browser.as_ref().unwrap().table.order.column, Some(column));
    }
    assert_eq!(rows(&ui), ["h.2.w", "h.9.w", "h.10.w"], "equals stay in natural order");
    ui.keys("s");
    assert_eq!(ui.model.browser.as_ref().unwrap().table.order.column, None);
}

#[test]
fn layers_sort_within_their_parents() {
    let mut ui = Ui::with_checkpoint(Build::state_dict(&["b.w", "a.w", "a.v", "c.w"]), WIDE);
    let names = |ui: &Ui| -> Vec<String> {
        let browser = ui.model.browser.as_ref().unwrap();
        let path = |at: &u32| browser.layers().path(browser.layers().node(*at).unwrap()).to_owned();
        browser.tree.visible.iter().map(path).filter(|p| !p.contains('.')).collect()
    };
    assert_eq!(names(&ui), ["b", "a", "c"], "the file's order at first");
    ui.keys("s");
    assert_eq!(names(&ui), ["a", "b", "c"], "by name");
    ui.keys("s");
    assert_eq!(names(&ui)[0], "a", "by parameters, the most first");
    ui.keys("S");
    assert_eq!(names(&ui)[2], "a", "the fewest first");
    ui.keys("ss");
    assert_eq!(names(&ui), ["b", "a", "c"], "and back");
    ui.keys("G");
    assert_eq!(ui.layer(), "c.w");
}

#[test]
fn sections_can_be_shown_one_at_a_time() {
    let mut ui = Ui::with_checkpoint(Build::training(&["a.w", "b.w"]), WIDE);
    let rows = |ui: &Ui| ui.model.browser.as_ref().unwrap().shown;
    assert_eq!(rows(&ui), 4);
    ui.keys("o");
    assert_eq!(rows(&ui), 2);
    assert!(ui.screen().contains("only model"), "{}", ui.screen());
    ui.keys("oo");
    assert_eq!(rows(&ui), 4, "after the last, all again");
}

#[test]
fn the_tree_opens_and_closes() {
    let mut ui = Ui::with_checkpoint(Build::state_dict(&["a.b.c.w", "a.b.d.w", "e.w"]), WIDE);
    ui.keys("zM");
    let visible = |ui: &Ui| ui.model.browser.as_ref().unwrap().tree.visible.len();
    assert_eq!(visible(&ui), 2);
    ui.keys("ggll");
    assert_eq!(ui.layer(), "a.b", "right opens, then goes in");
    ui.keys("h");
    assert_eq!(ui.layer(), "a", "left goes out");
    ui.keys("h");
    assert_eq!(visible(&ui), 2, "and closes");
    ui.keys("<Enter><Space>zR");
    assert_eq!(visible(&ui), 8);
    ui.keys("G<Enter>");
    assert_eq!(ui.model.focus, Pane::Detail, "Enter on a tensor goes to its details");
    ui.keys("<Esc>");
    assert_eq!(ui.model.focus, Pane::Body);
}

#[test]
fn every_view_is_two_keys_away_and_the_tabs_go_round() {
    let mut ui = Ui::with_checkpoint(Build::training(&["a.w"]), WIDE);
    let view = |ui: &Ui| ui.model.view().unwrap();
    for (keys, want) in [
        ("gm", View::Metadata),
        ("go", View::Load),
        ("gd", View::Diagnostics),
        ("gt", View::Tensors),
        ("gl", View::Layers),
        ("L", View::Tensors),
        ("LLLL", View::Layers),
        ("H", View::Diagnostics),
    ] {
        ui.keys(keys);
        assert_eq!(view(&ui), want, "after {keys}");
    }
}

#[test]
fn metadata_opens_step_by_step() {
    let mut ui = Ui::with_checkpoint(Build::training(&["a.w"]), WIDE);
    ui.keys("gm");
    let screen = ui.screen();
    assert!(screen.contains("epoch: 12") && screen.contains("lr: 0.001"), "{screen}");
    assert!(screen.contains("resnet\\u{1b}[31m"), "text from the file is made safe: {screen}");
    ui.keys("G<Enter>G");
    assert!(ui.screen().contains("39: 0.025"), "the history lists its entries: {}", ui.screen());
    ui.keys("hh");
    assert!(!ui.screen().contains("39: 0.025"));
}

#[test]
fn a_graph_that_contains_itself_opens_as_far_as_one_likes() {
    let mut build = Build::state_dict(&["w"]);
    let inner = build.dict(vec![("n", ckpt_tui::value::Value::Int(1))]);
    let ckpt_tui::value::Value::Dict(id) = inner else { panic!("a dict") };
    let key = build.text("self");
    build.tree.dict_mut(id).unwrap().entries.push((key, inner));
    let weight = build.tensor();
    let root = build.dict(vec![("w", weight), ("loop", inner)]);
    build.tree.set_root(root);
    let mut ui = Ui::with_checkpoint(build, WIDE);
    ui.keys("gmG<Enter>");
    for _ in 0..30 {
        ui.keys("G<Enter>");
    }
    assert!(ui.model.browser.as_ref().unwrap().metadata.rows.len() > 30);
    ui.keys("zRzRzR");
    ui.screen();
}

#[test]
fn a_million_entries_are_listed_a_thousand_at_a_time() {
    let mut build = Build::state_dict(&["w"]);
    let items = (0..1_000_000).map(ckpt_tui::value::Value::Int).collect();
    let list = build.list(items);
    let weight = build.tensor();
    let root = build.dict(vec![("w", weight), ("long", list)]);
    build.tree.set_root(root);
    let mut ui = Ui::with_checkpoint(build, WIDE);
    ui.keys("gmG<Enter>");
    let rows = |ui: &Ui| ui.model.browser.as_ref().unwrap().metadata.rows.len();
    assert_eq!(rows(&ui), 2 + 1_000 + 1);
    ui.keys("G");
    assert!(ui.screen().contains("999,000 more"));
    ui.keys("<Enter>");
    assert_eq!(rows(&ui), 2 + 2_000 + 1);
}

#[test]
fn what_is_focused_is_copied() {
    let mut ui = Ui::with_checkpoint(Build::training(&["a.w"]), WIDE);
    ui.keys("/a.w<Enter>y");
    ui.keys("goy");
    ui.keys("<Esc>y");
    assert_eq!(ui.copied[0], "a.w");
    assert!(ui.copied[1].contains("torch.load("), "{}", ui.copied[1]);
    assert_eq!(ui.copied[2], "/data/run/made.pt");
}

#[test]
fn the_help_finds_a_command_and_runs_it() {
    let mut ui = Ui::with_checkpoint(Build::training(&["a.w"]), WIDE);
    ui.keys("?");
    assert!(ui.screen().contains("Back out one level; never quits"));
    ui.keys("how to load<Enter>");
    assert_eq!((ui.model.view(), matches!(ui.model.mode, Mode::Normal)), (Some(View::Load), true));
    ui.keys("?q");
    assert!(!ui.quit, "in the help, letters search");
    ui.keys("<Esc>?<Down><Down><Up><PgDn><End><PgUp>");
    ui.screen();
    ui.keys("<Ctrl-c>");
    assert!(ui.quit, "Ctrl-C quits from everywhere");
}

#[test]
fn keys_that_begin_a_sequence_say_what_may_follow() {
    let mut ui = Ui::with_checkpoint(Build::training(&["a.w"]), (80, 24));
    ui.keys("g");
    let footer = ui.screen().lines().last().unwrap().to_owned();
    assert!(
        footer.contains("m metadata") && footer.contains("t tensors") && !footer.contains("l layers"),
        "{footer}"
    );
    ui.keys("x");
    assert!(ui.model.pending.keys.is_empty(), "an unknown one is forgotten");
}

#[test]
fn the_next_epoch_is_opened_in_the_view_one_was_in() {
    let mut ui = Ui::on("assets/demo/spirals-overfit", WIDE);
    ui.keys("j<Enter>gt<Tab><Tab>");
    assert_eq!(ui.model.focus, Pane::Runs, "three columns: the list is one of the panes");
    ui.keys("j<Enter>");
    assert_eq!(ui.model.view(), Some(View::Tensors));
    assert!(ui.model.opened_path().unwrap().ends_with("epoch_02.pt"));
}

#[test]
fn a_panic_in_a_job_is_a_line_and_the_program_goes_on() {
    let mut ui = Ui::waiting(WIDE);
    let generation = ui.model.jobs.scan.unwrap();
    ui.act(ckpt_tui::tui::action::Action::JobFailed(generation, "scanning failed".to_owned()));
    assert!(!ui.model.jobs.is_busy());
    assert!(ui.screen().contains("scanning failed"));
}

#[test]
fn an_empty_folder_says_what_to_do() {
    let mut ui = Ui::waiting(WIDE);
    assert!(ui.screen().contains("Looking for checkpoints"));
    ui.done();
    let screen = ui.screen();
    assert!(
        screen.contains("No checkpoint found in experiments") && screen.contains("ckpt-tui PATH"),
        "{screen}"
    );
}

/// The program with other keys.
fn with_keys(changes: &[(&str, &[&str])]) -> Ui {
    let mut ui = Ui::on("assets/demo", (100, 30));
    let changes = changes.iter().map(|(name, keys)| {
        ((*name).to_owned(), keys.iter().map(|key| (*key).to_owned()).collect::<Vec<String>>())
    });
    ui.model.keys = ckpt_tui::tui::bindings::Bindings::with(&changes.collect()).unwrap();
    ui
}

#[test]
fn other_keys_run_the_same_commands() {
    let mut ui = with_keys(&[
        ("best", &["B B"]),
        ("link-best", &[]),
        ("down", &["n", "Down"]),
        ("next-match", &["j"]),
    ]);
    ui.keys("nBB");
    let best = ui.selected();
    ui.keys("b");
    assert_eq!(ui.selected(), best, "the old key does nothing");
    ui.keys("/overfit<Enter>");
    let before = ui.selected();
    ui.keys("j");
    assert_ne!(ui.selected(), before, "what was the key for down is that for the next match");
    // A list over the rest is moved in by the same keys.
    ui.keys("<Tab>f").keys("<Esc>");
    assert!(!ui.screen().contains("b best"), "{}", ui.screen());
}

#[test]
fn hints_name_the_keys_there_are() {
    let mut ui = with_keys(&[("copy", &["F7"]), ("quit", &["F10"])]);
    ui.keys("<Esc><Esc><Esc>");
    assert!(ui.screen().contains("F10 quits"), "{}", ui.screen());
    ui.keys("jj<Enter>go");
    assert!(ui.screen().contains("F7 copies these lines"), "{}", ui.screen());
}

#[test]
fn the_palette_holds_what_can_be_done_here_and_does_it() {
    let mut ui = Ui::on("assets/demo", (100, 30));
    ui.keys(":");
    let screen = ui.screen();
    assert!(screen.contains("What can be done here"), "{screen}");
    assert!(!screen.contains("Zoom in"), "there is no plot in focus: {screen}");
    ui.keys("side by side<Enter>");
    assert!(
        ui.screen().contains("Runs side by side") || ui.screen().contains("back to all"),
        "{}",
        ui.screen()
    );
    ui.keys("<Esc><Ctrl-p>qqqq<Enter>");
    assert!(!ui.quit, "nothing matched, nothing was done");
    // A command without a key is still there.
    let mut ui = with_keys(&[("mouse", &[])]);
    ui.keys(":catch the mouse<Enter>");
    assert!(!ui.model.mouse);
    assert!(ui.screen().contains("mouse takes it back"), "{}", ui.screen());
}
