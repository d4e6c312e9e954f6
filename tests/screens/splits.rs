//! Panes that a person made larger or smaller, by key and by mouse.

use ckpt_tui::tui::action::Action;
use ckpt_tui::tui::event::Event;
use ckpt_tui::tui::model::Pane;
use ckpt_tui::tui::model::splits::{Split, Splits};

use super::sizes::SCREENS;
use super::ui::Ui;

const DEMO: &str = "assets/demo";

fn width(ui: &Ui, pane: Pane) -> u16 {
    ui.model.layout().pane(pane).width
}

fn height(ui: &Ui, pane: Pane) -> u16 {
    ui.model.layout().pane(pane).height
}

#[test]
fn keys_make_the_focused_pane_larger_and_smaller() {
    let mut ui = Ui::on(DEMO, (140, 45));
    let before = width(&ui, Pane::Runs);
    ui.keys("}");
    assert_eq!(width(&ui, Pane::Runs), before + 4);
    ui.keys("10{");
    assert_eq!(width(&ui, Pane::Runs), before - 6, "a count gives the cells");
    ui.keys("999{");
    assert_eq!(width(&ui, Pane::Runs), Split::HomeColumns.least().0, "never narrower than it can draw");
    ui.keys("999}");
    assert_eq!(width(&ui, Pane::Facts), Split::HomeColumns.least().1, "nor its neighbour");
    let high = height(&ui, Pane::Curve);
    ui.keys("<Tab>3}");
    assert_eq!(height(&ui, Pane::Curve), high + 3, "the curve gets higher");
    ui.keys("<Tab>5}");
    assert_eq!(height(&ui, Pane::Curve), high - 2, "so do the details, at the cost of the curve");
    ui.keys("=");
    assert_eq!(ui.model.splits, Splits::default());
    assert_eq!((width(&ui, Pane::Runs), height(&ui, Pane::Curve)), (before, high));
}

#[test]
fn on_the_plot_the_equals_sign_zooms_and_z_equals_resets() {
    let mut ui = Ui::on("assets/demo/spirals-overfit", (140, 45));
    ui.keys("<Tab>}=");
    assert!(ui.model.splits != Splits::default(), "= zooms the plot");
    assert!(ui.model.home.curve.window.is_some());
    ui.keys("z=");
    assert_eq!(ui.model.splits, Splits::default());
}

#[test]
fn each_screen_has_borders_of_its_own_and_shares_hold_at_any_size() {
    let mut ui = Ui::on(DEMO, (160, 45));
    ui.keys("jj<Enter>");
    let (runs, body, detail) = (width(&ui, Pane::Runs), width(&ui, Pane::Body), width(&ui, Pane::Detail));
    ui.keys("6}");
    assert_eq!((width(&ui, Pane::Body), width(&ui, Pane::Detail)), (body + 6, detail - 6));
    ui.keys("<Tab>2}");
    assert_eq!(width(&ui, Pane::Detail), detail - 4);
    ui.keys("<Tab>8{");
    assert_eq!((ui.model.focus, width(&ui, Pane::Runs)), (Pane::Runs, runs - 8));
    let share = f64::from(width(&ui, Pane::Runs)) / 160.0;
    ui.act(Action::Resize(320, 45));
    assert!((f64::from(width(&ui, Pane::Runs)) - share * 320.0).abs() <= 1.0);
    ui.act(Action::Resize(160, 45));
    assert_eq!(width(&ui, Pane::Runs), runs - 8, "and come back");
    ui.keys("<Esc>");
    assert_eq!(width(&ui, Pane::Runs), 88, "the first screen is as it was");
}

#[test]
fn the_mouse_moves_borders_and_selects_nothing() {
    let mut ui = Ui::on(DEMO, (140, 45));
    ui.keys("jj");
    let (selected, runs) = (ui.selected(), width(&ui, Pane::Runs));
    for grabbed in [runs - 1, runs] {
        let before = width(&ui, Pane::Runs);
        assert_eq!(before, runs);
        ui.event(Event::Click(grabbed, 9));
        assert_eq!(width(&ui, Pane::Runs), runs, "taking hold moves nothing");
        ui.event(Event::Drag(grabbed - 7, 12));
        assert_eq!(width(&ui, Pane::Runs), runs - 7);
        ui.event(Event::Drag(grabbed + 3, 20));
        assert_eq!(width(&ui, Pane::Runs), runs + 3);
        ui.event(Event::Drag(grabbed, 20));
        assert_eq!((ui.selected(), ui.model.focus), (selected.clone(), Pane::Runs));
    }
    // Between curve and details.
    let facts = ui.model.layout().pane(Pane::Facts);
    ui.event(Event::Click(facts.x + 5, facts.y));
    ui.event(Event::Drag(facts.x + 5, facts.y + 4));
    assert_eq!(ui.model.layout().pane(Pane::Facts).y, facts.y + 4);
    // To the edge of the screen, and past it.
    ui.event(Event::Drag(0, 0));
    assert_eq!(height(&ui, Pane::Curve), Split::HomeRows.least().0);
    ui.event(Event::Drag(u16::MAX, u16::MAX));
    assert_eq!(height(&ui, Pane::Facts), Split::HomeRows.least().1);
    // A press elsewhere lets go.
    ui.event(Event::Click(4, 6));
    ui.event(Event::Drag(4, 30));
    assert_eq!(height(&ui, Pane::Facts), Split::HomeRows.least().1);
}

#[test]
fn whatever_the_shares_every_screen_can_be_drawn() {
    for share in [0.0, 0.5, 1.0] {
        for (name, keys) in SCREENS.into_iter().chain([("comparison", "jjmjm]")]) {
            let mut ui = Ui::on(DEMO, (140, 45));
            ui.keys(keys);
            for split in Split::ALL {
                ui.model.splits.set(split, Some(share));
            }
            for (width, height) in [(1, 1), (40, 10), (80, 10), (80, 24), (120, 12), (400, 60)] {
                ui.act(Action::Resize(width, height));
                ui.screen();
                for (pane, area) in ui.model.layout().panes {
                    let enough = width < 80 || height < 12 || area.width >= 17 && area.height >= 4;
                    assert!(enough, "{name} {width}x{height}: {pane:?} {area:?}");
                }
            }
        }
    }
}
