//! The UI over a folder in which checkpoints are saved, cut off, replaced and deleted all the time.
//!
//! `cargo test --test live` takes some seconds; `cargo test --test live -- --ignored` two minutes.

// A test that meets a surprise should stop at it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ckpt_tui::cache::Cache;
use ckpt_tui::runs::group::Index;
use ckpt_tui::runs::scan::{self, ScanOptions};
use ckpt_tui::runs::{CheckpointRow, Status};
use ckpt_tui::training::logs::record;
use ckpt_tui::tui::action::Action;
use ckpt_tui::tui::event::Event;
use ckpt_tui::tui::key::Key;
use ckpt_tui::tui::keymap;
use ckpt_tui::tui::model::Model;
use ckpt_tui::tui::runner::Runner;
use ckpt_tui::tui::theme::Theme;
use ckpt_tui::tui::update::{First, start, update};
use ckpt_tui::tui::view;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const FILES: u32 = 8;

/// A checkpoint whose loss is twice its epoch: any other pair is a wrong number.
fn save(epoch: u32) -> Vec<u8> {
    let mut bytes = b"\x80\x02}(X\x05\0\0\0epochJ".to_vec();
    bytes.extend(epoch.to_le_bytes());
    bytes.extend(b"X\x04\0\0\0lossG");
    bytes.extend((f64::from(epoch) * 2.0).to_be_bytes());
    bytes.extend(b"X\x03\0\0\0padX\x00\x20\0\0");
    bytes.extend([b'x'; 0x2000]);
    bytes.extend(b"u.");
    bytes
}

/// A small generator of numbers: the same ones in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(sides)) as u32
    }
}

fn path_of(folder: &Path, file: u32) -> PathBuf {
    folder.join(format!("run_{}", file % 2)).join(format!("checkpoint_{file}.pt"))
}

/// Does something to one of the files.
fn disturb(folder: &Path, dice: &mut Dice, epoch: u32) {
    let path = path_of(folder, dice.roll(FILES));
    let whole = save(epoch);
    match dice.roll(8) {
        6 => log(folder, dice.roll(2), epoch),
        7 if epoch.is_multiple_of(5) => {
            std::fs::remove_file(log_of(folder, dice.roll(2))).unwrap_or_default();
        }
        0 => std::fs::remove_file(&path).unwrap_or_default(),
        1 => std::fs::write(&path, &whole[..whole.len() / 3]).unwrap(),
        2 => {
            let other = path.with_extension("saving");
            std::fs::write(&other, &whole).unwrap();
            std::fs::rename(&other, &path).unwrap();
        }
        3 => {
            if let Ok(file) = std::fs::OpenOptions::new().write(true).open(&path) {
                file.set_len(u64::from(dice.roll(9000))).unwrap();
            }
        }
        _ => std::fs::write(&path, &whole).unwrap(),
    }
}

fn log_of(folder: &Path, run: u32) -> PathBuf {
    folder.join(format!("run_{run}")).join("metrics.csv")
}

/// Adds a line to the log of a run.
fn log(folder: &Path, run: u32, epoch: u32) {
    let path = log_of(folder, run);
    let mut text = std::fs::read_to_string(&path).unwrap_or_else(|_| "epoch,step,val_loss\n".to_owned());
    writeln!(text, "{epoch},{},{}", epoch * 10, f64::from(epoch) * 2.0).unwrap();
    std::fs::write(path, text).unwrap();
}

struct Live {
    model: Model,
    events: crossbeam_channel::Receiver<Event>,
    runner: Runner,
    terminal: Terminal<TestBackend>,
}

impl Live {
    fn on(folder: &Path) -> Self {
        let (send, events) = crossbeam_channel::bounded(1024);
        let runner = Runner::new(send, Cache::off());
        let paths = vec![folder.to_owned()];
        runner.watch(paths.clone());
        let mut model = Model::new(paths, (100, 30), Theme::new(false, true));
        for effect in start(&mut model, First::Runs) {
            runner.run(effect);
        }
        let terminal = Terminal::new(TestBackend::new(100, 30)).unwrap();
        Self { model, events, runner, terminal }
    }

    /// Takes in what there is, and draws.
    fn step(&mut self) {
        while let Ok(event) = self.events.recv_timeout(Duration::from_millis(20)) {
            self.take(event);
        }
        for effect in update(&mut self.model, Action::Settle) {
            self.runner.run(effect);
        }
        let model = &self.model;
        self.terminal
            .draw(|frame| {
                view::draw(model, frame);
            })
            .unwrap();
    }

    fn take(&mut self, event: Event) {
        if let Some(action) = keymap::action(&self.model, event) {
            for effect in update(&mut self.model, action) {
                self.runner.run(effect);
            }
        }
    }

