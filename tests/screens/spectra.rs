//! Singular values in the terminal: the panel, the columns, the timeline.

use std::path::Path;
use std::sync::Arc;

use ckpt_tui::compare::timeline::scale::Measure;
use ckpt_tui::spectra::power_law::Fit;
use ckpt_tui::spectra::survey::News;
use ckpt_tui::spectra::{Portrait, Summary};
use ckpt_tui::tui::action::Action;
use ckpt_tui::tui::model::Pane;
use ckpt_tui::tui::model::jobs::TaskKind;
use ckpt_tui::tui::model::stats::Panel;
use ckpt_tui::tui::model::table::Column;
use ckpt_tui::tui::theme::Theme;

use super::ui::Ui;

const WIDE: (u16, u16) = (140, 45);
const NARROW: (u16, u16) = (80, 24);

type Tensor = (&'static str, Vec<usize>, Vec<f32>);

/// A matrix with these singular values: a diagonal.
fn diagonal(rows: usize, values: &[f32]) -> Vec<f32> {
    let mut matrix = vec![0.0; rows * values.len()];
    values.iter().enumerate().for_each(|(at, value)| matrix[at * values.len() + at] = *value);
    matrix
}

fn tensors() -> Vec<Tensor> {
    // Eigenvalues λ_k = 60 / k: a power law of exponent 2.
    let tail: Vec<f32> = (1..=60_u8).map(|k| (60.0 / f32::from(k)).sqrt()).collect();
    let waves = |count: u16| (0..count).map(|i| (f32::from(i) * 1.7).sin()).collect();
    let low = (0..120_u8).map(|i| f32::from(i / 10) + f32::from(i % 10) * 2.0).collect();
    vec![
        ("net.conv.weight", vec![8, 3, 3, 3], waves(216)),
        ("net.empty.weight", vec![0, 5], vec![]),
        ("net.fc.bias", vec![80], vec![0.5; 80]),
        ("net.fc.weight", vec![80, 60], diagonal(80, &tail)),
        ("net.low.weight", vec![12, 10], low),
        ("net.nan.weight", vec![2, 2], vec![1.0, f32::NAN, 0.0, 1.0]),
        ("net.zero.weight", vec![3, 3], vec![0.0; 9]),
        // Nothing of it is stored, and nothing read.
        ("net.zzz.weight", vec![4096, 4096], vec![]),
    ]
}

fn write(path: &Path) {
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    let mut end = 0;
    for (name, shape, values) in tensors() {
        let len = shape.iter().product::<usize>() * 4;
        header.insert(
            name.to_owned(),
            serde_json::json!({"dtype": "F32", "shape": shape, "data_offsets": [end, end + len]}),
        );
        end += len;
        data.extend(values.iter().flat_map(|x| x.to_le_bytes()));
    }
    let header = serde_json::to_vec(&header).unwrap();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(&header);
    bytes.extend(data);
    std::fs::write(path, bytes).unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_len((8 + header.len() + end) as u64).unwrap();
}

/// The file, its table of tensors shown.
fn table(size: (u16, u16)) -> (tempfile::TempDir, Ui) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spectra.safetensors");
    write(&path);
    let mut ui = Ui::on(path.to_str().unwrap(), size);
    ui.keys("gt");
    (folder, ui)
}

fn goto(ui: &mut Ui, name: &str) {
    if ui.model.focus == Pane::Detail {
        ui.keys("<Esc>");
    }
    ui.keys("gg");
    while ui.tensor() != name {
        let before = ui.tensor();
        ui.keys("j");
        assert_ne!(before, ui.tensor(), "{name} is not there");
    }
}

