//! Runs effects: the one place of the UI that starts threads and touches files.
//!
//! Each job carries the generation it was asked for with and sends what it found into the channel all events
//! come through. A newer job of a kind makes older ones stop. A panic in a job becomes a message.

pub mod compare;
pub mod memory;
pub mod page;
pub mod spectra;
pub mod stats;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use super::acting;
use super::action::{Action, CompareNews, CompareRequest, Effect, MadeLine, ScanNews};
use super::event::Event;
use super::model::browser::Opened;
use super::model::compare::stats::Panel;
use super::model::compare::{Comparison, Ids};
use super::model::curve::lines;
use super::model::filter;
use super::model::layers::Layers;
use super::model::stats::Wanted;
use crate::cache::Cache;
use crate::compare::timeline::{self, Source, Timeline, ranks};
use crate::limits::Limits;
use crate::runs::act;
use crate::runs::scan::{self, ScanEvent, ScanOptions};
use crate::runs::watch;
use crate::state::Store;
use crate::training::logs::LogFile;
use crate::training::{logs, prepared};
use crate::work::Work;

/// News of a scan sent in one event at most.
const BATCH: usize = 256;
/// Time between two partial pictures of long work.
const PICTURE: Duration = Duration::from_millis(100);

/// Starts jobs.
pub struct Runner {
    events: Sender<Event>,
    newest_scan: Arc<AtomicU64>,
    newest_filter: Arc<AtomicU64>,
    cache: Arc<Cache>,
    /// Where bookmarks are remembered.
    pub store: Store,
    /// Writes down what is to be remembered.
    pub keeper: Option<memory::Keeper>,
}

impl Runner {
    /// A runner whose jobs send into `events`.
    pub fn new(events: Sender<Event>, cache: Cache) -> Self {
        Self {
            events,
            newest_scan: Arc::default(),
            newest_filter: Arc::default(),
            cache: Arc::new(cache),
            store: Store::off(),
            keeper: None,
        }
    }

    /// Runs an effect; those that concern the screen are not for it.
    pub fn run(&self, effect: Effect) {
        match effect {
            Effect::Scan(generation, paths) => self.scan(generation, paths),
            Effect::StopScan => self.newest_scan.store(0, Ordering::Relaxed),
            Effect::Open(generation, path) => self.open(generation, path),
            Effect::ReadLogs(generation, work, path, files) => self.read_logs(generation, work, path, files),
            Effect::PrepareLines(generation, wanted) => {
                self.spawn(generation, "preparing curves", move |_| {
                    Some(Action::LinesPrepared(generation, prepared(wanted)))
                });
            }
            Effect::PlanCleanUp(..)
            | Effect::CleanUp(..)
            | Effect::LinkBest(..)
            | Effect::PlanExport(..)
            | Effect::Export(..) => self.act(effect),
            Effect::Filter(generation, layers, candidates, pattern) => {
                self.filter(generation, layers, candidates, pattern);
            }
            Effect::Timeline(generation, work, sources) => self.timeline(generation, work, sources),
            Effect::Ranks(generation, work, paths) => self.ranks(generation, work, paths),
            Effect::Compare(generation, request) => self.compare(generation, *request),
            Effect::CompareValues(generation, work, comparison, pairs) => {
                self.compare_values(generation, work, comparison, pairs);
            }
            Effect::LookAtPair(generation, work, comparison, ids, panel) => {
                self.look_at_pair(generation, work, comparison, ids, panel);
            }
            Effect::Statistics(generation, work, layers, tensors) => {
                self.statistics(generation, work, layers, tensors);
            }
            Effect::Spectra(generation, work, layers, tensors) => {
                self.spectra(generation, work, layers, tensors);
            }
            Effect::PlanPage(..) | Effect::Page(..) => self.page(effect),
            Effect::Preview(generation, work, layers, wanted, count) => {
                self.preview(generation, work, layers, wanted, count);
            }
            Effect::Remember(kept) => self.remember(*kept),
            Effect::Read(_)
            | Effect::Copy(_)
            | Effect::Mouse(_)
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Quit => {}
        }
    }

    /// Runs `work` on a thread of its own and sends what it returns. A panic, or no thread to be had, is sent
    /// as a failed job.
    fn spawn(
        &self,
        generation: u64,
        what: &'static str,
        work: impl FnOnce(&Sender<Event>) -> Option<Action> + Send + 'static,
    ) {
        let events = self.events.clone();
        let job = move || {
            let done = catch_unwind(AssertUnwindSafe(|| work(&events)));
            let action = done.unwrap_or_else(|panic| {
                let message =
                    format!("{what} failed inside ckpt-tui: {}; please report this", message(&*panic));
                Some(Action::JobFailed(generation, message))
            });
            if let Some(action) = action {
                // No receiver: the program is ending.
                let _ = events.send(Event::Job(action));
            }
        };
        if let Err(error) = std::thread::Builder::new().name(what.to_owned()).spawn(job) {
            let failed = Action::JobFailed(generation, format!("{what}: no thread to be had: {error}"));
            // Not a blocking send: this is the thread that empties the channel.
            let _ = self.events.try_send(Event::Job(failed));
        }
    }

