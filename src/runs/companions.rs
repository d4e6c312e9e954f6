//! Which run a log belongs to.
//!
//! A log lies in the folder of its run, or in one that only keeps logs (`logs/`, `lightning_logs/version_0/`,
//! `wandb/run-…/files/`, mmengine's `<time>/vis_data/`), or above the only folder of checkpoints. Where no
//! checkpoints are near, its folder is a run of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{layout, order};
use crate::sorting::Sort as _;
use crate::training::logs::{LogFile, LogKind, is_time};

/// Folders that keep the logs of the run above them.
#[rustfmt::skip]
const KEEPERS: [&str; 31] = [
    "logs", "log", "tb", "tensorboard", "tb_logs", "csv_logs", "tensorboard_logs", "events", "summaries",
    "summary", "vis_data", "files", ".hydra", "history", "metrics", "params", "results", "csv", "train",
    "validation", "val", "eval", "test", "monitor", "valid", "dev", "training", "plots", "dvclive",
    "csv_logger", "tensorboard_log",
];
/// Folders that keep the logs of several runs, each in a folder of its own.
const SHELVES: [&str; 6] = ["lightning_logs", "wandb", "runs", "mlruns", "tb_logs", "logs"];

/// The process that wrote an event file, of `events.out.tfevents.<time>.<host>.<pid>.<number>`.
fn process(log: &LogFile) -> Option<&str> {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (_, rest) = name(&log.path)?.split_once("tfevents.")?;
    let (_, rest) = rest.strip_suffix(".v2").unwrap_or(rest).split_once('.')?;
    let (process, file) = rest.rsplit_once('.')?;
    let (_, pid) = process.rsplit_once('.')?;
    (number(file) && number(pid)).then_some(process)
}

/// Where event files of each process lie.
type Writers<'a> = BTreeSet<(&'a Path, &'a str)>;

/// The folder whose curves a log adds to: `add_scalars` and `add_hparams` write into folders below that of their
/// writer, from the same process.
fn writer<'a>(log: &'a LogFile, writers: &Writers<'_>) -> &'a Path {
    let folder = log.path.parent().unwrap_or(Path::new(""));
    let above = folder.parent().zip(process(log)).filter(|at| writers.contains(at));
    above.map_or(folder, |(above, _)| above)
}

/// The folder of the run a log is of when no checkpoint says otherwise.
fn natural(log: &LogFile, writers: &Writers<'_>) -> PathBuf {
    let mut folder = layout::run_of(&log.path);
    if log.kind == LogKind::Events {
        let of_writer = writer(log, writers);
        if log.path.parent() != Some(of_writer) {
            folder = layout::run_of(&of_writer.join("events"));
        }
    }
    let own = |folder: &Path| name(folder).is_some_and(|n| KEEPERS.contains(&n) || is_time(n));
    for _ in 0..4 {
        let above = folder.parent().filter(|p| !p.as_os_str().is_empty());
        match above {
            Some(above) if own(&folder) => folder = PathBuf::from(above),
            _ => break,
        }
    }
    if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder }
}

fn name(folder: &Path) -> Option<&str> {
    folder.file_name()?.to_str()
}

/// Folders above `folder` through shelves and keepers: where the run may be that keeps its logs here.
fn above(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut at = folder.to_owned();
    // The folder of one run on a shelf; MLflow has the experiment between.
    for _ in 0..2 {
        let Some(parent) = at.parent() else { break };
        if name(parent).is_some_and(|n| SHELVES.contains(&n)) {
            let home = parent.parent().unwrap_or(Path::new(""));
            found.push(parent.to_owned());
            found.push(if home.as_os_str().is_empty() { PathBuf::from(".") } else { home.to_owned() });
            break;
        }
        at = parent.to_owned();
    }
    found
}

