//! Long work behind a command: how far it is, on a terminal, and Ctrl-C, which stops it tidily.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crossbeam_channel::RecvTimeoutError;

use super::output::Failure;
use crate::error::{ErrorKind, Result};
use crate::platform;
use crate::text::number;
use crate::work::Work;

/// Nothing is said of work that takes less.
const QUIET: Duration = Duration::from_millis(500);
/// Time between two numbers.
const PACE: Duration = Duration::from_millis(200);

/// Runs `task` with a [`Work`] of its own; signals stop it, and `title` with its progress stands on standard
/// error meanwhile, if that is a terminal.
///
/// # Errors
/// That of the task; one that says so when it was stopped.
pub(super) fn run<T>(title: &str, task: impl FnOnce(&Work) -> Result<T>) -> std::result::Result<T, Failure> {
    let work = Work::default();
    let cancel = work.cancel.clone();
    platform::on_interrupt(move || cancel.cancel());
    let done = std::thread::scope(|scope| {
        let (finished, waiting) = crossbeam_channel::bounded::<()>(0);
        if std::io::stderr().is_terminal() {
            let work = &work;
            let show = move || show(title, work, &waiting);
            let _ = std::thread::Builder::new().name("progress".to_owned()).spawn_scoped(scope, show);
        }
        let done = task(&work);
        drop(finished);
        done
    });
    done.map_err(|error| match error.kind() {
        ErrorKind::Cancelled => Failure::Message(format!("{title}: stopped")),
        _ => Failure::from(error),
    })
}

fn show(title: &str, work: &Work, finished: &crossbeam_channel::Receiver<()>) {
    let started = Instant::now();
    let mut stderr = std::io::stderr();
    let mut shown = false;
    while finished.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
        if started.elapsed() < QUIET {
            continue;
        }
        if let Some(fraction) = work.meter.fraction() {
            let total = number::bytes(work.meter.total());
            let _ = write!(stderr, "\r\u{1b}[K{title}: {:.0}% of {total}", (fraction * 100.0).floor());
            let _ = stderr.flush();
            shown = true;
        }
    }
    if shown {
        let _ = write!(stderr, "\r\u{1b}[K");
    }
}
