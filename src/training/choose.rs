//! Some checkpoints of a run: each distinct one, the newest, the best.

use super::curve::distinct;
use super::{Mode, best, metric};
use crate::checkpoint::Kind;
use crate::runs::{CheckpointRow, Role, Run, Status};
use crate::sorting::Sort as _;

/// The checkpoints of a run that can be read and hold weights, without copies and links, in the order of training.
pub fn weights(run: &Run) -> Vec<&CheckpointRow> {
    let readable = |row: &&CheckpointRow| matches!(row.status, Status::Ok | Status::RunsCode);
    let holds = |row: &&CheckpointRow| row.tensors > 0 && row.kind != Some(Kind::Optimizer);
    distinct(run).filter(readable).filter(holds).collect()
}

/// The states training went through: as [`weights`], without averaged copies in files of their own.
pub fn series(run: &Run) -> Vec<&CheckpointRow> {
    let mut rows = weights(run);
    rows.retain(|row| !row.roles.contains(&Role::Ema));
    rows
}

/// The `count` newest checkpoints of a run, oldest first.
pub fn newest(run: &Run, count: usize) -> Vec<&CheckpointRow> {
    let mut rows = series(run);
    let first = rows.len().saturating_sub(count);
    rows.split_off(first)
}

/// The `count` best checkpoints of a run by `metric` (else by the one the run is judged by), in the order of
/// training; `None` when nothing has that metric.
pub fn best<'a>(run: &'a Run, count: usize, metric: Option<&str>) -> Option<Vec<&'a CheckpointRow>> {
    let (name, mode) = match metric {
        Some(name) => (name.to_owned(), metric::mode_of(name)),
        None => best::leading(run)?,
    };
    let wanted = metric::canonical(&name);
    let value = |row: &CheckpointRow| {
        let found = row.training.metrics.iter().find(|(name, _)| metric::canonical(name) == wanted);
        found.map(|(_, value)| *value).filter(|value| value.is_finite())
    };
    let rows = weights(run);
    let mut ranked: Vec<(usize, f64)> =
        rows.iter().enumerate().filter_map(|(at, row)| Some((at, value(row)?))).collect();
    if ranked.is_empty() {
        return None;
    }
    let sign = if mode == Mode::Max { -1.0 } else { 1.0 };
    ranked.in_order(|a, b| (sign * a.1).total_cmp(&(sign * b.1)));
    ranked.truncate(count);
    ranked.in_order_of(|(at, _)| *at);
    Some(ranked.into_iter().filter_map(|(at, _)| rows.get(at).copied()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::testing::{row, run};

    #[test]
    fn the_newest_and_the_best_in_the_order_of_training() {
        let losses = [0.5, 0.2, 0.4, 0.1, f64::NAN];
        let row = |(n, loss): (usize, &f64)| {
            let mut row = row(&format!("e{n}.pt"), Some(n as f64), &[("loss", *loss)]);
            row.tensors = 1;
            row
        };
        let run = run(losses.iter().enumerate().map(row).collect());
        let names = |rows: Vec<&CheckpointRow>| {
            rows.iter().map(|r| r.path.display().to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names(newest(&run, 2)), "run/e3.pt run/e4.pt");
        assert_eq!(names(newest(&run, 9)).split(' ').count(), 5);
        assert_eq!(names(best(&run, 2, None).unwrap()), "run/e1.pt run/e3.pt");
        assert_eq!(best(&run, 2, Some("accuracy")).map(names), None);
    }
}
