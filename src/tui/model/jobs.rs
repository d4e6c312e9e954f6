//! What is going on in other threads, as far as the screens know.
//!
//! A [`Task`] is long work on values: it has a meter and can be stopped. There is one slot for each
//! [`TaskKind`]; starting another task of a kind stops the one before. Whatever a task brings carries its
//! generation, and is dropped unless that task is still in its slot.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::text::number;
use crate::work::Work;

/// Tenths of a second after which a wait has a gauge.
pub const WAIT: usize = 10;

/// A slot for long work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskKind {
    /// Statistics of the opened checkpoint.
    Statistics,
    /// Singular values of the opened checkpoint.
    Spectra,
    /// The values of one tensor, for a picture of them.
    Preview,
    /// Keys and values of two checkpoints.
    Compare,
    /// What a panel of the comparison shows of a pair of tensors.
    Pair,
    /// Every layer over every checkpoint of a run.
    Timeline,
    /// Effective ranks for a timeline.
    Ranks,
    /// Logs beside the checkpoints.
    Logs,
    /// Checking a file for damage and danger.
    Check,
    /// Writing a file the person asked for.
    Write,
}

/// What a task counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Files, tensors, or other things one can count.
    Things,
    /// What nobody counts: only the part that is done is told.
    Parts,
}

/// Long work under way. Dropping it stops the work.
#[derive(Debug)]
pub struct Task {
    /// Its slot.
    pub kind: TaskKind,
    /// What its results carry.
    pub generation: u64,
    /// What is being done: `statistics`.
    pub title: String,
    /// What its meter counts.
    pub unit: Unit,
    /// Shared with the worker.
    pub work: Work,
    /// [`super::Model::ticks`] when it began.
    began: usize,
}

impl Drop for Task {
    fn drop(&mut self) {
        self.work.cancel.cancel();
    }
}

impl Task {
    /// The part that is done, once it has run so long that one wants to see it grow.
    pub fn gauge(&self, ticks: usize) -> Option<f64> {
        self.work.meter.fraction().filter(|_| ticks.saturating_sub(self.began) >= WAIT)
    }

    /// How far it is, in words: `43% of 1.12 GiB, 3 s left`.
    pub fn progress(&self, ticks: usize) -> String {
        let meter = &self.work.meter;
        let amount = |n| if self.unit == Unit::Bytes { number::bytes(n) } else { number::grouped(n) };
        let Some(fraction) = meter.fraction() else {
            return if meter.done() > 0 && self.unit != Unit::Parts {
                amount(meter.done())
            } else {
                String::new()
            };
        };
        let mut text = match self.unit {
            Unit::Bytes => number::done(fraction, meter.total()),
            Unit::Parts => format!("{:.0}%", (fraction * 100.0).floor()),
            Unit::Things => format!("{:.0}% of {}", (fraction * 100.0).floor(), amount(meter.total())),
        };
        let elapsed = ticks.saturating_sub(self.began) as f64 / 10.0;
        // Too early to say anything true about the time left.
        if elapsed >= 1.0 && fraction > 0.02 {
            let left = elapsed / fraction - elapsed;
            let _ = write!(text, ", {} left", seconds(left));
        }
        text
    }
}

fn seconds(s: f64) -> String {
    match s.ceil() as u64 {
        s @ 0..=99 => format!("{s} s"),
        s @ 100..=5_999 => format!("{} min", s.div_ceil(60)),
        s => format!("{} h", s.div_ceil(3_600)),
    }
}

/// What is going on in other threads.
#[derive(Debug, Default)]
pub struct Jobs {
    /// Number of the newest job of any kind.
    pub generation: u64,
    /// The scan that runs.
    pub scan: Option<u64>,
    /// [`super::Model::ticks`] when it began.
    pub scan_began: usize,
    /// The checkpoint being opened.
    pub open: Option<(u64, PathBuf)>,
    /// The filter being tried.
    pub filter: Option<u64>,
    /// Long work, oldest first; at most one of each kind.
    pub tasks: Vec<Task>,
}

impl Jobs {
    /// A number for a new job.
    pub fn number(&mut self) -> u64 {
        self.generation += 1;
        self.generation
    }

    /// True while a spinner should turn.
    pub fn is_busy(&self) -> bool {
        self.scan.is_some() || self.open.is_some() || self.filter.is_some() || !self.tasks.is_empty()
    }

