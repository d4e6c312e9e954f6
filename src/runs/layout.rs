//! Which folder a checkpoint's run is, and what it is called.
//!
//! A run is the folder its checkpoints lie in, but for folders that only hold one checkpoint
//! (`checkpoint-500/`, `global_step500/mp_rank_00/`) and folders that only keep checkpoints apart from logs
//! (`checkpoints/`, `weights/`): there it is the folder above.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use crate::training::name::{self, Part};

/// Folders that keep the checkpoints of the run above them.
const KEEPERS: [&str; 7] =
    ["checkpoints", "checkpoint", "ckpts", "ckpt", "weights", "snapshots", "state_dicts"];
/// Folders whose names say nothing without the one above.
#[rustfmt::skip]
const VAGUE: [&str; 16] = [
    "lightning_logs", "output", "outputs", "out", "results", "result", "runs", "run", "logs", "log",
    "train", "models", "model", "default", "experiment", "save",
];

/// The folder of the run the checkpoint at `path` belongs to.
pub fn run_of(path: &Path) -> PathBuf {
    let mut folder = path.parent().unwrap_or(Path::new(""));
    if is_rank_folder(folder) && folder.parent().is_some_and(holds_one_checkpoint) {
        folder = folder.parent().unwrap_or(folder);
    }
    if holds_one_checkpoint(folder) {
        folder = folder.parent().unwrap_or(folder);
    }
    if text(folder).is_some_and(|name| KEEPERS.contains(&name)) {
        folder = folder.parent().unwrap_or(folder);
    }
    if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() }
}

/// The folder of the run that the checkpoint that is the folder `path` belongs to: the one around it when its
/// name is that of one checkpoint among several, else itself.
pub fn run_of_folder(path: &Path) -> PathBuf {
    let parts = text(path).map(|name| name::of_name(name).parts).unwrap_or_default();
    let named =
        Path::new(text(path).unwrap_or_default()).extension().is_some_and(|e| e == "ckpt" || e == "pt");
    let one = named || parts.has(Part::Best) || parts.has(Part::Last) || holds_one_checkpoint(path);
    if one { run_of(path) } else { run_of(&path.join("checkpoint")) }
}

/// The folder that holds the checkpoint at `path` and nothing else (`checkpoint-500`), if there is one.
pub(super) fn checkpoint_folder(path: &Path) -> Option<PathBuf> {
    let mut folder = path.parent()?;
    if is_rank_folder(folder) {
        folder = folder.parent()?;
    }
    holds_one_checkpoint(folder).then(|| folder.to_owned())
}

fn text(folder: &Path) -> Option<&str> {
    folder.file_name()?.to_str()
}

/// `mp_rank_00`, `mp_rank_00_001` of Megatron.
fn is_rank_folder(folder: &Path) -> bool {
    text(folder).is_some_and(|name| name.starts_with("mp_rank_"))
}

