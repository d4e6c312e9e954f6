//! The program without a terminal and without threads: effects are run where they arise.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ckpt_tui::limits::Limits;
use ckpt_tui::runs::CheckpointRow;
use ckpt_tui::runs::scan::{self, ScanEvent, ScanOptions};
use ckpt_tui::tui::action::{Action, CompareNews, Effect, ScanNews};
use ckpt_tui::tui::event::Event;
use ckpt_tui::tui::key;
use ckpt_tui::tui::keymap;
use ckpt_tui::tui::model::Model;
use ckpt_tui::tui::model::browser::Opened;
use ckpt_tui::tui::model::compare::stats::Panel;
use ckpt_tui::tui::model::filter;
use ckpt_tui::tui::runner::{compare, spectra, stats};
use ckpt_tui::tui::theme::Theme;
use ckpt_tui::tui::update::{First, first, start, update};
use ckpt_tui::tui::view;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::build::Build;

pub(crate) struct Ui {
    pub(crate) model: Model,
    /// Texts put on the clipboard.
    pub(crate) copied: Vec<String>,
    /// What would be in the trash.
    pub(crate) removed: Vec<PathBuf>,
    /// What the pager or the editor was given.
    pub(crate) read: Vec<ckpt_tui::tui::viewer::Reading>,
    /// What was to be remembered.
    pub(crate) remembered: Vec<ckpt_tui::tui::runner::memory::Kept>,
    /// The folder the program was started in, where reports go.
    pub(crate) started_in: PathBuf,
    /// The program was left.
    pub(crate) quit: bool,
    /// Scans that were asked for and are fed by hand.
    pub(crate) by_hand: bool,
    /// Time the last filter took on its worker, or processor time making lines ready took.
    pub(crate) in_worker: Duration,
    effects: Vec<Effect>,
}

impl Ui {
    fn new(paths: Vec<PathBuf>, size: (u16, u16)) -> Self {
        let theme = Theme::new(true, false);
        let model = Model::new(paths, size, theme);
        Self {
            model,
            copied: Vec::new(),
            removed: Vec::new(),
            remembered: Vec::new(),
            read: Vec::new(),
            started_in: PathBuf::from("/nonexistent"),
            quit: false,
            by_hand: false,
            in_worker: Duration::ZERO,
            effects: Vec::new(),
        }
    }

    /// Started on a real folder or file, everything read.
    pub(crate) fn on(path: &str, size: (u16, u16)) -> Self {
        Self::on_all(&[path], size)
    }

    /// Started on a real folder or file, the model changed before anything is read.
    pub(crate) fn on_after(path: &str, size: (u16, u16), before: impl FnOnce(&mut Model)) -> Self {
        let paths = vec![PathBuf::from(path)];
        let mut ui = Self::new(paths.clone(), size);
        before(&mut ui.model);
        ui.effects = start(&mut ui.model, first(&paths));
        ui.run_effects();
        ui
    }

    /// Started on several.
    pub(crate) fn on_all(paths: &[&str], size: (u16, u16)) -> Self {
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        let mut ui = Self::new(paths.clone(), size);
        ui.effects = start(&mut ui.model, first(&paths));
        ui.run_effects();
        ui
    }

    /// Started on a folder, its scan fed by [`Ui::found`].
    pub(crate) fn waiting(size: (u16, u16)) -> Self {
        let mut ui = Self::new(vec![PathBuf::from("experiments")], size);
        ui.by_hand = true;
        start(&mut ui.model, First::Runs);
        ui
    }

    /// Started with these rows, the scan at its end.
    pub(crate) fn with_rows(rows: Vec<CheckpointRow>, size: (u16, u16)) -> Self {
        let mut ui = Self::waiting(size);
        ui.found(rows);
        ui.done();
        ui
    }

    /// Started on a checkpoint made by hand.
    pub(crate) fn with_checkpoint(build: Build, size: (u16, u16)) -> Self {
        let mut ui = Self::with_rows(
            vec![super::build::row("/data/run/made.pt", Some(12.0), &[("loss", 0.25)])],
            size,
        );
        ui.keys("j");
        let opened = Box::new(build.opened());
        let Some(Action::Run(command, count)) =
            keymap::action(&ui.model, Event::Key(key::script("<Enter>")[0]))
        else {
            panic!("Enter runs a command");
        };
        update(&mut ui.model, Action::Run(command, count));
        let (generation, _) = ui.model.jobs.open.clone().expect("Enter opens the checkpoint");
        ui.act(Action::Opened(generation, Ok(opened)));
        ui
    }

