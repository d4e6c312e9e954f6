//! What the names of the files beside a checkpoint tell about its epoch number.
//!
//! A checkpoint looked at by itself often cannot say whether its `epoch` counts from 0 or from 1. When the
//! number also stands in its name, the other names of that pattern can: a folder with `epoch_01.pt` and no
//! `epoch_00.pt` counts from 1. Names only are read, so this costs one listing of the folder.

use std::path::Path;

use super::epoch::{self, Base, RunBase};
use super::{Progress, TrainingInfo, metadata};
use crate::checkpoint::Checkpoint;

/// Names of one folder looked at.
const NAMES: usize = 20_000;

/// [`metadata::info`] of a checkpoint that is looked at without its run.
pub fn info(checkpoint: &Checkpoint) -> TrainingInfo {
    let mut info = metadata::info(checkpoint);
    decide(checkpoint.path(), &mut info.progress);
    info
}

/// Decides an open epoch base by the names beside the file at `path`.
pub fn decide(path: &Path, progress: &mut Progress) {
    let Some(raw) = progress.raw_epoch.filter(|_| progress.base.is_open() && !progress.from_name) else {
        return;
    };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(name) = path.file_name().and_then(|n| n.to_str()) else { return };
    let Some((before, behind)) = around(name, raw) else { return };
    let Ok(listing) = std::fs::read_dir(folder) else { return };
    let names = listing.take(NAMES).filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let numbers: Vec<(f64, bool)> =
        names.filter_map(|name| Some((number_between(&name, before, behind)?, true))).collect();
    if numbers.len() < 2 {
        return;
    }
    let base = match epoch::of_run(&numbers) {
        Some(RunBase::FromZero | RunBase::ShortOfInterval) => Base::NamesFromZero,
        Some(_) => Base::NamesFromOne,
        None => return,
    };
    progress.set_epoch(raw, base);
}

/// What stands before and behind the last number in `name` that is `raw`.
fn around(name: &str, raw: f64) -> Option<(&str, &str)> {
    let mut found = None;
    let mut rest = 0;
    while let Some(start) = name.get(rest..)?.find(|c: char| c.is_ascii_digit()).map(|at| rest + at) {
        let tail = name.get(start..)?;
        let len = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        let digits = tail.get(..len)?;
        if digits.parse::<u64>().is_ok_and(|n| (n as f64).total_cmp(&raw).is_eq()) {
            found = Some((name.get(..start)?, name.get(start + len..)?));
        }
        rest = start + len;
    }
    found
}

fn number_between(name: &str, before: &str, behind: &str) -> Option<f64> {
    let digits = name.strip_prefix(before)?.strip_suffix(behind)?;
    let whole = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    whole.then(|| digits.parse::<u64>().ok().map(|n| n as f64)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(names: &[&str], name: &str, raw: f64) -> Option<f64> {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            std::fs::write(folder.path().join(name), b"").unwrap();
        }
        let mut progress = Progress::default();
        progress.set_epoch(raw, Base::LikelyIndex);
        decide(&folder.path().join(name), &mut progress);
        progress.epoch
    }

    #[test]
    fn names_beside_a_file_tell_where_counting_begins() {
        let from_one = ["epoch_01.pt", "epoch_02.pt", "epoch_10.pt", "best.pt"];
        assert_eq!(completed(&from_one, "epoch_10.pt", 10.0), Some(10.0));
        let from_zero = ["checkpoint_0000.pth", "checkpoint_0001.pth", "checkpoint_0006.pth"];
        assert_eq!(completed(&from_zero, "checkpoint_0006.pth", 6.0), Some(7.0));
        // Alone, or with a name that says nothing of it, the usual guess stays.
        assert_eq!(completed(&["epoch_10.pt"], "epoch_10.pt", 10.0), Some(11.0));
        assert_eq!(completed(&from_one, "best.pt", 10.0), Some(11.0));
    }

    #[test]
    fn the_number_is_found_whatever_stands_around_it() {
        assert_eq!(around("net2_epoch007_v1.pt", 7.0), Some(("net2_epoch", "_v1.pt")));
        assert_eq!(around("net2.pt", 7.0), None);
    }
}