    /// Tasks that write, or compute what takes its time: not lost by a key pressed by habit.
    pub fn at_work(&self) -> impl Iterator<Item = &Task> {
        let is_short = |kind| matches!(kind, TaskKind::Preview | TaskKind::Pair | TaskKind::Logs);
        self.tasks.iter().filter(move |task| !is_short(task.kind))
    }

    /// How many jobs there are of any kind.
    pub fn count(&self) -> usize {
        let others = [self.scan.is_some(), self.open.is_some(), self.filter.is_some()];
        self.tasks.len() + others.into_iter().filter(|is| *is).count()
    }

    /// Takes the slot of `kind` for new work, which stops the one before: its generation, and what the worker
    /// is to be given. `ticks` is [`super::Model::ticks`].
    pub fn begin(&mut self, kind: TaskKind, title: &str, unit: Unit, ticks: usize) -> (u64, Work) {
        self.stop(kind);
        let generation = self.number();
        let work = Work::default();
        let title = title.to_owned();
        self.tasks.push(Task { kind, generation, title, unit, work: work.clone(), began: ticks });
        (generation, work)
    }

    /// The task in the slot of `kind`.
    pub fn task(&self, kind: TaskKind) -> Option<&Task> {
        self.tasks.iter().find(|task| task.kind == kind)
    }

    /// Says anew what the task in the slot of `kind` is doing.
    pub fn retitle(&mut self, kind: TaskKind, title: String) {
        if let Some(task) = self.tasks.iter_mut().find(|task| task.kind == kind) {
            task.title = title;
        }
    }

    /// True if what carries `generation` comes from the task in the slot of `kind`.
    pub fn is_current(&self, kind: TaskKind, generation: u64) -> bool {
        self.task(kind).is_some_and(|task| task.generation == generation)
    }

    /// The task is done: frees its slot. False if it was replaced or stopped meanwhile; what it brings is to
    /// be dropped then.
    pub fn finish(&mut self, kind: TaskKind, generation: u64) -> bool {
        let is_current = self.is_current(kind, generation);
        if is_current {
            self.stop(kind);
        }
        is_current
    }

    /// Stops the task in the slot of `kind`.
    pub fn stop(&mut self, kind: TaskKind) {
        self.tasks.retain(|task| task.kind != kind);
    }

    /// Stops the newest task, and says which it was.
    pub fn stop_newest(&mut self) -> Option<(TaskKind, String)> {
        self.tasks.pop().map(|task| (task.kind, task.title.clone()))
    }

    /// The job with this generation failed: it is no longer there.
    pub(in crate::tui) fn remove(&mut self, generation: u64) {
        self.tasks.retain(|task| task.generation != generation);
        if self.filter == Some(generation) {
            self.filter = None;
        }
        if self.open.as_ref().is_some_and(|(newest, _)| *newest == generation) {
            self.open = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_task_of_a_kind_stops_the_older_one() {
        let mut jobs = Jobs::default();
        let (old, work) = jobs.begin(TaskKind::Statistics, "statistics", Unit::Bytes, 0);
        let (new, _) = jobs.begin(TaskKind::Statistics, "statistics", Unit::Bytes, 0);
        assert!(work.cancel.is_cancelled());
        assert!(!jobs.finish(TaskKind::Statistics, old), "what the old one brings is dropped");
        assert!(jobs.finish(TaskKind::Statistics, new));
        assert!(!jobs.is_busy());
    }

    #[test]
    fn the_newest_task_is_stopped_first() {
        let mut jobs = Jobs::default();
        let (_, first) = jobs.begin(TaskKind::Statistics, "statistics", Unit::Bytes, 0);
        let (_, second) = jobs.begin(TaskKind::Timeline, "timeline", Unit::Things, 0);
        assert_eq!(jobs.stop_newest(), Some((TaskKind::Timeline, "timeline".to_owned())));
        assert!(second.cancel.is_cancelled() && !first.cancel.is_cancelled());
    }

    #[test]
    fn progress_in_words() {
        let mut jobs = Jobs::default();
        let (_, work) = jobs.begin(TaskKind::Statistics, "statistics", Unit::Bytes, 5);
        let task = |ticks| jobs.task(TaskKind::Statistics).unwrap().progress(ticks);
        assert_eq!(task(5), "");
        work.meter.expect(4 << 30);
        work.meter.advance(1 << 30);
        assert_eq!(task(6), "25% of 4.00 GiB");
        assert_eq!(task(25), "25% of 4.00 GiB, 6 s left");
    }
}