    /// More rows from the scan.
    pub(crate) fn found(&mut self, rows: Vec<CheckpointRow>) {
        let news = rows.into_iter().map(|row| ScanNews::Row(Box::new(row))).collect();
        self.news(news);
    }

    /// The scan is at its end.
    pub(crate) fn done(&mut self) {
        self.news(vec![ScanNews::Done]);
    }

    pub(crate) fn news(&mut self, news: Vec<ScanNews>) {
        let generation = self.model.jobs.scan.expect("a scan runs");
        self.act(Action::Scan(generation, news));
    }

    pub(crate) fn act(&mut self, action: Action) {
        self.effects.extend(update(&mut self.model, action));
        if self.model.home.is_stale() {
            // What the loop does before it draws.
            self.effects.extend(update(&mut self.model, Action::Settle));
        }
        self.run_effects();
    }

    pub(crate) fn event(&mut self, event: Event) {
        if let Some(action) = keymap::action(&self.model, event) {
            self.act(action);
        }
    }

    /// Presses keys: `jj/conv<Enter>`.
    pub(crate) fn keys(&mut self, script: &str) -> &mut Self {
        for key in key::script(script) {
            self.event(Event::Key(key));
        }
        self
    }

    // One arm for each effect.
    #[allow(clippy::too_many_lines)]
    fn run_effects(&mut self) {
        while !self.effects.is_empty() {
            match self.effects.remove(0) {
                Effect::Quit => self.quit = true,
                Effect::Copy(text) => self.copied.push(text),
                Effect::Read(reading) => self.read.push(*reading),
                Effect::Remember(kept) => self.remembered.push(*kept),
                Effect::Scan(generation, paths) if !self.by_hand => {
                    self.act(Action::Scan(generation, scan_now(paths)));
                }
                Effect::Open(generation, path) if !self.by_hand => {
                    let result = ckpt_tui::format::open(&path, &Limits::default());
                    let result = result.map(|c| Box::new(Opened::of(c))).map_err(|e| e.reason());
                    self.act(Action::Opened(generation, result));
                }
                Effect::ReadLogs(generation, _, path, files) if !self.by_hand => {
                    let record = Arc::new(ckpt_tui::training::logs::record(&files));
                    self.act(Action::LogsRead(generation, path, record));
                }
                Effect::PrepareLines(generation, wanted) => {
                    let start = on_cpu();
                    let made = ckpt_tui::tui::runner::prepared(wanted);
                    self.in_worker += on_cpu().saturating_sub(start);
                    self.act(Action::LinesPrepared(generation, made));
                }
                Effect::PlanPage(generation, name) => {
                    let target = self.started_in.join(ckpt_tui::report::file_name(&name));
                    self.act(Action::PagePlanned(generation, Ok(target)));
                }
                Effect::Page(generation, work, source, request, target) => {
                    let cache = ckpt_tui::cache::Cache::off();
                    let page = ckpt_tui::tui::runner::page::write(*source, &request, &target, &cache, &work);
                    self.act(Action::Acted(generation, page.map_err(|error| error.to_string())));
                }
                // Tests move nothing to anyone's trash.
                Effect::CleanUp(_, _, plan) => {
                    self.removed.extend(plan.remove.into_iter().map(|item| item.path));
                }
                effect @ (Effect::PlanCleanUp(..)
                | Effect::LinkBest(..)
                | Effect::PlanExport(..)
                | Effect::Export(..)) => {
                    let action = ckpt_tui::tui::acting::run(effect).expect("it answers");
                    self.act(action);
                }
                Effect::Filter(generation, layers, candidates, pattern) => {
                    let name = |at| layers.entry(at).map_or("", |e| &e.path);
                    let start = Instant::now();
                    let matches = filter::in_parallel(&pattern, &candidates, name, || false);
                    self.in_worker = start.elapsed();
                    self.act(Action::Filtered(generation, matches.unwrap_or_default()));
                }
                effect => self.compute(effect),
            }
        }
    }

