//! Runs side by side.

use std::sync::Arc;

use ckpt_tui::runs::CheckpointRow;
use ckpt_tui::tui::event::Event;
use ckpt_tui::tui::model::{HomeView, Pane};

use super::build::row;
use super::ui::Ui;

/// A sweep over the learning rate.
fn sweep() -> Vec<CheckpointRow> {
    let runs = [("lr_1e-2", "0.01", 0.5), ("lr_1e-3", "0.001", 0.2), ("lr_1e-10", "1e-10", 0.9)];
    let rows = runs.iter().flat_map(|(name, lr, loss)| {
        [1.0, 2.0].map(|epoch| {
            let mut row = row(
                &format!("/data/{name}/e{epoch}.pt"),
                Some(epoch),
                &[("val_loss", loss / epoch), ("val_acc", 1.0 - loss / epoch)],
            );
            let settings = [("seed", "42"), ("lr", lr), ("model", "resnet50")];
            let settings: Vec<_> = settings.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            row.training.hyperparameters = Arc::from(settings);
            row
        })
    });
    rows.collect()
}

fn names(ui: &Ui) -> Vec<String> {
    let home = &ui.model.home;
    home.table.rows.iter().map(|at| home.index.runs[*at].name.clone()).collect()
}

#[test]
fn what_differs_stands_beside_what_runs_are_judged_by() {
    let mut ui = Ui::with_rows(sweep(), (140, 45));
    ui.keys("p");
    assert_eq!((ui.model.home.view, ui.model.focus), (HomeView::Table, Pane::Table));
    let titles: Vec<&str> = ui.model.home.table.columns.iter().map(|c| c.title.as_str()).collect();
    assert_eq!(titles, ["files", "last epoch", "best val_loss", "lr", "best val_acc", "seed", "model"]);
    let differs: Vec<bool> = ui.model.home.table.columns.iter().map(|c| c.differs).collect();
    assert_eq!(differs, [false, false, false, true, false, false, false]);
    assert!(ui.screen().contains("1 hyperparameter differ, 2 the same in all"), "{}", ui.screen());
    assert!(ui.screen().contains("★0.1000"), "the best of all runs is marked: {}", ui.screen());
}

#[test]
fn any_column_sorts_numbers_as_numbers() {
    let mut ui = Ui::with_rows(sweep(), (140, 45));
    ui.keys("p3ls");
    assert_eq!(names(&ui), ["lr_1e-3", "lr_1e-2", "lr_1e-10"], "by val_loss");
    ui.keys("ls");
    assert_eq!(names(&ui), ["lr_1e-10", "lr_1e-3", "lr_1e-2"], "by lr, a number");
    ui.keys("S");
    assert_eq!(names(&ui), ["lr_1e-2", "lr_1e-3", "lr_1e-10"]);
    ui.keys("9hs");
    assert_eq!(names(&ui), ["lr_1e-2", "lr_1e-3", "lr_1e-10"], "by name, as a person counts");
}

#[test]
fn the_table_and_the_list_select_the_same_run() {
    let mut ui = Ui::with_rows(sweep(), (140, 45));
    ui.keys("Gp");
    let home = &ui.model.home;
    let run = home.table.selected_run().unwrap();
    assert_eq!(home.index.runs[run].name, "lr_1e-10", "the list's run is the table's");
    ui.keys("k");
    assert_eq!(ui.selected(), "lr_1e-3");
    ui.keys("<Enter>");
    assert_eq!((ui.model.home.view, ui.model.focus), (HomeView::Split, Pane::Runs));
    assert_eq!(ui.selected(), "lr_1e-3");
    ui.keys("pp");
    assert_eq!(ui.model.home.view, HomeView::Split);
    ui.keys("p<Esc>");
    assert_eq!((ui.model.home.view, ui.model.focus), (HomeView::Split, Pane::Runs));
}

#[test]
fn the_selected_column_is_always_on_the_screen_and_its_cell_said_in_full() {
    let mut rows = sweep();
    for row in &mut rows {
        let many = (0..60)
            .map(|i| (format!("setting_{i}"), format!("a long value of setting {i}, cut in the table")));
        row.training.hyperparameters = many.collect::<Vec<_>>().into();
    }
    let mut ui = Ui::with_rows(rows, (80, 24));
    ui.keys("p");
    for _ in 0..70 {
        ui.keys("l");
        let table = &ui.model.home.table;
        let width = ckpt_tui::tui::view::run_table::columns_width(&ui.model);
        assert!(table.visible(width).contains(&(table.column - 1)), "{}", ui.screen());
    }
    assert!(
        ui.screen().contains("setting_59 = a long value of setting 59, cut in the table"),
        "{}",
        ui.screen()
    );
}

#[test]
fn headings_and_rows_can_be_clicked() {
    let mut ui = Ui::with_rows(sweep(), (140, 45));
    ui.keys("p");
    let line = ui.screen().lines().nth(2).unwrap().trim_matches('"').to_owned();
    let x = line[..line.find("val_loss").unwrap()].chars().count() as u16;
    ui.event(Event::Click(x + 2, 2));
    assert_eq!(names(&ui)[0], "lr_1e-3");
    ui.event(Event::Click(x + 2, 4));
    assert_eq!(ui.selected(), "lr_1e-2");
    ui.event(Event::Click(x + 2, 4));
    assert_eq!(ui.model.home.view, HomeView::Split, "a second click goes there");
}

#[test]
fn tables_in_pictures() {
    for (name, size) in [("80x24", (80, 24)), ("140x45", (140, 45))] {
        let mut ui = Ui::on("assets/demo", size);
        ui.keys("p3ls");
        insta::assert_snapshot!(format!("run_table_{name}"), ui.screen());
    }
    let mut ui = Ui::with_rows(sweep(), (80, 12));
    ui.model.theme = ckpt_tui::tui::theme::Theme::new(false, false);
    ui.keys("p4l");
    insta::assert_debug_snapshot!("run_table_styles", ui.buffer());
}
