//! The terminal screens.
//!
//! ```text
//! event → keymap → action → update(model) → effects → runner → events
//!                                  ↓
//!                           view(model) → frame
//! ```
//! * [`model`] is everything the screens show. [`update`] is the only place that changes it, does no I/O and
//!   starts no thread; it returns effects as data, which [`runner`] and [`term`] run.
//! * [`view`] draws the model and changes nothing. Where things are is decided in [`layout`], a pure function
//!   that drawing, page sizes and the mouse all use.
//! * [`commands`] is the one table behind keys, footer and help; [`bindings`] has the keys in force.
//! * [`doc`] writes the text panes; [`theme`] alone knows colours and glyphs; [`event`] and [`term`] alone
//!   know the terminal library.

pub mod acting;
pub mod action;
pub mod app;
pub mod bindings;
pub mod commands;
pub mod doc;
pub mod event;
pub mod help;
pub mod key;
pub mod keymap;
pub mod layout;
pub mod model;
pub mod runner;
pub mod term;
pub mod theme;
pub mod update;
pub mod view;
pub mod viewer;

use std::fmt;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use crate::state::Store;
use action::{Action, Effect};
use app::{Exit, Screen};
use bindings::Bindings;
use crossbeam_channel::Sender;
use event::Event;
use model::Model;
use model::memory::Memory;
use runner::Runner;
use runner::memory::Keeper;
use term::Term;
use theme::Theme;

/// What the screens are started with.
#[derive(Debug)]
pub struct Options {
    /// Folders and files; the current folder when there are none. A single file is opened at once, two are
    /// compared.
    pub paths: Vec<PathBuf>,
    /// Where results are remembered.
    pub cache: crate::cache::Cache,
    /// Looks.
    pub theme: Theme,
    /// Which keys run which command.
    pub keys: Bindings,
    /// Metrics to lead with, the first a run has.
    pub metrics: Vec<String>,
    /// Catch the mouse, or leave it to the terminal; as it was last without.
    pub mouse: Option<bool>,
    /// Hints for those who have just begun.
    pub hints: bool,
    /// Where it is remembered where one was.
    pub state: Store,
}

/// Why the screens could not be shown, or ended early.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// There is no terminal to show them on.
    NotATerminal,
    /// The terminal failed.
    Terminal(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotATerminal => f.write_str(
                "standard input and output are not a terminal; `ckpt-tui ls` and `ckpt-tui show` print text",
            ),
            Self::Terminal(source) => write!(f, "the terminal failed: {source}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotATerminal => None,
            Self::Terminal(source) => Some(source),
        }
    }
}

impl From<io::Error> for Error {
    fn from(source: io::Error) -> Self {
        Self::Terminal(source)
    }
}

/// Shows the screens until the person quits.
///
/// # Errors
/// [`Error::NotATerminal`] without a terminal, [`Error::Terminal`] when it fails.
pub fn run(options: Options) -> Result<(), Error> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(Error::NotATerminal);
    }
    let paths = if options.paths.is_empty() { vec![PathBuf::from(".")] } else { options.paths };
    let first = update::first(&paths);
    let (send, events) = crossbeam_channel::bounded(1024);
    let mut memory = remembered(&options.state, &paths);
    let mouse = options.mouse.or(memory.global.mouse).unwrap_or(true);
    let mut screen = TermScreen {
        term: Term::enter(mouse)?,
        events: send.clone(),
        runner: Runner::new(send.clone(), options.cache),
    };
    screen.runner.watch(paths.clone());
    let mut model = Model::new(paths, screen.term.size()?, options.theme);
    model.keys = options.keys;
    model.home.curve.preferred = options.metrics;
    model.mouse = mouse;
    let known = (memory.global.clone(), memory.folder.clone());
    screen.runner.store = options.state.clone();
    screen.runner.keeper = Some(Keeper::start(options.state, memory.about(), known));
    memory.global.starts = memory.global.starts.saturating_add(1);
    model.hints.is_on = options.hints && memory.global.starts <= commands::hints::STARTS;
    model::memory::restore(&mut model, memory, first == update::First::Runs);
    model.zone = jiff::tz::TimeZone::system();
    model.home.here = std::env::current_dir().ok();
    for effect in update::start(&mut model, first) {
        screen.run(effect)?;
    }
    event::listen(send)?;
    let exit = app::run(&mut model, &events, &mut screen);
    let keeper = screen.runner.keeper.take();
    // The terminal goes first: a slow disk is not waited for on a screen that is frozen.
    drop(screen);
    if let Some(keeper) = keeper {
        keeper.finish(model::memory::kept(&model));
    }
    let exit = exit?;
    if let Exit::Signal(signal) = exit {
        crate::platform::end_by(signal);
    }
    Ok(())
}

/// What is remembered of these paths.
fn remembered(store: &Store, paths: &[PathBuf]) -> Memory {
    let absolute = |path: &PathBuf| Some((path.clone(), crate::state::place(path)?));
    let roots: Vec<_> = paths.iter().filter_map(absolute).collect();
    let about: Vec<PathBuf> = roots.iter().map(|(_, absolute)| absolute.clone()).collect();
    Memory::of(roots, store.global(), store.place(&about))
}

/// The terminal and the jobs behind it.
struct TermScreen {
    term: Term,
    events: Sender<Event>,
    runner: Runner,
}

impl Screen for TermScreen {
    fn draw(&mut self, model: &Model) -> io::Result<(u16, u16)> {
        self.term.draw(|frame| view::draw(model, frame))
    }

    fn run(&mut self, effect: Effect) -> io::Result<()> {
        match effect {
            Effect::Copy(text) => self.term.copy(&text),
            Effect::Read(reading) => {
                let paused = event::pause();
                let shown = self.term.lend(|| viewer::show(&reading));
                drop(paused);
                if let Err(reason) = shown? {
                    // Not a blocking send: this is the thread that empties the channel.
                    let _ = self.events.try_send(Event::Job(Action::Complaint(reason)));
                }
                Ok(())
            }
            Effect::Mouse(caught) => self.term.set_mouse(caught),
            Effect::Redraw => self.term.redraw(),
            Effect::Suspend => self.term.suspend(),
            other => {
                self.runner.run(other);
                Ok(())
            }
        }
    }

    fn resumed(&mut self) -> io::Result<()> {
        self.term.retake()
    }
}