    fn compute(&mut self, effect: Effect) {
        match effect {
            Effect::Timeline(generation, work, sources) if !self.by_hand => {
                let done = ckpt_tui::compare::timeline::build(
                    &sources,
                    &ckpt_tui::cache::Cache::off(),
                    &work,
                    &mut |_| {},
                );
                let done = done.map(std::sync::Arc::new).map_err(|e| e.reason());
                self.act(Action::Timeline(generation, done, true));
            }
            Effect::Ranks(generation, work, paths) if !self.by_hand => {
                let mut news = Vec::new();
                let cache = ckpt_tui::cache::Cache::off();
                let mut each = |path: &std::path::Path, found| news.push(Some((path.to_owned(), found)));
                ckpt_tui::compare::timeline::ranks::of_all(paths.iter(), &cache, &work, &mut each).unwrap();
                for one in news.into_iter().chain([None]) {
                    self.act(Action::Ranks(generation, one));
                }
            }
            Effect::Statistics(generation, work, layers, tensors) => {
                let news = std::sync::Mutex::new(Vec::new());
                let cache = ckpt_tui::cache::Cache::off();
                stats::statistics(&layers, &tensors, &cache, &work, &|one| {
                    news.lock().unwrap().push(one);
                });
                for one in news.into_inner().unwrap() {
                    self.act(Action::Statistics(generation, one));
                }
            }
            Effect::Spectra(generation, work, layers, tensors) if !self.by_hand => {
                let mut news = Vec::new();
                let cache = ckpt_tui::cache::Cache::off();
                spectra::spectra(&layers, &tensors, &cache, &work, &mut |one| news.push(Some(one)));
                for one in news.into_iter().chain([None]) {
                    self.act(Action::Spectra(generation, one));
                }
            }
            Effect::Preview(generation, work, layers, wanted, count) => {
                let preview = stats::preview(&layers, wanted, count, &work);
                self.act(Action::Previewed(generation, Box::new(preview)));
            }
            effect => self.compare(effect),
        }
    }

    fn compare(&mut self, effect: Effect) {
        match effect {
            Effect::Compare(generation, request) if !self.by_hand => {
                let names = compare::names(&request);
                self.act(Action::Compared(generation, CompareNews::Keys(names)));
            }
            Effect::CompareValues(generation, work, comparison, pairs) if !self.by_hand => {
                let news = std::cell::RefCell::new(Vec::new());
                compare::compare_values(&comparison, &pairs, &work, &|one| news.borrow_mut().push(one));
                for one in news.into_inner() {
                    self.act(Action::Compared(generation, one));
                }
            }
            Effect::LookAtPair(generation, work, comparison, ids, panel) => {
                let news = match panel {
                    Panel::HeatMap => CompareNews::Picture(ids, compare::picture(&comparison, ids, &work)),
                    _ => CompareNews::Statistics(ids, compare::statistics(&comparison, ids, &work)),
                };
                self.act(Action::Compared(generation, news));
            }
            _ => {}
        }
    }

    /// What the screen shows.
    pub(crate) fn screen(&self) -> String {
        let terminal = self.draw();
        // The backend cannot write itself out without columns.
        if self.model.size.0 == 0 { String::new() } else { terminal.backend().to_string() }
    }

    /// The screen's cells with their styles.
    pub(crate) fn buffer(&self) -> ratatui::buffer::Buffer {
        self.draw().backend().buffer().clone()
    }

    pub(crate) fn draw(&self) -> Terminal<TestBackend> {
        let (width, height) = self.model.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let draw = |frame: &mut ratatui::Frame<'_>| {
            view::draw(&self.model, frame);
        };
        terminal.draw(draw).unwrap();
        terminal
    }

    /// The name of the selected checkpoint or run.
    pub(crate) fn selected(&self) -> String {
        let path = self.model.home.selected_path().unwrap_or_default();
        path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The path of the selected layer.
    pub(crate) fn layer(&self) -> String {
        let browser = self.model.browser.as_ref().expect("a checkpoint is open");
        let node =
            browser.tree.selected().and_then(|at| browser.layers().node(at)).expect("a layer is selected");
        browser.layers().path(node).to_owned()
    }

    /// The path of the selected row of the table.
    pub(crate) fn tensor(&self) -> String {
        let browser = self.model.browser.as_ref().expect("a checkpoint is open");
        browser.layers().entry(browser.table.selected().expect("a row")).unwrap().path.to_string()
    }
}

/// Time this thread had a processor: what a busy machine leaves comparable.
pub(crate) fn on_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0))
}

/// Scans in this thread. Times of writing differ from checkout to checkout.
fn scan_now(paths: Vec<PathBuf>) -> Vec<ScanNews> {
    let scan = scan::start(paths, ScanOptions::default());
    let convert = |event| match event {
        ScanEvent::Found { total } => ScanNews::Found(total),
        ScanEvent::Row(mut row) => {
            row.modified = SystemTime::UNIX_EPOCH;
            ScanNews::Row(row)
        }
        ScanEvent::Log(log) => ScanNews::Log(log),
        ScanEvent::Skipped(skipped) => ScanNews::Skipped(skipped),
        ScanEvent::Walked { files, folders } => ScanNews::Walked(files, folders),
        ScanEvent::Done => ScanNews::Done,
    };
    scan.events().iter().map(convert).collect()
}
