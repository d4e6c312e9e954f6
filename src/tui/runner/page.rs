//! Pages about runs, checkpoints and comparisons.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cache::Cache;
use crate::error::Result;
use crate::export::disk::Disk;
use crate::report::{self, Request, Source, Stamp};
use crate::text::{number, shown_path};
use crate::training::logs;
use crate::work::Work;

/// Names tried before giving up.
const NAMES: usize = 1_000;

/// A file of no other's name, in the folder the program was started in: never in an experiment because it is one.
pub fn free(name: &str) -> std::result::Result<PathBuf, String> {
    let folder = std::env::current_dir().map_err(|error| format!("the current folder: {error}"))?;
    free_in(&folder, name)
}

fn free_in(folder: &Path, name: &str) -> std::result::Result<PathBuf, String> {
    let first = report::file_name(name);
    let stem = first.trim_end_matches(".html").to_owned();
    let others = (2..NAMES).map(|n| format!("{stem}-{n}.html"));
    let free = |path: &PathBuf| path.symlink_metadata().is_err();
    let mut all = std::iter::once(first).chain(others).map(|name| folder.join(name));
    all.find(free).ok_or_else(|| format!("{}: there are too many reports already", shown_path(folder)))
}

/// Makes and writes a page; what became of it in words.
///
/// # Errors
/// What making or writing it found.
pub fn write(source: Source, request: &Request, target: &Path, cache: &Cache, work: &Work) -> Result<String> {
    let source = match source {
        Source::Runs(mut runs, skipped) => {
            for run in runs.iter_mut().filter(|run| run.wants_logs()) {
                run.record = Some(Arc::new(logs::record(&run.logs)));
            }
            Source::Runs(runs, skipped)
        }
        other => other,
    };
    let page = report::make(source, request, cache, &Stamp::now(), work)?;
    work.cancel.check()?;
    page.write(target, false, &Disk)?;
    Ok(format!("wrote {}, {}", shown_path(target), number::bytes(page.html.len() as u64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_was_stopped_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("page.html");
        let work = Work::default();
        work.cancel.cancel();
        let request = Request { metric: None, values: true };
        let source = Source::Checkpoint("assets/demo/exports/glyphs_model.pth".into());
        let stopped = write(source, &request, &target, &Cache::off(), &work).unwrap_err();
        assert_eq!(stopped.kind(), crate::error::ErrorKind::Cancelled);
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
    }

    #[test]
    fn a_name_that_is_taken_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = free_in(folder.path(), "run/one").unwrap();
        assert_eq!(first, folder.path().join("run_one-report.html"));
        std::fs::write(&first, "").unwrap();
        assert_eq!(free_in(folder.path(), "run/one").unwrap(), folder.path().join("run_one-report-2.html"));
    }
}