/// The text of the panel, wrapped lines put together.
fn panel(ui: &Ui) -> String {
    let (buffer, area) = (ui.buffer(), ui.model.layout().text(Pane::Detail));
    let row = |y| (area.x..area.right()).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    let text: Vec<String> = (area.y..area.bottom()).map(row).collect();
    text.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the screen is with the spectrum of a tensor.
fn said(ui: &mut Ui, name: &str) -> String {
    goto(ui, name);
    ui.keys("ge");
    ui.screen()
}

#[test]
fn screens() {
    for (name, size) in [("140x45", WIDE), ("80x24", NARROW)] {
        let (_folder, mut ui) = table(size);
        let screen = said(&mut ui, "net.fc.weight");
        insta::assert_snapshot!(format!("spectrum_{name}"), hidden(&screen));
        let screen = said(&mut ui, "net.conv.weight");
        insta::assert_snapshot!(format!("spectrum_conv_{name}"), hidden(&screen));
        ui.keys("<Esc>/!zzz<Enter>I");
        insta::assert_snapshot!(format!("spectra_columns_{name}"), hidden(&ui.screen()));
    }
    let (_folder, mut ui) = table(NARROW);
    ui.model.theme = Theme::new(false, true);
    let screen = said(&mut ui, "net.fc.weight");
    assert!(screen.is_ascii(), "{screen}");
    insta::assert_snapshot!("spectrum_ascii", hidden(&screen));
}

/// Without the name of the folder, which is another each time.
fn hidden(screen: &str) -> String {
    let folder = screen.split_whitespace().find(|word| word.contains(".tmp"));
    folder.map_or_else(|| screen.to_owned(), |folder| screen.replace(folder, &"~".repeat(folder.len())))
}

#[test]
fn the_numbers_of_a_matrix_with_a_known_spectrum() {
    let (_folder, mut ui) = table(WIDE);
    let screen = said(&mut ui, "net.fc.weight");
    assert_eq!(ui.model.focus, Pane::Detail);
    let portrait = ui.model.browser.as_ref().unwrap().stats.spectra.portrait(3).unwrap().clone();
    assert!((portrait.summary.spectral_norm - 60.0_f64.sqrt()).abs() < 1e-5, "{portrait:?}");
    assert!((portrait.summary.condition_number.unwrap() - 60.0_f64.sqrt()).abs() < 1e-4, "{portrait:?}");
    assert!((portrait.summary.alpha().unwrap() - 2.0).abs() < 0.2, "{portrait:?}");
    for words in ["spectral norm", "stable rank", "eff. rank", "(KS 0.0", "of 60", "computed by", "faer"] {
        assert!(panel(&ui).contains(words), "{words}\n{screen}");
    }
}

#[test]
fn what_has_no_spectrum_says_why() {
    let (_folder, mut ui) = table(WIDE);
    for (name, words) in [
        ("net.fc.bias", "needs a matrix"),
        ("net.empty.weight", "no elements"),
        ("net.nan.weight", "NaN or infinite"),
        ("net.low.weight", "infinite: rank 2 of 10"),
        ("net.zero.weight", "all elements are zero"),
    ] {
        let screen = said(&mut ui, name);
        assert!(panel(&ui).contains(words), "{name}: {words}\n{screen}");
    }
}

#[test]
fn a_large_matrix_waits_until_it_is_asked_for() {
    let (_folder, mut ui) = table(WIDE);
    goto(&mut ui, "net.fc.weight");
    ui.keys("ge<Esc>");
    ui.by_hand = true;
    ui.keys("G");
    assert_eq!(ui.tensor(), "net.zzz.weight");
    assert!(ui.model.jobs.task(TaskKind::Spectra).is_none(), "not because it is looked at");
    assert!(panel(&ui).contains("takes a while"), "{}", ui.screen());
    ui.keys("ge");
    let work = ui.model.jobs.task(TaskKind::Spectra).expect("asked for").work.clone();
    assert!(panel(&ui).contains("computing"), "{}", ui.screen());
    ui.keys("<Esc><Esc>");
    assert!(work.cancel.is_cancelled() && ui.model.jobs.task(TaskKind::Spectra).is_none());
    assert!(ui.screen().contains("stopped: spectra"), "{}", ui.screen());
}

#[test]
fn the_status_line_names_the_back_end_and_old_news_is_dropped() {
    let (_folder, mut ui) = table(WIDE);
    ui.by_hand = true;
    ui.keys("I");
    let old = ui.model.jobs.task(TaskKind::Spectra).unwrap().generation;
    ui.act(Action::Spectra(old, Some(News::Backend("libtorch 2.13.0 on cuda:0".to_owned()))));
    assert!(ui.screen().contains("spectra by libtorch 2.13.0 on cuda:0"), "{}", ui.screen());
    ui.act(Action::Spectra(old, Some(News::Note("the helper crashed; computing with faer".to_owned()))));
    assert!(ui.model.toast.as_ref().is_some_and(|toast| toast.is_error && toast.text.contains("crashed")));
    ui.keys("<Esc>");
    ui.act(Action::Spectra(old, Some(News::Known(3, Err("late".to_owned())))));
    assert!(ui.model.browser.as_ref().unwrap().stats.spectra.of(3).is_none(), "it was stopped");
}

#[test]
fn the_largest_values_alone_come_with_their_error() {
    let (_folder, mut ui) = table(WIDE);
    ui.by_hand = true;
    ui.keys("Gge");
    let summary = Summary {
        spectral_norm: 8.0,
        frobenius_norm: 20.0,
        condition_number: None,
        stable_rank: Some(6.25),
        effective_rank: None,
        rank: None,
        tail: Some(Fit { alpha: 3.5, from: 2.0, distance: 0.04, count: 90 }),
    };
    let portrait = Portrait {
        matrix: (4096, 4096),
        backend: "faer".to_owned(),
        summary,
        points: (1..=128).map(|rank| (rank, 8.0 / f64::from(rank).sqrt())).collect(),
        count: 128,
        is_complete: false,
        error_bound: 2.5e-6,
    };
    let generation = ui.model.jobs.task(TaskKind::Spectra).unwrap().generation;
    ui.act(Action::Spectra(generation, Some(News::Known(7, Ok(Arc::new(portrait))))));
    ui.act(Action::Spectra(generation, None));
    assert!(panel(&ui).contains("128 largest of 4,096"), "{}", ui.screen());
    insta::assert_snapshot!("spectrum_largest", hidden(&ui.screen()));
}

#[test]
fn columns_come_on_demand_and_are_sorted_by() {
    let (_folder, mut ui) = table(WIDE);
    assert!(!ui.screen().contains("eff rank"), "no column of what is not known");
    ui.keys("/!zzz<Enter>I");
    assert!(ui.screen().contains("eff rank") && ui.screen().contains("alpha"), "{}", ui.screen());
    let order = |ui: &Ui| ui.model.browser.as_ref().unwrap().table.order.column;
    while order(&ui) != Some(Column::EffectiveRank) {
        ui.keys("s");
    }
    ui.keys("gg");
    assert_eq!(ui.tensor(), "net.fc.weight", "the most directions first");
    ui.keys("I");
    assert!(ui.model.toast.as_ref().is_some_and(|toast| toast.text.contains("are there")), "once is enough");
    ui.keys("gl");
    assert!(ui.screen().contains("eff rank"), "in the tree, too: {}", ui.screen());
}

#[test]
fn the_panel_is_the_last_one() {
    let mut ui = Ui::on("assets/demo", WIDE);
    ui.keys("/glyphs-cnn<Enter>jj<Enter>gt<Tab>vvvv");
    assert_eq!(ui.model.browser.as_ref().unwrap().stats.panel, Panel::Spectrum);
    assert!(ui.screen().contains("Spectrum"), "{}", ui.screen());
}

#[test]
fn the_timeline_of_effective_ranks() {
    for (name, size) in [("140x45", WIDE), ("80x24", NARROW)] {
        let mut ui = Ui::on("assets/demo/glyphs-cnn", size);
        ui.keys("TC");
        assert_eq!(ui.model.timeline.as_ref().unwrap().measure, Measure::Rank);
        insta::assert_snapshot!(format!("timeline_rank_{name}"), ui.screen());
    }
    let mut ui = Ui::on("assets/demo/glyphs-cnn", WIDE);
    ui.keys("TC");
    let view = ui.model.timeline.as_ref().unwrap();
    let line = view.lines.iter().find(|line| line.name == "fc.weight").unwrap();
    assert!(line.ranks.iter().all(|rank| rank.is_some_and(|rank| (1.0..=6.0).contains(&rank))), "{line:?}");
    let bias = view.lines.iter().find(|line| line.name == "fc.bias").unwrap();
    assert!(bias.ranks.iter().all(Option::is_none));
    assert!(ui.screen().contains("ranks by faer"), "{}", ui.screen());
    ui.keys("u");
    let view = ui.model.timeline.as_ref().unwrap();
    assert!(view.lines.iter().any(|line| line.rank_bounds().is_some()), "modules have them, too");
}

#[test]
fn ranks_of_a_timeline_are_stopped_and_asked_for_again() {
    let mut ui = Ui::on("assets/demo/glyphs-cnn", WIDE);
    ui.keys("T");
    ui.by_hand = true;
    ui.keys("C");
    let work = ui.model.jobs.task(TaskKind::Ranks).expect("they are computed").work.clone();
    assert!(ui.screen().contains("not computed yet"), "{}", ui.screen());
    ui.keys("<Esc>");
    assert!(work.cancel.is_cancelled() && ui.model.jobs.task(TaskKind::Ranks).is_none());
    ui.keys("h");
    assert!(ui.model.jobs.task(TaskKind::Ranks).is_none(), "stopped is stopped");
    ui.keys("cC");
    assert!(ui.model.jobs.task(TaskKind::Ranks).is_some(), "until it is asked for again");
}