    fn rows(&self) -> impl Iterator<Item = &CheckpointRow> {
        self.model.home.index.runs.iter().flat_map(|run| &run.checkpoints)
    }
}

/// What a list shows of a file.
type Shown = BTreeMap<PathBuf, (Status, Option<f64>, Vec<(String, f64)>, u64)>;

fn shown<'a>(rows: impl Iterator<Item = &'a CheckpointRow>) -> Shown {
    rows.map(|row| {
        let metrics = row.training.metrics.clone();
        (row.path.clone(), (row.status, row.training.progress.raw_epoch, metrics, row.bytes))
    })
    .collect()
}

/// A run, its logs with their sizes, and what was read of them where that was asked for.
type Logged = (PathBuf, Vec<(PathBuf, u64)>, Option<String>);

/// The logs of each run.
fn logged(ui: &Live) -> Vec<Logged> {
    let runs = ui.model.home.index.runs.iter().filter(|run| !run.logs.is_empty());
    runs.map(|run| {
        let read = run.record.as_ref().filter(|_| !run.wants_logs()).map(|record| format!("{record:?}"));
        (run.path.clone(), run.logs.iter().map(|log| (log.path.clone(), log.bytes)).collect(), read)
    })
    .collect()
}

/// The logs are those of a fresh scan, and what is shown of those that were read is what is in them.
fn logs_are(ui: &Live, fresh: &Index) -> bool {
    let want: Vec<_> = fresh.runs.iter().filter(|run| !run.logs.is_empty()).collect();
    let held = logged(ui);
    held.len() == want.len()
        && held.iter().any(|(.., read)| read.is_some())
        && held.iter().zip(&want).all(|((path, logs, read), run)| {
            *path == run.path
                && logs.iter().eq(&run.logs.iter().map(|l| (l.path.clone(), l.bytes)).collect::<Vec<_>>())
                && read.as_ref().is_none_or(|read| *read == format!("{:?}", record(&run.logs)))
        })
}

fn numbers_are_of_one_save(row: &CheckpointRow) {
    if row.status == Status::Ok {
        let loss = row.training.metrics.iter().find(|(name, _)| name == "loss").map(|(_, loss)| *loss);
        let epoch = row.training.progress.raw_epoch;
        assert_eq!(loss, epoch.map(|epoch| epoch * 2.0), "{}", row.path.display());
    }
}

fn live(seconds: u64) {
    let folder = tempfile::tempdir().unwrap();
    for run in 0..2 {
        std::fs::create_dir(folder.path().join(format!("run_{run}"))).unwrap();
    }
    let (stop, saves) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let writer = {
        let (root, stop, saves) = (folder.path().to_owned(), Arc::clone(&stop), Arc::clone(&saves));
        std::thread::spawn(move || {
            let mut dice = Dice(7);
            while !stop.load(Ordering::Relaxed) {
                disturb(&root, &mut dice, 1 + saves.fetch_add(1, Ordering::Relaxed) % 1000);
                // Faster than any training, slower than a loop that starves the reader of a small machine.
                std::thread::park_timeout(Duration::from_millis(3));
            }
        })
    };
    let mut ui = Live::on(folder.path());
    let mut dice = Dice(11);
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        ui.step();
        ui.rows().for_each(numbers_are_of_one_save);
        let key = ["j", "k", "Tab", "s", "Enter", "Esc"][dice.roll(6) as usize];
        ui.take(Event::Key(Key::parse(key).unwrap()));
    }
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    assert!(saves.load(Ordering::Relaxed) > 50, "the writer did next to nothing");
    for file in 0..FILES {
        std::fs::write(path_of(folder.path(), file), save(2000 + file)).unwrap();
    }
    for run in 0..2 {
        log(folder.path(), run, 2000 + run);
    }
    let fresh = scan::collect(vec![folder.path().to_owned()], ScanOptions::default());
    let want = shown(fresh.runs.iter().flat_map(|run| &run.checkpoints));
    assert_eq!(want.len(), FILES as usize);
    let deadline = Instant::now() + Duration::from_secs(60);
    while shown(ui.rows()) != want {
        assert!(Instant::now() < deadline, "{:#?}\nand a fresh scan\n{want:#?}", shown(ui.rows()));
        ui.step();
    }
    // The selection lies on a run, so that its logs are wanted.
    while !logs_are(&ui, &fresh) {
        assert!(Instant::now() < deadline, "{:#?}\nand a fresh scan\n{fresh:#?}", logged(&ui));
        ui.step();
    }
}

#[test]
fn the_list_follows_a_folder_that_never_rests() {
    live(6);
}

#[test]
#[ignore = "two minutes"]
fn the_list_follows_a_folder_that_never_rests_for_two_minutes() {
    live(120);
}
