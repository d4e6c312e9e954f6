//! Which checkpoints to average.

use std::path::{Path, PathBuf};

use crate::cli::args::Average;
use crate::cli::output::Failure;
use crate::runs::scan::{self, ScanOptions};
use crate::runs::{CheckpointRow, Run};
use crate::training::choose;

/// The files named, or those of a run that `--last` or `--best` choose.
pub(super) fn files(args: &Average) -> Result<Vec<PathBuf>, Failure> {
    let chosen = match (args.last, args.best) {
        (None, None) => return named(&args.files),
        (Some(count), _) => run_of(args)?.and(|run| Ok(choose::newest(run, count)))?,
        (_, Some(count)) => run_of(args)?.and(|run| {
            choose::best(run, count, args.metric.as_deref()).ok_or_else(|| {
                Failure::at(&run.path, "no checkpoint of the run has such a metric; see ckpt-tui ls -v")
            })
        })?,
    };
    if chosen.len() < 2 {
        let folder = args.files.first().cloned().unwrap_or_default();
        return Err(Failure::at(&folder, "an average needs two checkpoints at least"));
    }
    Ok(chosen)
}

fn named(files: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    match files {
        [one] if one.is_dir() => Err(Failure::at(one, "a folder is averaged with --last K or --best K")),
        [one] => Err(Failure::at(one, "an average needs two checkpoints at least")),
        _ => Ok(files.to_vec()),
    }
}

/// The one run that is there.
struct OneRun(Run);

impl OneRun {
    fn and<'a>(
        &'a self,
        choose: impl FnOnce(&'a Run) -> Result<Vec<&'a CheckpointRow>, Failure>,
    ) -> Result<Vec<PathBuf>, Failure> {
        Ok(choose(&self.0)?.into_iter().map(|row| row.path.clone()).collect())
    }
}

fn run_of(args: &Average) -> Result<OneRun, Failure> {
    crate::cli::ls::check(&args.files)?;
    one_run(&args.files).map(OneRun)
}

/// The one run in `paths`.
pub(in crate::cli) fn one_run(paths: &[PathBuf]) -> Result<Run, Failure> {
    let mut runs = scan::collect(paths.to_vec(), ScanOptions::default()).runs;
    let place = paths.first().map_or(Path::new("."), PathBuf::as_path);
    if runs.len() > 1 {
        let names: Vec<String> = runs.iter().take(5).map(|run| crate::text::shown_path(&run.path)).collect();
        let text = format!("{} runs are there ({}); name one", runs.len(), names.join(", "));
        return Err(Failure::at(place, &text));
    }
    runs.pop().ok_or_else(|| Failure::at(place, "no checkpoints are there"))
}
