//! The line on top: what is going on, and where one is; and what quitting asks.

use ckpt_tui::tui::event::Event;
use ckpt_tui::tui::model::jobs::{TaskKind, Unit};
use ckpt_tui::tui::model::{Mode, Pane, Place};
use ckpt_tui::tui::theme::Theme;
use ckpt_tui::work::Work;
use insta::assert_snapshot;

use super::build::row;
use super::ui::Ui;

const DEMO: &str = "assets/demo";

fn begin(ui: &mut Ui, kind: TaskKind, title: &str, unit: Unit) -> Work {
    ui.model.jobs.begin(kind, title, unit, ui.model.ticks).1
}

fn top(ui: &Ui) -> String {
    ui.screen().lines().next().unwrap_or_default().trim_matches('"').trim_end().to_owned()
}

#[test]
fn long_work_has_a_bar_where_there_is_room() {
    let mut ui = Ui::on(DEMO, (140, 45));
    let work = begin(&mut ui, TaskKind::Statistics, "statistics", Unit::Bytes);
    work.meter.expect(4 << 30);
    work.meter.advance(1 << 30);
    assert!(!top(&ui).contains('█'), "not in the first second");
    ui.model.ticks += 15;
    assert_snapshot!("jobs_bar_140", top(&ui));
    ui.model.size = (100, 30);
    assert_snapshot!("jobs_bar_100", top(&ui));
    ui.model.size = (40, 10);
    assert_snapshot!("jobs_bar_40", top(&ui));
    ui.model.size = (140, 45);
    ui.model.theme = Theme::new(false, true);
    assert_snapshot!("jobs_bar_ascii", top(&ui));
}

#[test]
fn of_several_jobs_the_newest_is_shown_and_the_others_counted() {
    let mut ui = Ui::on(DEMO, (140, 45));
    begin(&mut ui, TaskKind::Statistics, "statistics", Unit::Bytes);
    begin(&mut ui, TaskKind::Timeline, "timeline", Unit::Things);
    begin(&mut ui, TaskKind::Write, "writing weights", Unit::Bytes);
    assert!(top(&ui).ends_with("writing weights +2  Esc stops"), "{}", top(&ui));
    ui.keys("<Esc>");
    assert!(top(&ui).ends_with("timeline +1  Esc stops"), "Esc stops the newest: {}", top(&ui));
    ui.keys("<Esc><Esc>");
    assert!(!ui.model.jobs.is_busy());
}

#[test]
fn a_long_scan_has_a_bar_too() {
    let mut ui = Ui::waiting((100, 30));
    ui.found((0..30).map(|n| row(&format!("/data/r/e{n}.pt"), Some(f64::from(n)), &[])).collect());
    ui.model.home.found = 120;
    assert!(top(&ui).ends_with("scanning 30 of 120"), "{}", top(&ui));
    ui.model.ticks += 10;
    assert_snapshot!("jobs_scan_100", top(&ui));
}

#[test]
fn quitting_asks_while_something_is_written_or_computed() {
    let mut ui = Ui::on(DEMO, (80, 24));
    let work = begin(&mut ui, TaskKind::Write, "writing weights", Unit::Bytes);
    work.meter.expect(4 << 30);
    work.meter.advance(3 << 30);
    ui.model.ticks += 30;
    ui.keys("q");
    assert!(!ui.quit && matches!(ui.model.mode, Mode::Dialog(_)));
    assert_snapshot!("quit_80", ui.screen());
    ui.model.size = (140, 45);
    assert_snapshot!("quit_140", ui.screen());
    ui.model.size = (80, 24);
    ui.keys("<Enter>j");
    assert!(!ui.quit, "Enter may be pressed by habit");
    ui.keys("<Esc>");
    assert!(!ui.quit && matches!(ui.model.mode, Mode::Normal), "Esc stays");
    assert!(!work.cancel.is_cancelled(), "and what runs goes on");
    ui.keys("qq");
    assert!(ui.quit, "q again quits");
    for keys in ["qy", "<Ctrl-c>", "q<Ctrl-c>"] {
        let mut ui = Ui::on(DEMO, (80, 24));
        let work = begin(&mut ui, TaskKind::Statistics, "statistics", Unit::Bytes);
        ui.keys(keys);
        assert!(ui.quit, "{keys}");
        drop(work);
    }
}

#[test]
fn quitting_does_not_ask_for_what_is_short_or_a_mere_scan() {
    let mut ui = Ui::waiting((80, 24));
    ui.keys("q");
    assert!(ui.quit, "a scan");
    for kind in [TaskKind::Preview, TaskKind::Logs] {
        let mut ui = Ui::on(DEMO, (80, 24));
        begin(&mut ui, kind, "reading", Unit::Bytes);
        ui.keys("q");
        assert!(ui.quit, "{kind:?}");
    }
}

#[test]
fn the_question_says_so_when_it_is_done_meanwhile() {
    let mut ui = Ui::on(DEMO, (80, 24));
    begin(&mut ui, TaskKind::Statistics, "statistics", Unit::Bytes);
    ui.keys("q");
    ui.model.jobs.stop(TaskKind::Statistics);
    assert!(ui.screen().contains("It is done meanwhile."), "{}", ui.screen());
    for size in [(1, 1), (40, 10), (400, 60)] {
        ui.model.size = size;
        ui.screen();
    }
}

fn click_on(ui: &mut Ui, text: &str) {
    let line = top(ui);
    let at = line.find(text).unwrap_or_else(|| panic!("{text} in {line}"));
    let x = line[..at].chars().count() as u16 + 1;
    ui.event(Event::Click(x, 0));
}

#[test]
fn a_click_on_a_crumb_goes_to_that_level() {
    let mut ui = Ui::on(DEMO, (140, 45));
    ui.keys("/overfit<Enter>b<Esc><Enter>jj<Tab>");
    assert!(top(&ui).contains("spirals-overfit › epoch_10.pt › "), "{}", top(&ui));
    click_on(&mut ui, "epoch_10.pt");
    assert_eq!((ui.model.place, ui.model.focus), (Place::Checkpoint, Pane::Body));
    let x = top(&ui).chars().take_while(|c| *c != '›').count() as u16;
    ui.event(Event::Click(x, 0));
    assert_eq!(ui.model.place, Place::Checkpoint, "between crumbs is nothing");
    click_on(&mut ui, "spirals-overfit");
    assert_eq!((ui.model.place, ui.selected().as_str()), (Place::Home, "spirals-overfit"));
    ui.keys("b<Enter>");
    click_on(&mut ui, "ckpt-tui");
    assert_eq!((ui.model.place, ui.selected().as_str()), (Place::Home, "epoch_10.pt"));
    ui.keys("T");
    assert_eq!(ui.model.place, Place::Timeline);
    click_on(&mut ui, "timeline");
    assert_eq!(ui.model.place, Place::Timeline);
    click_on(&mut ui, "spirals-overfit");
    assert_eq!((ui.model.place, ui.selected().as_str()), (Place::Home, "spirals-overfit"));
    let work = begin(&mut ui, TaskKind::Statistics, "statistics", Unit::Bytes);
    click_on(&mut ui, "Esc stops");
    assert!(work.cancel.is_cancelled(), "a click on what is going on stops it");
}