    fn remember(&self, kept: memory::Kept) {
        if let Some(keeper) = &self.keeper {
            keeper.keep(kept);
        }
    }

    fn read_logs(&self, generation: u64, work: Work, path: PathBuf, files: Vec<LogFile>) {
        self.spawn(generation, "reading logs", move |_| {
            let record = Arc::new(logs::record(&files));
            // Stopped or not: what was read is true.
            drop(work);
            Some(Action::LogsRead(generation, path, record))
        });
    }

    fn scan(&self, generation: u64, paths: Vec<PathBuf>) {
        self.newest_scan.store(generation, Ordering::Relaxed);
        let newest = Arc::clone(&self.newest_scan);
        self.spawn(generation, "scanning", move |events| {
            let scan = scan::start(paths, ScanOptions::default());
            while let Ok(first) = scan.events().recv() {
                if newest.load(Ordering::Relaxed) != generation {
                    // Dropping the scan stops it.
                    return None;
                }
                let more = scan.events().try_iter().take(BATCH - 1);
                let news = std::iter::once(first).chain(more).map(convert).collect();
                events.send(Event::Job(Action::Scan(generation, news))).ok()?;
            }
            Some(Action::Scan(generation, vec![ScanNews::Done]))
        });
    }

    /// What looks into or changes the folders because a person asked for it.
    fn act(&self, effect: Effect) {
        let generation = match &effect {
            Effect::PlanCleanUp(generation, _)
            | Effect::CleanUp(generation, ..)
            | Effect::LinkBest(generation, _)
            | Effect::PlanExport(generation, ..)
            | Effect::Export(generation, ..) => *generation,
            _ => return,
        };
        let store = self.store.clone();
        self.spawn(generation, "acting on checkpoints", move |_| match effect {
            Effect::PlanCleanUp(generation, mut request) => {
                // Bookmarks count wherever the program was started to put them.
                request.marked.extend(act::marked_by(&request.run, &store.bookmarked()));
                acting::run(Effect::PlanCleanUp(generation, request))
            }
            effect => acting::run(effect),
        });
    }

    /// Pages for others.
    fn page(&self, effect: Effect) {
        match effect {
            Effect::PlanPage(generation, name) => self.spawn(generation, "a report", move |_| {
                Some(Action::PagePlanned(generation, page::free(&name)))
            }),
            Effect::Page(generation, work, source, request, target) => {
                let cache = Arc::clone(&self.cache);
                self.spawn(generation, "a report", move |_| {
                    let written = page::write(*source, &request, &target, &cache, &work);
                    Some(Action::Acted(generation, written.map_err(|error| error.to_string())))
                });
            }
            _ => {}
        }
    }

    /// Watches `paths` from now on.
    pub fn watch(&self, paths: Vec<PathBuf>) {
        self.spawn(0, "watching the folders", move |events| {
            let watch = watch::start(paths, Limits::default());
            while let Ok(first) = watch.changes().recv() {
                let more = watch.changes().try_iter().take(BATCH - 1);
                let changes = std::iter::once(first).chain(more).collect();
                events.send(Event::Job(Action::Changed(changes))).ok()?;
            }
            None
        });
    }

    fn open(&self, generation: u64, path: PathBuf) {
        let cache = Arc::clone(&self.cache);
        self.spawn(generation, "opening the file", move |_| {
            let opened = open(&path).map(|mut opened| {
                opened.remembered = crate::stats::remembered(opened.layers.checkpoint(), &cache);
                opened
            });
            Some(Action::Opened(generation, opened))
        });
    }

    fn statistics(&self, generation: u64, work: Work, layers: Arc<Layers>, tensors: Vec<u32>) {
        let cache = Arc::clone(&self.cache);
        self.spawn(generation, "statistics", move |events| {
            let send = |news| {
                let _ = events.send(Event::Job(Action::Statistics(generation, news)));
            };
            stats::statistics(&layers, &tensors, &cache, &work, &send);
            None
        });
    }

