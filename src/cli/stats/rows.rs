//! The rows of the answer, in the order of the file, as they become known.

use std::collections::HashMap;
use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::checkpoint::{Checkpoint, TensorEntry};
use crate::error::Result;
use crate::stats::{Finding, Plan, TensorStats, findings};
use crate::tensor::TensorMeta;
use crate::text::number;
use crate::work::Work;

/// Nothing is said about how far it is before this.
const PATIENCE: Duration = Duration::from_millis(300);
/// How often it is said then.
const PACE: Duration = Duration::from_millis(100);

/// What is known of one tensor.
pub(super) struct Row<'a> {
    pub(super) entry: &'a TensorEntry,
    pub(super) meta: &'a TensorMeta,
    /// The statistics, or why there are none.
    pub(super) stats: std::result::Result<Arc<TensorStats>, String>,
    pub(super) findings: Vec<Finding>,
}

type Known = std::result::Result<Arc<TensorStats>, String>;

/// Rows, one for each name that is wanted.
pub(super) struct Rows<'a> {
    checkpoint: &'a Checkpoint,
    plan: &'a Plan,
    receiver: Receiver<(usize, Result<Arc<TensorStats>>)>,
    at: usize,
    known: HashMap<usize, Known>,
    /// Names yet to come of each tensor: what has none is forgotten.
    names: Vec<u32>,
    progress: Progress<'a>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(
        checkpoint: &'a Checkpoint,
        plan: &'a Plan,
        receiver: Receiver<(usize, Result<Arc<TensorStats>>)>,
        work: &'a Work,
    ) -> Self {
        let mut names = vec![0; plan.len()];
        for index in (0..checkpoint.tensors().len()).filter_map(|at| plan.index(at)) {
            if let Some(names) = names.get_mut(index) {
                *names += 1;
            }
        }
        let (began, on) = (Instant::now(), std::io::stderr().is_terminal());
        let progress = Progress { work, began, due: began + PATIENCE, on, drawn: false };
        Self { checkpoint, plan, receiver, at: 0, known: HashMap::new(), names, progress }
    }

    /// Waits for what is known of tensor `index`; `None` if it never will be.
    fn wait(&mut self, index: usize) -> Option<Known> {
        while !self.known.contains_key(&index) {
            match self.receiver.recv_timeout(PACE) {
                Ok((at, stats)) => {
                    self.known.insert(at, stats.map_err(|error| error.reason()));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
            self.progress.draw();
        }
        let last = self.names.get_mut(index).is_none_or(|names| {
            *names = names.saturating_sub(1);
            *names == 0
        });
        if last { self.known.remove(&index) } else { self.known.get(&index).cloned() }
    }
}

impl<'a> Iterator for Rows<'a> {
    type Item = Row<'a>;

    fn next(&mut self) -> Option<Row<'a>> {
        loop {
            let Some(entry) = self.checkpoint.tensors().get(self.at) else {
                self.progress.clear();
                return None;
            };
            let index = self.plan.index(self.at);
            self.at += 1;
            let Some(index) = index else { continue };
            let stats = self.wait(index)?;
            let said =
                stats.as_ref().map(|stats| findings(self.checkpoint, entry, stats)).unwrap_or_default();
            return Some(Row { entry, meta: self.checkpoint.meta(entry), stats, findings: said });
        }
    }
}

/// A line on standard error, where a person is likely to look at it.
struct Progress<'a> {
    work: &'a Work,
    began: Instant,
    due: Instant,
    on: bool,
    drawn: bool,
}

impl Progress<'_> {
    fn draw(&mut self) {
        let (Some(fraction), true) = (self.work.meter.fraction(), self.on && Instant::now() >= self.due)
        else {
            return;
        };
        let left = self.began.elapsed().as_secs_f64() * (1.0 - fraction) / fraction.max(1e-6);
        let done = number::done(fraction, self.work.meter.total());
        let _ = write!(std::io::stderr(), "\r{done}, {} s left\u{1b}[K", left.ceil());
        self.drawn = true;
        self.due = Instant::now() + PACE;
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}
