//! Long work, seen from outside: how far it is, and that it is no longer wanted.
//!
//! Both are atomics that the work and whoever waits for it share: nothing is sent, nothing waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::error::{Error, ErrorKind, Result};

/// Says to work under way that nobody wants it any more. Clones are one and the same.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// The work is no longer wanted.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// True once it is no longer wanted. One relaxed load: cheap enough for inner loops.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// For `?` in the work itself, at least every few MiB.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] once it is no longer wanted.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() {
            return Err(Error::new(ErrorKind::Cancelled, "stopped before it was done"));
        }
        Ok(())
    }
}

/// How far work is, in whatever it counts (bytes for most). Clones are one and the same.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    done: AtomicU64,
    total: AtomicU64,
}

impl Meter {
    /// Sets what there is to do; 0 while it is not known.
    pub fn expect(&self, total: u64) {
        self.0.total.store(total, Ordering::Relaxed);
    }

    /// So much more is done.
    pub fn advance(&self, by: u64) {
        self.0.done.fetch_add(by, Ordering::Relaxed);
    }

    /// What is done.
    pub fn done(&self) -> u64 {
        self.0.done.load(Ordering::Relaxed)
    }

    /// What there is to do; 0 while it is not known.
    pub fn total(&self) -> u64 {
        self.0.total.load(Ordering::Relaxed)
    }

    /// The part that is done, from 0 to 1; `None` while the total is not known.
    pub fn fraction(&self) -> Option<f64> {
        let total = self.total();
        (total > 0).then(|| (self.done() as f64 / total as f64).min(1.0))
    }
}

/// What long work is given: how to tell how far it is, and how to learn that it should stop.
#[derive(Debug, Clone, Default)]
pub struct Work {
    /// To be asked now and then.
    pub cancel: Cancel,
    /// To be told.
    pub meter: Meter,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_what_they_say() {
        let work = Work::default();
        let other = work.clone();
        assert_eq!(other.meter.fraction(), None);
        work.meter.expect(8);
        work.meter.advance(2);
        assert_eq!(other.meter.fraction(), Some(0.25));
        assert!(work.cancel.check().is_ok());
        other.cancel.cancel();
        assert_eq!(work.cancel.check().unwrap_err().kind(), ErrorKind::Cancelled);
    }
}