/// Puts logs to runs. `runs` are the folders with checkpoints, in natural order.
pub(super) fn assign(runs: &[&Path], logs: &BTreeMap<PathBuf, LogFile>) -> BTreeMap<PathBuf, Vec<LogFile>> {
    let with: BTreeSet<&Path> = runs.iter().copied().collect();
    let mut groups: BTreeMap<PathBuf, Vec<&LogFile>> = BTreeMap::new();
    let events = logs.values().filter(|log| log.kind == LogKind::Events);
    let writers: Writers<'_> = events.filter_map(|log| Some((log.path.parent()?, process(log)?))).collect();
    for log in logs.values() {
        groups.entry(natural(log, &writers)).or_default().push(log);
    }
    let mut found: BTreeMap<PathBuf, Vec<LogFile>> = BTreeMap::new();
    let mut shelved: BTreeMap<PathBuf, Vec<(PathBuf, Vec<&LogFile>)>> = BTreeMap::new();
    let mut left = Vec::new();
    for (folder, logs) in groups {
        if let Some(run) = home(&folder, &with) {
            found.entry(run).or_default().extend(logs.into_iter().cloned());
        } else if let Some(run) = above(&folder).into_iter().find(|f| with.contains(f.as_path())) {
            shelved.entry(run).or_default().push((folder, logs));
        } else {
            left.push((folder, logs));
        }
    }
    for (folder, logs) in left {
        match sibling(&folder, &logs, &with, &found) {
            Some(run) => found.entry(run).or_default().extend(logs.into_iter().cloned()),
            None => alone(&mut found, folder, &logs),
        }
    }
    for (run, mut groups) in shelved {
        groups.in_order(|a, b| order::paths(&b.0, &a.0));
        // Of several runs logged beside one set of checkpoints the newest is theirs; a logger of another
        // kind may keep the same run under another number.
        let mut kinds: BTreeSet<LogKind> = BTreeSet::new();
        for (folder, logs) in groups {
            let own: BTreeSet<LogKind> = logs.iter().map(|l| l.kind).filter(|k| k.has_curves()).collect();
            if kinds.is_disjoint(&own) {
                kinds.extend(own);
                found.entry(run.clone()).or_default().extend(logs.into_iter().cloned());
            } else {
                alone(&mut found, folder, &logs);
            }
        }
    }
    for logs in found.values_mut() {
        logs.in_order(|a, b| order::paths(&a.path, &b.path));
    }
    found
}

/// Two loggers of one Lightning run number their folders on: `version_1` with TensorBoard's events belongs to
/// `version_0`, where the checkpoints and the table are.
fn sibling(
    folder: &Path,
    logs: &[&LogFile],
    runs: &BTreeSet<&Path>,
    found: &BTreeMap<PathBuf, Vec<LogFile>>,
) -> Option<PathBuf> {
    let number: u64 = name(folder)?.strip_prefix("version_")?.parse().ok()?;
    let beside = [number.checked_sub(1), number.checked_add(1)];
    beside.into_iter().flatten().map(|n| folder.with_file_name(format!("version_{n}"))).find(|run| {
        let taken = found.get(run).map(Vec::as_slice).unwrap_or_default();
        let curves = |kind: LogKind| kind.has_curves() && taken.iter().any(|log| log.kind == kind);
        runs.contains(run.as_path())
            && taken.iter().any(|log| log.kind.has_curves())
            && !logs.iter().any(|log| curves(log.kind))
    })
}

/// The run whose logs lie in `folder`: that very folder, or the only one with checkpoints right below it.
fn home(folder: &Path, runs: &BTreeSet<&Path>) -> Option<PathBuf> {
    if runs.contains(folder) {
        return Some(folder.to_owned());
    }
    let is_below = |run: &&&Path| {
        let rest = if folder == Path::new(".") { Some(**run) } else { run.strip_prefix(folder).ok() };
        rest.is_some_and(|rest| {
            run.is_relative() == folder.is_relative() && (1..=2).contains(&rest.components().count())
        })
    };
    let mut below = runs.iter().filter(is_below);
    let first = below.next()?;
    below.next().is_none().then(|| first.to_path_buf())
}

