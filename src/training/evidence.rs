//! What else in a file tells whether its epoch number counts from 0 or from 1.

use super::epoch::Base;
use super::history::History;
use super::look::Look;
use crate::checkpoint::SectionRole;

/// Decides an open base by the histories and schedulers saved beside the epoch.
pub(super) fn decide(look: &Look<'_>, raw: f64, base: Base, histories: &[History]) -> Base {
    if !base.is_open() || raw < 0.0 {
        return base;
    }
    by_histories(raw, histories).or_else(|| by_scheduler(look, raw)).unwrap_or(base)
}

/// A list with one value per epoch has as many entries as epochs are complete.
fn by_histories(raw: f64, histories: &[History]) -> Option<Base> {
    let bare = histories.iter().filter(|h| h.x.is_none());
    let (mut same, mut one_more) = (0_usize, 0_usize);
    for history in bare {
        let len = history.values.len() as f64;
        same += usize::from(equal(len, raw));
        one_more += usize::from(equal(len, raw + 1.0));
    }
    match same.cmp(&one_more) {
        std::cmp::Ordering::Greater => Some(Base::HistoryCount),
        std::cmp::Ordering::Less => Some(Base::HistoryIndex),
        std::cmp::Ordering::Equal => None,
    }
}

/// A scheduler stepped once per epoch has `last_epoch` completed epochs. One stepped per batch matches
/// neither number, and says nothing.
fn by_scheduler(look: &Look<'_>, raw: f64) -> Option<Base> {
    let mut sections = look.checkpoint.sections().iter().filter(|s| s.role == SectionRole::Scheduler);
    sections.find_map(|section| {
        let steps = look.number(look.get(section.value, "last_epoch")?)?;
        match steps {
            steps if equal(steps, raw + 1.0) => Some(Base::SchedulerIndex),
            steps if equal(steps, raw) && raw > 0.0 => Some(Base::SchedulerCount),
            _ => None,
        }
    })
}

fn equal(a: f64, b: f64) -> bool {
    a.total_cmp(&b).is_eq()
}
