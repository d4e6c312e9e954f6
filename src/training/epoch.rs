//! What an epoch number counts, and completed epochs from it.
//!
//! Frameworks store the index of the epoch just run, the number of epochs done, or the epoch to run next.
//! Where the framework is known its rule holds. Where it is not, the file may hold evidence (a history with
//! as many entries, a scheduler that counts too), and else the run does: of several checkpoints saved by
//! one loop the numbers together usually tell what a single one cannot.

use super::Progress;

/// What the epoch number in a file counts, as far as that file alone tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Base {
    /// Nothing tells.
    #[default]
    Unknown,
    /// Nothing tells, but scripts of this shape mostly store the index of their loop.
    LikelyIndex,
    /// Index of the epoch just run, from 0.
    Index,
    /// Completed epochs.
    Count,
    /// The epoch that would run next, from 1.
    Next,
    /// Index of an epoch that was cut short: so many are complete.
    Within,
    /// A history in the file has as many entries.
    HistoryCount,
    /// A history in the file has one entry more.
    HistoryIndex,
    /// The learning-rate scheduler has made as many steps.
    SchedulerCount,
    /// The learning-rate scheduler has made one step more.
    SchedulerIndex,
    /// The files of its run are numbered from 0.
    NamesFromZero,
    /// The files of its run are numbered from 1.
    NamesFromOne,
    /// The log of its run has the epoch of its step.
    Logged,
}

impl Base {
    /// Completed epochs of a raw value.
    pub fn completed(self, raw: f64) -> f64 {
        match self {
            Self::LikelyIndex
            | Self::Index
            | Self::HistoryIndex
            | Self::SchedulerIndex
            | Self::NamesFromZero => raw + 1.0,
            Self::Next => raw - 1.0,
            _ => raw,
        }
    }

    /// The rule in words.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Unknown => "as saved: nothing says whether it counts from 0 or 1",
            Self::LikelyIndex => "epoch index, probably from 0: +1",
            Self::Index => "epoch index from 0: +1",
            Self::Count => "count of completed epochs",
            Self::Next => "the epoch to run next: -1",
            Self::Within => "index of the epoch it was saved in the middle of",
            Self::HistoryCount => "history has as many entries",
            Self::HistoryIndex => "history has one entry more: +1",
            Self::SchedulerCount => "the scheduler made as many steps",
            Self::SchedulerIndex => "the scheduler made one step more: +1",
            Self::NamesFromZero => "the files of this run are numbered from 0: +1",
            Self::NamesFromOne => "the files of this run are numbered from 1",
            Self::Logged => "the run's log has this epoch at this step",
        }
    }

    /// True when the file alone does not decide, and its run may.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Unknown | Self::LikelyIndex)
    }
}

impl Progress {
    /// Sets the epoch from its raw value.
    pub fn set_epoch(&mut self, raw: f64, base: Base) {
        self.raw_epoch = Some(raw);
        self.base = base;
        self.apply(None);
    }

    /// Takes over what the run says about the raw value; `None` goes back to what the file alone says.
    pub fn apply(&mut self, run: Option<RunBase>) {
        let Some(raw) = self.raw_epoch else { return };
        let run = run.filter(|_| self.base.is_open());
        let (epoch, rule) = match run {
            Some(run) => (run.completed(raw), run.rule()),
            None if self.from_name && self.base == Base::Unknown => (raw, "from the file's name"),
            None => (self.base.completed(raw), self.base.rule()),
        };
        self.epoch = Some(epoch).filter(|e| *e >= 0.0);
        self.epoch_rule = Some(rule);
    }
}

/// What the epoch numbers of a run, taken together, say about each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunBase {
    /// One of them is 0, and something was trained then.
    FromZero,
    /// They are one short of the multiples of an interval.
    ShortOfInterval,
    /// They begin at 1.
    FromOne,
    /// One of them is 0, and it was saved before training.
    FromInitial,
    /// They are multiples of an interval.
    Interval,
}

impl RunBase {
    fn completed(self, raw: f64) -> f64 {
        match self {
            Self::FromZero | Self::ShortOfInterval => raw + 1.0,
            Self::FromOne | Self::FromInitial | Self::Interval => raw,
        }
    }