    fn spectra(&self, generation: u64, work: Work, layers: Arc<Layers>, tensors: Vec<u32>) {
        let cache = Arc::clone(&self.cache);
        self.spawn(generation, "spectra", move |events| {
            let mut send = |news| {
                let _ = events.send(Event::Job(Action::Spectra(generation, Some(news))));
            };
            let done = spectra::spectra(&layers, &tensors, &cache, &work, &mut send);
            done.then_some(Action::Spectra(generation, None))
        });
    }

    fn ranks(&self, generation: u64, work: Work, paths: Vec<PathBuf>) {
        let cache = Arc::clone(&self.cache);
        self.spawn(generation, "effective ranks", move |events| {
            let mut send = |path: &Path, found| {
                let news = Some((path.to_owned(), found));
                let _ = events.send(Event::Job(Action::Ranks(generation, news)));
            };
            ranks::of_all(paths.iter(), &cache, &work, &mut send).ok()?;
            Some(Action::Ranks(generation, None))
        });
    }

    fn preview(&self, generation: u64, work: Work, layers: Arc<Layers>, wanted: Wanted, count: usize) {
        self.spawn(generation, "reading values", move |_| {
            let preview = stats::preview(&layers, wanted, count, &work);
            Some(Action::Previewed(generation, Box::new(preview)))
        });
    }

    fn timeline(&self, generation: u64, work: Work, sources: Vec<Source>) {
        self.spawn(generation, "the timeline", move |events| {
            let mut sent = Instant::now();
            // Partial pictures come as they are drawn: not more of them.
            let mut progress = |timeline: &Timeline| {
                if timeline.checkpoints.len() == 1 || sent.elapsed() >= PICTURE {
                    sent = Instant::now();
                    let part = Ok(Arc::new(timeline.clone()));
                    let _ = events.send(Event::Job(Action::Timeline(generation, part, false)));
                }
            };
            let done = timeline::build(&sources, &Cache::of_user(), &work, &mut progress);
            Some(Action::Timeline(generation, done.map(Arc::new).map_err(|e| e.reason()), true))
        });
    }

    fn compare(&self, generation: u64, request: CompareRequest) {
        self.spawn(generation, "comparing", move |_| {
            Some(Action::Compared(generation, CompareNews::Keys(compare::names(&request))))
        });
    }

    fn compare_values(&self, generation: u64, work: Work, comparison: Arc<Comparison>, pairs: Vec<u32>) {
        self.spawn(generation, "comparing values", move |events| {
            compare::compare_values(&comparison, &pairs, &work, &|news| {
                let _ = events.send(Event::Job(Action::Compared(generation, news)));
            });
            None
        });
    }

    fn look_at_pair(&self, generation: u64, work: Work, comparison: Arc<Comparison>, ids: Ids, panel: Panel) {
        self.spawn(generation, "statistics", move |_| {
            let news = match panel {
                Panel::Facts => return None,
                Panel::Numbers => CompareNews::Statistics(ids, compare::statistics(&comparison, ids, &work)),
                Panel::HeatMap => CompareNews::Picture(ids, compare::picture(&comparison, ids, &work)),
            };
            Some(Action::Compared(generation, news))
        });
    }

    fn filter(&self, generation: u64, layers: Arc<Layers>, candidates: Vec<u32>, pattern: String) {
        self.newest_filter.store(generation, Ordering::Relaxed);
        let newest = Arc::clone(&self.newest_filter);
        self.spawn(generation, "filtering", move |_| {
            let name = |at| layers.entry(at).map_or("", |e| &e.path);
            let stop = || newest.load(Ordering::Relaxed) != generation;
            let matches = filter::in_parallel(&pattern, &candidates, name, stop)?;
            Some(Action::Filtered(generation, matches))
        });
    }
}

fn open(path: &Path) -> Result<Box<Opened>, String> {
    let checkpoint = crate::format::open(path, &Limits::default()).map_err(|e| e.reason())?;
    Ok(Box::new(Opened::of(checkpoint)))
}

/// Makes lines of the plot ready.
pub fn prepared(wanted: Vec<(lines::Key, prepared::Wanted)>) -> Vec<MadeLine> {
    let make = |(key, wanted): (lines::Key, prepared::Wanted)| {
        let made = wanted.prepare();
        (key, wanted, made)
    };
    wanted.into_iter().map(make).collect()
}

fn convert(event: ScanEvent) -> ScanNews {
    match event {
        ScanEvent::Found { total } => ScanNews::Found(total),
        ScanEvent::Row(row) => ScanNews::Row(row),
        ScanEvent::Log(log) => ScanNews::Log(log),
        ScanEvent::Skipped(skipped) => ScanNews::Skipped(skipped),
        ScanEvent::Walked { files, folders } => ScanNews::Walked(files, folders),
        ScanEvent::Done => ScanNews::Done,
    }
}

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without a message")
}
