//! A touched run, settled: epochs, order, roles, the best checkpoint, the framework.

use std::sync::Arc;

use super::super::order::{self, Axis};
use super::super::{CheckpointRow, Role, Run, Status};
use super::logged;
use crate::checkpoint::Kind;
use crate::sorting::Sort as _;
use crate::training::name::Part;
use crate::training::{best, epoch};

pub(super) fn finish(run: &mut Run) {
    settle_epochs(run);
    logged::epochs(run);
    sort(run);
    keep_newest_histories(run);
    share_settings(run);
    run.framework = framework(&run.checkpoints).or_else(|| logged::framework(run));
    logged::values(run);
    logged::settings(run);
    run.best = best::pick(run);
    roles(run);
}

/// Epochs whose base their own files leave open are decided by the run as a whole. Numbers from names and
/// numbers from contents may count differently.
fn settle_epochs(run: &mut Run) {
    for from_name in [false, true] {
        let open = |row: &CheckpointRow| {
            row.training.progress.base.is_open() && row.training.progress.from_name == from_name
        };
        let raws: Vec<(f64, bool)> = run
            .checkpoints
            .iter()
            .filter(|row| open(row))
            .filter_map(|row| Some((row.training.progress.raw_epoch?, !row.training.metrics.is_empty())))
            .collect();
        let base = epoch::of_run(&raws);
        for row in run.checkpoints.iter_mut().filter(|row| open(row)) {
            row.training.progress.apply(base);
        }
    }
}

fn sort(run: &mut Run) {
    let axis = Axis::of(&run.checkpoints);
    let mut rows = std::mem::take(&mut run.checkpoints);
    let mut keyed: Vec<(u8, CheckpointRow)> =
        rows.drain(..).map(|row| (order::group(&row, row.is_copy_within(run)), row)).collect();
    keyed.in_order(|a, b| a.0.cmp(&b.0).then_with(|| order::rows(axis, &a.1, &b.1)));
    run.checkpoints = keyed.into_iter().map(|(_, row)| row).collect();
}

/// Each checkpoint may hold the whole history up to itself; a thousand of them would hold it a thousand
/// times. The newest one's is kept.
fn keep_newest_histories(run: &mut Run) {
    let axis = Axis::of(&run.checkpoints);
    let place = |row: &CheckpointRow| {
        let (first, second) = axis.place(row);
        let known = |x: f64| if x.is_finite() { x } else { -1.0 };
        (known(first), known(second))
    };
    let holders = run.checkpoints.iter().enumerate().filter(|(_, row)| !row.training.histories.is_empty());
    let newest = holders.max_by(|(a_at, a), (b_at, b)| {
        let (a, b) = (place(a), place(b));
        // Of equals the first, which is no copy.
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(b_at.cmp(a_at))
    });
    let Some((newest, _)) = newest else { return };
    for (at, row) in run.checkpoints.iter_mut().enumerate() {
        if at != newest {
            row.training.histories = Vec::new();
        }
    }
}

/// The checkpoints of a run hold the same settings, as a rule: ten thousand rows need them once.
fn share_settings(run: &mut Run) {
    let mut held: Option<Arc<[(String, String)]>> = None;
    for row in &mut run.checkpoints {
        let own = &mut row.training.hyperparameters;
        match &held {
            Some(held) if Arc::ptr_eq(held, own) => {}
            Some(held) if held == own => *own = Arc::clone(held),
            _ => held = Some(Arc::clone(own)),
        }
    }
}

/// The framework most rows name, the first of equals.
fn framework(rows: &[CheckpointRow]) -> Option<&'static str> {
    let mut counts: Vec<(&'static str, usize)> = Vec::new();
    for name in rows.iter().filter_map(|row| row.training.framework) {
        match counts.iter_mut().find(|(n, _)| *n == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(name, _)| name)
}

fn roles(run: &mut Run) {
    let axis = Axis::of(&run.checkpoints);
    let newest = newest(run, axis);
    let picked = run.best.as_ref().map(|best| best.path.clone());
    for row in &mut run.checkpoints {
        let named = |part| row.identity.name.parts.has(part);
        let is = |path: &Option<std::path::PathBuf>| path.as_ref().is_some_and(|p| *p == row.path);
        let held = [
            (Role::Best, named(Part::Best) || is(&picked)),
            (Role::Last, named(Part::Last) || is(&newest)),
            (Role::Ema, named(Part::Ema)),
            (Role::Init, named(Part::Init)),
        ];
        row.roles = held.into_iter().filter(|(_, held)| *held).map(|(role, _)| role).collect();
    }
}

/// The checkpoint that got furthest, when progress tells at least two apart.
fn newest(run: &Run, axis: Axis) -> Option<std::path::PathBuf> {
    let weights = |row: &&CheckpointRow| {
        row.status != Status::Broken && !matches!(row.kind, None | Some(Kind::Optimizer | Kind::Other))
    };
    let rows = run.checkpoints.iter().filter(weights).filter(|row| axis.place(row).0.is_finite());
    let mut newest: Option<&CheckpointRow> = None;
    for row in rows {
        let further = |held: &CheckpointRow| {
            let (a, b) = (axis.place(row), axis.place(held));
            a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).is_gt()
        };
        if newest.is_none_or(further) {
            newest = Some(row);
        }
    }
    newest.map(|row| row.path.clone())
}