    fn rule(self) -> &'static str {
        match self {
            Self::FromZero => "epoch index (the first of this run is 0): +1",
            Self::ShortOfInterval => "epoch index: the run's are one short of an interval: +1",
            Self::FromOne => "count of completed epochs (the first of this run is 1)",
            Self::FromInitial => "count of completed epochs (0 was saved before training)",
            Self::Interval => "count of completed epochs (this run saves at multiples of an interval)",
        }
    }
}

/// What the raw epochs of one run say together; each comes with whether its checkpoint holds metrics.
pub fn of_run(raws: &[(f64, bool)]) -> Option<RunBase> {
    let whole = |raw: f64| (0.0..1e9).contains(&raw) && raw.fract() == 0.0;
    let mut epochs: Vec<u64> = raws.iter().filter(|r| whole(r.0)).map(|r| r.0 as u64).collect();
    epochs.sort_unstable();
    epochs.dedup();
    let first = *epochs.first()?;
    if first == 0 {
        let measured = |zero: bool| raws.iter().any(|r| (r.0 == 0.0) == zero && r.1);
        let initial = measured(false) && !measured(true);
        return Some(if initial { RunBase::FromInitial } else { RunBase::FromZero });
    }
    let divisor = |shift: u64| epochs.iter().fold(0, |g, e| gcd(g, e + shift));
    let (short, even) = (divisor(1), divisor(0));
    match epochs.len() {
        0 | 1 => None,
        n if short >= 2 && even == 1 && (n >= 3 || short >= 5) => Some(RunBase::ShortOfInterval),
        _ if first == 1 => Some(RunBase::FromOne),
        n if even >= 2 && short == 1 && (n >= 3 || even >= 5) => Some(RunBase::Interval),
        _ => None,
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_base_counts_completed_epochs() {
        for (base, raw, want) in [
            (Base::Index, 4.0, 5.0),
            (Base::Count, 4.0, 4.0),
            (Base::Next, 4.0, 3.0),
            (Base::Within, 4.0, 4.0),
            (Base::Unknown, 4.0, 4.0),
            (Base::LikelyIndex, 4.0, 5.0),
            (Base::Count, 1.5, 1.5),
        ] {
            let mut progress = Progress::default();
            progress.set_epoch(raw, base);
            assert_eq!((progress.epoch, progress.epoch_rule), (Some(want), Some(base.rule())), "{base:?}");
        }
    }

    #[test]
    fn a_run_tells_what_one_file_cannot() {
        let measured = |epochs: &[u32]| epochs.iter().map(|e| (f64::from(*e), true)).collect::<Vec<_>>();
        for (epochs, want) in [
            (&[0, 1, 2][..], Some(RunBase::FromZero)),
            (&[0, 10, 20], Some(RunBase::FromZero)),
            (&[1, 2, 3], Some(RunBase::FromOne)),
            (&[4, 9, 14], Some(RunBase::ShortOfInterval)),
            (&[1, 3, 5, 7], Some(RunBase::ShortOfInterval)),
            (&[5, 10, 15], Some(RunBase::Interval)),
            (&[2, 4, 6], Some(RunBase::Interval)),
            (&[7], None),
            (&[3, 4, 8], None),
            (&[], None),
        ] {
            assert_eq!(of_run(&measured(epochs)), want, "{epochs:?}");
        }
        assert_eq!(of_run(&[(0.0, false), (1.0, true), (2.0, true)]), Some(RunBase::FromInitial));
        assert_eq!(of_run(&[(0.0, false), (1.0, false)]), Some(RunBase::FromZero));
    }

    #[test]
    fn a_run_overrules_only_what_is_open() {
        let mut known = Progress::default();
        known.set_epoch(3.0, Base::Count);
        known.apply(Some(RunBase::FromZero));
        assert_eq!(known.epoch, Some(3.0));
        let mut open = Progress::default();
        open.set_epoch(3.0, Base::LikelyIndex);
        open.apply(Some(RunBase::FromOne));
        assert_eq!(open.epoch, Some(3.0));
        open.apply(None);
        assert_eq!(open.epoch, Some(4.0));
    }
}