/// Logs without checkpoints are a run if they hold curves.
fn alone(found: &mut BTreeMap<PathBuf, Vec<LogFile>>, folder: PathBuf, logs: &[&LogFile]) {
    if logs.iter().any(|log| log.kind.has_curves() || log.kind == LogKind::Summary) {
        found.entry(folder).or_default().extend(logs.iter().map(|log| (*log).clone()));
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn assigned(runs: &[&str], logs: &[(&str, LogKind)]) -> Vec<(String, Vec<String>)> {
        let logs = logs.iter().map(|(path, kind)| {
            let path = PathBuf::from(path);
            (path.clone(), LogFile { path, kind: *kind, bytes: 1, modified: SystemTime::UNIX_EPOCH })
        });
        let runs: Vec<&Path> = runs.iter().map(Path::new).collect();
        let text = |path: &Path| path.display().to_string();
        let found = assign(&runs, &logs.collect());
        found.iter().map(|(run, logs)| (text(run), logs.iter().map(|l| text(&l.path)).collect())).collect()
    }

    #[test]
    fn a_log_belongs_to_the_run_it_lies_in_or_beside() {
        for (runs, log, kind, want) in [
            (&["out"][..], "out/trainer_state.json", LogKind::TrainerState, "out"),
            (&["out"], "out/checkpoint-8/trainer_state.json", LogKind::TrainerState, "out"),
            (&["exp"], "exp/logs/metrics.csv", LogKind::Csv, "exp"),
            (&["exp"], "exp/logs/train/events.out.tfevents.1", LogKind::Events, "exp"),
            (&["exp/models"], "exp/results.csv", LogKind::Csv, "exp/models"),
            (&["exp/a", "exp/b"], "exp/results.csv", LogKind::Csv, "exp"),
            (&["work"], "work/20240101_120000/vis_data/scalars.json", LogKind::Document, "work"),
            (&["exp"], "exp/wandb/run-1/files/wandb-summary.json", LogKind::Summary, "exp"),
            (&["."], "log.txt", LogKind::Lines, "."),
            (&["exp"], "exp/tensorboard/valid/events.out.tfevents.1", LogKind::Events, "exp"),
            (&["exp"], "exp/tb/20240101-1200/events.out.tfevents.1", LogKind::Events, "exp"),
            (&["exp"], "exp/dvclive/plots/metrics/train/loss.tsv", LogKind::Csv, "exp"),
            (&[], "lightning_logs/version_3/metrics.csv", LogKind::Csv, "lightning_logs/version_3"),
            (&[], "mlruns/0/abc/metrics/val/loss", LogKind::MlflowMetric, "mlruns/0/abc"),
            (&["other"], "exp/results.csv", LogKind::Csv, "exp"),
        ] {
            let found = assigned(runs, &[(log, kind)]);
            assert_eq!(found, [(want.to_owned(), vec![log.to_owned()])], "{log}");
        }
    }

    #[test]
    fn of_several_versions_the_newest_of_each_kind_is_the_run_s() {
        let found = assigned(
            &["."],
            &[
                ("lightning_logs/version_0/metrics.csv", LogKind::Csv),
                ("lightning_logs/version_1/metrics.csv", LogKind::Csv),
                ("lightning_logs/version_2/events.out.tfevents.1", LogKind::Events),
            ],
        );
        let runs: Vec<_> = found.iter().map(|(run, logs)| (run.as_str(), logs.len())).collect();
        assert_eq!(runs, [(".", 2), ("lightning_logs/version_0", 1)]);
    }

    #[test]
    fn a_second_logger_of_a_run_has_the_next_number() {
        let csv = |n: u32| format!("x/lightning_logs/version_{n}/metrics.csv");
        let events = |n: u32| format!("x/lightning_logs/version_{n}/events.out.tfevents.1");
        let run = ["x/lightning_logs/version_0"];
        let both = assigned(&run, &[(&csv(0), LogKind::Csv), (&events(1), LogKind::Events)]);
        assert_eq!(
            both.iter().map(|(run, logs)| (run.as_str(), logs.len())).collect::<Vec<_>>(),
            [(run[0], 2)]
        );
        // Of the same kind it is a run of its own.
        assert_eq!(assigned(&run, &[(&csv(0), LogKind::Csv), (&csv(1), LogKind::Csv)]).len(), 2);
    }

    #[test]
    fn scalars_of_one_writer_in_folders_below_are_one_run() {
        let events = |folder: &str, process: u32, n: u32| {
            format!("{folder}/events.out.tfevents.1700000000.a.host.{process}.{n}")
        };
        let logs = [
            events("runs/exp", 7, 0),
            events("runs/exp/loss_train", 7, 1),
            events("runs/exp/loss_val", 7, 2),
            events("runs/exp/1700000000.5", 7, 3),
            events("runs/exp/other", 8, 0),
        ];
        let logs: Vec<_> = logs.iter().map(|log| (log.as_str(), LogKind::Events)).collect();
        let found = assigned(&[], &logs);
        let found: Vec<_> = found.iter().map(|(run, logs)| (run.as_str(), logs.len())).collect();
        assert_eq!(found, [("runs/exp", 4), ("runs/exp/other", 1)]);
    }

    #[test]
    fn settings_alone_are_no_run() {
        assert!(assigned(&[], &[("conf/config.yaml", LogKind::Settings)]).is_empty());
    }
}