/// `checkpoint-500`, `step_2000`, `global_step500`; `checkpoint_3` of accelerate.
fn holds_one_checkpoint(folder: &Path) -> bool {
    let Some(name) = text(folder) else { return false };
    let hints = name::of_folder(name);
    let number = name.strip_prefix("checkpoint_").or_else(|| name.strip_prefix("checkpoint-"));
    // Lightning makes a folder of what stands before a slash in a metric's name: `epoch=3-val/loss=0.12.ckpt`.
    let split = name.contains("epoch=") || name.contains("step=");
    split
        || hints.epoch.is_some()
        || hints.step.is_some()
        || number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Short names for runs, each unique: the last folders of the path, as few as tell it from the others.
pub(super) fn names(runs: &[&Path]) -> Vec<String> {
    let parts: Vec<Vec<String>> = runs.iter().map(|run| parts(run)).collect();
    let mut length: Vec<usize> = parts.iter().map(|p| telling(p)).collect();
    loop {
        let mut taken: HashMap<&[String], usize> = HashMap::new();
        for (parts, length) in parts.iter().zip(&length) {
            *taken.entry(tail(parts, *length)).or_default() += 1;
        }
        let mut grew = false;
        let mut longer = length.clone();
        for (at, parts) in parts.iter().enumerate() {
            let Some(slot) = longer.get_mut(at) else { continue };
            if taken.get(tail(parts, *slot)).is_some_and(|n| *n > 1) && *slot < parts.len() {
                *slot += 1;
                grew = true;
            }
        }
        if !grew {
            return parts.iter().zip(&length).map(|(parts, n)| tail(parts, *n).join("/")).collect();
        }
        length = longer;
    }
}

fn parts(run: &Path) -> Vec<String> {
    let whole = std::path::absolute(run).unwrap_or_else(|_| run.to_owned());
    let mut parts: Vec<String> = Vec::new();
    for component in whole.components() {
        match component {
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            Component::ParentDir => {
                parts.pop();
            }
            _ => {}
        }
    }
    if parts.is_empty() {
        parts.push("/".to_owned());
    }
    parts
}

/// How many folders it takes at least: `version_0` and `lightning_logs` alone say nothing.
fn telling(parts: &[String]) -> usize {
    let vague = |name: &str| {
        let number = name.trim_start_matches(|c: char| !c.is_ascii_digit());
        VAGUE.contains(&name)
            || name.strip_prefix("version_").is_some_and(|n| n == number)
            || !name.is_empty() && name == number && name.bytes().all(|b| b.is_ascii_digit())
    };
    let mut count = 1;
    // One more folder is enough; whole paths are not wanted.
    if parts.last().is_some_and(|name| vague(name)) {
        count += 1;
    }
    count.min(parts.len())
}

fn tail(parts: &[String], length: usize) -> &[String] {
    parts.get(parts.len().saturating_sub(length)..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_run() {
        for (path, run) in [
            ("exp/a/epoch_1.pt", "exp/a"),
            ("exp/a/checkpoints/x.ckpt", "exp/a"),
            ("lightning_logs/version_0/checkpoints/e.ckpt", "lightning_logs/version_0"),
            ("out/checkpoint-500/model.safetensors", "out"),
            ("out/checkpoints/checkpoint_0/optimizer.bin", "out"),
            ("runs/train/weights/best.pt", "runs/train"),
            ("z2/global_step500/mp_rank_00_model_states.pt", "z2"),
            ("meg/iter_0001000/mp_rank_00/model_optim_rng.pt", "meg"),
            ("tune/epoch_3/model.safetensors", "tune"),
            ("x.pt", "."),
            ("./x.pt", "."),
            ("exp/checkpoints/epoch=3-val/loss=0.12.ckpt", "exp"),
            ("checkpoints/x.pt", "."),
            ("/x.pt", "/"),
            ("a/mp_rank_3/x.pt", "a/mp_rank_3"),
        ] {
            assert_eq!(run_of(Path::new(path)), Path::new(run), "{path}");
        }
    }

    #[test]
    fn the_run_of_a_checkpoint_that_is_a_folder() {
        for (path, run) in [
            ("out/checkpoint-500", "out"),
            ("out/checkpoints/checkpoint_0", "out"),
            ("z2/global_step500", "z2"),
            ("meg/iter_0001000", "meg"),
            ("exp/checkpoints/epoch=3-step=400.ckpt", "exp"),
            ("exp/checkpoints/last.ckpt", "exp"),
            ("out/best_model", "out"),
            ("titan/checkpoint/step-100", "titan"),
            ("models/llama", "models/llama"),
            (".", "."),
        ] {
            assert_eq!(run_of_folder(Path::new(path)), Path::new(run), "{path}");
        }
    }

    #[test]
    fn names_are_short_and_unique() {
        for (paths, want) in [
            (&["/e/one", "/e/two"][..], &["one", "two"][..]),
            (&["/e/a/seed1", "/e/b/seed1", "/e/c"], &["a/seed1", "b/seed1", "c"]),
            (&["/e/lightning_logs/version_0"], &["lightning_logs/version_0"]),
            (
                &["/a/lightning_logs/version_0", "/b/lightning_logs/version_0"],
                &["a/lightning_logs/version_0", "b/lightning_logs/version_0"],
            ),
            (&["/e/run/12"], &["run/12"]),
            (&["/x/y", "/y"], &["x/y", "y"]),
            (&["/"], &["/"]),
        ] {
            let paths: Vec<&Path> = paths.iter().map(Path::new).collect();
            assert_eq!(names(&paths), want);
        }
    }

    #[test]
    fn the_current_folder_has_its_own_name() {
        let here = std::env::current_dir().unwrap();
        let want = here.file_name().unwrap().to_str().unwrap();
        assert!(names(&[Path::new(".")])[0].ends_with(want));
    }
}
